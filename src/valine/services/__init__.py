"""Adapters: how the ports are kept with real stores, queues, platforms and clocks."""
