"""What a message may hold: the body of a create, an edit or an interaction's answer, held against Discord's limits.

https://docs.discord.com/developers/resources/message#create-message
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine_twins.discord import components as parts
from valine_twins.discord import mentions
from valine_twins.discord.errors import ApiError, Path, Problem, bad_length, bad_type, invalid_form, too_long
from valine_twins.discord.state import COMPONENTS_V2, EPHEMERAL, SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS, Json, Message

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_CONTENT = 2000
MOST_EMBEDS = 10
MOST_EMBED_TEXT = 6000
SETTABLE = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2 | EPHEMERAL

TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "content": ((str,), "string"),
    "embeds": ((list,), "array"),
    "components": ((list,), "array"),
    "flags": ((int,), "integer"),
    "nonce": ((str, int), "string"),
    "enforce_nonce": ((bool,), "boolean"),
    "tts": ((bool,), "boolean"),
    "allowed_mentions": ((dict,), "object"),
}


def check(body: Json, *, message: Message | None = None) -> None:
    """Let a body through, for a new message or as an edit of `message`; otherwise raise as Discord refuses it."""
    problems = _types(body)
    if problems:
        raise invalid_form(problems)
    v2 = bool(((body.get("flags") or 0) | (message.flags if message else 0)) & COMPONENTS_V2)
    problems += mentions.problems_of(body.get("allowed_mentions"))
    problems += _texts(body, message)
    problems += _v2(body, message) if v2 else []
    if body.get("components"):
        problems += parts.problems_of(body["components"], v2=v2)
    if problems:
        raise invalid_form(problems)
    if parts.text_bytes(body.get("components") or []) > parts.MOST_TEXT_BYTES:
        raise ApiError(500, 0, "Internal Server Error")
    if is_empty(body, message):
        raise ApiError(400, 50006, "Cannot send an empty message")


def _types(body: Json) -> list[Problem]:
    found: list[Problem] = []
    for key, (wanted, name) in TYPES.items():
        value = body.get(key)
        if value is not None and (not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted)):
            found.append(bad_type((key,), name))
    return found


def _texts(body: Json, message: Message | None) -> list[Problem]:
    found: list[Problem] = []
    if len(body.get("content") or "") > MOST_CONTENT:
        found.append(too_long(("content",), MOST_CONTENT))
    if isinstance(body.get("nonce"), str) and len(body["nonce"]) > 25:
        found.append(too_long(("nonce",), 25))
    if message is None and (body.get("flags") or 0) & ~SETTABLE:
        found.append((("flags",), "MESSAGE_FLAGS_INVALID", "Only some flags can be set"))
    return found + _embeds(body.get("embeds") or [])


def _v2(body: Json, message: Message | None) -> list[Problem]:
    found: list[Problem] = []
    for key in ("content", "embeds", "poll", "sticker_ids"):
        left_over = message is not None and key in ("content", "embeds") and key not in body and getattr(message, key)
        if body.get(key) or left_over:
            text = f"The {key} field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            found.append(((key,), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", text))
    return found


def _embeds(embeds: list[object]) -> list[Problem]:
    found: list[Problem] = []
    if len(embeds) > MOST_EMBEDS:
        found.append(bad_length(("embeds",), 0, MOST_EMBEDS))
    total = 0
    for index, embed in enumerate(embeds):
        if not isinstance(embed, dict):
            found.append(bad_type(("embeds", index), "object"))
            continue
        total += _embed(embed, ("embeds", index), found)
    if total > MOST_EMBED_TEXT:
        found.append((("embeds",), "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MOST_EMBED_TEXT}"))
    return found


def _embed(embed: Json, path: Path, found: list[Problem]) -> int:
    fields = embed.get("fields") or []
    footer, author = embed.get("footer") or {}, embed.get("author") or {}
    texts = [
        (embed.get("title"), 256, (*path, "title")),
        (embed.get("description"), 4096, (*path, "description")),
        (footer.get("text") if isinstance(footer, dict) else None, 2048, (*path, "footer", "text")),
        (author.get("name") if isinstance(author, dict) else None, 256, (*path, "author", "name")),
    ]
    if not isinstance(fields, list) or not all(isinstance(f, dict) for f in fields):
        found.append(bad_type((*path, "fields"), "array"))
        fields = []
    if len(fields) > 25:
        found.append(bad_length((*path, "fields"), 0, 25))
    for index, field in enumerate(fields):
        texts += [
            (field.get("name"), 256, (*path, "fields", index, "name")),
            (field.get("value"), 1024, (*path, "fields", index, "value")),
        ]
    for text, most, place in texts:
        if text is not None and not isinstance(text, str):
            found.append(bad_type(place, "string"))
        elif len(text or "") > most:
            found.append(too_long(place, most))
    return sum(len(text) for text, _, _ in texts if isinstance(text, str))


def is_empty(body: Json, message: Message | None = None) -> bool:
    """Whether nothing would be left to see."""
    kept: Callable[[str], object] = lambda key: body[key] if key in body else getattr(message, key, None)  # noqa: E731
    return not any(kept(key) for key in ("content", "embeds", "components")) and not body.get("sticker_ids")


def apply(body: Json, message: Message) -> None:
    """Write a body that passed `check` into a message. COMPONENTS_V2 is never taken off again."""
    if "content" in body:
        message.content = body["content"] or ""
    if "embeds" in body:
        message.embeds = [{"type": "rich", **embed} for embed in body["embeds"] or []]
    if "components" in body:
        message.components = parts.stored(body["components"] or [])
    flags = body.get("flags")
    if flags is not None:
        message.flags = (message.flags & ~SUPPRESS_EMBEDS) | (flags & (SUPPRESS_EMBEDS | COMPONENTS_V2))
