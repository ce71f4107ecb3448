"""Exits 1 with a sentence for each thing that the demo's result (`./dev demo --json FILE`) lacks."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def lacks(day: dict[str, Any]) -> Iterator[str]:
    """What a day that went well would have, and this one has not."""
    for key in ("run", "status", "tasks", "messages", "requests", "seconds"):
        if key not in day:
            yield f"there is no {key!r}"
    if day.get("status") != "completed":
        yield f"its run is {day.get('status')!r}, not 'completed'"
    tasks = day.get("tasks", [])
    merged = [task for task in tasks if task.get("state") == "merged"]
    if len(merged) < 5:  # noqa: PLR2004 - six issues or more are planned, and one is dropped
        yield f"only {len(merged)} of its {len(tasks)} tasks are merged"
    for task in merged:
        if not (task.get("branch") and task.get("pull_request") and task.get("merged_sha")):
            yield f"issue {task.get('issue')} is merged without a branch, a pull request or a commit"
    shas = [task.get("merged_sha") for task in merged]
    if len(set(shas)) < len(shas):
        yield "two tasks were merged by the same commit"
    if not day.get("messages"):
        yield "Discord shows no message"
    if not day.get("requests"):
        yield "no request was counted"


if __name__ == "__main__":
    complaints = list(lacks(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
    for complaint in complaints:
        print(f"demo: {complaint}", file=sys.stderr)  # noqa: T201 - it talks to the terminal
    sys.exit(bool(complaints))
