"""The quick object store: plain dictionaries, git's own shas, and a merge by whole files.

It differs from git in one thing only: two sides that changed the same file differently are always in conflict here,
where git would still try to merge line by line.
"""

from __future__ import annotations

import difflib
from collections import deque
from typing import TYPE_CHECKING

import msgspec

from valine_twins.objects import (
    Change,
    Commit,
    Entry,
    Merge,
    StoreError,
    decode_commit,
    encode_commit,
    encode_tree,
    git_sha,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from valine_twins.objects import ChangeStatus


class _Repository:
    """What one repository holds; a tree is kept flat, path to blob."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.trees: dict[str, dict[str, str]] = {}
        self.commits: dict[str, Commit] = {}
        self.refs: dict[str, str] = {}
        self.ancestors: dict[str, frozenset[str]] = {}


class MemoryObjects:
    """An ObjectStore of dictionaries."""

    def __init__(self) -> None:
        self._repositories: dict[str, _Repository] = {}
        self._changes: dict[tuple[str, str, str], tuple[Change, ...]] = {}

    def create(self, repository: str) -> None:
        if repository in self._repositories:
            msg = f"there is a repository {repository} already"
            raise StoreError(msg)
        self._repositories[repository] = _Repository()

    def refs(self, repository: str) -> dict[str, str]:
        return dict(self._of(repository).refs)

    def set_ref(self, repository: str, ref: str, sha: str | None) -> None:
        if sha is None:
            self._of(repository).refs.pop(ref, None)
            return
        self.commit(repository, sha)
        self._of(repository).refs[ref] = sha

    def write_tree(self, repository: str, files: Mapping[str, str | None], onto: str | None = None) -> str:
        written = {
            path: None if text is None else self.write_blob(repository, text.encode()) for path, text in files.items()
        }
        return self.graft(repository, written, onto)

    def write_blob(self, repository: str, body: bytes) -> str:
        sha = git_sha("blob", body)
        self._of(repository).blobs[sha] = body
        return sha

    def graft(self, repository: str, blobs: Mapping[str, str | None], onto: str | None = None) -> str:
        flat = {} if onto is None else self.files(repository, onto)
        for path, sha in blobs.items():
            if sha is None:
                flat.pop(path, None)
            else:
                self.blob(repository, sha)
                flat[path] = sha
        return self._keep_tree(self._of(repository), flat)

    def tree(self, repository: str, sha: str, *, recursive: bool = False) -> tuple[Entry, ...]:
        folders: dict[str, dict[str, str]] = {}
        found: list[tuple[str, Entry]] = []
        for path, blob in self.files(repository, sha).items():
            name, _, below = path.partition("/")
            if below:
                folders.setdefault(name, {})[below] = blob
            else:
                size = len(self.blob(repository, blob))
                found.append((name, Entry(path=name, mode="100644", kind="blob", sha=blob, size=size)))
        for name, flat in folders.items():
            kept = self._keep_tree(self._of(repository), flat)
            found.append((f"{name}/", Entry(path=name, mode="040000", kind="tree", sha=kept)))
        listed: list[Entry] = []
        for _, entry in sorted(found, key=lambda pair: pair[0].encode()):
            listed.append(entry)
            if recursive and entry.kind == "tree":
                deeper = self.tree(repository, entry.sha, recursive=True)
                listed += [msgspec.structs.replace(one, path=f"{entry.path}/{one.path}") for one in deeper]
        return tuple(listed)

    def write_commit(self, repository: str, commit: Commit) -> str:
        store = self._of(repository)
        self.files(repository, commit.tree)
        for parent in commit.parents:
            self.commit(repository, parent)
        body = encode_commit(commit)
        sha = git_sha("commit", body)
        store.commits[sha] = decode_commit(body)  # what git would read: without what it does not keep
        return sha

    def commit(self, repository: str, sha: str) -> Commit:
        commit = self._of(repository).commits.get(sha)
        if commit is None:
            msg = f"no commit {sha} in {repository}"
            raise StoreError(msg)
        return commit

    def has_tree(self, repository: str, sha: str) -> bool:
        return sha in self._of(repository).trees

    def files(self, repository: str, tree: str) -> dict[str, str]:
        flat = self._of(repository).trees.get(tree)
        if flat is None:
            msg = f"no tree {tree} in {repository}"
            raise StoreError(msg)
        return dict(flat)

    def blob(self, repository: str, sha: str) -> bytes:
        body = self._of(repository).blobs.get(sha)
        if body is None:
            msg = f"no blob {sha} in {repository}"
            raise StoreError(msg)
        return body

    def merge_base(self, repository: str, one: str, other: str) -> str | None:
        mine, others = self._ancestors(repository, one), self._ancestors(repository, other)
        common = mine & others
        if not common:
            return None
        seen = {one}
        queue = deque([one])
        while queue[0] not in common:
            fresh = [parent for parent in self.commit(repository, queue.popleft()).parents if parent not in seen]
            seen.update(fresh)
            queue.extend(fresh)
        # Usually everything in common lies behind the first one met; only criss-cross histories need the long way.
        if len(self._ancestors(repository, queue[0])) == len(common):
            return queue[0]
        return self._nearest(repository, common)

    def ahead(self, repository: str, base: str | None, head: str) -> tuple[str, ...]:
        behind = self._ancestors(repository, base) if base is not None else frozenset[str]()
        order: list[str] = []
        done = set(behind)
        stack = [(head, False)]
        while stack:
            sha, ready = stack.pop()
            if ready:
                order.append(sha)
            elif sha not in done:
                done.add(sha)
                stack.append((sha, True))
                stack += [(parent, False) for parent in reversed(self.commit(repository, sha).parents)]
        return tuple(order)

    def log(self, repository: str, head: str, limit: int) -> tuple[str, ...]:
        found: list[str] = []
        sha: str | None = head
        while sha is not None and len(found) < limit:
            found.append(sha)
            sha = next(iter(self.commit(repository, sha).parents), None)
        return tuple(found)

    def changes(self, repository: str, before: str, after: str) -> tuple[Change, ...]:
        key = (repository, before, after)
        if key not in self._changes:
            old, new = self.files(repository, before), self.files(repository, after)
            paths = sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))
            self._changes[key] = tuple(self._change(repository, path, old.get(path), new.get(path)) for path in paths)
        return self._changes[key]

    def merge(self, repository: str, ours: str, theirs: str) -> Merge:
        base = self.merge_base(repository, ours, theirs)
        if base is None:
            return Merge(None, ("(unrelated histories)",))
        trees = [self.commit(repository, sha).tree for sha in (base, ours, theirs)]
        return self.merge_trees(repository, *trees)

    def merge_trees(self, repository: str, base: str, ours: str, theirs: str) -> Merge:
        old, mine, other = (self.files(repository, tree) for tree in (base, ours, theirs))
        merged: dict[str, str] = {}
        conflicts: list[str] = []
        for path in old.keys() | mine.keys() | other.keys():
            was, here, there = old.get(path), mine.get(path), other.get(path)
            if here not in (was, there) and there != was:
                conflicts.append(path)
                continue
            kept = there if here == was else here
            if kept is not None:
                merged[path] = kept
        if conflicts:
            return Merge(None, tuple(sorted(conflicts)))
        return Merge(self._keep_tree(self._of(repository), merged))

    def _of(self, repository: str) -> _Repository:
        store = self._repositories.get(repository)
        if store is None:
            msg = f"no repository {repository}"
            raise StoreError(msg)
        return store

    @staticmethod
    def _keep_tree(store: _Repository, flat: dict[str, str]) -> str:
        sha = list(encode_tree(flat))[-1]
        store.trees[sha] = flat
        return sha

    def _ancestors(self, repository: str, head: str) -> frozenset[str]:
        """A commit and everything before it."""
        known = self._of(repository).ancestors
        stack = [head]
        while stack:
            sha = stack[-1]
            parents = self.commit(repository, sha).parents
            missing = [parent for parent in parents if parent not in known]
            if missing:
                stack += missing
                continue
            known[sha] = frozenset({sha}).union(*(known[parent] for parent in parents))
            stack.pop()
        return known[head]

    def _nearest(self, repository: str, common: frozenset[str]) -> str:
        """Of the common ancestors, one that is behind no other: a best one, as git calls it."""
        best = [
            sha
            for sha in common
            if not any(sha != other and sha in self._ancestors(repository, other) for other in common)
        ]
        return max(best, key=lambda sha: (self.commit(repository, sha).committer.date, sha))

    def _change(self, repository: str, path: str, before: str | None, after: str | None) -> Change:
        old = [] if before is None else self.blob(repository, before).splitlines()
        new = [] if after is None else self.blob(repository, after).splitlines()
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
        same = sum(block.size for block in matcher.get_matching_blocks())
        status: ChangeStatus = "added" if before is None else "removed" if after is None else "modified"
        sha = after or before or ""
        return Change(path=path, status=status, sha=sha, additions=len(new) - same, deletions=len(old) - same)
