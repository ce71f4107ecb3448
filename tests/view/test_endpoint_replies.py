# ruff: noqa: E501 - a sentence is read best as it is shown, on one line
from inline_snapshot import snapshot

from builders import a_plan, a_plan_item, a_run, a_task
from valine.orchestrator import replies
from valine.orchestrator.model.states import RunStatus, Stage, TaskState
from valine.view import endpoint_replies
from valine.view.replies import render

EVERY_INTAKE_REPLY = (
    replies.UnknownCommand(),
    replies.UnknownComponent(),
    replies.DirectMessage(),
    replies.AnotherServer(),
    replies.BadRun(),
    replies.BadLimit(most=250),
    replies.BadLabel(longest=100),
    replies.NothingChosen(),
    replies.NotStored(),
    replies.PerhapsStored(),
    replies.NotRead(),
    replies.Unexpected(correlation="abc"),
)


def test_each_sentence_at_the_endpoints_says_what_happened_and_what_to_do() -> None:
    said = {type(reply).__name__: render(reply).text for reply in EVERY_INTAKE_REPLY}

    assert said == snapshot(
        {
            "UnknownCommand": "I don't know this command. Nothing was changed. I know `/plan`, `/approve`, `/status` and `/ship`.",
            "UnknownComponent": "This button is not one of mine any more. Nothing was changed. Use `/status` to see what is going on.",
            "DirectMessage": "I only work in your team's server: here I can't see who may do what. Nothing was changed.",
            "AnotherServer": "I am set up for another Discord server, so nothing was changed. Whoever runs me can move me here (`DISCORD_APPLICATION_ID` and `DISCORD_GUILD_ID`).",
            "BadRun": "That is not the name of a run. Nothing was changed. Pick one from the list that appears as you type, or write its name as the card shows it, such as `r12`.",
            "BadLimit": "`limit` is a number from 1 to 250. Nothing was planned.",
            "BadLabel": "`label` is the name of a GitHub label, 100 characters at most. Nothing was planned.",
            "NothingChosen": "No issue was chosen, so the plan stays as it is.",
            "NotStored": "I could not store that, so nothing was changed. Please try again in a minute.",
            "PerhapsStored": "I don't know whether that was stored: my queue did not answer. Look with `/status` in a minute, and try again only if nothing was changed.",
            "NotRead": "I can't read my own records at the moment. Nothing was changed. Please try again in a minute.",
            "Unexpected": "Something went wrong inside me. Look with `/status` before you try again, and tell whoever runs me this number: `abc`.",
        }
    )


def test_a_suggested_run_says_its_label_its_issues_and_what_it_is_busy_with() -> None:
    merged = a_task(41, state=TaskState.MERGED)
    under_way = {"status": RunStatus.IN_PROGRESS, "stage": Stage.SHIPPING}

    suggestions = [
        endpoint_replies.choice(a_run(1)),
        endpoint_replies.choice(a_run(2, plan=a_plan(a_plan_item(1), a_plan_item(2), label="bugs"))),
        endpoint_replies.choice(a_run(3, tasks=(merged, a_task(42)), **under_way)),
    ]

    assert suggestions == snapshot(
        [
            "r1 · ready · 1 issue · waits for approval",
            "r2 · bugs · 2 issues · waits for approval",
            "r3 · ready · 1 issue · shipping",
        ]
    )
