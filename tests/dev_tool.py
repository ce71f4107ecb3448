"""The tools that ./dev keeps in environments of their own."""

from __future__ import annotations

import functools
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@functools.cache
def dev_tool(root: Path, name: str) -> tuple[str | Path, ...]:
    """What the tool is called with. It is made first, however long the fetching takes: what it is for has a limit."""
    command = (sys.executable, root / "dev", "tool", name)
    done = subprocess.run([*command, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return command
