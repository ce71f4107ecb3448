"""What is written on GitHub: pull requests, comments, commits, releases. It rings nobody and closes what it means to.

Words of other people (titles, briefs) go through text.quiet: what they would ring or close, they do not.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from valine.orchestrator import naming
from valine.orchestrator.text import github_line, listed, plural, quiet
from valine.view.run_replies import counts, stage, waits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from valine.orchestrator.decision import Reply
    from valine.orchestrator.effects import EnsurePullRequest
    from valine.orchestrator.model import Milestone, Run, Task

LONGEST_BODY = 8_000
LONGEST_COMMENT = 60_000
LONGEST_TITLE = 200
EDITED = "The issue was edited after it was approved: read it there."


def pull_request_title(effect: EnsurePullRequest) -> str:
    """The issue's own title, quietly."""
    return quiet(" ".join(effect.title.split()))[:250] or f"Issue {effect.issue}"


def pull_request_body(effect: EnsurePullRequest, brief: str | None) -> str:
    """Closes the issue, quotes its brief, bears the run's uid; `brief` None means that it is not what was approved."""
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


def issue_comment(run: Run, task: Task) -> str:
    """Tells the issue where its work happens."""
    pull = f"#{task.pull_request}" if task.pull_request is not None else f"`{task.branch}`"
    how = "continues in" if task.adopted else "happens in"
    return f"Work on this {how} {pull}, as part of run {run.name}."


def merge_title(task: Task) -> str:
    """The subject of the merge or squash commit, as GitHub itself would write it."""
    title = quiet(" ".join(task.title.split()))[:LONGEST_TITLE] or f"Issue {task.issue}"
    return f"{title} (#{task.pull_request})" if task.pull_request is not None else title


def merge_message(run: Run, task: Task) -> str:
    """Closes the issue, bears the run's uid."""
    return f"Closes #{task.issue}\n\nValine-Run: {run.uid}"


def release_title(run: Run, milestone: Milestone) -> str:
    """Names the run, and the round if it is not the first."""
    return f"Valine {run.name}" if milestone.round <= 1 else f"Valine {run.name}, round {milestone.round}"


def release_notes(run: Run, milestone: Milestone) -> str:
    """What a round of shipping merged, by the issues' milestones, each with its pull request and author."""
    groups = by_milestone(run, milestone.issues)
    parts = []
    for title, members in groups.items():
        heading = github_line(title, 100) if title else "Changes" if len(groups) == 1 else "Other changes"
        parts.append("\n".join([f"## {heading}", "", *(note(task, github_line) for task in members)]))
    opening = f"{plural(sum(map(len, groups.values())), 'issue')} shipped by run {run.name}."
    return _bounded("\n\n".join([opening, *parts])) + f"\n\n{naming.github_marker(run.uid)}"


def by_milestone(run: Run, issues: Iterable[int]) -> dict[str, list[Task]]:
    """The tasks of these issues, by the milestones that the issues have; "" for none."""
    titles = {item.issue: item.milestone for item in run.plan.items}
    groups: dict[str, list[Task]] = {}
    for task in map(run.task, issues):
        if task is not None:
            groups.setdefault(titles.get(task.issue) or "", []).append(task)
    return groups


def note(task: Task, quoted: Callable[[str, int], str]) -> str:
    """The line of one issue in the notes; `quoted` makes other people's words safe, within so many characters."""
    pull = f" (#{task.pull_request})" if task.pull_request is not None else ""
    # Those who did it: of a pull request that was adopted its author, of all others the author is Valine.
    author = task.pull.author if task.pull and task.adopted else None
    people = [author] if author else [login for login in task.assignees if login not in task.unassigned]
    by = f" by {listed((quoted(login, 40) for login in people), 3)}" if people else ""
    return f"- {quoted(task.title, 200)}{pull}, for #{task.issue}{by}"


def status_comment(run: Run) -> str:
    """How the run stands, for whoever asked on GitHub."""
    if not run.tasks:
        return f"**{run.name}** · {stage(run)} · {plural(len(run.plan.items), 'issue')}"
    lines = [f"**{run.name}** · {stage(run)} · {counts(run)}", ""]
    lines += ["| issue | pull request | state | |", "|---|---|---|---|", *_rows(run)]
    return _bounded("\n".join(lines))


def _rows(run: Run) -> Iterator[str]:
    for task in run.tasks:
        pull = f"#{task.pull_request}" if task.pull_request is not None else ""
        rest = "" if task.settled or task.note is None else github_reply_text(waits(task)).replace("|", "\\|")
        yield f"| #{task.issue} | {pull} | {task.state} | {rest} |"


def github_reply(reply: Reply) -> str:
    """A reply made for Discord, as a comment: without its channels, times and buttons."""
    return _bounded(github_reply_text(reply.text))


def github_reply_text(text: str) -> str:
    """Discord's markdown as GitHub's."""
    text = re.sub(r"<#[^<>]*>", "Discord", text)
    text = re.sub(r"<t:([0-9]{1,11}):[A-Za-z]>", lambda match: _utc(int(match[1])), text)
    return quiet(text)


def _utc(seconds: int) -> str:
    return f"on {datetime.fromtimestamp(seconds, UTC):%Y-%m-%d at %H:%M} UTC"


def _bounded(text: str) -> str:
    return text if len(text) <= LONGEST_COMMENT else f"{text[: LONGEST_COMMENT - 2]}\n…"
