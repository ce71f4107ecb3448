"""Finding a message of ours again: the channel is paged from the moment of the first attempt on, for its marker."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from valine.services.discord.answers import odd

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from valine.services.discord.api import DiscordApi

EPOCH: Final = datetime(2015, 1, 1, tzinfo=UTC)
SLACK: Final = timedelta(minutes=30)  # by which our clock may run ahead of Discord's: a page more costs little
PAGE: Final = 100
SNOWFLAKE: Final = re.compile(r"[0-9]{1,20}")


def snowflake(moment: datetime) -> int:
    """The smallest id of that moment. https://docs.discord.com/developers/reference#snowflakes."""
    return max(0, (moment - EPOCH) // timedelta(milliseconds=1)) << 22


async def find_marked(
    api: DiscordApi, channel: str, marker: str, since: datetime, authors: Collection[str]
) -> list[str]:
    """The ids of the messages at or after `since`, by one of `authors`, that bear the marker, oldest first.

    Pages hold the oldest messages after an id, in any order; a short one is the last.
    https://docs.discord.com/developers/resources/message#get-channel-messages
    """
    found: list[str] = []
    after = snowflake(since - SLACK)
    while True:
        query = {"after": str(after), "limit": str(PAGE)}
        answer = await api.get("/channels/{channel}/messages", {"channel": channel}, query=query)
        page = answer.value()
        if not isinstance(page, list) or not all(_is_message(item) for item in page):
            odd(answer, write=False)
        page.sort(key=lambda item: int(item["id"]))
        ours = (item for item in page if _author(item) in authors)
        found += [str(item["id"]) for item in ours if any(marker in text for text in texts(item))]
        if len(page) < PAGE or int(page[-1]["id"]) <= after:
            return found
        after = int(page[-1]["id"])


def _is_message(item: object) -> bool:
    return isinstance(item, dict) and SNOWFLAKE.fullmatch(str(item.get("id"))) is not None


def _author(item: dict[str, Any]) -> str:
    author = item.get("author")
    return str(author.get("id")) if isinstance(author, dict) else ""


def texts(item: dict[str, Any]) -> Iterator[str]:
    """What the message itself says, custom ids included; not what it quotes or answers to."""
    stack: list[Any] = [item.get("content"), item.get("components"), item.get("embeds")]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            yield node
        elif isinstance(node, dict):
            stack += node.values()
        elif isinstance(node, list):
            stack += node
