"""Opening and closing a task's pull request. One from our branch that has our uid is ours, whatever became of it.

https://docs.github.com/en/rest/pulls/pulls
"""

from __future__ import annotations

from datetime import timedelta

from valine.orchestrator.model.effects import EnsurePullRequest, EnsurePullRequestClosed
from valine.orchestrator.model.events import PullRequestClosed, PullRequestEnsured
from valine.orchestrator.model.states import PullNumber
from valine.orchestrator.naming import github_marker
from valine.services.github import errors
from valine.services.github.api import GitHubApi
from valine.services.github.http import Answer
from valine.services.github.plan import body_hash
from valine.services.github.shapes import Issue, Pull
from valine.view import github

PULL = "/repos/{owner}/{repo}/pulls/{pull_number}"
NOT_FOUND, INVALID = 404, 422
SOON = timedelta(seconds=2)
# A process that stood still for longer may have lost its partition to another one, which did the same.
ALONE = timedelta(minutes=1)


async def ensure_pull_request(api: GitHubApi, effect: EnsurePullRequest) -> PullRequestEnsured:
    """Our pull request of that branch: found, in any state, or opened as a draft where GitHub allows it.

    Permanent `stranger` if another one is open there; Ambiguous if GitHub says that there is one and shows none.
    """
    began = api.clock.now()
    found = await _existing(api, effect)
    if found is None:
        found = await _open(api, effect)
        if abs(api.clock.now() - began) >= ALONE:  # it may have been set back meanwhile
            found = await _first(api, effect, found)
    return PullRequestEnsured(issue=effect.issue, pull_request=PullNumber(found.number))


async def _first(api: GitHubApi, effect: EnsurePullRequest, opened: Pull) -> Pull:
    """The first of ours; the one just opened is closed if it is another: the first may have been merged meanwhile."""
    ours = _marked_as_ours(effect, await _there(api, effect))
    first = min(ours, key=lambda pull: pull.number, default=opened)
    if first.number < opened.number:
        await _close(api, opened.number)
        return first
    return opened


async def _existing(api: GitHubApi, effect: EnsurePullRequest) -> Pull | None:
    """Closed ones count too: one that a person closed is not opened a second time."""
    there = await _there(api, effect)
    ours = _marked_as_ours(effect, there)
    if ours:
        return max(ours, key=lambda pull: (pull.state == "open", pull.number))
    if any(pull.state == "open" and pull.base.ref == effect.base for pull in there):
        raise errors.permanent("stranger", f"a pull request of {effect.branch} exists and is not ours")
    return None


async def _there(api: GitHubApi, effect: EnsurePullRequest | EnsurePullRequestClosed) -> list[Pull]:
    """Every pull request from that branch, whatever became of it, and whatever somebody made its base since."""
    path = "/repos/{owner}/{repo}/pulls{?state,head,per_page,page}"
    head = f"{api.owner}:{effect.branch}"
    there = [pull async for pull in api.pages(path, Pull, state="all", head=head)]
    return [pull for pull in there if pull.head.ref == effect.branch]


def _marked_as_ours(effect: EnsurePullRequest | EnsurePullRequestClosed, pulls: list[Pull]) -> list[Pull]:
    return [pull for pull in pulls if github_marker(effect.uid) in (pull.body or "")]


async def _open(api: GitHubApi, effect: EnsurePullRequest) -> Pull:
    body = {
        "title": github.pull_request_title(effect),
        "head": effect.branch,
        "base": effect.base,
        "body": github.pull_request_body(effect, await _brief(api, effect)),
        "draft": True,
    }
    answer = await _post(api, body)
    if answer.status == INVALID and "draft" in answer.words.lower():
        # Drafts need a public repository or a paid plan.
        # https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/proposing-changes-to-your-work-with-pull-requests/about-pull-requests#draft-pull-requests
        answer = await _post(api, {**body, "draft": False})
    if answer.status == INVALID:
        return await _refused(api, effect, answer.words)
    return await _seen(api, effect, answer.read(Pull).number)


async def _seen(api: GitHubApi, effect: EnsurePullRequest, number: int) -> Pull:
    """The pull request that GitHub says it made, believed when it is seen."""
    answer = await api.get(PULL, pull_number=number, expected={NOT_FOUND})
    if answer.status != NOT_FOUND:
        pull = answer.read(Pull)
        if pull.head.ref == effect.branch:
            return pull
    raise errors.ambiguous(f"GitHub says that it opened #{number} for {effect.branch}, but does not show it")


async def _post(api: GitHubApi, body: dict[str, object]) -> Answer:
    return await api.write("POST", "/repos/{owner}/{repo}/pulls", body, expected={INVALID})


async def _brief(api: GitHubApi, effect: EnsurePullRequest) -> str | None:
    """The issue's body, if it is still the one that was approved."""
    answer = await api.get("/repos/{owner}/{repo}/issues/{issue_number}", issue_number=effect.issue)
    body = answer.read(Issue).body or ""
    return body if body_hash(body) == effect.body_hash else None


async def _refused(api: GitHubApi, effect: EnsurePullRequest, words: str) -> Pull:
    if "No commits between" in words:
        # Said for a moment of a branch that is just made.
        raise errors.transient("invalid", words, api.clock.now() + SOON)
    if "already exists" not in words:
        raise errors.permanent("invalid", words)
    found = await _existing(api, effect)
    if found is None:
        raise errors.ambiguous(f"GitHub says that a pull request of {effect.branch} exists, but does not show it")
    return found


async def get_pull(api: GitHubApi, number: int) -> Pull:
    """The pull request as it is now."""
    return (await api.get(PULL, pull_number=number)).read(Pull)


async def ensure_pull_request_closed(api: GitHubApi, effect: EnsurePullRequestClosed) -> PullRequestClosed:
    """The pull request is closed, by whatever way; or there is none of ours."""
    found = _marked_as_ours(
        effect, await _there(api, effect)
    )  # more than one, if a process opened another one too late
    if effect.pull_request is not None and all(pull.number != effect.pull_request for pull in found):
        found.append(await get_pull(api, effect.pull_request))
    for pull in found:
        if pull.state == "open":
            await _close(api, pull.number)
    return PullRequestClosed(issue=effect.issue)


async def _close(api: GitHubApi, number: int) -> None:
    await api.write("PATCH", PULL, {"state": "closed"}, pull_number=number)
    if (await get_pull(api, number)).state != "closed":  # a write is believed when it is seen
        raise errors.ambiguous(f"GitHub left #{number} open")
