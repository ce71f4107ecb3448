"""PyGithub's own day on the twin: nothing about it is configured but the address."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import github
import pytest
from github import Auth, Github, GithubException, InputGitTreeElement, UnknownObjectException
from github.Repository import Repository

from outside.stand import Shop
from waiting import until

pytestmark = pytest.mark.proof


def client(shop: Shop, token: str) -> Github:
    """PyGithub as it is, less its waits: retries would hide what the twin answers."""
    return Github(
        auth=Auth.Token(token),
        base_url=shop.stand.github,
        retry=None,
        seconds_between_requests=0,
        seconds_between_writes=0,
    )


@pytest.fixture
def gh(shop: Shop) -> Iterator[Github]:
    with client(shop, shop.token) as made:
        yield made


@pytest.fixture
def repo(shop: Shop, gh: Github) -> Repository:
    return gh.get_repo(shop.full_name)


def branch_with_work(repo: Repository, name: str, text: str = "total = 1\n") -> str:
    """A branch with one commit, made of the Git database's parts; the commit's sha."""
    tip = repo.get_branch(repo.default_branch).commit
    blob = repo.create_git_blob(base64.b64encode(text.encode()).decode(), "base64")
    rows = [
        InputGitTreeElement("src/cart.py", "100644", "blob", sha=blob.sha),
        InputGitTreeElement("docs/notes.md", "100644", "blob", content="Notes\n"),
    ]
    tree = repo.create_git_tree(rows, repo.get_git_tree(tip.sha))
    commit = repo.create_git_commit(f"Work on {name}", tree, [tip.commit])
    repo.create_git_ref(f"refs/heads/{name}", commit.sha)
    return commit.sha


def refusal(error: pytest.ExceptionInfo[GithubException]) -> tuple[int, str]:
    return error.value.status, str(error.value.data["message"])


def test_issues_are_listed_page_by_page_and_by_what_is_asked(shop: Shop, gh: Github, repo: Repository) -> None:
    gh.per_page = 10
    march = repo.create_milestone("March")
    for number in range(1, 26):
        repo.create_issue(f"Issue {number}", body="It fails.", labels=["ready"] if number % 2 else [])
    chosen = repo.get_issue(7)
    chosen.edit(milestone=march, assignees=["chen"])
    repo.get_issue(8).edit(state="closed", state_reason="not_planned")

    assert [one.number for one in repo.get_issues(state="all")] == list(range(25, 0, -1))
    assert repo.get_issues(state="all").totalCount == 25
    assert len(list(repo.get_issues(labels=["ready"]))) == 13
    assert [one.number for one in repo.get_issues(assignee="chen", milestone=march)] == [7]
    assert [one.state_reason for one in repo.get_issues(state="closed")] == ["not_planned"]
    assert next(iter(repo.get_issues(sort="updated", direction="desc"))).number == 7
    assert list(repo.get_issues(creator=repo.owner)) == []


def test_an_issue_is_talked_about_labelled_and_assigned(shop: Shop, repo: Repository) -> None:
    issue = repo.create_issue("Fix the login")
    label = repo.create_label("p0", "ff0000", "At once")
    issue.add_to_labels(label, "ready")
    issue.add_to_assignees("chen", "bo")
    comment = issue.create_comment("On it")
    comment.edit("On it now")
    issue.create_comment("Never mind").delete()
    label.edit("p1", "00ff00")
    issue.set_labels("p1", "later")
    issue.remove_from_labels("later")

    again = repo.get_issue(issue.number)

    assert [one.name for one in again.labels] == ["p1"]
    assert [one.login for one in again.assignees] == ["chen"]  # bo may not push: GitHub drops such, and so does this
    assert [one.body for one in again.get_comments()] == ["On it now"]
    assert {one.name for one in repo.get_labels()} == {"p1", "ready", "later"}
    repo.get_label("p1").delete()
    assert list(repo.get_issue(issue.number).get_labels()) == []
    until("it is told", lambda: shop.heard("issue_comment", action="deleted"))


def test_a_task_goes_from_branch_to_merged_pull_request(shop: Shop, gh: Github, repo: Repository) -> None:
    issue = repo.create_issue("Count the total")
    sha = branch_with_work(repo, "work")
    pull = repo.create_pull("main", "work", title="Count", body=f"Closes #{issue.number}", draft=True)
    pull.add_to_labels("ready")

    assert pull.draft
    assert (pull.head.sha, pull.commits, pull.changed_files) == (sha, 1, 2)
    pull.mark_ready_for_review()
    with client(shop, shop.token_of("chen")) as theirs:
        review = theirs.get_repo(shop.full_name).get_pull(pull.number).create_review(body="Good", event="APPROVE")
    repo.get_commit(sha).create_status("success", context="ci")
    again = repo.get_pull(pull.number)
    merged = again.merge(merge_method="squash", sha=sha, commit_title="Count it")

    assert review.state == "APPROVED"
    assert (again.draft, again.mergeable, again.mergeable_state) == (False, True, "clean")
    assert [one.filename for one in again.get_files()] == ["docs/notes.md", "src/cart.py"]
    assert [one.sha for one in again.get_commits()] == [sha]
    assert [one.user.login for one in again.get_reviews()] == ["chen"]
    assert merged.merged
    assert again.is_merged()
    assert repo.get_issue(issue.number).state == "closed"
    assert repo.get_commits()[0].commit.message.startswith("Count it")
    assert repo.get_contents("src/cart.py").decoded_content == b"total = 1\n"  # type: ignore[union-attr]
    assert [one.number for one in repo.get_commit(sha).get_pulls()] == [pull.number]


def test_what_may_not_be_merged_is_405_and_what_moved_409(shop: Shop, repo: Repository) -> None:
    sha = branch_with_work(repo, "work")
    pull = repo.create_pull("main", "work", title="Count")

    with pytest.raises(GithubException) as moved:
        pull.merge(sha="0" * 40)
    cart = repo.get_contents("src/cart.py")
    repo.update_file("src/cart.py", "Other", "total = 2\n", cart.sha)  # type: ignore[union-attr]
    with pytest.raises(GithubException) as conflict:
        pull.merge()
    with pytest.raises(GithubException) as merging:
        repo.merge("main", "work")

    assert refusal(moved) == (409, "Head branch was modified. Review and try the merge again.")
    assert refusal(conflict) == (405, "Pull Request is not mergeable")
    assert refusal(merging) == (409, "Merge conflict")
    assert repo.get_pull(pull.number).mergeable_state == "dirty"
    assert repo.get_git_ref("heads/work").object.sha == sha


def test_what_is_not_there_is_404_and_what_makes_no_sense_422(shop: Shop, gh: Github, repo: Repository) -> None:
    sha = branch_with_work(repo, "work")
    repo.create_pull("main", "work", title="Count")

    for look in (
        lambda: gh.get_repo("acme/nowhere"),
        lambda: repo.get_issue(99),
        lambda: repo.get_branch("nowhere"),
        lambda: repo.get_contents("nowhere.md"),
        lambda: repo.get_release("v9"),
        lambda: repo.get_git_blob("0" * 40),
        lambda: repo.get_label("nothing"),
    ):
        with pytest.raises(UnknownObjectException):
            look()
    for attempt in (
        lambda: repo.create_git_ref("refs/heads/work", sha),
        lambda: repo.create_pull("main", "work", title="Count"),
        lambda: repo.create_pull("main", "nowhere", title="Count"),
        lambda: repo.create_git_ref("refs/heads/x", "0" * 40),
        lambda: repo.create_label("p0", "red"),
        lambda: repo.get_commit("0" * 40),
        lambda: repo.get_pull(1).create_review(event="APPROVE"),
    ):
        with pytest.raises(GithubException) as error:
            attempt()
        assert error.value.status == 422, error.value
    with client(shop, "ghp_wrong") as wrong, pytest.raises(github.BadCredentialsException):
        wrong.get_user().login  # noqa: B018 - PyGithub looks when it is asked
    with client(shop, shop.token_of("bo")) as reader, pytest.raises(GithubException) as denied:
        reader.get_repo(shop.full_name).create_git_ref("refs/heads/x", sha)
    assert denied.value.status == 403


def test_files_are_written_and_read_through_the_contents(shop: Shop, repo: Repository) -> None:
    made = repo.create_file("docs/hello.md", "Say hello", "Hello\n", branch="main")
    with pytest.raises(GithubException) as blind:
        repo.create_file("docs/hello.md", "Again", "Hello?\n")
    with pytest.raises(GithubException) as stale:
        repo.update_file("docs/hello.md", "Again", "Hello?\n", "0" * 40)
    again = repo.update_file("docs/hello.md", "Again", b"\xff\x00", made["content"].sha)
    before = repo.get_contents("docs")
    repo.delete_file("docs/hello.md", "Hush", again["content"].sha)

    assert (blind.value.status, stale.value.status) == (422, 409)
    assert [one.path for one in before] == ["docs/hello.md"]  # type: ignore[union-attr]
    assert [(one.path, one.type) for one in repo.get_contents("")] == [("README.md", "file"), ("src", "dir")]  # type: ignore[union-attr]
    assert [one.commit.message for one in repo.get_commits(path="docs")] == ["Hush", "Again", "Say hello"]
    assert repo.compare(shop.head, "main").ahead_by == 3
    assert {one.path for one in repo.get_git_tree("main", recursive=True).tree} == {"README.md", "src", "src/cart.py"}


def test_branches_are_listed_moved_and_deleted(shop: Shop, repo: Repository) -> None:
    shop.act("set_rules", required_checks=["ci"])
    sha = branch_with_work(repo, "task/one")
    branch_with_work(repo, "task/two", "total = 3\n")

    assert [(one.name, one.protected) for one in repo.get_branches()] == [
        ("main", True),
        ("task/one", False),
        ("task/two", False),
    ]
    assert [one.ref for one in repo.get_git_matching_refs("heads/task/")] == [
        "refs/heads/task/one",
        "refs/heads/task/two",
    ]
    two = repo.get_git_ref("heads/task/two")
    with pytest.raises(GithubException, match="not a fast forward"):
        two.edit(sha)
    two.edit(sha, force=True)
    assert repo.get_branch("task/two").commit.sha == sha
    two.delete()
    with pytest.raises(GithubException, match="Repository rule violations found"):
        repo.get_git_ref("heads/main").edit(sha)


def test_checks_and_statuses_of_a_commit_are_told(shop: Shop, repo: Repository) -> None:
    commit = repo.get_commit("main")
    commit.create_status("pending", context="deploy", description="on its way", target_url="https://ci.test/1")
    commit.create_status("success", context="deploy")
    shop.act("set_check", name="ci", branch="main", conclusion="failure", workflow="CI")
    shop.act("set_check", name="lint", branch="main", conclusion="success", workflow="CI")

    assert [one.state for one in commit.get_statuses()] == ["success", "pending"]
    assert commit.get_combined_status().state == "success"
    assert {one.name: one.conclusion for one in commit.get_check_runs()} == {"ci": "failure", "lint": "success"}
    assert [one.name for one in commit.get_check_runs(check_name="ci")] == ["ci"]
    (suite,) = commit.get_check_suites()
    assert suite.conclusion == "failure"
    assert {one.name for one in suite.get_check_runs()} == {"ci", "lint"}
    with pytest.raises(GithubException) as error:
        repo.create_check_run("ours", commit.sha)
    assert refusal(error) == (403, "You must authenticate via a GitHub App.")


def test_an_app_reports_its_own_checks(shop: Shop) -> None:
    app = shop.act("register_app", slug=f"ci-{shop.name}", permissions={"checks": "write", "metadata": "read"})
    token = shop.stand.on_github("issue_token", installation=app["installation_id"])["token"]
    with client(shop, token) as gh:
        repo = gh.get_repo(shop.full_name)
        run = repo.create_check_run("ours", shop.head, status="in_progress")
        run.edit(conclusion="success", output={"title": "Fine", "summary": "All of it"})

        assert repo.get_check_run(run.id).output.summary == "All of it"
        with pytest.raises(GithubException) as error:
            repo.create_issue("No")

    assert refusal(error) == (403, "Resource not accessible by integration")


def test_releases_are_made_found_changed_and_deleted(repo: Repository) -> None:
    first = repo.create_git_release("v1", name="One", message="Notes", target_commitish="main")
    draft = repo.create_git_release("v2", name="Two", message="More", draft=True, generate_release_notes=True)

    assert repo.get_latest_release().tag_name == "v1"
    draft.update_release("Two", "Most", draft=False)
    assert repo.get_latest_release().body == "Most"
    assert repo.get_release("v1").id == repo.get_release(first.id).id
    first.delete_release()
    assert [one.tag_name for one in repo.get_releases()] == ["v2"]
    assert repo.get_git_ref("tags/v1").object.sha == repo.get_branch("main").commit.sha


def test_people_and_hooks_are_told_to_their_admin(shop: Shop) -> None:
    with client(shop, shop.token_of("acme")) as gh:
        repo = gh.get_repo(shop.full_name)
        hook = repo.create_hook("web", {"url": f"{shop.stand.product}/other", "content_type": "json"}, ["push"])
        hook.edit("web", {"url": f"{shop.stand.product}/other"}, add_events=["issues"], active=False)

        assert gh.get_user().login == "acme"
        assert {one.login: one.role_name for one in repo.get_collaborators()} == {
            "acme": "admin",
            "ana": "write",
            "bo": "read",
            "chen": "write",
        }
        assert repo.has_in_collaborators("bo")
        assert not repo.has_in_collaborators("dora")
        assert repo.get_collaborator_permission("bo") == "read"
        assert {one.login for one in repo.get_assignees()} == {"acme", "ana", "chen"}
        assert (repo.get_hook(hook.id).events, repo.get_hook(hook.id).active) == (["push", "issues"], False)
        hook.delete()
        assert len(list(repo.get_hooks())) == 1


def test_limits_are_told_counted_and_enforced(shop: Shop) -> None:
    shop.act("add_member", login="dora", role="write")
    with client(shop, shop.token_of("dora")) as gh:
        repo = gh.get_repo(shop.full_name)

        def write(many: int) -> None:
            for number in range(many):
                repo.create_issue(f"Issue {number}")

        left, limit = gh.rate_limiting
        core = gh.get_rate_limit().resources.core
        shop.stand.on_github("set_behaviour", enforce_limits=True, content_per_minute=3)
        try:
            with pytest.raises(github.RateLimitExceededException) as error:
                write(5)
        finally:
            shop.stand.on_github("set_behaviour", enforce_limits=False, content_per_minute=80)

    assert (limit, core.limit, core.remaining) == (5000, 5000, left)
    assert "secondary rate limit" in refusal(error)[1]
    assert int((error.value.headers or {})["retry-after"]) > 0


def test_an_unchanged_answer_is_known_by_its_tag(shop: Shop, gh: Github, repo: Repository) -> None:
    assert not repo.update()
    repo.create_issue("One")
    assert repo.update()
    assert gh.rate_limiting[1] == 5000
