"""`valine doctor`: is all that a deployment stands on as it must be? It only looks; what is wrong says its cure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import typer

from valine.cli.command_error import CommandError
from valine.cli.runs import AsJson
from valine.cli.serve import EnvFile, load

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from valine.bootstrap import Outside
    from valine.settings import Settings

State = Literal["ok", "mind", "wrong"]
MARKS: dict[State, str] = {"ok": "ok     ", "mind": "mind   ", "wrong": "WRONG  "}
HEALTHY, UNTRUSTED = 200, 401
TIMEOUT = 10.0  # seconds that our own endpoints may take
DISCORD_ENDPOINT, GITHUB_ENDPOINT, HEALTH = "/discord", "/github/webhook", "/healthz"


class Finding(NamedTuple):
    """One thing that was looked at, in a sentence that says what to do unless it is ok."""

    state: State
    about: str
    sentence: str


def doctor(as_json: AsJson = False, env: EnvFile = None) -> None:
    """Look at the store, GitHub, Discord and the own endpoints; exit 1 if anything is wrong. Changes nothing."""
    import asyncio

    from valine.cli import tables
    from valine.orchestrator.text import plain, plural

    settings = load(env)
    findings = asyncio.run(_refreshed(settings))
    wrong = sum(finding.state == "wrong" for finding in findings)
    if as_json:
        tables.as_json([finding._asdict() for finding in findings])
    else:
        for finding in findings:
            typer.echo(f"{MARKS[finding.state]}{finding.about}: {plain(finding.sentence)}")
    if wrong:
        raise CommandError(f"{plural(wrong, 'thing')} must be put right; `valine doctor` then looks again.")


async def _refreshed(settings: Settings) -> list[Finding]:
    from valine.bootstrap import outside

    async with outside(settings) as there:
        return await examine(there, settings)


async def examine(there: Outside, settings: Settings) -> list[Finding]:
    """All that can be found, whatever else is wrong."""
    found = [Finding("mind", "Settings", warning) for warning in settings.warnings]
    found.append(await _store(settings))
    for about, look in (("GitHub", _github), ("Discord", _discord), ("The endpoints", _endpoints)):
        found += await _guarded(about, look(there, settings))
    return found


async def _guarded(about: str, look: AsyncIterator[Finding]) -> list[Finding]:
    """What a refresh finds until the platform refuses; then why it does."""
    from valine.errors import OutsideError

    found: list[Finding] = []
    try:
        async for finding in look:
            found.append(finding)  # noqa: PERF401 - what was found before a refusal counts
    except OutsideError as error:
        found.append(Finding("wrong", about, f"{error.failure.detail.rstrip('.')}. {_cure(about, error.failure.code)}"))
    return found


def _cure(about: str, code: str) -> str:
    name = {"GitHub": "GITHUB_TOKEN (or the App's key)", "Discord": "DISCORD_BOT_TOKEN"}.get(about, "the settings")
    match code:
        case "unauthorized":
            return f"Renew {name}."
        case "forbidden" | "not_found":
            return f"See that {name} may do this, and that the ids and names beside it are right."
        case _:
            return "Try again later, or see the address of the API."


async def _store(settings: Settings) -> Finding:
    from valine.bootstrap import open_store
    from valine.errors import ConfigurationError, StoreError
    from valine.settings.parsers import DYNAMODB

    try:
        opened = open_store(settings.store, settings.queue_url)
        try:
            await opened.store.repository(settings.github_repository)
        finally:
            opened.file.close()
    except (ConfigurationError, StoreError) as error:
        # On one machine the first start makes it; on AWS the stack has.
        return Finding("wrong" if settings.store.startswith(DYNAMODB) else "mind", "Store", str(error))
    return Finding("ok", "Store", f"{settings.store} can be read.")


async def _github(there: Outside, settings: Settings) -> AsyncIterator[Finding]:
    from valine.orchestrator.model.policy import FILE, PolicyProblem, parse
    from valine.orchestrator.text import plural

    world = await there.forge.plan_world(None)
    yield Finding("ok", "GitHub", f"{settings.github_repository} can be read; its base is {world.base.branch}.")
    try:
        policy = parse(world.policy or "")
    except PolicyProblem as error:
        yield Finding("wrong", "Policy", str(error))
        return
    yield Finding(
        "ok", "Policy", f"{FILE} is understood." if world.policy else f"there is no {FILE}: the defaults hold."
    )
    issues = f"{plural(len(world.issues), 'open issue')} with the label {policy.plan.label}."
    yield Finding("ok" if world.issues else "mind", "Issues", issues)
    survey = await there.forge.survey()
    if not survey.push:
        yield Finding(
            "wrong", "GitHub", "the token may not write to the repository: give it contents, issues and pull requests."
        )
    if policy.ship.method not in survey.methods:
        allowed = ", ".join(survey.methods)
        yield Finding(
            "wrong", "Policy", f"the repository does not merge by {policy.ship.method}: set [ship] method to {allowed}."
        )
    for finding in _hooks(survey.hooks, settings):
        yield finding


def _hooks(hooks: Any, settings: Settings) -> Iterator[Finding]:
    from valine.ingress.github.payloads import WANTED_EVENTS

    about = "Webhook"
    if hooks is None:
        yield Finding(
            "mind", about, f"this token may not see webhooks: see for yourself that one goes to {GITHUB_ENDPOINT}."
        )
        return
    mine = [hook for hook in hooks if hook.url.endswith(GITHUB_ENDPOINT)]
    if settings.public_url is not None:
        mine = [hook for hook in mine if hook.url == settings.public_url.rstrip("/") + GITHUB_ENDPOINT]
    if not mine:
        yield Finding(
            "wrong", about, f"none goes to {settings.public_url or 'https://your.host'}{GITHUB_ENDPOINT}: add it."
        )
    for hook in mine:
        lacking = sorted(WANTED_EVENTS - set(hook.events)) if "*" not in hook.events else []
        wrong = ["it is not active"] if not hook.active else []
        wrong += ["its content type is not application/json"] if hook.content_type != "json" else []
        wrong += [f"it lacks the events {', '.join(lacking)}"] if lacking else []
        state: State = "wrong" if wrong else "ok"
        yield Finding(state, about, f"{hook.url}: {'; '.join(wrong) or 'it brings all that is needed'}.")


async def _discord(there: Outside, settings: Settings) -> AsyncIterator[Finding]:
    from valine.cli.commands import differences
    from valine.ingress.discord.manifest import manifest

    application = await there.discord.application()
    yield Finding("ok", "Discord", f"the bot token is that of {application.get('name')}.")
    if application.get("id") != settings.discord_application_id:
        yield Finding(
            "wrong", "Discord", f"DISCORD_APPLICATION_ID is not the token's application, {application.get('id')}."
        )
    if str(application.get("verify_key")).lower() != settings.discord_public_key.lower():
        yield Finding(
            "wrong", "Discord", "DISCORD_PUBLIC_KEY is another application's: copy it from General Information."
        )
    yield _endpoint(application.get("interactions_endpoint_url"), settings)
    found = await there.discord.get_commands(settings.discord_guild_id)
    wrong = differences(manifest(in_guild=True), found)
    cure = f"{'; '.join(wrong)}: `valine commands push` puts them right."
    yield Finding("wrong" if wrong else "ok", "Commands", cure if wrong else "the guild has them as they should be.")


def _endpoint(url: str | None, settings: Settings) -> Finding:
    about = "Endpoint"
    wanted = f"{(settings.public_url or 'https://your.host').rstrip('/')}{DISCORD_ENDPOINT}"
    if not url:
        return Finding(
            "wrong", about, f"Discord has no interactions endpoint: set it to {wanted} in General Information."
        )
    if (settings.public_url is not None and url != wanted) or not url.endswith(DISCORD_ENDPOINT):
        return Finding(
            "wrong", about, f"Discord sends interactions to {url}: set it to {wanted} in General Information."
        )
    return Finding("ok", about, f"Discord sends interactions to {url}.")


async def _endpoints(there: Outside, settings: Settings) -> AsyncIterator[Finding]:
    """Our own endpoints, from outside: open, healthy, and closed to outsiders."""
    if settings.public_url is None:
        yield Finding("mind", "The endpoints", "VALINE_PUBLIC_URL is not set, so they were not tried from outside.")
        return
    root = settings.public_url.rstrip("/")
    forged = {"x-signature-ed25519": "00" * 64, "x-signature-timestamp": "1", "content-type": "application/json"}
    unsigned = {"x-hub-signature-256": "sha256=" + "00" * 32, "x-github-event": "ping", "x-github-delivery": "doctor"}
    tries: list[tuple[str, str, dict[str, str], int]] = [
        ("GET", HEALTH, {}, HEALTHY),
        ("POST", DISCORD_ENDPOINT, forged, UNTRUSTED),
        ("POST", GITHUB_ENDPOINT, unsigned, UNTRUSTED),
    ]
    for method, path, headers, expected in tries:
        yield await _try(there, method, root + path, headers, expected)


async def _try(there: Outside, method: str, url: str, headers: dict[str, str], expected: int) -> Finding:
    import asyncio

    import httpx2

    content = b'{"type":1}' if method == "POST" else None
    try:
        async with (  # whatever follows the status is not read, so that it may be endless
            asyncio.timeout(TIMEOUT),
            there.web.stream(method, url, headers=headers, content=content, timeout=TIMEOUT) as answer,
        ):
            status = answer.status_code
    except (TimeoutError, httpx2.HTTPError, httpx2.InvalidURL) as error:
        why = f"{type(error).__name__}: {error}"
        return Finding("wrong", "The endpoints", f"{url} does not answer ({why}): is it served there, and let through?")
    what = "is healthy" if expected == HEALTHY else "turns a forged request away"
    if status == expected:
        return Finding("ok", "The endpoints", f"{url} {what}.")
    cure = "is Valine served there, and does whatever stands before it pass requests on?"
    return Finding("wrong", "The endpoints", f"{url} answers {status} instead of {expected}: {cure}")
