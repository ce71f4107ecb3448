"""Making the release of what was shipped, and with it its tag; a tag that stands elsewhere is foreign.

https://docs.github.com/en/rest/releases/releases
"""

from __future__ import annotations

from valine.orchestrator.model.effects import EnsureRelease
from valine.orchestrator.model.events import ReleaseEnsured
from valine.orchestrator.naming import github_marker
from valine.services.github import errors
from valine.services.github.api import GitHubApi
from valine.services.github.shapes import GitRef, Release
from valine.view import github

NOT_FOUND, INVALID = 404, 422


async def ensure_release(api: GitHubApi, effect: EnsureRelease) -> ReleaseEnsured:
    """Our release with that tag: found or made. Permanent `stranger` if the tag or its release is not ours."""
    found = await _existing(api, effect)
    if found is not None:
        return found
    await _check_tag(api, effect)
    body = {
        "tag_name": effect.tag,
        "target_commitish": effect.commit,
        "name": github.release_title(effect),
        "body": github.release_notes(effect),
    }
    answer = await api.write("POST", "/repos/{owner}/{repo}/releases", body, expected={INVALID})
    if answer.status == INVALID and "already_exists" not in answer.words:
        raise errors.permanent("invalid", answer.words)
    found = await _existing(api, effect)
    if found is None:
        raise errors.ambiguous(f"GitHub says that the release {effect.tag} exists, but does not show it")
    return found


async def _check_tag(api: GitHubApi, effect: EnsureRelease) -> None:
    """Raise if there is such a tag at another commit: GitHub would release that one."""
    answer = await api.get("/repos/{owner}/{repo}/git/ref/tags/{tag}", tag=effect.tag, expected={NOT_FOUND})
    if answer.status != NOT_FOUND and answer.read(GitRef).object.sha != effect.commit:
        raise errors.permanent("stranger", f"a tag {effect.tag} exists and is not ours")


async def _existing(api: GitHubApi, effect: EnsureRelease) -> ReleaseEnsured | None:
    path = "/repos/{owner}/{repo}/releases/tags/{tag}"
    answer = await api.get(path, tag=effect.tag, expected={NOT_FOUND})
    if answer.status == NOT_FOUND:
        return None
    release = answer.read(Release)
    if github_marker(effect.uid) not in (release.body or ""):
        raise errors.permanent("stranger", f"a release {effect.tag} exists and is not ours")
    return ReleaseEnsured(tag=effect.tag, url=release.html_url)
