"""What to suggest for an option. A suggestion for /approve carries the revision and digest that it shows: exactly that
is approved, and nothing that was changed meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine.ingress.discord.answers import Choice
from valine.orchestrator.model.states import RunStatus
from valine.view import endpoint_replies

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from valine.orchestrator.model.run import Run

FITTING = {
    "approve": {RunStatus.PENDING},
    "ship": {RunStatus.IN_PROGRESS},
    "status": {RunStatus.PENDING, RunStatus.IN_PROGRESS},
}


def of_runs(command: str, typed: str, active: Iterable[Run]) -> Sequence[Choice]:
    """The active runs that the command can be about and that bear what was typed, in the order given."""
    fitting = [run for run in active if run.status in FITTING.get(command, ())]
    named = [Choice(endpoint_replies.choice(run), _value(command, run)) for run in fitting]
    return [choice for choice in named if typed.casefold() in choice.name.casefold()]


def _value(command: str, run: Run) -> str:
    return f"{run.name}@{run.plan.revision}.{run.plan.digest}" if command == "approve" else run.name


def of_labels(typed: str, runs: Iterable[Run]) -> Sequence[Choice]:
    """What was typed, then the labels of these runs and of their policies that contain it."""
    known = [label for run in runs for label in (run.plan.label, run.plan.policy.plan.label)]
    fitting = [label for label in known if typed.casefold() in label.casefold()]
    return [Choice(label, label) for label in dict.fromkeys([typed, *fitting]) if label]
