"""What happened as metrics of CloudWatch, in its Embedded Metric Format: a JSON line on standard output each.

All of them come from what was decided and stored, so a repeat is counted once. A line costs a print, no request.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

| metric                       | unit    | dimensions beside service and env                                       |
|------------------------------|---------|-------------------------------------------------------------------------|
| Commands                     | Count   | kind (PlanRequested …), outcome (done, refused, answered, nothing)      |
| Runs                         | Count   | outcome (completed, failed, cancelled), once it is over                 |
| PlanToApproval               | Seconds | from /plan to the approval that started the run                         |
| ApprovalToShipped            | Seconds | from that approval to the last merge of a completed run                 |
| Merges, Holds                | Count   | tasks that are merged, or held, now                                     |
| Retries                      | Count   | effects and looks that did not succeed and are tried again              |
| RateLimitWaits               | Count   | those of them that GitHub's or Discord's limits caused                  |
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from valine.orchestrator.model import events
from valine.orchestrator.model.decision import Answer, Decision, Refusal
from valine.orchestrator.model.states import RunStatus, Stage, TaskState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from valine.orchestrator.model.decision import Outcome
    from valine.orchestrator.model.events import Event
    from valine.orchestrator.model.run import Run

log = logging.getLogger("valine.metrics")

NAMESPACE: Final = "Valine"
SERVICE: Final = "valine"


class Fact(NamedTuple):
    """One number to tell."""

    name: str
    value: float = 1
    unit: Literal["Count", "Seconds"] = "Count"
    dimensions: Mapping[str, str] = {}


class EmfMeter:
    """A Meter that prints. `env` tells dev from prod."""

    def __init__(self, env: str) -> None:
        self._common = {"service": SERVICE, "env": env}

    def decided(self, event: Event, before: Run | None, outcome: Outcome) -> None:
        try:
            for fact in facts(event, before, outcome):
                self._print(fact)
        except Exception:  # what is stored is stored, whether it can be told or not
            log.exception("metrics of a %s were lost", type(event).__name__)

    def _print(self, fact: Fact) -> None:
        dimensions = {**self._common, **fact.dimensions}
        unit = MetricUnit(fact.unit)
        with single_metric(fact.name, unit, fact.value, namespace=NAMESPACE, default_dimensions=dimensions):
            pass


def facts(event: Event, before: Run | None, outcome: Outcome) -> Iterator[Fact]:
    """What there is to count in this decision."""
    if isinstance(event, events.Command):
        yield Fact("Commands", dimensions={"kind": type(event).__name__, "outcome": _word(outcome)})
    if isinstance(event, events.EffectFailed | events.LookFailed) and event.failure.kind != "permanent":
        yield Fact("Retries")
        if event.failure.code == "limited":
            yield Fact("RateLimitWaits")
    if isinstance(outcome, Decision):
        yield from _changes(before, outcome.run)


def _word(outcome: Outcome) -> str:
    match outcome:
        case Decision():
            return "done"
        case Refusal():
            return "refused"
        case Answer():
            return "answered"
        case _:
            return "nothing"


def _changes(before: Run | None, run: Run) -> Iterator[Fact]:
    """What became of the run and its tasks."""
    known = {task.issue: task.state for task in before.tasks} if before is not None else {}
    reached = [task.state for task in run.tasks if known.get(task.issue) != task.state]
    for name, state in (("Merges", TaskState.MERGED), ("Holds", TaskState.HELD)):
        if count := reached.count(state):
            yield Fact(name, count)
    if before is not None and before.stage is Stage.PROPOSED and run.stage is Stage.EXECUTING:
        yield Fact("PlanToApproval", (run.approvals[-1].at - run.created_at).total_seconds(), "Seconds")
    if run.final and not (before is not None and before.final):
        yield Fact("Runs", dimensions={"outcome": run.status.value})
        merged = [task.merged_at for task in run.tasks if task.merged_at is not None]
        if run.status is RunStatus.COMPLETED and merged:
            yield Fact("ApprovalToShipped", (max(merged) - run.approvals[-1].at).total_seconds(), "Seconds")
