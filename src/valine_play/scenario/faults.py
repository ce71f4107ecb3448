"""The words for what goes wrong between the platforms and Valine, as faults of the twins' fault injector.

`502 after the next merge` is a fault (`502 after`), how often (`the next`) and what it strikes (`merge`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from valine_play.scenario.words import Wrong, meant

if TYPE_CHECKING:
    from collections.abc import Callable

# What a request or delivery is called: whose it is, its method, and its path (or event) as a shell pattern.
TARGETS: dict[str, tuple[str, str, str]] = {
    "look": ("GitHub", "POST", "/graphql"),
    "commit": ("GitHub", "POST", "*/git/commits"),
    "branch": ("GitHub", "POST", "*/git/refs"),
    "pull request": ("GitHub", "POST", "*/pulls"),
    "label": ("GitHub", "POST", "*/labels"),
    "assignment": ("GitHub", "POST", "*/assignees"),
    "comment": ("GitHub", "POST", "*/comments"),
    "branch update": ("GitHub", "PUT", "*/update-branch"),
    "merge": ("GitHub", "PUT", "*/merge"),
    "reading": ("GitHub", "GET", "*"),
    "request": ("GitHub", "*", "*"),
    "reply": ("Discord", "PATCH", "/webhooks/*"),
    "message": ("Discord", "POST", "/channels/*/messages"),
    "edit": ("Discord", "PATCH", "/channels/*/messages/*"),
    "thread": ("Discord", "POST", "*/threads"),
    "webhook": ("GitHub", "*", "*"),
    "interaction": ("Discord", "*", "*"),
}
DELIVERED = {"webhook", "interaction"}
RAW = re.compile(r"([A-Z*]+) (\S+)")


@dataclass(frozen=True)
class Target:
    """What is struck: `method` and `route` as the fault injector takes them."""

    method: str
    route: str
    delivered: bool = False


@dataclass(frozen=True)
class Kind:
    """One way to go wrong: how it is written, what it is at the fault injector, and what it means."""

    written: str
    means: str
    fault: Callable[[re.Match[str]], dict[str, Any]]
    delivered: bool = False

    @property
    def pattern(self) -> str:
        """The regular expression of `written`, in which N stands for a number."""
        return re.escape(self.written).replace("N", r"(\d+)").replace(r"\ ", r"\s+")


def _just(kind: str, **more: Any) -> Callable[[re.Match[str]], dict[str, Any]]:
    return lambda _: {"kind": kind, **more}


def _seconds(kind: str) -> Callable[[re.Match[str]], dict[str, Any]]:
    return lambda found: {"kind": kind, "seconds": float(found[1])}


def _status(kind: str) -> Callable[[re.Match[str]], dict[str, Any]]:
    return lambda found: {"kind": kind, "status": int(found[1])}


KINDS = (
    Kind("N before", "that status is answered, and nothing was done", _status("error_before")),
    Kind("N after", "it was done, but that status is answered", _status("error_after")),
    Kind("no answer to", "it was done, but the answer never arrives", _just("lost_answer")),
    Kind("unreachable for", "it never arrives: nothing is done, nothing answered", _just("unreachable")),
    Kind("forgets", "a good answer, but nothing was written", _just("dropped_write")),
    Kind("N seconds late for", "the answer takes so long", _seconds("latency")),
    Kind("N seconds stale for", "the answer shows what was so that long ago", _seconds("read_lag")),
    Kind("rate limit for", "the platform's ordinary limit, half a minute", _just("rate_limited", seconds=30.0)),
    Kind("rate limit of N seconds for", "the same, of that length", _seconds("rate_limited")),
    Kind("secondary limit for", "GitHub's limit without headers; Discord's shared one", _just("secondary_limit")),
    Kind("GraphQL limit for", "RATE_LIMITED inside a 200", _just("graphql_limit")),
    Kind("drops", "it is not delivered", _just("webhook_dropped"), delivered=True),
    Kind("doubles", "it is delivered twice", _just("webhook_doubled"), delivered=True),
    Kind("reorders", "it is delivered after the next one", _just("webhook_reordered"), delivered=True),
    Kind("delays by N seconds", "it is delivered so much later", _seconds("webhook_late"), delivered=True),
)


def kind_of(words: str) -> tuple[Kind, dict[str, Any]]:
    """The kind of fault and its arguments. Raises Wrong."""
    for kind in KINDS:
        found = re.fullmatch(kind.pattern, words)
        if found:
            return kind, kind.fault(found)
    raise Wrong(f"nothing goes wrong by “{words}”{meant(words, [kind.written for kind in KINDS])}")


def _several(name: str) -> str:
    """More than one of it."""
    if name.endswith("y"):
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith("ch") else f"{name}s"


def target_of(words: str, service: str | None = None) -> Target:
    """What a name, or a method with a path, strikes. Raises Wrong, also for what that service does not get."""
    raw = RAW.fullmatch(words)
    if raw:
        return Target(raw[1], raw[2])
    event = re.fullmatch(r"(\w+) webhooks?", words)
    if event:
        return Target("*", event[1], delivered=True)
    known = [name for name, row in TARGETS.items() if service in (None, row[0]) or name == "request"]
    name = next((name for name in known if words in (name, _several(name))), None)
    if name is None:
        missing = f"{service} gets no “{words}”" if service else f"no request is called “{words}”"
        raise Wrong(f"{missing}{meant(words, known)}")
    return Target(*TARGETS[name][1:], delivered=name in DELIVERED)


def fault(service: str, words: str, which: str, target: str) -> dict[str, Any]:
    """The arguments of `throw_fault`. `which`: `the next`, `the next 3` or `every`. Raises Wrong."""
    kind, thrown = kind_of(words)
    struck = target_of(target, service)
    if kind.delivered != struck.delivered:
        what = "is delivered by the platform" if struck.delivered else "is a request"
        raise Wrong(f"“{target}” {what}, and cannot go wrong by “{words}”")
    times = -1 if which == "every" else int(which.removeprefix("the next").strip() or 1)
    return {**thrown, "times": times, "method": struck.method, "route": struck.route}
