"""The day as it happens, on a terminal or in a file: who said what, what Discord shows, what GitHub came to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

PLAIN_WIDTH = 100
INDENT = 10
SETTLED = {"merged", "dropped", "failed"}
LINK = re.compile(r"(#\d+|[\w.-]+) \((https?://[^)\s]+)\)")
MENU = re.compile(
    "\u2039([^:\u203a]*):[^\u203a]*\u203a", re.DOTALL
)  # a select with its options, as a transcript has it


def everything(view: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every message of a Discord view with where it is: channels with their threads first, then ephemeral ones."""
    for channel in view["channels"]:
        for message in channel["messages"]:
            yield f"#{channel['name']}", message
            thread = message.get("thread")
            for inner in thread["messages"] if thread else []:
                yield f"#{channel['name']}, thread {thread['name']}", inner
    for person, messages in view["ephemeral"].items():
        for message in messages:
            yield f"only {person} sees", message


def controls(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """All components, those inside others too."""
    for component in components:
        yield component
        yield from controls(component.get("components", []))


class Show:
    """Tells the day to a console. Nothing here knows how anything came about."""

    def __init__(self, console: Console | None = None) -> None:
        found = console or Console()
        # Without a terminal there is no width to go by, and a file should read the same everywhere.
        self._console = found if console or found.is_terminal else Console(width=PLAIN_WIDTH)
        self._seen: dict[str, str] = {}

    def scene(self, title: str) -> None:
        """A new part of the day."""
        self._console.print()
        self._console.rule(Text(title, style="bold"), align="left", style="cyan")

    def does(self, at: datetime, who: str, what: str, where: str = "Discord") -> None:
        """Somebody does something."""
        style = "bold magenta" if where == "Discord" else "bold green"
        place = "" if where == "Discord" else f"on {where} "
        self._console.print(Text.assemble(f"{at:%H:%M:%S}  ", (f"{who:<5} ", style), (place, "dim"), what))

    def waits(self, at: datetime, what: str, until: datetime) -> None:
        """The day waits for something that ends at a known time."""
        self._console.print(Text(f"{at:%H:%M:%S}  {what}: waiting until {until:%H:%M:%S}", style="yellow"))

    def news(self, view: dict[str, Any], *, boards: bool = False) -> None:
        """What is new on Discord since the last time; a card or board that changed only with `boards`."""
        for where, message in everything(view):
            before, text = self._seen.get(message["id"]), message["text"]
            again = boards or where.startswith("only")
            if text in {before, "", "… is thinking"} or (before is not None and not again):
                continue
            self._seen[message["id"]] = text
            self._message(where, text, edited=before is not None, plain=not message["components"])

    def _message(self, where: str, text: str, *, edited: bool, plain: bool) -> None:
        if plain:  # a line in a thread; its last line is the marker
            lines = text.split("\n")[:-1] or [text]
            shown = _linked("\n".join(lines))
            self._console.print(Padding(Text.assemble((f"{where}: ", "dim"), shown), (0, 0, 0, INDENT)))
            return
        title = Text(f"{where}{' (edited)' if edited else ''}", style="dim")
        panel = Panel(_linked(text), title=title, title_align="left", border_style="blue", expand=False)
        self._console.print(Padding(panel, (0, 0, 0, INDENT), expand=False))

    def progress(self, states: list[str]) -> None:
        """How far the tasks are, in a bar."""
        done = sum(state in SETTLED for state in states)
        bar = ProgressBar(total=max(len(states), 1), completed=done, width=40)
        row = Table.grid(padding=(0, 1))
        row.add_row(bar, f"{done} of {len(states)} done")
        self._console.print(Padding(row, (0, 0, 0, INDENT)))

    def summary(self, result: dict[str, Any]) -> None:
        """The run as it ended."""
        self.scene(f"{result['run']} is {result['status']}")
        table = Table(box=None, pad_edge=False)
        for column in ("issue", "state", "branch", "pull request", "merged as"):
            table.add_column(column, no_wrap=column == "issue")
        for task in result["tasks"]:
            pull = f"#{task['pull_request']}" if task["pull_request"] else ""
            merged = (task["merged_sha"] or "")[:10]
            table.add_row(f"#{task['issue']}", task["state"], task["branch"], pull, merged)
        self._console.print(table)
        counts = {service: sum(routes.values()) for service, routes in result["requests"].items()}
        self._console.print(
            f"\n{len(result['messages'])} messages on Discord, {counts['discord']} requests to it, "
            f"{counts['github']} to GitHub, in {result['seconds']:.1f} s.",
            highlight=False,
        )


def _linked(text: str) -> Text:
    """The text with addresses behind the words they belong to, and selects without their options."""
    text = MENU.sub(r"[\1 ▾]", text)
    shown = Text()
    end = 0
    for found in LINK.finditer(text):
        shown.append(text[end : found.start()])
        shown.append(found[1], style=f"link {found[2]}")
        end = found.end()
    shown.append(text[end:])
    return shown
