"""When a request may go: Discord's buckets as its headers tell them, never a number of our own.

A bucket is shared by the routes that name it, apart for each channel, guild or webhook. Pure: time is handed in.
https://docs.discord.com/developers/topics/rate-limits
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from valine.services.discord.answers import retry_after, seconds_of

SLACK = timedelta(milliseconds=5)  # the headers are rounded, and clocks are not quite the same
COUNT = re.compile(r"[0-9]{1,9}")
Key = tuple[str, str]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A request as limits see it: method and path template, and the channel, guild or webhook it is about.

    `interaction` ones are outside the global limit.
    """

    name: str
    major: str
    interaction: bool = False


class _Bucket(msgspec.Struct):
    remaining: int
    resets: datetime


class Limits:
    """What is known of the buckets. A route whose bucket is not known yet may always go."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}  # which bucket a route said it is in
        self._buckets: dict[Key, _Bucket] = {}
        self._everything: datetime | None = None

    def take(self, route: Route, now: datetime) -> datetime | None:
        """None, with one request taken off the bucket; or when to ask again."""
        if self._everything is not None and now < self._everything and not route.interaction:
            return self._everything
        bucket = self._buckets.get(self._key(route))
        if bucket is None or bucket.resets <= now:
            return None
        if bucket.remaining <= 0:
            return bucket.resets
        bucket.remaining -= 1
        return None

    def learn(self, route: Route, status: int, headers: Mapping[str, str], error: object, now: datetime) -> None:
        """Take in what an answer says."""
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if bucket.resets > now}
        if name := headers.get("x-ratelimit-bucket"):
            self._names[route.name] = name
        if status == 429:  # noqa: PLR2004
            self._refused(route, headers, error if isinstance(error, dict) else {}, now)
            return
        remaining, wait = headers.get("x-ratelimit-remaining", ""), seconds_of(headers.get("x-ratelimit-reset-after"))
        if COUNT.fullmatch(remaining) is None or wait is None:
            return
        resets, known = now + timedelta(seconds=wait) + SLACK, self._buckets.get(self._key(route))
        # Answers may overtake one another: within one window the lower number is the later one.
        left = min(int(remaining), known.remaining) if known and known.resets > now else int(remaining)
        self._buckets[self._key(route)] = _Bucket(left, resets)

    def _refused(self, route: Route, headers: Mapping[str, str], error: dict[str, Any], now: datetime) -> None:
        until = now + timedelta(seconds=retry_after(error, headers)) + SLACK
        scope, flag = headers.get("x-ratelimit-scope"), headers.get("x-ratelimit-global")
        if error.get("global") is True or scope == "global" or flag is not None:
            self._everything = until
        else:
            self._buckets[self._key(route)] = _Bucket(0, until)

    def _key(self, route: Route) -> Key:
        return self._names.get(route.name, route.name), route.major
