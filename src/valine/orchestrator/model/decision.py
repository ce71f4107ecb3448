"""What the core answers: a decision (the run as it is now), or a refusal that changes nothing; and what is said."""

from __future__ import annotations

from typing import Literal

import msgspec

from valine.orchestrator.model.run import Repository, Run
from valine.orchestrator.replies import Reply
from valine.orchestrator.rules import RULES


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What decide() starts from: the repository's record, the run the event names (if it exists), all active runs.

    `rules` is the version of the rules to decide by (rules.py), `render` that of the texts in force
    (valine.view.RENDER_VERSION; 0: not known). Both come from the history when a step is replayed.
    """

    repository: Repository
    run: Run | None = None
    active: tuple[Run, ...] = ()
    rules: int = RULES
    render: int = 0


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The run and the repository's record as they must be stored, and the reply to whoever asked."""

    run: Run
    repository: Repository
    reply: Reply | None = None


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A wrong request: nothing changes, and this is said."""

    reply: Reply


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A question that changes nothing, answered."""

    reply: Reply


class Refresh(msgspec.Struct, frozen=True, kw_only=True):
    """It cannot be decided without a refresh: at the issues to plan (with `label`), or at the work of `run`.

    The same event is decided again with what was found.
    """

    kind: Literal["plan", "work"]
    label: str | None = None
    run: Run | None = None


class Nothing(msgspec.Struct, frozen=True, kw_only=True):
    """The event is of no consequence (any more)."""


Outcome = Decision | Refusal | Answer | Refresh | Nothing
