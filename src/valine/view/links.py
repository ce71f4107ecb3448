"""Where things are on the web, derived from what GitHub told: an Enterprise Server's addresses are right too."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from valine.orchestrator.facts.documents import TaskRow


def issue(site: str, number: int) -> str:
    """The issue of the repository at `site` as a link: [#41](https://…)."""
    return f"[#{number}]({site}/issues/{number})"


def pull(site: str, number: int) -> str:
    """The pull request as a link."""
    return f"[#{number}]({site}/pull/{number})"


def pull_request(site: str, row: TaskRow) -> str | None:
    """The task's pull request as a link, or None while it has none."""
    return pull_link(site, row.pull, row.url)


def pull_link(site: str, number: int | None, url: str | None) -> str | None:
    """The pull request of that number as a link to its own address if that is one, else to the repository's."""
    if number is None:
        return None
    return f"[#{number}]({url})" if url and url.startswith(("https://", "http://")) else pull(site, number)
