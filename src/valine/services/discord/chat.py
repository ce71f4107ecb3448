"""The port Chat on Discord: what must be there is made so that a repeat finds it, and nobody is notified twice."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from valine.ports import Sent
from valine.services.discord.answers import Answer, Code, odd
from valine.services.discord.api import DiscordApi, Method
from valine.services.discord.search import SNOWFLAKE, find_marked, texts
from valine.view.replies import reply_body

if TYPE_CHECKING:
    import httpx2

    from valine.orchestrator.model.run import Posted
    from valine.ports import Clock, ReplyTo
    from valine.view.components import Message
    from valine.view.replies import RenderedReply

log = logging.getLogger(__name__)

NONCE_LASTS: Final = timedelta(minutes=2)  # "a few minutes": less than any of those
TOKEN_LASTS: Final = timedelta(minutes=15)
DEFERRAL_SETTLES: Final = timedelta(seconds=10)
PAUSES: Final = (0.3, 0.6, 1.2)  # seconds between the tries of a reply that came before its deferral
NO_INTERACTION: Final = {Code.UNKNOWN_MESSAGE, Code.UNKNOWN_WEBHOOK, Code.UNKNOWN_INTERACTION}
THREAD_NAME: Final = 100
ARCHIVE_AFTER: Final = 1440  # minutes

SUPPRESS_EMBEDS: Final = 1 << 2
COMPONENTS_V2: Final = 1 << 15


class DiscordChat:
    """ports.Chat for one application. The client is the caller's to close."""

    def __init__(
        self, client: httpx2.AsyncClient, *, application_id: str, bot_token: str, api_url: str, clock: Clock
    ) -> None:
        self._api = DiscordApi(client, bot_token=bot_token, api_url=api_url, clock=clock)
        self._application = application_id
        self._clock = clock
        self._authors: frozenset[str] = frozenset()

    async def ensure_message(
        self,
        *,
        channel: str,
        marker: str,
        nonce: str,
        message: Message,
        posted: Posted | None,
        since: datetime,
        first_attempt: bool,
    ) -> Sent:
        if posted is not None:
            return await self._edit(posted.channel, posted.message, message)
        if not first_attempt or abs(self._clock.now() - since) >= NONCE_LASTS:  # it may have been set back since
            found = await self._the_one(channel, marker, since)
            if found is not None:
                return await self._edit(channel, found, message)
        began = self._clock.now()
        made = await self._create(channel, message, nonce)
        if abs(self._clock.now() - began) < NONCE_LASTS:
            return made
        # A process that stood still for longer than the nonce lasts may not be the only one that sent it.
        first = await self._the_one(channel, marker, since)
        if first is None or first == made.message:
            return made
        return await self._edit(channel, first, message)  # another process sent it, and may have said something else

    async def ensure_thread(self, *, channel: str, message: str, title: str) -> str:
        answer = await self._in_thread(
            "POST",
            "/channels/{channel}/messages/{message}/threads",
            {"channel": channel, "message": message},
            {"name": _thread_name(title), "auto_archive_duration": ARCHIVE_AFTER},
        )
        if answer.code == Code.THREAD_EXISTS:
            # It has the message's id, unless it was deleted since: then the message can have no other, and is lost.
            # https://docs.discord.com/developers/resources/channel#start-thread-from-message
            return _id(await self._api.get("/channels/{channel}", {"channel": message}))
        return _id(answer)

    async def remove_message(self, *, channel: str, message: str) -> None:
        # https://docs.discord.com/developers/resources/message#delete-message
        ids = {"channel": channel, "message": message}
        answer = await self._in_thread("DELETE", "/channels/{channel}/messages/{message}", ids, None)
        if answer.code not in {Code.UNKNOWN_MESSAGE, Code.UNKNOWN_CHANNEL}:
            answer.value()

    async def reply(self, reply_to: ReplyTo, reply: RenderedReply) -> None:
        token = reply_to.token
        if token is None or self._clock.now() - reply_to.at >= TOKEN_LASTS:
            log.info("nobody waits for this reply any more")
            return
        body = _for_original(reply_body(reply))
        answer = await self._api.answer(body, application=self._application, token=token)
        for pause in PAUSES:
            if not self._too_early(answer, reply_to):
                break
            await self._clock.sleep(pause)
            answer = await self._api.answer(body, application=self._application, token=token)
        if _is_over(answer):
            log.info("the interaction is over (%d, %d): nobody waits for its reply", answer.status, answer.code)
            return
        answer.value()

    async def _create(self, channel: str, message: Message, nonce: str) -> Sent:
        # https://docs.discord.com/developers/resources/message#create-message
        body = {**message.body, "nonce": nonce, "enforce_nonce": True}
        answer = await self._in_thread("POST", "/channels/{channel}/messages", {"channel": channel}, body)
        made = _sent(answer, "edited_timestamp", "timestamp")
        # For a nonce that it knows Discord answers with the first message, whose content may be of an earlier attempt.
        shown = {said.strip() for said in texts(answer.value())} | {""}
        if any(said.strip() not in shown for said in texts(message.body)):
            return await self._edit(channel, made.message, message)
        return made

    async def _the_one(self, channel: str, marker: str, since: datetime) -> str | None:
        """The message that has the marker, None if there is none; of several the first, and the others are taken
        away.
        """
        found = await find_marked(self._api, channel, marker, since, await self._own_authors())
        for doubled in found[1:]:
            await self.remove_message(channel=channel, message=doubled)
        return found[0] if found else None

    async def _edit(self, channel: str, message: str, content: Message) -> Sent:
        # https://docs.discord.com/developers/resources/message#edit-message
        template, ids = "/channels/{channel}/messages/{message}", {"channel": channel, "message": message}
        return _sent(await self._in_thread("PATCH", template, ids, content.body), "edited_timestamp")

    async def _in_thread(self, method: Method, template: str, ids: dict[str, str], body: Any) -> Answer:
        """Write in a channel; if it is an archived thread, wake it first, once."""
        answer = await self._api.write(method, template, ids, body)
        if answer.code != Code.ARCHIVED_THREAD:
            return answer
        thread = {"channel": ids["channel"]}
        woken = await self._api.write("PATCH", "/channels/{channel}", thread, {"archived": False})
        woken.value()
        return await self._api.write(method, template, ids, body)

    async def _own_authors(self) -> frozenset[str]:
        """The ids under which our messages appear: an application's bot may bear another id than the application."""
        if not self._authors:
            body = (await self._api.get("/applications/@me", {})).value()
            bot = body.get("bot") if isinstance(body, dict) else None
            own = bot.get("id") if isinstance(bot, dict) else None
            self._authors = frozenset({self._application, own or self._application})
        return self._authors

    def _too_early(self, answer: Answer, reply_to: ReplyTo) -> bool:
        """Whether Discord may not have taken in the deferral that this reply completes."""
        return answer.status == 404 and self._clock.now() - reply_to.at < DEFERRAL_SETTLES  # noqa: PLR2004


def _is_over(answer: Answer) -> bool:
    """Whether the interaction's token no longer counts. It alone authorises, so a 401 is about it."""
    return answer.code in NO_INTERACTION or answer.status == 401  # noqa: PLR2004


def _id(answer: Answer) -> str:
    body = answer.value()
    found = body.get("id") if isinstance(body, dict) else None
    if not isinstance(found, str) or SNOWFLAKE.fullmatch(found) is None:
        odd(answer, write=True)
    return found


def _sent(answer: Answer, *moments: str) -> Sent:
    """The message of that answer. It came to show what it shows at the first of these moments that is told.

    https://docs.discord.com/developers/resources/message#message-object
    """
    message, body = _id(answer), answer.body
    told: Any = next((body[moment] for moment in moments if body.get(moment)), None)
    try:
        shown_at = datetime.fromisoformat(told).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        shown_at = None
    return Sent(message=message, shown_at=shown_at)


def _thread_name(title: str) -> str:
    name = " ".join(title.split()) or "plan"
    return name if len(name) <= THREAD_NAME else f"{name[: THREAD_NAME - 1]}…"


def _for_original(body: dict[str, Any]) -> dict[str, Any]:
    """Without the flags that an edit may not carry: who sees it was settled by the deferral.

    https://docs.discord.com/developers/resources/webhook#edit-webhook-message
    """
    flags = int(body.get("flags") or 0) & (SUPPRESS_EMBEDS | COMPONENTS_V2)
    rest = {key: value for key, value in body.items() if key != "flags"}
    return {**rest, "flags": flags} if flags else rest
