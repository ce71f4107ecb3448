"""The real object store: one bare git repository a repository, spoken to through the `git` command.

Nothing reaches out: an adopted repository is cloned and never written to. What can never change (objects, ancestry,
merges) is asked of git once.
Needs git 2.38 or later for `merge-tree --write-tree`. https://git-scm.com/docs/git-merge-tree
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from valine_twins.objects import Change, Commit, Entry, Merge, Signature, StoreError, decode_commit, encode_commit
from valine_twins.objects_git_folder import GitFolder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from valine_twins.objects import ChangeStatus, EntryKind

_NOBODY = Signature("Twin", "twin@github.test", datetime(2000, 1, 1, tzinfo=UTC))
_STATUS: dict[str, ChangeStatus] = {"A": "added", "D": "removed"}
_CONFLICT = 1  # merge-tree's exit status where the two sides do not fit together


class GitObjects(GitFolder):
    """An ObjectStore of bare repositories under one folder."""

    def create(self, repository: str) -> None:
        path = self._path(repository)
        if path.exists():
            msg = f"there is a repository {repository} already"
            raise StoreError(msg)
        self._run(self._folder, "init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(path))

    def adopt(self, repository: str, path: Path) -> str:
        """Clone the branch that a local repository has checked out, with its tags; gives the branch's name."""
        source = path.resolve()
        target = self._path(repository)
        if target.exists():
            msg = f"there is a repository {repository} already"
            raise StoreError(msg)
        try:
            head = self._run(source, "rev-parse", "--verify", "HEAD^{commit}").decode().strip()
            branch = self._run(source, "symbolic-ref", "--quiet", "--short", "HEAD", good=(0, 1)).decode().strip()
        except (StoreError, OSError) as error:
            msg = f"{path} is not a git repository with a commit: {error}"
            raise StoreError(msg) from error
        quietly = ("clone", "--quiet", "--bare", "--no-hardlinks", "--template=", "--single-branch")
        self._run(self._folder, *quietly, str(source), str(target))
        branch = branch or "main"  # a detached checkout has no branch to be named after
        self.set_ref(repository, f"refs/heads/{branch}", head)
        self._run(target, "symbolic-ref", "HEAD", f"refs/heads/{branch}")
        return branch

    def refs(self, repository: str) -> dict[str, str]:
        lines = self._ask(repository, "for-each-ref", "--format=%(objectname) %(refname)").decode().splitlines()
        return {name: sha for sha, _, name in (line.partition(" ") for line in lines)}

    def set_ref(self, repository: str, ref: str, sha: str | None) -> None:
        if sha is not None:
            self._ask(repository, "update-ref", ref, sha)
        elif ref in self.refs(repository):
            self._ask(repository, "update-ref", "-d", ref)

    def write_tree(self, repository: str, files: Mapping[str, str | None], onto: str | None = None) -> str:
        written = {
            path: None if text is None else self.write_blob(repository, text.encode()) for path, text in files.items()
        }
        return self.graft(repository, written, onto)

    def write_blob(self, repository: str, body: bytes) -> str:
        return self._ask(repository, "hash-object", "-w", "--stdin", feed=body).decode().strip()

    def graft(self, repository: str, blobs: Mapping[str, str | None], onto: str | None = None) -> str:
        entries = {} if onto is None else self._entries(repository, onto)
        for path, blob in blobs.items():
            if blob is None:
                entries.pop(path, None)
            else:
                entries[path] = (entries[path][0] if path in entries else "100644", blob)
        return self._make_tree(repository, [(path.split("/"), *entry) for path, entry in entries.items()])

    def tree(self, repository: str, sha: str, *, recursive: bool = False) -> tuple[Entry, ...]:
        def look() -> tuple[Entry, ...]:
            deep = ("-r", "-t") if recursive else ()
            rows = self._ask(repository, "ls-tree", *deep, "-l", "-z", "--full-tree", sha).decode(errors="replace")
            halves = (row.partition("\t") for row in rows.split("\0") if row)
            return tuple(_entry(path, *head.split()) for head, _, path in halves)

        return self._once(("tree", repository, sha, "deep" if recursive else ""), look)

    def write_commit(self, repository: str, commit: Commit) -> str:
        if not self.has_tree(repository, commit.tree):
            msg = f"no tree {commit.tree} in {repository}"
            raise StoreError(msg)
        for parent in commit.parents:
            self.commit(repository, parent)
        # Not commit-tree: that would tidy the message, and the sha must be of exactly what was asked for.
        body = encode_commit(commit)

        def write() -> str:
            return self._ask(repository, "hash-object", "-w", "-t", "commit", "--stdin", feed=body).decode().strip()

        return self._once(("write", repository, body.decode()), write)

    def commit(self, repository: str, sha: str) -> Commit:
        if not re.fullmatch("[0-9a-f]{40}", sha):
            msg = f"no commit {sha} in {repository}"
            raise StoreError(msg)
        return self._once(
            ("commit", repository, sha),
            lambda: decode_commit(self._ask(repository, "cat-file", "commit", sha)),
        )

    def has_tree(self, repository: str, sha: str) -> bool:
        try:
            self._entries(repository, sha)
        except StoreError:
            return False
        return True

    def files(self, repository: str, tree: str) -> dict[str, str]:
        return {path: sha for path, (_, sha) in self._entries(repository, tree).items()}

    def blob(self, repository: str, sha: str) -> bytes:
        return self._once(("blob", repository, sha), lambda: self._ask(repository, "cat-file", "blob", sha))

    def merge_base(self, repository: str, one: str, other: str) -> str | None:
        def look() -> str | None:
            return self._ask(repository, "merge-base", one, other, good=(0, 1)).decode().strip() or None

        return self._once(("base", repository, one, other), look)

    def ahead(self, repository: str, base: str | None, head: str) -> tuple[str, ...]:
        def look() -> tuple[str, ...]:
            span = head if base is None else f"{base}..{head}"
            return tuple(self._ask(repository, "rev-list", "--topo-order", "--reverse", span).decode().split())

        return self._once(("ahead", repository, base or "", head), look)

    def log(self, repository: str, head: str, limit: int) -> tuple[str, ...]:
        def look() -> tuple[str, ...]:
            return tuple(self._ask(repository, "rev-list", "--first-parent", f"-n{limit}", head).decode().split())

        return self._once(("log", repository, head, str(limit)), look)

    def changes(self, repository: str, before: str, after: str) -> tuple[Change, ...]:
        return self._once(("changes", repository, before, after), lambda: self._diff(repository, before, after))

    def merge(self, repository: str, ours: str, theirs: str) -> Merge:
        def look() -> Merge:
            if self.merge_base(repository, ours, theirs) is None:
                return Merge(None, ("(unrelated histories)",))
            asked = ("merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", ours, theirs)
            out = self._ask(repository, *asked, good=(0, _CONFLICT)).decode(errors="replace")
            tree, *conflicts = [part for part in out.split("\0") if part]
            return Merge(None, tuple(sorted(set(conflicts)))) if conflicts else Merge(tree.strip())

        return self._once(("merge", repository, ours, theirs), look)

    def merge_trees(self, repository: str, base: str, ours: str, theirs: str) -> Merge:
        # git 2.38 merges commits only; three that are made up for the purpose stand in for the trees.
        def stand_in(tree: str, *parents: str) -> str:
            made = Commit(tree=tree, parents=parents, author=_NOBODY, committer=_NOBODY, message="stand-in")
            return self.write_commit(repository, made)

        root = stand_in(base)
        return self.merge(repository, stand_in(ours, root), stand_in(theirs, root))

    def point_head(self, repository: str, ref: str) -> None:
        self._ask(repository, "symbolic-ref", "HEAD", ref)

    def upload_pack(self, repository: str, asked: bytes | None, *, protocol: str) -> bytes:
        offer = ("--http-backend-info-refs",) if asked is None else ()
        command = ("upload-pack", "--stateless-rpc", *offer, ".")
        # A client that asks for what is not there is told so in the protocol, and git ends with 128.
        return self._ask(repository, *command, feed=asked or b"", good=(0, 128), GIT_PROTOCOL=protocol)

    def take_pack(self, repository: str, pack: bytes, tips: Iterable[str]) -> None:
        if pack:
            self._ask(repository, "index-pack", "--stdin", "--fix-thin", feed=pack)
        wanted = "".join(f"{sha}\n" for sha in tips).encode()
        if wanted:
            self._ask(repository, "rev-list", "--objects", "--quiet", "--stdin", "--not", "--all", feed=wanted)

    def _entries(self, repository: str, tree: str) -> dict[str, tuple[str, str]]:
        """Every path of a tree: its mode and its blob."""

        def look() -> dict[str, tuple[str, str]]:
            rows = self._ask(repository, "ls-tree", "-r", "-z", "--full-tree", tree).decode(errors="surrogateescape")
            halves = (row.partition("\t") for row in rows.split("\0") if row)
            return {path: (head.split()[0], head.split()[2]) for head, _, path in halves}

        return dict(self._once(("tree", repository, tree), look))

    def _make_tree(self, repository: str, entries: list[tuple[list[str], str, str]]) -> str:
        folders: dict[str, list[tuple[list[str], str, str]]] = {}
        rows = []
        for parts, mode, sha in entries:
            if len(parts) > 1:
                folders.setdefault(parts[0], []).append((parts[1:], mode, sha))
            else:
                rows.append(f"{mode} {'commit' if mode == '160000' else 'blob'} {sha}\t{parts[0]}")
        rows += [f"040000 tree {self._make_tree(repository, below)}\t{name}" for name, below in folders.items()]
        feed = "".join(f"{row}\0" for row in sorted(rows)).encode(errors="surrogateescape")
        key = ("mktree", repository, feed.hex())
        return self._once(key, lambda: self._ask(repository, "mktree", "-z", feed=feed).decode().strip())

    def _diff(self, repository: str, before: str, after: str) -> tuple[Change, ...]:
        asked = (
            "diff-tree",
            "-r",
            "-z",
            "--raw",
            "--numstat",
            "--no-renames",
            "--no-ext-diff",
            "--abbrev=40",
            before,
            after,
        )
        parts = [part for part in self._ask(repository, *asked).decode(errors="replace").split("\0") if part]
        raw: dict[str, tuple[str, str]] = {}
        counts: dict[str, tuple[int, int]] = {}
        while parts:
            part = parts.pop(0)
            if part.startswith(":"):
                _, _, old, new, status = part.split()
                raw[parts.pop(0)] = (status, old if status == "D" else new)
            else:
                added, removed, path = part.split("\t", 2)
                counts[path] = (int(added) if added.isdigit() else 0, int(removed) if removed.isdigit() else 0)
        return tuple(
            Change(
                path=path,
                status=_STATUS.get(status, "modified"),
                sha=sha,
                additions=counts.get(path, (0, 0))[0],
                deletions=counts.get(path, (0, 0))[1],
            )
            for path, (status, sha) in sorted(raw.items())
        )


def _entry(path: str, mode: str, kind: str, sha: str, size: str) -> Entry:
    found: EntryKind = "tree" if kind == "tree" else "commit" if kind == "commit" else "blob"
    return Entry(path=path, mode=mode, kind=found, sha=sha, size=int(size) if size.isdigit() else None)
