"""REST routes of hooks, Apps and the caller. https://docs.github.com/en/rest/apps and …/rest/repos/webhooks"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from valine_twins.github import auth, documents, webhooks
from valine_twins.github.rest import Call, Reply, listed, route
from valine_twins.github.rest_code import REPO
from valine_twins.github.state import Hook
from valine_twins.github.world import JSON, WEB, Refused, World, stamp

if TYPE_CHECKING:
    from valine_twins.github.state import DeliveryRecord, Installation

HOOKS = f"{REPO}/hooks"
ADMIN = "repository_hooks:write"
_REFRESH = "repository_hooks:read"


def create_hook(
    world: World, *, repository: str | None, app: int | None, url: str, secret: str, events: list[str]
) -> Hook:
    """A new webhook of a repository or an App."""
    hook = Hook(
        id=world.next_id(), url=url, secret=secret, events=events, created_at=world.now, repository=repository, app=app
    )
    world.state.hooks[hook.id] = hook
    return hook


@route("GET", HOOKS, _REFRESH, role="admin")
def list_hooks(call: Call) -> Reply:
    """The repository's hooks."""
    mine = [hook for hook in call.world.state.hooks.values() if hook.repository == call.repo.full_name]
    return listed(call, [webhooks.hook_document(call.world, hook) for hook in mine])


@route("POST", HOOKS, ADMIN)
def add_hook(call: Call) -> Reply:
    """Make a hook; it is pinged at once."""
    config = call.body.get("config")
    if not isinstance(config, dict) or not isinstance(config.get("url"), str):
        error = {"resource": "Hook", "code": "missing_field", "field": "config"}
        raise Refused(422, "Validation Failed", errors=[error], page="rest/repos/webhooks#create-a-repository-webhook")
    if any(
        hook.url == config["url"] and hook.repository == call.repo.full_name for hook in call.world.state.hooks.values()
    ):
        error = {"resource": "Hook", "code": "custom", "message": "Hook already exists on this repository"}
        raise Refused(422, "Validation Failed", errors=[error], page="rest/repos/webhooks#create-a-repository-webhook")
    hook = create_hook(
        call.world,
        repository=call.repo.full_name,
        app=None,
        url=config["url"],
        secret=config.get("secret") or "",
        events=call.texts("events") or ["push"],
    )
    webhooks.ping(call.world, call.repo, hook, call.login)
    return Reply(201, webhooks.hook_document(call.world, hook))


def _hook(call: Call) -> Hook:
    hook = call.world.state.hooks.get(call.number("hook_id"))
    if hook is None or hook.repository != call.repo.full_name:
        raise Refused(404, "Not Found")
    return hook


@route("GET", f"{HOOKS}/{{hook_id}}", _REFRESH, role="admin")
def get_hook(call: Call) -> Reply:
    """One hook."""
    return Reply(200, webhooks.hook_document(call.world, _hook(call)))


@route("PATCH", f"{HOOKS}/{{hook_id}}", ADMIN)
def edit_hook(call: Call) -> Reply:
    """Change where a hook leads, its secret, which events it hears, and whether any."""
    hook, config = _hook(call), call.body.get("config")
    if isinstance(config, dict):
        hook.url = str(config.get("url") or hook.url)
        hook.secret = str(config.get("secret") or "")
    gone = call.texts("remove_events")
    events = call.texts("events") or [*hook.events, *call.texts("add_events")]
    hook.events = [name for name in dict.fromkeys(events) if name not in gone]
    hook.active = call.body.get("active", hook.active) is True
    return Reply(200, webhooks.hook_document(call.world, hook))


@route("POST", f"{HOOKS}/{{hook_id}}/pings", ADMIN, content=False)
def ping_hook(call: Call) -> Reply:
    """Ping a hook once more."""
    webhooks.ping(call.world, call.repo, _hook(call), call.login)
    return Reply(204)


@route("DELETE", f"{HOOKS}/{{hook_id}}", ADMIN)
def delete_hook(call: Call) -> Reply:
    """Remove a hook."""
    del call.world.state.hooks[_hook(call).id]
    return Reply(204)


def _log(call: Call, hook: Hook) -> Reply:
    mine = [record for record in call.world.state.deliveries.values() if record.hook == hook.id]
    return listed(call, [webhooks.delivery_document(record) for record in reversed(mine)])


def _record(call: Call, hook: Hook) -> DeliveryRecord:
    record = call.world.state.deliveries.get(call.number("delivery_id"))
    if record is None or record.hook != hook.id:
        raise Refused(404, "Not Found")
    return record


@route("GET", f"{HOOKS}/{{hook_id}}/deliveries", _REFRESH, role="admin")
def list_deliveries(call: Call) -> Reply:
    """What was delivered, newest first."""
    return _log(call, _hook(call))


@route("GET", f"{HOOKS}/{{hook_id}}/deliveries/{{delivery_id}}", _REFRESH, role="admin")
def get_delivery(call: Call) -> Reply:
    """One delivery with what was sent and answered."""
    return Reply(200, webhooks.delivery_document(_record(call, _hook(call)), full=True))


@route("POST", f"{HOOKS}/{{hook_id}}/deliveries/{{delivery_id}}/attempts", ADMIN, content=False)
def redeliver(call: Call) -> Reply:
    """Deliver again, under the same GUID."""
    call.world.redeliveries.append(_record(call, _hook(call)))
    return Reply(202, {})


def _own_hook(call: Call) -> Hook:
    app = _app(call)
    hook = next((one for one in call.world.state.hooks.values() if one.app == app["id"]), None)
    if hook is None:
        raise Refused(404, "Not Found")
    return hook


def _app(call: Call) -> JSON:
    if call.app is None:
        raise Refused(401, "A JSON web token could not be decoded", page="rest")
    return documents.app(call.world, call.app)


@route("GET", "/app/hook/deliveries")
def list_app_deliveries(call: Call) -> Reply:
    """What was delivered to the App's hook."""
    return _log(call, _own_hook(call))


@route("POST", "/app/hook/deliveries/{delivery_id}/attempts", "metadata:read", content=False)
def redeliver_app(call: Call) -> Reply:
    """Deliver again to the App's hook."""
    call.world.redeliveries.append(_record(call, _own_hook(call)))
    return Reply(202, {})


@route("GET", "/app")
def get_app(call: Call) -> Reply:
    """The App that asks."""
    return Reply(200, _app(call))


def _installation(world: World, which: Installation) -> JSON:
    url = f"{world.options.api_url}/app/installations/{which.id}"
    account = documents.user(world, which.account)
    app = world.state.apps[which.app_id]
    return {
        "id": which.id,
        "account": account,
        "repository_selection": "all" if which.repositories is None else "selected",
        "access_tokens_url": f"{url}/access_tokens",
        "repositories_url": f"{world.options.api_url}/installation/repositories",
        "html_url": f"{WEB}/settings/installations/{which.id}",
        "app_id": which.app_id,
        "client_id": app.client_id,
        "target_id": account["id"],
        "target_type": account["type"],
        "permissions": which.permissions,
        "events": app.events,
        "created_at": stamp(which.created_at),
        "updated_at": stamp(which.created_at),
        "single_file_name": None,
        "app_slug": app.slug,
        "suspended_by": None,
        "suspended_at": None,
    }


@route("GET", "/app/installations")
def list_installations(call: Call) -> Reply:
    """Where the App is installed."""
    app = _app(call)
    mine = [one for one in call.world.state.installations.values() if one.app_id == app["id"]]
    return listed(call, [_installation(call.world, one) for one in mine])


@route("GET", f"{REPO}/installation")
def get_installation(call: Call) -> Reply:
    """The App's installation that covers a repository."""
    app = _app(call)
    found = call.world.installation_for(call.repo, app["id"])
    if found is None:
        raise Refused(404, "Not Found", page="rest/apps/apps#get-a-repository-installation-for-the-authenticated-app")
    return Reply(200, _installation(call.world, found))


@route("POST", "/app/installations/{installation_id}/access_tokens", "metadata:read", content=False)
def create_token(call: Call) -> Reply:
    """A token of an installation, for an hour."""
    app = _app(call)
    found = call.world.state.installations.get(call.number("installation_id"))
    if found is None or found.app_id != app["id"]:
        raise Refused(404, "Not Found", page="rest/apps/apps#create-an-installation-access-token-for-an-app")
    token = auth.installation_token(call.world, found, call.body)
    selection = "all" if token.repositories is None else "selected"
    body: dict[str, Any] = {"token": token.value, "expires_at": stamp(token.expires_at)}
    return Reply(201, body | {"permissions": token.permissions, "repository_selection": selection})


@route("GET", "/user")
def get_user(call: Call) -> Reply:
    """Who the token speaks for; an installation is nobody."""
    if call.token is None:
        raise Refused(401, "Requires authentication", page="rest/users/users#get-the-authenticated-user")
    if call.token.installation is not None:
        raise Refused(403, "Resource not accessible by integration", page="rest/users/users#get-the-authenticated-user")
    return Reply(200, documents.profile(call.world, call.token.login))
