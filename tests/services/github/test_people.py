"""What people say to Valine on GitHub, and whether they may."""

from __future__ import annotations

import pytest

from builders import NOON
from services.github.forge_world import OddGitHub, no, ok
from services.github.things import (
    a_comment,
)
from valine.errors import Permanent, Transient


async def test_commands_are_found_and_bots_are_not_heard(github: OddGitHub) -> None:
    page = [
        a_comment("/valine retry"),
        a_comment("/valine status", user={"login": "x[bot]", "type": "Bot"}),
        a_comment("/valine status", user=None),
        a_comment("nice"),
        a_comment("/valine drop", id=9, updated_at="2026-11-02T12:30:00Z"),
    ]
    link = {"link": '<https://api.github.test/x?page=2>; rel="next"'}
    github.says(ok(page[:2], **link), ok(page[2:]))

    found = await github.forge().comments_since(NOON)

    assert [type(one.command).__name__ for one in found] == ["RetryRequested", "DropRequested"]
    assert found[1].reply_to.number == 41
    query = "since=2026-11-02T12%3A00%3A00Z&sort=updated&direction=asc&per_page=100"
    assert github.seen == [f"GET /repos/team/app/issues/comments?{query}&page={page}" for page in (1, 2)]


@pytest.mark.parametrize("number", ["9" * 5000, "٤١", "-1", "", "41?x"])
async def test_a_comment_on_no_number_is_no_command(github: OddGitHub, number: str) -> None:
    url = f"https://api.github.test/repos/team/app/issues/{number}"
    github.says(ok([a_comment("/valine drop", issue_url=url)]))

    found = await github.forge().comments_since(NOON)

    assert [one.reply_to.number for one in found] == ([41] if number == "41?x" else [])


async def test_a_time_without_an_offset_makes_no_sense(github: OddGitHub) -> None:
    github.says(ok([a_comment("/valine drop", created_at="2026-11-02T12:00:00")]))

    with pytest.raises(Transient):
        await github.forge().comments_since(NOON)


@pytest.mark.parametrize(
    ("permission", "may"),
    [("admin", True), ("maintain", True), ("write", True), ("read", False), ("none", False), ("Admin", False)],
)
async def test_who_may_write(github: OddGitHub, permission: str, may: bool) -> None:  # noqa: FBT001
    github.says(ok({"permission": permission}))

    assert await github.forge().may_write("ana") is may


async def test_somebody_unknown_may_not_write_and_odd_logins_are_quoted(github: OddGitHub) -> None:
    github.says(no(404, "Not Found"), ok({}), no(404, "Not Found"))

    assert not await github.forge().may_write("a/b?[bot]")

    assert github.seen[0] == "GET /repos/team/app/collaborators/a%2Fb%3F%5Bbot%5D/permission"


async def test_who_is_let_in_again_meanwhile_asks_once_more(github: OddGitHub) -> None:
    github.says(no(404, "Not Found"), ok({}), ok({"permission": "write"}))

    assert await github.forge().may_write("ana")


async def test_who_was_shut_out_does_not_take_everybody_for_an_outsider(github: OddGitHub) -> None:
    github.says(no(404, "Not Found"), no(404, "Not Found"))

    with pytest.raises(Permanent, match="not_found"):
        await github.forge().may_write("ana")
