"""Valine: an orchestrator for teams that live in Discord and ship on GitHub."""

__version__ = "0.1.0"
