"""Writes the documents of runs on Discord, a page at a time: rendered once for each change of their facts."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from valine.orchestrator import naming
from valine.orchestrator.facts import display, documents
from valine.orchestrator.facts.display import RemovePage, WritePage
from valine.orchestrator.facts.of_run import facts_of
from valine.orchestrator.model import events
from valine.orchestrator.model.run import Posted
from valine.view.cards import RENDERING, Rendering
from valine.view.components import Message

if TYPE_CHECKING:
    from valine.engine.unit_of_work import UnitOfWork
    from valine.orchestrator.model.effects import EnsureDocument
    from valine.orchestrator.model.run import Run
    from valine.ports import Chat, Clock

replace = msgspec.structs.replace

RENDERED_KEPT = 8  # documents
WRITTEN_KEPT = 512  # messages


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """A document as it must be on show: its pages, and what to do next (None: it is all there)."""

    document: str
    key: str  # of its facts
    pages: tuple[Message, ...]
    step: WritePage | RemovePage | None
    unchanged: tuple[events.Unchanged, ...] = ()

    @property
    def page(self) -> int:
        """The page that comes next."""
        return self.step.page if self.step else 1


class Display:
    """Ensures documents on Discord. What it remembers spares it renderings and requests, and is never decided on."""

    def __init__(self, *, chat: Chat, clock: Clock, unit_of_work: UnitOfWork, rendering: Rendering = RENDERING) -> None:
        self._chat = chat
        self._clock = clock
        self._unit_of_work = unit_of_work
        self.version = rendering.version
        self._render = rendering.render
        self._rendered: dict[tuple[str, str], tuple[Message, ...]] = {}
        self._sent: dict[str, tuple[datetime, Message]] = {}  # by message: when it was last written, and with what

    def layout(self, run: Run, document: str) -> Layout:
        """The document as it must be on show, and what comes next for it."""
        found = facts_of(run, document)
        if found is None:
            raise LookupError(f"{run.name} has no {document}")
        key = documents.key(found)
        pages = self._pages(document, key, found)
        step = display.next_step(run, document, key, len(pages), self.version)
        if isinstance(step, WritePage):
            step = WritePage(self._first_changed(run, document, pages, step.page))
        unchanged = tuple(
            events.Unchanged(page=page, at=posted.at)
            for page, posted in display.pages(run, document).items()
            if page <= len(pages) and self._is_sent(posted, pages[page - 1])
        )
        return Layout(document=document, key=key, pages=pages, step=step, unchanged=unchanged)

    async def perform(self, run: Run, effect: EnsureDocument, layout: Layout) -> events.Result:
        """Write or remove one page. Raises what the chat raises."""
        document, page = layout.document, layout.page
        posted = run.messages.get(naming.page_name(document, page))
        if isinstance(layout.step, RemovePage):
            if posted is not None and posted.message:
                await self._chat.remove_message(channel=posted.channel, message=posted.message)
            return events.PageRemoved(document=document, page=page)
        written = await self._page(run, effect, layout, posted)
        return events.PageWritten(document=document, page=page, posted=written, unchanged=layout.unchanged)

    async def _page(self, run: Run, effect: EnsureDocument, layout: Layout, posted: Posted | None) -> Posted:
        name, message = naming.page_name(layout.document, layout.page), layout.pages[layout.page - 1]
        if posted is not None and posted.message and self._is_sent(posted, message):
            return replace(posted, facts=layout.key, pages=len(layout.pages), render=self.version)
        generation = posted.generation if posted else 0
        channel = run.thread if display.in_thread(name) and run.thread else run.channel
        sent = await self._chat.ensure_message(
            channel=channel,
            marker=naming.marker(run, name),
            nonce=naming.nonce(run, name, generation),
            message=message,
            posted=posted if posted and posted.message else None,
            since=run.pending[effect.key].since,
            # One that was there, and is to be put up anew, may have been put up by another process that stood still.
            first_attempt=self._unit_of_work.take_first_attempt(run, effect.key, layout.page) and posted is None,
        )
        now = self._clock.now()
        self.sent(sent.message, now, message)
        return Posted(
            channel=channel,
            message=sent.message,
            at=now,
            facts=layout.key,
            pages=len(layout.pages),
            render=self.version,
            generation=generation,
            shown_at=sent.shown_at,
        )

    def _pages(self, document: str, key: str, found: documents.Document) -> tuple[Message, ...]:
        if (document, key) not in self._rendered:
            if len(self._rendered) >= RENDERED_KEPT:
                self._rendered.pop(next(iter(self._rendered)))
            self._rendered[document, key] = self._render(found)
        return self._rendered[document, key]

    def _first_changed(self, run: Run, document: str, pages: tuple[Message, ...], first: int) -> int:
        """The first page from there on that is not on Discord with that very content; `first` if all are."""
        found = display.pages(run, document)
        for page in range(first, len(pages) + 1):
            if page not in found or not self._is_sent(found[page], pages[page - 1]):
                return page
        return first

    def _is_sent(self, posted: Posted, message: Message) -> bool:
        """Whether this process wrote exactly that there, and nobody anything else since.

        Where facts are not known somebody may have: an unconfirmed page has the time of whoever noted it last.
        """
        return bool(posted.facts) and self._sent.get(posted.message) == (posted.at, message)

    def sent(self, message: str, at: datetime, content: Message) -> None:
        """Remember what was written where, and when."""
        self._sent.pop(message, None)
        if len(self._sent) >= WRITTEN_KEPT:
            self._sent.pop(next(iter(self._sent)))
        self._sent[message] = (at, content)
