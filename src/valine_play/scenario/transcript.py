"""A scenario as it happens, on a terminal or in a file: who does what, what Discord and GitHub show, and what is so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.padding import Padding
from rich.text import Text

from valine_play.demo.show import INDENT, Show
from valine_play.scenario.player import Listener

if TYPE_CHECKING:
    from rich.console import Console

    from valine_play.scenario.parse import Scenario, Step
    from valine_play.scenario.stage import Failure, Stage

ROBOT = "valine-bot"
NAMELESS = {"check": "ci", "everything": "all", "the": "owner"}  # by the first word of what they do


class Transcript(Listener):
    """Tells a scenario to a console, in the voice of the demo."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._show = Show(console)
        self._github = GitHubNews()

    def begins(self, scenario: Scenario, stage: Stage) -> None:
        self._show = Show(self._console)
        self._github = GitHubNews()
        self._show.scene(scenario.name)
        for step in scenario.steps:
            if step.phrase.part == "given":
                self._line(Text(step.text, style="dim"))
                for line in step.block.splitlines():
                    self._line(Text(f"    {line}", style="dim"))
        self._github.since(stage)

    def does(self, step: Step, stage: Stage) -> None:
        at = stage.world.clock.now()
        who = step.values.get("person") or step.values.get("login") or NAMELESS.get(step.text.partition(" ")[0])
        if step.phrase.part in ("discord", "github") and who:
            what = step.text.removeprefix(who).removeprefix(":").removeprefix("the owner").strip()
            self._show.does(at, who, what, "Discord" if step.phrase.part == "discord" else "GitHub")
        elif step.phrase.name in ("wait", "wait_quiet"):
            self._console.print(Text(f"{at:%H:%M:%S}  … {step.text}", style="dim"))
        else:
            self._console.print(Text.assemble(f"{at:%H:%M:%S}  ", (step.text, "yellow")))
            for inner in step.steps:
                self._line(Text(inner.text, style="yellow"))

    def done(self, step: Step, stage: Stage) -> None:
        del step
        self._show.news(stage.world.discord.view(), boards=True)
        for what in self._github.since(stage):
            self._line(Text.assemble(("GitHub: ", "green"), what))

    def met(self, step: Step) -> None:
        self._line(Text.assemble(("✓ ", "bold green"), (step.text.removeprefix("expect "), "dim")))

    def failed(self, failure: Failure) -> None:
        self._line(Text.assemble(("✗ ", "bold red"), (failure.text, "bold")))
        self._line(Text(f"  {failure.said}", style="red"))

    def _line(self, text: Text) -> None:
        self._console.print(Padding(text, (0, 0, 0, INDENT), expand=False))


class GitHubNews:
    """What Valine and GitHub did since the last time, in a few words each."""

    def __init__(self) -> None:
        self._before: dict[str, Any] = {}

    def since(self, stage: Stage) -> list[str]:
        """What is new."""
        repository: dict[str, Any] = next(iter(stage.world.github.view()["repositories"].values()), {})
        now = _facts(repository)
        before, self._before = self._before, now
        if not before:
            return []
        news = [text for key, text in now.items() if before.get(key) != text]
        return [*news, *(f"{key} is gone" for key in before if key not in now and key.startswith("branch "))]


def _facts(repository: dict[str, Any]) -> dict[str, str]:
    """A sentence for each thing that is worth one."""
    facts: dict[str, str] = {}
    for name in repository.get("branches", {}):
        facts[f"branch {name}"] = f"branch {name} is there"
    for one in repository.get("issues", []):
        words = [", ".join(one["labels"]), f"for {', '.join(one['assignees'])}" if one["assignees"] else ""]
        told = "; ".join(word for word in words if word)
        facts[f"issue {one['number']}"] = f"#{one['number']} is {one['state']}{f' ({told})' if told else ''}"
    for one in repository.get("pull_requests", []):
        facts[f"pull {one['number']}"] = _pull(one)
    for one in repository.get("comments", []):
        if one["author"] == ROBOT:
            said = one["body"].partition("\n")[0]
            facts[f"comment {one['id']}"] = f"{ROBOT} comments on #{one['number']}: {said}"
    for one in repository.get("releases", []):
        facts[f"release {one['tag']}"] = f"release {one['tag']} is out"
    return facts


def _pull(one: dict[str, Any]) -> str:
    if one["state"] == "merged":
        return f"pull request #{one['number']} is merged as {str(one['merge_commit'])[:10]}: {one['title']}"
    stands = {"open": "open, a draft" if one["draft"] else "ready for review"}.get(one["state"], one["state"])
    people = f", for {', '.join(one['assignees'])}" if one["assignees"] else ""
    return f"pull request #{one['number']} is {stands}{people}: {one['title']}"
