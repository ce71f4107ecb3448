"""Objects and refs as the GitHub twin needs them: a port, and the encoding that gives every object its git sha.

A store keeps commits, trees and blobs by content, and refs by name, for any number of repositories. It never looks at
a clock and never invents an identity: who and when are part of what is written, so the same commit has the same sha
in every store. Merges, conflicts and ancestry are the store's to answer.
https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

ChangeStatus = Literal["added", "removed", "modified"]
EntryKind = Literal["blob", "tree", "commit"]


class StoreError(Exception):
    """The object store cannot do this: no such repository, object or ref, or git refused. Its text says which."""


class Signature(msgspec.Struct, frozen=True):
    """Who wrote a commit, and when (aware, whole seconds count)."""

    name: str
    email: str
    date: datetime


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit's content; its sha follows from it."""

    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One path that differs between two trees. `sha` is the blob after, or before where it was removed."""

    path: str
    status: ChangeStatus
    sha: str
    additions: int
    deletions: int


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a tree. `mode` is git's ("100644" …), `size` in bytes of a blob; a commit is a submodule."""

    path: str
    mode: str
    kind: EntryKind
    sha: str
    size: int | None = None


class Merge(msgspec.Struct, frozen=True):
    """What a merge gives: the tree, or the paths that are in conflict (then there is no tree)."""

    tree: str | None
    conflicts: tuple[str, ...] = ()


class ObjectStore(Protocol):
    """Repositories' objects and refs. Unknown repositories and objects raise StoreError."""

    def create(self, repository: str) -> None:
        """Make an empty repository; StoreError if there is one of that name."""
        ...

    def refs(self, repository: str) -> dict[str, str]:
        """All refs ("refs/heads/main" and so on) with the sha each points to."""
        ...

    def set_ref(self, repository: str, ref: str, sha: str | None) -> None:
        """Create, move (whatever it pointed to) or, with None, delete a ref."""
        ...

    def write_tree(self, repository: str, files: Mapping[str, str | None], onto: str | None = None) -> str:
        """The sha of tree `onto` (None: empty) with these paths written, or removed where the text is None."""
        ...

    def write_blob(self, repository: str, body: bytes) -> str:
        """Store a file's bytes and give their sha."""
        ...

    def graft(self, repository: str, blobs: Mapping[str, str | None], onto: str | None = None) -> str:
        """The sha of tree `onto` (None: empty) with these blobs at these paths, or nothing where it is None."""
        ...

    def tree(self, repository: str, sha: str, *, recursive: bool = False) -> tuple[Entry, ...]:
        """A tree's entries, those of the trees in it too if asked; each tree stands before what is in it."""
        ...

    def write_commit(self, repository: str, commit: Commit) -> str:
        """Store a commit and give its sha; the same commit twice is one."""
        ...

    def commit(self, repository: str, sha: str) -> Commit:
        """The commit of that sha; StoreError if there is none."""
        ...

    def has_tree(self, repository: str, sha: str) -> bool:
        """Whether there is a tree of that sha."""
        ...

    def files(self, repository: str, tree: str) -> dict[str, str]:
        """Every path under a tree with its blob's sha."""
        ...

    def blob(self, repository: str, sha: str) -> bytes:
        """A blob's bytes."""
        ...

    def merge_base(self, repository: str, one: str, other: str) -> str | None:
        """A best common ancestor of two commits; None if they share no history."""
        ...

    def ahead(self, repository: str, base: str | None, head: str) -> tuple[str, ...]:
        """Commits reachable from `head` and not from `base` (None: all of them), parents before children."""
        ...

    def log(self, repository: str, head: str, limit: int) -> tuple[str, ...]:
        """The newest commits of `head`'s first-parent history, newest first."""
        ...

    def changes(self, repository: str, before: str, after: str) -> tuple[Change, ...]:
        """How tree `after` differs from tree `before`, by path."""
        ...

    def merge(self, repository: str, ours: str, theirs: str) -> Merge:
        """Merge two commits."""
        ...

    def merge_trees(self, repository: str, base: str, ours: str, theirs: str) -> Merge:
        """Merge two trees that came from a third, as a rebase of one commit does."""
        ...


@runtime_checkable
class Adopts(Protocol):
    """A store that can take in a repository of the local file system."""

    def adopt(self, repository: str, path: Path) -> str:
        """Copy a local git repository (never written to); gives the name of the branch it has checked out."""
        ...


@runtime_checkable
class SpeaksGit(Protocol):
    """A store that git itself can fetch from, and that takes what git pushes."""

    def point_head(self, repository: str, ref: str) -> None:
        """Let HEAD, which a clone checks out, be that branch."""
        ...

    def upload_pack(self, repository: str, asked: bytes | None, *, protocol: str) -> bytes:
        """git-upload-pack's answer to a client; to None the refs on offer. `protocol` is the client's Git-Protocol."""
        ...

    def take_pack(self, repository: str, pack: bytes, tips: Iterable[str]) -> None:
        """Store a pack's objects. StoreError if it is broken, or anything is missing that `tips` lead to."""
        ...


def git_sha(kind: str, body: bytes) -> str:
    """The id that git gives an object."""
    # git's ids are SHA-1 by definition; nothing is protected by it here.
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(body)) + body, usedforsecurity=False).hexdigest()


def encode_commit(commit: Commit) -> bytes:
    """A commit as git stores it."""
    lines = [f"tree {commit.tree}", *(f"parent {parent}" for parent in commit.parents)]
    lines += [f"author {_stamp(commit.author)}", f"committer {_stamp(commit.committer)}", "", commit.message]
    return "\n".join(lines).encode()


def decode_commit(body: bytes) -> Commit:
    """Read a commit as git stores it; headers that are not asked for (gpgsig, mergetag …) are passed over."""
    head, _, message = body.decode(errors="replace").partition("\n\n")
    fields: dict[str, list[str]] = {}
    for line in head.split("\n"):
        key, _, value = line.partition(" ")
        if key:  # a continuation line starts with a space
            fields.setdefault(key, []).append(value)
    return Commit(
        tree=fields["tree"][0],
        parents=tuple(fields.get("parent", ())),
        author=_signature(fields["author"][0]),
        committer=_signature(fields["committer"][0]),
        message=message,
    )


def encode_tree(entries: Mapping[str, str]) -> dict[str, bytes]:
    """Every tree object under a flat map of paths to blobs, keyed by sha; the root is the last one."""
    trees: dict[str, bytes] = {}
    _encode_level([(path.split("/"), sha) for path, sha in entries.items()], trees)
    return trees


def _encode_level(entries: list[tuple[list[str], str]], trees: dict[str, bytes]) -> str:
    rows: list[tuple[str, bytes, str]] = []
    folders: dict[str, list[tuple[list[str], str]]] = {}
    for parts, sha in entries:
        if len(parts) == 1:
            rows.append((parts[0], b"100644 " + parts[0].encode(), sha))
        else:
            folders.setdefault(parts[0], []).append((parts[1:], sha))
    for name, below in folders.items():
        # git sorts a folder as if its name ended in a slash
        rows.append((name + "/", b"40000 " + name.encode(), _encode_level(below, trees)))
    rows.sort(key=lambda row: row[0].encode())
    body = b"".join(label + b"\0" + bytes.fromhex(sha) for _, label, sha in rows)
    sha = git_sha("tree", body)
    trees.pop(sha, None)
    trees[sha] = body
    return sha


def _stamp(who: Signature) -> str:
    name, email = (text.translate({ord(mark): None for mark in "<>\n\0"}).strip() for text in (who.name, who.email))
    offset = who.date.utcoffset() or timedelta()
    minutes = int(offset.total_seconds()) // 60
    zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"
    return f"{name} <{email}> {int(who.date.timestamp())} {zone}"


def _signature(text: str) -> Signature:
    name, _, rest = text.partition(" <")
    email, _, when = rest.rpartition("> ")
    seconds, _, zone = when.partition(" ")
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5])) * (-1 if zone.startswith("-") else 1)
    tz = UTC if not offset else timezone(offset)
    return Signature(name, email, datetime.fromtimestamp(int(seconds), tz))
