"""The environments that ./dev runs its tasks in, made by uv exactly as the hashed files in requirements/ say.

.venv is for Valine and its tests, .venv-tools/NAME for tools that share one with nothing. Where there is no uv on PATH,
pip installs it into .venv. An environment that was not finished is made anew by the next call. Standard library only.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

TYPE_CHECKING = False  # importing typing would take longer than all the rest
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
MARK = "valine-dev.json"  # in an environment: what was installed; `{}` while that is being done
LOG = ROOT / ".venv.log"
OLDEST_UV = (0, 9)
LEVELS = ("runtime", "simulator", "dev", "prove")  # lock files; each holds the one before it, pin for pin
UV = "tools/uv"  # the lock file of uv itself


class SetupError(Exception):
    """One sentence that says what is wrong and what to do; ends the script with exit code 2."""


def say(sentence: str) -> None:
    print(f"dev: {sentence}", file=sys.stderr, flush=True)


def lock_file(level: str) -> Path:
    return ROOT / "requirements" / f"{level}.txt"


def digest(level: str) -> str:
    try:
        return hashlib.sha256(lock_file(level).read_bytes()).hexdigest()
    except OSError as error:
        raise SetupError(
            f"cannot read requirements/{level}.txt ({error.strerror}): is this checkout complete?"
        ) from error


def installed(home: Path) -> dict[str, str]:
    """The lock files, with their digests, that an environment was made from; empty if it has to be made anew."""
    try:
        state = json.loads((home / MARK).read_text())
    except (OSError, ValueError):
        return {}
    right = isinstance(state, dict) and state.get("identity") == identity() and (home / "bin" / "python").exists()
    return dict(state["locks"]) if right else {}


def identity() -> dict[str, Any]:
    return {"python": "{}.{}".format(*sys.version_info), "root": str(ROOT), "format": 2}


def mark(home: Path, locks: list[str]) -> None:
    state = json.dumps({"identity": identity(), "locks": {level: digest(level) for level in locks}})
    (home / MARK).with_suffix(".new").write_text(state)
    (home / MARK).with_suffix(".new").replace(home / MARK)


def ensure(level: str) -> None:
    """Make .venv hold `level` of the lock files. Takes a few milliseconds when it does; safe to call at once twice."""
    if installed(VENV).get(level) != digest(level):
        with only_one():
            if installed(VENV).get(level) != digest(level):
                set_up(level)


@contextmanager
def only_one() -> Iterator[None]:
    """Wait until no other ./dev sets anything up."""
    import fcntl  # only when there is something to do

    try:
        gate = (ROOT / ".venv.lock").open("w")
    except OSError as error:
        raise SetupError(
            f"cannot write in {ROOT} ({error.strerror}): make it writable, or clone it elsewhere."
        ) from error
    with gate:
        try:
            fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another ./dev that is setting up…")
            fcntl.flock(gate, fcntl.LOCK_EX)
        LOG.write_bytes(b"")
        yield


def set_up(level: str) -> None:
    started = time.monotonic()
    outside = uv_on_path()
    called = uv_called(outside) if outside else None
    before = installed(VENV)
    if before:
        (VENV / MARK).write_text("{}")
    else:
        put_away_old()
        say("making .venv with Python {}.{}.{}…".format(*sys.version_info))
        create(VENV, called)
    own = [] if called else [UV]
    if own:
        pip = pip_of_venv()
        exactly = ["--only-binary=:all:", "--no-deps", "--require-hashes", "-r", str(lock_file(UV))]
        install("pip", [*pip, "install", "--quiet", "--no-input", "--retries", "2", *exactly], UV)
    if level == UV:
        locks = [name for name, known in before.items() if name in LEVELS and known == digest(name)]
    else:
        sync(*(called or own_uv()), VENV, [level, *own])
        link_source()
        locks = [*LEVELS[: LEVELS.index(level) + 1]]
    mark(VENV, locks + own)
    say(f"ready after {time.monotonic() - started:.0f} s.")


def put_away_old() -> None:
    """Leave an empty .venv with our mark in it. One without that mark is somebody's own, and is left alone."""
    if VENV.exists() and not (VENV / MARK).exists() and any(VENV.iterdir()):
        raise SetupError(".venv was not made by ./dev: move it away, then call again.")
    old = ROOT / ".venv.old"
    shutil.rmtree(old, ignore_errors=True)
    if VENV.exists():
        VENV.rename(old)  # at once, so that our mark goes last
        shutil.rmtree(old, ignore_errors=True)
    VENV.mkdir()
    (VENV / MARK).write_text("{}")


def create(home: Path, uv: tuple[str, dict[str, str]] | None) -> None:
    """Make an empty environment; without uv as Python itself does."""
    command, env = [base_python(), "-m", "venv", "--without-pip"], environment()
    if uv is not None:
        command, env = [uv[0], "venv", "--quiet", "--no-project", "--allow-existing", "--python", base_python()], uv[1]
    if logged([*command, str(home)], env) != 0:
        raise SetupError(f"this Python cannot make an environment ({last_words()}): Debian has it in python3-venv.")


def sync(uv: str, env: dict[str, str], home: Path, levels: list[str]) -> None:
    exactly = ["--require-hashes", "--allow-empty-requirements", *(str(lock_file(level)) for level in levels)]
    install("uv", [uv, "pip", "sync", "--quiet", "--python", str(home / "bin" / "python"), *exactly], levels[0], env)


def install(tool: str, command: list[str], level: str, env: dict[str, str] | None = None) -> None:
    wanted = sum("==" in line for line in lock_file(level).read_text().splitlines())
    say(f"installing up to {wanted} packages with {tool} (requirements/{level}.txt)…")
    if logged(command, env) != 0:
        raise SetupError(
            f"{tool} could not install requirements/{level}.txt ({last_words()}): "
            f"see that the package index can be reached, then call again; all that {tool} said is in {LOG.name}."
        )


def link_source() -> None:
    """What an editable install would do, without a build: src/ on the path, and a `valine` beside python."""
    for packages in VENV.glob("lib/python3*/site-packages"):
        (packages / "valine.pth").write_text(f"{ROOT / 'src'}\n")
    launcher = VENV / "bin" / "valine"
    launcher.write_text(f'#!/bin/sh\nexec "{PYTHON}" -P -m valine "$@"\n')  # a shebang takes no spaces, no long path
    launcher.chmod(0o755)


def command_of(tool: str, *beside: str) -> Path:
    """The command `tool`, in an environment of its own with `beside` it; made anew when its lock files change."""
    home, levels = ROOT / ".venv-tools" / tool, [f"tools/{tool}", *beside]
    wanted = {level: digest(level) for level in levels}
    if not wanted.items() <= installed(home).items():
        uv = find_uv()
        with only_one():
            if not wanted.items() <= installed(home).items():
                shutil.rmtree(home, ignore_errors=True)
                create(home, uv)
                sync(*uv, home, levels)
                mark(home, levels)
    return home / "bin" / tool


# --- uv, and what it is told -----------------------------------------------------------------------------------------


def find_uv() -> tuple[str, dict[str, str]]:
    """uv and the environment to call it in: the one on PATH, else the one that pip puts into .venv."""
    outside = uv_on_path()
    if outside:
        return uv_called(outside)
    ensure(UV)
    return own_uv()


def uv_on_path() -> str | None:
    """A uv that runs and is new enough; .venv's own does not count, as it goes when .venv does."""
    folders = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder != str(VENV / "bin")]
    found = shutil.which("uv", path=os.pathsep.join(folders))
    if found is None:
        return None
    said = subprocess.run([found, "--version"], capture_output=True, check=False).stdout.decode(errors="replace")
    version = re.match(r"uv (\d+)\.(\d+)", said)  # a shim of pyenv's says nothing where no uv is switched on
    return found if version and (int(version[1]), int(version[2])) >= OLDEST_UV else None


def own_uv() -> tuple[str, dict[str, str]]:
    """.venv's own uv, which asks where pip asks: pip has just fetched it from there."""
    asked = [*pip_of_venv(), "config", "list"]
    said = subprocess.run(asked, env=environment(), cwd=ROOT, capture_output=True, check=False).stdout.decode()
    told: dict[str, str] = {}
    for section in ("global", "install", r":env:"):  # the later one counts
        told.update(re.findall(rf"^{section}\.([\w-]+)='(.*)'$", said.replace("\\n", " "), flags=re.MULTILINE))
    names = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS"}
    names |= {"no-index": "UV_NO_INDEX", "trusted-host": "UV_INSECURE_HOST", "cert": "SSL_CERT_FILE"}
    names |= {"default-timeout": "UV_HTTP_TIMEOUT", "timeout": "UV_HTTP_TIMEOUT", "proxy": "ALL_PROXY"}
    env = {names[key]: " ".join(value.split()) for key, value in told.items() if key in names}
    if "UV_FIND_LINKS" in env:
        env["UV_FIND_LINKS"] = env["UV_FIND_LINKS"].replace(" ", ",")
    # As pip does: a pin may come from any index. Hashes decide what is installed, whichever has it.
    return uv_called(str(VENV / "bin" / "uv"), {"UV_INDEX_STRATEGY": "unsafe-best-match", **env})


def uv_called(uv: str, settings: dict[str, str] | None = None) -> tuple[str, dict[str, str]]:
    """That uv, and our environment with these settings where the caller has not made his own."""
    env = {**(settings or {}), **environment()}
    asked = subprocess.run([uv, "cache", "dir"], env=env, capture_output=True, check=False)
    try:
        Path(asked.stdout.decode().strip()).mkdir(parents=True, exist_ok=True)
    except OSError:  # no home, or one that is read-only: uv refuses to work without a place for its cache
        env["UV_NO_CACHE"] = "1"
    return uv, env


def pip_of_venv() -> list[str]:
    """pip for .venv: that of the Python that runs this, else the one that Python carries within."""
    able = "import pip, sys; sys.exit([int(part) for part in pip.__version__.split('.')[:2]] < [22, 3])"
    if logged([base_python(), "-c", able]) == 0:  # it knows --python
        return [base_python(), "-m", "pip", "--python", str(PYTHON)]
    if logged([str(PYTHON), "-m", "ensurepip"]) == 0:
        return [str(PYTHON), "-m", "pip"]
    raise SetupError("this Python has neither pip nor ensurepip: Debian has them in python3-pip; uv would do as well.")


def base_python() -> str:
    """The Python that runs this; if that is a virtual environment's (perhaps our own, about to go), the one below."""
    below = Path(sys.base_prefix, "bin", "python{}.{}".format(*sys.version_info))
    return str(below) if sys.prefix != sys.base_prefix and below.exists() else sys.executable


def logged(command: list[str], env: dict[str, str] | None = None) -> int:
    with LOG.open("ab") as log:
        return subprocess.run(
            command, env=env or environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT, check=False
        ).returncode


def last_words() -> str:
    lines = [line.strip() for line in LOG.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower() or "no module" in line.lower()]
    return re.sub(r"^error: ", "", (errors or lines or ["it said nothing"])[-1], flags=re.IGNORECASE)[:300].rstrip(".")


def environment() -> dict[str, str]:
    """Our caller's, less what would lead Python or pip out of .venv. Bytecode is kept: without, each start is slow."""
    strays = {"PYTHONHOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PIP_TARGET", "PIP_PREFIX", "PIP_USER"}
    strays |= {"PIP_REQUIRE_VIRTUALENV", "UV_SYSTEM_PYTHON", "__PYVENV_LAUNCHER__"}
    ours = {name: value for name, value in os.environ.items() if name not in strays}
    path = f"{VENV / 'bin'}{os.pathsep}{ours.get('PATH', os.defpath)}"
    return {**ours, "VIRTUAL_ENV": str(VENV), "PATH": path, "UV_PYTHON_DOWNLOADS": "never"}
