"""What would be logged, read for secrets."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from valine.logs import JsonFormatter, Redactor

if TYPE_CHECKING:
    from storm.world import World

_ORDINARY = frozenset(vars(logging.makeLogRecord({})))


class LogChecker(logging.Handler):
    """Reads what would be logged; a secret in it is a violation."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world
        self._secrets = world.settings.secrets
        self._formatter = JsonFormatter(Redactor(self._secrets))

    def emit(self, record: logging.LogRecord) -> None:
        """Look at one line."""
        world = self._world
        if record.levelno >= logging.ERROR:
            world.tell(None, f"log: {record.getMessage()[:200]} {record.exc_info[1]!r}" if record.exc_info else "")
        tokens = (*self._secrets, *world.discord._world.tokens)
        raw = f"{record.getMessage()} {[value for name, value in vars(record).items() if name not in _ORDINARY]}"
        if record.exc_info:
            raw += self._formatter.formatException(record.exc_info)
        if any(secret in raw for secret in tokens):
            line = self._formatter.format(record)
            if any(secret in line for secret in tokens):
                world.checker.say("secrets", line[:200])
