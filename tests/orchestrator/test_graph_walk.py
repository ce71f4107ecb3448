"""A run on a random walk: whatever people, GitHub, Discord and the clock do, in whatever order and however often."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from builders import an_actor, an_issue
from orchestrator.play import CHECK, LEAD, Play, behind
from valine.documents import decode, encode
from valine.orchestrator.decide import ship_commands
from valine.orchestrator.decide.assess import waits_for
from valine.orchestrator.decide.desired_effects import GIVEN_UP, desired_effects
from valine.orchestrator.graph import MOVES, decide
from valine.orchestrator.model import effects, events
from valine.orchestrator.model.decision import Decision, Outcome, Refresh
from valine.orchestrator.model.observations import Blocker, Failure
from valine.orchestrator.model.run import Check, Run
from valine.orchestrator.model.states import IssueNumber, RunNumber, Sha, Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from valine.orchestrator.model.events import Event, PersonCommand
    from valine.orchestrator.model.plan import Actor

replace = msgspec.structs.replace

ACTORS = [
    *[LEAD] * 6,
    an_actor("ben", permissions=LEAD.permissions),
    an_actor("mia"),
    an_actor("gus", platform="github", may_write=True),
    an_actor("gil", platform="github"),
    an_actor("valine", platform="valine"),
]
KINDS: list[Any] = ["transient", "permanent", "ambiguous"]
CODES: list[Any] = ["unreachable", "limited", "unauthorized", "forbidden", "not_found", "stranger", "invalid", "lost"]
REFUSALS: list[Any] = ["moved", "retargeted", "conflict", "rules", "draft", "closed"]
POLICIES = [None, None, '[ship]\nchecks = "none"', "[ship]\nrelease = true", '[tasks]\nassignees = ["x", "y"]']
SECONDS = [0, 0, 1, 2, 5, 60, 600, 3600, 90_000]
KNOWN = {(move.source, move.target, move.status) for move in MOVES}


class Walk:
    """Four issues with dependencies among them, in one repository, and random numbers that say what happens next."""

    def __init__(self, seed: int, already: str = "") -> None:
        self.rng = random.Random(seed)  # noqa: S311 - the same random numbers each time
        needs = {n: self.rng.choice([None, None, *range(1, n)]) for n in range(1, 5)}
        self.play = Play(
            tuple(an_issue(n, blocked_by=(Blocker(number=on, open=True),) if on else ()) for n, on in needs.items()),
            policy=self.rng.choice(POLICIES),
        )
        self.past: list[tuple[int | None, Event]] = []
        self.stale: Any = None
        self.begin(already or self.rng.choice(["nothing", "approved", "tracked", "shipping", "shipping"]))

    def begin(self, already: str) -> None:
        if already != "nothing":
            self.play.plan()
            self.play.approve()
        if already in {"tracked", "shipping"}:
            self.play.settle()
        if already == "shipping":
            self.play.finish(1, 2, 3)
            self.play.confirm()

    def go(self, steps: int) -> None:
        """So many things happen."""
        for _ in range(steps):
            if self.maybe(0.03):
                self.play.now += timedelta(seconds=self.rng.choice(SECONDS))
            (self.lose_access if self.maybe(0.005) else self.rng.choice(self.possible()))()
            self.check_claims()

    def possible(self) -> list[Callable[[], None]]:
        if not self.play.runs:
            return [self.plan]
        everything = [self.decide_on_the_plan, self.command_a_run, self.refresh, self.clock_fires, self.effect_ends]
        everything += [self.github_changes] * 3 + [self.ship_what_is_ready, self.engine_goes_on, self.comes_twice]
        return [*everything, self.all_is_well, *([self.plan] if all(r.final for r in self.play.runs.values()) else [])]

    def maybe(self, chance: float) -> bool:
        return self.rng.random() < chance

    def failure(self) -> Failure:
        retry_at = self.play.now + timedelta(minutes=3) if self.maybe(0.2) else None
        return Failure(kind=self.rng.choice(KINDS), code=self.rng.choice(CODES), detail="no", retry_at=retry_at)

    def some_run(self) -> Run:
        newest = self.play.runs[max(self.play.runs)]
        return self.rng.choice([newest, newest, *self.play.runs.values()])

    # Deciding, and what holds of every decision ---------------------------------------------------------------------

    def decided(self, event: Event, number: int | None) -> Outcome:
        state = self.play.state(number)
        runs, record = dict(self.play.runs), self.play.repository
        again = decide(state, event)
        outcome = self.play.decide(event, number)
        assert outcome == again
        self.past.append((number, event))
        if not isinstance(outcome, Decision):
            assert (self.play.runs, self.play.repository) == (runs, record)
            return outcome
        before = runs.get(outcome.run.number)
        assert (before.stage if before else None, outcome.run.stage, outcome.run.status) in KNOWN
        if before is not None:
            assert (before.uid, before.repository) == (outcome.run.uid, outcome.run.repository)
            assert not before.final or before.status is outcome.run.status
        check_run(outcome.run)
        return outcome

    def check_claims(self) -> None:
        record = self.play.repository
        active = [run for run in self.play.runs.values() if not run.final]
        claimed = [(str(task.issue), run.number) for run in active for task in run.tasks if not task.settled]
        assert sorted(claimed) == sorted(record.claims.items())
        assert {entry.number: entry.status for entry in record.active} == {run.number: run.status for run in active}

    # People ---------------------------------------------------------------------------------------------------------

    def said(self, command: PersonCommand) -> None:
        outcome = self.decided(command, command.run)
        if not isinstance(outcome, Refresh):
            return
        world: Any = self.failure()
        if self.maybe(0.8):
            forge, now = self.play.forge, self.play.now
            work = outcome.kind == "work" and outcome.run is not None
            world = forge.work_world(outcome.run, now) if work and outcome.run else forge.plan_world(now)
        outcome = self.decided(replace(command, found=world), command.run)
        assert not isinstance(outcome, Refresh)

    def command(self, by: Actor, **fields: Any) -> dict[str, Any]:
        now = self.play.now
        return {"id": f"c:{len(self.past)}", "by": by, "asked_at": now, "at": now, **fields}

    def plan(self) -> None:
        limit = self.rng.choice([None, 1, 2, 3])
        fields = self.command(self.rng.choice(ACTORS), channel="channel-1", limit=limit)
        self.said(events.PlanRequested(**fields))

    def decide_on_the_plan(self) -> None:
        run, rng = self.some_run(), self.rng
        fields = self.command(rng.choice(ACTORS), run=run.number)
        revision = rng.choice([None, run.plan.revision, run.plan.revision, 1, 2])
        digest = rng.choice([None, run.plan.digest, run.plan.digest, "wrong"])
        drop = tuple(IssueNumber(rng.randint(1, 4)) for _ in range(rng.randint(0, 2)))
        commands: list[PersonCommand] = [
            *[events.PlanApproved(**fields, revision=revision, digest=digest)] * 3,
            events.PlanRejected(**fields, revision=revision, digest=digest),
            events.PlanEdited(**fields, revision=revision or 1, drop=drop),
        ]
        self.said(rng.choice(commands))

    def command_a_run(self) -> None:
        run, rng = self.some_run(), self.rng
        number = rng.choice([None, RunNumber(9), *[run.number] * 5])
        fields = self.command(rng.choice(ACTORS), run=number, uid=rng.choice([None, None, "wrong", run.uid]))
        fields["number"] = rng.choice([None, None, None, 1, 102, 7])
        issue = IssueNumber(rng.choice([1, 2, 3, 4, 9, 101]))
        commands: list[PersonCommand] = [
            events.ShipRequested(**fields),
            events.ShipConfirmed(**fields, heads="wrong"),
            events.CancelRequested(**fields),
            *([events.CancelConfirmed(**fields, close_pull_requests=self.maybe(0.5))] if self.maybe(0.2) else []),
            events.RetryRequested(**fields, issue=rng.choice([None, issue])),
            events.DropRequested(**fields, issue=issue),
            events.StatusRequested(**fields),
        ]
        self.said(rng.choice(commands))

    def ship_what_is_ready(self) -> None:
        """The path that random words seldom find."""
        number = max(self.play.runs)
        self.said(events.ShipRequested(**self.command(LEAD, run=RunNumber(number))))
        heads = ship_commands.heads_digest(ship_commands.shippable(self.play.runs[number]))
        self.said(events.ShipConfirmed(**self.command(LEAD, run=RunNumber(number), heads=heads)))

    # GitHub and Discord ---------------------------------------------------------------------------------------------

    def github_changes(self) -> None:
        forge, rng, issue = self.play.forge, self.rng, self.rng.randint(1, 4)
        if self.maybe(0.1):
            titles: list[dict[str, Any]] = [{"title": "Another"}, {"body_hash": "b"}, {"labels": ()}]
            changes = [*titles, {"open": False}, {"open": True}]
            forge.issues[issue] = replace(forge.issues[issue], **rng.choice(changes))
        pull = forge.pulls.get(100 + issue)
        if pull is None or pull.state == "merged":
            return
        green = (Check(key=CHECK, name="test", state="passed"),)
        check = Check(key=CHECK, name="test", state=rng.choice(["passed", "pending", "failed"]))
        actions: list[dict[str, Any]] = [
            {"head": forge.sha(), "changed_files": 1, "checks": ()},
            {"draft": False, "changed_files": 1, "merge_state": "CLEAN", "checks": green},
            {"draft": True},
            {"checks": (check,)},
            {"review": rng.choice(["approved", "changes_requested", "required", "none"])},
            {"mergeable": rng.choice(["yes", "no", "unknown"])},
            {"merge_state": rng.choice(["CLEAN", "BLOCKED", "DIRTY", "UNSTABLE"])},
            {"state": "closed"},
            {"state": "open"},
            {"state": "merged", "merge_sha": forge.sha()},
            {"base": rng.choice(["other", "main"])},
            {"changed_files": 0},
        ]
        forge.change(issue, self.play.now, **rng.choice(actions))
        if self.maybe(0.2):
            behind(self.play, issue)

    def all_is_well(self) -> None:
        """Everybody pushed, un-drafted, and is green."""
        well: dict[str, Any] = {"draft": False, "changed_files": 1, "merge_state": "CLEAN", "mergeable": "yes"}
        well |= {"review": "none", "base": "main", "checks": (Check(key=CHECK, name="test", state="passed"),)}
        for number, pull in self.play.forge.pulls.items():
            if pull.state == "open":
                self.play.forge.change(number - 100, self.play.now, **well)

    def refresh(self) -> None:
        run, now = self.some_run(), self.play.now
        world = self.play.forge.work_world(run, now)
        named = events.HintReceived(name="push", delivery="g", at=now, branch="b", head=Sha("x"))
        hint = named if self.maybe(0.3) else None
        refreshes: list[Event] = [
            *[events.WorldObserved(at=now, world=world, hint=hint)] * 4,
            events.WorldObserved(at=now, world=self.stale or world, hint=hint),
            events.PlanObserved(at=now, world=self.play.forge.plan_world(now)),
            events.LookFailed(at=now, failure=self.failure()),
        ]
        if self.maybe(0.3):
            self.stale = world
        self.decided(self.rng.choice(refreshes), run.number)

    def lose_access(self) -> None:
        """For a day."""
        gone = Failure(kind="permanent", code="not_found", detail="Not Found")
        for _ in range(2):
            for run in list(self.play.runs.values()):
                self.decided(events.LookFailed(at=self.play.now, failure=gone), run.number)
            self.play.now += timedelta(hours=24)

    def effect_ends(self) -> None:
        run = self.some_run()
        if not run.pending:
            return
        effect, now = self.rng.choice(desired_effects(run)), self.play.now
        if self.maybe(0.3):
            self.decided(events.EffectFailed(at=now, key=effect.key, failure=self.failure()), run.number)
            return
        result: Any = self.play.result(effect, run.number)
        if isinstance(effect, effects.MergePullRequest) and self.maybe(0.3):
            result = events.MergeRefused(issue=effect.issue, reason=self.rng.choice(REFUSALS), detail="no")
        self.decided(events.EffectSucceeded(at=now, key=effect.key, result=result), run.number)

    # Time -----------------------------------------------------------------------------------------------------------

    def clock_fires(self) -> None:
        run = self.some_run()
        self.decided(events.Woken(at=self.play.now, run=run.number, uid=run.uid), run.number)

    def comes_twice(self) -> None:
        if not self.past:
            return
        number, event = self.rng.choice(self.past)
        if isinstance(event, events.PlanRequested):
            event = replace(event, id=f"again:{len(self.past)}")  # the engine's inbox swallows the same one
        self.decided(replace(event, at=self.play.now), number)

    def engine_goes_on(self) -> None:
        """Each step of the loop changes the run (settle sees to it), and the run comes to rest."""
        number = self.some_run().number
        self.play.settle(number)
        check_run(self.play.runs[number])
        assert set(self.play.edges) <= KNOWN


def check_run(run: Run) -> None:
    """What holds of every run that was decided."""
    keys = [milestone.key for milestone in run.milestones]
    assert len(keys) == len(set(keys))
    needed = desired_effects(run)
    assert sorted(effect.key for effect in needed) == sorted(run.pending)
    alive = [entry for entry in run.pending.values() if not run.final or entry.attempts < GIVEN_UP]
    assert (run.wake_at is not None) == bool(alive or not run.final)
    for effect in needed:
        if isinstance(effect, effects.MergePullRequest | effects.UpdateBranch):
            check_merge(run, effect)
        assert run.stage is not Stage.PROPOSED or isinstance(effect, effects.EnsureDocument | effects.EnsureThread)
    assert decode(encode(run), Run) == run


def check_merge(run: Run, effect: effects.MergePullRequest | effects.UpdateBranch) -> None:
    """A merge is wanted only of what somebody approved, confirmed, and may be merged as it stands."""
    task = run.task(effect.issue)
    assert task is not None
    assert task.pull is not None
    assert run.shipping is not None
    assert (run.stage, bool(run.approvals)) == (Stage.SHIPPING, True)
    assert effect.head == task.pull.head == run.shipping.heads[str(task.issue)]
    assert (task.pull.draft, task.pull.state) == (False, "open")
    assert task.pull.changed_files > 0
    assert waits_for(run, task) == ()
    for other in (run.task(issue) for issue in task.depends_on):
        assert other is None or other.state == "merged" or not other.issue_open


@pytest.mark.parametrize("seed", range(30))
def test_whatever_happens_a_run_stays_sound(seed: int) -> None:
    Walk(seed).go(80)


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(1000, 1100))
def test_whatever_happens_for_long_a_run_stays_sound(seed: int) -> None:
    for offset in range(0, 20_000, 1000):
        Walk(seed + offset).go(150)
