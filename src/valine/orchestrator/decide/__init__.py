"""What follows from an event: one module for each kind of command, observation and result."""
