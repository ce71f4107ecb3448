"""The faults that both twins inject. A fault is data: which requests it strikes, how, and how often."""

from __future__ import annotations

import fnmatch
from typing import Any, Literal

import msgspec

FaultKind = Literal[
    "latency",  # the answer takes `seconds` longer
    "error_before",  # `status` without the effect
    "error_after",  # the effect happens, then `status`
    "lost_answer",  # the effect happens, the answer never arrives
    "unreachable",  # the request never arrives: no effect, no answer
    "rate_limited",  # the platform's ordinary limit, with all its headers; `seconds` to wait
    "secondary_limit",  # GitHub: 403 without Retry-After; Discord: 429 with scope "shared"
    "graphql_limit",  # GitHub: RATE_LIMITED inside a 200
    "dropped_write",  # 2xx, but nothing was written
    "webhook_dropped",  # the delivery is not made
    "webhook_doubled",  # the delivery is made twice, same id
    "webhook_reordered",  # the delivery is made after the next one
    "webhook_late",  # the delivery is made `seconds` later
    "read_lag",  # GitHub GraphQL answers with what was so `seconds` ago
]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of fault for requests (or deliveries) that match.

    `method` and `route` are shell patterns, `route` over the path (for deliveries: over the event or interaction
    name). `times` strikes are made, -1 means until cleared. `seconds` and `status` mean what the kind says.
    """

    kind: FaultKind
    method: str = "*"
    route: str = "*"
    times: int = 1
    seconds: float = 0.0
    status: int = 502


class FaultInjector:
    """The faults that are switched on. Deterministic: faults strike in the order they were thrown."""

    def __init__(self) -> None:
        self._on: list[Fault] = []

    def throw(self, fault: Fault) -> None:
        """Switch a fault on."""
        self._on.append(fault)

    def clear(self) -> None:
        """Switch all faults off."""
        self._on.clear()

    def view(self) -> list[dict[str, Any]]:
        """Those switched on, in the order they will strike, `times` being what is left of each."""
        return [msgspec.to_builtins(fault) for fault in self._on]

    def strike(self, kinds: tuple[FaultKind, ...], method: str, route: str) -> Fault | None:
        """The first fault of these kinds that matches, one strike used up; None if there is none."""
        for index, fault in enumerate(self._on):
            if (
                fault.kind in kinds
                and fnmatch.fnmatchcase(method, fault.method)
                and fnmatch.fnmatchcase(route, fault.route)
            ):
                if fault.times > 1:
                    self._on[index] = msgspec.structs.replace(fault, times=fault.times - 1)
                elif fault.times == 1:
                    del self._on[index]
                return fault
        return None
