from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from builders import REPOSITORY, an_actor, an_issue
from orchestrator.commands import is_shown_first
from orchestrator.play import LEAD, Play
from valine.orchestrator import replies
from valine.orchestrator.facts.documents import LeftOutRow
from valine.orchestrator.model import events
from valine.orchestrator.model.decision import Nothing, Refresh, Refusal
from valine.orchestrator.model.observations import Failure
from valine.orchestrator.model.states import IssueNumber, MilestoneKind, Reason, RunNumber, RunStatus

ONE = RunNumber(1)
MEMBER = an_actor("mia")
GONE = LeftOutRow(issue=IssueNumber(1), title="Issue 1", reason=Reason.GONE)
DOWN = Failure(kind="transient", code="unreachable", detail="down")


def proposed(count: int = 2, **changes: Any) -> Play:
    play = Play(count, **changes)
    play.plan()
    play.settle()
    return play


def test_a_member_may_plan_and_the_run_is_listed_without_claims() -> None:
    play = Play()

    play.plan(by=MEMBER)

    assert play.run.requested_by == MEMBER
    assert play.repository.next_number == 2
    assert [entry.number for entry in play.repository.active] == [1]
    assert play.repository.claims == {}


def test_a_plan_is_looked_for_before_it_is_made() -> None:
    play = Play()
    outcome = play.decide(events.PlanRequested(id="c", by=LEAD, asked_at=play.now, at=play.now, channel="x"))

    assert outcome == Refresh(kind="plan", label=None)


@pytest.mark.parametrize("code", ["unreachable", "unauthorized", "forbidden", "not_found"])
def test_a_refresh_that_fails_leaves_nothing_behind_and_says_which(code: Any) -> None:
    play = Play()
    command = events.PlanRequested(id="c", by=LEAD, asked_at=play.now, at=play.now, channel="x")

    outcome = play.command(command, found=Failure(kind="permanent", code=code))

    assert isinstance(outcome, Refusal)
    assert play.runs == {}


def test_each_kind_of_trouble_has_its_own_reply() -> None:
    def said(play: Play, found: Failure | None = None) -> replies.Reply:
        command = events.PlanRequested(id="c", by=LEAD, asked_at=play.now, at=play.now, channel="x")
        outcome = play.command(command, found=found)
        assert isinstance(outcome, Refusal)
        return outcome.reply

    found = [
        said(Play(0)),
        said(Play((an_issue(1, open=True, labels=()),))),
        said(Play(policy="[plan]\nlimt = 3")),
        *(said(Play(), Failure(kind="permanent", code=code)) for code in ("forbidden", "not_found")),
        said(Play(), DOWN),
    ]

    assert found == [
        replies.NoIssues(label="ready", repository=REPOSITORY),
        replies.NothingToPlan(label="ready", count=1, left_out=(GONE,)),
        replies.UnusablePolicy(problem=".github/valine.toml: unknown key plan.limt; did you mean plan.limit?"),
        *(replies.GitHubFailed(repository=REPOSITORY, code=code) for code in ("forbidden", "not_found")),
        replies.GitHubFailed(repository=REPOSITORY, code=DOWN.code, detail=DOWN.detail),
    ]


def test_one_proposal_at_a_time() -> None:
    play = proposed()

    outcome = play.plan()

    assert outcome == Refusal(reply=replies.AlreadyProposed.of(play.run))
    assert len(play.runs) == 1


def test_the_next_plan_leaves_out_what_is_claimed() -> None:
    play = Play(3)
    play.plan(limit=2)
    play.approve()

    play.plan()

    assert [item.issue for item in play.runs[2].plan.items] == [3]


def approve(play: Play, **fields: Any) -> Any:
    return play.says(events.PlanApproved, **({"run": ONE} | fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"by": MEMBER},
        {"revision": 2, "digest": "other"},
        {"revision": 1, "digest": "other"},
        {"run": RunNumber(9)},
        {"uid": "another"},
    ],
)
def test_an_approval_of_something_else_or_by_somebody_else_is_refused(fields: dict[str, Any]) -> None:
    play = proposed()
    before = play.run

    assert isinstance(approve(play, **fields), Refusal)
    assert play.run == before


def test_a_second_approval_is_refused_and_says_who_did() -> None:
    play = proposed()
    approve(play)

    outcome = approve(play, by=an_actor("ben", permissions=LEAD.permissions))

    assert isinstance(outcome, Refusal)
    assert isinstance(outcome.reply, replies.AlreadyApproved)
    assert outcome.reply.by == "ana"
    assert len(play.run.approvals) == 1


def test_a_plan_nobody_has_seen_is_not_approved() -> None:
    play = Play()
    play.plan()
    before = play.run

    assert is_shown_first(play, approve(play), before)


def test_a_typed_approval_means_the_plan_on_show_when_it_was_typed() -> None:
    play = proposed()
    typed = play.now
    play.now += timedelta(seconds=10)
    play.says(events.PlanEdited, run=ONE, revision=1, drop=(IssueNumber(1),))
    play.settle()

    before = play.run

    assert is_shown_first(play, approve(play, asked_at=typed), before)
    approve(play, asked_at=play.now)
    assert play.run.status is RunStatus.IN_PROGRESS


@pytest.mark.parametrize(("ours", "discords", "counts"), [(-37, 24, False), (600, 0, True), (0, None, True)])
def test_whether_it_was_on_show_is_told_by_discords_clock(ours: int, discords: int | None, counts: bool) -> None:  # noqa: FBT001
    play = proposed()
    play.now += timedelta(hours=1)
    card = msgspec.structs.replace(
        play.run.messages["card"],
        at=play.now + timedelta(seconds=ours),
        shown_at=None if discords is None else play.now + timedelta(seconds=discords),
    )
    play.runs[1] = msgspec.structs.replace(play.run, messages=play.run.messages | {"card": card})

    before = play.run

    outcome = approve(play, asked_at=play.now)

    assert (play.run.status is RunStatus.IN_PROGRESS) is counts
    assert is_shown_first(play, outcome, before) is not counts


def test_where_discord_tells_no_time_a_slow_clock_makes_nothing_seen_before_it_was_shown() -> None:
    play = proposed()
    card = msgspec.structs.replace(play.run.messages["card"], at=play.now + timedelta(seconds=10), shown_at=None)
    play.runs[1] = msgspec.structs.replace(play.run, messages=play.run.messages | {"card": card})

    before = play.run

    assert is_shown_first(play, approve(play, asked_at=play.now + timedelta(seconds=24)), before)


def test_a_plan_that_changed_on_github_is_shown_again_not_approved() -> None:
    play = proposed()
    play.forge.issues[1] = an_issue(1, body_hash="other")

    approve(play, revision=1, digest=play.run.plan.digest)

    assert play.run.status is RunStatus.PENDING
    assert (play.run.plan.revision, play.run.approvals) == (2, ())


def test_a_plan_of_which_nothing_is_left_is_over() -> None:
    play = proposed()
    play.forge.issues.clear()

    approve(play)

    assert play.run.status is RunStatus.CANCELLED


def test_an_issue_that_another_run_took_meanwhile_makes_a_new_revision() -> None:
    play = proposed()
    play.repository = type(play.repository)(
        **{f: getattr(play.repository, f) for f in play.repository.__struct_fields__} | {"claims": {"1": RunNumber(7)}}
    )

    approve(play)

    assert play.run.status is RunStatus.PENDING
    assert [item.issue for item in play.run.plan.items] == [2]


def test_approving_while_github_is_down_is_refused() -> None:
    play = proposed()
    command = events.PlanApproved(id="c", by=LEAD, asked_at=play.now, at=play.now, run=ONE)

    assert isinstance(play.command(command, found=DOWN), Refusal)
    assert play.run.status is RunStatus.PENDING


@pytest.mark.parametrize("drop", [(), (9,), (1, 9), (1, 2)])
def test_an_edit_takes_out_some_issues_of_the_plan(drop: tuple[int, ...]) -> None:
    play = proposed()

    outcome = play.says(events.PlanEdited, run=ONE, revision=1, drop=tuple(map(IssueNumber, drop)))

    assert isinstance(outcome, Refusal)
    assert play.run.plan.revision == 1


def test_a_proposal_expires_at_its_time_and_not_before() -> None:
    play = proposed()
    expiry = play.run.wake_at
    assert expiry == play.run.expires_at

    play.now = expiry - timedelta(seconds=1)
    assert isinstance(play.step(), Nothing)
    play.now = expiry
    play.step()

    assert play.run.status is RunStatus.CANCELLED
    assert play.run.milestones[-1].kind is MilestoneKind.EXPIRED
    assert isinstance(approve(play), Refusal)


def test_nothing_is_approved_after_its_time_even_if_the_clock_is_late() -> None:
    play = proposed()
    play.now = play.run.expires_at

    assert isinstance(approve(play), Refusal)
