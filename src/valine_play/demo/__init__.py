"""One day of a team: the whole product and both twins in one process, on a clock that moves when nothing else does."""
