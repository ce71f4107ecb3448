"""Playing: every expectation can fail and says what is so; what cannot be done ends the story; crashes are survived."""

from __future__ import annotations

import pytest

from valine_play.scenario.parse import parse
from valine_play.scenario.phrases import PHRASES
from valine_play.scenario.player import Outcome, play

STORY = """\
given issue #1 "One"
given issue #2 "Two" labelled ready, p0
given issue #3 "Out" blocked by #4
given issue #4 "Not labelled" unlabelled
given issue #5 "Five" assigned to dora
given policy
    [ship]
    release = true
    [people]
    ana = "<Ana>"
dora pushes to branch mine
dora opens a pull request from mine for #5
Ana: /plan
Ana clicks Approve
ana finishes #1
ben finishes #2 with a red check
Ana ships
wait 5 minutes
Ben: /status
Ben types /status "r"
ana comments on #2: /valine status
Chen: /approve r1
"""

# For each expectation one that is not met after that story, or after the act before it.
UNMET = """\
expect #1 is held
expect #2 is held because draft
expect #2 is held because checks_failed: "other words"
expect #2 is held, and nothing is missing
expect #1 is adopted
expect everything is merged
expect r1 is completed
expect there is no r1
expect r1 has 2 approvals
expect r1 has shipped 2 times
expect the plan is #1, #2
expect r1 has revision 2
expect #3 is left out: it is beyond the limit
expect #1 is left out: it is beyond the limit
expect nothing is left out
expect #5 is planned for ana
expect Ana is told "no such words"
expect Ana is told "r1" 9 times
expect Ana is told exactly "r1"
expect Ana is told first "no such words"
expect Ana is not told "r1"
expect Ana sees the buttons "Approve"
expect suggestions "r2"
expect a suggestion reading "r2"
expect no suggestions
expect the card shows "no such words"
expect the card does not show "One"
expect the board shows "no such words"
expect the board does not show "One"
expect the board has no buttons
expect the thread says "no such words"
expect the thread does not say "r1"
expect the thread ends with "no such words"
expect the thread has 99 messages
expect 9 messages in the channel
expect Chen is notified
expect issue #1 is open
expect issue #2 is closed
expect issue #1 is closed as not_planned
expect issue #1 has the labels p0
expect issue #1 has no labels
expect issue #1 is assigned to ana
expect 9 pull requests
expect no pull request
expect no pull request for #1
expect one pull request for #3
expect the pull request of #1 is open
expect the pull request of #1 is not merged
expect the pull request of #1 says "no such words"
expect the pull request of #1 does not say "Closes #1"
expect the pull request of #5 is for ana
expect the pull request of #5 is for no one
expect branches main
expect branch nowhere is there
expect branch main ends with the commit "no such words"
expect branch nowhere ends with the commit "no such words"
expect the branch of #1 is "main"
expect merges in order #2
expect no merges
expect 9 merge requests
expect 9 commits on main
expect Valine asks 99 times for: merge
expect release v1
expect release valine-r1 saying "no such words"
expect release valine-r1 is at the merge of #2
expect 9 releases
expect no release
expect Valine comments on #1: no such words
expect 9 comments by Valine on #1
expect 9 comments by Valine on the pull request of #1
expect r1 holds #1
expect no issue is held
expect nothing was started
expect nothing is left behind
"""

# These need another last act, or another moment.
ELSEWHERE = {
    "no_buttons": "Ana: /plan\nAna clicks Approve\nana finishes #1\nAna: /ship\nexpect Ana sees no buttons\n",
    "nobody_notified": (
        'given policy\n    [people]\n    ana = "<Ana>"\n    [tasks]\n    assignees = ["ana"]\n'
        "Ana plans and approves\nana finishes #1 with a red check\nexpect nobody is notified\n"
    ),
    "at_rest": "Ana: /plan\nDiscord: 502 before every message\nAna clicks Approve\nexpect r1 owes nothing\n",
    "unchanged": "Ana: /plan\nAna clicks Approve\nexpect r1 is as it was\n",
    "no_change": "Ana: /plan\nexpect no change\n",
}


async def played(text: str) -> Outcome:
    (scenario,), mistakes = parse(text, name="x")
    assert mistakes == ()
    return await play(scenario)


async def test_every_line_that_is_not_so_fails_and_says_what_is_so() -> None:
    outcome = await played(STORY + UNMET)

    assert [failure.text for failure in outcome.failures] == UNMET.splitlines()
    assert [failure.line for failure in outcome.failures] == list(
        range(STORY.count("\n") + 1, STORY.count("\n") + UNMET.count("\n") + 1)
    )
    assert all(failure.said for failure in outcome.failures)
    assert outcome.failures[0].said == "#1 is merged"
    assert outcome.failures[1].said == "#2 is held because checks_failed: github-actions/ci/test"


@pytest.mark.parametrize("name", ELSEWHERE)
async def test_an_expectation_of_another_moment_fails_too(name: str) -> None:
    outcome = await played(ELSEWHERE[name])

    assert [failure.line for failure in outcome.failures] == [ELSEWHERE[name].count("\n")]


def test_there_is_such_a_line_for_every_expectation() -> None:
    (scenario,), _ = parse(STORY + UNMET, name="x")
    shown = {step.phrase.name for step in scenario.steps if step.phrase.part == "expect"} | set(ELSEWHERE)

    assert {phrase.name for phrase in PHRASES if phrase.part == "expect"} - shown == set()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Ana clicks Approve", "Ana sees no button Approve; there are: none"),
        ("Ana confirms", "Ana has nothing to confirm; the newest reply is “”"),
        ("Ana sends the suggestion", "nothing was suggested, so there is nothing to send"),
        ("ana pushes to #1", "#1 has no pull request"),
        ("ben reviews #9: approve", "#9 has no pull request"),
        ("ana closes #9", "acme/rocket has no issue or pull request 9"),
        ("somebody deletes the board", "there is no board"),
        ("somebody archives the thread", "there is no thread"),
        ('ana closes the pull request titled "X"', "no pull request is titled “X”"),
        ("Discord delivers the last interaction again", "Discord has delivered nothing yet"),
        ("Ana in the thread: /status", "there is no thread"),
    ],
)
async def test_what_cannot_be_done_ends_the_story_at_its_line(line: str, said: str) -> None:
    outcome = await played(f"{line}\nexpect there is no r1\nAna: /plan\nexpect r1 is completed\n")

    assert [(failure.line, failure.said) for failure in outcome.failures] == [(1, said)]


async def test_after_an_expectation_that_is_not_met_only_those_below_it_are_looked_at() -> None:
    outcome = await played(
        "Ana: /plan\nexpect no merges\nexpect r1 is completed\nexpect no merges\nBen: /plan\nexpect r2 is completed\n"
    )

    assert [failure.line for failure in outcome.failures] == [3]


async def test_what_cannot_be_done_in_a_moment_that_comes_later_is_told_then() -> None:
    outcome = await played("just before the next look\n    ana pushes to #1\nAna: /plan\n")

    assert [(failure.line, failure.said) for failure in outcome.failures] == [(2, "#1 has no pull request")]


async def test_a_policy_that_is_handed_in_stands_in_for_the_storys() -> None:
    (scenario,), _ = parse(
        "given policy\n    [plan]\n    label = 'x'\nAna: /plan\nexpect the plan is #1, #2, #3\n", name="x"
    )

    assert [failure.line for failure in (await play(scenario)).failures] == [5]
    assert (await play(scenario, policy="[plan]\nlabel = 'ready'\n")).failures == ()


async def test_valine_may_die_several_times_and_goes_on_without_a_request_that_it_dies_of_each_time() -> None:
    story = (
        "given 1 issue\nAna plans and approves\nana finishes #1\n"
        "Valine dies before WHICH\nAna ships\nexpect #1 is merged\n"
    )

    thrice = await played(story.replace("WHICH", "the next 3 merges"))
    always = await played(story.replace("WHICH", "every merge"))

    assert thrice.failures == ()
    assert [(failure.line, failure.said) for failure in always.failures] == [(6, "#1 is ready")]


async def test_two_plays_of_a_story_are_the_same() -> None:
    requests: list[list[tuple[str, str, str, bytes]]] = [[], []]
    (scenario,), _ = parse(
        "Ana: /plan\nValine dies before the next merge\nAna clicks Approve\neverything is finished\nAna ships\n",
        name="x",
    )

    for kept in requests:
        await play(scenario, recorder=lambda *request, kept=kept: kept.append(request))

    assert [row[:3] for row in requests[0]] == [row[:3] for row in requests[1]]
    assert any(path.endswith("/merge") for _, _, path, _ in requests[0])
