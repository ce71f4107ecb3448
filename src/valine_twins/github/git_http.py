"""git over HTTP: clone, fetch and push against the twin's repositories, at the addresses that clone_url names.

Fetching is answered by git itself. A push hands its objects to the store, and then the twin moves each ref as it
moves them for everybody, so pull requests, hooks and rules see it. Needs a store that speaks git.
https://git-scm.com/docs/gitprotocol-http
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

from valine_twins.github import auth, branches, git_wire, merging
from valine_twins.github.state import App
from valine_twins.github.world import WEB, Refused, World, pulls
from valine_twins.objects import SpeaksGit, StoreError
from valine_twins.transport import Request, Response

if TYPE_CHECKING:
    from valine_twins.github.git_wire import Command, Push
    from valine_twins.github.state import Repository, Token

_PLACE = re.compile(
    r"/(?P<owner>[^/]+)/(?P<name>[^/]+?)(?:\.git)?/(?P<what>info/refs|git-upload-pack|git-receive-pack)"
)
_HIDDEN = ("refs/forks/", "refs/pull/")
_MOST = 1024 * 1024 * 1024
_IN_MEMORY = (
    "This twin keeps its repositories in memory, and git cannot be spoken with them: make it of GitObjects,"
    " as `valine simulate` does.\n"
)
_WRONG = "Invalid username or token. Password authentication is not supported for Git operations."
ROUTES = (
    ("GET", "/{owner}/{repo}.git/info/refs"),
    ("POST", "/{owner}/{repo}.git/git-upload-pack"),
    ("POST", "/{owner}/{repo}.git/git-receive-pack"),
)


def find(method: str, path: str) -> re.Match[str] | None:
    """Where git asks, if this is git asking."""
    found = _PLACE.fullmatch(path)
    wanted = "GET" if found and found["what"] == "info/refs" else "POST"
    return found if method == wanted else None


def template(place: re.Match[str]) -> str:
    """The row of ROUTES, for counts."""
    return f"/{{owner}}/{{repo}}.git/{place['what']}"


def serve(world: World, request: Request, place: re.Match[str]) -> Response:
    """Answer git."""
    store = world.objects
    if not isinstance(store, SpeaksGit):
        return _text(501, _IN_MEMORY)
    service = request.query.get("service", "") if place["what"] == "info/refs" else place["what"]
    if service not in ("git-upload-pack", "git-receive-pack"):
        return _text(403, "Please upgrade your git client.\n")
    try:
        it, who = _let_in(world, request, place, writing=service == "git-receive-pack")
        body = _body(request)
        if place["what"] == "info/refs":
            kind, told = "advertisement", _offer(world, store, it, request, service)
        elif service == "git-upload-pack":
            kind, told = "result", store.upload_pack(it.full_name, body, protocol=_protocol(request))
        else:
            kind, told = "result", _receive(world, store, it, who, body)
    except Refused as refusal:
        return _text(refusal.status, f"{refusal.message}\n")
    except (StoreError, git_wire.NotGit) as error:
        return _text(400, f"{error}\n")
    headers = {"Content-Type": f"application/x-{service}-{kind}", "Cache-Control": "no-cache"}
    return Response(status=200, headers=headers, body=told)


def _text(status: int, sentence: str) -> Response:
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="GitHub"'
    return Response(status=status, headers=headers, body=sentence.encode())


def _let_in(world: World, request: Request, place: re.Match[str], *, writing: bool) -> tuple[Repository, str]:
    """The repository and who asks. Whoever shows no credentials is asked for them before being told anything."""
    token = _token(world, request)
    it = world.state.repositories.get(f"{place['owner']}/{place['name']}".lower())
    if it is None or not auth.sees(world, token, it):
        raise Refused(401, "Authentication required.") if token is None else Refused(404, "Repository not found.")
    if token is None:
        if writing:
            raise Refused(401, "Authentication required.")
        return it, "ghost"
    if (writing or it.private) and not auth.allowed(token, "contents:write" if writing else "contents:read"):
        raise Refused(403, "Write access to repository not granted.")
    if writing:
        if not auth.reaches(world, token, it, "write"):
            raise Refused(403, f"Permission to {it.full_name}.git denied to {token.login}.")
        if it.archived:
            raise Refused(403, "This repository was archived so it is read-only.")
    return it, token.login


def _token(world: World, request: Request) -> Token | None:
    """Whose token came with the request; an App's own JWT opens no repository."""
    try:
        found = auth.identify(world, request.headers)
    except Refused as refusal:
        raise Refused(401, _WRONG) from refusal
    if isinstance(found, App):
        raise Refused(401, _WRONG)
    return found


def _body(request: Request) -> bytes:
    if request.headers.get("content-encoding") not in ("gzip", "x-gzip"):
        return request.body
    inflating = zlib.decompressobj(wbits=31)
    try:
        body = inflating.decompress(request.body, _MOST)
    except zlib.error as error:
        raise Refused(400, "The body is not gzip.") from error
    if not inflating.eof:
        raise Refused(413, "The body breaks off, or is larger than a gigabyte.")
    return body


def _protocol(request: Request) -> str:
    asked = request.headers.get("git-protocol", "")
    return asked if re.fullmatch(r"[\w=:.-]*", asked) else ""


def _offer(world: World, store: SpeaksGit, it: Repository, request: Request, service: str) -> bytes:
    if service == "git-receive-pack":
        return git_wire.offer({ref: sha for ref, sha in it.refs.items() if not ref.startswith(_HIDDEN)})
    known = world.objects.refs(it.full_name)
    for one in pulls(it):  # as GitHub shows them: refs/pull/12/head, to be fetched and never to be pushed to
        ref = f"refs/pull/{one.number}/head"
        if known.get(ref) != one.head_sha:
            world.objects.set_ref(it.full_name, ref, one.head_sha)
    store.point_head(it.full_name, f"refs/heads/{it.default_branch}")
    shown = store.upload_pack(it.full_name, None, protocol=_protocol(request))
    return git_wire.line(b"# service=git-upload-pack\n") + git_wire.FLUSH + shown


def _receive(world: World, store: SpeaksGit, it: Repository, who: str, body: bytes) -> bytes:
    push = git_wire.read_push(body)
    if not push.commands:
        return b""  # git asks whether it would be let in, before it sends a large pack
    tips = [one.new for one in push.commands if one.new != git_wire.NOTHING]
    try:
        store.take_pack(it.full_name, push.pack, tips)
    except StoreError as error:
        everything = {one.ref: "unpacker error" for one in push.commands}
        return git_wire.report(push, everything, unpacked=str(error).partition("\n")[0])
    refused, remarks = _refusals(world, it, push)
    if refused and "atomic" in push.capabilities:
        refused |= {one.ref: "atomic transaction failed" for one in push.commands if one.ref not in refused}
    for one in push.commands:
        if one.ref in refused:
            continue
        try:
            new = None if one.new == git_wire.NOTHING else one.new
            branches.move(world, it, one.ref, new, who)
        except StoreError as error:
            refused[one.ref] = "failed to update ref"
            remarks.append(f"error: {error}")
            continue
        if one.old == git_wire.NOTHING and one.ref.startswith("refs/heads/"):
            remarks.append(_invitation(it, one.ref.removeprefix("refs/heads/")))
    return git_wire.report(push, refused, remarks="".join(f"{one}\n" for one in remarks))


def _invitation(it: Repository, branch: str) -> str:
    address = f"{WEB}/{it.full_name}/pull/new/{branch}"
    return f"\nCreate a pull request for '{branch}' on GitHub by visiting:\n     {address}\n"


def _refusals(world: World, it: Repository, push: Push) -> tuple[dict[str, str], list[str]]:
    """Why refs may not move, in the few words that git shows beside each, and in as many as it takes."""
    refused: dict[str, str] = {}
    remarks: list[str] = []
    for one in push.commands:
        reason, remark = _refusal(world, it, one)
        if reason:
            refused[one.ref] = reason
            remarks += [remark] if remark else []
    return refused, remarks


def _refusal(world: World, it: Repository, one: Command) -> tuple[str, str]:
    now = it.refs.get(one.ref, git_wire.NOTHING)
    if one.ref.startswith(_HIDDEN):
        return "deny updating a hidden ref", ""
    if one.old != now:
        return "failed to update ref", f"error: cannot lock ref '{one.ref}': is at {now} but expected {one.old}"
    if one.new == git_wire.NOTHING:
        kept = one.ref == f"refs/heads/{it.default_branch}"
        return (f"refusing to delete the current branch: {one.ref}" if kept else ""), ""
    return _unfit(world, it, one)


def _unfit(world: World, it: Repository, one: Command) -> tuple[str, str]:
    """Why a ref may not come to what it is asked to."""
    try:
        world.objects.commit(it.full_name, one.new)
    except StoreError:
        return "this twin keeps no refs to anything but commits", ""
    broken = merging.push_violations(it, one.ref, one.new)
    if not broken:
        return "", ""
    told = "".join(f"- {rule}\n" for rule in broken)
    remark = f"error: GH013: Repository rule violations found for {one.ref}.\n\n{told}"
    return "push declined due to repository rule violations", remark
