"""What happens at the endpoint: verify, translate, store on the queue, answer. No decision is made here.

An answer that promises something is given only after it is durably stored; a repeated delivery is answered like the
first. Whatever goes wrong is one log line (never the body) and an answer that its reader can use, never a traceback.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import msgspec

from valine.errors import ConfigurationError, Malformed, StoreError, Unanswered, Untrusted
from valine.ingress.discord import answers, interaction, suggestions
from valine.ingress.discord.parsed import Asked, Parsed, Ping, Refused, StatusAsked, SuggestionsAsked
from valine.ingress.github import webhook
from valine.ingress.github.webhook import Commented, Hinted, Ignored
from valine.ingress.signatures import PUBLIC_KEY_LENGTH
from valine.logs import correlate
from valine.orchestrator import naming, replies
from valine.orchestrator.replies import Reply
from valine.ports import Clock, Envelope, Producer, RunReader
from valine.view.replies import render, reply_body

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from valine.ingress.discord.answers import Choice
    from valine.orchestrator.model.run import Run

log = logging.getLogger("valine.intake")

LARGEST_WEBHOOK = 25 * 1024 * 1024  # https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap
LARGEST_INTERACTION = 256 * 1024  # the largest message, with whom and what its options name, takes less than half of it
LABELS_OF_RUNS = 10  # how many runs back labels are remembered for suggestions


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as any server has it; the body is raw, exactly the bytes that were signed."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class HttpAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What any server can send back."""

    status: int
    headers: dict[str, str]
    body: bytes


class IngressSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Whom this deployment serves, and what their signatures are checked with. Other servers are told so.

    An endpoint without its key is walled up: on AWS each has a function of its own, which knows nothing of the other's.
    """

    repository: str
    application_id: str = ""
    guild_id: str = ""
    public_key: bytes | None = None
    webhook_secret: str | None = None


class Ingress:
    """The three endpoints, for one repository and one Discord application."""

    def __init__(
        self,
        *,
        store: RunReader,
        queue: Producer,
        clock: Clock,
        settings: IngressSettings,
        read_limit: Callable[[], AbstractAsyncContextManager[object]] = nullcontext,
    ) -> None:
        """`timeout` ends in a TimeoutError what is read inside it for too long to be answered at all."""
        _check(settings)
        self._read_limit = read_limit
        self._store = store
        self._queue = queue
        self._clock = clock
        self._settings = settings

    async def discord(self, request: HttpRequest) -> HttpAnswer:
        """Answer an interaction: 200 with Discord's JSON, or 4xx to whoever is not Discord."""
        refusal = _refuse_unread(request, LARGEST_INTERACTION)
        if refusal is not None:
            return refusal
        settings, now = self._settings, self._clock.now()
        if settings.public_key is None:
            return _text(404, "not here")
        try:
            interaction.verify(settings.public_key, request.headers, request.body, now)
            parsed = interaction.read(
                request.body, now, application_id=settings.application_id, guild_id=settings.guild_id
            )
        except Untrusted as error:
            return _untrusted("discord", error)
        except Malformed as error:
            return _malformed("discord", error)
        return _json(200, await self._answer_guarded(parsed, request))

    async def _answer_guarded(self, parsed: Parsed, request: HttpRequest) -> dict[str, Any]:
        """The answer, or why there is none in words: Discord shows its own blunt message for anything but a 200."""
        try:
            return await self._answer(parsed)
        except (StoreError, TimeoutError) as error:
            why = str(error) or "the store took too long"
            log.warning("an interaction could not be stored or answered: %s", why)
            trouble: Reply = _unstored(parsed, error)
        except Exception:  # an endpoint never breaks: the person is told, the log has the rest
            correlation = self._correlation(request)
            with correlate(correlation):
                log.exception("an interaction failed")
            trouble = replies.Unexpected(correlation=correlation)
        return answers.choices(()) if isinstance(parsed, SuggestionsAsked) else _said(trouble)

    async def _answer(self, parsed: Parsed) -> dict[str, Any]:
        match parsed:
            case Ping():
                return answers.PONG
            case Refused(reply=reply):
                return _said(reply)
            case StatusAsked():
                async with self._read_limit():
                    return _said(await self._status(parsed))
            case SuggestionsAsked():
                async with self._read_limit():
                    return answers.choices(await self._suggestions(parsed))
            case Asked(command=command, reply_to=reply_to, deferral=deferral):
                await self._put(
                    Envelope(id=command.id, partition=self._partition, urgent=True, inbound=command, reply_to=reply_to)
                )
                return deferral

    async def _status(self, asked: StatusAsked) -> Reply:
        """One run, or all active ones with the newest first."""
        repository = self._settings.repository
        if asked.run is None:
            return replies.StatusOf.of(await active_runs(self._store, repository), repository)
        run = await self._store.run(repository, asked.run)
        if run is None or asked.uid not in {None, run.uid}:
            return replies.NoSuchRun(number=asked.run)
        return replies.StatusOf.of([run], repository)

    async def _suggestions(self, asked: SuggestionsAsked) -> Sequence[Choice]:
        match asked.option:
            case "run":
                active = await active_runs(self._store, self._settings.repository)
                return suggestions.of_runs(asked.command, asked.text, active)
            case "label":
                return suggestions.of_labels(asked.text, await self._recent_runs())
            case _:
                return ()

    async def _recent_runs(self) -> Sequence[Run]:
        summaries = await self._store.recent(self._settings.repository, LABELS_OF_RUNS)
        runs = [await self._store.run(summary.repository, summary.number) for summary in summaries]
        return [run for run in runs if run is not None]

    async def github(self, request: HttpRequest) -> HttpAnswer:
        """Answer a webhook: 200 ping, 202 stored, 204 no concern of ours, 4xx not GitHub's, 503 try again."""
        refusal = _refuse_unread(request, LARGEST_WEBHOOK)
        if refusal is not None:
            return refusal
        settings, now = self._settings, self._clock.now()
        if settings.webhook_secret is None:
            return _text(404, "not here")
        try:
            webhook.verify(settings.webhook_secret, request.headers, request.body)
            parsed = webhook.read(request.headers, request.body, repository=settings.repository, now=now)
            return await self._accept(parsed)
        except Untrusted as error:
            return _untrusted("github", error)
        except Malformed as error:
            return _malformed("github", error)
        except StoreError as error:
            log.warning("a webhook could not be stored: %s", error)
        except Exception:  # as above: 503 tells people to redeliver it
            with correlate(self._correlation(request)):
                log.exception("a webhook failed")
        return _text(503, "not stored: redeliver it later")

    async def _accept(self, parsed: webhook.Parsed) -> HttpAnswer:
        match parsed:
            case webhook.Ping():
                return _text(200, "pong")
            case Ignored(delivery=delivery, reason=reason):
                log.info("webhook %s ignored: %s", delivery, reason)
                return HttpAnswer(status=204, headers={}, body=b"")
            case Hinted(delivery=delivery, hint=hint):
                envelope_id = f"github:{delivery}:{hint.name}"
                await self._put(Envelope(id=envelope_id, partition=self._partition, urgent=False, inbound=hint))
            case Commented(command=command, reply_to=reply_to):
                await self._put(
                    Envelope(id=command.id, partition=self._partition, urgent=True, inbound=command, reply_to=reply_to)
                )
        return _text(202, "stored")

    async def health(self) -> HttpAnswer:
        """200 if the store answers, 503 if not."""
        try:
            await self._store.repository(self._settings.repository)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is not healthy
            log.warning("the store does not answer: %s", error)
            return _json(503, {"status": "unavailable", "store": "does not answer"})
        return _json(200, {"status": "ok", "store": "ok"})

    @property
    def _partition(self) -> str:
        return self._settings.repository

    async def _put(self, envelope: Envelope) -> None:
        fresh = await self._queue.put(envelope, self._clock.now())
        with correlate(envelope.id):
            log.info("queued" if fresh else "queued already: a repeat")

    def _correlation(self, request: HttpRequest) -> str:
        return naming.short_hash(request.path, request.body, self._clock.now().isoformat(), length=8)


async def active_runs(store: RunReader, repository: str) -> Sequence[Run]:
    """The runs that the repository's record lists as active, newest first."""
    listed = (await store.repository(repository)).active
    numbers = sorted((active.number for active in listed), reverse=True)
    return [run for number in numbers if (run := await store.run(repository, number)) is not None]


def _check(settings: IngressSettings) -> None:
    problems = []
    if settings.public_key is not None and len(settings.public_key) != PUBLIC_KEY_LENGTH:
        problems.append("DISCORD_PUBLIC_KEY is not 64 hex digits")
    if settings.webhook_secret == "":
        problems.append("GITHUB_WEBHOOK_SECRET is empty: anybody could sign")
    if problems:
        raise ConfigurationError(tuple(problems))


def _refuse_unread(request: HttpRequest, largest: int) -> HttpAnswer | None:
    if request.method.upper() != "POST":
        answer = _text(405, "only POST")
        return msgspec.structs.replace(answer, headers={**answer.headers, "allow": "POST"})
    if len(request.body) > largest:
        log.warning("%s: a body of %d bytes was refused", request.path, len(request.body))
        return _text(413, "too large")
    return None


def _untrusted(service: str, error: Untrusted) -> HttpAnswer:
    log.warning("%s: not trusted: %s", service, error)
    return _text(401, "the signature does not fit")


def _unstored(parsed: Parsed, error: StoreError | TimeoutError) -> Reply:
    if isinstance(parsed, StatusAsked):
        return replies.NotRead()
    return replies.PerhapsStored() if isinstance(error, Unanswered) else replies.NotStored()


def _malformed(service: str, error: Malformed) -> HttpAnswer:
    log.warning("%s: malformed: %s", service, error)
    return _text(error.status, str(error))


def _said(reply: Reply) -> dict[str, Any]:
    return answers.message(reply_body(render(reply)))


def _json(status: int, body: Mapping[str, Any]) -> HttpAnswer:
    encoded = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return HttpAnswer(status=status, headers={"content-type": "application/json"}, body=encoded)


def _text(status: int, text: str) -> HttpAnswer:
    return HttpAnswer(status=status, headers={"content-type": "text/plain; charset=utf-8"}, body=text.encode())
