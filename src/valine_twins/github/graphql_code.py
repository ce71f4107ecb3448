"""GraphQL's git objects: commits, trees, blobs and refs."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from valine_twins.github.graphql_checks import RollupNode
from valine_twins.github.graphql_nodes import Connection, Node, Scope
from valine_twins.github.world import WEB, stamp

if TYPE_CHECKING:
    from valine_twins.github.state import Repository
    from valine_twins.objects import Commit

_LONGEST_TEXT = 512_000


class TreeNode(Node):
    """A tree; `about` is its sha."""

    typename = "Tree"

    @property
    def oid(self) -> str:
        return str(self.about)

    @property
    def id(self) -> str:
        return f"{self.typename[0]}_{self.about}"

    @property
    def abbreviated_oid(self) -> str:
        return self.oid[:7]


class BlobNode(TreeNode):
    """A file's content; `about` is its sha."""

    typename = "Blob"

    @cached_property
    def content(self) -> bytes:
        return self.scope.world.objects.blob(self.it.full_name, self.about)

    @property
    def byte_size(self) -> int:
        return len(self.content)

    @property
    def is_binary(self) -> bool:
        return b"\0" in self.content

    @property
    def is_truncated(self) -> bool:
        return len(self.content) > _LONGEST_TEXT

    @property
    def text(self) -> str | None:
        return None if self.is_binary else self.content[:_LONGEST_TEXT].decode(errors="replace")


class CommitNode(TreeNode):
    """A commit; `about` is its sha."""

    typename = "Commit"

    @cached_property
    def commit(self) -> Commit:
        return self.scope.world.objects.commit(self.it.full_name, self.about)

    @property
    def message(self) -> str:
        return str(self.commit.message)

    @property
    def message_headline(self) -> str:
        return self.message.partition("\n")[0]

    @property
    def committed_date(self) -> str | None:
        return stamp(self.commit.committer.date)

    @property
    def tree(self) -> TreeNode:
        return TreeNode(self.scope, self.it, self.commit.tree)

    @property
    def url(self) -> str:
        return f"{WEB}/{self.it.full_name}/commit/{self.about}"

    def parents(self, _info: Any, **page: Any) -> Connection:
        return Connection("parents", self.commit.parents, lambda sha: CommitNode(self.scope, self.it, sha), page)

    @property
    def status_check_rollup(self) -> RollupNode | None:
        made = RollupNode(self.scope, self.it, self.about)
        return made if made.state else None


class RefNode(Node):
    """A ref; `about` is its full name."""

    typename = "Ref"

    @property
    def id(self) -> str:
        return f"REF_{self.about}"

    @property
    def prefix(self) -> str:
        return "/".join(self.about.split("/")[:2]) + "/"

    @property
    def name(self) -> str:
        return str(self.about).removeprefix(self.prefix)

    @property
    def target(self) -> CommitNode:
        return CommitNode(self.scope, self.it, self.it.refs[self.about])


def ref_node(scope: Scope, it: Repository, name: str) -> RefNode | None:
    """A ref by its full name, if it is there."""
    return RefNode(scope, it, name) if name in it.refs else None
