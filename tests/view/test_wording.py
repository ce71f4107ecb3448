"""Every sentence, word for word."""

# ruff: noqa: E501 - a sentence is easier to read, and to find, on one line

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from builders import HEAD, a_base, a_plan, a_plan_item, a_pull, a_task, an_actor
from valine.orchestrator.facts.of_run import thread_line
from valine.orchestrator.facts.rows import left_out_row, person, task_row
from valine.orchestrator.model.effects import EnsureThread
from valine.orchestrator.model.plan import PullRef
from valine.orchestrator.model.policy import PlanPolicy, Policy
from valine.orchestrator.model.run import Note
from valine.orchestrator.model.states import (
    IssueNumber,
    Login,
    MilestoneKind,
    PullNumber,
    Reason,
    RunNumber,
    TaskState,
    Why,
)
from valine.orchestrator.replies.parts import PlanChanges
from valine.orchestrator.replies.plan_changes import changes
from valine.view import custom_id, failure_replies, github, plan_replies, tasks, thread
from valine.view.replies import render
from valine.view.thread import sentence
from view import sentences


def test_every_reply() -> None:
    said = {name: [render(reply).text for reply in found] for name, found in sentences.every_reply().items()}

    assert said == snapshot(
        {
            "already_approved": ["ben already approved r12, <t:1793620800:R>. Nothing was changed. See <#666>."],
            "already_over": [
                "r12 is over: completed <t:1793624400:R>. Nothing was changed.",
                "r12 is over: cancelled by ana <t:1793624400:R>. Nothing was changed.",
            ],
            "already_proposed": [
                "r12 is already proposed by ana: see <#555>. Nothing was changed. Approve or reject it first."
            ],
            "already_shipping": [
                "ben already started shipping r12, <t:1793620800:R>. Nothing was changed. See <#666>.",
                "r12 is being shipped already. Nothing was changed.",
            ],
            "approved": ["You approved r12: work on 2 issues begins. The board in <#555> shows how it goes."],
            "cancel_asked": [
                "Cancel r12? It has 2 open pull requests. What is merged stays merged; pull requests that were there before the run stay open either way. Nothing has changed yet.",
                "Cancel r12? Nothing of it has started. Nothing has changed yet.",
            ],
            "cancelled": [
                "r12 is cancelled. Its pull requests stay open, and its issues are free for another plan.",
                "r12 is cancelled. Its pull requests are being closed, and its issues are free for another plan.",
                "r12 is cancelled. Nothing was started.",
            ],
            "not_allowed": [
                "To approve a plan, you need the permission Manage Server. Nothing was changed.",
                "To drop an issue from a run, you need write permission on this repository. Nothing was changed.",
                "To ship, go to Discord: it cannot be done from GitHub. Nothing was changed.",
                "Only a person can see how a run stands. Nothing was changed.",
            ],
            "dropped_items": [
                "Took #43 out of r12, with whatever depends on it. Revision 1 has 2 issues and needs its own approval."
            ],
            "failed_inside": [
                "Something went wrong inside me, and I have put this request aside. Look with `/status` before you ask again, and tell whoever runs me this number: 4711-abc."
            ],
            "heads_moved": [
                "What can be merged in r12 has changed since you looked, so nothing was merged. Look again."
            ],
            "github_failed": [
                "GitHub knows no repository team/app, or hides it from me. Nothing was changed. Whoever runs me should look at `GITHUB_REPOSITORY` and at what the token may see.",
                "GitHub does not let me into team/app (Bad credentials). Nothing was changed. Whoever runs me should look at the token or the App's permissions.",
                "GitHub does not let me into team/app. Nothing was changed. Whoever runs me should look at the token or the App's permissions.",
                "GitHub is not answering. Nothing was changed. Please try again in a few minutes.",
                "GitHub is not answering (502 @\u200beveryone). Nothing was changed. Please try again in a few minutes.",
            ],
            "no_issues": [
                "No open issue of team/app carries the label ready. Nothing was changed. Label some, then `/plan` again."
            ],
            "in_no_run": ["#99 belongs to no active run. Nothing was changed. `/status` lists those there are."],
            "no_run": ["There is no run at the moment. `/plan` proposes one."],
            "no_such_run": ["There is no such run: r99. Nothing was changed. `/status` lists those there are."],
            "no_such_task": ["#99 is not in r12. Nothing was changed."],
            "not_started": ["r12 is not approved yet, so nothing of it has started. Nothing was changed."],
            "not_droppable": [
                "#41 of r12 is merged, so it cannot be dropped. Nothing was changed.",
                "#41 of r12 is being shipped, so it cannot be dropped. Nothing was changed.",
            ],
            "not_in_plan": [
                "#98 is not in the plan of r12. Nothing was changed.",
                "#98 and #99 are not in the plan of r12. Nothing was changed.",
            ],
            "not_pending": [
                "r12 expired <t:1793707200:R>. Nothing was changed. `/plan` makes a new one.",
                "r12 is already under way. Nothing was changed. See <#666>.",
                "r12 was completed <t:1793624400:R>. Nothing was changed. `/plan` makes a new one.",
                "r12 failed <t:1793624400:R>. Nothing was changed. `/plan` makes a new one.",
                "r12 was ended by ana <t:1793620860:R>. Nothing was changed. `/plan` makes a new one.",
                "r12 ended <t:1793620860:R>, because nothing of it was left to do. Nothing was changed. `/plan` makes a new one.",
                "r12 expired <t:1793707200:R>. Nothing was changed. `/plan` makes a new one.",
            ],
            "not_shown_yet": [
                "Revision 1 of r12 was not fully shown when you approved. Nothing was changed. Look at it in <#555>, then approve again. If it does not appear, I may not post there."
            ],
            "nothing_left": [
                "That would leave nothing in r12. Nothing was changed. Reject it if that is what you want.",
                "Every issue of r12 has been closed, claimed or blocked since, so it is over. Nothing was started. `/plan` makes a new one.",
            ],
            "nothing_ready": [
                """\
Nothing of r12 can be merged now. Nothing was changed.
- [#41](https://github.com/team/app/issues/41) Fix \\*login\\*: ready
- [#42](https://github.com/team/app/issues/42) Say hello: checks failed (ci/test): ben must push a fix or run them again\
"""
            ],
            "nothing_to_plan": [
                """\
None of the 8 issues with the label ready can be planned. Nothing was changed.
#1 Issue 1: r7 is already working on it
#2 Issue 2: it waits for #5, still open and not in this plan
#3 Issue 3: it waits for #5, #6 and team/lib#7, still open and not in this plan
#4 Issue 4: it and #8 depend on each other
#9 Issue 9: it is beyond the limit
#10 Issue 10: it was taken out of this plan
#11 Issue 11: it was closed, or lost its label
#12 Issue 12: several open pull requests close it: #70 and #71\
""",
                """\
The one issue with the label ready cannot be planned. Nothing was changed.
#9 Issue 9: it is beyond the limit\
""",
                """\
None of the 17 issues with the label ready can be planned. Nothing was changed.
#1 Issue 1: it is beyond the limit
#2 Issue 2: it is beyond the limit
#3 Issue 3: it is beyond the limit
#4 Issue 4: it is beyond the limit
#5 Issue 5: it is beyond the limit
#6 Issue 6: it is beyond the limit
#7 Issue 7: it is beyond the limit
#8 Issue 8: it is beyond the limit
#9 Issue 9: it is beyond the limit
#10 Issue 10: it is beyond the limit
#11 Issue 11: it is beyond the limit
#12 Issue 12: it is beyond the limit
#13 Issue 13: it is beyond the limit
#14 Issue 14: it is beyond the limit
#15 Issue 15: it is beyond the limit
and 2 more\
""",
            ],
            "nothing_to_retry": ["Nothing of r12 is held, so there is nothing to retry. Nothing was changed."],
            "other_run": [
                "This card is of another r12 than the one I know. Nothing was changed. Use `/status` instead."
            ],
            "plan_changed": [
                """\
GitHub has changed since r12 was proposed, so it was not approved. Revision 1 is in <#555>: look at it, then approve that.
- #41: another title
- #43 is out: it was closed, or lost its label\
"""
            ],
            "plan_too_big": [
                "That is more than one run can hold. Nothing was changed. Try again with `limit` 200 or less.",
                "Too many issues carry this label for one plan. Nothing was changed. Use a narrower label.",
            ],
            "planned": [
                "r12 proposes 2 issues, 1 left out: see <#555>. Nothing starts before it is approved.",
                "r1 proposes 1 issue: see <#555>. Nothing starts before it is approved.",
            ],
            "unusable_policy": [
                ".github/valine.toml: unknown key plan.limt. Nothing was changed. Mend the file on the default branch, then try again."
            ],
            "preflight": [
                """\
**r12**: 1 pull request can be merged into main, in this order.
Nothing is merged before you confirm. If one is pushed to, you are asked again.
1. [#41](https://github.com/team/app/issues/41) Fix \\*login\\* → [#77](https://github.com/team/app/pull/77) at `abcdef0`
Not now: 1 issue.
- [#42](https://github.com/team/app/issues/42) Say hello: checks failed (ci/test): ben must push a fix or run them again\
""",
                """\
**r12**: 1 pull request can be merged into main, in this order.
Nothing is merged before you confirm. If one is pushed to, you are asked again.
1. [#41](https://github.com/team/app/issues/41) Fix \\*login\\* → [#77](https://github.com/team/app/pull/77) at `abcdef0`\
""",
                """\
**r12**: 13 pull requests can be merged into main, in this order.
Nothing is merged before you confirm. If one is pushed to, you are asked again.
#41 `abcdef0`, #41 `abcdef0`, #41 `abcdef0`, #41 `abcdef0`, #41 `abcdef0`, #41 `abcdef0`, #41 `abcdef0`, #41 `abcdef0`, #41 `abcdef0`, #41 `abcdef0`, #41 `abcdef0`, #41 `abcdef0`, #41 `abcdef0`
Not now: 13 issues.
- [#42](https://github.com/team/app/issues/42) Say hello: checks failed (ci/test): ben must push a fix or run them again
- [#42](https://github.com/team/app/issues/42) Say hello: checks failed (ci/test): ben must push a fix or run them again
- [#42](https://github.com/team/app/issues/42) Say hello: checks failed (ci/test): ben must push a fix or run them again
- [#42](https://github.com/team/app/issues/42) Say hello: checks failed (ci/test): ben must push a fix or run them again
- [#42](https://github.com/team/app/issues/42) Say hello: checks failed (ci/test): ben must push a fix or run them again
- [#42](https://github.com/team/app/issues/42) Say hello: checks failed (ci/test): ben must push a fix or run them again
- [#42](https://github.com/team/app/issues/42) Say hello: checks failed (ci/test): ben must push a fix or run them again
- [#42](https://github.com/team/app/issues/42) Say hello: checks failed (ci/test): ben must push a fix or run them again
- [#42](https://github.com/team/app/issues/42) Say hello: checks failed (ci/test): ben must push a fix or run them again
- [#42](https://github.com/team/app/issues/42) Say hello: checks failed (ci/test): ben must push a fix or run them again
- [#42](https://github.com/team/app/issues/42) Say hello: checks failed (ci/test): ben must push a fix or run them again
- [#42](https://github.com/team/app/issues/42) Say hello: checks failed (ci/test): ben must push a fix or run them again
- and #42\
""",
            ],
            "rejected": ["You rejected r12. Nothing was started. `/plan` makes a new one."],
            "retried": [
                "Trying #42 of r12 again. The board in <#555> shows what comes of it.",
                "Trying what failed of r12 again. The board in <#555> shows what comes of it.",
            ],
            "revision_moved": [
                "That was an earlier version of r12. Nothing was changed. Revision 1 is in <#555>: look at that one, then decide."
            ],
            "ship_not_possible": [
                "r12 is not approved yet, so there is nothing to ship. Nothing was changed.",
                "r12 is still opening its pull requests. Nothing was changed. Try again when that is done.",
                "r12 is over (completed), so there is nothing to ship. Nothing was changed.",
                "r12 is over (not approved), so there is nothing to ship. Nothing was changed.",
            ],
            "ship_started": ["Shipping 1 pull request of r12. The board in <#555> shows how it goes."],
            "status": [
                "No run is active in team/app. `/plan` proposes one.",
                """\
**r12** · tracking · 0/2 merged · 1 held · 1 ready · board in <#555>, thread <#666>
- [#41](https://github.com/team/app/issues/41) Fix \\*login\\*: ready
- [#42](https://github.com/team/app/issues/42) Say hello: checks failed (ci/test): ben must push a fix or run them again\
""",
                """\
**r13** · proposed · 1 issue labelled ready · expires <t:1793707200:R> · <#555>
**r12** · proposed · 2 issues labelled ready · expires <t:1793707200:R> · <#555>
**r12** · tracking · 0/2 merged · 1 held · 1 ready · board in <#555>, thread <#666>
- [#42](https://github.com/team/app/issues/42) Say hello: checks failed (ci/test): ben must push a fix or run them again\
""",
            ],
            "task_dropped": ["Took #42 out of r12. Its pull request stays as it is; the issue can be planned again."],
            "which_run": ["Which run do you mean, r12 or r13? Nothing was changed. Name it."],
            "said": ["r12 is over. Nothing was changed."],
        }
    )


def test_every_button() -> None:
    buttons = [
        (button.label, button.custom_id, button.style)
        for found in sentences.every_reply().values()
        for reply in found
        for button in render(reply).buttons
    ]

    assert buttons == snapshot(
        [
            ("Reject r12", "v1:reject:12:abcdefgh2345:1:6jr4jcfdl2px", "danger"),
            ("Cancel, keep them open", "v1:cancel-keep:12:abcdefgh2345", "danger"),
            ("Cancel and close them", "v1:cancel-close:12:abcdefgh2345", "danger"),
            ("Cancel it", "v1:cancel-keep:12:abcdefgh2345", "danger"),
            ("Look again", "v1:ship:12:abcdefgh2345", "primary"),
            ("Reject r12", "v1:reject:12:abcdefgh2345:1:6jr4jcfdl2px", "danger"),
            ("Status", "v1:status:12:abcdefgh2345", "secondary"),
            ("Merge 1 pull request", "v1:confirm:12:abcdefgh2345:hhhhhhhh2345", "success"),
            ("Merge 1 pull request", "v1:confirm:12:abcdefgh2345:hhhhhhhh2345", "success"),
            ("Merge 13 pull requests", "v1:confirm:12:abcdefgh2345:hhhhhhhh2345", "success"),
            ("Status", "v1:status:12:abcdefgh2345", "secondary"),
        ]
    )
    assert all(custom_id.read(identity) is not None for _, identity, _ in buttons)


def test_no_reply_shouts() -> None:
    found = [reply for some in sentences.every_reply().values() for reply in some]

    assert not [reply for reply in found if "!" in render(reply).text]


def test_why_for_every_reason() -> None:
    task = a_task(assignees=(Login("ana"), Login("ben")))

    said = {str(why): tasks.why(task_row(task, Note(why=why, by=(40, 39), detail="ci/test @here"))) for why in Why}

    assert said == snapshot(
        {
            "stranger": "valine/r1/41-issue-41 or its pull request is not mine: somebody must rename or delete it, then Retry",
            "refused": "GitHub refused it (ci/test @\u200bhere): somebody must mend that, then Retry",
            "closed": "its pull request was closed: ana and ben must reopen it, or drop the issue from the run",
            "gone": "the issue or its pull request is not there any more: somebody must drop it from the run",
            "retargeted": "its pull request now goes into another branch (ci/test @\u200bhere): ana and ben must change that back",
            "issue_closed": "the issue was closed without a merge: somebody must reopen it, or drop it from the run",
            "empty": "its pull request changes nothing yet: ana and ben must push the work",
            "conflict": "it conflicts with the base branch: ana and ben must resolve that and push",
            "changes_requested": "a reviewer asked for changes: ana and ben must make them and ask for another review",
            "checks_failed": "checks failed (ci/test @\u200bhere): ana and ben must push a fix or run them again",
            "checks_slow": "checks have not ended in time (ci/test @\u200bhere): ana and ben must run them again",
            "no_checks": 'no check has run: somebody must set one up, or allow none (`checks = "none"` in .github/valine.toml)',
            "rules": "a rule of the repository does not let it be merged (ci/test @\u200bhere): somebody must satisfy it",
            "head_moved": "it was pushed to after `/ship` was confirmed: somebody must look at it, then `/ship` again",
            "review_required": "a reviewer must approve it",
            "dependency": "waits for #40 and #39",
            "draft": "a draft: waits for ana and ben to mark it ready for review",
            "checks": "waits for checks (ci/test @\u200bhere)",
            "mergeable": "waits for GitHub to work out whether it can be merged",
        }
    )


def test_why_without_particulars_names_the_author_or_somebody() -> None:
    conflict = Note(why=Why.CONFLICT)

    assert tasks.why(task_row(a_task(adopted=True, pull=a_pull(author="eve")), conflict)) == snapshot(
        "it conflicts with the base branch: eve must resolve that and push"
    )
    assert tasks.why(task_row(a_task(), conflict)) == snapshot(
        "it conflicts with the base branch: somebody must resolve that and push"
    )
    assert tasks.why(task_row(a_task(), Note(why=Why.RULES))) == snapshot(
        "a rule of the repository does not let it be merged: somebody must satisfy it"
    )


def test_what_was_merged_into_another_branch_is_told_as_that() -> None:
    task = a_task(pull=a_pull(state="merged", base="release"))

    assert tasks.why(task_row(task, Note(why=Why.RETARGETED, detail="release"))) == snapshot(
        "its pull request was merged into another branch (release): somebody must bring it into the base branch, then drop the issue from the run"
    )


def test_left_out_and_heading_for_every_reason() -> None:
    assert [tasks.left_out(left_out_row(out)) for out in sentences.every_reason()] == snapshot(
        [
            "r7 is already working on it",
            "it waits for #5, still open and not in this plan",
            "it waits for #5, #6 and team/lib#7, still open and not in this plan",
            "it and #8 depend on each other",
            "it is beyond the limit",
            "it was taken out of this plan",
            "it was closed, or lost its label",
            "several open pull requests close it: #70 and #71",
        ]
    )
    assert [tasks.heading(reason) for reason in Reason] == snapshot(
        [
            "Already in another run",
            "Blocked by something that is not in this plan",
            "Depending on themselves",
            "Beyond the limit",
            "Taken out",
            "Closed or unlabelled since",
            "With several open pull requests",
        ]
    )


def test_every_state_has_its_own_sign() -> None:
    assert len({tasks.emoji(state) for state in TaskState}) == len(TaskState)


def test_every_milestone() -> None:
    run = sentences.under_way()

    assert {str(m.kind): sentence(thread_line(run, m)) for m in sentences.milestones()} == snapshot(
        {
            "proposed": "📋 ben asked for r12: 1 issue proposed.",
            "revised": "✏️ ben changed the plan: revision 2 waits for approval.",
            "approved": "✅ ben approved revision 2 of r12.",
            "opened": "🌱 1 pull request opened, for #42.",
            "held": "⏸️ #42 is held: checks failed (ci/test): ben must push a fix or run them again. <@80351110224678913>",
            "edited": "📝 #42 was edited after it was approved: the work goes on, look at what changed.",
            "unassigned": "👤 GitHub did not assign eve to #42: they lack access to the repository.",
            "skipped": "⚠️ GitHub refused a step for #42 (Validation Failed). The work goes on without it.",
            "shipping": "🚢 ben ships #42.",
            "shipped": """\
🚢 Merged #42. 1 issue left.
- Say hello (#78), for #42 by ben\
""",
            "completed": """\
🏁 r12 is complete: #42 merged.
- Say hello (#78), for #42 by ben\
""",
            "rejected": "🚫 ben rejected r12. Nothing was started.",
            "expired": "⌛ r12 ended without approval. Nothing was started.",
            "cancelled": "🛑 ben cancelled r12. Its pull requests stay open.",
            "dropped": "🗑️ ben took #42 out of r12.",
            "retried": "🔁 ben asked for another try of #42.",
            "failed": "❌ r12 failed: the repository could not be reached for a day (Not Found).",
        }
    )


def test_milestones_that_depend_on_what_became_of_the_run() -> None:
    def told(kind: MilestoneKind, **changes: object) -> str:
        return sentence(thread_line(sentences.under_way(), sentences.a_milestone(kind, **changes)))

    assert told(MilestoneKind.SHIPPED, issues=()) == snapshot("🚢 This round merged nothing. The board tells why.")
    assert told(MilestoneKind.REVISED, by=None) == snapshot("✏️ Valine changed the plan: revision 2 waits for approval.")
    assert told(MilestoneKind.HELD, issues=(IssueNumber(41),), note=Note(why=Why.CONFLICT)) == snapshot(
        "⏸️ #41 is held: it conflicts with the base branch: ana must resolve that and push. <@80351110224678912>"
    )
    assert told(MilestoneKind.HELD, issues=(IssueNumber(99),), note=None) == snapshot(
        "⏸️ #99 is held: somebody should look."
    )
    cancelled = sentences.a_milestone(MilestoneKind.CANCELLED)
    assert sentence(thread_line(sentences.under_way(close_pull_requests=True), cancelled)) == snapshot(
        "🛑 ben cancelled r12. Its pull requests are closed."
    )
    assert sentence(thread_line(sentences.proposed(), cancelled)) == snapshot(
        "🛑 ben cancelled r12. Nothing was started."
    )


@pytest.mark.parametrize("kind", MilestoneKind)
def test_only_somebody_who_must_act_is_mentioned(kind: MilestoneKind) -> None:
    facts = thread_line(sentences.under_way(), sentences.a_milestone(kind))

    assert facts.mention == ((sentences.BEN,) if kind is MilestoneKind.HELD else ())
    silent: dict[str, object] = {"parse": []}
    held: dict[str, object] = {"parse": [], "users": [sentences.BEN]}
    assert thread.thread_line(facts).body["allowed_mentions"] == (held if kind is MilestoneKind.HELD else silent)


def test_changes_between_revisions_are_told_issue_by_issue() -> None:
    before = a_plan(
        a_plan_item(1),
        a_plan_item(2),
        a_plan_item(3),
        a_plan_item(4),
    )
    after = a_plan(
        a_plan_item(1, title="Another", body_hash="another", assignees=(Login("ana"),)),
        a_plan_item(2, depends_on=(IssueNumber(1),)),
        a_plan_item(4, adopts=PullRef(number=PullNumber(9), branch="fix", head=HEAD)),
        a_plan_item(5),
        base=a_base(branch="next"),
        policy=Policy(plan=PlanPolicy(limit=3)),
        left_out=(sentences.left(3, Reason.GONE),),
    )

    assert plan_replies.changes(changes(before, after)) == snapshot(
        (
            "the base branch is now next",
            "the policy is another one",
            "#3 is out: it was closed, or lost its label",
            "#1: another title, another description and now given to ana",
            "#2: now depends on #1",
            "#4: another pull request, or new commits in it",
            "#5 is new",
        )
    )
    assert changes(before, before) == PlanChanges()


def test_the_thread_has_a_name_that_never_changes() -> None:
    assert github.thread_title(EnsureThread(run=RunNumber(12))) == snapshot("Run r12")


def test_names_of_actors_are_escaped_and_valine_is_called_valine() -> None:
    assert tasks.name(person(None)) == tasks.name(person(an_actor("x", platform="valine"))) == "Valine"
    assert tasks.name(person(an_actor("*@here*"))) == "\\*@\u200bhere\\*"


def test_what_is_kept_beside_an_effect_that_waits() -> None:
    assert failure_replies.write_limit() == "GitHub's limit of writes a minute or an hour is used up"
    assert (
        failure_replies.out_of_time() == "it was not done within the time that a worker has: something answers slowly"
    )
    assert failure_replies.broke("KeyError") == "KeyError inside Valine"
