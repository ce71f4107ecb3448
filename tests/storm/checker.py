"""What must hold after every step, checked at what the step wrote, to a platform or to the store.

Each check knows what people really did and what the platforms really hold; it does not ask the core whether it was
right to do something.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

import msgspec

from storm.checker_github import MARK as GITHUB_MARK
from storm.checker_github import OnGitHub
from storm.consent import Consent
from storm.on_show import Noted, note, stuck, texts, wrongly_refused
from storm.pace import Pace
from storm.stage import DEVELOPERS, LEADS
from valine.orchestrator import graph, naming
from valine.orchestrator.model import events
from valine.orchestrator.model.states import MilestoneKind, RunStatus
from valine.orchestrator.replies import NotShownYet

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from storm.process import Process
    from storm.world import World
    from valine.orchestrator.model.run import Run
    from valine.orchestrator.model.states import Stage
    from valine.ports import Commit
    from valine.ports import Delivery as QueueDelivery
    from valine_twins.transport import Delivery, Request, Response

MOVES = {(move.source, move.target) for move in graph.MOVES}
MARK = re.compile(r"r\d+ · ([\w.]+) · [a-z2-7]{12}")
OPEN_TO_ALL = (events.PlanRequested, events.StatusRequested)


class Violation(Exception):
    """Something happened that must not: which law was broken, and how."""

    def __init__(self, law: str, how: str) -> None:
        super().__init__(f"{law}: {how}")
        self.law = law
        self.how = how


def told(check: Callable[..., None]) -> Callable[..., None]:
    """A check that breaks is a finding: raised inside a process, Valine would take it for a fault and live on."""

    @functools.wraps(check)
    def checked(checker: Checker, *given: Any, **named: Any) -> None:
        try:
            check(checker, *given, **named)
        except Exception as error:  # noqa: BLE001 - whatever it is
            checker.say("the storm itself", f"{check.__name__}: {error!r}")

    return checked


class Checker:
    """Sees everything that is written, and raises nothing: what it finds is in `found`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.found: list[Violation] = []
        self.deleted: set[str] = set()  # messages that people took away, or that Discord only said were written
        self.stale: set[str] = set()  # messages whose last edit Discord only said was made
        self.threads_gone = False
        self.channel_gone = False  # with all that was in it; what was to be posted there need not be
        self.reopened: dict[int, datetime] = {}  # pull requests, and when somebody last opened them again
        self.excused = False
        self.abandoned = (
            False  # who had lost its partition died in it: an older message may stay in a newer one's place
        )
        self.restored = False  # a backup: what came after it is forgotten
        self.consent = Consent(world)
        self.pace = Pace(self)
        self.on_github = OnGitHub(world, self)
        self._noted: Noted = {}
        self._handled: set[str] = set()
        self._refused: set[str] = set()
        self._over: set[str] = set()  # runs that were when a backup was restored
        self._posted: dict[str, list[str]] = {}
        self._stages: dict[str, tuple[Stage, RunStatus]] = {}
        for run in world.runs():
            self._stages[run.uid] = (run.stage, run.status)
            for posted in run.messages.items():
                self._posted[naming.marker(run, posted[0])] = [posted[1].message]

    def say(self, law: str, how: str) -> None:
        """A law was broken."""
        violation = Violation(law, how)
        self.found.append(violation)
        self._world.tell(None, f"VIOLATION {violation}")

    def one(self, what: str, key: str, count: int) -> None:
        """There is one of it at most."""
        if count > 1:
            self.say(f"one {what}", f"{count} of {key}")

    # What Valine asks of the platforms ------------------------------------------------------------------------------

    @told
    def asked(
        self, process: Process, service: str, request: Request, response: Response, *, sent: float, kept: bool
    ) -> None:
        """A request, `sent` at that time, was answered so; `kept` unless the platform only pretended to do it."""
        good = 200 <= response.status < 300
        if service == "discord":
            if good and "/channels/" in request.path and "/messages" in request.path:
                self._said(process, request, response, kept=kept)
            return
        self.on_github.asked(process, request, sent=sent, good=good and kept)

    def _said(self, process: Process, request: Request, response: Response, *, kept: bool) -> None:
        """A message was written or edited. One that is not kept is one that somebody deletes at once: none can tell."""
        if request.method == "POST" and request.path.endswith("/messages"):
            message = str(msgspec.json.decode(response.body)["id"])
            if kept:
                self._message(process, message)
            else:
                self.deleted.add(message)
        elif request.method == "POST" and request.path.endswith("/threads") and not kept:
            self.threads_gone = True
        elif request.method == "PATCH":
            message = request.path.rpartition("/")[2]
            (self.stale.discard if kept else self.stale.add)(message)

    def _message(self, process: Process, message_id: str) -> None:
        message = self._world.discord._world.message(message_id)
        if message is None:
            return
        notified = message.notified
        marks = {found[0] for text in (message.content, *texts(message.components)) for found in MARK.finditer(text)}
        if notified.everyone or notified.roles or not set(notified.users) <= self._concerned(marks):
            self.say("notifications", f"{notified} by {marks or message_id}")
        for mark in marks:
            ids = self._posted.setdefault(mark, [])
            if message_id not in ids:
                ids.append(message_id)
            if (
                process.leased and not self.restored
            ):  # one that stood still for too long takes back what it doubled: see `doubled`
                self.one("message", mark, len(self._alive(ids)))

    def _concerned(self, marks: set[str]) -> set[str]:
        """Whom such a message may notify: those whose own task is held, where that is what the line tells."""
        people, found = self._world.settings.people, set[str]()
        for run in self._world.runs():
            for line in run.milestones:
                if naming.marker(run, f"milestone.{line.key}") in marks and line.kind is MilestoneKind.HELD:
                    tasks = [task for task in map(run.task, line.issues) if task is not None]
                    pulls = [self._world.pull(task.pull_request) for task in tasks if task.adopted]
                    found |= {str(login) for task in tasks for login in task.assignees}
                    found |= {pull.author for pull in pulls if pull is not None}
        return {people[login] for login in found if login in people}

    def excuse(self) -> None:
        """Whoever lost its partition takes back what it doubled, unless that fails too: then nobody can."""
        self.excused = True

    def forget(self) -> None:
        """A backup was restored: what it does not know may be said and done again."""
        self.restored = self.excused = True
        self._handled.clear()
        self._refused.clear()
        self._posted.clear()
        self._stages = {run.uid: (run.stage, run.status) for run in self._world.runs()}
        self._over |= {run.uid for run in self._world.runs() if run.final}
        began = self._world.loop.start.timestamp()
        self.pace.knows_only(write - began for write in self._world.store.record(self._world.repository).writes)

    def taken_away(self, message: str) -> bool:
        """Whether people deleted it, or the thread that it was in."""
        return self.threads_gone or message in self.deleted

    def may_be_stale(self, run: Run, message: str) -> bool:
        """Whether a card or board may show what was, until the next change.

        Of two backups that are restored the second may be the newer one, and know that a run was over.
        """
        return self.abandoned or message in self.stale or run.uid in self._over

    def doubled(self) -> None:
        """Nothing is there twice."""
        if self.excused:
            return
        comments = self._world.code.comments.values()
        for mark in {(one.number, found) for one in comments for found in GITHUB_MARK.findall(one.body)}:
            same = [one for one in comments if one.number == mark[0] and mark[1] in one.body]
            self.one("comment", f"{mark[1]} on #{mark[0]}", len(same))
        pulls = (self._world.pull(number) for number in self._world.code.issues)
        open_ones = [one for one in pulls if one is not None and one.open]
        for pull in open_ones:
            heads = [one.head for one in open_ones if one.author == "valine-bot"]
            self.one("pull request", pull.head, heads.count(pull.head))
        for text, ids in self._posted.items():
            self.one("message", text, len(self._alive(ids)))

    def _alive(self, ids: list[str]) -> list[str]:
        return [one for one in ids if self._world.discord._world.message(one) is not None]

    # What it stores -------------------------------------------------------------------------------------------------

    @told
    def committed(self, process: Process, commit: Commit) -> None:
        """A commit was stored."""
        del process
        run, inbox = commit.run, commit.inbox
        if inbox is not None and run is None:
            self._refused.add(inbox.id)
            if commit.repository is not None:
                self.say("refusal", f"{inbox.id} was refused, and changed the repository's record")
        if run is None or commit.history is None:
            return
        event = commit.history.event
        note(self._noted, run, event)
        if isinstance(event, events.Command):
            self._command(event)
            clicked = isinstance(event, events.PlanApproved) and event.revision is not None
            if clicked and inbox is not None and isinstance(inbox.reply, NotShownYet):
                self._unless(wrongly_refused(self._world, run, self._noted))
        before = self._stages.get(run.uid)
        if before is not None and before[1] in {RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED}:
            if run.status is not before[1]:
                self.say("final is final", f"{run.name} was {before[1]} and is {run.status}")
        elif (before[0] if before else None, run.stage) not in MOVES and (before is None or before[0] != run.stage):
            self.say("the graph", f"{run.name} went from {before and before[0]} to {run.stage}")
        self._stages[run.uid] = (run.stage, run.status)
        self._claims()

    @told
    def dealt_with(self, taken: QueueDelivery) -> None:
        """An envelope is off the queue."""
        self._unless(stuck(self._world, taken))

    def _unless(self, wrong: str | None) -> None:
        if wrong is not None:
            self.say("no proposal stuck", wrong)

    def _command(self, event: Any) -> None:
        if event.id in self._handled and not self.restored:
            self.say("once", f"{event.id} was executed twice")
        if event.id in self._refused:
            self.say("refusal", f"{event.id} was refused, and executed")
        self._handled.add(event.id)
        names = LEADS if event.by.platform == "discord" else DEVELOPERS
        if event.by.name not in names and not isinstance(event, OPEN_TO_ALL):
            self.say("permission", f"{type(event).__name__} by {event.by.name}")

    def _claims(self) -> None:
        taken: dict[int, int] = {}
        claims = self._world.store.record(self._world.repository).claims
        for run in self._world.runs():
            if run.final:
                continue
            for task in run.tasks:
                if not task.settled:
                    if task.issue in taken or claims.get(str(task.issue)) != run.number:
                        self.say("claims", f"#{task.issue} of {run.name} is claimed by {claims.get(str(task.issue))}")
                    taken[task.issue] = run.number

    # What it answers ------------------------------------------------------------------------------------------------

    @told
    def answered(self, service: str, delivery: Delivery, response: Response | None) -> None:
        """An endpoint answered a delivery."""
        if response is None:
            return
        if response.status >= 500 and response.status != 503:
            self.say("endpoints", f"{service} was answered {response.status}")
        if delivery.headers.get("X-Hub-Signature-256", "").endswith("0" * 64) and response.status != 401:
            self.say("endpoints", f"a forged delivery was answered {response.status}")
