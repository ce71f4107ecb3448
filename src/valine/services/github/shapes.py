# ruff: noqa: D101 - see the module's docstring
"""GitHub's REST answers as types: only the fields that are used, everything else in them ignored.

Most shapes say by their name what they are; where a name is not enough there is a docstring.
https://docs.github.com/en/rest
"""

from __future__ import annotations

from typing import Literal

import msgspec

from valine.services.github.moment import Moment


class Account(msgspec.Struct):
    login: str
    type: str = "User"


class Label(msgspec.Struct):
    name: str


class Comment(msgspec.Struct):
    """An issue comment. `issue_url` ends with the number; a deleted account leaves no user."""

    id: int
    created_at: Moment
    updated_at: Moment
    issue_url: str = ""
    body: str | None = None
    user: Account | None = None


class Permission(msgspec.Struct):
    permission: str
    role_name: str = ""


class Issue(msgspec.Struct):
    number: int
    state: str
    body: str | None = None
    assignees: list[Account] = []
    labels: list[Label] = []


class Side(msgspec.Struct):
    """Where a pull request comes from or leads to."""

    ref: str
    sha: str


class Pull(msgspec.Struct):
    """A pull request; lists of them lack `merged` and `mergeable`."""

    number: int
    state: Literal["open", "closed"]
    head: Side
    base: Side
    body: str | None = None
    draft: bool = False
    merged: bool = False
    merged_at: Moment | None = None
    mergeable: bool | None = None
    merge_commit_sha: str | None = None


class Sha(msgspec.Struct):
    sha: str


class GitRef(msgspec.Struct):
    ref: str
    object: Sha


class GitCommit(msgspec.Struct):
    sha: str
    tree: Sha
    parents: list[Sha] = []


class Comparison(msgspec.Struct):
    status: str
    merge_base_commit: Sha


class MergeAnswer(msgspec.Struct):
    sha: str | None = None
    merged: bool = False


class Release(msgspec.Struct):
    tag_name: str
    html_url: str
    body: str | None = None


class RequiredCheck(msgspec.Struct):
    context: str


class RuleParameters(msgspec.Struct):
    required_status_checks: list[RequiredCheck] = []


class Rule(msgspec.Struct):
    """A rule of any type. Other types' parameters have other names, so theirs come out empty."""

    type: str
    parameters: RuleParameters | None = None
