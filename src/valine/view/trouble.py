"""What is said when something cannot be done: what happened, that nothing changed, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from valine.orchestrator.decision import Reply
from valine.orchestrator.text import escape

if TYPE_CHECKING:
    from valine.orchestrator.policy import Deed, Denied
    from valine.orchestrator.world import Failure

DEEDS: dict[Deed, str] = {
    "plan": "plan",
    "approve": "approve a plan",
    "reject": "reject a plan",
    "edit": "change a plan",
    "ship": "ship",
    "cancel": "cancel a run",
    "retry": "retry",
    "drop": "drop an issue from a run",
    "status": "see how a run stands",
}


def denied(denied: Denied) -> Reply:
    """Who may do it instead."""
    deed = DEEDS[denied.deed]
    match denied.needs:
        case "manage_server":
            return Reply(text=f"To {deed}, you need the permission Manage Server. Nothing was changed.")
        case "write":
            return Reply(text=f"To {deed}, you need write permission on this repository. Nothing was changed.")
        case "discord":
            return Reply(text=f"To {deed}, go to Discord: it cannot be done from GitHub. Nothing was changed.")
        case "person":
            return Reply(text=f"Only a person can {deed}. Nothing was changed.")
        case _:
            assert_never(denied.needs)


def look_failed(repository: str, failure: Failure) -> Reply:
    """The sentence for a look at GitHub that brought nothing."""
    match failure.code:
        case "not_found":
            return no_repository(repository)
        case "unauthorized" | "forbidden":
            return no_access(repository, failure.detail)
        case "unreachable" | "limited" | "stranger" | "invalid" | "lost":
            return github_down(failure.detail)
        case _:
            assert_never(failure.code)


def no_access(repository: str, detail: str = "") -> Reply:
    """The token or App may not."""
    return Reply(
        text=f"GitHub does not let me into {escape(repository, 140)}{_said(detail)}. Nothing was changed. "
        "Whoever runs me should look at the token or the App's permissions."
    )


def no_repository(repository: str) -> Reply:
    """The repository is not there, or hidden from us."""
    return Reply(
        text=f"GitHub knows no repository {escape(repository, 140)}, or hides it from me. Nothing was changed. "
        "Whoever runs me should look at `GITHUB_REPOSITORY` and at what the token may see."
    )


def github_down(detail: str = "") -> Reply:
    """GitHub did not answer as it should."""
    return Reply(
        text=f"GitHub is not answering{_said(detail)}. Nothing was changed. Please try again in a few minutes."
    )


def policy_problem(problem: str) -> Reply:
    """valine.toml cannot be obeyed."""
    return Reply(
        text=f"{escape(problem, 800)}. Nothing was changed. Mend the file on the default branch, then try again."
    )


def no_such_run(asked: str) -> Reply:
    """Nothing of that name is stored."""
    return Reply(
        text=f"There is no such run: {escape(asked, 60)}. Nothing was changed. `/status` lists those there are."
    )


def no_run() -> Reply:
    """No name was given and nothing is active."""
    return Reply(text="There is no run at the moment. `/plan` proposes one.")


def in_no_run(number: int) -> Reply:
    """A comment on an issue or pull request that no active run has."""
    return Reply(text=f"#{number} belongs to no active run. Nothing was changed. `/status` lists those there are.")


def failed_inside(correlation: str) -> Reply:
    """A mistake of our own."""
    return Reply(
        text="Something went wrong inside me, and I have put this request aside. Look with `/status` before you "
        f"ask again, and tell whoever runs me this number: {escape(correlation, 80)}."
    )


def write_limit() -> str:
    """Why writes to GitHub wait, though GitHub has said nothing yet."""
    return "GitHub's limit of writes a minute or an hour is used up"


def out_of_time() -> str:
    """Why an envelope is tried again later: a function's time was up before GitHub or Discord had answered."""
    return "it was not done within the time that a worker has: something answers slowly"


def broke(kind: str) -> str:
    """Why one effect is tried again later: it ran into a mistake of our own."""
    return f"{kind} inside Valine"


def _said(detail: str) -> str:
    return f" ({escape(detail, 200)})" if detail else ""
