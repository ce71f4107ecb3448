"""Label, assignees, comment, the issue's end and the release: made so once, however often it is asked for."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from services.github.forge_world import OddGitHub, no, ok, refusal_of
from services.github.things import (
    COMMENT_EFFECT,
    LABEL_EFFECT,
    MARKER,
    RELEASE_EFFECT,
    STARTED,
    UNLABEL_EFFECT,
    a_comment,
    a_rest_issue,
)
from services.github.twin_world import TwinWorld
from valine.errors import Ambiguous
from valine.orchestrator.model.effects import EnsureAssignees, EnsureComment, EnsureIssueClosed, EnsureLabel
from valine.orchestrator.model.events import AssigneesEnsured, IssueClosed, ReleaseEnsured
from valine.orchestrator.model.states import IssueNumber, Login, Sha


async def test_a_label_is_put_on_and_taken_off_as_often_as_asked(world: TwinWorld) -> None:
    on = EnsureLabel(issue=IssueNumber(world.issue), label="in-progress", present=True)

    for _ in range(2):
        await world.forge.perform(on)
    (issue,) = world.view["issues"]
    for _ in range(2):
        await world.forge.perform(msgspec.structs.replace(on, present=False))
    (afterwards,) = world.view["issues"]

    assert issue["labels"] == ["ready", "in-progress"]
    assert afterwards["labels"] == ["ready"]


async def test_a_label_that_github_did_not_put_on_is_ambiguous(github: OddGitHub) -> None:
    github.says(ok([{"name": "in-progress"}]), ok({"number": 41, "state": "open", "labels": [{"name": "ready"}]}))

    assert isinstance(await refusal_of(github.forge(), LABEL_EFFECT), Ambiguous)


async def test_a_labels_name_is_quoted(github: OddGitHub) -> None:
    github.says(no(404, "Label does not exist"), ok(a_rest_issue()))

    await github.forge().perform(UNLABEL_EFFECT)

    assert github.seen[0] == "DELETE /repos/team/app/issues/41/labels/in%20progress%2F%C3%BC%20%231%3F"


async def test_who_was_shut_out_does_not_take_a_label_for_taken_off(github: OddGitHub) -> None:
    github.says(no(404), no(404))

    assert (await refusal_of(github.forge(), UNLABEL_EFFECT)).failure.code == "not_found"


async def test_a_label_that_is_still_there_was_not_taken_off(github: OddGitHub) -> None:
    github.says(ok([]), ok(a_rest_issue(labels=[{"name": UNLABEL_EFFECT.label}])))

    assert (await refusal_of(github.forge(), UNLABEL_EFFECT)).failure.kind == "ambiguous"


async def test_people_are_assigned_and_who_was_dropped_silently_is_told(world: TwinWorld) -> None:
    number = await world.opened()
    logins = (Login("Ana"), Login("eve"))
    effect = EnsureAssignees(issue=IssueNumber(world.issue), numbers=(number, world.issue), logins=logins)

    result = await world.forge.perform(effect)

    assert result == AssigneesEnsured(issue=IssueNumber(world.issue), dropped=(Login("eve"),))
    assert world.pull["assignees"] == ["ana"]


async def test_nobody_to_assign_costs_nothing(world: TwinWorld) -> None:
    await world.forge.perform(EnsureAssignees(issue=IssueNumber(world.issue), numbers=(world.issue,), logins=()))

    assert world.seen == []


@pytest.mark.parametrize("fault", [None, "error_after", "lost_answer"])
async def test_a_comment_is_written_once(world: TwinWorld, fault: str | None) -> None:
    effect = EnsureComment(
        issue=IssueNumber(world.issue), number=world.issue, name="started", marker=MARKER, about=STARTED
    )
    if fault:
        world.fault(fault, "*/comments", method="POST")
        assert isinstance(await refusal_of(world.forge, effect), Ambiguous)

    for _ in range(2):
        await world.forge.perform(effect)

    (comment,) = world.view["comments"]
    assert comment["body"] == f"Work on this happens in #7, as part of run r1.\n\n{MARKER}"


async def test_a_comment_that_lost_its_marker_or_is_not_shown_is_ambiguous(github: OddGitHub) -> None:
    for shown in ([], [a_comment("On it")]):
        github.says(ok([]), ok(a_comment("On it"), 201), ok(shown))

        assert isinstance(await refusal_of(github.forge(), COMMENT_EFFECT), Ambiguous)


async def test_of_several_comments_the_first_stays_and_the_others_are_taken_away(github: OddGitHub) -> None:
    comments = [a_comment(MARKER, id=number) for number in (7, 5)]
    github.says(ok(comments), ok(None, 204))

    await github.forge().perform(COMMENT_EFFECT)

    assert github.seen[1:] == ["DELETE /repos/team/app/issues/comments/7"]


async def test_a_comment_that_another_process_wrote_meanwhile_stays_and_ours_is_taken_back(github: OddGitHub) -> None:
    theirs, ours = (a_comment(MARKER, id=number) for number in (5, 7))
    github.says(ok([]), ok(ours, 201), ok([theirs, ours]), ok(None, 204))

    await github.forge().perform(COMMENT_EFFECT)

    assert github.seen[-1] == "DELETE /repos/team/app/issues/comments/7"


async def test_an_issue_is_closed_once(world: TwinWorld) -> None:
    effect = EnsureIssueClosed(issue=IssueNumber(world.issue))

    results = [await world.forge.perform(effect) for _ in range(2)]

    (issue,) = world.view["issues"]
    assert results == [IssueClosed(issue=IssueNumber(world.issue))] * 2
    assert issue["state"] == "closed"
    assert [seen.split()[0] for seen in world.seen] == ["GET", "PATCH", "GET", "GET"]


async def test_an_issue_that_github_left_open_is_closed_again(world: TwinWorld) -> None:
    effect = EnsureIssueClosed(issue=IssueNumber(world.issue))
    world.fault("dropped_write", "*/issues/*", method="PATCH")

    forgotten = await refusal_of(world.forge, effect)
    await world.forge.perform(effect)

    assert isinstance(forgotten, Ambiguous)
    assert world.view["issues"][0]["state"] == "closed"


async def test_an_issue_that_was_deleted_is_not_open(github: OddGitHub) -> None:
    github.says(no(410, "This issue was deleted"))

    assert await github.forge().perform(EnsureIssueClosed(issue=IssueNumber(41))) == IssueClosed(issue=IssueNumber(41))


@pytest.mark.parametrize("fault", [None, "error_after", "lost_answer"])
async def test_a_release_is_made_once(world: TwinWorld, fault: str | None) -> None:
    head = Sha(world.view["branches"]["main"]["head"])
    effect = msgspec.structs.replace(RELEASE_EFFECT, commit=head)
    if fault:
        world.fault(fault, "*/releases", method="POST")
        assert isinstance(await refusal_of(world.forge, effect), Ambiguous)

    results = [await world.forge.perform(effect) for _ in range(2)]

    assert results[0] == results[1]
    assert isinstance(results[0], ReleaseEnsured)
    assert len(world.view["releases"]) == 1
    assert world.view["tags"] == {"valine-r1": head}


async def test_a_release_of_that_tag_that_is_not_ours_is_foreign(github: OddGitHub) -> None:
    github.says(ok({"tag_name": "valine-r1", "html_url": "https://github.test/r", "body": "Mine"}))

    assert (await refusal_of(github.forge(), RELEASE_EFFECT)).failure.code == "stranger"


@pytest.mark.parametrize(("shown", "kind"), [([], Ambiguous), (["ours"], ReleaseEnsured)])
async def test_a_release_that_exists_already_is_looked_at_again(
    github: OddGitHub, shown: list[str], kind: type
) -> None:
    exists = no(422, "Validation Failed", [{"resource": "Release", "code": "already_exists", "field": "tag_name"}])
    ours = ok({"tag_name": "valine-r1", "html_url": "https://github.test/r", "body": MARKER})
    nothing = no(404, "Not Found")
    github.says(nothing, nothing, exists, ours if shown else nothing)

    try:
        result: Any = await github.forge().perform(RELEASE_EFFECT)
    except Ambiguous as error:
        result = error

    assert isinstance(result, kind)
