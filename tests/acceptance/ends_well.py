"""How every story of a failure has to end: one of everything, and nobody notified who should not be."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

MARKER = re.compile(r"r1 · ([\w.:-]+) · [a-z2-7]{12}")

if TYPE_CHECKING:
    from acceptance.stories import Team


async def one_of_everything(team: Team) -> None:
    """r1 is complete: each issue has one branch, pull request, comment and merge; Discord one of each message."""
    run, github = await team.run(), team.repository()
    issues = [int(task.issue) for task in run.tasks]
    assert (run.status, set((await team.states()).values()), run.pending) == ("completed", {"merged"}, {})
    assert (await team.world.system.store.repository(run.repository)).claims == {}

    pulls = github["pull_requests"]
    assert sorted(pull["number"] for pull in pulls) == sorted(task.pull_request or 0 for task in run.tasks)
    assert {pull["state"] for pull in pulls} == {"merged"}
    assert len({pull["head"] for pull in pulls}) == len(issues)
    assert set(github["branches"]) == {"main"}
    merges = {task.merged_sha for task in run.tasks}
    assert {commit["sha"] for commit in github["branches"]["main"]["log"]} >= merges
    assert len(merges) == len(issues)
    assert [one["state"] for one in github["issues"] if one["number"] in issues] == ["closed"] * len(issues)
    assert [one["labels"] for one in github["issues"] if one["number"] in issues] == [["ready"]] * len(issues)
    ours = Counter(comment["number"] for comment in github["comments"] if comment["author"] == "valine-bot")
    assert ours == dict.fromkeys(issues, 1)

    channel = team.channel()
    threads = [message["thread"] for message in channel if message["thread"]]
    names = Counter(name(str(m["text"])) for m in [*channel, *(m for thread in threads for m in thread["messages"])])
    assert set(names.values()) == {1}, names
    assert {name(str(m["text"])) for m in channel} == {"card", "board"}
    assert len(threads) == 1
    assert len([line for line in team.thread() if "r1 is complete" in line]) == 1
    assert team.notified() == set()
    assert await team.world.system.queue.dead_letters() == ()


def name(text: str) -> str:
    """Which of the run's messages it is, by its marker; what bears none is a problem."""
    found = MARKER.search(text)
    assert found, f"not a message of r1's: {text}"
    return found[1]
