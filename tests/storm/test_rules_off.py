"""A check that cannot fail proves nothing: with a rule of the design switched off, the storm finds out.

Each switch is in here: an adapter or a rule made otherwise, handed to the storm in place of the real one.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from storm.inside import Store
from storm.play import play
from storm.process import Parts
from valine.engine import Engine
from valine.errors import Permanent
from valine.orchestrator import write_budget
from valine.orchestrator.decide import desired_effects, ship_commands
from valine.orchestrator.facts import display, documents, of_run
from valine.orchestrator.model.effects import EnsureBranch, EnsureComment, EnsurePullRequest, MergePullRequest
from valine.orchestrator.model.events import BranchEnsured, CommentEnsured, PullRequestEnsured
from valine.orchestrator.model.run import Run
from valine.orchestrator.model.states import PullNumber, Sha
from valine.orchestrator.naming import short_hash
from valine.ports import Sent
from valine.services.discord.chat import DiscordChat
from valine.services.github.branches import head_of
from valine.services.github.forge import GitHubForge
from valine.services.github.pulls import get_pull
from valine.services.github.shapes import Pull
from valine.view import github
from valine.view.cards import RENDERING, Rendering

if TYPE_CHECKING:
    from datetime import datetime

    from valine.orchestrator.model.decision import Outcome, State
    from valine.orchestrator.model.effects import ForgeEffect
    from valine.orchestrator.model.events import Result, ShipConfirmed
    from valine.orchestrator.model.run import Posted
    from valine.ports import Commit, Delivery, Inbox

pytestmark = pytest.mark.proof
replace = msgspec.structs.replace
CHAINED = 6  # three issues, each depending on the one before it
NO_CHECKS = 3  # the team that asks for none: what is pushed can be merged at once


def laws(profile: str, seeds: int, parts: type[Parts] = Parts, team: int | None = None) -> set[str]:
    """The laws that the first seed to break any breaks; empty if none of so many does."""
    for seed in range(seeds):
        violations = play(seed, profile=profile, team=team, parts=parts).violations
        if violations:
            return {violation.law for violation in violations}
    return set()


class Hasty(GitHubForge):
    """Comments without looking whether it has."""

    async def perform(self, effect: ForgeEffect) -> Result:
        if not isinstance(effect, EnsureComment):
            return await super().perform(effect)
        body = {"body": github.comment_body(effect)}
        path = "/repos/{owner}/{repo}/issues/{issue_number}/comments"
        await self._api.write("POST", path, body, issue_number=effect.number)
        return CommentEnsured(issue=effect.issue, name=effect.name)


class Trusting(GitHubForge):
    """Takes whatever has the right name for its own."""

    async def perform(self, effect: ForgeEffect) -> Result:
        try:
            return await super().perform(effect)
        except Permanent as error:
            if error.failure.code != "stranger":
                raise
        if isinstance(effect, EnsureBranch):
            return BranchEnsured(issue=effect.issue, start=Sha(await head_of(self._api, effect.branch) or ""))
        assert isinstance(effect, EnsurePullRequest)
        head = f"{self._api.owner}:{effect.branch}"
        path = "/repos/{owner}/{repo}/pulls{?state,head,per_page,page}"
        found = [pull async for pull in self._api.pages(path, Pull, state="open", head=head)]
        return PullRequestEnsured(issue=effect.issue, pull_request=PullNumber(found[0].number))


class Whatever(GitHubForge):
    """Merges the head that is there, whichever was confirmed."""

    async def perform(self, effect: ForgeEffect) -> Result:
        if isinstance(effect, MergePullRequest):
            pull = await get_pull(self._api, effect.pull_request)
            effect = replace(effect, head=Sha(pull.head.sha))
        return await super().perform(effect)


class Forgetful(Store):
    """Keeps no record of the commands it carried out."""

    async def inbox(self, id: str, now: datetime) -> Inbox | None:  # noqa: A002 - the port's name
        await super().inbox(id, now)
        return None

    async def commit(self, commit: Commit, now: datetime) -> None:
        await super().commit(replace(commit, inbox=None), now)


class LastOneWins(Store):
    """Stores whatever comes, whatever is there."""

    async def _keep(self, commit: Commit, now: datetime) -> None:
        run, record, history = commit.run, commit.repository, commit.history
        if run is not None:
            stored = self._store.look(run.repository, run.number)
            run = replace(run, version=stored.version if stored else 0)
            history = replace(history, number=run.version + 1) if history else None
        if record is not None:
            record = replace(record, version=self._store.record(record.name).version)
        await super()._keep(replace(commit, run=run, repository=record, history=history), now)


class NeverWoken(Store):
    """Sets no alarm clock."""

    async def commit(self, commit: Commit, now: datetime) -> None:
        run = replace(commit.run, wake_at=None) if commit.run else None
        await super().commit(replace(commit, run=run), now)


class Unmoved(DiscordChat):
    """Says a thing once, and never again."""

    async def ensure_message(self, *, posted: Posted | None, **given: Any) -> Sent:
        return (
            Sent(message=posted.message) if posted is not None else await super().ensure_message(posted=posted, **given)
        )


def test_without_a_refresh_before_a_repeat_the_storm_finds_a_thing_twice() -> None:
    class Off(Parts):
        forge = Hasty

    assert "one comment" in laws("open", 60, Off)


def test_without_the_check_of_the_uid_the_storm_finds_foreign_work_used() -> None:
    class Off(Parts):
        forge = Trusting

    assert "foreign" in laws("past", 30, Off)


def test_without_the_inbox_the_storm_finds_a_command_obeyed_twice() -> None:
    class Off(Parts):
        store = Forgetful

    assert laws("crash", 60, Off) & {"once", "nothing lost"}


def test_without_compare_and_swap_the_storm_finds_lost_updates() -> None:
    class Off(Parts):
        store = LastOneWins

    assert laws("frozen", 80, Off) & {"history", "the board is true", "the graph", "final is final", "claims"}


def test_without_the_scheduler_the_storm_finds_work_that_nobody_goes_on_with() -> None:
    class Off(Parts):
        store = NeverWoken

    assert laws("crash-open", 30, Off) & {"convergence", "no proposal stuck"}


def test_without_the_hash_of_what_was_approved_the_storm_finds_a_merge_nobody_confirmed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    strict = ship_commands.confirmed

    def loose(state: State, run: Run, event: ShipConfirmed) -> Outcome:
        seen = ship_commands._refreshed(run, event)
        if isinstance(seen, Run):
            event = replace(event, heads=ship_commands.heads_digest(ship_commands.shippable(seen)))
        return strict(state, run, event)

    monkeypatch.setattr(ship_commands, "confirmed", loose)

    assert "merge" in laws("pushy", 60, team=NO_CHECKS)


def test_with_whatever_head_is_there_merged_the_storm_finds_one_nobody_confirmed() -> None:
    class Off(Parts):
        forge = Whatever

    assert "merge" in laws("hands", 40, Off)


def test_without_the_budget_of_writes_the_storm_finds_more_than_github_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_budget, "wait", lambda *_: 0.0)

    assert "write limits" in laws("crash-open", 60)


def test_without_the_order_of_what_depends_the_storm_finds_it_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (ship_commands, desired_effects):
        monkeypatch.setattr(module, "waits_for", lambda *_: ())

    assert "order" in laws("ship", 30, team=CHAINED)


def test_with_boards_left_as_they_are_the_storm_finds_them_untrue() -> None:
    class Off(Parts):
        chat = Unmoved

    assert "the board is true" in laws("ship", 5, Off)


def test_with_everybody_mentioned_the_storm_finds_who_should_not_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_run, "mentioned", lambda run, _: tuple(run.plan.policy.people.values()))

    assert "notifications" in laws("open", 20)


WRITTEN_WITH: ContextVar[Rendering] = ContextVar("WRITTEN_WITH", default=RENDERING)


class Reading(Engine):
    """Says which rendering is its process's, to a key of what is rendered."""

    def __init__(self, *, rendering: Rendering = RENDERING, **given: Any) -> None:
        super().__init__(rendering=rendering, **given)
        self._rendering = rendering

    async def handle(self, taken: Delivery) -> None:
        WRITTEN_WITH.set(self._rendering)
        await super().handle(taken)


def key_of_the_text(found: documents.Document) -> str:
    """What a document counted as shown by before it had facts."""
    pages = WRITTEN_WITH.get().render(found)
    return short_hash(*(msgspec.json.encode(page.body).decode() for page in pages))


@pytest.mark.parametrize("profile", ["release", "release-beside"])
def test_with_texts_deciding_what_is_shown_the_storm_finds_that_a_release_breaks_it(
    profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Off(Parts):
        engine = Reading

    for module in (display, documents):
        monkeypatch.setattr(module, "key", key_of_the_text)

    assert laws(profile, 40, Off) & {"no proposal stuck", "history"}


def test_with_every_rule_on_the_same_seeds_break_no_law() -> None:
    profiles = ("open", "past", "crash", "frozen", "crash-open", "pushy", "release", "release-beside")

    assert {profile: laws(profile, 10) for profile in profiles} == {profile: set() for profile in profiles}
