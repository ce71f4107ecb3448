"""What is answered when something cannot be done, whatever was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from valine.orchestrator.facts.documents import Fact
from valine.orchestrator.model.observations import FailureCode
from valine.orchestrator.model.policy import Action, Lacking

if TYPE_CHECKING:
    from valine.orchestrator.model.observations import Failure
    from valine.orchestrator.model.policy import Denial


class NotAllowed(Fact, frozen=True, kw_only=True, tag=True):
    """Somebody may not do this, and what would let them."""

    action: Action = msgspec.field(name="deed")  # as it is stored
    needs: Lacking

    @classmethod
    def of(cls, denial: Denial) -> NotAllowed:
        """About that denial."""
        return cls(action=denial.action, needs=denial.needs)


class GitHubFailed(Fact, frozen=True, kw_only=True, tag=True):
    """A refresh of GitHub brought nothing; `detail` is GitHub's own word."""

    repository: str
    code: FailureCode
    detail: str = ""

    @classmethod
    def of(cls, repository: str, failure: Failure) -> GitHubFailed:
        """About that failure."""
        return cls(repository=repository, code=failure.code, detail=failure.detail)


class UnusablePolicy(Fact, frozen=True, kw_only=True, tag=True):
    """The policy file cannot be used; `problem` is what its parser says."""

    problem: str


class NoSuchRun(Fact, frozen=True, kw_only=True, tag=True):
    """No run of that number is stored."""

    number: int


class NoRun(Fact, frozen=True, kw_only=True, tag=True):
    """No run was named, and none is active."""


class InNoRun(Fact, frozen=True, kw_only=True, tag=True):
    """A comment on an issue or pull request that no active run has."""

    number: int


class FailedInside(Fact, frozen=True, kw_only=True, tag=True):
    """A mistake of Valine's own; the log has more by that id."""

    correlation: str


FailureReply = NotAllowed | GitHubFailed | UnusablePolicy | NoSuchRun | NoRun | InNoRun | FailedInside
