"""What must hold of all that is written to GitHub."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from valine.orchestrator.model.states import RunStatus

if TYPE_CHECKING:
    from storm.checker import Checker
    from storm.process import Process
    from storm.world import World
    from valine.orchestrator.model.run import Run, Task
    from valine_twins.github.state import Pull
    from valine_twins.transport import Request

MARK = re.compile(r"<!-- valine:[\w-]+:\w+ -->")


class OnGitHub:
    """Sees every request after GitHub's twin has answered it; `watch` is told what must not be."""

    def __init__(self, world: World, checker: Checker) -> None:
        self._world = world
        self._checker = checker
        self._late: set[int] = (
            set()
        )  # comments of processes that had lost their partition, which any may have to take back

    def asked(self, process: Process, request: Request, *, sent: float, good: bool) -> None:
        """A request, `sent` at that time; `good` if what it asked for was done."""
        if request.path == "/graphql" and b"mutation" in request.body:
            self._checker.say("drafts", "GraphQL was asked for more than a look: only people make a draft ready")
        if request.method == "GET" or request.path == "/graphql":
            return
        self._checker.pace.wrote(process, request, sent)
        if request.method == "PUT" and request.path.endswith("/merge"):
            self._not_a_draft(process, int(request.path.split("/")[-2]))
        if good:
            self._wrote(process, request)

    def _not_a_draft(self, process: Process, number: int) -> None:
        """GitHub would refuse; but what is known to be a draft is not asked for."""
        found = self._task_of(number)
        if process.leased and found is not None and found[1].pull is not None and found[1].pull.draft:
            self._checker.say("drafts", f"a merge of #{number} was asked for, which was seen to be a draft")

    def _wrote(self, process: Process, request: Request) -> None:
        path, body = request.path.split("/")[4:], msgspec.json.decode(request.body) if request.body else {}
        match request.method, path:
            case "POST", _:
                self._made(process, path, body)
            case "PUT", ["pulls", number, "merge"]:
                self._merged(process, int(number))
            case "PATCH", ["pulls", number]:
                self._closed(process, int(number))
            case "DELETE", ["git", "refs", "heads", *branch]:
                self._deleted("/".join(branch))
            case _:
                pass

    def _made(self, process: Process, path: list[str], body: dict[str, Any]) -> None:
        """Something new: it was approved, it is ours, and it is the only one (who lost its partition takes it back)."""
        match path:
            case ["pulls"]:
                self._planned(body["head"])
                self._ours(body["head"])
                marks = MARK.findall(body["body"])
                pulls = [
                    one for n in self._world.code.issues if (one := self._world.pull(n)) and one.head == body["head"]
                ]
                same = [one for one in pulls if any(mark in (one.body or "") for mark in marks)]
                self._checker.one("pull request", body["head"], len(same) if process.leased else 1)
            case ["issues", number, "comments"]:
                for mark in MARK.findall(body["body"]):
                    comments = self._world.code.comments.items()
                    there = {key for key, one in comments if one.number == int(number) and mark in one.body}
                    if process.leased:
                        self._checker.one("comment", f"{mark} on #{number}", len(there - self._late))
                    else:
                        self._late |= there
            case ["releases"]:
                tags = [release.tag for release in self._world.code.releases]
                self._checker.one("release", body["tag_name"], tags.count(body["tag_name"]))
            case ["git", "refs"]:
                self._planned(body["ref"].removeprefix("refs/heads/"))
            case _:
                pass

    def _planned(self, branch: str) -> None:
        """Nothing is made for a plan that nobody approved."""
        run = next((run for run in self._world.runs() if any(task.branch == branch for task in run.tasks)), None)
        if run is None:
            self._checker.say("approval of the plan", f"{branch} belongs to no approved plan")
        elif not self._checker.consent.approved(run):
            self._checker.say("approval of the plan", f"nobody approved revision {run.plan.revision} of {run.name}")

    def _ours(self, branch: str) -> None:
        """A pull request is opened only from a branch that has the run's uid."""
        objects, name = self._world.github._objects, self._world.repository
        run = next((run for run in self._world.runs() if any(task.branch == branch for task in run.tasks)), None)
        head = self._world.code.refs.get(f"refs/heads/{branch}")
        if run is not None and head is not None:
            messages = [objects.commit(name, sha).message for sha in objects.log(name, head, 20)]
            if not any(f"Valine-Run: {run.uid}" in message for message in messages):
                self._checker.say("foreign", f"a pull request was opened from {branch}, which is not ours")

    def _task_of(self, number: int) -> tuple[Run, Task] | None:
        """Whose pull request that is: the last run's that took it up, one that goes on before one that is over."""
        found = [(run, task) for run in self._world.runs() for task in run.tasks if task.pull_request == number]
        return max(found, key=lambda pair: (not pair[0].final, pair[0].number), default=None)

    def _merged(self, process: Process, number: int) -> None:
        pull, found = self._world.pull(number), self._task_of(number)
        if pull is None or found is None:
            self._checker.say("merge", f"#{number} belongs to no run")
            return
        run, task = found
        if not task.adopted and not (pull.author == "valine-bot" and run.uid in (pull.body or "")):
            self._checker.say("foreign", f"#{number} was merged, and is not ours")
        if not self._checker.consent.approved(run):
            self._checker.say("merge", f"#{number}, but nobody approved revision {run.plan.revision}")
        if not self._checker.consent.confirmed(run, task.issue, pull.head_sha):
            self._checker.say("merge", f"#{number} at {pull.head_sha[:10]}, which nobody confirmed")
        if run.final and process.leased:
            self._checker.say("merge", f"#{number} after {run.name} was {run.status}")
        issue = self._world.code.issues[task.issue]
        for _, blocker in issue.blocked_by:
            other = run.task(blocker)
            there = self._world.code.issues[blocker]
            theirs = self._world.pull(other.pull_request) if other else None
            if there.open and (theirs is None or theirs.merged_at is None):
                self._checker.say("order", f"#{number} for #{task.issue} before #{blocker}, which it depends on")
        if self._tree_before(pull) == self._tree(self._world.code.refs[f"refs/heads/{pull.base}"]):
            self._checker.say("merge", f"#{number} is empty")

    def _tree(self, sha: str) -> str:
        return self._world.github._objects.commit(self._world.repository, sha).tree

    def _tree_before(self, pull: Pull) -> str:
        """What the base had before the merge that was just made, which may be one of several commits."""
        objects, name = self._world.github._objects, self._world.repository
        sha = self._world.code.refs[f"refs/heads/{pull.base}"]
        merged_at = pull.merged_at and pull.merged_at.replace(microsecond=0)  # commits know whole seconds
        while (commit := objects.commit(name, sha)).committer.date.replace(microsecond=0) == merged_at:
            sha = commit.parents[0]
        return commit.tree

    def _closed(self, process: Process, number: int) -> None:
        """Only a cancelled run closes, and only its own; or a process takes back what it doubled."""
        pull = self._world.pull(number)
        runs = [run for run in self._world.runs() if pull is not None and run.uid in (pull.body or "")]
        asked = any(run.status is RunStatus.CANCELLED and run.close_pull_requests for run in runs)
        doubled = self._task_of(number) is None and not process.leased
        if not asked and not doubled:
            self._checker.say("closing", f"#{number} was closed, and nobody asked for it")

    def _deleted(self, branch: str) -> None:
        """Only what a merged pull request of ours came from is deleted."""
        task = next((t for run in self._world.runs() for t in run.tasks if t.branch == branch), None)
        pull = self._world.pull(task.pull_request) if task else None
        if task is None or task.adopted or pull is None or pull.merged_at is None:
            self._checker.say("deleting", f"the branch {branch} of no merged pull request of ours")
