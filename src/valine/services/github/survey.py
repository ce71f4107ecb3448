"""What `valine doctor` asks of a repository: may we push, how may it be merged, who calls our webhook."""

from __future__ import annotations

import msgspec

from valine.services.github.api import GitHubApi

REPOSITORY = "/repos/{owner}/{repo}"
HOOKS = "/repos/{owner}/{repo}/hooks{?per_page,page}"
UNTOLD = (403, 404)  # hooks are read by administrators only: a token of Valine's needs no such right


class Hook(msgspec.Struct, frozen=True):
    """A webhook of the repository, as far as it can be seen: never its secret."""

    url: str
    content_type: str
    events: tuple[str, ...]
    active: bool


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """What the repository lets this token do. `hooks` is None where the token may not see them."""

    push: bool
    issues: bool
    methods: tuple[str, ...]
    hooks: tuple[Hook, ...] | None


class _Permissions(msgspec.Struct):
    push: bool = False


class _Repository(msgspec.Struct):
    """The answer; what a server does not tell is taken for allowed.

    https://docs.github.com/en/rest/repos/repos#get-a-repository
    """

    permissions: _Permissions | None = None
    has_issues: bool = True
    allow_merge_commit: bool = True
    allow_squash_merge: bool = True
    allow_rebase_merge: bool = True


class _Config(msgspec.Struct):
    url: str = ""
    content_type: str = "form"


class _Hook(msgspec.Struct):
    """https://docs.github.com/en/rest/repos/webhooks#list-repository-webhooks."""

    config: _Config
    events: tuple[str, ...] = ()
    active: bool = True


async def survey(api: GitHubApi) -> Survey:
    """The repository as this token sees it. Raises as the forge does."""
    found = (await api.get(REPOSITORY)).read(_Repository)
    allowed = {
        "merge": found.allow_merge_commit,
        "squash": found.allow_squash_merge,
        "rebase": found.allow_rebase_merge,
    }
    return Survey(
        push=found.permissions is None or found.permissions.push,  # an App's token is told no permissions
        issues=found.has_issues,
        methods=tuple(method for method, may in allowed.items() if may),
        hooks=await _hooks(api),
    )


async def _hooks(api: GitHubApi) -> tuple[Hook, ...] | None:
    answer = await api.get(HOOKS, expected=UNTOLD, per_page=100, page=1)
    if answer.status in UNTOLD:
        return None
    return tuple(
        Hook(hook.config.url, hook.config.content_type, hook.events, hook.active) for hook in answer.read(list[_Hook])
    )
