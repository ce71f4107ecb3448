"""The built package: the same bytes each time, for its processor; alone with the runtime client, it does its work.

Both need CPython 3.13, Lambda's, on PATH or among pyenv's.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import httpx2
import pytest

import cfn
from aws.deployed import SECRETS, Deployed, build, deployed
from aws.lambda_events import schedule_event
from processes.town import Town
from waiting import until

pytestmark = pytest.mark.proof

AARCH64, X86_64 = 183, 62  # e_machine of an ELF file
UNCHECKED = 1  # of a .pyc's flags: bound to its source by hash, which nobody compares
LARGEST = 20_000_000  # bytes of the zip file: what grows makes cold starts slower
ROLES = {"discord": "DiscordRole", "github": "GitHubRole", "worker": "WorkerRole", "clock": "ClockRole"}


@pytest.fixture(scope="module")
def lambda_python(root: Path) -> str:
    """Lambda's Python, as ./dev finds it; the tests are skipped where there is none."""
    found = subprocess.run(
        [sys.executable, root / "tools/lambda_python.py"], capture_output=True, text=True, check=False
    )
    if found.returncode:
        pytest.skip(found.stderr)
    return found.stdout.strip()


def machine_of(library: bytes) -> int:
    """Which processor a shared library is for. https://man7.org/linux/man-pages/man5/elf.5.html."""
    assert library[:4] == b"\x7fELF"
    found: int = struct.unpack_from("<H", library, 18)[0]
    return found


def test_two_builds_for_arm_are_the_same_bytes_and_all_of_it_is_for_arm(
    root: Path, tmp_path: Path, lambda_python: str
) -> None:
    first = build(root, tmp_path / "first.zip", "arm64")
    second = build(root, tmp_path / "second.zip", "arm64")

    assert hashlib.sha256(first.read_bytes()).digest() == hashlib.sha256(second.read_bytes()).digest()
    with zipfile.ZipFile(first) as package:
        names = package.namelist()
        libraries = {name: machine_of(package.read(name)) for name in names if name.endswith(".so")}
        assert json.loads(package.comment) == {"arch": "arm64", "python": "3.13"}
        check_bytecode(package)
    assert len(libraries) >= 3
    assert set(libraries.values()) == {AARCH64}
    assert first.stat().st_size < LARGEST
    assert not [name for name in names if re.match(r"valine/(cli|server)|valine_|(typer|rich|uvicorn)/", name)]


def check_bytecode(package: zipfile.ZipFile) -> None:
    """Every source has its bytecode beside it, of Lambda's Python."""
    names = set(package.namelist())
    sources = [name for name in names if name.endswith(".py")]
    for name in sources:
        folder, _, file = name.rpartition("/")
        compiled = f"{folder}/__pycache__/{file[:-3]}.cpython-313.pyc".lstrip("/")
        assert compiled in names
        assert struct.unpack_from("<I", package.read(compiled), 4)[0] == UNCHECKED
    assert len([name for name in names if name.endswith(".pyc")]) == len(sources)


# --- Alone -----------------------------------------------------------------------------------------------------------


def test_the_package_alone_answers_plans_and_works(root: Path, tmp_path: Path, lambda_python: str) -> None:
    with deployed(root, tmp_path, lambda_python) as there:
        check_imports(tmp_path / "lambda", root)
        check_healthy(there.town)
        check_endpoint(there)
        check_plan(there)
        check_reading(there.town)
        check_approval(there)
        check_webhook(there)
        check_clock(there)
    logs = "".join(function.log for function in there.functions.values())
    assert "Traceback" not in logs
    assert not [name for name in SECRETS if there.settings[name] in logs]
    check_permissions(there, cfn.read(root / "template.yaml"))


def check_imports(folder: Path, root: Path) -> None:
    """Every module that is packed can be imported, and so can whatever is imported only when it is needed."""
    command: list[str | Path] = [
        folder / "python" / "bin" / "python",
        root / "tests" / "aws" / "imports_of.py",
        "valine",
    ]
    done = subprocess.run(command, env={"PYTHONPATH": str(folder / "task")}, capture_output=True, text=True, check=True)

    assert json.loads(done.stdout) == ["dotenv", "msvcrt"]  # no function has a .env file, and none runs on Windows


def check_healthy(town: Town) -> None:
    answer = httpx2.get(f"{town.product}/healthz", trust_env=False, timeout=30)
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def check_endpoint(there: Deployed) -> None:
    """Discord's twin tries an endpoint with a good PING and a forged one, and takes it back if either goes wrong."""
    api, address = there.settings["DISCORD_API_URL"], f"{there.town.product}/discord"
    token = there.settings["DISCORD_BOT_TOKEN"]
    headers = {"Authorization": f"Bot {token}", "User-Agent": "DiscordBot (https://example.com, 1)"}
    forged = {"X-Signature-Ed25519": "0" * 128, "X-Signature-Timestamp": "1790000000"}
    with httpx2.Client(trust_env=False, timeout=30, headers=headers) as client:
        client.patch(f"{api}/applications/@me", json={"interactions_endpoint_url": address}).raise_for_status()
        assert client.post(address, content=b'{"type":1}', headers=forged).status_code == 401
        assert client.get(f"{api}/applications/@me").json()["interactions_endpoint_url"] == address


def check_plan(there: Deployed) -> None:
    town = there.town
    assert town.valine("commands", "push", "--env", str(town.env)).returncode == 0
    town.on_discord("command", by="Ana", name="plan")
    until("the plan's card", lambda: there.work() or town.button("Ana", "approve"))
    until("the button", lambda: town.button("Ana", "approve"))


def check_reading(town: Town) -> None:
    """What the endpoint answers by itself: suggestions while somebody types, and how things stand."""
    town.on_discord("autocomplete", by="Ana", name="plan", option="label", text="rea")
    town.on_discord("command", by="Ana", name="status")
    until("the answer to /status", lambda: town.guild()["ephemeral"].get("Ana"))


def check_approval(there: Deployed) -> None:
    there.town.clicks("Ana", "approve")
    until("four drafts", lambda: there.work() and len(there.town.repository()["pull_requests"]) == 4)
    assert "Commands" in there.functions["worker"].log  # a metric


def check_webhook(there: Deployed) -> None:
    """A push is heard of by a webhook, when all those before it have been dealt with."""

    def quiet() -> bool:
        time.sleep(0.5)
        return there.work() == 0

    until("all is quiet", quiet)

    pull = there.town.repository()["pull_requests"][0]
    there.town.on_github("push", branch=pull["head"], files={"src/x.py": "DONE = True\n"}, by="ana")

    until("a webhook is stored", there.work)


def check_clock(there: Deployed) -> None:
    tick: Any = there.functions["clock"].invoke(schedule_event()).payload
    assert set(tick) == {"woken", "released"}


def check_permissions(there: Deployed, template: dict[str, Any]) -> None:
    """Whatever a function asked of AWS, its role in the template allows."""
    for name, role in ROLES.items():
        allowed = {
            (action, index[1] if (index := re.search(r"/index/(\w+)", resource)) else None)
            for resource_id, statement in cfn.statements(template)
            if resource_id == role
            for action in cfn.texts(statement["Action"])
            for resource in cfn.texts(statement.get("Resource", ""))
        }
        asked = there.asked(name)
        assert asked
        assert asked - allowed == set(), name
