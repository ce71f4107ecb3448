"""What people and CI do on GitHub. An issue's number means its pull request where an issue cannot be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from valine_play.demo.team import CHECK, WORKFLOW
from valine_play.scenario.phrase import Steps

if TYPE_CHECKING:
    from valine_play.scenario.stage import Stage

UNDER_WAY = ("queued", "in_progress")


plays = Steps()


@plays
async def finish(stage: Stage, *, login: str, issue: int, path: str | None = None, text: str = "Done.\n") -> None:
    await _finished(stage, login, issue, "success", {path or f"work/{issue}.md": text})


@plays
async def finish_without(stage: Stage, *, login: str, issue: int) -> None:
    await _finished(stage, login, issue, None, {f"work/{issue}.md": "Done.\n"})


@plays
async def finish_red(stage: Stage, *, login: str, issue: int) -> None:
    await _finished(stage, login, issue, "failure", {f"work/{issue}.md": "Done.\n"})


@plays
async def finish_all(stage: Stage) -> None:
    numbers = [one["number"] for one in stage.repository()["issues"]]
    for number in numbers:
        ours = [one for one in stage.pulls(number) if one["state"] == "open" and one["author"] == "valine-bot"]
        if ours:
            await _finished(stage, "ana", number, "success", {f"work/{number}.md": "Done.\n"})


async def _finished(stage: Stage, login: str, issue: int, conclusion: str | None, files: dict[str, str]) -> None:
    _push(stage, login, issue, files)
    undraft(stage, login=login, issue=issue)
    if conclusion is not None:
        check(stage, check=CHECK, issue=issue, conclusion=conclusion)
    await stage.world.settle()


def _push(stage: Stage, login: str, issue: int, files: dict[str, Any], **more: Any) -> None:
    branch = stage.pull(issue)["head"]
    stage.world.on_github("push", branch=branch, files=files, message="Work", by=login, **more)


@plays
def push(stage: Stage, *, login: str, issue: int, path: str | None = None, text: str = "More.\n") -> None:
    _push(stage, login, issue, {path or f"more/{issue}.md": text})


@plays
def push_nothing(stage: Stage, *, login: str, issue: int, path: str) -> None:
    _push(stage, login, issue, {path: None})


@plays
def force_push(stage: Stage, *, login: str, issue: int) -> None:
    _push(stage, login, issue, {f"anew/{issue}.md": "Anew.\n"}, force=True, from_="main")


@plays
def push_branch(stage: Stage, *, login: str, branch: str, path: str | None = None, text: str = "Mine.\n") -> None:
    files = {path or f"{branch.replace('/', '-')}.md": text}
    stage.world.on_github("push", branch=branch, files=files, message="Mine", by=login)


@plays
def push_fork(stage: Stage, *, login: str, branch: str) -> None:
    stage.world.on_github("push", branch=branch, fork=login, files={f"{login}.md": "Mine.\n"}, message="Mine", by=login)


@plays
def merge_base(stage: Stage, *, login: str, issue: int, path: str | None = None, text: str = "") -> None:
    branch = stage.pull(issue)["head"]
    if path is None:
        stage.world.on_github("merge_branch", branch=branch, other="main", by=login)
    else:
        stage.world.on_github("resolve", branch=branch, other="main", files={path: text}, by=login)


@plays
def undraft(stage: Stage, *, login: str, issue: int) -> None:
    stage.world.on_github("ready_for_review", number=stage.pull(issue)["number"], by=login)


@plays
def draft(stage: Stage, *, login: str, issue: int) -> None:
    stage.world.on_github("convert_to_draft", number=stage.pull(issue)["number"], by=login)


@plays
def review(stage: Stage, *, login: str, issue: int, verdict: str) -> None:
    stage.world.on_github("review", number=stage.pull(issue)["number"], by=login, verdict=verdict.replace(" ", "_"))


@plays
def dismiss(stage: Stage, *, login: str, issue: int, reviewer: str) -> None:
    stage.world.on_github("dismiss_review", number=stage.pull(issue)["number"], reviewer=reviewer, by=login)


@plays
def check(stage: Stage, *, check: str, issue: int, conclusion: str) -> None:
    ended = {"status": "completed", "conclusion": conclusion}
    how = {"status": conclusion} if conclusion in UNDER_WAY else ended
    where = {"workflow": WORKFLOW} if check == CHECK else {}
    stage.world.on_github("set_check", name=check, number=stage.pull(issue)["number"], **where, **how)


@plays
def rerun(stage: Stage, *, login: str, check: str, issue: int) -> None:
    stage.world.on_github("rerun_check", name=check, number=stage.pull(issue)["number"], by=login)


@plays
def vanish(stage: Stage, *, login: str, check: str, issue: int) -> None:
    stage.world.on_github("rerun_check", name=check, number=stage.pull(issue)["number"], vanish=True, by=login)


@plays
def open_pull(stage: Stage, *, login: str, branch: str, issue: int | None = None, text: str = "Mine") -> None:
    known = stage.repository()["branches"]
    head = branch if branch in known and branch != "main" else f"{login}:{branch}"
    body = f"Closes #{issue}" if issue is not None else None
    stage.world.on_github("open_pull_request", head=head, title=text, body=body, by=login)


@plays
def close_pull(stage: Stage, *, login: str, issue: int) -> None:
    stage.world.on_github("close_pull_request", number=stage.pull(issue)["number"], by=login)


@plays
def close_titled(stage: Stage, *, login: str, text: str) -> None:
    stage.world.on_github("close_pull_request", number=stage.titled(text)["number"], by=login)


@plays
def reopen_pull(stage: Stage, *, login: str, issue: int) -> None:
    stage.world.on_github("reopen_pull_request", number=stage.pull(issue)["number"], by=login)


@plays
def merge(stage: Stage, *, login: str, issue: int) -> None:
    stage.world.on_github("merge", number=stage.pull(issue)["number"], by=login)


@plays
def retarget(stage: Stage, *, login: str, issue: int, branch: str) -> None:
    stage.world.on_github("retarget", number=stage.pull(issue)["number"], base=branch, by=login)


@plays
def delete_branch(stage: Stage, *, login: str, branch: str) -> None:
    stage.world.on_github("delete_branch", branch=branch, by=login)


@plays
def delete_work(stage: Stage, *, login: str, issue: int) -> None:
    stage.world.on_github("delete_branch", branch=stage.pull(issue)["head"], by=login)


@plays
def restore_work(stage: Stage, *, login: str, issue: int) -> None:
    stage.world.on_github("restore_branch", number=stage.pull(issue)["number"], by=login)
