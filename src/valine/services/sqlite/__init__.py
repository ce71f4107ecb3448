"""Queue and run store in one SQLite file."""
