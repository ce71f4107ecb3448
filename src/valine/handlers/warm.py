"""What a process keeps between invocations: the parts of its function, wired once, and the event loop they live on."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Generic, TypeVar

from valine import logs
from valine.errors import ConfigurationError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from typing import Any

T = TypeVar("T")
R = TypeVar("R")


class Warm(Generic[T]):
    """Made of the environment by the first invocation that can, and kept. One that cannot says so, and is repeated.

    `make` gives the parts, and the secrets that no log line may show.
    """

    def __init__(self, make: Callable[[Mapping[str, str]], tuple[T, tuple[str, ...]]]) -> None:
        self._make = make
        self._made: T | None = None
        self._runner: asyncio.Runner | None = None

    def prepare(self) -> None:
        """Make it while the function is initialised, when Lambda gives it most; what is wrong is said when invoked."""
        try:
            self.get()
        except (ConfigurationError, StoreError):
            return

    def get(self) -> T:
        """The parts. Raises ConfigurationError or StoreError if they cannot be made."""
        if self._made is None:
            level = None if "AWS_LAMBDA_LOG_LEVEL" in os.environ else "INFO"
            logs.join(level)
            self._made, secrets = self._make(os.environ)
            logs.join(level, secrets)
        return self._made

    def run(self, task: Coroutine[Any, Any, R]) -> R:
        """What the task gives, on the loop that all invocations of this process share."""
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner.run(task)
