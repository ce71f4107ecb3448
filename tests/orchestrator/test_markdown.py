"""What counts as said in a Markdown text, held against markdown-it-py and an HTML parser."""

from __future__ import annotations

import gc
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestrator.markdown_oracle import plain_words, visible_words, words
from valine.orchestrator.markdown import DEEPEST, spoken
from valine.orchestrator.markdown_inline import HIDDEN
from valine.orchestrator.planning.dependency_text import mentioned

PIECES = [
    *(
        "`",
        "``",
        "```",
        "````",
        "~~~",
        "~~~~",
        "\n```\n",
        "\n~~~\n",
        "```\n",
        "\\",
        "[",
        "![",
        "](",
        "]",
        "]:",
        "(",
        ")",
    ),
    *("<!--", "-->", "<pre>", "</pre>", "<code>", "</code>", "<div>", "</div>", "<script>", "</script>", "<b>", "</b>"),
    *("<textarea>", "</textarea>", "<br/>", "<?", "?>", "<![CDATA[", "]]>", "<!X", "<", '<b title="', "<http://a"),
    *("> ", ">", "- ", "-", "* ", "1. ", "2. ", "1)", "# ", "---", "===", "_", "**", "~~", "|", "!", '"', "'", "&lt;"),
    *(" ", "  ", "    ", "\t", "\n", "\n", "\n", "\n\n", "\n\n", " \n", "\r\n", "a"),
    *("W", "W", "\nW", "\nW\n", "\n\nW\n", "\n> W", "\n- W", "\n  W", "\n    W", "\n      W"),
]


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Markdown of a few kinds of pieces, much repeated; each word in it is another one."""
    kinds = draw(st.lists(st.sampled_from(PIECES), min_size=3, max_size=14))
    pieces = draw(st.lists(st.sampled_from([*kinds, "W", "\nW\n", "\n"]), min_size=2, max_size=14))
    return "".join(piece.replace("W", f"w{number}q") for number, piece in enumerate(pieces))


@settings(max_examples=1500)
@given(texts())
@example("](===<script>)\nw1q\n\n<!--\n<!--)<div>\nw2q")
@example("> <script>\n- w1q\t</script>\n- w2q")
@example("````\n```\nw1q\n````\nw2q")
@example("~~~~\n~~~\nw1q\n~~~~\nw2q")
@example("a `b\nw1q\nc`")
@example("[a](b 'c\nw1q\nd')")
@example("- ```\n  a\n\n  w1q\n\nw2q")
@example("-\n\n    w1q")
@example("<div><pre>\n\nw1q\n\n</pre></div>")
def test_nothing_counts_as_said_that_is_code_quotation_markup_or_hidden(text: str) -> None:
    lines = spoken(text)

    plain = {word for line in lines if not line.startswith(HIDDEN) for word in words(line)}
    assert plain <= plain_words(text)
    assert {word for line in lines for word in words(line)} <= visible_words(text)


CLOSED = [
    "````\n```\nx\n````",
    "~~~~\n~~~\n``` `\n~~~~",
    "```sh\n<!-- <pre>\n```",
    "    x\n\n    <pre>",
    "> ```\n> x",
    "> ```\n> <pre>\n> ```",
    "> <b>x</b>\n> - y",
    "- x\n\n      y\n- ```\n  z\n  ```",
    "1. > x\n   > `y",
    "<!-- x\n\ny -->",
    "<pre>\n\nx\n</pre>",
    "<details><summary>x</summary>\n\ny\n\n</details>",
    "<code>\n\nx\n\n</code>",
    "a ``x ` y\nz`` b",
    "a <b title='\n'>x</b> [b](http://c.test/(d)) <!-- x -->",
    "# x `y`",
    "x\n===",
    "* * *",
    "[a]: b",
    "[ ] x ] \\` \\<pre>",
]


@given(st.lists(st.sampled_from([*CLOSED, "W"]), min_size=1, max_size=8), st.sampled_from(["\n", "\r\n", "\r"]))
def test_a_plain_paragraph_counts_whatever_stands_before_it(parts: list[str], end: str) -> None:
    text = "\n\n".join([*parts, "/valine drop"]).replace("\n", end)

    assert [line for line in spoken(text) if line in {"W", "/valine drop"}] == [
        *(part for part in parts if part == "W"),
        "/valine drop",
    ]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("- [ ] a `b` c", "- [ ] a # c"),
        ("a `b\nc` d\ne", "a #\n# d\ne"),
        ("a <!-- b\nc --> d", "a #\n# d"),
        ("> a\nb\n\nc", "#\n#\n\nc"),
        ("- a\nb", "- a\nb"),
        ("- > a\nb", "#\n#"),
        ("<div>\na\n</div>\nb\n\nc", "#\n#a\n#\n#b\n\nc"),
        ("a <code>b\n\nc</code> d", "a #\n\n# d"),
        ("[a\nb](c) d\ne", "[a\n#\ne"),
        ("[a](b 'c\nd')\ne\n\nf", "[a#\n#\n#\n\nf"),
        ("a <!-- b\n\nc", "a #\n\n#"),
        ("`a\n\nb`", "`a\n\nb`"),
        ("    a\nb", "#\nb"),
        ("a\n    b", "a\n    b"),
    ],
)
def test_lines_stay_lines_and_what_is_not_said_is_marked(text: str, left: str) -> None:
    assert "\n".join(spoken(text)) == left.replace("#", HIDDEN)


def test_what_nests_deeper_than_anybody_writes_counts_as_quoted_with_all_that_follows() -> None:
    deep = "- " * DEEPEST

    assert spoken(f"{deep}a\n\nb")[-1] == "b"
    assert spoken(f"- {deep}a\n\nb")[-1] == HIDDEN


# Time ---------------------------------------------------------------------------------------------------------------

REPEATED = [
    *("`", "``a", "`a``b```c ", "~", "~~~\n", "````\n", "<!--", "<!-- -->", "<pre>", "<pre>\n", "</pre>", "<code>"),
    *("<", "<a ", '<a b="', "<a b='<c d=\"", "</", "<?", "<![CDATA[", "<!X", "<div>\n", "<http:a", "&", "\\"),
    *(">", "> ", "> a\n", ">" * DEEPEST + "\n", "[", "![", "](", "](a 'b", "[a](b) ", "[a]: ", "[a\\"),
    *(" ", " \n", "\t", "- ", "- a\n", "- " * DEEPEST + "\n", " " * 2 * DEEPEST + "\n", "1. ", "a\n", "* *", "="),
    *("depends on ", "depends on #1 and ", "depends on #1\n- #2\n", "#1, ", "- #1 a\n", "blocked by\n"),
]


def repeated(piece: str, size: int) -> str:
    return "- depends on #1 " + piece * (size // len(piece))


def runs(size: int) -> str:
    """Runs of backticks, each a tick longer than the one before: none of them closes another."""
    made: list[str] = []
    while size > 0:
        made.append("`" * (len(made) + 1) + "a")
        size -= len(made[-1])
    return "".join(made)


def seconds(text: str) -> float:
    """CPU of this process, without what collecting other tests' garbage takes."""
    gc.collect()
    gc.disable()
    began = time.process_time()
    mentioned(text)
    took = time.process_time() - began
    gc.enable()
    return took


def grows_with_its_length(short: str, long: str) -> bool:
    """Whether four times the text takes at most three times the CPU for each doubling.

    The best of five each, fewer if that is enough; over two doublings a busy machine cannot make much of a difference.
    """
    once, fourfold = seconds(short), seconds(long)
    for _ in range(4):
        if fourfold <= 9 * once:
            return True
        once, fourfold = min(once, seconds(short)), min(fourfold, seconds(long))
    return fourfold <= 9 * once


@pytest.mark.parametrize("piece", REPEATED)
def test_twice_the_text_takes_at_most_three_times_as_long(piece: str) -> None:
    assert grows_with_its_length(repeated(piece, 50_000), repeated(piece, 200_000))


def test_runs_of_every_length_take_no_longer() -> None:
    assert grows_with_its_length(runs(125_000), runs(500_000))


@pytest.mark.proof
@pytest.mark.parametrize("piece", REPEATED)
def test_so_it_is_up_to_a_megabyte(piece: str) -> None:
    assert grows_with_its_length(repeated(piece, 250_000), repeated(piece, 1_000_000))
