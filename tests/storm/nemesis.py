"""What people do that nobody planned: at any moment, on GitHub and on Discord, some of them without permission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storm.people import newest_button
from storm.profiles import Weights

if TYPE_CHECKING:
    from collections.abc import Callable

    from storm.choices import Bits
    from storm.world import World
    from valine.orchestrator.model.run import Task

FORGERIES: Weights = {"wrong_signature": 1, "changed_body": 1, "missing_signature": 1, "not_hex": 1}
LATEST = 900  # seconds after the start


def draw(bits: Bits, acts: Weights) -> str:
    """When (mostly in the first two minutes, where most happens), what, and to which of several."""
    latest = bits.among((30, 60, 60, 120, LATEST))
    return f"{bits.below(latest * 10) / 10} {bits.below(60)} {bits.weighed(acts)}"


def plan(world: World) -> None:
    """Have each surprise happen at its time."""
    for number in range(1, world.profile.nemesis + 1):
        nemesis_act = world.choices.unusual(f"surprise {number}", 0.6, lambda bits: draw(bits, world.profile.acts))
        if nemesis_act is not None:
            moment, which, act = nemesis_act.split(" ", 2)
            world.loop.after(float(moment), happen, world, act, int(which))
    forgery = world.choices.unusual("forgery", 0.1, lambda bits: draw(bits, FORGERIES))
    if forgery is not None:
        moment, which, how = forgery.split(" ", 2)
        world.loop.after(float(moment), _forge, world, how, int(which))


def happen(world: World, act: str, which: int) -> None:
    """It happens, unless everything is calm by now."""
    if world.choices.calm:
        return
    world.faults[f"surprise: {act}"] += 1
    _HOW[act](world, which)


def _forge(world: World, how: str, which: int) -> None:
    """Somebody sends an interaction that Discord has not signed: a copy of a true one."""
    alive = [process for process in world.processes if process.alive]
    sent = [one.id for one in world.discord._world.sent.values() if one.kind == "interaction"]
    if world.choices.calm or not alive or not sent:
        return
    world.faults["forged interaction"] += 1
    made = world.discord.act("forge", {"how": how, "delivery": sent[which % len(sent)]}, world.loop.now())
    for delivery in made.deliveries:
        alive[0].hear("discord", delivery)


def _task(world: World, which: int) -> Task | None:
    tasks = [task for run in world.runs() for task in run.tasks]
    return tasks[which % len(tasks)] if tasks else None


def _on_pull(action: str, **arguments: object) -> Callable[[World, int], None]:
    """Something that somebody does to one of the pull requests."""

    def do(world: World, which: int) -> None:
        task = _task(world, which)
        if task is not None and task.pull_request is not None:
            world.on_github(action, number=task.pull_request, **arguments)

    return do


def _reopens(world: World, which: int) -> None:
    task = _task(world, which)
    if task is not None and task.pull_request is not None:
        world.checker.reopened[task.pull_request] = world.loop.now()
    _on_pull("reopen_pull_request", by="ben")(world, which)


def _on_issue(action: str, **arguments: object) -> Callable[[World, int], None]:
    def do(world: World, which: int) -> None:
        world.on_github(action, number=which % world.team.issues + 1, **arguments)

    return do


def _pushes(world: World, which: int, *, force: bool = False) -> None:
    task = _task(world, which)
    pull = world.pull(task.pull_request) if task else None
    if pull is not None and f"refs/heads/{pull.head}" in world.code.refs:
        beginning = {"force": True, "from": pull.base} if force else {}
        world.on_github("push", branch=pull.head, files={f"more{which}.md": "More.\n"}, by="ben", **beginning)


def _deletes_branch(world: World, which: int) -> None:
    task = _task(world, which)
    if task is not None:
        world.on_github("delete_branch", branch=task.branch, by="ben")


def _comments(word: str, by: str = "ben") -> Callable[[World, int], None]:
    def do(world: World, which: int) -> None:
        task = _task(world, which)
        number = which % world.team.issues + 1
        if which % 2 and task is not None and task.pull_request is not None:
            number = task.pull_request
        world.on_github("comment", number=number, body=f"/valine {word}", by=by)

    return do


def _clicks(action: str, by: str = "Ben") -> Callable[[World, int], None]:
    def do(world: World, which: int) -> None:
        del which
        found = newest_button(world, f"v1:{action}:", by)
        if found is not None:
            world.checker.consent.clicked(by, found[1])
            world.on_discord("click", by=by, custom_id=found[1], message=found[0])

    return do


def _cancels(action: str) -> Callable[[World, int], None]:
    """The Cancel button, and a few seconds later one of the two that it answers with."""

    def do(world: World, which: int) -> None:
        _clicks("cancel")(world, which)
        world.loop.after(4.0, _clicks(action), world, which)

    return do


def _says(name: str, by: str) -> Callable[[World, int], None]:
    def do(world: World, which: int) -> None:
        del which
        world.checker.consent.typed(by, name)
        world.on_discord("command", by=by, name=name, options={})

    return do


def _drops_on_card(world: World, which: int) -> None:
    world.on_discord("select", by="Ben", values=[str(which % world.team.issues + 1)])


def _clicks_again(world: World, which: int) -> None:
    """What was delivered to Valine before is delivered once more."""
    sent = [one.id for one in world.discord._world.sent.values() if one.kind == "interaction"]
    if sent:
        world.on_discord("redeliver", delivery=sent[which % len(sent)])


def _deletes(name: str) -> Callable[[World, int], None]:
    """Somebody deletes one of Valine's messages."""

    def do(world: World, which: int) -> None:
        posted = [p.message for run in world.runs() for key, p in run.messages.items() if key.startswith(name)]
        there = [message for message in posted if message and world.discord._world.message(message)]
        if there:
            world.checker.deleted.add(there[which % len(there)])
            world.on_discord("delete_message", message=there[which % len(there)])

    return do


def _thread(action: str, argument: str) -> Callable[[World, int], None]:
    def do(world: World, which: int) -> None:
        threads = [run.thread for run in world.runs() if run.thread]
        if threads:
            world.checker.threads_gone |= action == "delete_channel"
            world.on_discord(action, **{argument: threads[which % len(threads)]})

    return do


def _deletes_channel(world: World, which: int) -> None:
    """The team's channel goes, with everything in it; it goes on in another one."""
    del which
    if not world.checker.channel_gone and world.on_discord("create_channel", name="other"):
        world.checker.threads_gone = world.checker.channel_gone = True
        world.on_discord("delete_channel", channel="shipping")


def _moves_base(world: World, which: int) -> None:
    """The base moves, under everybody's feet."""
    world.on_github("push", branch="main", files={f"base{which}.md": "Base.\n"}, by="ben")


_HOW: dict[str, Callable[[World, int], None]] = {
    "push": _pushes,
    "force-push": lambda world, which: _pushes(world, which, force=True),
    "close": _on_pull("close_pull_request", by="ben"),
    "reopen": _reopens,
    "merge by hand": _on_pull("merge", by="ben", method="squash"),
    "retarget": _on_pull("retarget", base="other", by="ben"),
    "delete branch": _deletes_branch,
    "close issue": _on_issue("close_issue", by="ben"),
    "edit issue": _on_issue("edit_issue", body="Something else.", by="ben"),
    "unlabel": _on_issue("remove_label", label="ready", by="ben"),
    "request changes": _on_pull("review", by="dora", verdict="request_changes"),
    "fail check": _on_pull("set_check", name="test", workflow="ci", status="completed", conclusion="failure"),
    "re-run check": _on_pull("rerun_check", name="test", vanish=True, by="ben"),
    "draft again": _on_pull("convert_to_draft", by="ben"),
    "base moves": _moves_base,
    "comment retry": _comments("retry"),
    "comment drop": _comments("drop"),
    "comment cancel": _comments("cancel"),
    "comment cancel close": _comments("cancel close"),
    "stranger comments": _comments("cancel", by="eve"),
    "approve twice": _clicks("approve"),
    "approve without permission": _clicks("approve", by="Chen"),
    "reject": _clicks("reject"),
    "drop on card": _drops_on_card,
    "ship": _says("ship", "Ben"),
    "ship without permission": _says("ship", "Chen"),
    "confirm": _clicks("confirm"),
    "cancel and keep": _cancels("cancel-keep"),
    "cancel and close": _cancels("cancel-close"),
    "retry": _clicks("retry"),
    "plan again": _says("plan", "Chen"),
    "click again": _clicks_again,
    "delete card": _deletes("card"),
    "delete board": _deletes("board"),
    "delete line": _deletes("milestone"),
    "archive thread": _thread("archive_thread", "thread"),
    "delete thread": _thread("delete_channel", "channel"),
    "delete channel": _deletes_channel,
}
