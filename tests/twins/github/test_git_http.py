"""What the twin answers to bytes that git would not send, and to git where there is no git to speak."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path

import pytest

from twins.github.github_world import GitHubWorld
from valine_twins.github.git_wire import FLUSH, NOTHING, NotGit, line, offer, read_push
from valine_twins.objects_git import GitObjects
from valine_twins.transport import Request, Response

PUSH = "/acme/shop.git/git-receive-pack"
FETCH = "/acme/shop.git/git-upload-pack"


def ask(
    world: GitHubWorld, method: str, path: str, body: bytes = b"", *, password: str | None = None, **headers: str
) -> Response:
    service = {"service": path.partition("?")[2]} if "?" in path else {}
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if password is not None:
        sent["authorization"] = "Basic " + base64.b64encode(f"x-access-token:{password}".encode()).decode()
    request = Request(method=method, path=path.partition("?")[0], query=service, headers=sent, body=body)
    return world.twin.handle(request, world.now).response


@pytest.fixture
def real(tmp_path: Path) -> GitHubWorld:
    return GitHubWorld(GitObjects(tmp_path)).start()


def test_a_store_in_memory_says_that_git_cannot_be_spoken_with_it() -> None:
    world = GitHubWorld().start()

    answer = ask(world, "GET", "/acme/shop.git/info/refs?git-upload-pack", password=world.token)

    assert answer.status == 501
    assert b"keeps its repositories in memory" in answer.body
    assert b"GitObjects" in answer.body


def test_whoever_shows_no_token_is_asked_for_one_before_being_told_what_there_is(real: GitHubWorld) -> None:
    answers = [ask(real, "GET", f"/acme/{name}.git/info/refs?git-upload-pack") for name in ("shop", "nowhere")]

    assert [answer.status for answer in answers] == [401, 401]
    assert answers[0].headers["WWW-Authenticate"] == 'Basic realm="GitHub"'
    assert answers[0].body == answers[1].body


@pytest.mark.parametrize("header", ["Basic %%%", "Basic eA==", "Digest x", "Bearer ghp_wrong"])
def test_credentials_that_are_none_are_401(real: GitHubWorld, header: str) -> None:
    assert ask(real, "GET", "/acme/shop.git/info/refs?git-upload-pack", authorization=header).status == 401


def test_a_token_may_come_as_a_bearer_or_as_the_user_and_the_address_without_its_ending(real: GitHubWorld) -> None:
    as_user = "Basic " + base64.b64encode(f"{real.token}:x-oauth-basic".encode()).decode()

    for header in (f"Bearer {real.token}", as_user):
        answer = ask(real, "GET", "/acme/shop/info/refs?git-receive-pack", authorization=header)

        assert answer.status == 200
        assert real.head().encode() in answer.body


def test_a_client_of_before_smart_http_is_asked_to_be_newer(real: GitHubWorld) -> None:
    assert ask(real, "GET", "/acme/shop.git/info/refs", password=real.token).status == 403


def test_other_methods_at_gits_addresses_are_not_there(real: GitHubWorld) -> None:
    assert real.request("POST", "/acme/shop.git/info/refs").status == 404
    assert real.request("GET", PUSH).status == 404


@pytest.mark.parametrize(
    "body",
    [b"", b"zzzz", b"0004", b"00ff short", line(b"no command"), line(f"{NOTHING} {NOTHING}".encode()) + FLUSH],
    ids=["empty", "no length", "no content", "broken off", "no command", "no ref"],
)
def test_bytes_that_are_no_push_are_400_and_change_nothing(real: GitHubWorld, body: bytes) -> None:
    before = real.shop()

    assert ask(real, "POST", PUSH, body, password=real.token).status == 400
    assert real.shop() == before


def test_a_broken_pack_is_refused_and_changes_nothing(real: GitHubWorld) -> None:
    command = f"{real.head()} {'1' * 40} refs/heads/main\0report-status".encode()

    answer = ask(real, "POST", PUSH, line(command) + FLUSH + b"PACKnonsense", password=real.token)

    assert answer.status == 200
    assert b"unpack git index-pack: " in answer.body
    assert b"ng refs/heads/main unpacker error" in answer.body
    assert list(real.shop()["branches"]) == ["main"]


def test_a_push_of_commits_that_never_came_is_refused(real: GitHubWorld) -> None:
    command = f"{NOTHING} {'1' * 40} refs/heads/ghost\0report-status".encode()

    answer = ask(real, "POST", PUSH, line(command) + FLUSH, password=real.token)

    assert b"ng refs/heads/ghost unpacker error" in answer.body


def test_a_ref_that_moved_meanwhile_or_has_no_proper_name_is_refused(real: GitHubWorld) -> None:
    head = real.head()
    for command in (f"{NOTHING} {head} refs/heads/main", f"{NOTHING} {head} refs/heads/a..b"):
        body = line(f"{command}\0report-status side-band-64k".encode()) + FLUSH

        answer = ask(real, "POST", PUSH, body, password=real.token)

        assert b"failed to update ref" in answer.body
        assert b"\x02error: " in answer.body


def test_a_zipped_body_is_read_and_one_that_only_says_so_is_400(real: GitHubWorld) -> None:
    good = ask(real, "POST", PUSH, gzip.compress(FLUSH), password=real.token, content_encoding="gzip")
    bad = ask(real, "POST", PUSH, FLUSH, password=real.token, content_encoding="gzip")
    short = ask(real, "POST", PUSH, gzip.compress(FLUSH)[:-4], password=real.token, content_encoding="gzip")

    assert [good.status, bad.status, short.status] == [200, 400, 413]


def test_a_fetch_of_what_is_not_there_is_told_so_in_gits_own_words(real: GitHubWorld) -> None:
    want = line(b"want " + b"1" * 40 + b"\n") + FLUSH + line(b"done\n")

    answer = ask(real, "POST", FETCH, want, password=real.token)

    assert answer.status == 200
    assert b"ERR upload-pack: not our ref" in answer.body


def test_a_repository_without_refs_still_offers_what_it_can_do() -> None:
    assert f"{NOTHING} capabilities^{{}}\0report-status".encode() in offer({})


def test_a_push_from_a_shallow_clone_says_where_its_history_ends() -> None:
    command = f"{NOTHING} {'1' * 40} refs/heads/x\0atomic".encode()

    push = read_push(line(f"shallow {'2' * 40}".encode()) + line(command) + FLUSH + b"PACK")

    assert [one.ref for one in push.commands] == ["refs/heads/x"]
    assert (list(push.capabilities), push.pack) == (["atomic"], b"PACK")


def test_what_is_no_push_is_told_from_one() -> None:
    with pytest.raises(NotGit, match="breaks off"):
        read_push(b"0003")


def test_refs_moved_through_the_api_obey_the_rules_as_pushes_do(real: GitHubWorld) -> None:
    real.act("set_rules", required_reviews=1)
    sha = real.branch_with_work("work")

    moved = real.api("PATCH", "/git/refs/heads/main", {"sha": sha})

    assert (moved.status, moved.message) == (
        422,
        "Repository rule violations found\n\nChanges must be made through a pull request.\n\n",
    )
    assert real.head() != sha


def test_what_is_public_is_read_with_whatever_token(real: GitHubWorld) -> None:
    real.act("set_options", private=False)
    token = real.act("issue_token", login="ana", permissions={"issues": "read"})["token"]

    read = ask(real, "GET", "/acme/shop.git/info/refs?git-upload-pack", password=token)
    write = ask(real, "GET", "/acme/shop.git/info/refs?git-receive-pack", password=token)

    assert (read.status, write.status) == (200, 403)
