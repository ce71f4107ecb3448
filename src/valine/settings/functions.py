"""What each function on AWS is told, and nothing more: an endpoint does not know the tokens, the worker not the
endpoint's key.

Each class names in SECRETS what its function reads from VALINE_SECRETS_PREFIX; its role need not read anything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from valine.errors import ConfigurationError
from valine.settings import parsers
from valine.settings.reader import SettingsReader
from valine.settings.secret import Secret
from valine.settings.settings import Platforms, one_way_in, read_platforms

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_ENV: Final = "dev"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where everything is kept: a DynamoDB table's name, and the address of an SQS queue."""

    SECRETS: ClassVar[tuple[str, ...]] = ()

    table: str
    queue_url: str

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Place:
        """For the clock, which needs nothing else. Raises ConfigurationError, naming everything that is wrong."""
        reader = SettingsReader(environ, None)
        place = _read_place(reader)
        if place is None:
            raise ConfigurationError(tuple(reader.problems))
        return place


@dataclass(frozen=True, kw_only=True)
class DiscordEndpoint(Place):
    """Whose interactions are let in."""

    repository: str
    application_id: str
    guild_id: str
    public_key: bytes

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> DiscordEndpoint:
        """For Discord's endpoint. Raises ConfigurationError, naming everything that is wrong."""
        reader = SettingsReader(environ, None)
        place = _read_place(reader)
        repository = reader.read("GITHUB_REPOSITORY", parsers.repository, needed=True)
        application_id = reader.read("DISCORD_APPLICATION_ID", parsers.digits, needed=True)
        guild_id = reader.read("DISCORD_GUILD_ID", parsers.digits, needed=True)
        key = reader.read("DISCORD_PUBLIC_KEY", parsers.public_key, needed=True)
        if not (place and repository and application_id and guild_id and key):
            raise ConfigurationError(tuple(reader.problems))
        return cls(
            **vars(place),
            repository=repository,
            application_id=application_id,
            guild_id=guild_id,
            public_key=bytes.fromhex(key),
        )


@dataclass(frozen=True, kw_only=True)
class GitHubEndpoint(Place):
    """Whose webhooks are let in."""

    SECRETS: ClassVar[tuple[str, ...]] = ("GITHUB_WEBHOOK_SECRET",)

    repository: str
    webhook_secret: Secret

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> GitHubEndpoint:
        """For GitHub's endpoint. Raises ConfigurationError, naming everything that is wrong."""
        reader = SettingsReader(environ, None)
        place = _read_place(reader)
        repository = reader.read("GITHUB_REPOSITORY", parsers.repository, needed=True)
        secret = reader.read("GITHUB_WEBHOOK_SECRET", parsers.webhook_secret, needed=True)
        if not (place and repository and secret):
            raise ConfigurationError(tuple(reader.problems))
        return cls(**vars(place), repository=repository, webhook_secret=secret)


@dataclass(frozen=True, kw_only=True)
class WorkerPlace(Place):
    """All that is spoken to, and which environment (dev, prod) its metrics are of."""

    SECRETS: ClassVar[tuple[str, ...]] = ("DISCORD_BOT_TOKEN", "GITHUB_TOKEN", "GITHUB_APP_PRIVATE_KEY")

    platforms: Platforms
    env: str

    @classmethod
    def wanted(cls, environ: Mapping[str, str]) -> tuple[str, ...]:
        """The secrets that a worker of this environment reads: of GitHub's two ways in, its own alone."""
        return one_way_in(cls.SECRETS, as_app=bool(environ.get("GITHUB_APP_ID", "").strip()))

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> WorkerPlace:
        """For the worker. Raises ConfigurationError, naming everything that is wrong."""
        reader = SettingsReader(environ, None)
        place, platforms = _read_place(reader), read_platforms(reader)
        env = reader.read_or("VALINE_ENV", parsers.plain, DEFAULT_ENV)
        if reader.problems or not (place and platforms):
            raise ConfigurationError(tuple(reader.problems))
        return cls(**vars(place), platforms=platforms, env=env)


def _read_place(reader: SettingsReader) -> Place | None:
    store = reader.read("VALINE_STORE", _dynamodb, needed=True)
    queue_url = reader.read("VALINE_QUEUE_URL", parsers.url, needed=True)
    return Place(table=store, queue_url=queue_url) if store and queue_url else None


def _dynamodb(text: str) -> str:
    if not parsers.store(text).startswith(parsers.DYNAMODB):
        raise ValueError("must name a table here: dynamodb://RunStateTable")
    return text.removeprefix(parsers.DYNAMODB)
