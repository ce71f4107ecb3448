"""The graph of a run as a page for people, drawn from the table that decides: it cannot say anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine.orchestrator.graph import MOVES
from valine.orchestrator.model.states import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from valine.orchestrator.graph import Move

THEORY = """\
# The graph of a run

<!-- Made by `./dev docs` from src/valine/orchestrator/graph.py; a test holds it against that. -->

A run is one value. `decide(state, event)` is the only place where it changes: pure, total, and answering a wrong
request with a refusal that changes nothing. Each decision takes three steps: the part that knows the event changes the
run; `ship_commands.advance` moves it to the stage that its tasks are in; `desired_effects.schedule`
derives what must now be so outside.

Effects are not queued, they are derived. What is wanted is a function of the run, so a crash, a lost answer or a second
delivery leaves nothing to undo: the next look at the run wants the same again, and performing it finds that it is so.
The run keeps only the bookkeeping (since when, how often, when next) and one alarm clock, set to the earliest of all.

A stage says what the run is busy with, a status how it stands for others. The final ones are never left; after them
there is only tidying up: closing issues, deleting branches, taking labels off, telling people.
"""


def as_markdown() -> str:
    """The page: the theory, the diagram of the stages, and a row for each move."""
    return "\n".join([THEORY, *_diagram(), "", *_table(), ""])


def _diagram() -> Iterator[str]:
    """Moves between different stages; several between the same two share an arrow."""
    causes: dict[tuple[Stage | None, Stage], list[str]] = {}
    for move in MOVES:
        if move.source is not move.target:
            causes.setdefault((move.source, move.target), []).append(move.cause)
    yield "```mermaid"
    yield "stateDiagram-v2"
    for (source, target), found in causes.items():
        yield f"    {source or '[*]'} --> {target}: {' / '.join(cause.partition(':')[0] for cause in found)}"
    yield f"    {Stage.DONE} --> [*]"
    yield "```"


def _table() -> Iterator[str]:
    yield "| from | to | status | because |"
    yield "|---|---|---|---|"
    yield from (_row(move) for move in MOVES)


def _row(move: Move) -> str:
    target = "(stays)" if move.source is move.target else move.target
    return f"| {move.source or '(nothing)'} | {target} | `{move.status}` | {move.cause} |"
