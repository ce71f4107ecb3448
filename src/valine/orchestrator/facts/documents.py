"""What each document of a run shows, as plain frozen values: all that rendering receives, and what is on show by.

A document counts as shown by the key of its facts, never by a sentence, a layout or a page. The key covers named
fields, those at their default left out: a field that is added later leaves the key of every stored document alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from valine.orchestrator.model.states import (
    IssueNumber,
    Login,
    MilestoneKind,
    PullNumber,
    Reason,
    RunNumber,
    RunStatus,
    Stage,
    TaskState,
    Why,
)
from valine.orchestrator.naming import short_hash
from valine.orchestrator.remembering import Remembering


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of a document's facts."""


class RunRef(Fact, frozen=True):
    """Which run: `r12` to people, the uid in what comes back from buttons; `site` is the repository's web address."""

    number: RunNumber
    uid: str
    site: str

    @property
    def name(self) -> str:
        """What people call it: r12."""
        return f"r{self.number}"


class TaskRow(Fact, frozen=True):
    """How one issue's work stands. `owners` are the logins of those who are expected to move it on."""

    issue: IssueNumber
    title: str
    state: TaskState
    why: Why | None = None
    by: tuple[int, ...] = ()
    detail: str = ""
    owners: tuple[Login, ...] = ()
    branch: str = ""
    pull: PullNumber | None = None
    url: str | None = None  # of the pull request
    merged_elsewhere: bool = False  # the pull request was merged, into another branch than the base
    by_hand: bool = False  # merged, but not by a confirmed /ship
    edited: bool = False  # the issue changed after approval


class PlanRow(Fact, frozen=True):
    """One issue of a plan; `adopts` is the open pull request that it continues."""

    issue: IssueNumber
    title: str
    priority: str = ""  # the label that makes it so urgent
    depends_on: tuple[IssueNumber, ...] = ()
    assignees: tuple[Login, ...] = ()
    adopts: PullNumber | None = None


class LeftOutRow(Fact, frozen=True):
    """One issue that is not in the plan, and why."""

    issue: IssueNumber
    title: str
    reason: Reason
    by: tuple[int, ...] = ()
    elsewhere: tuple[str, ...] = ()  # blockers in other repositories: owner/name#7
    run: RunNumber | None = None


class PlanCard(Fact, frozen=True, tag=True):
    """A plan and what was decided on it. People are named; None is Valine itself."""

    run: RunRef
    base: str
    label: str
    revision: int
    digest: str
    requested_by: str | None = None
    limit: int | None = None
    decision: Literal["open", "approved", "rejected", "cancelled", "expired", "nothing_left"] = "open"
    decided_by: str | None = None
    decided_at: datetime | None = None
    expires_at: datetime | None = None  # while it is open
    rows: tuple[PlanRow, ...] = ()
    left_out: tuple[LeftOutRow, ...] = ()


class Board(Fact, frozen=True, tag=True):
    """How every task of a run stands, in plan order."""

    run: RunRef
    base: str
    status: RunStatus
    stage: Stage
    approved: bool = False
    shipping_by: str | None = None
    shipping_since: datetime | None = None
    unreachable_since: datetime | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None
    releases: tuple[tuple[str, str], ...] = ()  # tag and address
    rows: tuple[TaskRow, ...] = ()


class NoteRow(Fact, frozen=True):
    """One merged issue in the notes of a round."""

    issue: IssueNumber
    title: str
    pull: PullNumber | None = None
    people: tuple[Login, ...] = ()
    milestone: str = ""


class ThreadLine(Fact, frozen=True, tag=True):
    """A line in the run's thread: what happened, by whom (None: Valine itself), to which issues."""

    run: RunRef
    key: str
    kind: MilestoneKind
    by: str | None = None
    issues: tuple[IssueNumber, ...] = ()
    revision: int = 0
    detail: str = ""
    count: int = 0  # of the plan's issues, or of those left to ship
    held: TaskRow | None = None
    mention: tuple[str, ...] = ()  # Discord ids of those who must act now
    notes: tuple[NoteRow, ...] = ()
    started: bool = False  # the run was approved before it was cancelled
    closes: bool = False  # its pull requests are closed


Document = PlanCard | Board | ThreadLine


def key(facts: Document) -> str:
    """12 characters that are the same exactly while the same named facts are.

    Rows are encoded one by one, and remembered: of a large board a change leaves all but one as they were.
    """
    rows: list[str] = []
    match facts:
        case PlanCard():
            rows = [_rows_key(facts.rows), _rows_key(facts.left_out)]
            facts = msgspec.structs.replace(facts, rows=(), left_out=())
        case Board():
            rows, facts = [_rows_key(facts.rows)], msgspec.structs.replace(facts, rows=())
        case ThreadLine():
            pass
    return short_hash(msgspec.json.encode(facts).decode(), *rows)


def _text_of_row(row: Fact) -> str:
    return msgspec.json.encode(row).decode()


def _key_of_rows(rows: tuple[Fact, ...]) -> str:
    return short_hash(*_row_text.each(rows))


_row_text = Remembering(_text_of_row)
_rows_key = Remembering(_key_of_rows, most=64)
