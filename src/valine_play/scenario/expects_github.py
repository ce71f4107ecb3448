"""What can be expected to be seen on GitHub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine_play.scenario.expects_discord import short
from valine_play.scenario.expects_run import same, so
from valine_play.scenario.faults import target_of
from valine_play.scenario.phrase import Steps
from valine_play.scenario.stage import Stage, Unmet

if TYPE_CHECKING:
    from collections.abc import Iterable


def _list(items: Iterable[object]) -> str:
    return ", ".join(map(str, items)) or "none"


plays = Steps()


@plays
def issue_open(stage: Stage, *, issue: int) -> None:
    found = stage.issue(issue)
    same(found["state"], "open", f"it is {found['state']}")


@plays
def issue_closed(stage: Stage, *, issue: int, reason: str | None = None) -> None:
    found = stage.issue(issue)
    is_so = found["state"] == "closed" and reason in (None, found["state_reason"])
    so(f"it is {found['state']} ({found['state_reason']})", when=is_so)


@plays
def labels(stage: Stage, *, issue: int, names: tuple[str, ...]) -> None:
    found = stage.issue(issue)["labels"]
    same(found, list(names), f"it has {_list(found)}")


@plays
def no_labels(stage: Stage, *, issue: int) -> None:
    labels(stage, issue=issue, names=())


@plays
def assigned(stage: Stage, *, issue: int, names: tuple[str, ...]) -> None:
    found = stage.issue(issue)["assignees"]
    same(found, list(names), f"it is assigned to {_list(found)}")


@plays
def pulls(stage: Stage, *, n: int) -> None:
    found = [f"#{one['number']} {one['title']} ({one['state']})" for one in stage.repository()["pull_requests"]]
    same(len(found), n, f"there are {len(found)}: {short(_list(found))}")


@plays
def no_pulls(stage: Stage) -> None:
    pulls(stage, n=0)


@plays
def one_pull(stage: Stage, *, issue: int) -> None:
    found = [f"#{one['number']} ({one['state']})" for one in stage.pulls(issue)]
    same(len(found), 1, f"there are {len(found)}: {_list(found)}")


@plays
def no_pull(stage: Stage, *, issue: int) -> None:
    found = [f"#{one['number']} ({one['state']})" for one in stage.pulls(issue)]
    so(f"there is {_list(found)}", when=not found)


def _stands(stage: Stage, issue: int) -> set[str]:
    found = stage.pull(issue)
    return {str(found["state"])} | ({"draft"} if found["draft"] and found["state"] == "open" else set())


@plays
def pull(stage: Stage, *, issue: int, standing: str) -> None:
    found = _stands(stage, issue)
    so(f"it is {_list(sorted(found))}", when=standing in found)


@plays
def pull_is_not(stage: Stage, *, issue: int, standing: str) -> None:
    found = _stands(stage, issue)
    so(f"it is {_list(sorted(found))}", when=standing not in found)


@plays
def pull_says(stage: Stage, *, issue: int, text: str) -> None:
    body = stage.pull(issue)["body"]
    so(f"it says: {short(body)}", when=text in body)


@plays
def pull_not(stage: Stage, *, issue: int, text: str) -> None:
    body = stage.pull(issue)["body"]
    so(f"it says: {short(body)}", when=text not in body)


@plays
def pull_for(stage: Stage, *, issue: int, names: tuple[str, ...]) -> None:
    found = stage.pull(issue)["assignees"]
    same(found, list(names), f"it is for {_list(found)}")


@plays
def pull_for_nobody(stage: Stage, *, issue: int) -> None:
    pull_for(stage, issue=issue, names=())


@plays
def branches(stage: Stage, *, names: tuple[str, ...]) -> None:
    found = sorted(stage.repository()["branches"])
    same(found, sorted(names), f"there are {_list(found)}")


@plays
def branch(stage: Stage, *, branch: str) -> None:
    found = stage.repository()["branches"]
    so(f"there are {_list(found)}", when=branch in found)


@plays
def commit(stage: Stage, *, branch: str, text: str) -> None:
    found = stage.repository()["branches"].get(branch)
    if found is None:
        raise Unmet("there is no such branch")
    title = found["log"][0]["message"].partition("\n")[0]
    same(title, text, f"it ends with “{title}”")


@plays
async def work_branch(stage: Stage, *, issue: int, branch: str) -> None:
    found = (await stage.task(issue, None)).branch
    same(found, branch, f"it is {found}")


def _asked(stage: Stage) -> list[int]:
    return [int(path.split("/")[-2]) for path in stage.asked(target_of("merge"))]


@plays
def merges(stage: Stage, *, issues: tuple[int, ...]) -> None:
    numbers = [row["number"] for row in stage.repository()["issues"]]
    issue_of = {one["number"]: number for number in numbers for one in stage.pulls(number)}
    found = tuple(issue_of.get(number, number) for number in _asked(stage))
    same(found, issues, f"it was asked for {_list(f'#{number}' for number in found)}")


@plays
def no_merges(stage: Stage) -> None:
    merges(stage, issues=())


@plays
def merge_count(stage: Stage, *, n: int) -> None:
    found = _asked(stage)
    same(len(found), n, f"there are {len(found)}")


@plays
def commits(stage: Stage, *, n: int) -> None:
    found = stage.repository()["branches"]["main"]["log"][:-1]
    titles = [commit["message"].partition("\n")[0] for commit in reversed(found)]
    same(len(found), n, f"there are {len(found)}: {_list(titles)}")


@plays
def release(stage: Stage, *, tag: str, text: str | None = None) -> None:
    found = {one["tag"]: one["body"] for one in stage.repository()["releases"]}
    so(f"there are {_list(found)}", when=tag in found)
    so(f"it says: {short(found[tag])}", when=text is None or text in found[tag])


@plays
async def release_at(stage: Stage, *, tag: str, issue: int) -> None:
    sha = stage.repository()["tags"].get(tag)
    merged = (await stage.task(issue, None)).merged_sha
    so(f"it is at {sha}, and the merge at {merged}", when=sha is not None and sha == merged)


@plays
def releases(stage: Stage, *, n: int) -> None:
    found = [one["tag"] for one in stage.repository()["releases"]]
    same(len(found), n, f"there are {len(found)}: {_list(found)}")


@plays
def no_releases(stage: Stage) -> None:
    releases(stage, n=0)


@plays
def answer(stage: Stage, *, issue: int, comment: str) -> None:
    said = [*stage.comments(issue), *(body for pull in stage.pulls(issue) for body in stage.comments(pull["number"]))]
    so(f"it commented: {short(' / '.join(said)) or 'nothing'}", when=any(comment in one for one in said))


@plays
def answers(stage: Stage, *, n: int, issue: int) -> None:
    said = stage.comments(issue)
    same(len(said), n, f"there are {len(said)}: {short(' / '.join(said))}")


@plays
def answers_pull(stage: Stage, *, n: int, issue: int) -> None:
    said = stage.comments(stage.pull(issue)["number"])
    same(len(said), n, f"there are {len(said)}: {short(' / '.join(said))}")
