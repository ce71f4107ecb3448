"""What owners do: repositories, members, rules, credentials, Apps and hooks."""

# ruff: noqa: PLR0913 - an act's arguments are the fields of its JSON

from __future__ import annotations

from pathlib import Path
from typing import Any

from valine_twins.github import auth, branches, pulls, rest_admin, webhooks
from valine_twins.github.acts import Scene, act, when
from valine_twins.github.state import ROLES, App, Installation, Repository, Role, Rules, Token
from valine_twins.github.world import stamp
from valine_twins.objects import Adopts, Commit
from valine_twins.transport import ActError

APP_PERMISSIONS = {
    "checks": "read",
    "contents": "write",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "read",
}


@act
def create_repository(
    scene: Scene,
    *,
    owner: str,
    name: str,
    files: dict[str, str] | None = None,
    from_path: str | None = None,
    members: dict[str, Role] | None = None,
    private: bool = True,
    default_branch: str = "main",
    drafts: bool = True,
    merge_methods: list[str] | None = None,
    delete_branch_on_merge: bool = False,
    required_checks: list[str] | None = None,
    strict: bool = False,
    required_reviews: int = 0,
    dismiss_stale: bool = False,
    merge_queue: bool = False,
) -> dict[str, Any]:
    """Make a repository of `files` (path to text) or a copy of a local one; the last five are set_rules'."""
    world = scene.world
    full = f"{owner}/{name}"
    if full.lower() in world.state.repositories:
        msg = f"there is a repository {full} already"
        raise ActError(msg)
    world.user(owner)
    it = Repository(
        id=world.next_id(),
        owner=owner,
        name=name,
        created_at=world.now,
        updated_at=world.now,
        pushed_at=world.now,
        default_branch=default_branch,
        private=private,
        drafts=drafts,
        merge_methods=merge_methods or ["merge", "squash", "rebase"],
        delete_branch_on_merge=delete_branch_on_merge,
    )
    if from_path is None:
        _start(scene, it, files or {"README.md": f"# {name}\n"})
    else:
        _adopt(scene, it, from_path)
    inside = Scene(world, it)
    for login, role in (members or {}).items():
        add_member(inside, login=login, role=role)
    world.state.repositories[full.lower()] = it
    if required_checks or strict or required_reviews or dismiss_stale or merge_queue:
        set_rules(
            inside,
            required_checks=required_checks,
            strict=strict,
            required_reviews=required_reviews,
            dismiss_stale=dismiss_stale,
            merge_queue=merge_queue,
        )
    return {
        "full_name": it.full_name,
        "default_branch": it.default_branch,
        "head": it.refs[f"refs/heads/{it.default_branch}"],
    }


def _start(scene: Scene, it: Repository, files: dict[str, str]) -> None:
    world = scene.world
    world.objects.create(it.full_name)
    by = pulls.author(world, it.owner)
    tree = world.objects.write_tree(it.full_name, dict(files))
    first = Commit(tree=tree, parents=(), author=by, committer=by, message="Initial commit")
    branches.move(
        world, it, f"refs/heads/{it.default_branch}", world.objects.write_commit(it.full_name, first), it.owner
    )


def _adopt(scene: Scene, it: Repository, path: str) -> None:
    objects = scene.world.objects
    if not isinstance(objects, Adopts):
        msg = "this object store cannot take in a local repository: use GitObjects"
        raise ActError(msg)
    it.default_branch = objects.adopt(it.full_name, Path(path))
    it.refs = objects.refs(it.full_name)
    it.refs_made = dict.fromkeys(it.refs, scene.world.now)


@act
def add_member(scene: Scene, *, login: str, role: Role = "write") -> None:
    """Let somebody in: read, triage, write, maintain or admin."""
    if role not in ROLES:
        msg = f"{role!r} is no role; there are {', '.join(ROLES)}"
        raise ActError(msg)
    scene.it.members[scene.world.user(login).login] = role


@act
def remove_member(scene: Scene, *, login: str) -> None:
    """Put somebody out."""
    if scene.it.members.pop(scene.world.user(login).login, None) is None:
        msg = f"{login} is not a member of {scene.it.full_name}"
        raise ActError(msg)


@act
def set_rules(
    scene: Scene,
    *,
    required_checks: list[str] | None = None,
    strict: bool = False,
    required_reviews: int = 0,
    dismiss_stale: bool = False,
    merge_queue: bool = False,
    branch: str = "~DEFAULT_BRANCH",
) -> dict[str, Any]:
    """What a branch (a name or a glob) asks of a pull request; replaces what it asked before."""
    it = scene.it
    it.rules = [rules for rules in it.rules if rules.pattern != branch]
    rules = Rules(
        scene.world.next_id(), branch, list(required_checks or ()), strict, required_reviews, dismiss_stale, merge_queue
    )
    it.rules.append(rules)
    return {"ruleset_id": rules.id}


@act
def set_options(
    scene: Scene,
    *,
    drafts: bool | None = None,
    private: bool | None = None,
    merge_methods: list[str] | None = None,
    delete_branch_on_merge: bool | None = None,
) -> None:
    """Change a repository's settings."""
    changed = {
        "drafts": drafts,
        "private": private,
        "merge_methods": merge_methods,
        "delete_branch_on_merge": delete_branch_on_merge,
    }
    for key, value in changed.items():
        if value is not None:
            setattr(scene.it, key, value)


@act
def archive(scene: Scene, *, archived: bool = True) -> None:
    """Archive a repository, or take it out of the archive."""
    scene.it.archived = archived


@act
def delete_repository(scene: Scene) -> None:
    """Delete a repository; its name stays taken in the object store."""
    del scene.world.state.repositories[scene.it.full_name.lower()]


@act
def issue_token(
    scene: Scene,
    *,
    login: str | None = None,
    installation: int | None = None,
    permissions: dict[str, str] | None = None,
    repositories: list[str] | None = None,
    expires_at: str | None = None,
    value: str | None = None,
) -> dict[str, Any]:
    """A person's token (fine-grained if it has permissions), or an installation's."""
    world = scene.world
    if installation is not None:
        known = world.state.installations.get(installation)
        if known is None:
            msg = f"there is no installation {installation}"
            raise ActError(msg)
        token = auth.installation_token(world, known, {"permissions": permissions})
        token.expires_at = when(expires_at) or token.expires_at
        return {"token": token.value, "login": token.login, "expires_at": stamp(token.expires_at)}
    if login is None:
        msg = "a token needs a login or an installation"
        raise ActError(msg)
    made = value or auth.invent(
        world, "ghp_" if permissions is None else "github_pat_", 40 if permissions is None else 93
    )
    who = world.user(login).login
    world.state.tokens[made] = Token(made, who, None, permissions, repositories, when(expires_at))
    return {"token": made, "login": who, "expires_at": expires_at}


@act
def revoke_token(scene: Scene, *, token: str) -> None:
    """A token is good no more."""
    if scene.world.state.tokens.pop(token, None) is None:
        msg = "there is no such token"
        raise ActError(msg)


@act
def register_app(
    scene: Scene,
    *,
    slug: str = "valine",
    owner: str | None = None,
    public_key: str | None = None,
    permissions: dict[str, str] | None = None,
    events: list[str] | None = None,
    webhook_url: str | None = None,
    webhook_secret: str = "",
    app_id: int | None = None,
    install_on: str | None = None,
    repositories: list[str] | None = None,
) -> dict[str, Any]:
    """Register an App (public_key: PEM), with its hook if it has one, and install it on an account."""
    world = scene.world
    account = install_on or owner or (scene.repository.owner if scene.repository else None)
    if account is None:
        msg = "an App needs an owner, or a repository to be installed on"
        raise ActError(msg)
    granted = dict(permissions or APP_PERMISSIONS)
    number = app_id or world.next_id()
    app = App(
        number, slug, slug, f"Iv1.{number:016x}", owner or account, public_key, granted, events or ["*"], world.now
    )
    world.state.apps[app.id] = app
    installation = Installation(world.next_id(), app.id, account, repositories, granted, world.now)
    world.state.installations[installation.id] = installation
    hook = None
    if webhook_url is not None:
        hook = rest_admin.create_hook(
            world, repository=None, app=app.id, url=webhook_url, secret=webhook_secret, events=app.events
        )
    known = {"app_id": app.id, "client_id": app.client_id, "installation_id": installation.id}
    return known | {"hook_id": hook.id if hook else None, "login": world.user(f"{slug}[bot]").login}


@act
def uninstall_app(scene: Scene, *, installation: int) -> None:
    """Remove an installation; its tokens are good no more."""
    state = scene.world.state
    if state.installations.pop(installation, None) is None:
        msg = f"there is no installation {installation}"
        raise ActError(msg)
    state.tokens = {value: token for value, token in state.tokens.items() if token.installation != installation}


@act
def create_hook(scene: Scene, *, url: str, secret: str = "", events: list[str] | None = None) -> dict[str, Any]:
    """Add a webhook to the repository; it is pinged."""
    hook = rest_admin.create_hook(
        scene.world, repository=scene.it.full_name, app=None, url=url, secret=secret, events=list(events or ["*"])
    )
    webhooks.ping(scene.world, scene.it, hook, scene.it.owner)
    return {"hook_id": hook.id}


@act
def delete_hook(scene: Scene, *, hook_id: int) -> None:
    """Remove a webhook."""
    if scene.world.state.hooks.pop(hook_id, None) is None:
        msg = f"there is no hook {hook_id}"
        raise ActError(msg)


@act
def redeliver(scene: Scene, *, delivery: int | str) -> None:
    """Deliver again: an entry of the log by id, or the first of a GUID."""
    for record in scene.world.state.deliveries.values():
        if str(delivery) in (str(record.id), record.guid):
            scene.world.redeliveries.append(record)
            return
    msg = f"there is no delivery {delivery}; view()['deliveries'] lists them"
    raise ActError(msg)


@act
def ping_hook(scene: Scene, *, hook_id: int) -> None:
    """Ping a hook once more."""
    hook = scene.world.state.hooks.get(hook_id)
    if hook is None:
        msg = f"there is no hook {hook_id}"
        raise ActError(msg)
    webhooks.ping(scene.world, scene.it, hook, scene.it.owner)
