"""Where a storm begins: a guild, a repository and its issues; made once a process, then unpacked for every seed."""

from __future__ import annotations

import copyreg
import pickle
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storm.memory import MemoryQueue, MemoryRunStore
from storm.profiles import Team
from valine.ingress.discord.manifest import manifest
from valine.ingress.endpoints import IngressSettings
from valine_twins.discord.twin import DiscordTwin
from valine_twins.github.twin import GitHubTwin
from valine_twins.objects_memory import MemoryObjects
from valine_twins.transport import Request

REPOSITORY = "acme/rocket"
GITHUB, DISCORD, PRODUCT = "http://github.test", "http://discord.test", "http://valine.test"
MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WEBHOOK_SECRET = "storm-webhook-secret"
DEVELOPERS = ("ana", "ben", "chen", "dora")
LEADS = ("Ana", "Ben")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a deployment is told."""

    github_token: str
    bot_token: str
    ingress: IngressSettings
    people: dict[str, str]  # GitHub login to Discord id, as the policy has it
    github_api: str = GITHUB
    discord_api: str = f"{DISCORD}/api/v10"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no log may hold."""
        return (self.github_token, self.bot_token, WEBHOOK_SECRET)


@dataclass(kw_only=True)
class Stage:
    """Everything that outlives a process."""

    github: GitHubTwin
    discord: DiscordTwin
    store: MemoryRunStore
    queue: MemoryQueue
    settings: Settings
    start: datetime
    rng: random.Random

    def packed(self) -> bytes:
        """The stage as bytes."""
        return pickle.dumps(self, protocol=pickle.HIGHEST_PROTOCOL)


def unpacked(packed: bytes) -> Stage:
    """A stage of one's own."""
    stage = pickle.loads(packed)  # noqa: S301 - our own, of a moment ago
    assert isinstance(stage, Stage)
    return stage


def set_up(team: Team) -> Stage:
    """The stage before anybody has said a word."""
    rng = random.Random(12)  # noqa: S311 - the same random numbers each time
    options = dict(team.options)
    github = GitHubTwin(MemoryObjects(), rng, api_url=GITHUB, **options)
    discord = DiscordTwin(rng, now=MORNING, endpoint=f"{PRODUCT}/discord")
    place = discord.act(
        "create_guild",
        {
            "name": "Rocket",
            "roles": {"lead": ["MANAGE_GUILD"]},
            "members": {"Ana": ["lead"], "Ben": ["lead"], "Chen": []},
            "channels": ["shipping"],
        },
        MORNING,
    ).value
    _put_commands(discord, place["guild"])
    people = {"ana": place["members"]["Ana"], "ben": place["members"]["Ben"]}
    settings = Settings(
        github_token=github.act("issue_token", {"login": "valine-bot"}, MORNING).value["token"],
        bot_token=discord.bot_token,
        ingress=IngressSettings(
            repository=REPOSITORY,
            application_id=discord.application_id,
            guild_id=place["guild"],
            public_key=bytes.fromhex(discord.public_key),
            webhook_secret=WEBHOOK_SECRET,
        ),
        people=people,
    )
    _make_repository(github, team, people)
    return Stage(
        github=github,
        discord=discord,
        store=MemoryRunStore(),
        queue=MemoryQueue(),
        settings=settings,
        start=MORNING,
        rng=rng,
    )


def _make_repository(github: GitHubTwin, team: Team, people: dict[str, str]) -> None:
    listed = "\n".join(f'{login} = "{person}"' for login, person in people.items())
    github.act(
        "create_repository",
        {
            "owner": "acme",
            "name": "rocket",
            "members": dict.fromkeys((*DEVELOPERS, "valine-bot"), "write") | {"eve": "read"},
            "files": {"README.md": "# Rocket\n", ".github/valine.toml": f"{team.policy}\n[people]\n{listed}\n"},
            "drafts": team.drafts,
            "required_checks": list(team.required_checks),
            "strict": team.strict,
            "required_reviews": team.required_reviews,
        },
        MORNING,
    )
    for number in range(1, team.issues + 1):
        blocked = [number - 1] if team.chained and number > 1 else []
        issue = {"title": f"Issue number {number}", "body": f"Do {number}.", "labels": ["ready"], "by": "ana"}
        github.act("create_issue", {**issue, "blocked_by": blocked}, MORNING)
    github.act("push", {"branch": "other", "from": "main", "by": "ana"}, MORNING)  # for pull requests led astray
    github.act("create_hook", {"url": f"{PRODUCT}/github/webhook", "secret": WEBHOOK_SECRET}, MORNING)


def _put_commands(discord: DiscordTwin, guild: str) -> None:
    request = Request(
        method="PUT",
        path=f"/api/v10/applications/{discord.application_id}/guilds/{guild}/commands",
        headers={
            "authorization": f"Bot {discord.bot_token}",
            "content-type": "application/json",
            "user-agent": "DiscordBot (https://example.test, 1)",
        },
        body=msgspec.json.encode(manifest(in_guild=True)),
    )
    answer = discord.handle(request, MORNING).response
    assert answer.status == 200, answer.body


def _key_from(raw: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(raw)


def _reduced(key: Any) -> tuple[Any, tuple[bytes]]:
    return _key_from, (key.private_bytes_raw(),)


copyreg.pickle(type(Ed25519PrivateKey.generate()), _reduced)  # the twin of Discord signs with one
