"""What any store writes for a Commit: its documents, one version on, each within the size that every store takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from valine.documents import encode

if TYPE_CHECKING:
    from valine.ports import Commit

INBOX_LIFE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class CommitDocuments:
    """The documents of a Commit's parts, None where it has no such part."""

    repository: bytes | None
    run: bytes | None
    history: bytes | None
    inbox: bytes | None


def commit_documents(commit: Commit) -> CommitDocuments:
    """The documents to store, run and repository with their next version. Raises TooLarge before anything is written.

    Raises ValueError for a commit that could not come from one step of one run: that is a mistake in the program.
    """
    run, repository, history = commit.run, commit.repository, commit.history
    if history and (run is None or (history.run, history.number) != (run.number, run.version + 1)):
        raise ValueError(f"history {history.run}/{history.number} is not the next step of the run it is stored with")
    if run and repository and run.repository != repository.name:
        raise ValueError(f"a run of {run.repository} can't be stored with the record of {repository.name}")
    return CommitDocuments(
        repository=encode(msgspec.structs.replace(repository, version=repository.version + 1)) if repository else None,
        run=encode(msgspec.structs.replace(run, version=run.version + 1)) if run else None,
        history=encode(history) if history else None,
        inbox=encode(commit.inbox) if commit.inbox else None,
    )
