"""The built package as it is deployed: behind a gateway, before a queue, the twins of GitHub and Discord around it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aws.aws_over_http import Aws, aws_over_http
from aws.gateway import a_gateway
from aws.lambda_events import sqs_event
from aws.runtime_api import Function, a_function
from dynamodb import ENVIRONMENT, make_table
from moto_aws import make_queue, moto_aws, moto_client, receive
from processes.town import Town, a_town

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("discord", "github", "worker", "clock")
SECRETS = ("DISCORD_BOT_TOKEN", "GITHUB_TOKEN", "GITHUB_WEBHOOK_SECRET")


def build(root: Path, out: Path, arch: str) -> Path:
    command: list[str | Path] = [sys.executable, root / "dev", "build", "--arch", arch, "--out", out]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(rf".+: {arch}, \d+\.\d MB \(\d+\.\d MB unpacked\)\n", done.stdout)
    return out


@dataclass(frozen=True)
class Deployed:
    """The functions, each known to AWS by a key of its own, and all that is around them."""

    functions: dict[str, Function]
    town: Town
    aws: Aws
    queue_url: str
    settings: dict[str, str]

    def work(self) -> int:
        """What the event source mapping does until the queue is empty: how many batches that were."""
        batches, sqs, worker = 0, moto_client("sqs"), self.functions["worker"]
        while records := receive(sqs, self.queue_url, 10):
            answer = worker.invoke(sqs_event(*records))
            assert answer.payload is not None, worker.log[-3000:]
            back = {one["itemIdentifier"] for one in answer.payload["batchItemFailures"]}  # what it had no time for
            assert len(back) < len(records), worker.log[-3000:]
            for record in records:
                its = {"QueueUrl": self.queue_url, "ReceiptHandle": record["receiptHandle"]}
                if record["messageId"] in back:
                    sqs.change_message_visibility(**its, VisibilityTimeout=0)
                else:
                    sqs.delete_message(**its)
            batches += 1
        assert receive(sqs, self.queue_url.replace("valine.fifo", "valine-dead.fifo")) == []  # handed back too often
        return batches

    def asked(self, name: str) -> set[tuple[str, str | None]]:
        """What that function asked of AWS: actions, and the index they were asked of."""
        return {(one.action, one.of_index) for one in self.aws.asked if one.key == key_of(name)}


def key_of(name: str) -> str:
    """The access key by which AWS knows the function."""
    return f"AKIA{name.upper()}"


@contextmanager
def deployed(root: Path, folder: Path, python: str) -> Iterator[Deployed]:
    """The package for this processor, alone under that Python, at the address that the twins know."""
    for name in ("town", "lambda"):
        (folder / name).mkdir()
    with a_town(folder / "town") as town, moto_aws(), aws_over_http() as aws, ExitStack() as stack:
        settings = dict(line.split("=", 1) for line in town.env.read_text().splitlines() if line[0] != "#")
        queue_url = make_queue(moto_client("sqs"))
        env = environment(settings, aws.address, queue_url)
        with zipfile.ZipFile(build(root, folder / "package.zip", "x86_64")) as package:
            package.extractall(folder / "lambda" / "task")
        started = {name: stack.enter_context(_function(root, folder / "lambda", python, name, env)) for name in NAMES}
        for function in started.values():
            function.start()  # Discord gives a new address three seconds; a cold start on a busy machine may take them
        routes = {"/discord": started["discord"], "/github/webhook": started["github"], "/healthz": started["github"]}
        stack.enter_context(a_gateway(int(town.product.rpartition(":")[2]), routes))
        yield Deployed(started, town, aws, queue_url, settings)


def environment(settings: dict[str, str], address: str, queue_url: str) -> dict[str, str]:
    """What the template tells a function; its secrets lie in Parameter Store, and in Secrets Manager as well."""
    secrets = {name: settings[name] for name in SECRETS}
    for name, value in secrets.items():
        moto_client("ssm").put_parameter(Name=f"/valine/dev/{name}", Value=value, Type="SecureString")
    moto_client("secretsmanager").create_secret(Name="valine", SecretString=json.dumps(secrets))
    told = {name: value for name, value in settings.items() if name not in SECRETS and name != "VALINE_STORE"}
    return {
        **told,
        **ENVIRONMENT,
        "AWS_ENDPOINT_URL": address,
        "VALINE_ENV": "dev",
        "VALINE_STORE": f"dynamodb://{make_table(moto_client('dynamodb'), 'RunStateTable')}",
        "VALINE_QUEUE_URL": queue_url,
        "VALINE_SECRETS_PREFIX": "/valine/dev",
        "VALINE_WRITE_INTERVAL": "0",
    }


@contextmanager
def _function(root: Path, folder: Path, python: str, name: str, env: dict[str, str]) -> Iterator[Function]:
    """One function, under an interpreter that has nothing but Lambda's runtime client."""
    alone = folder / "python"
    if not alone.exists():
        subprocess.run([python, "-m", "venv", "--without-pip", alone], check=True)
        install_runtime_client(root, folder / "client", python)
    own = {"AWS_ACCESS_KEY_ID": key_of(name)}
    if name == "github":
        own["VALINE_SECRETS_PREFIX"] = "secretsmanager:valine"
    with a_function(
        f"valine.handlers.{name}_handler.handler",
        path=[folder / "task"],
        client=folder / "client",
        python=str(alone / "bin" / "python"),
        env=env | own,
        log=folder / f"{name}.log",
    ) as function:
        yield function


def install_runtime_client(root: Path, target: Path, python: str) -> None:
    """awslambdaric and what it needs, as locked, for that Python."""
    locked = (root / "requirements" / "prove.txt").read_text()
    names = r"^(?:awslambdaric|simplejson|snapshot-restore-py)=="
    wanted = re.findall(names + r".+(?:\n    --hash=.+)+", locked, flags=re.MULTILINE)
    target.with_suffix(".txt").write_text("\n".join(wanted))
    uv = shutil.which("uv")
    command: list[str | Path] = [uv, "pip", "install", "--python", python] if uv else [python, "-m", "pip", "install"]
    command += ["--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--target", target]
    subprocess.run([*command, "-r", target.with_suffix(".txt")], check=True)
