"""What a function imports is what a cold start costs: counted, not timed."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from aws.lambda_events import http_event
from aws.sqs_endpoint import an_sqs_endpoint
from discord_bytes import APPLICATION, GUILD, PUBLIC_KEY, encoded, signed, slash

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = {
    "AWS_LAMBDA_FUNCTION_NAME": "valine-orchestrator-discord-dev",
    "DISCORD_APPLICATION_ID": APPLICATION,
    "DISCORD_GUILD_ID": GUILD,
    "DISCORD_PUBLIC_KEY": PUBLIC_KEY.hex(),
    "GITHUB_REPOSITORY": "team/app",
    "GITHUB_WEBHOOK_SECRET": "a webhook's secret",
    "VALINE_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/valine.fifo",
    "VALINE_STORE": "dynamodb://RunStateTable",
}
HEAVY = {"botocore", "boto3", "httpx2", "jwt", "sqlite3", "aws_lambda_powertools", "starlette", "dotenv"}
NEEDED = {"__main__", "valine", "cryptography", "msgspec"} | {"_cffi_backend", "_openssl", "typing_extensions"}
OWN, ALL = 67, 290  # modules, ours only if they hold code; Python's own differ between its versions
CODE = """
import json, sys
from valine.handlers.{name}_handler import handler
event = json.loads(sys.argv[1])
answer = handler(event, None) if event else None
print(json.dumps([answer, sorted(sys.modules)]))
"""


def after(root: Path, name: str, event: Any = None, **environ: str) -> tuple[Any, set[str]]:
    """The handler's answer in a new process, and what it has imported by then."""
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(name=name), json.dumps(event)],
        env=SETTINGS | environ | {"PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    answer, modules = json.loads(done.stdout.splitlines()[-1])
    return answer, set(modules)


def holds_code(root: Path, module: str) -> bool:
    """Whether there is more in it than the sentence that says what a folder is for."""
    folder = root.joinpath("src", *module.split("."))
    file = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    return len(ast.parse(file.read_text(encoding="utf-8")).body) > 1


@pytest.mark.parametrize("name", ["discord", "github"])
def test_a_wrong_signature_is_told_without_anything_that_only_a_stored_command_needs(root: Path, name: str) -> None:
    event = http_event("POST", f"/{name}", headers={"x-signature-ed25519": "00"}, body=b'{"type": 1}')

    answer, modules = after(root, name, event)

    assert answer["statusCode"] == 401
    assert modules & HEAVY == set()
    assert {module.partition(".")[0] for module in modules} - sys.stdlib_module_names <= NEEDED
    assert len([module for module in modules if module.startswith("valine.") and holds_code(root, module)]) <= OWN
    assert len(modules) <= ALL


def test_a_command_is_stored_without_botocore(root: Path) -> None:
    body = encoded(slash("plan", label="ready"))
    event = http_event("POST", "/discord", headers=signed(body, datetime.now(UTC)), body=body)
    ours = {"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "hush", "AWS_REGION": "eu-central-1"}

    with an_sqs_endpoint() as endpoint:
        answer, modules = after(root, "discord", event, AWS_ENDPOINT_URL=endpoint.address, **ours)

    assert json.loads(answer["body"])["type"] == 5
    assert len(endpoint.requests) == 1
    assert modules & HEAVY == set()


def test_the_clock_starts_without_either_platform(root: Path) -> None:
    _, modules = after(root, "clock")

    assert modules & (HEAVY - {"botocore"} | {"cryptography", "valine.ingress.endpoints"}) == set()
