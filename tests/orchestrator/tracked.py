"""Runs under way, and what is seen of them."""

from typing import Any

import msgspec

from builders import NOON, a_pull, a_run, a_task, after
from valine.orchestrator.decide.observe import observe
from valine.orchestrator.model import events
from valine.orchestrator.model.observations import WorkWorld
from valine.orchestrator.model.run import Check, Run, Task
from valine.orchestrator.model.states import PullNumber, RunStatus, Sha, Stage, Step

replace = msgspec.structs.replace

NEW = Sha("9" * 40)


PASSED = Check(key="app/ci/test", name="test", state="passed")


def tracking(*tasks: Task, **changes: Any) -> Run:
    given = {"status": RunStatus.IN_PROGRESS, "stage": Stage.TRACKING, "tasks": tasks or (a_seen_task(),)}
    return a_run(**(given | changes))


def a_seen_task(issue: int = 41, number: int = 7, **changes: Any) -> Task:
    done = (Step.BRANCH, Step.PULL_REQUEST, Step.LABEL, Step.COMMENT)
    given = {"pull": a_pull(number, issue), "pull_request": PullNumber(number), "done": done, "head_since": NOON}
    return a_task(issue, **(given | changes))


def seen(run: Run, world: WorkWorld, at: float = 60, hint: events.HintReceived | None = None) -> Run:
    return observe(run, events.WorldObserved(at=after(at), world=world, hint=hint))
