"""Secrets from moto's Parameter Store and Secrets Manager."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from moto_aws import moto_aws, moto_client
from valine.errors import ConfigurationError
from valine.services.aws.secrets import fetch, with_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.proof
PATH = "/valine/prod"
NAMES = ("DISCORD_BOT_TOKEN", "GITHUB_TOKEN", "GITHUB_APP_PRIVATE_KEY")


@pytest.fixture
def ssm() -> Iterator[Any]:
    with moto_aws():
        yield moto_client("ssm")


@pytest.fixture
def manager() -> Iterator[Any]:
    with moto_aws():
        yield moto_client("secretsmanager")


def put(ssm: Any, path: str, value: str, **changes: Any) -> None:
    ssm.put_parameter(Name=path, Value=value, Type="SecureString", Overwrite=True, **changes)


def problem(prefix: str) -> str:
    with pytest.raises(ConfigurationError) as told:
        fetch(prefix, NAMES)
    [line] = told.value.problems
    assert "\n" not in line
    assert line.startswith("VALINE_SECRETS_PREFIX: ")
    return line


@pytest.mark.parametrize("prefix", [PATH, f"{PATH}/"])
def test_parameters_are_found_decrypted_by_the_names_of_their_settings(ssm: Any, prefix: str) -> None:
    put(ssm, f"{PATH}/DISCORD_BOT_TOKEN", "a.b.c")
    put(ssm, f"{PATH}/GITHUB_WEBHOOK_SECRET", "not asked for")
    put(ssm, "/valine/dev/DISCORD_BOT_TOKEN", "another")
    put(ssm, f"{PATH}/old/GITHUB_TOKEN", "another")

    assert fetch(prefix, NAMES) == {"DISCORD_BOT_TOKEN": "a.b.c"}


def test_a_secret_of_secrets_manager_holds_them_all(manager: Any) -> None:
    held = '{"DISCORD_BOT_TOKEN": "a.b.c", "GITHUB_TOKEN": "ghs_x", "GITHUB_WEBHOOK_SECRET": "not asked for"}'
    manager.create_secret(Name="valine/prod", SecretString=held)

    assert fetch("secretsmanager:valine/prod", NAMES) == {"DISCORD_BOT_TOKEN": "a.b.c", "GITHUB_TOKEN": "ghs_x"}


@pytest.mark.parametrize("text", ["hush-hush", '["hush-hush"]', '{"NAME": 123456789}'])
def test_a_secret_that_is_no_object_of_texts_is_told_without_what_is_in_it(manager: Any, text: str) -> None:
    manager.create_secret(Name="valine", SecretString=text)

    line = problem("secretsmanager:valine")

    assert "the secret valine is no JSON object of texts" in line
    assert "hush" not in line
    assert "123456789" not in line


def test_a_secret_of_bytes_is_no_object_of_texts(manager: Any) -> None:
    manager.create_secret(Name="valine", SecretBinary=b"hush-hush")

    assert "no JSON object" in problem("secretsmanager:valine")


def test_a_secret_that_is_not_there_is_named_by_its_setting(manager: Any) -> None:
    assert "correct VALINE_SECRETS_PREFIX" in problem("secretsmanager:valine")


def test_a_path_with_nothing_under_it_says_how_to_put_a_secret_there(ssm: Any) -> None:
    put(ssm, "/valine/dev/DISCORD_BOT_TOKEN", "another")

    assert "aws ssm put-parameter --type SecureString --name /valine/prod/DISCORD_BOT_TOKEN" in problem(PATH)


def test_a_prefix_that_is_neither_is_told() -> None:
    assert "must be a path such as /valine/prod" in problem("valine")


def test_the_environment_goes_before_unless_it_is_blank() -> None:
    given = {"GITHUB_TOKEN": "near", "DISCORD_BOT_TOKEN": " ", "VALINE_STORE": ""}

    both = with_secrets(given, {"GITHUB_TOKEN": "far", "DISCORD_BOT_TOKEN": "far", "GITHUB_WEBHOOK_SECRET": "far"})

    assert both == {
        "GITHUB_TOKEN": "near",
        "DISCORD_BOT_TOKEN": "far",
        "GITHUB_WEBHOOK_SECRET": "far",
        "VALINE_STORE": "",
    }
