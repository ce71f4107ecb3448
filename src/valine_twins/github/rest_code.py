"""REST routes of the repository itself and its git data. https://docs.github.com/en/rest/git"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from valine_twins.github import branches, documents, documents_code, merging, pulls
from valine_twins.github.rest import Call, Reply, listed, route
from valine_twins.github.world import JSON, WEB, Refused
from valine_twins.objects import Commit, Signature, StoreError

REPO = "/repos/{owner}/{repo}"
_MOST_FILES = 300
_RULE_PAGE = "rest/git/refs#create-a-reference"


@route("GET", REPO)
def get_repository(call: Call) -> Reply:
    """The repository."""
    return Reply(200, documents.full_repository(call.world, call.repo, call.login))


@route("POST", f"{REPO}/git/commits", "contents:write")
def create_commit(call: Call) -> Reply:
    """Make a commit of a tree that is there; the same commit again is the same sha."""
    world, it = call.world, call.repo
    tree, parents = call.need("tree"), call.texts("parents")
    if not world.objects.has_tree(it.full_name, tree):
        raise Refused(422, "Tree SHA does not exist", page="rest/git/commits#create-a-commit")
    for parent in parents:
        _commit(call, parent, 422, "Parent SHA does not exist or is not a commit object")
    author = signature(call, "author") or pulls.author(world, call.login)
    committer = signature(call, "committer") or author
    commit = Commit(tree=tree, parents=tuple(parents), author=author, committer=committer, message=call.need("message"))
    sha = world.objects.write_commit(it.full_name, commit)
    return Reply(201, documents_code.git_commit(world, it, sha))


def signature(call: Call, key: str) -> Signature | None:
    """Who the body says wrote a commit, and when; 422 for half a name."""
    given = call.body.get(key)
    if given is None:
        return None
    if not isinstance(given, dict) or not given.get("name") or not given.get("email"):
        raise Refused(422, f"Invalid request.\n\nFor 'properties/{key}', name and email weren't supplied.")
    try:
        date = datetime.fromisoformat(given["date"]) if given.get("date") else call.world.now
    except ValueError as error:
        raise Refused(422, f"Invalid request.\n\nFor 'properties/date', {given['date']} is not a date.") from error
    return Signature(given["name"], given["email"], date if date.tzinfo else date.replace(tzinfo=call.world.now.tzinfo))


def _commit(call: Call, sha: str, status: int = 404, message: str = "Not Found") -> Commit:
    try:
        return call.world.objects.commit(call.repo.full_name, sha)
    except StoreError as error:
        raise Refused(status, message) from error


@route("GET", f"{REPO}/git/commits/{{commit_sha}}", "contents:read")
def get_git_commit(call: Call) -> Reply:
    """A commit with its tree and parents."""
    _commit(call, call.params["commit_sha"])
    return Reply(200, documents_code.git_commit(call.world, call.repo, call.params["commit_sha"]))


@route("GET", f"{REPO}/commits/{{ref}}", "contents:read")
def get_commit(call: Call) -> Reply:
    """The commit that a branch, tag or sha names."""
    sha = resolve(call, call.params["ref"], unknown=422)
    return Reply(200, documents_code.commit(call.world, call.repo, sha))


@route("POST", f"{REPO}/git/refs", "contents:write")
def create_ref(call: Call) -> Reply:
    """Make a branch or tag."""
    ref, sha = call.need("ref"), call.need("sha")
    if not re.fullmatch(r"refs/[^/]+/.+", ref) or ref.endswith(("/", ".lock")) or ".." in ref or " " in ref:
        raise Refused(422, "Reference name is not well formed", page=_RULE_PAGE)
    if ref in call.repo.refs:
        raise Refused(422, "Reference already exists", page=_RULE_PAGE)
    _commit(call, sha, 422, "Object does not exist")
    if any(other.startswith(f"{ref}/") or ref.startswith(f"{other}/") for other in call.repo.refs):
        raise Refused(
            422, "Reference cannot be created because a reference of a conflicting name exists", page=_RULE_PAGE
        )
    move(call, ref, sha)
    return Reply(201, documents_code.ref(call.world, call.repo, ref))


def move(call: Call, ref: str, sha: str, *, status: int = 422) -> None:
    """Make or move a ref, if the rules let commits in there without a pull request."""
    broken = merging.push_violations(call.repo, ref, sha)
    if broken:
        told = "".join(f"{rule}\n\n" for rule in broken)
        raise Refused(status, f"Repository rule violations found\n\n{told}", page="rest/git/refs#update-a-reference")
    branches.move(call.world, call.repo, ref, sha, call.login)


@route("GET", f"{REPO}/git/ref/{{ref}}", "contents:read")
def get_ref(call: Call) -> Reply:
    """One ref ("heads/main")."""
    ref = f"refs/{call.params['ref']}"
    if ref not in call.repo.refs:
        raise Refused(404, "Not Found", page="rest/git/refs#get-a-reference")
    return Reply(200, documents_code.ref(call.world, call.repo, ref))


@route("PATCH", f"{REPO}/git/refs/{{ref}}", "contents:write")
def update_ref(call: Call) -> Reply:
    """Move a ref; only forwards, unless forced."""
    it, ref, sha = call.repo, f"refs/{call.params['ref']}", call.need("sha")
    if ref not in it.refs:
        raise Refused(422, "Reference does not exist", page="rest/git/refs#update-a-reference")
    _commit(call, sha, 422, "Object does not exist")
    if not call.body.get("force") and call.world.objects.merge_base(it.full_name, it.refs[ref], sha) != it.refs[ref]:
        raise Refused(422, "Update is not a fast forward", page="rest/git/refs#update-a-reference")
    move(call, ref, sha)
    return Reply(200, documents_code.ref(call.world, it, ref))


@route("DELETE", f"{REPO}/git/refs/{{ref}}", "contents:write")
def delete_ref(call: Call) -> Reply:
    """Delete a ref."""
    ref = f"refs/{call.params['ref']}"
    if ref not in call.repo.refs:
        raise Refused(422, "Reference does not exist", page="rest/git/refs#delete-a-reference")
    if ref == f"refs/heads/{call.repo.default_branch}":
        raise Refused(422, "Cannot delete the default branch", page="rest/git/refs#delete-a-reference")
    branches.move(call.world, call.repo, ref, None, call.login)
    return Reply(204)


def resolve(call: Call, name: str, *, unknown: int = 404) -> str:
    """The commit that a branch, tag, HEAD or sha names; refused with the status `unknown` if none."""
    refs = call.repo.refs
    name = call.repo.default_branch if name == "HEAD" else name
    for ref in (f"refs/heads/{name}", f"refs/tags/{name}", name, f"refs/{name}"):
        if ref in refs:
            return refs[ref]
    _commit(call, name, unknown, f"No commit found for SHA: {name}")
    return name


@route("GET", f"{REPO}/compare/{{basehead}}", "contents:read")
def compare(call: Call) -> Reply:
    """How head stands to base, and what it changes since they parted."""
    world, it = call.world, call.repo
    names = call.params["basehead"].split("...")
    if len(names) != 2:
        raise Refused(404, "Not Found", page="rest/commits/commits#compare-two-commits")
    base, head = (resolve(call, name.rpartition(":")[2]) for name in names)
    root = world.objects.merge_base(it.full_name, base, head)
    if root is None:
        raise Refused(404, f"No common ancestor between {names[0]} and {names[1]}.")
    ahead = world.objects.ahead(it.full_name, base, head)
    behind = len(world.objects.ahead(it.full_name, head, base))
    before, after = (_commit(call, sha).tree for sha in (root, head))
    files = world.objects.changes(it.full_name, before, after)[:_MOST_FILES]
    status = "diverged" if ahead and behind else "ahead" if ahead else "behind" if behind else "identical"
    web = f"{WEB}/{it.full_name}/compare/{call.params['basehead']}"
    some = listed(call, list(ahead))
    return Reply(
        200,
        {
            "url": f"{documents.repository_url(world, it)}/compare/{call.params['basehead']}",
            "html_url": web,
            "permalink_url": f"{WEB}/{it.full_name}/compare/{base[:12]}...{head[:12]}",
            "diff_url": f"{web}.diff",
            "patch_url": f"{web}.patch",
            "base_commit": documents_code.commit(world, it, base),
            "merge_base_commit": documents_code.commit(world, it, root),
            "status": status,
            "ahead_by": len(ahead),
            "behind_by": behind,
            "total_commits": len(ahead),
            "commits": [documents_code.commit(world, it, sha) for sha in some.body],
            "files": [documents_code.changed_file(world, it, head, change) for change in files],
        },
        some.headers,
    )


@route("GET", f"{REPO}/branches/{{branch}}", "contents:read")
def get_branch(call: Call) -> Reply:
    """A branch with its newest commit and protection."""
    world, it, name = call.world, call.repo, call.params["branch"]
    sha = it.refs.get(f"refs/heads/{name}")
    if sha is None:
        raise Refused(404, "Branch not found", page="rest/branches/branches#get-a-branch")
    url = f"{documents.repository_url(world, it)}/branches/{name}"
    rules = merging.rules_for(it, name)
    required = [check for one in rules for check in one.required_checks]
    wanted = {"enforcement_level": "everyone" if required else "off", "contexts": required, "checks": []}
    return Reply(
        200,
        {
            "name": name,
            "commit": documents_code.commit(world, it, sha),
            "_links": {"self": url, "html": f"{WEB}/{it.full_name}/tree/{name}"},
            "protected": bool(rules),
            "protection": {"enabled": bool(rules), "required_status_checks": wanted},
            "protection_url": f"{url}/protection",
        },
    )


@route("GET", f"{REPO}/rules/branches/{{branch}}")
def get_rules(call: Call) -> Reply:
    """The rules that hold for a branch, as rulesets tell them."""
    found: list[JSON] = []
    for rules in merging.rules_for(call.repo, call.params["branch"]):
        source = {
            "ruleset_source_type": "Repository",
            "ruleset_source": call.repo.full_name,
            "ruleset_id": rules.id,
        }
        for kind, parameters in _rule_parameters(rules).items():
            found.append({"type": kind, "parameters": parameters, **source})
    return listed(call, found)


def _rule_parameters(rules: Any) -> dict[str, JSON]:
    listed_rules: dict[str, JSON] = {}
    if rules.required_checks:
        listed_rules["required_status_checks"] = {
            "strict_required_status_checks_policy": rules.strict,
            "do_not_enforce_on_create": False,
            "required_status_checks": [{"context": name} for name in rules.required_checks],
        }
    if rules.required_reviews:
        listed_rules["pull_request"] = {
            "required_approving_review_count": rules.required_reviews,
            "dismiss_stale_reviews_on_push": rules.dismiss_stale,
            "require_code_owner_review": False,
            "require_last_push_approval": False,
            "required_review_thread_resolution": False,
        }
    if rules.merge_queue:
        listed_rules["merge_queue"] = {
            "check_response_timeout_minutes": 60,
            "grouping_strategy": "ALLGREEN",
            "max_entries_to_build": 5,
            "max_entries_to_merge": 5,
            "merge_method": "MERGE",
            "min_entries_to_merge": 1,
            "min_entries_to_merge_wait_minutes": 5,
        }
    return listed_rules
