"""What is said when something cannot be done: what happened, that nothing changed, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from valine.orchestrator import replies
from valine.orchestrator.text import escape

if TYPE_CHECKING:
    from valine.orchestrator.model.policy import Action

ACTIONS: dict[Action, str] = {
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


def words(reply: replies.FailureReply) -> str:  # noqa: PLR0911 - a line a reply
    """The reply as Discord markdown."""
    match reply:
        case replies.NotAllowed():
            return not_allowed(reply)
        case replies.GitHubFailed():
            return github_failed(reply)
        case replies.UnusablePolicy():
            return unusable_policy(reply)
        case replies.NoSuchRun():
            return no_such_run(reply)
        case replies.NoRun():
            return "There is no run at the moment. `/plan` proposes one."
        case replies.InNoRun():
            return in_no_run(reply)
        case replies.FailedInside():
            return failed_inside(reply)
        case _:
            assert_never(reply)


def not_allowed(reply: replies.NotAllowed) -> str:
    """Who may do it instead."""
    action = ACTIONS[reply.action]
    match reply.needs:
        case "manage_server":
            return f"To {action}, you need the permission Manage Server. Nothing was changed."
        case "write":
            return f"To {action}, you need write permission on this repository. Nothing was changed."
        case "discord":
            return f"To {action}, go to Discord: it cannot be done from GitHub. Nothing was changed."
        case "person":
            return f"Only a person can {action}. Nothing was changed."
        case _:
            assert_never(reply.needs)


def github_failed(reply: replies.GitHubFailed) -> str:
    """The sentence for a refresh of GitHub that brought nothing."""
    repository, detail = escape(reply.repository, 140), _said(reply.detail)
    match reply.code:
        case "not_found":
            return (
                f"GitHub knows no repository {repository}, or hides it from me. Nothing was changed. "
                "Whoever runs me should look at `GITHUB_REPOSITORY` and at what the token may see."
            )
        case "unauthorized" | "forbidden":
            return (
                f"GitHub does not let me into {repository}{detail}. Nothing was changed. "
                "Whoever runs me should look at the token or the App's permissions."
            )
        case "unreachable" | "limited" | "stranger" | "invalid" | "lost":
            return f"GitHub is not answering{detail}. Nothing was changed. Please try again in a few minutes."
        case _:
            assert_never(reply.code)


def unusable_policy(reply: replies.UnusablePolicy) -> str:
    """valine.toml cannot be used."""
    problem = escape(reply.problem, 800)
    return f"{problem}. Nothing was changed. Mend the file on the default branch, then try again."


def no_such_run(reply: replies.NoSuchRun) -> str:
    """Nothing of that name is stored."""
    return f"There is no such run: r{reply.number}. Nothing was changed. `/status` lists those there are."


def in_no_run(reply: replies.InNoRun) -> str:
    """A comment on an issue or pull request that no active run has."""
    return f"#{reply.number} belongs to no active run. Nothing was changed. `/status` lists those there are."


def failed_inside(reply: replies.FailedInside) -> str:
    """A mistake of our own."""
    return (
        "Something went wrong inside me, and I have put this request aside. Look with `/status` before you "
        f"ask again, and tell whoever runs me this number: {escape(reply.correlation, 80)}."
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
