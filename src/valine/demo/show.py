"""The day as it happens, on a terminal or in a file: who said what, what Discord shows, what GitHub came to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from datetime import datetime

PLAIN_WIDTH = 100
SETTLED = {"merged", "dropped", "failed"}


class Show:
    """Tells the day to a console. Nothing here knows how anything came about."""

    def __init__(self, console: Console | None = None) -> None:
        plain = Console()
        self._console = console or (plain if plain.is_terminal else Console(width=PLAIN_WIDTH))
        self._seen: dict[str, str] = {}

    def scene(self, title: str) -> None:
        """A new part of the day."""
        self._console.print()
        self._console.rule(Text(title, style="bold"), align="left", style="cyan")

    def does(self, at: datetime, who: str, what: str, where: str = "Discord") -> None:
        """Somebody does something."""
        line = Text(f"{at:%H:%M:%S}  ")
        line.append(f"{who:<8}", style="bold magenta" if where == "Discord" else "bold green")
        line.append(f" {where}: " if where != "Discord" else " ", style="dim")
        line.append(what)
        self._console.print(line)

    def news(self, view: dict[str, Any], *, boards: bool = False) -> None:
        """What is new on Discord since the last time; boards and cards that changed only if asked."""
        for channel in view["channels"]:
            for message in channel["messages"]:
                self._message(f"#{channel['name']}", message, again=boards)
                thread = message.get("thread")
                for inner in thread["messages"] if thread else []:
                    self._message(f"#{channel['name']} › {thread['name']}", inner, again=False)
        for person, messages in view["ephemeral"].items():
            for message in messages:
                self._message(f"only {person} sees", message, again=True)

    def _message(self, where: str, message: dict[str, Any], *, again: bool) -> None:
        before = self._seen.get(message["id"])
        text = message["text"]
        if before == text or not text or text == "… is thinking" or (before is not None and not again):
            return
        self._seen[message["id"]] = text
        short = "\n" not in text.rsplit("\n", 1)[0] and len(text) < 240 and not message["components"]  # noqa: PLR2004
        if short:
            body = Text(text.split("\n")[0])
            self._console.print(Text.assemble(("          ", ""), (f"{where}: ", "dim"), body))
            return
        title = Text(f"{where}{' (edited)' if before else ''}", style="dim")
        panel = Panel(Text(text), title=title, title_align="left", border_style="blue", expand=False)
        self._console.print(Padding(panel, (0, 0, 0, 10)))

    def progress(self, tasks: list[dict[str, Any]]) -> None:
        """How far the tasks are, in a bar."""
        done = sum(task["state"] in SETTLED for task in tasks)
        bar = ProgressBar(total=max(len(tasks), 1), completed=done, width=30)
        self._console.print(Padding(bar, (0, 0, 0, 10)), end="")
        self._console.print(f" {done}/{len(tasks)} settled")

    def summary(self, result: dict[str, Any]) -> None:
        """The run as it ended."""
        self.scene(f"{result['run']} is {result['status']}")
        table = Table(box=None, pad_edge=False)
        for column in ("issue", "state", "branch", "pull request", "merged as"):
            table.add_column(column)
        for task in result["tasks"]:
            merged = (task["merged_sha"] or "")[:10]
            pull = f"#{task['pull_request']}" if task["pull_request"] else ""
            table.add_row(f"#{task['issue']}", task["state"], task["branch"], pull, merged)
        self._console.print(table)
        counts = {service: sum(routes.values()) for service, routes in result["requests"].items()}
        self._console.print(
            f"{len(result['messages'])} messages on Discord, {counts['discord']} requests to it, "
            f"{counts['github']} to GitHub. {result['seconds']:.1f} s."
        )
