"""Everything that can be written, in the order in which docs/scenarios.md has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from valine_play.scenario.phrase import Phrase
from valine_play.scenario.phrases_expect import EXPECT

if TYPE_CHECKING:
    from valine_play.scenario.phrase import Part


def _made(part: Part, *rows: tuple[str, str, str] | tuple[str, str, str, dict[str, Any]]) -> tuple[Phrase, ...]:
    return tuple(Phrase(row[0], part, row[1], row[2], **(row[3] if len(row) > 3 else {})) for row in rows)  # noqa: PLR2004


GIVEN = _made(
    "given",
    ("issues", "given {n} issue[s]", "so many plain ones, labelled ready; without any given there are three"),
    ("no_issues", "given no issues", "an empty desk"),
    (
        "issue",
        (
            "given issue {issue} {title:text}[ {bare}][ labelled {labels:names}][ assigned to {logins:names}]"
            "[ blocked by {blockers:issues}][ opened {opened:date}]"
        ),
        "one issue, by ana; labelled ready unless said otherwise",
    ),
    ("says", "given issue {issue} says {text}", "its description"),
    ("policy", "given policy", '`.github/valine.toml`, indented below; `"<Ana>"` is her Discord id', {"block": "text"}),
    ("member", "given {person} is a {rank}", "one more on Discord, or another rank for one who is there"),
    ("access", "given {login} may {role}", "one more on GitHub"),
    ("public", "given a public repository", "everybody may read it"),
    ("reviews", "given {n} review[s] required", "before anything may be merged"),
    ("checks", "given checks required: {names}", "each must succeed before a merge"),
    ("strict", "given branches must be up to date", "with the base, before a merge"),
    ("no_drafts", "given no drafts", "the repository's plan has no draft pull requests"),
    ("methods", "given merges only by {names:methods}", "what the repository allows"),
)

DISCORD = _made(
    "discord",
    ("command", "{person}: /{command}", "they send a slash command"),
    ("command_in_thread", "{person} in the thread: /{command}", "the same, in the newest thread"),
    ("types", "{person} types /{command:typed} {text}", "into the option that completes; see expect suggestions"),
    ("accepts", "{person} sends the suggestion", "the command, with the first suggestion"),
    ("click", "{person} clicks {label}", "the newest button of that label that they see"),
    ("take_out", "{person} takes out {issues}", "in the select of the plan's card"),
    ("confirm", "{person} confirms", "with the button of the preflight that /ship showed"),
    ("starts", "{person} plans and approves[ {label:name}]", "/plan, then Approve", {"alone": True}),
    ("ships", "{person} ships[ {run}]", "/ship, then the confirming button", {"alone": True}),
    ("rank", "{person} becomes a {rank}", "the server's owner gives or takes the role"),
    ("delete_message", "somebody deletes the {message}", "the newest one of that kind"),
    ("archive_thread", "somebody archives the thread", "the newest one"),
    ("delete_thread", "somebody deletes the thread", "the newest one, with all that is in it"),
    ("forbid", "Valine may not {permission}", "in #shipping"),
    ("permit", "Valine may do everything in #shipping again", "the above is taken back"),
)

GITHUB = _made(
    "github",
    (
        "finish",
        "{login} finishes {issue}[ with {path:name} {text}]",
        "work is pushed and marked ready for review, and the check ci/test succeeds",
        {"alone": True},
    ),
    ("finish_without", "{login} finishes {issue} without a check", "the same, but no CI answers", {"alone": True}),
    ("finish_red", "{login} finishes {issue} with a red check", "the same, but the check fails", {"alone": True}),
    ("finish_all", "everything is finished", "every open pull request of Valine's, as above", {"alone": True}),
    ("push", "{login} pushes to {issue}[: {path:name} {text}]", "a commit on its branch"),
    ("push_nothing", "{login} pushes to {issue}: without {path:name}", "a commit that deletes a file"),
    ("push_branch", "{login} pushes to branch {branch:name}[: {path:name} {text}]", "a new one starts at main"),
    ("push_fork", "{login} pushes to branch {branch:name} of their fork", "a commit there"),
    ("force_push", "{login} force-pushes to {issue}", "another commit on main instead of what was there"),
    ("merge_base", "{login} merges main into {issue}[ with {path:name} {text}]", "the text settles a conflict"),
    ("undraft", "{login} marks {issue} ready for review", "no draft any more"),
    ("draft", "{login} marks {issue} a draft", "a draft again"),
    ("review", "{login} reviews {issue}: {verdict}", "a review of its pull request"),
    ("dismiss", "{login} dismisses the review of {issue} by {reviewer:login}", "it counts no more"),
    ("check", "check {check:name} of {issue}: {conclusion}", "what CI reports of its head; `test` is of workflow ci"),
    ("rerun", "{login} runs check {check:name} of {issue} again", "it is pending from now on"),
    ("vanish", "{login} runs check {check:name} of {issue} again, unseen", "the same, but it does not show yet"),
    (
        "open_pull",
        "{login} opens a pull request from {branch:name}[ for {issue}][ titled {text}]",
        "into main; it says that it closes the issue",
    ),
    ("close_pull", "{login} closes the pull request of {issue}", "without a merge"),
    ("close_titled", "{login} closes the pull request titled {text}", "the same, by its title"),
    ("reopen_pull", "{login} reopens the pull request of {issue}", "as it was"),
    ("merge", "{login} merges {issue} by hand", "with GitHub's own button"),
    ("retarget", "{login} retargets {issue} to {branch:name}", "its pull request leads into another branch"),
    ("delete_branch", "{login} deletes branch {branch:name}", "whosever it is"),
    ("delete_work", "{login} deletes the branch of {issue}", "GitHub closes its pull request"),
    ("restore_work", "{login} restores the branch of {issue}", "it may be reopened then"),
    ("open_issue", "{login} opens issue {text}[ labelled {labels:names}]", "a new one"),
    ("title", "{login} retitles {issue} {text}", "another title"),
    ("body", "{login} rewrites {issue} {text}", "another description"),
    ("block", "{login} blocks {issue} by {blockers:issues}", "GitHub's own dependencies"),
    ("label", "{login} labels {issue} {label:name}", "one more label"),
    ("label_pull", "{login} labels the pull request titled {text} {label:name}", "one more label"),
    ("unlabel", "{login} unlabels {issue} {label:name}", "one label less"),
    ("assign", "{login} assigns {issue} to {other:login}", "one more assignee"),
    ("close_issue", "{login} closes {issue}[ as {reason}]", "as completed, unless said otherwise"),
    ("reopen_issue", "{login} reopens {issue}", "the issue"),
    ("comment", "{login} comments on {issue}: {comment}", "on the issue"),
    ("comment_pull", "{login} comments on the pull request of {issue}: {comment}", "the same, there"),
    ("give_access", "the owner gives {login} {role} access", "to the repository"),
    ("no_access", "the owner removes {login}", "from the repository"),
    ("require", "the owner requires checks: {names}", "on main, from now on"),
    ("queue", "the owner requires a merge queue", "on main, from now on"),
    ("no_rules", "the owner lifts all rules", "on main"),
    ("archive", "the owner archives the repository", "nobody can write to it"),
    ("delete_repository", "the owner deletes the repository", "and all that is in it"),
)

VALINE = _made(
    "valine",
    ("wait", "wait {time}", "with everything that is due in it", {"alone": True}),
    ("wait_quiet", "wait until quiet", "as it is after every act anyway", {"alone": True}),
    ("together", "at once", "what is indented below happens in one moment", {"block": "steps", "alone": True}),
    (
        "before",
        "just before {which} {target}",
        "what is indented below happens then, once or as often",
        {"block": "steps"},
    ),
    ("fault", "{service}: {fault} {which} {target}", "something goes wrong, see below"),
    ("well", "{service} works again", "whatever went wrong is over"),
    ("revoke", "GitHub revokes Valine's token", "as if it had expired"),
    ("restore", "GitHub takes Valine's token again", "the same token"),
    ("unknown_mergeability", "GitHub ponders {n} times whether something can be merged", "it is not known before"),
    ("keep_issues", "GitHub leaves issues open after a merge", "so that Valine must close them"),
    ("no_commits", "GitHub denies new commits for {time}", "“No commits between …”"),
    ("redeliver_discord", "Discord delivers the last interaction again", "the same one, as a proxy might"),
    ("restart", "Valine restarts", "it stops where it is, and another process takes up its store", {"alone": True}),
    (
        "crash",
        "Valine dies before {which} {target}",
        "the process is gone; another takes up its store at once",
    ),
)

PHRASES: tuple[Phrase, ...] = (*GIVEN, *DISCORD, *GITHUB, *VALINE, *EXPECT)
