"""What people do to issues, and owners to the repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from valine_play.scenario.stage import Stage


def open_issue(stage: Stage, *, login: str, text: str, labels: tuple[str, ...] = ()) -> None:
    stage.world.on_github("create_issue", title=text, labels=list(labels), by=login)


def title(stage: Stage, *, login: str, issue: int, text: str) -> None:
    stage.world.on_github("edit_issue", number=issue, title=text, by=login)


def body(stage: Stage, *, login: str, issue: int, text: str) -> None:
    stage.world.on_github("edit_issue", number=issue, body=text, by=login)


def block(stage: Stage, *, login: str, issue: int, blockers: tuple[int, ...]) -> None:
    stage.world.on_github("edit_issue", number=issue, blocked_by=list(blockers), by=login)


def label(stage: Stage, *, login: str, issue: int, label: str) -> None:
    stage.world.on_github("add_label", number=issue, label=label, by=login)


def label_pull(stage: Stage, *, login: str, text: str, label: str) -> None:
    stage.world.on_github("add_label", number=stage.titled(text)["number"], label=label, by=login)


def unlabel(stage: Stage, *, login: str, issue: int, label: str) -> None:
    stage.world.on_github("remove_label", number=issue, label=label, by=login)


def assign(stage: Stage, *, login: str, issue: int, other: str) -> None:
    stage.world.on_github("assign", number=issue, login=other, by=login)


def close_issue(stage: Stage, *, login: str, issue: int, reason: str = "completed") -> None:
    stage.world.on_github("close_issue", number=issue, reason=reason, by=login)


def reopen_issue(stage: Stage, *, login: str, issue: int) -> None:
    stage.world.on_github("reopen_issue", number=issue, by=login)


def comment(stage: Stage, *, login: str, issue: int, comment: str) -> None:
    stage.world.on_github("comment", number=issue, body=comment, by=login)


def comment_pull(stage: Stage, *, login: str, issue: int, comment: str) -> None:
    stage.world.on_github("comment", number=stage.pull(issue)["number"], body=comment, by=login)


def give_access(stage: Stage, *, login: str, role: str) -> None:
    stage.world.on_github("add_member", login=login, role=role)


def no_access(stage: Stage, *, login: str) -> None:
    stage.world.on_github("remove_member", login=login)


def require(stage: Stage, *, names: tuple[str, ...]) -> None:
    stage.world.on_github("set_rules", required_checks=list(names))


def queue(stage: Stage) -> None:
    stage.world.on_github("set_rules", merge_queue=True)


def no_rules(stage: Stage) -> None:
    stage.world.on_github("set_rules")


def archive(stage: Stage) -> None:
    stage.world.on_github("archive")


def delete_repository(stage: Stage) -> None:
    stage.world.on_github("delete_repository")
