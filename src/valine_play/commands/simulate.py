"""`valine simulate`: both twins as HTTP servers, and all that a product needs to be tested against them.

What it prints is itself a valid .env file: settings as KEY=value, the rest as comments.
"""

from __future__ import annotations

import random
import secrets
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from valine.cli.command_error import CommandError

if TYPE_CHECKING:
    import socket
    from datetime import datetime

    from valine_twins.discord.twin import DiscordTwin
    from valine_twins.github.twin import GitHubTwin
    from valine_twins.objects_git import GitObjects

HOST = "127.0.0.1"
TIMEOUT = {"github": 10.0, "discord": 3.0}  # seconds that each waits for the product's answer


def simulate(
    port: Annotated[int, typer.Option(min=0, max=65533, help="GitHub's; Discord has the next. 0: free ones.")] = 8090,
    repo: Annotated[Path | None, typer.Option(metavar="PATH", help="Serve a copy of this git repository.")] = None,
    issues: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Issues, as `gh issue list --json` prints.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Serve it as the repository's .github/valine.toml.")
    ] = None,
    product: Annotated[str, typer.Option(metavar="URL", help="Where the product listens.")] = "http://127.0.0.1:8080",
    seed: Annotated[str | None, typer.Option(help="The same seed gives the same credentials (default: none).")] = None,
    env_file: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the settings there as well.")] = None,
    page: Annotated[bool, typer.Option("--page", help="Serve a page to play on, on the port after Discord's.")] = False,
) -> None:
    """Serve the twins of GitHub and Discord, so that Valine or any other program can be tested against them."""
    import asyncio
    import logging
    import sys
    import tempfile

    from valine import logs
    from valine_play.commands.policies import policy_text

    tried = policy_text(policy)
    logs.configure("human" if sys.stderr.isatty() else "json", level=logging.WARNING)
    rng = random.Random(seed if seed is not None else secrets.randbits(256))  # noqa: S311 - secret unless seeded
    with tempfile.TemporaryDirectory(prefix="valine-simulate-", ignore_cleanup_errors=True) as folder:
        simulation = _Simulation(Path(folder), rng, product.rstrip("/"), port, page=page)
        lines = simulation.set_up(repo, issues, tried)
        raise typer.Exit(asyncio.run(simulation.serve(lines, env_file)))


class _Simulation:
    """Two twins, their sockets, and what was set up in them."""

    def __init__(self, folder: Path, rng: random.Random, product: str, port: int, *, page: bool) -> None:
        from valine.bootstrap import wall_clock
        from valine.cli import http
        from valine_twins.discord.twin import DiscordTwin
        from valine_twins.github.twin import GitHubTwin
        from valine_twins.page import Stage

        self._folder = folder
        self._product = product
        self._clock = wall_clock()
        self._sockets = _sockets(port, 3 if page else 2)
        self._addresses = [http.address(bound) for bound in self._sockets]
        self._secret = rng.randbytes(20).hex()
        self._github = GitHubTwin(_objects(folder / "git"), rng, api_url=self._addresses[0])
        self._discord = DiscordTwin(rng, now=self._now(), endpoint=f"{product}/discord")
        self._stage = Stage(self._github, self._discord, self._clock)

    def _now(self) -> datetime:
        return self._clock.now()

    def set_up(self, repo: Path | None, issues: Path | None, policy: str | None) -> list[str]:
        """Set the scene; the lines that tell of it, a .env file together. CommandError if what was given cannot be
        used.
        """
        from valine_play.demo import team
        from valine_twins.transport import ActError

        place = _act(
            self._discord,
            self._now(),
            "create_guild",
            name="Rocket",
            roles={"lead": ["MANAGE_GUILD"]},
            members=team.MEMBERS,
            channels=["shipping"],
        )
        try:
            if repo is not None:
                team.check_repository(repo)
            rows = None if issues is None else team.read_issues(issues)
            team.set_up(partial(_act, self._github, self._now()), repo, rows, place["members"])
            if policy is not None:
                _put_policy(self._github, self._now(), policy)
        except (team.UnusableInput, ActError) as error:
            for bound in self._sockets:
                bound.close()
            raise CommandError(str(error), code=2) from error
        token = _act(self._github, self._now(), "issue_token", login=team.BOT)["token"]
        return [*self._heading(), *self._settings(token, place), *self._people()]

    def _heading(self) -> list[str]:
        github, discord, *page = self._addresses
        return [
            *(f"# The page to play on: {address}" for address in page),
            f"# GitHub's twin: {github}   Discord's twin: {discord}/api/v10",
            f"# Both expect the product at {self._product} (/github/webhook and /discord).",
            "# Next: `valine commands push --env FILE` and `valine serve --env FILE`, with these lines in FILE.",
        ]

    def _settings(self, token: str, place: dict[str, Any]) -> list[str]:
        from valine_play.demo import team

        settings = {
            "DISCORD_APPLICATION_ID": self._discord.application_id,
            "DISCORD_PUBLIC_KEY": self._discord.public_key,
            "DISCORD_BOT_TOKEN": self._discord.bot_token,
            "DISCORD_GUILD_ID": place["guild"],
            "DISCORD_CHANNEL_ID": place["channels"]["shipping"],
            "DISCORD_API_URL": f"{self._addresses[1]}/api/v10",
            "GITHUB_TOKEN": token,
            "GITHUB_WEBHOOK_SECRET": self._secret,
            "GITHUB_REPOSITORY": f"{team.OWNER}/{team.NAME}",
            "GITHUB_API_URL": self._addresses[0],
            # A store of its own, that ends with the twins: simulated runs never mix with real ones.
            "VALINE_STORE": f"sqlite:///{self._folder / 'valine.db'}",
        }
        return [f"{name}={value}" for name, value in settings.items()]

    def _people(self) -> list[str]:
        from valine_play.demo import team

        github, discord = self._addresses[:2]
        leads = ", ".join(name for name, roles in team.MEMBERS.items() if roles)
        others = ", ".join(name for name, roles in team.MEMBERS.items() if not roles)
        plan = '{"action": "command", "arguments": {"by": "Ana", "name": "plan"}}'
        label = '{"action": "add_label", "arguments": {"number": 1, "label": "p0"}}'
        return [
            f"# On Discord, in #shipping: {leads} (lead: Manage Server), {others} (no role).",
            f"# On GitHub: {', '.join(team.DEVELOPERS)} (write), {team.OWNER} (owner), {team.BOT} (the token is its).",
            "# To act as one of them, and to see all there is:",
            f"#   curl -d '{plan}' {discord}/_twin/act",
            f"#   curl -d '{label}' {github}/_twin/act",
            f"#   curl {discord}/_twin/view",
            "# To work in the repository, with any name and GITHUB_TOKEN as the password:",
            f"#   git clone {github}/{team.OWNER}/{team.NAME}.git",
        ]

    async def serve(self, lines: list[str], env_file: Path | None) -> int:
        """Serve both until stopped; the lines are told once they listen. The exit code."""
        import httpx2

        from valine.cli import http
        from valine_twins.delivery_pump import DeliveryPump
        from valine_twins.page import make_page
        from valine_twins.shell import make_app

        def client(timeout: float) -> httpx2.AsyncClient:
            return httpx2.AsyncClient(timeout=timeout, trust_env=False)  # no proxy lies between twin and product

        def ready() -> None:
            if env_file is not None:
                _write(env_file, lines)
            typer.echo("\n".join(lines))

        async with client(TIMEOUT["github"]) as to_webhook, client(TIMEOUT["discord"]) as to_endpoint:
            stage = self._stage
            from_github = DeliveryPump(stage.github, to_webhook, self._clock)
            from_discord = DeliveryPump(stage.discord, to_endpoint, self._clock)
            stage.staff(github=from_github, discord=from_discord)
            hook = {"url": f"{self._product}/github/webhook", "secret": self._secret}
            from_github.post(self._github.act("create_hook", hook, self._now()).deliveries)
            github = make_app(stage.github, from_github, self._clock)
            discord = make_app(stage.discord, from_discord, self._clock)
            # Without --page there is no socket for the third.
            apps = list(zip((github, discord, make_page(stage)), self._sockets, strict=False))
            return await http.serve_all(apps, ready, stage.close)


def _put_policy(github: GitHubTwin, now: datetime, policy: str) -> None:
    """One more commit on the default branch, in the twin's own copy."""
    from valine.orchestrator.model.policy import FILE
    from valine_play.demo import team

    branch = github.view()["repositories"][f"{team.OWNER}/{team.NAME}"]["default_branch"]
    _act(github, now, "push", branch=branch, files={FILE: policy}, message="Try a policy", by=team.OWNER)


def _act(twin: GitHubTwin | DiscordTwin, now: datetime, action: str, /, **arguments: Any) -> Any:
    return twin.act(action, arguments, now).value


def _objects(folder: Path) -> GitObjects:
    from valine_twins.objects import StoreError
    from valine_twins.objects_git import GitObjects

    try:
        return GitObjects(folder)
    except StoreError as error:
        raise CommandError(
            f"{error}: the twin of GitHub keeps real repositories. Install git, then try again."
        ) from error


def _sockets(port: int, count: int) -> list[socket.socket]:
    """So many ports in a row, or free ones if the first is 0."""
    from valine.cli import http

    bound: list[socket.socket] = []
    try:
        bound += (http.bind(HOST, port + number if port else 0) for number in range(count))
    except CommandError:
        for one in bound:
            one.close()
        raise
    return bound


def _write(path: Path, lines: list[str]) -> None:
    """The file is its owner's alone: it holds tokens."""
    try:
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path} cannot be written ({error.strerror}).") from error
