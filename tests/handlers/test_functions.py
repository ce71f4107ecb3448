"""What each function is told: it lacks nothing that it needs, and knows nothing that only another does."""

from __future__ import annotations

import pytest

from discord_bytes import APPLICATION, GUILD, PUBLIC_KEY
from valine.errors import ConfigurationError
from valine.settings.functions import DiscordEndpoint, GitHubEndpoint, Place, WorkerPlace

PLACE = {
    "VALINE_STORE": "dynamodb://RunStateTable",
    "VALINE_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/valine.fifo",
}
DISCORD = PLACE | {
    "GITHUB_REPOSITORY": "team/app",
    "DISCORD_APPLICATION_ID": APPLICATION,
    "DISCORD_GUILD_ID": GUILD,
    "DISCORD_PUBLIC_KEY": PUBLIC_KEY.hex(),
}
GITHUB = PLACE | {"GITHUB_REPOSITORY": "team/app", "GITHUB_WEBHOOK_SECRET": "hush, a webhook"}
WORKER = PLACE | {
    "GITHUB_REPOSITORY": "team/app",
    "DISCORD_APPLICATION_ID": APPLICATION,
    "DISCORD_BOT_TOKEN": "a.b.c",
    "GITHUB_TOKEN": "ghs_x",
}
ALL = [(Place, PLACE), (DiscordEndpoint, DISCORD), (GitHubEndpoint, GITHUB), (WorkerPlace, WORKER)]


@pytest.mark.parametrize(("kind", "environ"), ALL)
def test_what_it_needs_is_enough(kind: type[Place], environ: dict[str, str]) -> None:
    told = kind.load(environ)

    assert (told.table, told.queue_url) == ("RunStateTable", PLACE["VALINE_QUEUE_URL"])
    assert set(kind.SECRETS) & {*environ} == {name for name in environ if name.endswith(("_TOKEN", "_SECRET"))}


@pytest.mark.parametrize(("kind", "environ"), ALL)
def test_everything_that_is_missing_is_named_at_once(kind: type[Place], environ: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as told:
        kind.load({})

    assert {problem.split()[0] for problem in told.value.problems} == set(environ)


@pytest.mark.parametrize(("kind", "environ"), ALL)
def test_a_store_on_one_machine_is_none_for_lambda(kind: type[Place], environ: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as told:
        kind.load(environ | {"VALINE_STORE": "sqlite:///valine.db"})

    assert told.value.problems == ("VALINE_STORE must name a table here: dynamodb://RunStateTable",)


def test_the_environment_is_dev_unless_it_is_told() -> None:
    assert WorkerPlace.load(WORKER).env == "dev"
    assert WorkerPlace.load(WORKER | {"VALINE_ENV": "prod"}).env == "prod"


@pytest.mark.parametrize(
    ("app_id", "lacks"), [("", "GITHUB_APP_PRIVATE_KEY"), (" ", "GITHUB_APP_PRIVATE_KEY"), ("12", "GITHUB_TOKEN")]
)
def test_the_worker_reads_one_way_into_github_so_that_a_token_left_behind_by_an_app_stops_nothing(
    app_id: str, lacks: str
) -> None:
    assert {*WorkerPlace.SECRETS} - {*WorkerPlace.wanted({"GITHUB_APP_ID": app_id})} == {lacks}
