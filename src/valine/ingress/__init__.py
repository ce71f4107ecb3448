"""Bytes to events and back. Nothing here does I/O or reads a clock: bytes, keys and the time come in as values."""
