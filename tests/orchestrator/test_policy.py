# ruff: noqa: E501 - a sentence is easier to read, and to find, on one line
from __future__ import annotations

import tracemalloc
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from builders import an_actor
from valine.orchestrator.model.policy import (
    LARGEST_POLICY,
    MOST_DOTS,
    Action,
    Denial,
    Policy,
    PolicyProblem,
    authorize,
    parse,
)

ACTIONS: tuple[Action, ...] = get_args(Action)
MANAGER = 1 << 5
ADMINISTRATOR = 1 << 3


def problem(text: str) -> str:
    with pytest.raises(PolicyProblem) as caught:
        parse(text)
    return str(caught.value)


def test_no_file_and_an_empty_one_are_the_defaults() -> None:
    assert parse(None) == parse("") == parse("\ufeff# nothing\n") == Policy()


def test_every_key_can_be_set() -> None:
    policy = parse(
        """
        [plan]
        label = "go"
        priorities = ["urgent", "soon"]
        limit = 250
        expires_hours = 720
        [tasks]
        assignees = ["ana", "ben-b", "dependabot[bot]"]
        label = "wip"
        [ship]
        method = "rebase"
        checks = "none"
        checks_minutes = 1440
        release = true
        [people]
        ana = "80351110224678912"
        """
    )

    assert policy.plan.label == "go"
    assert policy.plan.priorities == ("urgent", "soon")
    assert policy.plan.limit == 250
    assert policy.plan.expires_hours == 720
    assert policy.tasks.assignees == ("ana", "ben-b", "dependabot[bot]")
    assert policy.tasks.label == "wip"
    assert (policy.ship.method, policy.ship.checks, policy.ship.checks_minutes) == ("rebase", "none", 1440)
    assert policy.ship.release is True
    assert policy.people == {"ana": "80351110224678912"}


def test_labels_are_taken_without_the_spaces_around_them() -> None:
    policy = parse('[plan]\nlabel = " go "\npriorities = ["urgent ", " soon"]\n[tasks]\nlabel = "wip "')

    assert (policy.plan.label, policy.plan.priorities, policy.tasks.label) == ("go", ("urgent", "soon"), "wip")


BAD = (
    "[plan]\nlimt = 3",
    "[plan]\nzzz = 3",
    "[shp]\nrelease = true",
    "plan = 3",
    "[[plan]]\nlimit = 1",
    '[plan]\nlimit = "ten"',
    "[plan]\nlimit = 0",
    "[plan]\nlimit = 251",
    "[plan]\nlimit = true",
    "[plan]\nlimit = 99999999999999999999999",
    "[plan]\nexpires_hours = 0",
    "[plan]\nexpires_hours = 1.5",
    "[plan]\nexpires_hours = inf",
    '[plan]\nlabel = " "',
    '[plan]\npriorities = ["p0", "P0"]',
    '[tasks]\nassignees = "ana"',
    '[tasks]\nassignees = ["@ana"]',
    "[tasks]\nlabel = 2026-11-22",
    '[ship]\nmethod = "octopus"',
    '[ship]\nchecks = "all"',
    "[ship]\nchecks_minutes = 1441",
    '[ship]\nrelease = "yes"',
    "people = 3",
    "[people]\nana = 80351110224678912",
    '[people]\nana = "ana"',
    '[people]\n"a b" = "80351110224678912"',
)


def test_a_policy_that_cannot_be_obeyed_names_file_key_and_what_was_expected() -> None:
    assert [problem(text) for text in BAD] == snapshot(
        [
            ".github/valine.toml: unknown key plan.limt; did you mean plan.limit?",
            ".github/valine.toml: unknown key plan.zzz; known are label, priorities, limit, expires_hours",
            ".github/valine.toml: unknown key shp; did you mean ship?",
            ".github/valine.toml: plan must be a table, [plan], not 3",
            '.github/valine.toml: plan must be a table, [plan], not [{"limit": 1}]',
            '.github/valine.toml: plan.limit must be a whole number from 1 to 250, not "ten"',
            ".github/valine.toml: plan.limit must be a whole number from 1 to 250, not 0",
            ".github/valine.toml: plan.limit must be a whole number from 1 to 250, not 251",
            ".github/valine.toml: plan.limit must be a whole number from 1 to 250, not true",
            ".github/valine.toml: plan.limit must be a whole number from 1 to 250, not 99999999999999999999999",
            ".github/valine.toml: plan.expires_hours must be a whole number from 1 to 720, not 0",
            ".github/valine.toml: plan.expires_hours must be a whole number from 1 to 720, not 1.5",
            ".github/valine.toml: plan.expires_hours must be a whole number from 1 to 720, not Infinity",
            '.github/valine.toml: plan.label must be the name of a label, 1 to 50 characters, not " "',
            '.github/valine.toml: plan.priorities must be a list of different labels, most urgent first, not ["p0", "P0"]',
            '.github/valine.toml: tasks.assignees must be a list of different GitHub logins, without @, not "ana"',
            '.github/valine.toml: tasks.assignees must be a list of different GitHub logins, without @, not ["@ana"]',
            '.github/valine.toml: tasks.label must be the name of a label, 1 to 50 characters, not "2026-11-22"',
            '.github/valine.toml: ship.method must be "merge", "squash" or "rebase", not "octopus"',
            '.github/valine.toml: ship.checks must be "some" or "none", not "all"',
            ".github/valine.toml: ship.checks_minutes must be a whole number from 1 to 1440, not 1441",
            '.github/valine.toml: ship.release must be true or false, not "yes"',
            '.github/valine.toml: people must be GitHub logins and Discord ids, like ana = "80351110224678912", not 3',
            '.github/valine.toml: people.ana must be a Discord id in quotes, like "80351110224678912", not 80351110224678912',
            '.github/valine.toml: people.ana must be a Discord id in quotes, like "80351110224678912", not "ana"',
            '.github/valine.toml: people must be GitHub logins and Discord ids, like ana = "80351110224678912", not "a b"',
        ]
    )


@pytest.mark.parametrize("text", ["[plan", "[plan]\nlimit = 1\nlimit = 2\n", "a = " + "[" * 10])
def test_what_is_not_toml_is_told_as_python_tells_it(text: str) -> None:
    assert problem(text).startswith(".github/valine.toml is not valid TOML: ")


def test_the_line_of_a_mistake_is_told() -> None:
    assert "line 3" in problem('[plan]\nlimit = 1\nlabel = "\n')


@given(st.text())
def test_any_text_is_a_policy_or_a_problem_that_names_the_file(text: str) -> None:
    told = "the policy in .github/valine.toml"
    try:
        parse(text)
    except PolicyProblem as caught:
        told = str(caught)

    assert ".github/valine.toml" in told
    assert len(told) < 500


ODD_VALUES = (
    *("nan", "-inf", "-1", "0", "9" * 5000, "0x" + "f" * 5000, "1e999", "1979-05-27", "07:32:00", "true", "[[1]]"),
    *('""', '"\\u0000"', '"\\ud800"', f'"{"x" * 3000}"', '["p0", "P0"]', '"\u202e"', "[" * 200 + "]" * 200, "{a = 1}"),
)
KEYS = (
    *("plan.label", "plan.priorities", "plan.limit", "plan.expires_hours", "tasks.assignees", "tasks.label", "ship"),
    *("ship.method", "ship.checks", "ship.checks_minutes", "ship.release", "people.ana", '"a.b".c', "plan.a.b", "plan"),
)


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(ODD_VALUES)), max_size=4))
@example([("plan.limit", "9" * 5000)])
@example([("plan.limit", "0x" + "f" * 5000)])
def test_odd_values_are_a_policy_or_a_problem_that_names_the_file(lines: list[tuple[str, str]]) -> None:
    told = "the policy in .github/valine.toml"
    try:
        parse("".join(f"{key} = {value}\n" for key, value in lines))
    except PolicyProblem as caught:
        told = str(caught)

    assert ".github/valine.toml" in told
    assert len(told) < 500


@pytest.mark.parametrize("action", ACTIONS)
def test_members_may_plan_and_ask_and_nothing_else(action: Action) -> None:
    expected = None if action in {"plan", "status"} else Denial(action=action, needs="manage_server")

    assert authorize(an_actor(permissions=~(MANAGER | ADMINISTRATOR)), action, Policy()) == expected


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("permission", [MANAGER, ADMINISTRATOR])
def test_managers_and_administrators_may_do_everything(action: Action, permission: int) -> None:
    assert authorize(an_actor(permissions=permission), action, Policy()) is None


@pytest.mark.parametrize("action", ACTIONS)
def test_from_github_nothing_is_approved_or_shipped_and_the_rest_takes_write_permission(action: Action) -> None:
    writer = an_actor(platform="github", may_write=True, permissions=MANAGER)
    reader = an_actor(platform="github", permissions=ADMINISTRATOR)

    if action in {"retry", "drop", "cancel", "status"}:
        assert authorize(writer, action, Policy()) is None
        assert authorize(reader, action, Policy()) == Denial(action=action, needs="write")
    else:
        assert (
            authorize(writer, action, Policy())
            == authorize(reader, action, Policy())
            == Denial(action=action, needs="discord")
        )


@pytest.mark.parametrize("action", ACTIONS)
def test_valine_itself_decides_nothing(action: Action) -> None:
    valine = an_actor(platform="valine", permissions=ADMINISTRATOR, may_write=True)

    assert authorize(valine, action, Policy()) == Denial(action=action, needs="person")


@pytest.mark.parametrize(("length", "good"), [(1, True), (50, True), (51, False)])
def test_a_label_has_one_to_fifty_characters(length: int, good: bool) -> None:  # noqa: FBT001
    text = f'[plan]\nlabel = "{"x" * length}"'

    assert parse(text).plan.label == "x" * length if good else problem(text)


def test_a_problem_quotes_as_much_of_a_value_as_a_sentence_holds_in_its_own_letters() -> None:
    assert f'"{"é" * 59}…' in problem(f'[plan]\nlimit = "{"é" * 80}"')
    assert f'"{"é" * 58}"' in problem(f'[plan]\nlimit = "{"é" * 58}"')
    assert "…" not in problem(f'[plan]\nlimit = "{"é" * 58}"')


def test_a_number_too_long_to_be_quoted_is_described() -> None:
    assert "not a number of thousands of digits" in problem(f"[plan]\nlimit = 0x{'f' * 5000}")


def parts(count: int, last: str = "a") -> str:
    """A key of so many parts."""
    return ".".join(["a"] * (count - 1) + [last])


def deep_header() -> str:
    """As many keys as there is room for, below a header that all of them repeat."""
    keys = (f"k{number}.{parts(MOST_DOTS - 1)} = 1" for number in range(LARGEST_POLICY))
    return within_limit(f"[{parts(MOST_DOTS + 1)}]", *keys)


def within_limit(*lines: str) -> str:
    text, size = [], 0
    for line in lines:
        size += len(line) + 1
        if size > LARGEST_POLICY:
            break
        text.append(line)
    return "\n".join(text)


HOSTILE = {
    "24 KB of one key": (parts(12_000) + " = 1", "line 1 has more than 64 dots; keys have one, like plan.limit"),
    "quoted parts": ('\n"a" . ' * 1 + '"a" . ' * 9_000 + "b = 1", "line 2 has more than 64 dots"),
    "an inline table": ("plan = {" + parts(9_000) + " = 1}", "line 1 has more than 64 dots"),
    "a header": ("[" + parts(12_000) + "]", "line 1 has more than 64 dots"),
    "dots hidden behind quotes": ('k = [""""a""", {' + parts(9_000) + ' = 1}, "x"]', "line 1 has more than 64 dots"),
    "brackets": ("a = " + "[" * 30_000, "is nested too deeply: more than 32 brackets are open at once"),
    "braces": ("a = " + "{a=" * 20_000, "is nested too deeply"),
    "1 MB": ("#" * 1_000_000, "has 1,000,000 characters; no more than 65,536 are read"),
    "as many of the longest keys as are read": (
        within_limit(*(parts(MOST_DOTS + 1, f"k{number} = 1") for number in range(LARGEST_POLICY))),
        "unknown key a",
    ),
    "long keys below a long header": (deep_header(), "unknown key a"),
    "brackets hidden in texts": ("a = " + '["]", ' * 5_000, "is not valid TOML: it is nested too deeply"),
    "tables in tables": (
        "plan = [\n" + "".join("{" + parts(MOST_DOTS) + " = [\n" for _ in range(15)) + "1" + "]}" * 15 + "]",
        "plan must be a table",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_policy_is_refused_with_a_sentence_and_little_memory(name: str) -> None:
    text, sentence = HOSTILE[name]
    tracemalloc.start()
    try:
        said = problem(text)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert sentence in said
    assert most < 48 * 1024 * 1024


def test_the_largest_policy_that_a_team_may_have_is_read() -> None:
    people = [f'{"a" * 30}{number} = "80351110224678912"' for number in range(1000)]

    assert len(parse("[people]\n" + "\n".join(people)).people) == 1000
