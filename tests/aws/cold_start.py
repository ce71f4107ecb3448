"""How long a cold start takes under Lambda's runtime client, beside a handler that only verifies a signature.

    PYTHONPATH=src:tests python tests/aws/cold_start.py [times]

A cold start is a new process, its initialisation, and its first answer. Medians, in milliseconds, of this machine.
"""

from __future__ import annotations

import statistics
import sys
import sysconfig
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aws.lambda_events import http_event
from aws.runtime_api import a_function
from aws.sqs_endpoint import an_sqs_endpoint
from discord_bytes import APPLICATION, GUILD, PUBLIC_KEY, encoded, ping, signed, slash

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE = Path(__file__).resolve().parents[2] / "src"
ONLY = """
import json, os
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
KEY = Ed25519PublicKey.from_public_bytes(bytes.fromhex(os.environ["DISCORD_PUBLIC_KEY"]))
def handler(event, context):
    headers = {name.lower(): value for name, value in event["headers"].items()}
    signed = headers["x-signature-timestamp"].encode() + event["body"].encode()
    KEY.verify(bytes.fromhex(headers["x-signature-ed25519"]), signed)
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps({"type": 1})}
"""


def settings(queue: str) -> dict[str, str]:
    """Of Discord's endpoint."""
    return {
        "DISCORD_APPLICATION_ID": APPLICATION,
        "DISCORD_GUILD_ID": GUILD,
        "DISCORD_PUBLIC_KEY": PUBLIC_KEY.hex(),
        "GITHUB_REPOSITORY": "team/app",
        "VALINE_QUEUE_URL": f"{queue}/123456789012/valine.fifo",
        "VALINE_STORE": "dynamodb://RunStateTable",
        "AWS_ENDPOINT_URL": queue,
    }


def once(handler: str, path: Path, env: Mapping[str, str], body: bytes, folder: Path) -> tuple[float, float]:
    """Milliseconds of the initialisation, and of the first invocation."""
    event: Any = http_event("POST", "/discord", headers=signed(body, datetime.now(UTC)), body=body)
    packages = sysconfig.get_path("purelib")
    with a_function(handler, path=[path], client=packages, env=env, log=folder / "log") as function:
        function.start()
        answer = function.invoke(event)
        assert answer.payload["statusCode"] == 200, (answer, function.log)
        return function.init_seconds * 1000, answer.seconds * 1000


def main(times: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name, an_sqs_endpoint() as queue:
        folder, env = Path(name), settings(queue.address)
        (folder / "only.py").write_text(ONLY)
        valine = "valine.handlers.discord_handler.handler"
        cases = {
            "only verifies": ("only.handler", folder, encoded(ping())),
            "PONG": (valine, SOURCE, encoded(ping())),
            "stored command": (valine, SOURCE, encoded(slash("plan", label="ready"))),
        }
        measured: dict[str, list[tuple[float, float]]] = {case: [] for case in cases}
        for _ in range(times + 1):  # in turns, so that whatever else the machine does meets them all
            for case, (handler, path, body) in cases.items():
                measured[case].append(once(handler, path, env, body, folder))
    base = 0.0
    for case, rows in measured.items():
        init, first = (statistics.median(column) for column in zip(*rows[1:], strict=True))  # the first wrote .pyc
        base = base or init + first
        sys.stdout.write(f"{case:16} init {init:6.0f}  first answer {first:6.0f}  sum {init + first:6.0f}")
        sys.stdout.write(f"  ratio {(init + first) / base:.2f}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
