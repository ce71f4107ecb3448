"""Valine: an orchestrator for teams that live in Discord and ship on GitHub."""

__version__ = "0.2.0"
