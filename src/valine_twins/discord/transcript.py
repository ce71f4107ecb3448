"""Messages as plain lines for a terminal: markdown kept simple, buttons as [Label], selects as ‹placeholder: options›.

https://docs.discord.com/developers/reference#message-formatting
"""

# ruff: noqa: RUF001, RUF002 - the angle quotation marks are meant: brackets are buttons

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from valine_twins.discord import components as parts
from valine_twins.discord.state import LOADING, Json

if TYPE_CHECKING:
    from collections.abc import Mapping

# An escaped character waits here, out of reach of the rules below, until they are done.
HIDDEN = 0xE000
ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^\s*```\w*$", re.MULTILINE), ""),
    (re.compile(r"^(?:#{1,3}|-#)\s+", re.MULTILINE), ""),
    (re.compile(r"^(\s*)[-*]\s+", re.MULTILINE), r"\1• "),
    (re.compile(r"\[([^\]]+)\]\(<?([^)>\s]+)>?\)"), r"\1 (\2)"),
    (re.compile(r"<(https?://[^>\s]+)>"), r"\1"),
    (re.compile(r"<a?:(\w+):\d+>"), r":\1:"),
    (re.compile(r"(\*\*\*|\*\*|~~|\|\||__)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"), r"\1"),
    (re.compile(r"(?<!\w)_(?=\S)([^_\n]+?)(?<=\S)_(?!\w)"), r"\1"),
    (re.compile(r"`([^`\n]+)`"), r"\1"),
)
MENTION = re.compile(r"<(@!?|@&|#)(\d+)>")
TIMESTAMP = re.compile(r"<t:(-?\d{1,11})(?::[tTdDfFsSR])?>")


def plain(text: str, names: Mapping[str, str] | None = None) -> str:
    """Discord's markdown as plain text; `names` gives people, roles and channels for their ids."""
    hidden = ESCAPED.sub(lambda m: chr(HIDDEN + ord(m[1])), text)
    hidden = MENTION.sub(lambda m: m[1][0] + (names or {}).get(m[2], m[2]).removeprefix("@"), hidden)
    hidden = TIMESTAMP.sub(lambda m: f"{datetime.fromtimestamp(int(m[1]), UTC):%Y-%m-%d %H:%M} UTC", hidden)
    for pattern, replacement in RULES:
        hidden = pattern.sub(replacement, hidden)
    return "".join(chr(ord(c) - HIDDEN) if HIDDEN < ord(c) < HIDDEN + 128 else c for c in hidden)


def body(message: Json, names: Mapping[str, str] | None = None) -> list[str]:
    """What a message says, from its `content`, `embeds`, `components` and `flags`."""
    if message.get("flags", 0) & LOADING:
        return ["… is thinking"]
    lines = plain(message["content"], names).splitlines() if message.get("content") else []
    for embed in message.get("embeds", []):
        lines += _embed(embed, names)
    for component in message.get("components", []):
        lines += _component(component, names)
    return lines


def _embed(embed: Json, names: Mapping[str, str] | None) -> list[str]:
    texts = [embed.get("title"), embed.get("url"), embed.get("description")]
    texts += [f"{field['name']}: {field['value']}" for field in embed.get("fields", [])]
    texts.append((embed.get("footer") or {}).get("text"))
    return [line for text in texts if text for line in plain(text, names).splitlines()]


def _component(component: Json, names: Mapping[str, str] | None) -> list[str]:
    kind = component["type"]
    if kind == parts.TEXT:
        return plain(component["content"], names).splitlines()
    if kind == parts.ROW:
        return [" ".join(_control(inner) for inner in component["components"])]
    if kind == parts.SEPARATOR:
        return ["─" * 24 if component.get("divider", True) else ""]
    if kind in (parts.SECTION, parts.CONTAINER):
        lines = [line for inner in component["components"] for line in _component(inner, names)]
        accessory = component.get("accessory")
        if accessory and accessory["type"] == parts.BUTTON:
            lines[-1:] = [f"{lines[-1]}  {_control(accessory)}"] if lines else [_control(accessory)]
        return lines
    return ["(picture)"] if kind in (parts.GALLERY, parts.FILE) else []


def _control(component: Json) -> str:
    if component["type"] == parts.BUTTON:
        label = component.get("label") or (component.get("emoji") or {}).get("name") or "?"
        where = f" → {component['url']}" if component.get("url") else ""
        return f"[{label}{where}{' (off)' if component.get('disabled') else ''}]"
    labels = [("✓ " if o.get("default") else "") + str(o["label"]) for o in component.get("options", [])]
    return f"‹{component.get('placeholder') or 'Make a selection'}: {', '.join(labels) or '…'}›"


def render(message: Json) -> list[str]:
    """A message of `DiscordTwin.view()`, of a channel or ephemeral: who says it, and below, indented, what."""
    marks = [f"only {message['seen_by']} sees this"] if message.get("seen_by") else []
    marks += ["edited"] if message.get("edits") else []
    head = message["author"]["name"] + (f" ({', '.join(marks)})" if marks else "")
    return [head, *(f"  {line}" for line in message["text"].splitlines())]


def render_channel(channel: Json) -> list[str]:
    """A channel of `DiscordTwin.view()` with its messages, and the threads below what they hang on."""
    lines = [f"#{channel['name']}"]
    for message in channel["messages"]:
        lines += [f"  {line}" for line in render(message)]
        if message.get("thread"):
            lines += [f"    {line}" for line in render_channel(message["thread"])]
    for thread in channel.get("threads", []):
        lines += [f"    {line}" for line in render_channel(thread)]
    return lines
