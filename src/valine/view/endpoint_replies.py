"""What is said to a person whose request went no further than the endpoint. Nothing has changed, and it says so.

What they typed is never repeated here, so nothing needs escaping.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from valine.orchestrator import replies
from valine.orchestrator.model.states import RunStatus, Stage

if TYPE_CHECKING:
    from valine.orchestrator.model.run import Run


def words(reply: replies.EndpointReply) -> str:  # noqa: C901, PLR0911, PLR0912 - a line a reply
    """The reply as Discord markdown."""
    match reply:
        case replies.UnknownCommand():
            return "I don't know this command. Nothing was changed. I know `/plan`, `/approve`, `/status` and `/ship`."
        case replies.UnknownComponent():
            return unknown_component()
        case replies.DirectMessage():
            return "I only work in your team's server: here I can't see who may do what. Nothing was changed."
        case replies.AnotherServer():
            return another_server()
        case replies.BadRun():
            return bad_run()
        case replies.BadLimit():
            return f"`limit` is a number from 1 to {reply.most}. Nothing was planned."
        case replies.BadLabel():
            return f"`label` is the name of a GitHub label, {reply.longest} characters at most. Nothing was planned."
        case replies.NothingChosen():
            return "No issue was chosen, so the plan stays as it is."
        case replies.NotStored():
            return "I could not store that, so nothing was changed. Please try again in a minute."
        case replies.PerhapsStored():
            return perhaps_stored()
        case replies.NotRead():
            return "I can't read my own records at the moment. Nothing was changed. Please try again in a minute."
        case replies.Unexpected():
            return unexpected(reply)
        case _:
            assert_never(reply)


def unknown_component() -> str:
    """A button, select or dialog of an older version, or of something else."""
    return "This button is not one of mine any more. Nothing was changed. Use `/status` to see what is going on."


def another_server() -> str:
    """The server, or the application, is not the one of the settings."""
    return (
        "I am set up for another Discord server, so nothing was changed. "
        "Whoever runs me can move me here (`DISCORD_APPLICATION_ID` and `DISCORD_GUILD_ID`)."
    )


def bad_run() -> str:
    """The text of a `run` option is no run's name."""
    return (
        "That is not the name of a run. Nothing was changed. "
        "Pick one from the list that appears as you type, or write its name as the card shows it, such as `r12`."
    )


def perhaps_stored() -> str:
    """The queue may have taken it, and did not say so."""
    return (
        "I don't know whether that was stored: my queue did not answer. "
        "Look with `/status` in a minute, and try again only if nothing was changed."
    )


def unexpected(reply: replies.Unexpected) -> str:
    """A mistake of our own. It may have been stored all the same: doing it again is safe, and says which."""
    return (
        "Something went wrong inside me. Look with `/status` before you try again, "
        f"and tell whoever runs me this number: `{reply.correlation}`."
    )


def choice(run: Run) -> str:
    """A run in the list of suggestions: plain text, without markdown."""
    tasks = [task for task in run.tasks if not task.settled]
    count = len(tasks) if run.tasks else len(run.plan.items)
    issues = "1 issue" if count == 1 else f"{count} issues"
    state = "waits for approval" if run.status is RunStatus.PENDING else _stage(run.stage)
    return f"{run.name} · {run.plan.label} · {issues} · {state}"


def _stage(stage: Stage) -> str:
    return {Stage.EXECUTING: "starting", Stage.TRACKING: "under way", Stage.SHIPPING: "shipping"}.get(stage, "done")
