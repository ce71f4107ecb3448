"""Secrets from Parameter Store or Secrets Manager: fetched once, kept in memory, shown in no sentence.

VALINE_SECRETS_PREFIX says where they lie: a path of Parameter Store such as /valine/prod, under which each has the name
of its setting (/valine/prod/DISCORD_BOT_TOKEN, a SecureString), or `secretsmanager:` and the name of one secret, which
is a JSON object of those names. What the environment itself has goes before, as it does before a .env file.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import msgspec

from valine.errors import ConfigurationError, StoreError
from valine.services.aws import ask, client

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

log = logging.getLogger("valine.secrets")

SETTING: Final = "VALINE_SECRETS_PREFIX"
MANAGER: Final = "secretsmanager:"


class Secrets:
    """The secrets at one place. The first read fetches them; later ones cost nothing."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._fetched: tuple[datetime, Mapping[str, str]] | None = None

    def read(self, now: datetime, *, no_older_than: timedelta | None = None) -> Mapping[str, str]:
        """Their texts by the names of their settings; fetched anew if asked for younger ones than there are.

        Raises ConfigurationError, with one line that has no secret in it, if they cannot be had. If that happens to
        be while they are fetched anew, those that there are stay, and the line is logged.
        """
        if self._fetched is not None:
            at, values = self._fetched
            if no_older_than is None or now - at <= no_older_than:
                return values
        try:
            self._fetched = now, fetch(self._prefix)
        except ConfigurationError as error:
            if self._fetched is None:
                raise
            log.warning("the secrets stay as they were: %s", error)
        return self._fetched[1]


def fetch(prefix: str) -> Mapping[str, str]:
    """The secrets that lie there now. Raises ConfigurationError."""
    try:
        if prefix.startswith(MANAGER):
            return _from_manager(prefix.removeprefix(MANAGER))
        if prefix.startswith("/"):
            return _from_parameters(prefix.rstrip("/"))
    except StoreError as error:
        raise _problem(str(error)) from error
    raise _problem(f"must be a path such as /valine/prod, or {MANAGER} and a secret's name")


def with_secrets(environ: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
    """Both in one, as Settings.load() takes it. What the environment has, and is not blank, goes before."""
    return {**secrets, **{name: text for name, text in environ.items() if text.strip() or name not in secrets}}


# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html
def _from_parameters(path: str) -> dict[str, str]:
    ssm, found = client("ssm"), dict[str, str]()
    request: dict[str, Any] = {"Path": path, "WithDecryption": True}
    while True:
        answer = ask(ssm, "get_parameters_by_path", **request)
        found |= {one["Name"].rpartition("/")[2]: one["Value"] for one in answer["Parameters"]}
        if not answer.get("NextToken"):
            break
        request["NextToken"] = answer["NextToken"]
    if not found:
        raise _problem(
            f"there is no parameter under {path}. Put each secret there: "
            f"aws ssm put-parameter --type SecureString --name {path}/DISCORD_BOT_TOKEN --value …"
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
