"""Secrets from Parameter Store or Secrets Manager: only those that are needed, and shown in no sentence.

VALINE_SECRETS_PREFIX says where they lie: a path of Parameter Store such as /valine/prod, under which each has the name
of its setting (/valine/prod/DISCORD_BOT_TOKEN, a SecureString), or `secretsmanager:` and the name of one secret, which
is a JSON object of those names. What the environment itself has goes before, as it does before a .env file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from valine.errors import ConfigurationError, StoreError
from valine.services.aws.client import ask, client

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SETTING: Final = "VALINE_SECRETS_PREFIX"
MANAGER: Final = "secretsmanager:"


def fetch(prefix: str, names: Sequence[str]) -> Mapping[str, str]:
    """Those of these names that lie there now, by their names. Raises ConfigurationError if there is none.

    Nothing but those is asked of Parameter Store, so that a role need not be allowed more.
    """
    try:
        if prefix.startswith(MANAGER):
            held = _from_manager(prefix.removeprefix(MANAGER))
            return {name: held[name] for name in names if name in held}
        if prefix.startswith("/"):
            return _from_parameters(prefix.rstrip("/"), names)
    except StoreError as error:
        raise _problem(str(error)) from error
    raise _problem(f"must be a path such as /valine/prod, or {MANAGER} and a secret's name")


def with_secrets(environ: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
    """Both in one, as Settings.load() takes it. What the environment has, and is not blank, goes before."""
    return {**secrets, **{name: text for name, text in environ.items() if text.strip() or name not in secrets}}


# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html: ten at most
def _from_parameters(path: str, names: Sequence[str]) -> dict[str, str]:
    answer = ask(client("ssm"), "get_parameters", Names=[f"{path}/{name}" for name in names], WithDecryption=True)
    found = {one["Name"].rpartition("/")[2]: one["Value"] for one in answer["Parameters"]}
    if not found:
        raise _problem(
            f"there is none of {', '.join(names)} under {path}. Put each secret there: "
            f"aws ssm put-parameter --type SecureString --name {path}/{names[0]} --value …"
        )
    return found


# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
def _from_manager(name: str) -> dict[str, str]:
    answer = ask(client("secretsmanager"), "get_secret_value", SecretId=name)
    try:
        return msgspec.json.decode(answer.get("SecretString", ""), type=dict[str, str])
    except msgspec.MsgspecError:
        raise _problem(
            f'the secret {name} is no JSON object of texts. Store it as {{"DISCORD_BOT_TOKEN": "…", …}}.'
        ) from None


def _problem(what: str) -> ConfigurationError:
    return ConfigurationError((f"{SETTING}: {what}",))
