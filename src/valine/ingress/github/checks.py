"""GitHub's many words for how a check stands, as three. Only what GitHub itself lets through counts as passed.

https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/about-status-checks
"""

from __future__ import annotations

from typing import Literal

CheckState = Literal["passed", "pending", "failed"]

PASSED = {"success", "neutral", "skipped"}
FAILED = {"failure", "error", "cancelled", "timed_out", "action_required", "startup_failure"}


def check_state(status: str | None, conclusion: str | None) -> CheckState:
    """How a check run or suite stands. An unknown or stale conclusion is pending: it never passes by accident."""
    if (status or "").lower() != "completed":
        return "pending"
    return status_state(conclusion)


def status_state(state: str | None) -> CheckState:
    """How a commit status stands, or what a conclusion says. In any case: GraphQL shouts."""
    word = (state or "").lower()
    if word in PASSED:
        return "passed"
    return "failed" if word in FAILED else "pending"
