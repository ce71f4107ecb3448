"""What is said to a person whose request went no further than the door. Nothing has changed, and it says so.

What they typed is never repeated here, so nothing needs escaping.
"""

from __future__ import annotations

from valine.orchestrator.decision import Reply
from valine.orchestrator.model import Run
from valine.orchestrator.states import RunStatus, Stage

MOST_ISSUES = 250
LONGEST_LABEL = 100


def unknown_command() -> Reply:
    """A slash command that this version does not have."""
    return Reply(
        text="I don't know this command. Nothing was changed. I know `/plan`, `/approve`, `/status` and `/ship`."
    )


def unknown_component() -> Reply:
    """A button, select or dialog of an older version, or of something else."""
    return Reply(
        text="This button is not one of mine any more. Nothing was changed. Use `/status` to see what is going on."
    )


def direct_message() -> Reply:
    """There is no server, so nobody's permissions can be known."""
    return Reply(text="I only work in your team's server: here I can't see who may do what. Nothing was changed.")


def another_server() -> Reply:
    """The server, or the application, is not the one of the settings."""
    return Reply(
        text="I am set up for another Discord server, so nothing was changed. "
        "Whoever runs me can move me here (`DISCORD_APPLICATION_ID` and `DISCORD_GUILD_ID`)."
    )


def bad_run() -> Reply:
    """The text of a `run` option is no run's name."""
    return Reply(
        text="That is not the name of a run. Nothing was changed. "
        "Pick one from the list that appears as you type, or write its name as the card shows it, such as `r12`."
    )


def bad_limit() -> Reply:
    """The `limit` of /plan is no number or out of range."""
    return Reply(text=f"`limit` is a number from 1 to {MOST_ISSUES}. Nothing was planned.")


def bad_label() -> Reply:
    """The `label` of /plan is longer than any label."""
    return Reply(
        text=f"`label` is the name of a GitHub label, {LONGEST_LABEL} characters at most. Nothing was planned."
    )


def nothing_chosen() -> Reply:
    """The select was closed with nothing in it."""
    return Reply(text="No issue was chosen, so the plan stays as it is.")


def not_stored() -> Reply:
    """The store or the queue did not take it."""
    return Reply(text="I could not store that, so nothing was changed. Please try again in a minute.")


def perhaps_stored() -> Reply:
    """The queue may have taken it, and did not say so."""
    return Reply(
        text="I don't know whether that was stored: my queue did not answer. "
        "Look with `/status` in a minute, and try again only if nothing was changed."
    )


def not_read() -> Reply:
    """The store could not be read for a /status."""
    return Reply(text="I can't read my own records at the moment. Nothing was changed. Please try again in a minute.")


def unexpected(correlation: str) -> Reply:
    """A mistake of our own. It may have been stored all the same: doing it again is safe, and says which."""
    return Reply(
        text="Something went wrong inside me. Look with `/status` before you try again, "
        f"and tell whoever runs me this number: `{correlation}`."
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
