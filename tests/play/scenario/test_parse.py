"""What is written wrongly is told with its line, all of it at once, and with what was probably meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valine_play.scenario.parse import parse
from valine_play.scenario.phrases import PHRASES


def mistakes(text: str) -> list[tuple[int, str]]:
    return [(one.line, one.says) for one in parse(text, name="x")[1]]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("Anna: /plan", "Anna is nobody on Discord; did you mean Ana?"),
        ("zed pushes to #1", "zed is nobody on GitHub; there are ana, ben, chen, dora, valine-bot."),
        ("Ana: /plam", "there is no command /plam; did you mean plan?"),
        ("Ana: /plan lable:ready", "/plan has no option lable; did you mean label?"),
        ("Ana: /plan limit:many", "/plan limit: takes a whole number, not many."),
        ("Ana cliks Approve", "nothing can be written like this; did you mean “Ana clicks Approve”?"),
        ("make it so", "nothing can be written like this; docs/scenarios.md has all that can be."),
        ("given 3 isues", "nothing can be written like this; did you mean “given 2 issue[s]”?"),
        ("given 501 issues", "a scenario has at most 500 issues."),
        ("given merges only by sqash", "there is no way to merge sqash; did you mean squash?"),
        ('given issue #1 "A" opened 2026-02-30', "2026-02-30 is no day."),
        ("given Emil is a leadd", "there is no rank leadd; did you mean lead?"),
        ("expect #1 is mergd", "there is no state of a task mergd; did you mean merged?"),
        ("expect r1 is complete", "there is no status or stage of a run complete; did you mean completed?"),
        ("expect #1 is held because conflicts", "there is no reason conflicts; did you mean conflict?"),
        ("ben reviews #1: aprove", "there is no verdict aprove; did you mean approve?"),
        ("check test of #1: succes", "there is no result of a check succes; did you mean success?"),
        ('ana retitles #1 "a\\q"', '"a\\q" is not a text: a new line is \\n, a quote \\", a backslash \\\\.'),
        ("GitHub: 502 afther the next merge", "nothing goes wrong by “502 afther”; did you mean N after?"),
        ("GitHub: 502 after the next mergee", "GitHub gets no “mergee”; did you mean merge?"),
        ("Discord: 502 after the next merge", "Discord gets no “merge”; did you mean message?"),
        (
            "GitHub: doubles the next merge",
            "“merge” is a request, and cannot go wrong by “doubles”",
        ),
        (
            "GitHub: 502 after every webhook",
            "“webhook” is delivered by the platform, and cannot go wrong by “502 after”",
        ),
        ("Valine dies before the next webhook", "“webhook” is nothing that Valine asks for, but what it is told."),
        ("expect Valine asks 2 times for: mergers", "no request is called “mergers”; did you mean merge?"),
    ],
)
def test_a_mistaken_line_is_told_with_what_was_meant(line: str, says: str) -> None:
    assert mistakes(f"# a comment\n\n{line}\n") == [(3, says)]


def test_every_mistake_is_told_at_once_in_the_order_of_the_lines() -> None:
    text = "Anna: /plan\nAna: /plan\n  indented\ngiven 1 issue\nat once\nexpect no chang\n"

    assert [line for line, _ in mistakes(text)] == [1, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 1, "there is nothing to play"),
        ("# only a comment\n", 1, "there is nothing to play"),
        ("Scenario:\nAna: /plan\n", 1, "a scenario needs a name"),
        ("Scenario: empty\n", 1, "nothing happens in this scenario"),
        ("Scenario: a\nAna: /plan\nScenario: a\nAna: /plan\n", 3, "two scenarios have this name"),
        ("Ana: /plan\n    Ben: /plan\n", 2, "the line above takes nothing below it"),
        ("at once\nAna: /plan\n", 1, "belongs below it, indented"),
        ("given policy\nAna: /plan\n", 1, "belongs below it, indented"),
        ("at once\n    wait 3 minutes\n", 2, "cannot happen in the moment of “at once”"),
        ("at once\n    expect no change\n", 2, "cannot happen in the moment of “at once”"),
        ("just before the next merge\n    Ana ships\n", 2, "cannot happen in the moment of"),
        ("Scenario: a\nfor each X_Y\nAna: /plan\n", 2, "write what it stands for below, indented"),
        ('given 2 issues\ngiven issue #2 "B"\nAna: /plan\n', 2, "issue #2 is given twice"),
        ('given issue #2 says "B"\nAna: /plan\n', 1, "issue #2 is not given yet: write it above"),
        ("Ana: /plan\ngiven 1 issue\n", 2, "what is given comes before anything happens"),
    ],
)
def test_what_is_well_written_but_cannot_be_is_told(text: str, line: int, says: str) -> None:
    found = mistakes(text)

    assert [one for one, _ in found] == [line]
    assert says in found[0][1]


def test_a_file_without_titles_is_one_scenario_of_its_name() -> None:
    scenarios, wrong = parse("\ufeffAna: /plan\r\nexpect the plan is #1\r\n", name="mine")

    assert wrong == ()
    assert [(one.name, [step.line for step in one.steps]) for one in scenarios] == [("mine", [1, 2])]


def test_for_each_plays_a_copy_for_each_value_with_the_lines_of_the_file() -> None:
    text = "Scenario: a\nfor each WHO\n    Ana\n    Ben\nWHO: /plan\nexpect WHO is notified\n"

    scenarios, wrong = parse(text, name="x")

    assert wrong == ()
    assert [one.name for one in scenarios] == ["a (Ana)", "a (Ben)"]
    assert [(step.line, step.text) for step in scenarios[1].steps] == [(5, "Ben: /plan"), (6, "expect Ben is notified")]


def test_a_policy_keeps_its_shape_and_whoever_is_given_is_known() -> None:
    text = "given policy\n    [plan]\n    # ours\n      label = 'x'\ngiven Zoe is a lead\nZoe: /plan\n"

    (scenario,), wrong = parse(text, name="x")

    assert wrong == ()
    assert scenario.steps[0].block == "[plan]\n  label = 'x'\n"


def test_words_in_quotes_are_one_and_numbers_are_numbers() -> None:
    (scenario,), _ = parse('Ana: /plan label:"next up" limit:3\nBen: /approve r1\n', name="x")

    assert [step.values["command"] for step in scenario.steps] == [
        ("plan", {"label": "next up", "limit": 3}),
        ("approve", {"run": "r1"}),
    ]


@given(st.text() | st.lists(st.sampled_from([phrase.shown for phrase in PHRASES])).map("\n".join))
def test_whatever_is_in_a_file_parsing_ends_in_scenarios_or_mistakes(text: str) -> None:
    scenarios, wrong = parse(text, name="x")

    assert scenarios or wrong
    assert all(one.line >= 1 for one in wrong)
