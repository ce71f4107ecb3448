"""What is written on GitHub: pull requests, comments, releases. It notifies nobody and closes what it means to.

Each text is made of its effect alone, by whoever performs that (what a pull request quotes is read only then). Words of
other people (titles, briefs) go through text.quiet: what they would ping or close, they do not. Commit messages are in
orchestrator.naming, since they are part of what is decided.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from valine.orchestrator import naming
from valine.orchestrator.model.effects import WorkStarted
from valine.orchestrator.text import github_line, listed, plural, quiet
from valine.view.replies import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from valine.orchestrator.facts.documents import NoteRow
    from valine.orchestrator.model.effects import EnsureComment, EnsurePullRequest, EnsureRelease, EnsureThread
    from valine.orchestrator.replies import Reply

LONGEST_BODY = 8_000
LONGEST_COMMENT = 60_000
EDITED = "The issue was edited after it was approved: read it there."


def pull_request_title(effect: EnsurePullRequest) -> str:
    """The issue's own title, quietly."""
    return quiet(" ".join(effect.title.split()))[:250] or f"Issue {effect.issue}"


def pull_request_body(effect: EnsurePullRequest, brief: str | None) -> str:
    """Closes the issue, quotes its brief, has the run's uid; `brief` None means that it is not what was approved."""
    opening = f"Closes #{effect.issue}\n\n"
    closing = (
        f"\n\n---\nOpened by Valine for run {effect.run}. "
        "Push the work to this branch, and mark it ready for review when it is.\n"
        f"{naming.github_marker(effect.uid)}"
    )
    quoted = EDITED if brief is None else _quoted(brief, LONGEST_BODY - len(opening) - len(closing))
    return f"{opening}{quoted}{closing}"


def _quoted(brief: str, room: int) -> str:
    """The brief as a quotation within the room, so that nothing in it can reach beyond its end."""
    lines = quiet(brief).replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")
    if not any(line.strip() for line in lines):
        return "The issue has no description."
    cut = "\n>\n> … (the rest is in the issue)"
    kept: list[str] = []
    used = 0
    for line in lines:
        quote = f"> {line}".rstrip()
        if used + len(quote) + 1 > room - len(cut):
            rest = room - len(cut) - used - 1
            return "\n".join([*kept, quote[:rest]] if rest > 1 else kept) + cut
        kept.append(quote)
        used += len(quote) + 1
    return "\n".join(kept)


def thread_title(effect: EnsureThread) -> str:
    """The name of the thread under the card. It never changes: Discord allows two renames in ten minutes."""
    return f"Run r{effect.run}"


def comment_body(effect: EnsureComment) -> str:
    """Where the work on the issue happens, or an answer; ends with the effect's marker."""
    about = effect.about
    text = work_started(about) if isinstance(about, WorkStarted) else answer(about)
    return f"{text}\n\n{effect.marker}"


def work_started(about: WorkStarted) -> str:
    """Tells the issue where its work happens."""
    how = "continues in" if about.adopted else "happens in"
    return f"Work on this {how} #{about.pull_request}, as part of run r{about.run}."


def release_title(effect: EnsureRelease) -> str:
    """Names the run, and the round if it is not the first."""
    return f"Valine r{effect.run}" if effect.round <= 1 else f"Valine r{effect.run}, round {effect.round}"


def release_notes(effect: EnsureRelease) -> str:
    """What a round of shipping merged, by the issues' milestones, each with its pull request and author."""
    groups = by_milestone(effect.notes)
    parts = []
    for title, members in groups.items():
        heading = github_line(title, 100) if title else "Changes" if len(groups) == 1 else "Other changes"
        parts.append("\n".join([f"## {heading}", "", *(note(row, github_line) for row in members)]))
    opening = f"{plural(len(effect.notes), 'issue')} shipped by run r{effect.run}."
    return _bounded("\n\n".join([opening, *parts])) + f"\n\n{naming.github_marker(effect.uid)}"


def by_milestone(rows: Iterable[NoteRow]) -> dict[str, list[NoteRow]]:
    """These issues by the milestones that they have; "" for none."""
    groups: dict[str, list[NoteRow]] = {}
    for row in rows:
        groups.setdefault(row.milestone, []).append(row)
    return groups


def note(row: NoteRow, quoted: Callable[[str, int], str]) -> str:
    """The line of one issue in the notes; `quoted` makes other people's words safe, within so many characters."""
    pull = f" (#{row.pull})" if row.pull is not None else ""
    by = f" by {listed((quoted(login, 40) for login in row.people), 3)}" if row.people else ""
    return f"- {quoted(row.title, 200)}{pull}, for #{row.issue}{by}"


def answer(reply: Reply) -> str:
    """A reply as a comment: without the channels, times and buttons that it has on Discord."""
    return _bounded(_github_markdown(render(reply).text))


def _github_markdown(text: str) -> str:
    """Discord's markdown as GitHub's."""
    text = re.sub(r"<#[^<>]*>", "Discord", text)
    text = re.sub(r"<t:([0-9]{1,11}):[A-Za-z]>", lambda match: _utc(int(match[1])), text)
    return quiet(text)


def _utc(seconds: int) -> str:
    return f"on {datetime.fromtimestamp(seconds, UTC):%Y-%m-%d at %H:%M} UTC"


def _bounded(text: str) -> str:
    return text if len(text) <= LONGEST_COMMENT else f"{text[: LONGEST_COMMENT - 2]}\n…"
