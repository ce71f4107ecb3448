from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valine.orchestrator.text import (
    escape,
    github_line,
    listed,
    numbers,
    plain,
    plural,
    quiet,
    shorten,
    size,
)

ZERO_WIDTH = "\u200b"
ANY = st.text(alphabet=st.characters() | st.sampled_from("@<>#*_~`|[]():\\/ \n\u202e\u200d\u05d0🎉é"))


def unescaped(shown: str) -> str:
    """What Discord shows of escaped text: https://docs.discord.com/developers/reference#message-formatting."""
    return re.sub(r"\\([^0-9A-Za-z\s])", r"\1", shown).replace(ZERO_WIDTH, "").strip("\u2068\u2069")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Fix login", "Fix login"),
        ("in-progress (v1.2) a | b", "in-progress (v1.2) a | b"),
        ("*bold* _it_ ~~no~~ `code`", r"\*bold\* \_it\_ \~\~no\~\~ \`code\`"),
        ("@everyone and @here", f"@{ZERO_WIDTH}everyone and @{ZERO_WIDTH}here"),
        ("<@123> <#4> <@&5> <t:1:R>", rf"\<@{ZERO_WIDTH}123> \<#4> \<@{ZERO_WIDTH}&5> \<t\:1:R>"),
        ("[text](https://evil.example)", r"\[text\](https\://evil.example)"),
        ("ship it :rocket: now: 12:30", r"ship it \:rocket: now: 12:30"),
        ("a ||secret|| b", r"a \|\|secret\|\| b"),
        ("# heading", r"\# heading"),
        ("-# small", r"\-# small"),
        ("> quote", r"\> quote"),
        ("C:\\path", "C:\\\\path"),
        ("one\ntwo\r\n\ttab\x00", "one two tab"),
        ("evil\u202edesrever\u2066", "evildesrever"),
        ("\u05d0\u05d1", "\u2068\u05d0\u05d1\u2069"),
        ("family 👩‍👩‍👧", "family 👩‍👩‍👧"),
        ("z" + "\u0301" * 20, "z" + "\u0301" * 4),
    ],
)
def test_other_peoples_words_show_themselves_and_do_nothing(text: str, shown: str) -> None:
    assert escape(text) == shown


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abcde…"),
        ("****", 8, r"\*\*\*\*"),
        ("*****", 8, r"\*\*\*…"),
        ("👩‍👩‍👧‍👦!", 11, "👩‍👩‍👧‍👦"[:5] + "…"),
        ("אבגדה", 6, "\u2068אבג…\u2069"),
    ],
)
def test_what_is_too_long_is_cut_between_characters_and_says_so(text: str, limit: int, shown: str) -> None:
    assert escape(text, limit) == shown


@given(ANY, st.integers(4, 60))
def test_escaped_text_keeps_its_limit_and_shows_a_beginning_of_itself(text: str, limit: int) -> None:
    shown = escape(text, limit)

    assert size(shown) <= limit
    assert plain(text).replace(ZERO_WIDTH, "").startswith(unescaped(shown).removesuffix("…").strip())
    assert not re.search(r"@(everyone|here|\w)|(?<!\\)<[@#:t]|(?<!\\)\[|(?<!\\)`", shown)


@given(ANY, st.integers(4, 60))
def test_labels_keep_their_limit(text: str, limit: int) -> None:
    assert size(shorten(text, limit)) <= limit
    shorten(text, limit).encode()


CLOSES = re.compile(
    r"\b(close[sd]?|fix(es|ed)?|resolve[sd]?)\b:?\s+(#\d|gh-\d|[\w.-]+/[\w.-]+#\d|https?://)", re.IGNORECASE
)


@pytest.mark.parametrize(
    "text",
    [
        "Fixes #12",
        "closes: #12",
        "RESOLVED   gh-12",
        "fix other/repo#12",
        "closed https://github.com/o/r/issues/12",
        "fixes **#12**",
        "Fixes\n#12",
        "closes <!-- -->#12",
        "clos<!-- -->es #12",
        "fixes &#35;12",
    ],
)
def test_no_keyword_closes_an_issue(text: str) -> None:
    assert not CLOSES.search(re.sub(r"[*]", "", quiet(text)))
    assert "&#" not in quiet(text)


@given(st.text(alphabet="fixesclod #12:ghG-/<!->&@a\n"))
def test_quiet_text_mentions_nobody_closes_nothing_and_hides_nothing(text: str) -> None:
    calm = quiet(text)

    assert not CLOSES.search(calm)
    assert not re.search(r"@\w", calm)
    assert "<!" not in calm


def test_quiet_text_is_otherwise_untouched() -> None:
    text = "Fix the login\n\n- see #12, a@ b\n```py\nx = 1\n```\n"

    assert quiet(text) == text


def test_a_line_for_github_shows_itself() -> None:
    assert github_line("*a* [b](c) | <d> `e`\n@f fixes #1") == (
        rf"\*a\* \[b\](c) \| \<d\> \`e\` @{ZERO_WIDTH}f f{ZERO_WIDTH}ixes #1"
    )


def test_lists_read_like_sentences() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert numbers([1, 2, 3], most=2) == "#1, #2 and 1 more"
    assert (plural(1, "issue"), plural(0, "issue"), plural(1200, "issue")) == ("1 issue", "0 issues", "1,200 issues")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u00a0b\u2003c", "a b c"),  # other spaces
        ("a\u2028b\u2029c", "a b c"),  # lines and paragraphs
        ("a\u200eb\ufeffc", "abc"),  # marks of direction, and none at all
        ("a\ud800b", "ab"),  # half a character
        ("a\u200cb\u200dc", "a\u200cb\u200dc"),  # joiners
        ("x" + "\u0301" * 4 + "y" + "\u0301" * 5, "x" + "\u0301" * 4 + "y" + "\u0301" * 4),
        ("z" + "\u20dd" * 6, "z" + "\u20dd" * 4),  # marks that enclose are marks
        ("z" + "\u0903" * 6, "z" + "\u0903" * 6),  # and those that take room are letters
        ("\u0301" * 4 + "a", "\u0301" * 4 + "a"),
    ],
)
def test_plain_text_is_one_line_of_what_can_be_seen(text: str, shown: str) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", "a|b"),
        ("||", r"\|\|"),
        ("a||", r"a\|\|"),
        ("|a||b", r"|a\|\|b"),
        ("a|b||", r"a|b\|\|"),
        ("a: b", "a: b"),
        (":+1:", r"\:+1:"),
        (":not closed", ":not closed"),
        (":" + "x" * 62 + ":", "\\:" + "x" * 62 + ":"),
        (":" + "x" * 63 + ":", ":" + "x" * 63 + ":"),
        ("a # b > c - d + e", "a # b > c - d + e"),
        ("+ item", r"\+ item"),
    ],
)
def test_only_what_would_be_markdown_is_escaped(text: str, shown: str) -> None:
    assert escape(text) == shown


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("\u0661\u0662", 9, "\u2068\u0661\u0662\u2069"),  # Arabic digits
        ("\u0645\u0631", 9, "\u2068\u0645\u0631\u2069"),  # Arabic letters
        ("אבגד", 6, "\u2068אבגד\u2069"),
        ("אבגד", 5, "\u2068אב…\u2069"),
        ("a" + "\u200d" + "bcd", 3, "a…"),
        ("a\u200db", 3, "a\u200db"),
        ("*" * 3, 5, r"\*\*…"),
        ("*" * 3, 4, r"\*…"),
        ("🎉🎉", 3, "🎉…"),
    ],
)
def test_a_cut_leaves_room_for_what_holds_the_text_in_its_place(text: str, limit: int, shown: str) -> None:
    assert escape(text, limit) == shown


def test_lists_are_cut_after_twenty_and_lines_after_two_hundred() -> None:
    assert listed(map(str, range(20))).endswith("18 and 19")
    assert listed(map(str, range(21))).endswith("19 and 1 more")
    assert numbers(range(21)).endswith("#19 and 1 more")
    assert github_line("x" * 201) == "x" * 199 + "…"
    assert listed(["a", "b"], last="or") == "a or b"
