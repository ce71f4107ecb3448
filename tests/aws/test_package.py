"""The built package: the same bytes each time, for its processor; alone with the runtime client, it does its work.

Both need CPython 3.13, Lambda's, on PATH or among pyenv's.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import shutil
import struct
import subprocess
import sys
import time
import zipfile
from contextlib import ExitStack, contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from aws.aws_over_http import aws_over_http
from aws.gateway import a_gateway
from aws.lambda_events import schedule_event, sqs_event
from aws.runtime_api import Function, a_function
from dynamodb import ENVIRONMENT, make_table
from moto_aws import make_queue, moto_aws, moto_client, receive
from processes.town import Town, a_town, until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.proof

AARCH64, X86_64 = 183, 62  # e_machine of an ELF file
UNCHECKED = 1  # of a .pyc's flags: bound to its source by hash, which nobody compares
LARGEST = 20_000_000  # bytes of the zip file: what grows makes cold starts slower
HANDLERS = {name: f"valine.handlers.{name}_handler.handler" for name in ("discord", "github", "worker", "clock")}
SECRETS = ("DISCORD_BOT_TOKEN", "GITHUB_TOKEN", "GITHUB_WEBHOOK_SECRET")


@pytest.fixture(scope="module")
def lambda_python(root: Path) -> str:
    """Lambda's Python, as ./dev finds it; the tests are skipped where there is none."""
    loader = SourceFileLoader("dev", str(root / "dev"))
    spec = importlib.util.spec_from_loader("dev", loader)
    assert spec is not None
    dev = importlib.util.module_from_spec(spec)
    loader.exec_module(dev)
    try:
        found: str = dev.lambda_python()
    except dev.Trouble as trouble:
        pytest.skip(str(trouble))
    return found


def build(root: Path, out: Path, arch: str) -> Path:
    command = [sys.executable, root / "dev", "build", "--arch", arch, "--out", out]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(rf".+: {arch}, \d+\.\d MB \(\d+\.\d MB unpacked\)\n", done.stdout)
    return out


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
    assert not [name for name in names if re.match(r"valine/(cli|demo|simulator|server)|(typer|rich|uvicorn)/", name)]


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


@contextmanager
def functions(root: Path, folder: Path, python: str, env: dict[str, str]) -> Iterator[dict[str, Function]]:
    """The package in a folder of its own, under an interpreter that has nothing but Lambda's runtime client."""
    with zipfile.ZipFile(build(root, folder / "package.zip", "x86_64")) as package:
        package.extractall(folder / "task")
    subprocess.run([python, "-m", "venv", "--without-pip", folder / "python"], check=True)
    client = runtime_client(root, folder, python)
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                a_function(
                    handler,
                    path=[folder / "task"],
                    client=client,
                    python=str(folder / "python" / "bin" / "python"),
                    env=env,
                    log=folder / f"{name}.log",
                )
            )
            for name, handler in HANDLERS.items()
        }


def runtime_client(root: Path, folder: Path, python: str) -> Path:
    """awslambdaric and what it needs, as locked, for that Python."""
    locked = (root / "requirements" / "prove.txt").read_text()
    wanted = re.findall(
        r"^(?:awslambdaric|simplejson|snapshot-restore-py)==.+(?:\n    --hash=.+)+", locked, flags=re.MULTILINE
    )
    (folder / "client.txt").write_text("\n".join(wanted))
    uv = shutil.which("uv")
    pip = [uv, "pip", "install", "--python", python] if uv else [python, "-m", "pip", "install"]
    exactly = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--target", folder / "client"]
    subprocess.run([*pip, "--quiet", *exactly, "-r", folder / "client.txt"], check=True)
    return folder / "client"


class Account:
    """A table, a queue and the secrets, at an address."""

    def __init__(self, address: str, town: Town) -> None:
        given = dict(line.split("=", 1) for line in town.env.read_text().splitlines() if line[0] != "#")
        self.sqs, dynamodb, ssm = moto_client("sqs"), moto_client("dynamodb"), moto_client("ssm")
        self.queue_url = make_queue(self.sqs)
        for name in SECRETS:
            ssm.put_parameter(Name=f"/valine/dev/{name}", Value=given[name], Type="SecureString")
        told = {name: value for name, value in given.items() if name not in SECRETS and name != "VALINE_STORE"}
        self.env = {
            **told,
            **ENVIRONMENT,
            "AWS_ENDPOINT_URL": address,
            "VALINE_ENV": "dev",
            "VALINE_STORE": f"dynamodb://{make_table(dynamodb, 'RunStateTable')}",
            "VALINE_QUEUE_URL": self.queue_url,
            "VALINE_SECRETS_PREFIX": "/valine/dev",
            "VALINE_WRITE_INTERVAL": "0",
        }

    def work(self, worker: Function) -> int:
        """What the event source mapping does until the queue is empty: how many batches that were."""
        batches = 0
        while records := receive(self.sqs, self.queue_url, 10):
            answer = worker.invoke(sqs_event(*records))
            assert answer.payload == {"batchItemFailures": []}, worker.log[-3000:]
            for record in records:
                self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=record["receiptHandle"])
            batches += 1
        return batches


@contextmanager
def deployed(root: Path, folder: Path, python: str) -> Iterator[tuple[Town, Account, dict[str, Function]]]:
    """The functions behind a gateway, at the address that the twins of GitHub and Discord know."""
    for name in ("town", "lambda"):
        (folder / name).mkdir()
    with (
        a_town(folder / "town") as town,
        moto_aws(),
        aws_over_http() as address,
    ):
        account = Account(address, town)
        with functions(root, folder / "lambda", python, account.env) as four:
            routes = {"/discord": four["discord"], "/github/webhook": four["github"], "/healthz": four["github"]}
            with a_gateway(int(town.product.rpartition(":")[2]), routes):
                yield town, account, four


def test_the_package_alone_answers_plans_and_works(root: Path, tmp_path: Path, lambda_python: str) -> None:
    with deployed(root, tmp_path, lambda_python) as (town, account, four):
        check_healthy(town)
        check_endpoint(town, account)
        check_plan(town, account, four)
        check_approval(town, account, four)
        check_webhook(town, account, four)
        check_clock(four)
        logs = "".join(function.log for function in four.values())
    assert "Traceback" not in logs
    assert not [name for name in SECRETS if account_secret(town, name) in logs]


def account_secret(town: Town, name: str) -> str:
    return next(line.split("=", 1)[1] for line in town.env.read_text().splitlines() if line.startswith(f"{name}="))


def check_healthy(town: Town) -> None:
    answer = httpx2.get(f"{town.product}/healthz", trust_env=False, timeout=30)
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def check_endpoint(town: Town, account: Account) -> None:
    """Discord's twin tries an endpoint with a good PING and a forged one, and takes it back if either goes wrong."""
    api = account.env["DISCORD_API_URL"]
    token = account_secret(town, "DISCORD_BOT_TOKEN")
    headers = {"Authorization": f"Bot {token}", "User-Agent": "DiscordBot (https://example.com, 1)"}
    address = f"{town.product}/discord"
    with httpx2.Client(trust_env=False, timeout=30, headers=headers) as client:
        client.patch(f"{api}/applications/@me", json={"interactions_endpoint_url": address}).raise_for_status()
        forged = client.post(
            address,
            content=b'{"type":1}',
            headers={"X-Signature-Ed25519": "0" * 128, "X-Signature-Timestamp": "1790000000"},
        )
        assert forged.status_code == 401
        assert client.get(f"{api}/applications/@me").json()["interactions_endpoint_url"] == address


def check_plan(town: Town, account: Account, four: dict[str, Function]) -> None:
    assert town.valine("commands", "push", "--env", str(town.env)).returncode == 0
    town.on_discord("command", by="Ana", name="plan")
    until("the plan's card", lambda: account.work(four["worker"]) or town.button("Ana", "approve"))
    until("the approve button", lambda: town.button("Ana", "approve"))


def check_approval(town: Town, account: Account, four: dict[str, Function]) -> None:
    town.on_discord("click", by="Ana", custom_id=town.button("Ana", "approve"))
    until("four drafts", lambda: account.work(four["worker"]) and len(town.repository()["pull_requests"]) == 4)
    assert "Commands" in four["worker"].log  # a metric


def check_webhook(town: Town, account: Account, four: dict[str, Function]) -> None:
    """A push is heard of by a webhook, when all those before it have been dealt with."""

    def quiet() -> bool:
        time.sleep(0.5)
        return account.work(four["worker"]) == 0

    until("all is quiet", quiet)

    pull = town.repository()["pull_requests"][0]
    town.on_github("push", branch=pull["head"], files={"src/x.py": "DONE = True\n"}, by="ana")

    until("a webhook is stored", lambda: account.work(four["worker"]))


def check_clock(four: dict[str, Function]) -> None:
    tick: Any = four["clock"].invoke(schedule_event()).payload
    assert set(tick) == {"woken", "released"}
