"""The checks of one pull request, as its head's status rollup shows them: the latest of each, under one key."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from valine.ingress.github.checks import check_state, status_state
from valine.orchestrator.model.run import Check
from valine.services.github.nodes import CheckRunNode, Context

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def latest(contexts: Iterable[Context]) -> tuple[Check, ...]:
    """One check for each key, by key. A re-run stands beside the run that it repeats: the later one counts."""
    newest: dict[str, Context] = {}
    for context in contexts:
        known = newest.setdefault(_key(context), context)
        if _age(context) > _age(known):
            newest[_key(context)] = context
    return tuple(_check(key, newest[key]) for key in sorted(newest))


def _key(context: Context) -> str:
    """app/workflow/name, app/name for an app without workflows, or a commit status's context."""
    if not isinstance(context, CheckRunNode):
        return context.context
    suite = context.check_suite
    app = suite.app.slug if suite and suite.app else ""
    workflow = suite.workflow_run.workflow.name if suite and suite.workflow_run and suite.workflow_run.workflow else ""
    return "/".join(part for part in (app, workflow, context.name) if part)


def _age(context: Context) -> tuple[int, datetime]:
    """Check runs count up. A queued one has not started, so its time alone would make it the oldest."""
    if isinstance(context, CheckRunNode):
        return context.database_id or 0, context.started_at or context.completed_at or LONG_AGO
    return 0, context.created_at


def _check(key: str, context: Context) -> Check:
    if isinstance(context, CheckRunNode):
        state = check_state(context.status, context.conclusion)
        return Check(key=key, name=context.name, state=state, required=context.is_required, url=context.details_url)
    state = status_state(context.state)
    return Check(key=key, name=context.context, state=state, required=context.is_required, url=context.target_url)
