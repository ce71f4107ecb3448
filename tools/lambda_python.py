"""Prints the path of the Python that Lambda runs: from PATH, or one that pyenv has and need not have switched on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

VERSION = (3, 13)  # template.yaml's Runtime
RIGHT = f"import sys; sys.exit((sys.implementation.name, *sys.version_info[:2]) != ('cpython', *{VERSION}))"


def find() -> Path | None:
    """That Python, or None."""
    name = "python{}.{}".format(*VERSION)
    folders = [Path(folder) for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)]
    pyenv = shutil.which("pyenv")
    if pyenv:
        said = subprocess.run([pyenv, "root"], stdout=subprocess.PIPE, check=False).stdout.decode().strip()
        folders += sorted(Path(said, "versions").glob("{}.{}.*/bin".format(*VERSION)))
    for found in (folder / name for folder in folders):
        # pyenv's shims lie on PATH for versions that are not switched on, too
        if found.exists() and subprocess.run([found, "-c", RIGHT], capture_output=True, check=False).returncode == 0:
            return found
    return None


def main() -> int:
    """Print it; 2 and what to do if there is none."""
    found = find()
    if found is None:
        version = "{}.{}".format(*VERSION)
        print(
            f"dev: there is no CPython {version}, whose bytecode Lambda reads: "
            f"put python{version} on PATH, then call again.",
            file=sys.stderr,
        )
        return 2
    print(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
