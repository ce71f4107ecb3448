"""What people do to issues, and owners to the repository."""

from __future__ import annotations

from valine_play.scenario.phrase import Steps
from valine_play.scenario.stage import Stage

plays = Steps()


@plays
def open_issue(stage: Stage, *, login: str, text: str, labels: tuple[str, ...] = ()) -> None:
    stage.world.on_github("create_issue", title=text, labels=list(labels), by=login)


@plays
def title(stage: Stage, *, login: str, issue: int, text: str) -> None:
    stage.world.on_github("edit_issue", number=issue, title=text, by=login)


@plays
def body(stage: Stage, *, login: str, issue: int, text: str) -> None:
    stage.world.on_github("edit_issue", number=issue, body=text, by=login)


@plays
def block(stage: Stage, *, login: str, issue: int, blockers: tuple[int, ...]) -> None:
    stage.world.on_github("edit_issue", number=issue, blocked_by=list(blockers), by=login)


@plays
def label(stage: Stage, *, login: str, issue: int, label: str) -> None:
    stage.world.on_github("add_label", number=issue, label=label, by=login)


@plays
def label_pull(stage: Stage, *, login: str, text: str, label: str) -> None:
    stage.world.on_github("add_label", number=stage.titled(text)["number"], label=label, by=login)


@plays
def unlabel(stage: Stage, *, login: str, issue: int, label: str) -> None:
    stage.world.on_github("remove_label", number=issue, label=label, by=login)


@plays
def assign(stage: Stage, *, login: str, issue: int, other: str) -> None:
    stage.world.on_github("assign", number=issue, login=other, by=login)


@plays
def close_issue(stage: Stage, *, login: str, issue: int, reason: str = "completed") -> None:
    stage.world.on_github("close_issue", number=issue, reason=reason, by=login)


@plays
def reopen_issue(stage: Stage, *, login: str, issue: int) -> None:
    stage.world.on_github("reopen_issue", number=issue, by=login)


@plays
def comment(stage: Stage, *, login: str, issue: int, comment: str) -> None:
    stage.world.on_github("comment", number=issue, body=comment, by=login)


@plays
def comment_pull(stage: Stage, *, login: str, issue: int, comment: str) -> None:
    stage.world.on_github("comment", number=stage.pull(issue)["number"], body=comment, by=login)


@plays
def give_access(stage: Stage, *, login: str, role: str) -> None:
    stage.world.on_github("add_member", login=login, role=role)


@plays
def no_access(stage: Stage, *, login: str) -> None:
    stage.world.on_github("remove_member", login=login)


@plays
def require(stage: Stage, *, names: tuple[str, ...]) -> None:
    stage.world.on_github("set_rules", required_checks=list(names))


@plays
def queue(stage: Stage) -> None:
    stage.world.on_github("set_rules", merge_queue=True)


@plays
def no_rules(stage: Stage) -> None:
    stage.world.on_github("set_rules")


@plays
def archive(stage: Stage) -> None:
    stage.world.on_github("archive")


@plays
def delete_repository(stage: Stage) -> None:
    stage.world.on_github("delete_repository")
