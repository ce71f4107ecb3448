"""The core played without an engine: a forge of values, a clock that is a field, and the loop's steps one by one.

play = Play(issues=3)
play.plan()
play.approve()
play.settle()
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, cast

import msgspec

from builders import HEAD, NOON, TREE, a_base, a_plan_world, a_repository, a_work_world, an_actor, an_issue
from valine.engine.display import Display
from valine.orchestrator import naming
from valine.orchestrator.decide import ship_commands
from valine.orchestrator.decide.desired_effects import desired_effects
from valine.orchestrator.facts.display import RemovePage
from valine.orchestrator.graph import decide
from valine.orchestrator.model import effects, events
from valine.orchestrator.model.decision import Answer, Decision, Outcome, Refresh, Refusal, State
from valine.orchestrator.model.policy import MANAGE_SERVER
from valine.orchestrator.model.run import Check, Posted, PullSeen, TestMerge
from valine.orchestrator.model.states import PullNumber, RunNumber, Sha
from valine.orchestrator.naming import page_name

if TYPE_CHECKING:
    from datetime import datetime

    from valine.orchestrator.model.effects import Effect
    from valine.orchestrator.model.events import Event, PersonCommand, Result
    from valine.orchestrator.model.observations import Failure, IssueSeen, PlanWorld, WorkWorld
    from valine.orchestrator.model.plan import Actor
    from valine.orchestrator.model.run import Run, Task
    from valine.orchestrator.model.states import RunStatus, Stage

replace = msgspec.structs.replace

LEAD = an_actor("ana", permissions=MANAGE_SERVER)
CHECK = "github-actions/ci/test"


class Forge:
    """GitHub as a dictionary of what is seen of it."""

    def __init__(self, *issues: IssueSeen, policy: str | None = None) -> None:
        self.issues: dict[int, IssueSeen] = {issue.number: issue for issue in issues}
        self.pulls: dict[int, PullSeen] = {}
        self.policy = policy
        self.required: tuple[str, ...] = ()
        self._shas = 0

    def sha(self) -> Sha:
        """One that was never there."""
        self._shas += 1
        return Sha(f"{self._shas:040x}")

    def change(self, issue: int, at: datetime, **changes: Any) -> None:
        """The issue's pull request changes, and that is when."""
        number = 100 + issue
        self.pulls[number] = replace(self.pulls[number], updated_at=at, **changes)

    def plan_world(self, at: datetime) -> PlanWorld:
        return a_plan_world(*(issue for issue in self.issues.values() if issue.open), began_at=at, policy=self.policy)

    def work_world(self, run: Run, at: datetime) -> WorkWorld:
        mine = {task.issue for task in run.tasks}
        pulls = {task.pull_request for task in run.tasks}
        return a_work_world(
            began_at=at,
            issues=tuple(seen for number, seen in self.issues.items() if number in mine),
            pulls=tuple(seen for number, seen in self.pulls.items() if number in pulls),
            required_checks=self.required,
        )

    def perform(self, effect: Effect, at: datetime) -> Result:  # noqa: C901, PLR0911, PLR0912 - one line an effect
        """Make it so; Discord's effects are the play's."""
        match effect:
            case effects.EnsureBranch():
                return events.BranchEnsured(issue=effect.issue, start=HEAD)
            case effects.EnsurePullRequest():
                number = PullNumber(100 + effect.issue)
                self.pulls.setdefault(number, _opened(number, effect.branch, at))
                return events.PullRequestEnsured(issue=effect.issue, pull_request=number)
            case effects.EnsureLabel():
                return events.LabelEnsured(issue=effect.issue, present=effect.present)
            case effects.EnsureAssignees():
                return events.AssigneesEnsured(issue=effect.issue, dropped=effect.logins[1:])
            case effects.EnsureComment():
                return events.CommentEnsured(issue=effect.issue, name=effect.name)
            case effects.UpdateBranch():
                head = self.sha()
                self.change(effect.issue, at, head=head, merge_state="CLEAN", test_merge=None)
                return events.BranchUpdated(issue=effect.issue, head=head, clean=True)
            case effects.MergePullRequest():
                return self._merge(effect, at)
            case effects.FindMerged():
                return self._found(effect)
            case effects.EnsureIssueClosed():
                self.issues[effect.issue] = replace(self.issues[effect.issue], open=False)
                return events.IssueClosed(issue=effect.issue)
            case effects.EnsureBranchDeleted():
                return events.BranchDeleted(issue=effect.issue)
            case effects.EnsurePullRequestClosed():
                if 100 + effect.issue in self.pulls:  # else the answer that it was opened never came: there is none
                    self.change(effect.issue, at, state="closed")
                return events.PullRequestClosed(issue=effect.issue)
            case effects.EnsureRelease():
                return events.ReleaseEnsured(tag=effect.tag, url=f"https://github.com/r/{effect.tag}")
            case _:
                raise AssertionError(effect)

    def _found(self, effect: effects.FindMerged) -> Result:
        pull = self.pulls[effect.pull_request]
        if pull.state == "merged" and pull.merge_sha is not None:
            return events.Merged(issue=effect.issue, sha=pull.merge_sha)
        return events.NotMerged(issue=effect.issue)

    def _merge(self, effect: effects.MergePullRequest, at: datetime) -> Result:
        pull = self.pulls[effect.pull_request]
        if pull.state == "closed":
            return events.MergeRefused(issue=effect.issue, reason="closed", detail="")
        if pull.head != effect.head:
            return events.MergeRefused(issue=effect.issue, reason="moved", detail="Head branch was modified")
        if pull.draft:
            return events.MergeRefused(issue=effect.issue, reason="draft", detail="is a draft")
        sha = pull.merge_sha or self.sha()
        self.change(effect.issue, at, state="merged", merge_sha=sha)
        return events.Merged(issue=effect.issue, sha=sha)


def _opened(number: PullNumber, branch: str, at: datetime) -> PullSeen:
    return PullSeen(
        number=number,
        url=f"https://github.com/team/app/pull/{number}",
        state="open",
        draft=True,
        branch=branch,
        head=HEAD,
        base="main",
        mergeable="yes",
        merge_state="DRAFT",
        review="none",
        changed_files=0,
        updated_at=at,
    )


class Play:
    """A team's runs, from nothing on. `edges` are the moves that were made, `log` the events with their runs."""

    def __init__(self, issues: int | tuple[IssueSeen, ...] = 2, *, policy: str | None = None) -> None:
        plain = tuple(an_issue(n) for n in range(1, issues + 1)) if isinstance(issues, int) else issues
        self.forge = Forge(*plain, policy=policy)
        self.now = NOON
        self.repository = a_repository()
        self.runs: dict[int, Run] = {}
        self.edges: list[tuple[Stage | None, Stage, RunStatus]] = []
        self.log: list[tuple[int | None, Event]] = []
        self._commands = 0
        self.display = Display(chat=cast("Any", None), clock=cast("Any", None), unit_of_work=cast("Any", None))

    # The loop -------------------------------------------------------------------------------------------------------

    def state(self, number: int | None) -> State:
        active = tuple(self.runs[entry.number] for entry in self.repository.active)
        run = self.runs.get(number or 0)
        return State(repository=self.repository, run=run, active=active, render=self.display.version)

    def decide(self, event: Event, number: int | None = None) -> Outcome:
        """What comes of the event on that run, stored."""
        outcome = decide(self.state(number), event)
        check_answered(event, outcome)
        self.log.append((number, event))
        if isinstance(outcome, Decision):
            run = outcome.run
            before = self.runs.get(run.number)
            self.edges.append((before.stage if before else None, run.stage, run.status))
            self.runs[run.number] = replace(run, version=run.version + 1)
            self.repository = outcome.repository
        return outcome

    def command(self, command: PersonCommand, found: Failure | None = None) -> Outcome:
        """A person's command, with the refresh that it may need (`found`: it fails so)."""
        outcome = self.decide(command, command.run)
        if not isinstance(outcome, Refresh):
            return outcome
        world: PlanWorld | WorkWorld | Failure
        if outcome.run is None or outcome.kind == "plan":
            world = found or self.forge.plan_world(self.now)
        else:
            world = found or self.forge.work_world(outcome.run, self.now)
        return self.decide(replace(command, found=world), command.run)

    def step(self, number: int = 1) -> Outcome:
        """What the engine would do now for a run that is due: a refresh, an effect, or a word that time has passed."""
        run = self.runs[number]
        if run.refresh_at is not None and run.refresh_at <= self.now and not run.final:
            return self.refresh(number)
        for effect in desired_effects(run, self.display.version):
            entry = run.pending[effect.key]
            if entry.not_before is None or entry.not_before <= self.now:
                return self.do(effect, number)
        return self.decide(events.Woken(at=self.now, run=run.number, uid=run.uid), number)

    def refresh(self, number: int = 1, **changes: Any) -> Outcome:
        run = self.runs[number]
        if run.stage == "proposed":
            return self.decide(events.PlanObserved(at=self.now, world=self.forge.plan_world(self.now)), number)
        world = self.forge.work_world(run, self.now)
        return self.decide(events.WorldObserved(at=self.now, world=replace(world, **changes)), number)

    def do(self, effect: Effect, number: int = 1) -> Outcome:
        """The effect succeeds, now."""
        result = self.result(effect, number)
        return self.decide(events.EffectSucceeded(at=self.now, key=effect.key, result=result), number)

    def result(self, effect: Effect, number: int) -> Result:
        run = self.runs[number]
        if isinstance(effect, effects.EnsureThread):
            return events.ThreadEnsured(thread="thread-1")
        if not isinstance(effect, effects.EnsureDocument):
            return self.forge.perform(effect, self.now)
        layout = self.display.layout(run, effect.document)
        if isinstance(layout.step, RemovePage):
            return events.PageRemoved(document=effect.document, page=layout.page)
        name = page_name(effect.document, layout.page)
        old = run.messages.get(name)
        posted = Posted(
            channel="channel-1",
            message=f"message-{run.uid}-{name}",
            at=self.now,
            facts=layout.key,
            pages=len(layout.pages),
            render=self.display.version,
            generation=old.generation if old else 0,
        )
        self.display.sent(posted.message, posted.at, layout.pages[layout.page - 1])
        return events.PageWritten(document=effect.document, page=layout.page, posted=posted, unchanged=layout.unchanged)

    def settle(self, number: int = 1, *, seconds: float = 30) -> None:
        """Let happen what is due, and what comes due within that time."""
        until = self.now + timedelta(seconds=seconds)
        for _ in range(2000):
            run = self.runs[number]
            if run.wake_at is None or run.wake_at > until:
                return
            self.now = max(self.now, run.wake_at)
            before = run
            self.step(number)
            assert replace(self.runs[number], version=before.version) != before, f"busy for nothing: {before.wake_at}"
        raise AssertionError("it never comes to rest")

    def settle_until(self, event_type: type[Effect], number: int = 1) -> Effect:
        """Let things happen until such an effect is next; that effect."""
        for _ in range(500):
            run = self.runs[number]
            assert run.wake_at is not None
            self.now = max(self.now, run.wake_at)
            for effect in desired_effects(run, self.display.version):
                if isinstance(effect, event_type):
                    return effect
            self.step(number)
        raise AssertionError(f"{event_type} is never wanted")

    def wait(self, number: int = 1, **time: float) -> None:
        """Time passes, with everything that is due in it."""
        self.settle(number, seconds=timedelta(**time).total_seconds())
        self.now += timedelta(**time)

    # What people do -------------------------------------------------------------------------------------------------

    def says(self, kind: type[PersonCommand], *, by: Actor = LEAD, **fields: Any) -> Outcome:
        self._commands += 1
        given: dict[str, Any] = {"id": f"c:{self._commands}", "by": by, "asked_at": self.now, "at": self.now}
        return self.command(kind(**(given | fields)))

    def plan(self, **fields: Any) -> Outcome:
        return self.says(events.PlanRequested, **({"channel": "channel-1"} | fields))

    def approve(self, number: int = 1) -> Outcome:
        """The button on the card as it is."""
        self.settle(number)
        plan = self.runs[number].plan
        return self.says(events.PlanApproved, run=RunNumber(number), revision=plan.revision, digest=plan.digest)

    def finish(self, *issues: int, check: Literal["passed", "pending", "failed"] = "passed") -> None:
        """Work is pushed and marked ready, the check ended, and it was looked at."""
        for issue in issues:
            checks = (Check(key=CHECK, name="test", state=check),)
            self.forge.change(
                issue,
                self.now,
                head=self.forge.sha(),
                draft=False,
                changed_files=1,
                merge_state="CLEAN",
                checks=checks,
            )
        self.refresh()

    def confirm(self, number: int = 1) -> Outcome:
        """The confirming button of a preflight that shows what is there now."""
        self.says(events.ShipRequested, run=RunNumber(number))
        heads = ship_commands.heads_digest(ship_commands.shippable(self.runs[number]))
        return self.says(events.ShipConfirmed, run=RunNumber(number), heads=heads)

    def tracked(self) -> Play:
        """The same, planned, approved and opened."""
        self.plan()
        self.approve()
        self.settle()
        return self

    @property
    def run(self) -> Run:
        return self.runs[1]

    def task(self, issue: int) -> Task:
        task = self.run.task(issue)
        assert task is not None
        return task


def check_answered(event: Event, outcome: Outcome) -> None:
    """Whoever commands something is answered, and an observation answers nobody."""
    if isinstance(outcome, Decision | Refusal | Answer):
        assert (outcome.reply is not None) == isinstance(event, events.Command)


def behind(play: Play, issue: int) -> None:
    """Its branch is behind, and GitHub can merge it."""
    head = play.forge.pulls[100 + issue].head
    test_merge = TestMerge(base=a_base().sha, head=head, tree=TREE)
    play.forge.change(issue, play.now, merge_state="BEHIND", test_merge=test_merge)


__all__ = ["CHECK", "LEAD", "Forge", "Play", "behind", "naming"]
