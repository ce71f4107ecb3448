"""The team at its work: it plans, approves, pushes, removes what is in the way, and ships, until everything is over.

Its members look at what is really there, and do what a person would do next; so they finish any run that can be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from storm.loop import pause
from valine.orchestrator.model.states import Stage, TaskState
from valine_twins.discord import components as parts

if TYPE_CHECKING:
    from storm.world import World
    from valine.orchestrator.model.run import Run, Task
    from valine_twins.github.state import CheckRun, Pull

Goal = Literal["open", "work", "ship"]  # pull requests open; all of them ready; everything shipped
CHECK: dict[str, object] = {"name": "test", "workflow": "ci"}
GREEN: dict[str, object] = {"status": "completed", "conclusion": "success"}
FIRST_REFRESH, LONGEST_BREAK = 8.0, 150.0
READY = {TaskState.READY, TaskState.MERGED, TaskState.DROPPED, TaskState.FAILED}
TIMEOUT = 5  # how often something is tried before the issue is dropped


class People:
    """Ana leads, Ben ships, and the developers push."""

    def __init__(self, world: World, goal: Goal) -> None:
        self._world = world
        self._goal = goal
        self._tried: dict[str, int] = {}
        self.over = False

    async def work(self) -> None:
        """Go on until there is nothing left to do."""
        rest = FIRST_REFRESH
        while not self._at_rest():
            rest = FIRST_REFRESH if await self._next() else min(rest * 1.5, LONGEST_BREAK)
            await pause(rest)
        self.over = True

    def _at_rest(self) -> bool:
        """Whether the part of a day that is played is over, and nothing is left to tidy up."""
        runs = self._world.runs()
        if not runs or self._world.busy():
            return False
        if self._goal == "open":
            return all(run.final or run.stage is Stage.TRACKING for run in runs)
        if self._goal == "work":
            return all(run.tasks and all(task.state in READY for task in run.tasks) for run in runs)
        return all(run.final for run in runs)

    async def _next(self) -> bool:
        """Do the next thing, if there is one to do."""
        world = self._world
        active = [run for run in world.runs() if not run.final]
        if not world.runs():
            return self._plans()
        did = False
        for run in active:
            did = await self._on(run) or did
        return did

    def _plans(self) -> bool:
        """/plan; if that came to nothing before, see to it first that there is something to plan."""
        tried = self._tried["plan"] = self._tried.get("plan", 0) + 1
        for number in range(1, self._world.team.issues + 1) if tried > 1 else ():
            self._github("reopen_issue", number=number, by="ana")
            self._github("add_label", number=number, label="ready", by="ana")
        return self._says("Ana", "plan")

    async def _on(self, run: Run) -> bool:
        match run.stage:
            case Stage.PROPOSED if self._world.checker.channel_gone and not _seen(run):
                # It went with its channel before anybody saw it. The answer to another /plan has a button for that.
                return self._clicks("Ana", f"v1:reject:{run.number}:") or self._says("Ana", "plan")
            case Stage.PROPOSED:
                return self._types_approval(run) or self._clicks("Ana", f"v1:approve:{run.number}:")
            case Stage.TRACKING:
                return await self._bring_home(run)
            case Stage.SHIPPING:
                return self._checks_end(run)
            case _:
                return False

    def _types_approval(self, run: Run) -> bool:
        """The button is not there, or of no use (a restored backup may know another revision): /approve does, too."""
        key = f"approve {run.uid}"
        self._tried[key] = self._tried.get(key, 0) + 1
        if self._tried[key] < TIMEOUT or self._tried[key] % 2:
            return False
        self._world.checker.consent.typed("Ana", "approve")
        return self._says("Ana", "approve", run=run.name)

    async def _bring_home(self, run: Run) -> bool:
        """Remove what is in the way of each task; once nothing is, ship."""
        if self._goal == "open":
            return False
        helped = [self._help(run, task) for task in run.tasks if not task.settled]
        if any(helped):
            return True
        if self._goal == "work":
            return False
        if all(task.state in READY for task in run.tasks) and any(task.state is TaskState.READY for task in run.tasks):
            self._says("Ben", "ship", run=run.name)
            await pause(5)
            return self._clicks("Ben", f"v1:confirm:{run.number}:")
        return False

    def _checks_end(self, run: Run) -> bool:
        """While a round of shipping goes on, checks come to their end: on heads that Valine brought up to date, too."""
        pulls = [pull for task in run.tasks if not task.settled and (pull := self._world.pull(task.pull_request))]
        new = [pull.number for pull in pulls if pull.open and not self._checks(pull)]
        for number in new:
            self._github("set_check", **CHECK, **GREEN, number=number)
        return bool(new)

    # Developers -----------------------------------------------------------------------------------------------------

    def _help(self, run: Run, task: Task) -> bool:
        """Do one thing for a task; False if there is nothing that a developer could do."""
        world = self._world
        pull = world.pull(task.pull_request)
        merged = pull is not None and pull.merged_at is not None
        issue = world.code.issues.get(task.issue)
        blocker = self._dropped_blocker(run, task)
        if blocker is not None:  # somebody does it elsewhere
            return self._github("close_issue", number=blocker, by="ana")
        if issue is not None and not issue.open and not merged:
            return self._github("reopen_issue", number=task.issue, by="ana")
        if pull is None or merged:
            return task.state is TaskState.HELD and self._insist(run, task)
        return self._improve(run, task, pull) if pull.open else self._reopen(run, task, pull)

    def _dropped_blocker(self, run: Run, task: Task) -> int | None:
        waiting = task.note.by if task.note and task.state is TaskState.READY else ()
        found = (other for number in waiting if (other := run.task(number)) is not None)
        taken_up = {
            one.issue for other in self._world.runs() if not other.final for one in other.tasks if not one.settled
        }
        return next((o.issue for o in found if o.state is TaskState.DROPPED and o.issue not in taken_up), None)

    def _reopen(self, run: Run, task: Task, pull: Pull) -> bool:
        if f"refs/heads/{pull.head}" not in self._world.code.refs:
            self._github("restore_branch", number=pull.number, by="ana")
        return self._github("reopen_pull_request", number=pull.number, by="ana") or self._insist(run, task)

    def _improve(self, run: Run, task: Task, pull: Pull) -> bool:
        """Do the first thing that an open pull request lacks."""
        number, base = pull.number, run.plan.base.branch
        if pull.base == base and not self._has_work(pull):
            return self._push(task, pull)
        clashes = self._clashes(pull)
        lacking: list[tuple[object, str, dict[str, object]]] = [
            (pull.base != base, "retarget", {"number": number, "base": base, "by": "ana"}),
            (pull.draft, "ready_for_review", {"number": number, "by": "ana"}),
            (clashes, "resolve", {"branch": pull.head, "other": pull.base, "by": "ana"}),
            (self._review_missing(pull), "review", {"number": number, "by": "dora", "verdict": "approve"}),
            (not self._check_passed(pull), "set_check", {**CHECK, **GREEN, "number": number}),
        ]
        for lacks, action, arguments in lacking:
            if lacks:
                if action == "resolve":
                    arguments["files"] = dict.fromkeys(clashes, f"both, for #{task.issue}\n")
                return self._github(action, **arguments)
        unmoved = task.state is TaskState.HELD and task.pull is not None and task.pull.head == pull.head_sha
        return unmoved and self._insist(run, task)

    def _push(self, task: Task, pull: Pull) -> bool:
        """Work, and more of it each time: a run that a restored backup does not know may have merged the same."""
        key = f"push {task.issue}"
        self._tried[key] = self._tried.get(key, 0) + 1
        path = "shared.md" if self._world.team.clashing else f"work/{task.issue}.md"
        files = {path: f"Work on #{task.issue}.\n" * self._tried[key]}
        return self._github("push", branch=pull.head, files=files, message="Work", by="ana")

    def _insist(self, run: Run, task: Task) -> bool:
        """Retry, as a comment, and if that does not help drop the issue."""
        note = task.note.why if task.note else ""
        key = f"{run.number} {task.issue} {note}"
        self._tried[key] = self._tried.get(key, 0) + 1
        word = "retry" if self._tried[key] < TIMEOUT else "drop"
        return self._github("comment", number=task.issue, body=f"/valine {word}", by="ana")

    def _has_work(self, pull: Pull) -> bool:
        world = self._world
        objects, name = world.github._objects, world.repository
        tip = world.code.refs.get(f"refs/heads/{pull.base}", pull.base_sha)
        root = objects.merge_base(name, tip, pull.head_sha)
        trees = [objects.commit(name, sha).tree for sha in (root or tip, pull.head_sha)]
        return trees[0] != trees[1]

    def _clashes(self, pull: Pull) -> tuple[str, ...]:
        world = self._world
        tip = world.code.refs[f"refs/heads/{pull.base}"]
        return world.github._objects.merge(world.repository, pull.head_sha, tip).conflicts

    def _review_missing(self, pull: Pull) -> bool:
        latest = [review.state for review in pull.reviews if review.author == "dora" and review.state != "COMMENTED"]
        needed = any(rules.required_reviews for rules in self._world.code.rules)
        return latest[-1:] == ["CHANGES_REQUESTED"] or (needed and latest[-1:] != ["APPROVED"])

    def _check_passed(self, pull: Pull) -> bool:
        ours = self._checks(pull)
        return bool(ours) and ours[-1].conclusion == "success"

    def _checks(self, pull: Pull) -> list[CheckRun]:
        """Those of its head."""
        every = self._world.code.checks.values()
        return [run for run in every if run.sha == pull.head_sha and run.name == CHECK["name"]]

    # Words and clicks -----------------------------------------------------------------------------------------------

    def _says(self, by: str, name: str, **options: str) -> bool:
        return self._world.on_discord("command", by=by, name=name, options=options) is not None

    def _clicks(self, by: str, prefix: str) -> bool:
        """Click the newest button that does this, if they see one."""
        found = newest_button(self._world, prefix, by)
        if found is None:
            return False
        message, custom_id = found
        self._world.checker.consent.clicked(by, custom_id)
        return self._world.on_discord("click", by=by, custom_id=custom_id, message=message) is not None

    def _github(self, action: str, **arguments: object) -> bool:
        return self._world.on_github(action, **arguments) is not None


def _seen(run: Run) -> bool:
    card = run.messages.get("card")
    return card is not None and card.facts != ""


def newest_button(world: World, prefix: str, by: str) -> tuple[str, str] | None:
    """The newest message with such a button in sight of that person, and the button's id."""
    known = world.discord._world
    user = next((found.id for found in known.users.values() if found.name == by), None)
    own = [message for message in known.ephemerals.values() if message.seen_by == user]
    shown = [message for channel in known.channels.values() for message in channel.messages.values()]
    for message in sorted([*own, *shown], key=lambda one: int(one.id), reverse=True):
        for component in parts.walk(message.components):
            custom_id = component.get("custom_id", "")
            if custom_id.startswith(prefix) and not component.get("disabled"):
                return message.id, custom_id
    return None
