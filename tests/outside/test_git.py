"""git itself, as anybody has it, against the twin's repositories over HTTP."""

from __future__ import annotations

import base64
import random
import socket
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from outside.stand import Shop, Stand, environment
from waiting import until

pytestmark = pytest.mark.proof


class Clone:
    """A working copy of somebody's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """git, with nobody's configuration and nobody to ask for a password."""
        alone = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
        who = ("-c", "user.name=ana", "-c", "user.email=ana@example.test")
        return subprocess.run(
            ["git", *who, *arguments],
            cwd=self.folder,
            env=environment(LC_ALL="C", no_proxy="*", **alone, **more),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def git(self, *arguments: str, **more: str) -> str:
        """What git says when it goes well."""
        done = self.run(*arguments, **more)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def refused(self, *arguments: str) -> str:
        """What git says when it does not."""
        done = self.run(*arguments)
        assert done.returncode != 0, done.stdout
        return done.stderr

    def commit(self, **files: str) -> str:
        for name, text in files.items():
            (self.folder / f"{name}.txt").write_text(text)
        self.git("add", "-A")
        self.git("commit", "-m", f"Write {', '.join(files)}")
        return self.git("rev-parse", "HEAD")


def clone(shop: Shop, folder: Path, *options: str, by: str = "ana") -> Clone:
    Clone(folder.parent).git("clone", "--quiet", *options, shop.url_for(by), str(folder))
    return Clone(folder)


def test_a_clone_has_the_files_the_history_and_the_default_branch(stand: Stand, tmp_path: Path) -> None:
    shop = Shop(stand, "trunk", default_branch="trunk")

    copy = clone(shop, tmp_path / "copy")

    assert copy.git("rev-parse", "HEAD") == shop.head
    assert copy.git("branch", "--show-current") == "trunk"
    assert (copy.folder / "src/cart.py").read_text() == "total = 0\n"
    assert copy.git("fsck", "--strict") == ""


def test_a_pushed_branch_is_there_and_its_push_is_delivered(shop: Shop, tmp_path: Path) -> None:
    copy = clone(shop, tmp_path / "copy")
    copy.git("switch", "-c", "feature/one")
    sha = copy.commit(one="1\n")

    said = copy.run("push", "-u", "origin", "feature/one").stderr

    assert shop.branches()["feature/one"] == sha
    assert "remote: Create a pull request for 'feature/one'" in said
    (push,) = until("the push is delivered", lambda: shop.heard("push", ref="refs/heads/feature/one"))
    assert (push["before"], push["after"], push["created"]) == ("0" * 40, sha, True)
    assert (push["pusher"]["name"], push["head_commit"]["added"]) == ("ana", ["one.txt"])


def test_a_push_to_a_pull_requests_branch_moves_it_and_tells_so(shop: Shop, tmp_path: Path) -> None:
    copy = clone(shop, tmp_path / "copy")
    copy.git("switch", "-c", "work")
    first = copy.commit(one="1\n")
    copy.git("push", "origin", "work")
    number = shop.act("open_pull_request", head="work", title="Work", by="ana")["number"]
    shop.act("set_check", name="ci", number=number, conclusion="success")
    second = copy.commit(two="2\n")

    copy.git("push", "origin", "work")

    assert (shop.pull(number)["head_sha"], shop.pull(number)["checks"]) == (second, [])
    (told,) = until("it is told", lambda: shop.heard("pull_request", action="synchronize"))
    assert (told["before"], told["after"], told["number"]) == (first, second, number)
    assert told["pull_request"]["commits"] == 2


def test_what_was_merged_on_the_platform_is_fetched_and_what_is_pushed_to_main_by_hand_counts_as_merged(
    shop: Shop, tmp_path: Path
) -> None:
    copy = clone(shop, tmp_path / "copy")
    shop.act("push", branch="one", files={"one.txt": "1\n"}, by="chen")
    shop.act("push", branch="two", files={"two.txt": "2\n"}, by="chen")
    one, two = (shop.act("open_pull_request", head=name, title=name, by="chen")["number"] for name in ("one", "two"))
    merged = shop.act("merge", number=one, by="ana")["sha"]

    copy.git("pull", "--quiet", "origin", "main")
    copy.git("fetch", "--quiet", "origin", f"pull/{two}/head:two")
    copy.git("merge", "--quiet", "--no-edit", "two")
    copy.git("push", "origin", "main")

    assert copy.git("rev-parse", "HEAD^1") == merged
    assert shop.pull(two)["state"] == "merged"


def test_a_push_that_is_behind_is_rejected_and_a_forced_one_goes_through(shop: Shop, tmp_path: Path) -> None:
    ana, chen = clone(shop, tmp_path / "ana"), clone(shop, tmp_path / "chen", by="chen")
    for copy, text in ((ana, "hers\n"), (chen, "his\n")):
        copy.git("switch", "-c", "work")
        copy.commit(one=text)
    ana.git("push", "origin", "work")

    said = chen.refused("push", "origin", "work")
    stale = chen.refused("push", "--force-with-lease=work:" + shop.head, "origin", "work")
    kept = shop.branches()["work"]
    chen.git("push", "--force", "origin", "work")

    assert "[rejected]" in said
    assert "[rejected]" in stale
    assert kept == ana.git("rev-parse", "HEAD")
    assert shop.branches()["work"] == chen.git("rev-parse", "HEAD")
    assert until("the push is delivered", lambda: shop.heard("push", forced=True))[0]["before"] == kept


def test_a_deleted_branch_closes_its_pull_request_and_the_default_branch_stays(shop: Shop, tmp_path: Path) -> None:
    copy = clone(shop, tmp_path / "copy")
    shop.act("push", branch="work", files={"one.txt": "1\n"}, by="ana")
    number = shop.act("open_pull_request", head="work", title="Work", by="ana")["number"]

    copy.git("push", "origin", "--delete", "work")
    said = copy.refused("push", "origin", "--delete", "main")

    assert (shop.pull(number)["state"], list(shop.branches())) == ("closed", ["main"])
    assert "refusing to delete the current branch: refs/heads/main" in said


def test_tags_light_and_annotated_are_kept(shop: Shop, tmp_path: Path) -> None:
    copy = clone(shop, tmp_path / "copy")
    copy.git("tag", "light")
    copy.git("tag", "-a", "v1", "-m", "One")

    copy.git("push", "origin", "--tags")

    again = clone(shop, tmp_path / "again")
    assert again.git("tag", "--list").split() == ["light", "v1"]
    assert again.git("cat-file", "-t", "v1") == "tag"
    assert set(shop.view()["tags"]) == {"light", "v1"}


def test_rules_refuse_a_push_and_an_atomic_one_is_refused_whole(shop: Shop, tmp_path: Path) -> None:
    copy = clone(shop, tmp_path / "copy")
    shop.act("set_rules", required_checks=["ci"], required_reviews=1)
    sha = copy.commit(one="1\n")
    copy.git("branch", "aside")

    said = copy.refused("push", "--atomic", "origin", "main", "aside")
    after_atomic = shop.branches()
    copy.refused("push", "origin", "main", "aside")

    assert "remote: error: GH013: Repository rule violations found for refs/heads/main." in said
    assert "- Changes must be made through a pull request." in said
    assert '- Required status check "ci" is expected.' in said
    assert after_atomic == {"main": shop.head}
    assert shop.branches() == {"main": shop.head, "aside": sha}


def test_a_commit_with_its_checks_green_may_be_pushed_where_checks_are_all_that_is_asked(
    shop: Shop, tmp_path: Path
) -> None:
    copy = clone(shop, tmp_path / "copy")
    shop.act("set_rules", required_checks=["ci"])
    sha = copy.commit(one="1\n")
    copy.git("push", "origin", "main:try")
    shop.act("set_check", name="ci", branch="try", conclusion="success")

    copy.git("push", "origin", "main")

    assert shop.branches()["main"] == sha


def test_nobody_pushes_to_a_pull_requests_own_ref(shop: Shop, tmp_path: Path) -> None:
    copy = clone(shop, tmp_path / "copy")

    said = copy.refused("push", "origin", "HEAD:refs/pull/1/head")

    assert "deny updating a hidden ref" in said


def test_a_private_repository_is_asked_for_with_a_token(shop: Shop, tmp_path: Path) -> None:
    here = Clone(tmp_path)
    wrong = shop.url.replace("http://", "http://ana:ghp_wrong@")
    revoked = shop.token_of("ana")
    late = shop.url.replace("http://", f"http://x-access-token:{revoked}@")
    shop.stand.on_github("revoke_token", token=revoked)

    nobody, mistaken, too_late = (here.refused("ls-remote", url) for url in (shop.url, wrong, late))
    stranger = here.refused("ls-remote", shop.url_for("stranger"))
    nowhere = here.refused("ls-remote", shop.url_for("ana").replace(shop.name, "nowhere"))

    assert "could not read Username" in nobody  # a 401: git asks, and nobody is there to answer
    assert "Authentication failed" in mistaken
    assert "Invalid username or token" in too_late
    assert "remote: Repository not found." in stranger
    assert "remote: Repository not found." in nowhere
    assert here.git("ls-remote", shop.url_for("bo"), "main").startswith(shop.head)


def test_a_public_repository_is_cloned_by_anybody_and_pushed_to_by_members(public: Shop, tmp_path: Path) -> None:
    Clone(tmp_path).git("clone", "--quiet", public.url, "copy")
    copy = Clone(tmp_path / "copy")
    copy.commit(one="1\n")

    nobody = copy.refused("push", "origin", "main")
    reader = copy.refused("push", public.url_for("bo"), "main")
    public.act("archive")
    archived = copy.refused("push", public.url_for("ana"), "main")

    assert "could not read Username" in nobody
    assert f"remote: Permission to {public.full_name}.git denied to bo." in reader
    assert "archived so it is read-only" in archived
    assert public.branches() == {"main": public.head}


def test_a_token_without_contents_may_not_push(shop: Shop, tmp_path: Path) -> None:
    copy = clone(shop, tmp_path / "copy")
    copy.commit(one="1\n")
    fine = shop.stand.on_github("issue_token", login="ana", permissions={"contents": "read"})["token"]

    said = copy.refused("push", shop.url.replace("http://", f"http://{fine}:x-oauth-basic@"), "main")

    assert "Write access to repository not granted." in said


def test_a_large_push_comes_in_pieces_and_a_long_negotiation_zipped(shop: Shop, tmp_path: Path) -> None:
    copy = clone(shop, tmp_path / "copy")
    (copy.folder / "noise.bin").write_bytes(random.Random(1).randbytes(3_000_000))  # noqa: S311 - any bytes do
    sha = copy.commit(one="1\n")

    pushed = copy.run("push", "origin", "main", GIT_TRACE_CURL="1").stderr
    shop.act("push", branch="main", files={"theirs.txt": "1\n"}, by="chen")
    for number in range(40):  # what we have and they do not, git tells them about: the latest first, 16 and then 32
        later = f"2040-01-01T00:00:{number:02}Z"
        copy.git("commit", "--quiet", "--allow-empty", "-m", str(number), GIT_COMMITTER_DATE=later)
    fetched = copy.run("fetch", "origin", GIT_TRACE_CURL="1").stderr

    assert "Transfer-Encoding: chunked" in pushed
    assert "Content-Encoding: gzip" in fetched
    assert copy.git("rev-parse", "origin/main^") == sha


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_every_version_of_the_protocol_is_spoken(shop: Shop, tmp_path: Path, version: str) -> None:
    chosen = ("-c", f"protocol.version={version}")

    told = Clone(tmp_path).run(*chosen, "clone", shop.url_for("ana"), "copy", GIT_TRACE_PACKET="1").stderr

    assert (f"< version {version}" in told) == (version != "0")
    assert Clone(tmp_path / "copy").git("rev-parse", "HEAD") == shop.head


def test_a_shallow_and_a_partial_clone_can_be_worked_in(shop: Shop, tmp_path: Path) -> None:
    shop.act("push", branch="main", files={"more.txt": "1\n"}, by="chen")
    shallow = clone(shop, tmp_path / "shallow", "--depth=1")
    partial = clone(shop, tmp_path / "partial", "--filter=blob:none", "--no-checkout")

    shallow.git("switch", "-c", "work")
    sha = shallow.commit(one="1\n")
    shallow.git("push", "origin", "work")

    assert shallow.git("rev-list", "--count", "HEAD") == "2"
    assert partial.git("show", "HEAD:more.txt") == "1"
    assert shop.branches()["work"] == sha


def test_a_client_that_waits_for_a_go_ahead_gets_one(public: Shop) -> None:
    where = urlsplit(public.stand.github)
    secret = base64.b64encode(f"ana:{public.token}".encode()).decode()
    head = (
        f"POST /{public.full_name}.git/git-receive-pack HTTP/1.1\r\nHost: twin\r\nAuthorization: Basic {secret}\r\n"
        "Content-Type: application/x-git-receive-pack-request\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=10) as line:
        line.sendall(head.encode())
        go_ahead = line.recv(100)
        line.sendall(b"0000")
        answer = line.recv(1000)

    assert go_ahead.startswith(b"HTTP/1.1 100 ")
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_git_never_sees_what_a_fault_withholds(shop: Shop, tmp_path: Path) -> None:
    copy = clone(shop, tmp_path / "copy")
    sha = copy.commit(one="1\n")
    shop.act("throw_fault", kind="error_before", method="POST", route="*/git-receive-pack")

    said = copy.refused("push", "origin", "main")
    kept = shop.branches()["main"]
    copy.git("push", "origin", "main")

    assert "502" in said
    assert (kept, shop.branches()["main"]) == (shop.head, sha)
