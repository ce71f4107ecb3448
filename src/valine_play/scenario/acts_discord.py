"""What people do on Discord."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from valine_play.demo.show import controls
from valine_play.scenario.phrase import Steps
from valine_play.scenario.stage import Unmet

if TYPE_CHECKING:
    from valine_play.scenario.stage import Stage

CHANNEL = "shipping"


plays = Steps()


@plays
def command(stage: Stage, *, person: str, command: tuple[str, dict[str, Any]]) -> None:
    stage.world.on_discord("command", by=person, name=command[0], options=command[1])


@plays
def command_in_thread(stage: Stage, *, person: str, command: tuple[str, dict[str, Any]]) -> None:
    thread = _thread(stage)
    stage.world.on_discord("command", by=person, name=command[0], options=command[1], channel=thread)


def _thread(stage: Stage) -> str:
    threads = stage.threads()
    if not threads:
        raise Unmet("there is no thread")
    return str(threads[-1]["id"])


@plays
async def types(stage: Stage, *, person: str, command: str, text: str) -> None:
    """What is typed is completed in the option that completes."""
    option = "label" if command == "plan" else "run"
    stage.world.on_discord("autocomplete", by=person, name=command, option=option, text=text)
    await stage.world.settle()
    stage.choices = list(stage.world.discord.view()["interactions"][-1]["choices"])
    stage.typed = (command, option)


@plays
def accepts(stage: Stage, *, person: str) -> None:
    if not stage.choices:
        raise Unmet("nothing was suggested, so there is nothing to send")
    name, option = stage.typed
    stage.world.on_discord("command", by=person, name=name, options={option: stage.choices[0]["value"]})


@plays
def click(stage: Stage, *, person: str, label: str) -> None:
    stage.world.on_discord("click", by=person, label=label)


@plays
def take_out(stage: Stage, *, person: str, issues: tuple[int, ...]) -> None:
    stage.world.on_discord("select", by=person, values=[str(issue) for issue in issues])


@plays
def confirm(stage: Stage, *, person: str) -> None:
    for message in reversed(stage.replies(person)):
        for button in controls(message["components"]):
            if ":confirm:" in button.get("custom_id", ""):
                stage.world.on_discord("click", by=person, label=button["label"])
                return
    raise Unmet(f"{person} has nothing to confirm; the newest reply is “{stage.reply(person)}”")


@plays
async def starts(stage: Stage, *, person: str, label: str = "ready") -> None:
    stage.world.on_discord("command", by=person, name="plan", options={"label": label})
    await stage.world.settle()
    stage.world.on_discord("click", by=person, label="Approve")


@plays
async def ships(stage: Stage, *, person: str, run: int | None = None) -> None:
    stage.world.on_discord("command", by=person, name="ship", options={"run": f"r{run}"} if run else {})
    await stage.world.settle()
    confirm(stage, person=person)


@plays
def rank(stage: Stage, *, person: str, rank: str) -> None:
    stage.world.on_discord("set_roles", member=person, roles=["lead"] if rank == "lead" else [])


@plays
def delete_message(stage: Stage, *, message: str) -> None:
    stage.world.on_discord("delete_message", message=stage.newest(message)["id"])


@plays
def archive_thread(stage: Stage) -> None:
    stage.world.on_discord("archive_thread", thread=_thread(stage))


@plays
def delete_thread(stage: Stage) -> None:
    stage.world.on_discord("delete_channel", channel=_thread(stage))


@plays
def forbid(stage: Stage, *, permission: str) -> None:
    stage.world.on_discord("set_permissions", role="valine", channel=CHANNEL, deny=[permission])


@plays
def permit(stage: Stage) -> None:
    stage.world.on_discord("set_permissions", role="valine", channel=CHANNEL)
