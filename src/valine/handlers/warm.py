"""What a process keeps between invocations: the parts of its function, wired once, and the event loop they live on."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from valine import logs
from valine.bootstrap import aws
from valine.errors import ConfigurationError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from typing import Any

T = TypeVar("T")
R = TypeVar("R")


class Made(NamedTuple, Generic[T]):
    """The parts of a function, and the secrets that no log line may show."""

    parts: T
    secrets: tuple[str, ...] = ()


class Warm(Generic[T]):
    """Made of the environment by the first invocation that can, and kept. What fails is tried again by the next."""

    def __init__(self, make: Callable[[Mapping[str, str]], Made[T]]) -> None:
        self._make = make
        self._parts: T | None = None
        self._runner: asyncio.Runner | None = None

    def prepare(self) -> None:
        """On Lambda, make it now: a function gets most while it is initialised. What is wrong is said when invoked."""
        if "AWS_LAMBDA_FUNCTION_NAME" not in os.environ:
            return
        try:
            self.get()
        except (ConfigurationError, StoreError):
            return

    def get(self) -> T:
        """The parts. Raises ConfigurationError or StoreError if they cannot be made."""
        if self._parts is None:
            level = None if "AWS_LAMBDA_LOG_LEVEL" in os.environ else logging.INFO
            logs.join(level)
            self._parts, secrets = self._make(os.environ)
            logs.join(level, secrets)
        return self._parts

    def run(self, task: Coroutine[Any, Any, R]) -> R:
        """What the task gives, on the loop that all invocations of this process share.

        Connections do not outlive it: those to AWS are closed, those to GitHub and Discord expire after 5 idle seconds.
        """
        if self._runner is None:
            self._runner = asyncio.Runner()
        try:
            return self._runner.run(task)
        finally:
            aws.hang_up()
