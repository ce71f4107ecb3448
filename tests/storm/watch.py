"""What must hold after every step, checked at what the step wrote, to a platform or to the store.

Each check knows what people really did and what the platforms really hold; it does not ask the core whether it was
right to do something.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from storm.consent import Consent
from storm.pace import Pace
from storm.stage import DEVELOPERS, LEADS
from valine.orchestrator import events, graph, naming
from valine.orchestrator.states import MilestoneKind, RunStatus
from valine.simulator.discord import components as parts

if TYPE_CHECKING:
    from datetime import datetime

    from storm.process import Process
    from storm.world import World
    from valine.orchestrator.model import Run, Task
    from valine.orchestrator.states import Stage
    from valine.ports import Commit
    from valine.simulator.transport import Delivery, Request, Response

MOVES = {(move.source, move.target) for move in graph.MOVES}
MARK = re.compile(r"r\d+ · ([\w.]+) · [a-z2-7]{12}")
GITHUB_MARK = re.compile(r"<!-- valine:[\w-]+:\w+ -->")
OPEN_TO_ALL = (events.PlanRequested, events.StatusRequested)


class Violation(Exception):
    """Something happened that must not: which law was broken, and how."""

    def __init__(self, law: str, how: str) -> None:
        super().__init__(f"{law}: {how}")
        self.law = law
        self.how = how


class Watch:
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
        self.abandoned = False  # who had lost its lane died in it: an older message may stay in a newer one's place
        self.restored = False  # a backup: what came after it is forgotten
        self.consent = Consent(world)
        self.pace = Pace(self)
        self._obeyed: set[str] = set()
        self._refused: set[str] = set()
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

    # What Valine asks of the platforms ------------------------------------------------------------------------------

    def asked(
        self, process: Process, service: str, request: Request, response: Response, *, sent: float, kept: bool
    ) -> None:
        """A request, `sent` at that time, was answered so; `kept` unless the platform only pretended to do it."""
        good = 200 <= response.status < 300
        if service == "discord":
            if good and "/channels/" in request.path and "/messages" in request.path:
                self._said(process, request, response, kept=kept)
            return
        if request.path == "/graphql" and b"mutation" in request.body:
            self.say("drafts", "GraphQL was asked for more than a look: only people make a draft ready")
        if request.method == "GET" or request.path == "/graphql":
            return
        self.pace.wrote(process, request, sent)
        if request.method == "PUT" and request.path.endswith("/merge"):
            self._not_a_draft(process, int(request.path.split("/")[-2]))
        if good and kept:
            self._wrote(process, request)

    def _not_a_draft(self, process: Process, number: int) -> None:
        """GitHub would refuse; but what is known to be a draft is not asked for."""
        found = self._task_of(number)
        if process.leased and found is not None and found[1].pull is not None and found[1].pull.draft:
            self.say("drafts", f"a merge of #{number} was asked for, which was seen to be a draft")

    def _wrote(self, process: Process, request: Request) -> None:
        path, body = request.path.split("/")[4:], msgspec.json.decode(request.body) if request.body else {}
        match request.method, path:
            case "POST", _:
                self._made(process, path, body)
            case "PUT", ["pulls", number, "merge"]:
                self._merged(process, int(number))
            case "PATCH", ["pulls", number]:
                self._closed(process, int(number))
            case "DELETE", ["git", "refs", "heads", *branch]:
                self._deleted("/".join(branch))
            case _:
                pass

    def _made(self, process: Process, path: list[str], body: dict[str, Any]) -> None:
        """Something new: it was approved, it is ours, and it is the only one (who lost its lane takes it back)."""
        match path:
            case ["pulls"]:
                self._planned(body["head"])
                self._ours(body["head"])
                marks = GITHUB_MARK.findall(body["body"])
                pulls = [
                    one for n in self._world.code.issues if (one := self._world.pull(n)) and one.head == body["head"]
                ]
                same = [one for one in pulls if any(mark in (one.body or "") for mark in marks)]
                self._one("pull request", body["head"], len(same) if process.leased else 1)
            case ["issues", number, "comments"]:
                comments = [one for one in self._world.code.comments.values() if one.number == int(number)]
                for mark in GITHUB_MARK.findall(body["body"]):
                    there = sum(mark in one.body for one in comments)
                    self._one("comment", f"{mark} on #{number}", there if process.leased else 1)
            case ["releases"]:
                tags = [release.tag for release in self._world.code.releases]
                self._one("release", body["tag_name"], tags.count(body["tag_name"]))
            case ["git", "refs"]:
                self._planned(body["ref"].removeprefix("refs/heads/"))
            case _:
                pass

    def _one(self, what: str, key: str, count: int) -> None:
        if count > 1:
            self.say(f"one {what}", f"{count} of {key}")

    def _planned(self, branch: str) -> None:
        """Nothing is made for a plan that nobody approved."""
        run = next((run for run in self._world.runs() if any(task.branch == branch for task in run.tasks)), None)
        if run is None:
            self.say("approval of the plan", f"{branch} belongs to no approved plan")
        elif not self.consent.approved(run):
            self.say("approval of the plan", f"nobody approved revision {run.plan.revision} of {run.name}")

    def _ours(self, branch: str) -> None:
        """A pull request is opened only from a branch that bears the run's uid."""
        objects, name = self._world.github._objects, self._world.repository
        run = next((run for run in self._world.runs() if any(task.branch == branch for task in run.tasks)), None)
        head = self._world.code.refs.get(f"refs/heads/{branch}")
        if run is not None and head is not None:
            messages = [objects.commit(name, sha).message for sha in objects.log(name, head, 20)]
            if not any(f"Valine-Run: {run.uid}" in message for message in messages):
                self.say("strangers", f"a pull request was opened from {branch}, which is not ours")

    def _task_of(self, number: int) -> tuple[Run, Task] | None:
        """Whose pull request that is: the last run's that took it up, one that goes on before one that is over."""
        found = [(run, task) for run in self._world.runs() for task in run.tasks if task.pull_request == number]
        return max(found, key=lambda pair: (not pair[0].final, pair[0].number), default=None)

    def _merged(self, process: Process, number: int) -> None:
        pull, found = self._world.pull(number), self._task_of(number)
        if pull is None or found is None:
            self.say("merge", f"#{number} belongs to no run")
            return
        run, task = found
        if not task.adopted and not (pull.author == "valine-bot" and run.uid in (pull.body or "")):
            self.say("strangers", f"#{number} was merged, and is not ours")
        if not self.consent.approved(run):
            self.say("merge", f"#{number}, but nobody approved revision {run.plan.revision}")
        if not self.consent.confirmed(run, task.issue, pull.head_sha):
            self.say("merge", f"#{number} at {pull.head_sha[:10]}, which nobody confirmed")
        if run.final and process.leased:
            self.say("merge", f"#{number} after {run.name} was {run.status}")
        issue = self._world.code.issues[task.issue]
        for _, blocker in issue.blocked_by:
            other = run.task(blocker)
            there = self._world.code.issues[blocker]
            theirs = self._world.pull(other.pull_request) if other else None
            if there.open and (theirs is None or theirs.merged_at is None):
                self.say("order", f"#{number} for #{task.issue} before #{blocker}, which it depends on")
        objects, name = self._world.github._objects, self._world.repository
        tip = objects.commit(name, self._world.code.refs[f"refs/heads/{pull.base}"])
        if objects.commit(name, tip.parents[0]).tree == tip.tree:
            self.say("merge", f"#{number} is empty")

    def _closed(self, process: Process, number: int) -> None:
        """Only a cancelled run closes, and only its own; or a process takes back what it doubled."""
        pull = self._world.pull(number)
        runs = [run for run in self._world.runs() if pull is not None and run.uid in (pull.body or "")]
        asked = any(run.status is RunStatus.CANCELLED and run.close_pull_requests for run in runs)
        doubled = self._task_of(number) is None and not process.leased
        if not asked and not doubled:
            self.say("closing", f"#{number} was closed, and nobody asked for it")

    def _deleted(self, branch: str) -> None:
        """Only what a merged pull request of ours came from is deleted."""
        task = next((t for run in self._world.runs() for t in run.tasks if t.branch == branch), None)
        pull = self._world.pull(task.pull_request) if task else None
        if task is None or task.adopted or pull is None or pull.merged_at is None:
            self.say("deleting", f"the branch {branch} of no merged pull request of ours")

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
        rung = message.rung
        marks = {found[0] for text in (message.content, *texts(message.components)) for found in MARK.finditer(text)}
        if rung.everyone or rung.roles or not set(rung.users) <= self._concerned(marks):
            self.say("ringing", f"{rung} by {marks or message_id}")
        for mark in marks:
            ids = self._posted.setdefault(mark, [])
            if message_id not in ids:
                ids.append(message_id)
            if (
                process.leased and not self.restored
            ):  # one that stood still for too long takes back what it doubled: see `doubled`
                self._one("message", mark, len(self._alive(ids)))

    def _concerned(self, marks: set[str]) -> set[str]:
        """Whom such a message may ring: those whose own task is held, where that is what the line tells."""
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
        """Whoever lost its lane takes back what it doubled, unless that fails too: then nobody can."""
        self.excused = True

    def forget(self) -> None:
        """A backup was restored: what it does not know may be said and done again."""
        self.restored = self.excused = True
        self._obeyed.clear()
        self._refused.clear()
        self._posted.clear()
        self._stages = {run.uid: (run.stage, run.status) for run in self._world.runs()}

    def taken_away(self, message: str) -> bool:
        """Whether people deleted it, or the thread that it was in."""
        return self.threads_gone or message in self.deleted

    def doubled(self) -> None:
        """Nothing is there twice."""
        if self.excused:
            return
        comments = self._world.code.comments.values()
        for mark in {(one.number, found) for one in comments for found in GITHUB_MARK.findall(one.body)}:
            same = [one for one in comments if one.number == mark[0] and mark[1] in one.body]
            self._one("comment", f"{mark[1]} on #{mark[0]}", len(same))
        pulls = (self._world.pull(number) for number in self._world.code.issues)
        open_ones = [one for one in pulls if one is not None and one.open]
        for pull in open_ones:
            heads = [one.head for one in open_ones if one.author == "valine-bot"]
            self._one("pull request", pull.head, heads.count(pull.head))
        for text, ids in self._posted.items():
            self._one("message", text, len(self._alive(ids)))

    def _alive(self, ids: list[str]) -> list[str]:
        return [one for one in ids if self._world.discord._world.message(one) is not None]

    # What it stores -------------------------------------------------------------------------------------------------

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
        if isinstance(event, events.Command):
            self._command(event)
        before = self._stages.get(run.uid)
        if before is not None and before[1] in {RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED}:
            if run.status is not before[1]:
                self.say("final is final", f"{run.name} was {before[1]} and is {run.status}")
        elif (before[0] if before else None, run.stage) not in MOVES and (before is None or before[0] != run.stage):
            self.say("the graph", f"{run.name} went from {before and before[0]} to {run.stage}")
        self._stages[run.uid] = (run.stage, run.status)
        self._claims()

    def _command(self, event: Any) -> None:
        if event.id in self._obeyed and not self.restored:
            self.say("once", f"{event.id} was obeyed twice")
        if event.id in self._refused:
            self.say("refusal", f"{event.id} was refused, and obeyed")
        self._obeyed.add(event.id)
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

    def answered(self, service: str, delivery: Delivery, response: Response | None) -> None:
        """A door answered a delivery."""
        if response is None:
            return
        if response.status >= 500 and response.status != 503:
            self.say("doors", f"{service} was answered {response.status}")
        if delivery.headers.get("X-Hub-Signature-256", "").endswith("0" * 64) and response.status != 401:
            self.say("doors", f"a forged delivery was answered {response.status}")


def texts(components: Any) -> list[str]:
    """All that is written in a message's components, from top to bottom."""
    return [part["content"] for part in parts.walk(components) if isinstance(part.get("content"), str)]
