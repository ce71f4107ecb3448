"""Releases and the notes that GitHub proposes for them. https://docs.github.com/en/rest/releases/releases"""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine_twins.github import branches, documents
from valine_twins.github.state import Release
from valine_twins.github.world import JSON, WEB, Refused, World, node_id, pulls, stamp
from valine_twins.objects import StoreError

if TYPE_CHECKING:
    from valine_twins.github.state import Repository

_PAGE = "rest/releases/releases#create-a-release"


def create(  # noqa: PLR0913 - a release has that many fields
    world: World,
    it: Repository,
    *,
    tag: str,
    target: str | None,
    by: str,
    name: str | None,
    body: str | None,
    draft: bool,
    prerelease: bool,
    generate: bool,
) -> Release:
    """Make a release; a published one makes its tag where that is new."""
    if any(one.tag == tag and not one.draft for one in it.releases):
        error = {"resource": "Release", "code": "already_exists", "field": "tag_name"}
        raise Refused(422, "Validation Failed", errors=[error], page=_PAGE)
    _target(world, it, target or it.default_branch)
    if generate:
        proposed = notes(world, it, tag, None, target)
        body = f"{body}\n\n{proposed}" if body else proposed
    made = Release(
        id=world.next_id(),
        tag=tag,
        target=target or it.default_branch,
        name=name,
        body=body,
        draft=True,
        prerelease=prerelease,
        author=world.user(by).login,
        created_at=world.now,
        published_at=None,
    )
    it.releases.append(made)
    if not draft:
        publish(world, it, made, by)
    return made


def publish(world: World, it: Repository, which: Release, by: str) -> None:
    """Let a draft be a release, and make its tag where that is new."""
    if f"refs/tags/{which.tag}" not in it.refs:
        branches.move(world, it, f"refs/tags/{which.tag}", _target(world, it, which.target), by)
    which.draft, which.published_at = False, world.now


def _target(world: World, it: Repository, name: str) -> str:
    sha = it.refs.get(f"refs/heads/{name}", name)
    try:
        world.objects.commit(it.full_name, sha)
    except StoreError as error:
        problem = {"resource": "Release", "code": "invalid", "field": "target_commitish"}
        raise Refused(422, "Validation Failed", errors=[problem], page=_PAGE) from error
    return sha


def notes(world: World, it: Repository, tag: str, previous: str | None, target: str | None) -> str:
    """What changed since the previous tag: the pull requests merged into it, in the order they came."""
    head = it.refs.get(f"refs/tags/{tag}") or _target(world, it, target or it.default_branch)
    if previous is None:
        previous = next((one.tag for one in reversed(it.releases) if not one.draft and one.tag != tag), None)
    since = it.refs.get(f"refs/tags/{previous}") if previous else None
    fresh = set(world.objects.ahead(it.full_name, since, head)) if since else set()
    merged = [one for one in pulls(it) if one.merged_at and (since is None or one.merge_commit in fresh)]
    merged.sort(key=lambda one: (one.merged_at or world.now, one.number))
    lines = [f"* {one.title} by @{one.author} in {WEB}/{it.full_name}/pull/{one.number}" for one in merged]
    compared = f"compare/{previous}...{tag}" if previous else f"commits/{tag}"
    heading = ["## What's Changed", *lines, ""] if lines else []
    return "\n".join([*heading, "", f"**Full Changelog**: {WEB}/{it.full_name}/{compared}"]).lstrip("\n")


def document(world: World, it: Repository, which: Release) -> JSON:
    """A release as the API shows it."""
    url = f"{documents.repository_url(world, it)}/releases/{which.id}"
    archives = f"{documents.repository_url(world, it)}"
    return {
        "url": url,
        "html_url": f"{WEB}/{it.full_name}/releases/tag/{which.tag}",
        "assets_url": f"{url}/assets",
        "upload_url": f"{url}/assets{{?name,label}}",
        "tarball_url": f"{archives}/tarball/{which.tag}",
        "zipball_url": f"{archives}/zipball/{which.tag}",
        "id": which.id,
        "node_id": node_id("RE", which.id),
        "tag_name": which.tag,
        "target_commitish": which.target,
        "name": which.name,
        "body": which.body,
        "draft": which.draft,
        "prerelease": which.prerelease,
        "created_at": stamp(which.created_at),
        "published_at": stamp(which.published_at),
        "author": documents.user(world, which.author),
        "assets": [],
    }
