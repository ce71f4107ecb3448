"""Prints what does not belong in a commit: a registry's host, a path of one machine, a mock. 1 if any is there."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MISPLACED = {
    "a registry's host": (r"pypi\.org|pythonhosted\.org|registry\.npmjs|deb\.debian\.org|proxy\.golang", ""),
    "a path of one machine": (rf"(?<![\w.]){re.escape(str(ROOT))}/|/(?:root|home|opt|Users)/\w", ""),
    "a mock": (r"unittest[.]mock|from unittest[ ]import", ".py"),
}


def hits(name: str, text: str) -> Iterator[str]:
    """Each place in the file that says what it should not, as path:line: what."""
    for what, (pattern, suffix) in MISPLACED.items():
        if name.endswith(suffix):
            for found in re.finditer(pattern, text):
                yield f"{name}:{text.count(chr(10), 0, found.start()) + 1}: {what}: {found[0]}"


def main() -> int:
    """Look through the files of the work tree that git does not ignore."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        print(f"git does not list the files: {listed.stderr.decode(errors='replace').strip()}")
        return 1
    names = sorted(name for name in set(listed.stdout.decode().split("\0")) if (ROOT / name).is_file())
    found = [hit for name in names for hit in hits(name, (ROOT / name).read_text(encoding="utf-8", errors="replace"))]
    print(*found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
