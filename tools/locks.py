"""Makes and checks requirements/*.txt, the locks: what pyproject.toml asks for, pinned and hashed by uv.

`make UV [--upgrade | -P name]` locks anew, keeping pins that still do; `check` prints which files are stale. Run by
./dev with Python 3.11+; standard library only. Each file begins with a digest of what it was made from.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LEVELS: dict[str, tuple[list[str], list[str]]] = {  # the extras and groups that each lock file is made from;
    "runtime": ([], []),  # each holds the one before it, pin for pin
    "simulator": ([], ["simulator"]),
    "dev": (["aws"], ["simulator", "dev"]),
    "prove": (["aws"], ["simulator", "dev", "prove"]),
}
LARGEST = [*LEVELS][-1]
SHARED = {"lambda", "tools/mutmut"}  # locks of one group each whose pins are those of the levels, where both have one
OLDEST_PYTHON, LAMBDA_PYTHON = "3.11", "3.13"
MARK = "# asked for: sha256:"
PIN = re.compile(r"^([\w.-]+)(?:\[\w+\])?==(\S+)", flags=re.MULTILINE)


def project() -> dict[str, Any]:
    """What pyproject.toml says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def alone() -> list[str]:
    """The locks that are made from the group of their name and nothing else: Lambda's, and the tools'."""
    groups = [name for name in project()["dependency-groups"] if name not in LEVELS]
    return [name if name == "lambda" else f"tools/{name}" for name in groups]


def lock_file(level: str) -> Path:
    """Where that lock is kept."""
    return ROOT / "requirements" / f"{level}.txt"


def asked_for(level: str) -> str:
    """A line with the digest of what pyproject.toml asks for at `level`."""
    asked = project()
    extras, groups = LEVELS.get(level, ([], [Path(level).name]))
    lists = [[asked["project"]["requires-python"]], asked["project"]["dependencies"]] if level in LEVELS else []
    lists += [asked["project"]["optional-dependencies"][extra] for extra in extras]
    lists += [asked["dependency-groups"][group] for group in groups]
    return MARK + hashlib.sha256(json.dumps([sorted(names) for names in lists]).encode()).hexdigest()


def text_of(level: str) -> str:
    """The lock; empty if there is none yet."""
    return lock_file(level).read_text(encoding="utf-8") if lock_file(level).exists() else ""


def stale() -> list[str]:
    """What is wrong with the locks: not what pyproject.toml asks for, or different pins of one package."""
    found = [
        f"requirements/{level}.txt was made before pyproject.toml changed: run ./dev lock."
        for level in [*LEVELS, *alone()]
        if text_of(level).split("\n")[0] != asked_for(level)
    ]
    for less, more in pairwise(LEVELS):
        lost = sorted({*PIN.findall(text_of(less))} - {*PIN.findall(text_of(more))})
        found += [f"requirements/{more}.txt lacks {name}=={pin} of {less}.txt: run ./dev lock." for name, pin in lost]
    known = dict(PIN.findall(text_of(LARGEST)))
    for level in sorted(SHARED):
        other = [(name, pin) for name, pin in PIN.findall(text_of(level)) if known.get(name, pin) != pin]
        found += [
            f"requirements/{level}.txt has {name}=={pin}, {LARGEST}.txt {known[name]}: run ./dev lock."
            for name, pin in other
        ]
    return found


def make(uv: str, args: list[str]) -> int:
    """Lock everything anew, the largest level first, as it decides the pins of the others; uv's exit code."""
    command = [uv, "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-emit-index-url"]
    command += ["--custom-compile-command", "./dev lock"]
    for level in [*reversed(LEVELS), *alone()]:
        print(f"dev: locking requirements/{level}.txt…", file=sys.stderr, flush=True)
        lock_file(level).parent.mkdir(exist_ok=True)
        output = ["--output-file", f"requirements/{level}.txt"]
        code = subprocess.run([*command, *sources(level, args), *output], cwd=ROOT, check=False).returncode
        if code:
            return code
        lines = [line for line in text_of(level).splitlines() if not line.startswith(MARK)]
        lock_file(level).write_text("\n".join([asked_for(level), *lines]) + "\n", encoding="utf-8")
    return 0


def sources(level: str, args: list[str]) -> list[str]:
    """What `uv pip compile` is asked to lock for `level`; `args` hold where nothing else decides the pins."""
    bound = args
    if level in SHARED or (level in LEVELS and level != LARGEST):
        bound = ["--constraint", f"requirements/{LARGEST}.txt"]
    if level not in LEVELS:
        python = LAMBDA_PYTHON if level == "lambda" else OLDEST_PYTHON
        return ["--python-version", python, "--group", Path(level).name, *bound]
    extras, groups = LEVELS[level]
    wanted = [word for extra in extras for word in ("--extra", extra)]
    wanted += [word for group in groups for word in ("--group", group)]
    return ["pyproject.toml", "--python-version", OLDEST_PYTHON, *wanted, *bound]


def main(args: list[str]) -> int:
    """Make or check them; 1 if any is stale, each with what to do."""
    if args[0] == "make":
        return make(args[1], args[2:])
    wrong = stale()
    print(*wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
