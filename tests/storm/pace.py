"""GitHub's limits on writes, as whoever counts them from outside sees them kept."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from storm.checker import Checker
    from storm.process import Process
    from valine_twins.transport import Request

A_MINUTE, AN_HOUR = (60.0, 80), (3600.0, 500)
PACE = 0.99


class Pace:
    """All writes of the last hour, and each process's last one."""

    def __init__(self, checker: Checker) -> None:
        self._checker = checker
        self._writes: deque[float] = deque()
        self._last: dict[str, float] = {}

    def wrote_before(self, times: Iterable[float]) -> None:
        """What was written before the storm, in seconds of its clock."""
        self._writes.extend(times)

    def knows_only(self, times: Iterable[float]) -> None:
        """A backup was restored, and nobody can count what was written since it was made."""
        self._writes = deque(sorted(times))

    def wrote(self, process: Process, request: Request, sent: float) -> None:
        """A process wrote; the request was `sent` at that time."""
        if any(name == "spell: clock jump" for name in process.world.faults):
            return  # whose clock is wrong cannot keep a pace
        now = process.world.loop.time
        self._writes.append(now)
        while self._writes[0] <= now - AN_HOUR[0]:
            self._writes.popleft()
        for span, most in (A_MINUTE, AN_HOUR):
            if len(self._writes) > most and self._writes[-most - 1] > now - span:
                self._checker.say("write limits", f"more than {most} writes in {span:.0f} s")
        life = f"{process.name}.{process.lives}"
        if sent - self._last.get(life, -9.0) < PACE:
            self._checker.say(
                "write pace", f"{request.method} {request.path} less than a second after the write before"
            )
        self._last[life] = sent
