"""The command line beside a deployment on AWS: its secrets lie in Parameter Store, its store is a table of moto's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from discord_bytes import PUBLIC_KEY
from dynamodb import make_table
from moto_aws import moto_aws, moto_client
from valine.cli import doctor, main
from valine.cli.serve import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.proof
SECRETS = {"DISCORD_BOT_TOKEN": "a.b.c", "GITHUB_TOKEN": "ghs_x", "GITHUB_WEBHOOK_SECRET": "hush, a webhook"}
SETTINGS = f"""
DISCORD_APPLICATION_ID=1
DISCORD_PUBLIC_KEY={PUBLIC_KEY.hex()}
DISCORD_GUILD_ID=2
GITHUB_REPOSITORY=team/app
GITHUB_TOKEN=
VALINE_SECRETS_PREFIX=/valine/dev
VALINE_STORE=dynamodb://RunStateTable
VALINE_QUEUE_URL=https://sqs.eu-central-1.amazonaws.com/1/valine.fifo
"""


@pytest.fixture(autouse=True)
def _account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in (*SECRETS, "GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY"):
        monkeypatch.delenv(name, raising=False)
    with moto_aws():
        for name, value in SECRETS.items():
            moto_client("ssm").put_parameter(Name=f"/valine/dev/{name}", Value=value, Type="SecureString")
        yield


@pytest.fixture
def env(tmp_path: Path) -> Path:
    """A .env as AWS has it: no secret in it."""
    file = tmp_path / ".env.dev"
    file.write_text(SETTINGS)
    return file


def test_what_the_file_lacks_is_read_where_the_functions_read_it(env: Path) -> None:
    settings = load(env)

    assert settings.github_token is not None
    told = (settings.discord_bot_token, settings.github_token, settings.github_webhook_secret)
    assert [secret.reveal() for secret in told] == [*SECRETS.values()]


def test_what_the_file_has_goes_before(env: Path) -> None:
    env.write_text(SETTINGS.replace("GITHUB_TOKEN=", "GITHUB_TOKEN=ghp_mine"))

    token = load(env).github_token

    assert token is not None
    assert token.reveal() == "ghp_mine"


def test_a_secret_that_is_nowhere_is_named(env: Path, capsys: pytest.CaptureFixture[str]) -> None:
    moto_client("ssm").delete_parameter(Name="/valine/dev/DISCORD_BOT_TOKEN")

    assert main(["commands", "show", "--env", str(env)]) == 2

    assert "there is none of DISCORD_BOT_TOKEN under /valine/dev" in capsys.readouterr().err


async def store(env: Path) -> Any:
    return await doctor._store(load(env))


async def test_the_doctor_asks_the_table_itself(env: Path) -> None:
    missing = await store(env)
    make_table(moto_client("dynamodb"), "RunStateTable")
    there = await store(env)

    assert (missing.state, there.state) == ("wrong", "ok")
    assert "Deploy the stack, or correct VALINE_STORE" in missing.sentence
    assert there.sentence == "dynamodb://RunStateTable can be read."
