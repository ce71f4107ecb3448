"""What must hold at the end: the platforms show what the store says, and the history explains it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from storm.on_show import texts
from storm.outages import LONGEST
from storm.release import rendered
from storm.stage import DEVELOPERS
from valine.engine.worker import UNACKNOWLEDGED
from valine.orchestrator.facts.display import document_of, documents
from valine.orchestrator.facts.of_run import facts_of
from valine.orchestrator.model.events import WorldObserved
from valine.orchestrator.model.states import RunStatus, Step, TaskState
from valine.orchestrator.naming import page_name
from valine.orchestrator.replay import replay

if TYPE_CHECKING:
    from storm.world import World
    from valine.orchestrator.model.run import Run, Task
    from valine.view.components import Message


def check(world: World) -> None:
    """Say what does not hold."""
    world.checker.doubled()
    for run in world.runs():
        _history(world, run)
        _messages(world, run)
        for task in run.tasks:
            _task(world, run, task)
    for envelope, trouble in world.queue.dead.items():
        if not trouble.startswith(UNACKNOWLEDGED):  # the storm stops processes at random; the sender is answered then
            world.checker.say("nothing lost", f"{envelope} was set aside: {trouble}")
    for problem in world.discord._world.problems:
        if "forged" in problem or "ping" in problem:
            world.checker.say("endpoints", problem)
    _commands(world)


def state(world: World, when: str) -> str:
    """Where everything stands, in a line."""
    runs = [
        f"{run.name} {run.stage} {[(int(t.issue), str(t.state), t.note and str(t.note.why)) for t in run.tasks]} "
        f"pending {[(key, entry.attempts, entry.trouble[:60]) for key, entry in run.pending.items()]}"
        for run in world.runs()
    ]
    return f"{when}: {'; '.join(runs)}; queue {list(world.queue.entries)}"


def _history(world: World, run: Run) -> None:
    steps = [kept.read() for kept in world.store.steps[world.repository, run.number]]
    try:
        told = list(replay(steps))
    except ValueError as error:
        world.checker.say("history", f"of {run.name}: {error}")
        return
    if told[-1].run != run:
        fields = [name for name in run.__struct_fields__ if getattr(run, name) != getattr(told[-1].run, name)]
        world.checker.say("history", f"of {run.name} gives another run: {fields}")


def _messages(world: World, run: Run) -> None:
    """Card and board show the run as it is, and every line is in the thread."""
    known = world.discord._world
    expected = {document: _rendered(world, run, document) for document in documents(run)}
    for name, message in ((page_name(d, n), one) for d, found in expected.items() for n, one in enumerate(found, 1)):
        posted, document = run.messages.get(name), document_of(name)[0]
        if world.checker.channel_gone and f"message:{document}" in run.pending:
            continue  # tried for a day, and nobody waits for that here
        if posted is None or not posted.message:
            if world.checker.channel_gone:
                continue
            world.checker.say("nothing lost", f"{name} of {run.name} was never posted")
            continue
        there = known.message(posted.message)
        if there is None and not world.checker.taken_away(posted.message):
            world.checker.say("nothing lost", f"{name} of {run.name} is not there")
        line = name.startswith("milestone.")  # a line in the thread tells of its moment
        if there is not None and not line and not world.checker.may_be_stale(run, posted.message):
            shown, due = [there.content, *texts(there.components)], message.body
            if shown != [due.get("content", ""), *texts(due.get("components", []))]:
                world.checker.say("the board is true", f"{name} of {run.name} shows something else: {shown}"[:400])
    for name, posted in run.messages.items():
        document, page = document_of(name)
        settled = f"message:{document}" not in run.pending
        if document in expected and page > len(expected[document]) and posted.message and settled:
            world.checker.say("the board is true", f"{name} of {run.name} is still there, and needed no more")


def _rendered(world: World, run: Run, document: str) -> tuple[Message, ...]:
    """The document as whoever wrote its first page renders it: all its pages are of one rendering."""
    facts, first = facts_of(run, document), run.messages.get(document)
    assert facts is not None
    written = first.render if first is not None and first.message else world.processes[0].rendering.version
    return rendered(world, facts, written)


def _task(world: World, run: Run, task: Task) -> None:
    pull = world.pull(task.pull_request)
    merged = pull is not None and pull.merged_at is not None and pull.base == run.plan.base.branch
    said = f"#{task.issue} of {run.name}"
    if task.state is TaskState.MERGED and not merged:
        world.checker.say("the board is true", f"{said} is told as merged, and is not")
    told = task.state in {TaskState.MERGED, TaskState.DROPPED} or run.status is RunStatus.PENDING
    if merged and not told and not _merged_after(world, run, task):
        world.checker.say("the board is true", f"{said} is merged, and told as {task.state}")
    if run.close_pull_requests and not task.adopted and _open_ours(world, run, task):
        world.checker.say("nothing lost", f"the pull request of {said} is open, and was to be closed")
    _steps(world, run, task, said)


def _merged_after(world: World, run: Run, task: Task) -> bool:
    """Whether somebody else merged it when the run was over, or after the last refresh before a cancel: none came
    since.

    Somebody else is a person, or a later run that took the pull request up.
    """
    pull = world.pull(task.pull_request)
    if run.ended_at is None or pull is None or pull.merged_at is None:
        return False
    later = any(task.pull_request == one.pull_request for o in world.runs() if o.number > run.number for one in o.tasks)
    if pull.merged_by == "valine-bot" and not later:
        return False
    steps = (kept.read().event for kept in world.store.steps[world.repository, run.number])
    looks = [event.world.began_at for event in steps if isinstance(event, WorldObserved)]
    # What our clocks say of a moment may be as wrong as they are.
    wrong = timedelta(seconds=LONGEST * world.faults["spell: clock jump"])
    if run.status is RunStatus.CANCELLED:
        return not looks or pull.merged_at >= looks[-1] - wrong
    return pull.merged_at >= run.ended_at - wrong


def _open_ours(world: World, run: Run, task: Task) -> bool:
    """Whether one of the task's pull requests is open, and nobody opened it again after the run was over."""
    pulls = [pull for number in world.code.issues if (pull := world.pull(number)) is not None]
    ours = [
        pull
        for pull in pulls
        if pull.head == task.branch and pull.author == "valine-bot" and run.uid in (pull.body or "")
    ]
    left = [pull for pull in ours if pull.open and not _opened_again(world, run, pull.number)]
    return bool(left) and not task.settled


def _opened_again(world: World, run: Run, number: int) -> bool:
    at = world.checker.reopened.get(number)
    return at is not None and run.ended_at is not None and at >= run.ended_at


def _steps(world: World, run: Run, task: Task, said: str) -> None:
    """What is noted as done was done."""
    issue = world.code.issues[task.issue]
    shipped = task.state is TaskState.MERGED and not task.merged_by_hand
    if shipped and issue.open and Step.ISSUE_CLOSED in task.done:
        world.checker.say("nothing lost", f"{said} is shipped, and its issue is open")
    comments = [one.body for one in world.code.comments.values() if one.number == task.issue]
    if Step.COMMENT in task.done and not _skipped(run, task, "comment") and not any(run.uid in c for c in comments):
        world.checker.say("nothing lost", f"{said} has no opening comment")
    off = Step.UNLABEL in task.done and not _skipped(run, task, "unlabel") and not _labelled_again(world, run, task)
    if off and run.plan.policy.tasks.label in issue.labels:
        world.checker.say("nothing lost", f"{said} still has the label")


def _labelled_again(world: World, run: Run, task: Task) -> bool:
    return any(other.number > run.number and other.task(task.issue) is not None for other in world.runs())


def _skipped(run: Run, task: Task, kind: str) -> bool:
    return any(milestone.key == f"skipped.{kind}.{task.issue}" for milestone in run.milestones)


def _commands(world: World) -> None:
    """Every command that was taken in was dealt with."""
    if world.checker.restored:
        return
    for interaction in world.discord._world.interactions.values():
        key = f"discord:{interaction.id}"
        if world.queue.dead.get(key, "").startswith(UNACKNOWLEDGED):
            continue  # whoever sent it is answered, see `check`
        if interaction.answered_with in {5, 6} and key not in world.store.commands:
            world.checker.say("nothing lost", f"{interaction.name} was taken in, and never dealt with")
    for comment in world.code.comments.values():
        heard = world.store.commands.get(f"github:comment:{comment.id}")
        if heard is not None and comment.author in DEVELOPERS and heard.read().reply is None:
            world.checker.say("nothing lost", f"{comment.author}'s {comment.body} was taken for an outsider's")
