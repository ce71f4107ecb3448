"""One day of a team, scene by scene: it reads like the chat it makes, and adapts to whatever issues it is given."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from valine.orchestrator.model.states import Stage, TaskState
from valine_play.demo.show import controls, everything
from valine_play.demo.team import CHECK, WORKFLOW

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from valine.orchestrator.model.run import Run, Task
    from valine_play.demo.show import Show
    from valine_play.demo.world import World

FEWEST_TO_DROP = 4  # of a plan with fewer issues none is dropped
FEWEST_TO_CONFLICT = 3
TIMEOUT = timedelta(hours=3)  # of the day's own clock; GitHub's limits end within one
RETRY_AMBIGUOUS = timedelta(minutes=10)
SHARED = "valine-demo/notes.md"


class DayError(RuntimeError):
    """The day did not go as it must; the text says where."""


class Day:
    """Ana and Ben lead, Chen watches; the developers are whoever is assigned."""

    def __init__(self, world: World, show: Show, *, repository: str, label: str) -> None:
        self._world = world
        self._show = show
        self._repository = repository
        self._label = label
        self._pushed: dict[int, int] = {}

    async def play(self) -> Run:
        """The whole day; the run as it ended. Raises DayError where it did not go as it must."""
        await self._plan()
        await self._edit()
        await self._approve()
        await self._work()
        held = await self._mishaps()
        await self._ship("Shipping", expect_held=held)
        if held is not None:
            await self._solve(held)
            await self._ship("Shipping what was held", expect_held=None)
        return await self._end()

    # Scenes -----------------------------------------------------------------------------------------------------

    async def _plan(self) -> None:
        self._show.scene("The plan")
        await self._says("Ana", f"/plan label:{self._label}", "plan", label=self._label)
        run = await self._run()
        _must(run.stage is Stage.PROPOSED, "a plan is proposed")

    async def _edit(self) -> None:
        run = await self._run()
        if len(run.plan.items) < FEWEST_TO_DROP:
            return
        self._show.scene("An edit")
        needed = {issue for item in run.plan.items for issue in item.depends_on}
        spare = [item.issue for item in run.plan.items if item.issue not in needed][-1]
        self._tell("Ana", f"takes #{spare} out of the plan")
        self._world.on_discord("select", by="Ana", values=[str(spare)], message=self._page_with(spare))
        await self._settled(boards=True)
        run = await self._until(lambda run: run.stage is not Stage.SHIPPING, "the round of shipping ends")
        left = {item.issue for item in run.plan.items}
        _must((run.plan.revision, spare in left) == (2, False), f"revision 2 is without #{spare}")

    async def _approve(self) -> None:
        self._show.scene("The approval")
        self._tell("Chen", "clicks [Approve]")
        self._world.on_discord("click", by="Chen", label="Approve")
        await self._settled()
        _must((await self._run()).stage is Stage.PROPOSED, "nobody without permission approves")
        self._tell("Ana", "clicks [Approve]")
        self._world.on_discord("click", by="Ana", label="Approve")
        self._tell("Ben", "/approve r1, a moment later")
        self._world.on_discord("command", by="Ben", name="approve", options={"run": "r1"})
        await self._settled(boards=True)
        run = await self._until(lambda run: run.stage is not Stage.EXECUTING, "every pull request is opened")
        _must(run.stage is Stage.TRACKING and len(run.approvals) == 1, "one approval started the run")
        _must(all(task.pull_request for task in run.tasks), "every issue has its pull request")
        self._progress(run)

    async def _work(self) -> None:
        self._show.scene("The work")
        run = await self._run()
        for task in run.tasks:
            self._push(task, {f"valine-demo/issue-{task.issue}.md": f"# {task.title}\n"}, f"Work on #{task.issue}")
            self._github(
                _author(task),
                f"marks #{task.pull_request} ready for review",
                "ready_for_review",
                number=task.pull_request,
                by=_author(task),
            )
        await self._settled()
        first = run.tasks[0]
        reviewer = next(login for login in ("ben", "ana") if login != _author(first))
        self._github(reviewer, f"approves #{first.pull_request}", "review", number=first.pull_request, by=reviewer)
        await self._settled(boards=True)

    async def _mishaps(self) -> int | None:
        """Checks: one fails and is fixed, the rest are green; two pull requests touch the same file."""
        self._show.scene("Checks, a failure, and a conflict in the making")
        run = await self._run()
        tasks = list(run.tasks)
        failing = tasks[1] if len(tasks) > 1 else None
        clash = _independent_pair(tasks) if len(tasks) >= FEWEST_TO_CONFLICT else None
        for task in clash or ():
            self._push(task, {SHARED: f"Written for #{task.issue}.\n"}, f"Notes for #{task.issue}")
        for task in tasks:
            self._check(task, "failure" if task is failing else "success")
        await self._settled(boards=True)
        if failing is not None:
            await self._until(_held(failing.issue), "a red check holds its task")
            self._push(failing, {f"valine-demo/fix-{failing.issue}.md": "Fixed.\n"}, f"Fix #{failing.issue}")
            self._check(failing, "success")
            await self._settled(boards=True)
            await self._until(lambda run: not _held(failing.issue)(run), "a green one lets it go on")
        self._progress(await self._run())
        return clash[1].issue if clash else None

    async def _ship(self, title: str, *, expect_held: int | None) -> None:
        self._show.scene(title)
        await self._says("Ana", "/ship", "ship")
        self._tell("Ana", f"clicks [{self._click_confirm('Ana')}]")
        await self._settled(boards=True)
        run = await self._until(lambda run: run.stage is not Stage.SHIPPING, "the round of shipping ends")
        left = {task.issue for task in run.tasks if not task.settled}
        wanted = {expect_held} | _dependants(run, expect_held) if expect_held is not None else set()
        _must(left == wanted, f"all ships but what is held: {sorted(wanted)} wanted, {sorted(left)} left")
        self._progress(run)

    async def _solve(self, issue: int) -> None:
        self._show.scene("The held one is fixed")
        run = await self._run()
        task = run.task(issue)
        if task is None:
            return
        who = _author(task)
        self._github(
            who,
            f"merges {run.plan.base.branch} into {task.branch} and settles the conflict",
            "resolve",
            branch=task.branch,
            other=run.plan.base.branch,
            files={SHARED: "Notes of both.\n"},
            by=who,
        )
        self._check(task, "success")
        await self._settled(boards=True)

    async def _end(self) -> Run:
        await self._pass(timedelta(minutes=1))
        self._show.news(self._world.discord.view(), boards=True)
        return await self._until(lambda run: run.final, "the run ends")

    # What the scenes are made of ----------------------------------------------------------------------------------

    async def _run(self) -> Run:
        run = await self._world.system.store.run(self._repository, 1)
        if run is None:
            raise DayError("no run came of /plan: the conversation above tells why")
        return run

    async def _says(self, who: str, text: str, command: str, **options: Any) -> None:
        self._tell(who, text)
        self._world.on_discord("command", by=who, name=command, options=options)
        await self._settled()

    async def _until(self, done: Callable[[Run], bool], what: str) -> Run:
        """Let time pass until `done`; the run as it then is. Raises DayError if no task moves for TIMEOUT."""
        run = await self._run()
        moved_at = self._world.clock.now()
        while not done(run):
            before, now = run.tasks, self._world.clock.now()
            _must(now - moved_at < TIMEOUT, f"{what}; at {now:%H:%M} no task had moved for {TIMEOUT}")
            until = run.quiet(now)
            if until is not None:
                self._show.waits(now, "GitHub's limit on writes", until)
            await self._pass((until or now + RETRY_AMBIGUOUS) - now)
            self._show.news(self._world.discord.view(), boards=True)
            run = await self._run()
            self._progress(run)
            if run.tasks != before:
                moved_at = self._world.clock.now()
        return run

    async def _pass(self, time: timedelta) -> None:
        try:
            await self._world.pass_time(time)
        except TimeoutError as error:
            raise DayError(str(error)) from error

    async def _settled(self, *, boards: bool = False) -> None:
        await self._pass(timedelta())
        self._show.news(self._world.discord.view(), boards=boards)
        problems = self._world.discord.view()["problems"]
        _must(not problems, f"Discord has no complaint: {problems}")

    def _tell(self, who: str, what: str, where: str = "Discord") -> None:
        self._show.does(self._world.clock.now(), who, what, where)

    def _github(self, who: str, text: str, action: str, **arguments: Any) -> None:
        self._tell(who, text, "GitHub")
        self._world.on_github(action, **arguments)

    def _push(self, task: Task, files: dict[str, str], message: str) -> None:
        who = _author(task)
        self._github(who, f"pushes to {task.branch}", "push", branch=task.branch, files=files, message=message, by=who)

    def _check(self, task: Task, conclusion: str) -> None:
        self._github(
            "ci",
            f"{WORKFLOW}/{CHECK} on #{task.pull_request}: {conclusion}",
            "set_check",
            name=CHECK,
            number=task.pull_request,
            status="completed",
            conclusion=conclusion,
            workflow=WORKFLOW,
        )

    def _page_with(self, issue: int) -> str:
        """The id of the message whose select has that issue: a long plan has several pages."""
        return next(
            str(message["id"])
            for _, message in everything(self._world.discord.view())
            for menu in controls(message["components"])
            if any(option["value"] == str(issue) for option in menu.get("options", []))
        )

    def _click_confirm(self, who: str) -> str:
        """Click the newest confirming button that they see; its label."""
        label: str = next(
            button["label"]
            for message in reversed(self._world.discord.view()["ephemeral"].get(who, []))
            for button in controls(message["components"])
            if ":confirm:" in button.get("custom_id", "")
        )
        self._world.on_discord("click", by=who, label=label)
        return label

    def _progress(self, run: Run) -> None:
        self._show.progress([str(task.state) for task in run.tasks])


def _author(task: Task) -> str:
    return task.assignees[0] if task.assignees else "ana"


def _independent_pair(tasks: Sequence[Task]) -> tuple[Task, Task] | None:
    """Two tasks of which neither waits for the other, the later one with nothing waiting for it."""
    needed = {issue for task in tasks for issue in task.depends_on}
    for late in reversed(tasks):
        if late.issue in needed:
            continue
        for early in tasks:
            if early is not late and early.issue not in late.depends_on:
                return early, late
    return None


def _held(issue: int) -> Callable[[Run], bool]:
    """Whether the task of that issue is held."""
    return lambda run: (task := run.task(issue)) is not None and task.state is TaskState.HELD


def _dependants(run: Run, issue: int) -> set[int]:
    return {task.issue for task in run.tasks if issue in task.depends_on}


def _must(condition: bool, what: str) -> None:  # noqa: FBT001 - it is what must be so
    if not condition:
        raise DayError(f"this should be so and is not: {what}")
