"""The core: what a run is and how it changes. No I/O, clock, randomness or logging in here."""
