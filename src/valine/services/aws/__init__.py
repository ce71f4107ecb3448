"""Queue, run store, secrets and metrics on AWS."""
