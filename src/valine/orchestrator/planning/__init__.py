"""From issues to a plan: their order, and the dependencies that their text declares."""
