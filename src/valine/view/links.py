"""Where things are on the web, derived from what GitHub told: an Enterprise Server's addresses are right too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from valine.orchestrator.facts import TaskRow
    from valine.orchestrator.model import Run

PUBLIC = "https://github.com"
ADDRESS = re.compile(r"https?://[^\s()<>\[\]]+")


def repository(run: Run) -> str:
    """The repository's address, without a slash at its end."""
    web = run.plan.web
    return web.rstrip("/") if ADDRESS.fullmatch(web) else f"{PUBLIC}/{run.repository}"


def issue(site: str, number: int) -> str:
    """The issue of the repository at `site` as a link: [#41](https://…)."""
    return f"[#{number}]({site}/issues/{number})"


def pull(site: str, number: int) -> str:
    """The pull request as a link."""
    return f"[#{number}]({site}/pull/{number})"


def pull_request(site: str, row: TaskRow) -> str | None:
    """The task's pull request as a link, or None while it has none."""
    if row.pull is None:
        return None
    return f"[#{row.pull}]({row.url})" if (row.url or "").startswith(("https://", "http://")) else pull(site, row.pull)
