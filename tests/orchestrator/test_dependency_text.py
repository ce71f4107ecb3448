from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valine.orchestrator.planning.planner import mentioned


@pytest.mark.parametrize(
    ("body", "numbers"),
    [
        ("Depends on #1", (1,)),
        ("depends on: #1", (1,)),
        ("DEPENDS ON #1, #2 and #3.", (1, 2, 3)),
        ("Blocked by #7 & #8; later #9", (7, 8)),
        ("blocked by #7\n- depends upon #8, #7", (7, 8)),
        ("It depends on issue #4", (4,)),
        ("**Depends on** #4", (4,)),
        ("### Blocked by:\n\n- #4\n- [ ] #5 the other\n- something else\n- #6", (4, 5)),
        ("- depends on #4\n- #7 is about something else", (4,)),
        ("depends on #4\n#7", (4,)),
        ("- [ ] depends on #4", (4,)),
        ("see #5; it depends on the weather", ()),
        ("depends on other/repo#5", ()),
        ("depends on #5x", ()),
        ("depends on #0 #12345678901", ()),
        ("`depends on #5`", ()),
        ("``a ` depends on #5``", ()),
        ("```\ndepends on #5\n```\nblocked by #6", (6,)),
        ("`x`depends on #5", (5,)),
        ("```\n\ndepends on #5\n```\nblocked by #6", (6,)),
        ("~~~text\ndepends on #5\n```\nblocked by #6", ()),
        ("    depends on #5", ()),
        ("> depends on #5\n\nblocked by #6", (6,)),
        ("<!-- depends on #5\n -->blocked by #6", (6,)),
        ("blocked by #6 <!-- depends on #5", (6,)),
        ("````\n```\ndepends on #5\n````\nblocked by #6", (6,)),
        ("- a\n\n      depends on #5\n\n  blocked by #6", (6,)),
        ("> a\ndepends on #5", ()),
        ("a `b\ndepends on #5` blocked by #6", (6,)),
        ("<details>\n<summary>Why</summary>\ndepends on #5\n</details>", (5,)),
        ("<details><pre>\n\ndepends on #5\n\n</pre></details>\n\nblocked by #6", (6,)),
        ("depends on\n```\nx\n```\n- #5", ()),
        ("", ()),
    ],
)
def test_words_of_dependency_are_read_and_talk_about_them_is_not(body: str, numbers: tuple[int, ...]) -> None:
    assert mentioned(body) == numbers


@given(st.text(alphabet="depnsoblckyi #123,`>~<!-\n \t"))
def test_any_body_is_read(body: str) -> None:
    assert all(number > 0 for number in mentioned(body))
