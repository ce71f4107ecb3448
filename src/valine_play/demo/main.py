"""`valine demo`: one day on embedded defaults, or on anybody's repository and issues, told and then summed up."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from valine_play.demo import team
from valine_play.demo.day import Day, DayError
from valine_play.demo.show import Show, everything
from valine_play.demo.world import HOOK_SECRET, PRODUCT, a_world
from valine_twins.objects_git import GitObjects
from valine_twins.transport import ActError

if TYPE_CHECKING:
    from valine.orchestrator.model.run import Run
    from valine_play.demo.world import World


def run(json_path: Path | None, repo: Path | None, issues: Path | None) -> int:
    """Play the day; 0 if it went as it must, 1 if not, 2 if what was handed in cannot be played."""
    started = time.perf_counter()
    try:
        rows = rows_of(repo, issues)
        _check_writable(json_path)
        result = asyncio.run(_played(repo, rows))
    except team.UnusableInput as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (DayError, ActError) as error:
        sys.stderr.write(f"The day went wrong: {error}.\n")
        return 1
    result["seconds"] = round(time.perf_counter() - started, 2)
    Show().summary(result)
    if json_path is not None:
        json_path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def rows_of(repo: Path | None, issues: Path | None) -> list[dict[str, Any]] | None:
    """The issues to play on, None for the team's own. Raises UnusableInput."""
    if (repo is None) != (issues is None):
        raise team.UnusableInput("--repo and --issues go together: a repository, and what is to be done in it.")
    if repo is not None:
        team.check_repository(repo)
    return team.read_issues(issues) if issues is not None else None


def _check_writable(json_path: Path | None) -> None:
    """Better before the day than after it."""
    if json_path is not None and (json_path.is_dir() or not json_path.resolve().parent.is_dir()):
        raise team.UnusableInput(f"{json_path} cannot be written: it is a folder, or in none that exists.")


async def _played(repo: Path | None, rows: list[dict[str, Any]] | None) -> dict[str, Any]:
    name = f"{team.OWNER}/{team.NAME}"
    with tempfile.TemporaryDirectory(prefix="valine-demo-") as folder:
        objects = GitObjects(Path(folder) / "git")
        store = f"sqlite:///{folder}/valine.db"
        async with a_world(objects, store=store, repository=name) as world:
            label = _set_the_scene(world, repo, rows)
            ended = await Day(world, Show(), repository=name, label=label).play()
            return _result(world, ended)


def _set_the_scene(world: World, repo: Path | None, rows: list[dict[str, Any]] | None) -> str:
    """The repository with its people, issues and webhook; the label to plan by."""
    team.set_up(world.on_github, repo, rows)
    world.on_github("create_hook", url=f"{PRODUCT}/github/webhook", secret=HOOK_SECRET)
    return team.label_of(rows) if rows is not None else "ready"


def _result(world: World, ended: Run) -> dict[str, Any]:
    """What `--json` writes."""
    view = world.discord.view()
    tasks = [
        {
            "issue": task.issue,
            "title": task.title,
            "branch": task.branch,
            "pull_request": task.pull_request,
            "state": str(task.state),
            "merged_sha": task.merged_sha,
        }
        for task in ended.tasks
    ]
    requests = {"github": world.github.view()["requests"]["github"], "discord": view["requests"]}
    return {
        "run": ended.name,
        "status": str(ended.status),
        "tasks": tasks,
        "messages": list(_messages(view)),
        "requests": requests,
        "seconds": 0.0,
    }


def _messages(view: dict[str, Any]) -> list[dict[str, Any]]:
    """All messages as Discord shows them, the channel's first, each with where it is and whom it notified."""
    return [
        {"where": where, "text": message["text"], "edits": message["edits"], "notified": message["notified"]}
        for where, message in everything(view)
    ]
