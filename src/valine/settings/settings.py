"""The names that stay, what each must look like, and which may be left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from valine.errors import ConfigurationError
from valine.settings import parsers
from valine.settings.reader import SettingsReader
from valine.settings.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

DEFAULT_STORE: Final = "sqlite:///valine.db"
DEFAULT_GITHUB: Final = "https://api.github.com"
DEFAULT_DISCORD: Final = "https://discord.com/api/v10"
DEFAULT_INTERVAL: Final = "1"


@dataclass(frozen=True, kw_only=True)
class DiscordApplication:
    """How Discord is spoken to."""

    discord_application_id: str
    discord_bot_token: Secret
    discord_api_url: str


@dataclass(frozen=True, kw_only=True)
class Platforms(DiscordApplication):
    """How GitHub and Discord are spoken to. Either `github_token` is there, or both of the App's."""

    github_token: Secret | None
    github_app_id: str | None
    github_app_private_key: Secret | None
    github_repository: str
    github_api_url: str
    write_interval: float

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret's text, for the logs to leave out."""
        known = (self.discord_bot_token, self.github_token, self.github_app_private_key)
        return tuple(secret.reveal() for secret in known if secret is not None)


def read_platforms(reader: SettingsReader) -> Platforms | None:
    """What was given of them; None if something is missing or malformed, which is a problem then."""
    read, read_or = reader.read, reader.read_or
    application_id = read("DISCORD_APPLICATION_ID", parsers.digits, needed=True)
    bot_token = read("DISCORD_BOT_TOKEN", parsers.token, needed=True)
    discord_api = read_or("DISCORD_API_URL", parsers.platform_url, DEFAULT_DISCORD)
    repository = read("GITHUB_REPOSITORY", parsers.repository, needed=True)
    github_api = read_or("GITHUB_API_URL", parsers.platform_url, DEFAULT_GITHUB)
    token, app_id, private_key = reader.read_credentials()
    interval = read_or("VALINE_WRITE_INTERVAL", parsers.seconds, DEFAULT_INTERVAL)
    if not (application_id and bot_token and repository):
        return None
    return Platforms(
        discord_application_id=application_id,
        discord_bot_token=bot_token,
        discord_api_url=discord_api,
        github_token=token,
        github_app_id=app_id,
        github_app_private_key=private_key,
        github_repository=repository,
        github_api_url=github_api,
        write_interval=interval,
    )


@dataclass(frozen=True, kw_only=True)
class Settings(Platforms):
    """Everything a deployment decides."""

    discord_public_key: str
    discord_guild_id: str
    discord_channel_id: str | None
    github_webhook_secret: Secret
    store: str
    queue_url: str | None
    public_url: str | None
    secrets_prefix: str | None
    warnings: tuple[str, ...] = ()

    SECRETS: ClassVar = ("DISCORD_BOT_TOKEN", "GITHUB_TOKEN", "GITHUB_APP_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET")

    @classmethod
    def load(cls, environ: Mapping[str, str], dotenv_path: Path | None = None) -> Settings:
        """The settings of this environment, and of that file for what the environment lacks.

        Raises ConfigurationError with a line for each setting that is missing or malformed.
        """
        reader = SettingsReader(environ, dotenv_path)
        read = reader.read
        platforms = read_platforms(reader)
        key = read("DISCORD_PUBLIC_KEY", parsers.public_key, needed=True)
        # An application is public by default: without this, outsiders who add the bot to a server of theirs, where
        # they manage everything, could approve and ship here.
        guild = read("DISCORD_GUILD_ID", parsers.digits, needed=True)
        channel = read("DISCORD_CHANNEL_ID", parsers.digits)
        secret = read("GITHUB_WEBHOOK_SECRET", parsers.webhook_secret, needed=True)
        store = reader.read_or("VALINE_STORE", parsers.store, DEFAULT_STORE)
        queue, public = read("VALINE_QUEUE_URL", parsers.url), read("VALINE_PUBLIC_URL", parsers.url)
        prefix = read("VALINE_SECRETS_PREFIX", parsers.plain)
        # A needed one is None only beside a problem; naming them here tells mypy so.
        if reader.problems or not (platforms and key and guild and secret):
            raise ConfigurationError(tuple(reader.problems))
        return cls(
            **vars(platforms),
            discord_public_key=key,
            discord_guild_id=guild,
            discord_channel_id=channel,
            github_webhook_secret=secret,
            store=store,
            queue_url=queue,
            public_url=public,
            secrets_prefix=prefix,
            warnings=reader.warnings(),
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        return (*super().secrets, self.github_webhook_secret.reveal())


class Elsewhere(NamedTuple):
    """Where the secrets lie that were not given here, and the names of those that are needed all the same."""

    prefix: str
    names: tuple[str, ...]


def elsewhere(environ: Mapping[str, str], dotenv_path: Path | None, secrets: Sequence[str]) -> Elsewhere | None:
    """Of these secrets, those that must be read below VALINE_SECRETS_PREFIX. None if it is not set, or if none is."""
    reader = SettingsReader(environ, dotenv_path)
    prefix = reader.read("VALINE_SECRETS_PREFIX", parsers.plain)
    names = tuple(
        name
        for name in one_way_in(secrets, as_app=reader.read("GITHUB_APP_ID", parsers.plain) is not None)
        if reader.read(name, parsers.plain) is None
    )
    return Elsewhere(prefix, names) if prefix and names else None


def one_way_in(secrets: Sequence[str], *, as_app: bool) -> tuple[str, ...]:
    """These without the one that GitHub's other way in takes: a token that an App left behind is no mistake."""
    other = "GITHUB_TOKEN" if as_app else "GITHUB_APP_PRIVATE_KEY"
    return tuple(name for name in secrets if name != other)


def store_url(environ: Mapping[str, str], dotenv_path: Path | None = None) -> str:
    """VALINE_STORE alone, for commands that only read the store. Raises ConfigurationError."""
    reader = SettingsReader(environ, dotenv_path)
    url = reader.read_or("VALINE_STORE", parsers.store, DEFAULT_STORE)
    if reader.problems:
        raise ConfigurationError(tuple(reader.problems))
    return url


def queue_url(environ: Mapping[str, str], dotenv_path: Path | None = None) -> str | None:
    """VALINE_QUEUE_URL alone, for the same commands. Raises ConfigurationError."""
    reader = SettingsReader(environ, dotenv_path)
    url = reader.read("VALINE_QUEUE_URL", parsers.url)
    if reader.problems:
        raise ConfigurationError(tuple(reader.problems))
    return url


def repository_name(environ: Mapping[str, str], dotenv_path: Path | None = None) -> str:
    """GITHUB_REPOSITORY alone, for the same commands. Raises ConfigurationError."""
    reader = SettingsReader(environ, dotenv_path)
    name = reader.read("GITHUB_REPOSITORY", parsers.repository, needed=True)
    if name is None:
        raise ConfigurationError(tuple(reader.problems))
    return name


class Registration(NamedTuple):
    """Whose slash commands they are, and in which guild; None if none is named."""

    application: DiscordApplication
    guild_id: str | None


def registration(environ: Mapping[str, str], dotenv_path: Path | None = None) -> Registration:
    """What `valine commands` needs, and no more: whoever registers them need not know GitHub's secrets.

    Raises ConfigurationError.
    """
    reader = SettingsReader(environ, dotenv_path)
    application_id = reader.read("DISCORD_APPLICATION_ID", parsers.digits, needed=True)
    bot_token = reader.read("DISCORD_BOT_TOKEN", parsers.token, needed=True)
    api_url = reader.read_or("DISCORD_API_URL", parsers.platform_url, DEFAULT_DISCORD)
    guild_id = reader.read("DISCORD_GUILD_ID", parsers.digits)
    if reader.problems or not (application_id and bot_token):
        raise ConfigurationError(tuple(reader.problems))
    application = DiscordApplication(
        discord_application_id=application_id, discord_bot_token=bot_token, discord_api_url=api_url
    )
    return Registration(application, guild_id)
