"""Plays valine on the twins: the demo, scenarios, and the simulation for other programs."""
