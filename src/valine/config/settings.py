"""The names that stay, what each must look like, and which may be left out."""

from __future__ import annotations

from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Final, TypeVar

from dotenv import dotenv_values

from valine.config import values
from valine.config.secret import Secret
from valine.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

T = TypeVar("T")

PREFIX: Final = "VALINE_"
OWN_NAMES: Final = frozenset(
    {"VALINE_STORE", "VALINE_QUEUE_URL", "VALINE_PUBLIC_URL", "VALINE_SECRETS_PREFIX", "VALINE_WRITE_INTERVAL"}
)
DEFAULT_STORE: Final = "sqlite:///valine.db"
DEFAULT_GITHUB: Final = "https://api.github.com"
DEFAULT_DISCORD: Final = "https://discord.com/api/v10"
DEFAULT_INTERVAL: Final = "1"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything a deployment decides. Either `github_token` is there, or both of the App's."""

    discord_application_id: str
    discord_public_key: str
    discord_bot_token: Secret
    discord_guild_id: str
    discord_channel_id: str | None
    discord_api_url: str
    github_token: Secret | None
    github_app_id: str | None
    github_app_private_key: Secret | None
    github_webhook_secret: Secret
    github_repository: str
    github_api_url: str
    store: str
    queue_url: str | None
    public_url: str | None
    secrets_prefix: str | None
    write_interval: float
    warnings: tuple[str, ...] = ()

    @classmethod
    def load(cls, environ: Mapping[str, str], dotenv_path: Path | None = None) -> Settings:
        """The settings of this environment, and of that file for what the environment lacks.

        Raises ConfigurationError with a line for each setting that is missing or malformed.
        """
        given = _Given(environ, dotenv_path)
        read, read_or = given.read, given.read_or
        application_id = read("DISCORD_APPLICATION_ID", values.digits, needed=True)
        key = read("DISCORD_PUBLIC_KEY", values.public_key, needed=True)
        bot_token = read("DISCORD_BOT_TOKEN", values.token, needed=True)
        # An application is public by default: without this, strangers who add the bot to a server of theirs, where
        # they manage everything, could approve and ship here.
        guild = read("DISCORD_GUILD_ID", values.digits, needed=True)
        channel = read("DISCORD_CHANNEL_ID", values.digits)
        discord_api = read_or("DISCORD_API_URL", values.url, DEFAULT_DISCORD)
        secret = read("GITHUB_WEBHOOK_SECRET", Secret, needed=True)
        repository = read("GITHUB_REPOSITORY", values.repository, needed=True)
        github_api = read_or("GITHUB_API_URL", values.url, DEFAULT_GITHUB)
        token, app_id, private_key = given.read_credentials()
        store = read_or("VALINE_STORE", values.store, DEFAULT_STORE)
        queue, public = read("VALINE_QUEUE_URL", values.url), read("VALINE_PUBLIC_URL", values.url)
        prefix = read("VALINE_SECRETS_PREFIX", values.plain)
        interval = read_or("VALINE_WRITE_INTERVAL", values.seconds, DEFAULT_INTERVAL)
        # A needed one is None only beside a problem; naming them here tells mypy so.
        if given.problems or not (application_id and key and bot_token and guild and secret and repository):
            raise ConfigurationError(tuple(given.problems))
        return cls(
            discord_application_id=application_id,
            discord_public_key=key,
            discord_bot_token=bot_token,
            discord_guild_id=guild,
            discord_channel_id=channel,
            discord_api_url=discord_api,
            github_token=token,
            github_app_id=app_id,
            github_app_private_key=private_key,
            github_webhook_secret=secret,
            github_repository=repository,
            github_api_url=github_api,
            store=store,
            queue_url=queue,
            public_url=public,
            secrets_prefix=prefix,
            write_interval=interval,
            warnings=given.warnings(),
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret's text, for the logs to leave out."""
        known = (self.discord_bot_token, self.github_token, self.github_app_private_key, self.github_webhook_secret)
        return tuple(secret.reveal() for secret in known if secret is not None)


def store_url(environ: Mapping[str, str], dotenv_path: Path | None = None) -> str:
    """VALINE_STORE alone, for commands that only read the store. Raises ConfigurationError."""
    given = _Given(environ, dotenv_path)
    url = given.read_or("VALINE_STORE", values.store, DEFAULT_STORE)
    if given.problems:
        raise ConfigurationError(tuple(given.problems))
    return url


def repository_name(environ: Mapping[str, str], dotenv_path: Path | None = None) -> str:
    """GITHUB_REPOSITORY alone, for the same commands. Raises ConfigurationError."""
    given = _Given(environ, dotenv_path)
    name = given.read("GITHUB_REPOSITORY", values.repository, needed=True)
    if name is None:
        raise ConfigurationError(tuple(given.problems))
    return name


class _Given:
    """What was given, stripped, the environment before the file; and the problems found so far."""

    def __init__(self, environ: Mapping[str, str], dotenv_path: Path | None) -> None:
        self.problems: list[str] = []
        merged = {**self._file(dotenv_path), **{name: text for name, text in environ.items() if text.strip()}}
        self._texts = {name: text.strip() for name, text in merged.items() if text.strip()}

    def read(self, name: str, reader: Callable[[str], T], *, needed: bool = False) -> T | None:
        """The value, None if it is not there; what is wrong with it becomes a problem."""
        text = self._texts.get(name)
        if text is None:
            if needed:
                self.problems.append(f"{name} is missing")
            return None
        try:
            return reader(text)
        except ValueError as error:
            self.problems.append(f"{name} {error}")
            return None

    def read_or(self, name: str, reader: Callable[[str], T], default: str) -> T:
        """The value, the default's if it is not there (or is wrong, which is a problem)."""
        value = self.read(name, reader)
        return reader(default) if value is None else value

    def read_credentials(self) -> tuple[Secret | None, str | None, Secret | None]:
        """Token, App and key. GitHub knows us by a token or as an App, not both."""
        found = (
            self.read("GITHUB_TOKEN", values.token),
            self.read("GITHUB_APP_ID", values.digits),
            self.read("GITHUB_APP_PRIVATE_KEY", values.private_key),
        )
        self._check_credentials()
        return found

    def _check_credentials(self) -> None:
        token, app_id, key = (
            name in self._texts for name in ("GITHUB_TOKEN", "GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY")
        )
        if token and (app_id or key):
            self.problems.append(
                "GITHUB_TOKEN is given beside GITHUB_APP_ID or GITHUB_APP_PRIVATE_KEY: give one way in only"
            )
        elif app_id and not key:
            self.problems.append("GITHUB_APP_PRIVATE_KEY is missing (GITHUB_APP_ID is there)")
        elif key and not app_id:
            self.problems.append("GITHUB_APP_ID is missing (GITHUB_APP_PRIVATE_KEY is there)")
        elif not token and not key:
            self.problems.append("GITHUB_TOKEN is missing (or GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY)")

    def warnings(self) -> tuple[str, ...]:
        """A line for each name that looks like ours and is not."""
        unknown = sorted(name for name in self._texts if name.startswith(PREFIX) and name not in OWN_NAMES)
        return tuple(f"{name} is no setting of Valine's: it is ignored" for name in unknown)

    def _file(self, path: Path | None) -> dict[str, str]:
        if path is None:
            return {}
        try:
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            self.problems.append(f"{path} cannot be read ({type(error).__name__})")
            return {}
        # Not interpolated: a secret may well hold a ${.
        return {name: value for name, value in dotenv_values(stream=StringIO(text), interpolate=False).items() if value}
