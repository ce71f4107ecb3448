"""The conventions that no linter knows, and the promises of ./dev, tried on a small project of its own."""

import ast
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pytest_socket import SocketConnectBlockedError

# Convention 4: time, ids and random numbers come in as values. Who may fetch them, and why:
MAY_LOOK = {
    "valine/services/clock.py": "it is the clock",
    "valine_play/commands/simulate.py": "it hands the twins their dice",
    "valine_play/demo/live.py": "it hands the twins their dice",
    "valine_play/demo/main.py": "it times the demo",
    "valine_play/scenario/main.py": "it times the scenarios",
    "valine_play/demo/world.py": "it hands the twins their dice",
}
# Convention 15. Nothing here so far; an entry would need its reason.
MAY_BE_LONG: dict[str, str] = {}

STUB = """
import json, os, sys
print(json.dumps({"args": sys.argv[1:], "cwd": os.getcwd(), "prefix": sys.prefix}))
sys.exit(int(os.environ.get("EXIT", "0")))
"""


def uncertain(tree: ast.AST) -> Iterator[str]:
    """What in that module fetches the time, an id or a number by chance; types for annotations don't."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case ast.Import(names=names) if found := {name.name for name in names} & {"time", "random", "uuid"}:
                yield f"line {node.lineno}: import {', '.join(found)}"
            case ast.ImportFrom(module="time" | "random" | "uuid" as module):
                yield f"line {node.lineno}: from {module} import"
            case ast.Attribute(attr="now" | "utcnow" | "today" as what, value=owner):
                if ast.unparse(owner).split(".")[-1] in {"datetime", "date"}:
                    yield f"line {node.lineno}: {ast.unparse(owner)}.{what}"
            case _:
                pass
        yield from uncertain(node)


def sources(root: Path) -> Iterator[tuple[str, str]]:
    package = root / "src"
    for path in sorted(package.rglob("*.py")):
        yield path.relative_to(package).as_posix(), path.read_text(encoding="utf-8")


def test_time_ids_and_random_numbers_are_fetched_by_the_clock_and_id_services_alone(root: Path) -> None:
    found = [
        f"{name} {what}" for name, text in sources(root) if name not in MAY_LOOK for what in uncertain(ast.parse(text))
    ]

    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "from random import choice",
        "def f():\n  import uuid",
        "datetime.now(UTC)",
        "x = datetime.date.today",
    ],
)
def test_the_search_for_uncertain_things_finds(source: str) -> None:
    assert list(uncertain(ast.parse(source)))


@pytest.mark.parametrize("source", ["clock.now()", "if TYPE_CHECKING:\n  import random", "datetime(2026, 1, 1)"])
def test_the_search_for_uncertain_things_passes_over(source: str) -> None:
    assert not list(uncertain(ast.parse(source)))


def test_no_module_is_longer_than_400_lines(root: Path) -> None:
    lengths = {name: text.count("\n") for name, text in sources(root) if name not in MAY_BE_LONG}

    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_a_test_reaches_no_address_but_loopback() -> None:
    with socket.socket() as probe, pytest.raises((SocketConnectBlockedError, UserWarning), match=r"192\.0\.2\.1"):
        probe.connect(("192.0.2.1", 80))


# --- ./dev, on a project whose lock files are empty and whose command line tells what it was given -------------------


class Project:
    """A folder with ./dev in it."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder = folder
        for level in ("runtime", "simulator", "dev", "prove"):
            self.write(f"requirements/{level}.txt", "# nothing\n")
        self.write("src/valine/__main__.py", STUB)
        shutil.copy(root / "dev", folder / "dev")
        shutil.copy(root / "pyproject.toml", folder / "pyproject.toml")
        shutil.copytree(root / "tools", folder / "tools")
        shutil.copytree(root / "requirements/tools", folder / "requirements/tools")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text)

    def dev(self, *args: str, cwd: Path | None = None, **environment: str | None) -> subprocess.CompletedProcess[str]:
        env = {name: value for name, value in (os.environ | environment).items() if value is not None}
        return subprocess.run(
            [sys.executable, str(self.folder / "dev"), *args],
            cwd=cwd or self.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


FirstCall = tuple[Project, subprocess.CompletedProcess[str]]


@pytest.fixture
def project(tmp_path: Path, root: Path) -> Project:
    return Project(tmp_path / "a place with spaces", root)


@pytest.fixture(scope="module")
def first_call(
    tmp_path_factory: pytest.TempPathFactory, root: Path
) -> tuple[Project, subprocess.CompletedProcess[str]]:
    """A project set up by a call from elsewhere, and how that call went."""
    project = Project(tmp_path_factory.mktemp("ready") / "a place with spaces", root)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    return project, project.dev("valine", "list", "--a b", cwd=elsewhere, HOME=None, PYTHONPATH="/nowhere")


@pytest.fixture
def ready(first_call: FirstCall) -> Project:
    return first_call[0]


def test_the_first_call_sets_up_and_runs_the_command_where_the_caller_stands(
    first_call: FirstCall,
) -> None:
    project, done = first_call

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["args"] == ["list", "--a b"]
    assert Path(told["cwd"]).name.startswith("elsewhere")
    assert told["prefix"] == str(project.folder / ".venv")
    assert "dev: ready after" in done.stderr


def test_a_later_call_is_quiet_and_passes_the_exit_code_on(ready: Project) -> None:
    done = ready.dev("valine", EXIT="7")

    assert (done.returncode, done.stderr) == (7, "")


def test_a_store_on_aws_brings_what_speaks_to_it(ready: Project, tmp_path: Path) -> None:
    (tmp_path / "aws.env").write_text("VALINE_STORE=dynamodb://runs\n")

    for_one_machine = ready.dev("valine", "runs", "list", cwd=tmp_path)
    for_aws = ready.dev("valine", "runs", "list", "--env", "aws.env", cwd=tmp_path)

    assert "requirements/dev.txt" not in for_one_machine.stderr
    assert (for_aws.returncode, "requirements/dev.txt" in for_aws.stderr) == (0, True)


def test_the_console_script_runs_by_itself(ready: Project) -> None:
    done = subprocess.run([ready.folder / ".venv/bin/valine", "x"], capture_output=True, text=True, check=True)

    assert json.loads(done.stdout)["args"] == ["x"]


def test_a_home_that_cannot_be_written_to_is_no_hindrance(project: Project) -> None:
    done = project.dev("valine", HOME=os.devnull, XDG_CACHE_HOME=None, UV_CACHE_DIR=None)

    assert done.returncode == 0, done.stderr


@pytest.mark.proof
def test_an_interrupted_set_up_is_made_anew(project: Project) -> None:
    project.write(".venv/valine-dev.json", "{}")
    project.write(".venv/bin/python", "half a file")

    done = project.dev("valine")

    assert done.returncode == 0, done.stderr


@pytest.mark.proof
def test_a_changed_lock_file_is_followed(project: Project) -> None:
    project.dev("valine")
    project.write("requirements/simulator.txt", "# nothing again\n")

    done = project.dev("valine")

    assert (done.returncode, "requirements/simulator.txt" in done.stderr) == (0, True)
    assert project.dev("valine").stderr == ""


@pytest.mark.proof
def test_two_first_calls_at_once_both_succeed(project: Project) -> None:
    with ThreadPoolExecutor() as both:
        done = list(both.map(lambda _: project.dev("valine"), range(2)))

    assert [one.returncode for one in done] == [0, 0]
    assert sum("making .venv" in one.stderr for one in done) == 1


def test_an_environment_that_somebody_else_made_is_left_alone(project: Project) -> None:
    project.write(".venv/bin/mine", "")

    done = project.dev("valine")

    assert (done.returncode, done.stderr) == (2, "dev: .venv was not made by ./dev: move it away, then call again.\n")
    assert (project.folder / ".venv/bin/mine").exists()


@pytest.mark.proof
def test_packages_that_cannot_be_had_are_told_in_one_sentence_and_tried_again(project: Project) -> None:
    digest = "0" * 64
    project.write("requirements/simulator.txt", f"no-such-package==1 --hash=sha256:{digest}\n")

    done = project.dev("valine", PIP_NO_INDEX="1", UV_NO_INDEX="1")

    assert done.returncode == 2
    assert re.fullmatch(
        r"dev: \w+ could not install requirements/simulator.txt \(.+\): see .+\n", last_line(done.stderr)
    )
    assert "Traceback" not in done.stderr
    project.write("requirements/simulator.txt", "# nothing\n")
    assert project.dev("valine").returncode == 0


# --- Where uv is missing ---------------------------------------------------------------------------------------------


@pytest.fixture
def no_uv(tmp_path: Path) -> str:
    """A PATH with this Python and git, but no uv."""
    folder = tmp_path / "without uv"
    folder.mkdir()
    for name, path in {"python3": sys.executable, "git": str(shutil.which("git")), "sh": "/bin/sh"}.items():
        (folder / name).symlink_to(path)
    return str(folder)


@pytest.mark.proof
def test_where_uv_is_missing_pip_installs_it_and_tools_are_made_with_it(project: Project, no_uv: str) -> None:
    first = project.dev("valine", PATH=no_uv)
    tool = project.dev("tool", "hatchling", "--help", PATH=no_uv)

    assert (first.returncode, tool.returncode) == (0, 0), first.stderr + tool.stderr
    assert "with pip (requirements/tools/uv.txt)" in first.stderr
    assert (project.folder / ".venv/bin/uv").exists()
    assert tool.stdout.startswith("usage: hatchling")
    assert project.dev("valine", PATH=no_uv).stderr == ""


@pytest.mark.proof
def test_a_uv_that_has_gone_from_path_is_installed_when_it_is_needed(project: Project, no_uv: str) -> None:
    project.dev("valine")

    without = project.dev("valine", PATH=no_uv)
    done = project.dev("tool", "hatchling", "--help", PATH=no_uv)

    assert (without.returncode, without.stderr) == (0, "")
    assert (done.returncode, done.stdout[:16]) == (0, "usage: hatchling"), done.stderr
    assert project.dev("valine", PATH=no_uv).stderr == ""


@pytest.mark.parametrize("uv", ["echo uv 0.8.22", "exit 127", "echo uvular"])
def test_a_uv_that_is_too_old_or_does_not_run_counts_as_missing(project: Project, no_uv: str, uv: str) -> None:
    program(Path(no_uv, "uv"), uv)

    done = project.dev("valine", PATH=no_uv, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(project.folder / "nothing"))

    assert done.returncode == 2
    assert last_line(done.stderr).startswith("dev: pip could not install requirements/tools/uv.txt (")
    assert "Traceback" not in done.stderr


def test_uv_asks_where_pip_is_configured_to_ask_unless_it_has_settings_of_its_own(project: Project, no_uv: str) -> None:
    program(project.folder / ".venv/bin/uv", f"echo {project.folder}/cache")
    (project.folder / ".venv/bin/python").symlink_to(sys.executable)
    ours = {
        "PIP_INDEX_URL": "https://one.example/simple",
        "PIP_EXTRA_INDEX_URL": "https://two.example https://3.example",
    }
    ours |= {"PIP_FIND_LINKS": "/wheels /more", "PIP_CONFIG_FILE": os.devnull, "UV_FIND_LINKS": "/mine", "PATH": no_uv}

    done = subprocess.run(
        [sys.executable, "-c", "import json; from tools.environments import own_uv; print(json.dumps(own_uv()))"],
        cwd=project.folder,
        env=os.environ | ours,
        capture_output=True,
        text=True,
        check=True,
    )

    uv, env = json.loads(done.stdout)
    assert uv == str(project.folder / ".venv/bin/uv")
    assert (env["UV_DEFAULT_INDEX"], env["UV_FIND_LINKS"]) == ("https://one.example/simple", "/mine")
    assert env["UV_INDEX"] == "https://two.example https://3.example"


@pytest.mark.parametrize(
    ("git", "told"),
    [
        ("echo git version 2.30.2", "this is git version 2.30.2: install git 2.38 or newer."),
        ("exit 127", "git does not run here: install git 2.38 or newer."),
    ],
)
def test_a_git_that_is_too_old_or_missing_is_named(ready: Project, tmp_path: Path, git: str, told: str) -> None:
    (tmp_path / "git").write_text(f"#!/bin/sh\n{git}\n")
    (tmp_path / "git").chmod(0o755)

    done = ready.dev("demo", PATH=f"{tmp_path}:{os.environ['PATH']}")

    assert (done.returncode, done.stderr) == (2, f"dev: {told}\n")


def test_an_unknown_task_is_refused_and_the_others_are_named(ready: Project) -> None:
    done = ready.dev("deploy")

    assert done.returncode == 2
    tasks = "demo, test, check, prove, storm, mutate, build, docs, valine, lock, tool."
    assert done.stderr == f"dev: there is no task 'deploy': {tasks}\n"


@pytest.fixture(scope="module")
def prover(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Project:
    """A project whose pytest prints what it was given."""
    project = Project(tmp_path_factory.mktemp("prover"), root)
    project.write("src/pytest.py", STUB)
    return project


@pytest.mark.parametrize(
    ("args", "expression", "rest"),
    [
        (("--durations=9",), "proof and not slow", ["--durations=9"]),
        (("all", "-x"), "proof", ["-x"]),
        (("load", "disk"), "proof", ["-k", "load or disk"]),
        (("src", "-k", "load"), "proof", ["src", "-k", "load"]),
    ],
)
def test_slow_proofs_run_only_when_all_or_they_are_asked_for(
    prover: Project, args: tuple[str, ...], expression: str, rest: list[str]
) -> None:
    done = prover.dev("prove", *args)

    told = json.loads(done.stdout)["args"]
    assert told[:3] == ["-m", expression, "--hypothesis-profile=proof"]
    assert [arg.removeprefix(f"{prover.folder}/") for arg in told[3:]] == rest


def test_a_check_that_is_none_is_refused_and_the_others_are_named(project: Project) -> None:
    done = project.dev("check", "lint", "spelling")

    names = "lint, format, types, layers, template, workflows, shell, locks, words"
    assert (done.returncode, done.stderr) == (2, f"dev: there is no check 'spelling': {names}.\n")


@pytest.mark.parametrize("args", [(), ("eslint",)])
def test_a_tool_that_is_none_of_ours_is_refused_and_ours_are_named(project: Project, args: tuple[str, ...]) -> None:
    done = project.dev("tool", *args)

    assert done.returncode == 2
    names = "cfn-lint, checkov, hatchling, mutmut, sam, shellcheck, uv, zizmor"
    assert done.stderr == f"dev: tool takes the name of one: {names}.\n"


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_where_lambdas_python_is_absent_the_build_says_so(project: Project, tmp_path: Path) -> None:
    program(tmp_path / "bin/python3.13", "exit 127")  # as pyenv's shim of a version that is not switched on

    done = project.dev("build", PATH=str(tmp_path / "bin"))

    assert done.returncode == 2
    assert done.stderr == (
        "dev: there is no CPython 3.13, whose bytecode Lambda reads: put python3.13 on PATH, then call again.\n"
    )


def test_lambdas_python_is_found_among_pyenvs_where_path_has_a_shim_only(project: Project, tmp_path: Path) -> None:
    program(tmp_path / "bin/python3.13", "exit 127")
    program(tmp_path / "bin/pyenv", f"echo {tmp_path}/pyenv")
    program(tmp_path / "bin/uv", f'[ "$1" = --version ] && echo uv 1.0 || echo {tmp_path}/cache')
    program(tmp_path / "pyenv/versions/3.13.4/bin/python3.13", '[ "$1" = -c ] || echo "$@"')
    program(tmp_path / "pyenv/versions/3.13.2-debug/bin/python3.13", "exit 1")

    done = project.dev("build", "--arch", "x86_64", PATH=f"{tmp_path / 'bin'}:/usr/bin:/bin")

    assert done.returncode == 0, done.stderr
    script, rest = done.stdout.strip().split(" --arch ")
    assert script == str(project.folder / "tools/package_lambda.py")
    assert rest.startswith(f"x86_64 -- {tmp_path}/bin/uv")


@pytest.mark.parametrize("args", [(), ("-h",), ("--help",)])
def test_help_is_short_and_sets_nothing_up(project: Project, args: tuple[str, ...]) -> None:
    done = project.dev(*args)

    assert done.returncode == 0
    assert done.stdout.startswith("usage: ./dev TASK")
    assert not (project.folder / ".venv").exists()


def last_line(text: str) -> str:
    return text.splitlines(keepends=True)[-1]
