"""Small valid values, for tests that care about one field or two: `a_run(status=RunStatus.CANCELLED)`.

Everything happens at NOON unless told otherwise, in the repository REPOSITORY.
"""

from __future__ import annotations

import random
import string
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from valine.orchestrator.model.events import HintReceived, PlanApproved, PlanRequested, Woken
from valine.orchestrator.model.observations import IssueSeen, PlanWorld, WorkWorld
from valine.orchestrator.model.plan import Actor, Base, Plan, PlanItem
from valine.orchestrator.model.policy import Policy
from valine.orchestrator.model.run import Active, Approval, PullSeen, Repository, Run, Task
from valine.orchestrator.model.states import IssueNumber, PullNumber, RunNumber, RunStatus, RunUid, Sha
from valine.orchestrator.replies import Button, Said
from valine.ports import Envelope, History, Inbox, ReplyTo

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")
NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
REPOSITORY = "team/app"
HEAD = Sha("1" * 40)
TREE = Sha("2" * 40)


def _made(kind: type[T], given: Mapping[str, Any], changes: Mapping[str, Any]) -> T:
    return kind(**{**given, **changes})


def after(seconds: float) -> datetime:
    """That long after NOON."""
    return NOON + timedelta(seconds=seconds)


def an_actor(name: str = "ana", **changes: Any) -> Actor:
    """A member of the Discord guild who may do nothing in particular."""
    return _made(Actor, {"id": f"id-{name}", "name": name}, changes)


def a_base(**changes: Any) -> Base:
    """The default branch."""
    return _made(Base, {"branch": "main", "sha": HEAD, "tree": TREE}, changes)


def a_plan_item(issue: int = 41, **changes: Any) -> PlanItem:
    """An issue in the plan that depends on nothing."""
    given = {"issue": IssueNumber(issue), "title": f"Issue {issue}", "body_hash": f"hash-{issue}"}
    return _made(PlanItem, given, changes)


def a_plan(*items: PlanItem, **changes: Any) -> Plan:
    """The first revision, of the given items or of issue 41."""
    given = {
        "revision": 1,
        "label": "ready",
        "limit": None,
        "base": a_base(),
        "policy": Policy(),
        "items": items or (a_plan_item(),),
        "digest": "d1",
        "revised_at": NOON,
    }
    return _made(Plan, given, changes)


def an_approval(**changes: Any) -> Approval:
    """Ben's yes to a_plan()."""
    return _made(Approval, {"by": an_actor("ben"), "at": NOON, "revision": 1, "digest": "d1"}, changes)


def a_pull(number: int = 7, issue: int = 41, **changes: Any) -> PullSeen:
    """An open draft of one changed file that nothing stands against but being a draft."""
    given = {
        "number": PullNumber(number),
        "url": f"https://github.com/{REPOSITORY}/pull/{number}",
        "state": "open",
        "draft": True,
        "branch": f"valine/r1/{issue}-issue-{issue}",
        "head": HEAD,
        "base": "main",
        "mergeable": "yes",
        "merge_state": "DRAFT",
        "review": "none",
        "changed_files": 1,
        "updated_at": NOON,
    }
    return _made(PullSeen, given, changes)


def a_task(issue: int = 41, **changes: Any) -> Task:
    """A queued task."""
    given = {
        "issue": IssueNumber(issue),
        "title": f"Issue {issue}",
        "body_hash": f"hash-{issue}",
        "branch": f"valine/r1/{issue}-issue-{issue}",
    }
    return _made(Task, given, changes)


def a_run(number: int = 1, **changes: Any) -> Run:
    """A proposed run of one issue, never stored, that nothing wakes."""
    given = {
        "uid": RunUid(f"uid-{number}"),
        "number": RunNumber(number),
        "repository": REPOSITORY,
        "plan": a_plan(),
        "requested_by": an_actor(),
        "channel": "channel-1",
        "created_at": NOON,
        "expires_at": NOON + timedelta(hours=24),
    }
    return _made(Run, given, changes)


def an_active(number: int = 1, **changes: Any) -> Active:
    """How the repository's record lists a_run()."""
    given = {"uid": RunUid(f"uid-{number}"), "number": RunNumber(number), "status": RunStatus.PENDING}
    return _made(Active, given, changes)


def a_repository(name: str = REPOSITORY, **changes: Any) -> Repository:
    """A fresh record."""
    return _made(Repository, {"name": name}, changes)


def an_issue(number: int = 41, **changes: Any) -> IssueSeen:
    """An open issue labelled `ready`."""
    given = {
        "number": IssueNumber(number),
        "title": f"Issue {number}",
        "body_hash": f"hash-{number}",
        "open": True,
        "labels": ("ready",),
        "created_at": NOON,
        "updated_at": NOON,
    }
    return _made(IssueSeen, given, changes)


def a_plan_world(*issues: IssueSeen, **changes: Any) -> PlanWorld:
    """A refresh for a plan, without a policy file."""
    return _made(PlanWorld, {"began_at": NOON, "base": a_base(), "policy": None, "issues": issues}, changes)


def a_work_world(**changes: Any) -> WorkWorld:
    """A refresh of work under way that found nothing."""
    return _made(WorkWorld, {"began_at": NOON, "base": a_base()}, changes)


def plan_requested(id: str = "c1", **changes: Any) -> PlanRequested:  # noqa: A002 - the field's own name
    """Ana's /plan."""
    given = {"id": id, "by": an_actor(), "asked_at": NOON, "at": NOON, "channel": "channel-1"}
    return _made(PlanRequested, given, changes)


def plan_approved(id: str = "c2", **changes: Any) -> PlanApproved:  # noqa: A002 - the field's own name
    """Ben's click on Approve."""
    given = {
        "id": id,
        "by": an_actor("ben"),
        "asked_at": NOON,
        "at": NOON,
        "run": RunNumber(1),
        "revision": 1,
        "digest": "d1",
    }
    return _made(PlanApproved, given, changes)


def a_hint(delivery: str = "guid-1", **changes: Any) -> HintReceived:
    """A push to a pull request."""
    return _made(HintReceived, {"name": "pull_request.synchronize", "delivery": delivery, "at": NOON}, changes)


def a_woken(run: int = 1, at: datetime = NOON) -> Woken:
    """The alarm clock of a_run()."""
    return Woken(at=at, run=RunNumber(run), uid=f"uid-{run}")


def an_envelope(id: str = "e1", **changes: Any) -> Envelope:  # noqa: A002 - the field's own name
    """A hint on the queue; `urgent=True` does not make it a command."""
    return _made(
        Envelope, {"id": id, "partition": REPOSITORY, "urgent": False, "inbound": a_hint(delivery=id)}, changes
    )


def a_command_envelope(id: str = "c1", **changes: Any) -> Envelope:  # noqa: A002 - the field's own name
    """A command on the queue, urgent, with the token that its answer needs."""
    given = {"urgent": True, "inbound": plan_requested(id), "reply_to": ReplyTo(at=NOON, token=f"token-{id}")}
    return an_envelope(id, **(given | changes))


def a_reply(text: str = "Done.") -> Said:
    """An answer with a button."""
    return Said(text=text, buttons=(Button(label="Show", custom_id="show"),))


def an_inbox(id: str = "c1", **changes: Any) -> Inbox:  # noqa: A002 - the field's own name
    """A command that was answered."""
    return _made(Inbox, {"id": id, "at": NOON, "run": 1, "reply": a_reply()}, changes)


def a_history(run: Run, /, **changes: Any) -> History:
    """The step that leads from this version of the run to the next."""
    given = {"run": run.number, "number": run.version + 1, "at": NOON, "event": a_woken(run.number)}
    return _made(History, given, changes)


def noise(length: int) -> str:
    """Text of that many characters that does not get much shorter by deflating (about three quarters stay)."""
    rng = random.Random(length)  # noqa: S311 - not a secret
    return "".join(rng.choices(string.ascii_letters + string.digits, k=length))
