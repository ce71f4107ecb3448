from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valine.view.custom_id import PATTERN, Action, CustomId, read

UIDS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz234567", min_size=12, max_size=12)
ARGUMENTS = st.lists(st.text(alphabet="abcxyz019.-", min_size=1, max_size=24), max_size=2).map(tuple)
IDS = st.builds(
    CustomId,
    action=st.sampled_from(get_args(Action)),
    run=st.integers(0, 10**9 - 1),
    uid=UIDS,
    arguments=ARGUMENTS,
)


@given(IDS)
def test_what_is_written_is_read(custom_id: CustomId) -> None:
    text = custom_id.write()

    assert read(text) == custom_id
    assert len(text) <= 100


@given(st.text())
def test_anything_else_is_read_as_nothing(text: str) -> None:
    assert read(text) is None or PATTERN.fullmatch(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "approve",
        "v2:approve:1:abcdefghijkl",
        "v1:destroy:1:abcdefghijkl",
        "v1:approve:1:abcdefghijk",
        "v1:approve:-1:abcdefghijkl",
        "v1:approve:1:abcdefghijkl:",
        "v1:approve:1:abcdefghijkl:a:b:c",
        "v1:approve:1:abcdefghijkl\n",
        "v1:approve:\N{ARABIC-INDIC DIGIT ONE}:abcdefghijkl",
        "v1:approve:1:ABCDEFGHIJKL",
        " v1:approve:1:abcdefghijkl",
    ],
)
def test_a_strange_button_is_nobodys(text: str) -> None:
    assert read(text) is None
