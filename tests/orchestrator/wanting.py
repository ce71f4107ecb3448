"""Runs that want something done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from builders import NOON, a_plan, a_plan_item, a_run, a_task, an_approval
from orchestrator.play import Play
from valine.orchestrator.decide.desired_effects import desired_effects
from valine.orchestrator.facts.display import documents
from valine.orchestrator.facts.documents import key
from valine.orchestrator.facts.of_run import facts_of
from valine.orchestrator.model import effects, events
from valine.orchestrator.model.run import Posted, Run
from valine.orchestrator.model.states import IssueNumber, Login, PullNumber, RunStatus, Stage, Step

if TYPE_CHECKING:
    from datetime import datetime

replace = msgspec.structs.replace


def approved_run(**changes: Any) -> Run:
    items = (a_plan_item(41, assignees=(Login("ana"),)),)
    task = a_task(41, assignees=(Login("ana"),))
    given: dict[str, Any] = {
        "tasks": (task,),
        "status": RunStatus.IN_PROGRESS,
        "stage": Stage.EXECUTING,
        "plan": a_plan(*items),
    }
    return a_run(**({"approvals": (an_approval(),)} | given | changes))


def on_show(run: Run, at: datetime = NOON, render: int = 0) -> Run:
    """The run with all its documents on Discord as they are now, each on one page."""
    posted = {}
    for document in documents(run):
        facts = facts_of(run, document)
        assert facts is not None
        posted[document] = Posted(channel="t", message=f"m-{document}", facts=key(facts), render=render, at=at)
    return replace(run, messages=posted)


def on_github(run: Run) -> list[str]:
    return [effect.key for effect in desired_effects(run) if not isinstance(effect, effects.EnsureDocument)]


def opened(count: int) -> Play:
    """That many tasks, their pull requests opened, without the steps in between."""
    play = Play(count)
    play.plan()
    play.settle()
    plan = play.run.plan
    play.says(events.PlanApproved, run=play.run.number, revision=1, digest=plan.digest)
    done = (Step.BRANCH, Step.PULL_REQUEST, Step.LABEL, Step.ASSIGN, Step.COMMENT)
    for task in play.run.tasks:
        play.forge.perform(pull_request(play, task.issue), play.now)
    tasks = tuple(replace(task, done=done, pull_request=PullNumber(100 + task.issue)) for task in play.run.tasks)
    play.runs[1] = replace(play.run, tasks=tasks)
    return play


def pull_request(play: Play, issue: IssueNumber) -> effects.EnsurePullRequest:
    return effects.EnsurePullRequest(
        issue=issue, uid=play.run.uid, run="r1", branch=f"b{issue}", base="main", title="t", body_hash="h"
    )
