"""What every RunStore keeps. A store's test class inherits this and supplies the fixture `store`, empty.

One that several processes may open at once inherits SharedRunStoreContract, and supplies `connect` as well.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

import msgspec
import pytest

from builders import (
    NOON,
    REPOSITORY,
    a_history,
    a_plan,
    a_plan_item,
    a_repository,
    a_run,
    after,
    an_active,
    an_inbox,
    noise,
)
from samples import samples, union_samples
from valine.documents import MAX_DOCUMENT
from valine.errors import Conflict, TooLarge
from valine.orchestrator.model.events import Event
from valine.orchestrator.model.run import Repository, Run
from valine.orchestrator.model.states import RunNumber, RunStatus
from valine.ports import Commit, Inbox, RunStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

RACERS = 50


async def load(store: RunStore, number: int = 1) -> Run:
    run = await store.run(REPOSITORY, number)
    assert run is not None
    return run


async def try_to(store: RunStore, commit: Commit) -> bool:
    try:
        await store.commit(commit, NOON)
    except Conflict:
        return False
    return True


class RunStoreContract:
    """The promises of the port."""

    async def test_what_was_never_stored_is_absent(self, store: RunStore) -> None:
        assert await store.run(REPOSITORY, 1) is None
        assert await store.inbox("c1", NOON) is None
        assert await store.repository(REPOSITORY) == Repository(name=REPOSITORY)
        assert list(await store.history(REPOSITORY, 1)) == []
        assert list(await store.recent(REPOSITORY)) == []
        assert list(await store.due(NOON)) == []

    async def test_all_four_parts_come_back_one_version_on(self, store: RunStore) -> None:
        run, repository, inbox = a_run(), a_repository(active=(an_active(),)), an_inbox()
        history = a_history(run, repository=repository)

        await store.commit(Commit(run=run, repository=repository, history=history, inbox=inbox), NOON)

        assert await store.run(REPOSITORY, 1) == msgspec.structs.replace(run, version=1)
        assert await store.repository(REPOSITORY) == msgspec.structs.replace(repository, version=1)
        assert list(await store.history(REPOSITORY, 1)) == [history]
        assert await store.inbox("c1", NOON) == inbox

    async def test_every_field_of_a_run_survives(self, store: RunStore) -> None:
        for number, sample in enumerate(samples(Run), start=1):
            run = msgspec.structs.replace(sample, number=RunNumber(number), repository=REPOSITORY, version=0)
            await store.commit(Commit(run=run), NOON)

            assert await store.run(REPOSITORY, number) == msgspec.structs.replace(run, version=1)

    async def test_every_field_of_a_repository_and_an_inbox_survives(self, store: RunStore) -> None:
        for number, sample in enumerate(samples(Repository)):
            repository = msgspec.structs.replace(sample, name=f"team/app{number}", version=0)
            await store.commit(Commit(repository=repository), NOON)

            assert await store.repository(repository.name) == msgspec.structs.replace(repository, version=1)
        for number, answered in enumerate(samples(Inbox)):
            inbox = msgspec.structs.replace(answered, id=f"c{number}")
            await store.commit(Commit(inbox=inbox), inbox.at)

            assert await store.inbox(inbox.id, inbox.at) == inbox

    async def test_every_kind_of_event_survives_in_the_history(self, store: RunStore) -> None:
        run = a_run()
        steps = [
            a_history(msgspec.structs.replace(run, version=version), event=event)
            for version, event in enumerate(union_samples(Event))
        ]

        for step in steps:
            loaded = msgspec.structs.replace(run, version=step.number - 1)
            await store.commit(Commit(run=loaded, history=step), NOON)

        assert list(await store.history(REPOSITORY, 1)) == steps

    async def test_a_run_is_stored_only_over_the_version_it_was_loaded_with(self, store: RunStore) -> None:
        await store.commit(Commit(run=a_run()), NOON)
        stale = await load(store)
        await store.commit(Commit(run=msgspec.structs.replace(stale, rounds=1)), NOON)

        for wrong in (a_run(), stale, msgspec.structs.replace(stale, version=3), a_run(9, version=1)):
            with pytest.raises(Conflict):
                await store.commit(Commit(run=wrong), NOON)

        assert await store.run(REPOSITORY, 1) == msgspec.structs.replace(stale, rounds=1, version=2)
        assert await store.run(REPOSITORY, 9) is None

    async def test_a_record_is_stored_only_over_the_version_it_was_loaded_with(self, store: RunStore) -> None:
        await store.commit(Commit(repository=a_repository()), NOON)
        stale = await store.repository(REPOSITORY)
        await store.commit(Commit(repository=msgspec.structs.replace(stale, writes=(1,))), NOON)

        for wrong in (a_repository(), stale, msgspec.structs.replace(stale, version=3), a_repository("a/b", version=1)):
            with pytest.raises(Conflict):
                await store.commit(Commit(repository=wrong), NOON)

        assert await store.repository(REPOSITORY) == msgspec.structs.replace(stale, writes=(1,), version=2)
        assert (await store.repository("a/b")).version == 0

    @pytest.mark.parametrize("loser", ["run", "repository", "inbox"])
    async def test_a_conflict_in_one_part_stores_none_of_them(self, store: RunStore, loser: str) -> None:
        await store.commit(Commit(run=a_run(), repository=a_repository(), inbox=an_inbox("old")), NOON)
        run, repository = await load(store), await store.repository(REPOSITORY)
        parts = {"run": run, "repository": repository, "history": a_history(run), "inbox": an_inbox("new")}
        stale = {
            "run": msgspec.structs.replace(run, version=0),
            "repository": msgspec.structs.replace(repository, version=0),
            "inbox": an_inbox("old"),
        }
        parts[loser] = stale[loser]
        if loser == "run":
            parts["history"] = a_history(a_run())

        with pytest.raises(Conflict):
            await store.commit(Commit(**parts), NOON)  # type: ignore[arg-type]

        assert await load(store) == run
        assert await store.repository(REPOSITORY) == repository
        assert list(await store.history(REPOSITORY, 1)) == []
        assert await store.inbox("new", NOON) is None

    async def test_a_conflict_harms_nothing_that_follows(self, store: RunStore) -> None:
        await store.commit(Commit(run=a_run()), NOON)
        with pytest.raises(Conflict):
            await store.commit(Commit(run=a_run()), NOON)

        await store.commit(Commit(run=await load(store)), NOON)

        assert (await load(store)).version == 2

    async def test_of_fifty_racers_exactly_one_wins(self, store: RunStore) -> None:
        await store.commit(Commit(run=a_run()), NOON)
        run = await load(store)
        commits = [
            Commit(run=msgspec.structs.replace(run, rounds=racer), history=a_history(run), inbox=an_inbox(f"c{racer}"))
            for racer in range(RACERS)
        ]

        won = await asyncio.gather(*(try_to(store, commit) for commit in commits))

        assert won.count(True) == 1
        winner = won.index(True)
        assert await store.run(REPOSITORY, 1) == msgspec.structs.replace(run, rounds=winner, version=2)
        assert len(await store.history(REPOSITORY, 1)) == 1
        kept = [racer for racer in range(RACERS) if await store.inbox(f"c{racer}", NOON)]
        assert kept == [winner]

    async def test_a_command_is_kept_once(self, store: RunStore) -> None:
        await store.commit(Commit(inbox=an_inbox(run=1)), NOON)

        with pytest.raises(Conflict):
            await store.commit(Commit(inbox=an_inbox(run=2)), after(60))

        assert await store.inbox("c1", after(60)) == an_inbox(run=1)

    async def test_a_command_is_forgotten_after_thirty_days_and_can_come_again(self, store: RunStore) -> None:
        await store.commit(Commit(inbox=an_inbox(run=1)), NOON)
        still, no_longer = NOON + timedelta(days=29, hours=23), NOON + timedelta(days=30, seconds=2)

        assert await store.inbox("c1", still) == an_inbox(run=1)
        assert await store.inbox("c1", no_longer) is None
        again = an_inbox(run=2, at=no_longer)
        await store.commit(Commit(inbox=again), no_longer)
        assert await store.inbox("c1", no_longer) == again

    async def test_clearing_out_what_expired_leaves_the_rest(self, store: RunStore) -> None:
        for number in range(30):
            await store.commit(Commit(inbox=an_inbox(f"old{number}")), NOON)
        month = NOON + timedelta(days=30, seconds=2)
        fresh = [an_inbox(f"new{number}", at=month) for number in range(5)]

        for inbox in fresh:
            await store.commit(Commit(inbox=inbox), month)

        assert [await store.inbox(inbox.id, month) for inbox in fresh] == fresh

    async def test_due_are_the_runs_whose_time_has_come_earliest_first(self, store: RunStore) -> None:
        times = {1: after(3), 2: after(1), 3: after(5), 4: None, 5: after(4), 6: after(2)}
        for number, wake_at in times.items():
            await store.commit(Commit(run=a_run(number, wake_at=wake_at)), NOON)

        assert [run.number for run in await store.due(after(4))] == [2, 6, 1, 5]
        assert [run.number for run in await store.due(after(4), limit=2)] == [2, 6]
        assert list(await store.due(NOON)) == []

    async def test_a_run_that_nothing_wakes_any_more_is_never_due(self, store: RunStore) -> None:
        await store.commit(Commit(run=a_run(wake_at=NOON)), NOON)
        [found] = await store.due(NOON)
        assert (found.number, found.uid, found.wake_at) == (1, "uid-1", NOON)

        await store.commit(Commit(run=msgspec.structs.replace(await load(store), wake_at=None)), NOON)

        assert list(await store.due(after(10**9))) == []

    async def test_a_run_that_was_put_off_is_due_later(self, store: RunStore) -> None:
        await store.commit(Commit(run=a_run(wake_at=NOON)), NOON)

        await store.commit(Commit(run=msgspec.structs.replace(await load(store), wake_at=after(9))), NOON)

        assert list(await store.due(after(8))) == []
        assert len(await store.due(after(9))) == 1

    async def test_runs_of_all_repositories_are_due(self, store: RunStore) -> None:
        for name in ("a/b", "a/c"):
            await store.commit(Commit(run=a_run(repository=name, wake_at=NOON)), NOON)

        assert {run.repository for run in await store.due(NOON)} == {"a/b", "a/c"}

    async def test_recent_pages_through_one_repository_newest_first(self, store: RunStore) -> None:
        for number in range(1, 8):
            await store.commit(Commit(run=a_run(number, created_at=after(number))), NOON)
        await store.commit(Commit(run=a_run(1, repository="a/b", created_at=after(3))), NOON)

        pages = [await store.recent(REPOSITORY, limit=3)]
        while pages[-1] and len(pages) < 5:
            pages.append(await store.recent(REPOSITORY, limit=3, before=pages[-1][-1].created_at))

        assert [[run.number for run in page] for page in pages] == [[7, 6, 5], [4, 3, 2], [1], []]

    async def test_a_summary_tells_the_run_as_it_is_now(self, store: RunStore) -> None:
        await store.commit(Commit(run=a_run(wake_at=NOON)), NOON)
        changed = msgspec.structs.replace(await load(store), status=RunStatus.IN_PROGRESS, wake_at=None)

        await store.commit(Commit(run=changed), NOON)

        [summary] = await store.recent(REPOSITORY)
        assert (summary.repository, summary.number, summary.uid) == (REPOSITORY, 1, "uid-1")
        assert (summary.status, summary.created_at, summary.wake_at) == ("in_progress", NOON, None)

    async def test_history_is_in_order_and_of_one_run(self, store: RunStore) -> None:
        await store.commit(Commit(run=a_run(2), history=a_history(a_run(2))), NOON)
        for version in range(12):
            run = a_run(version=version)
            await store.commit(Commit(run=run, history=a_history(run)), NOON)

        assert [step.number for step in await store.history(REPOSITORY, 1)] == list(range(1, 13))

    async def test_history_that_is_not_the_next_step_of_its_run_is_a_mistake(self, store: RunStore) -> None:
        run = a_run()

        for commit in (
            Commit(history=a_history(run)),
            Commit(run=run, history=a_history(run, number=2)),
            Commit(run=run, history=a_history(run, run=2)),
        ):
            with pytest.raises(ValueError, match="next step"):
                await store.commit(commit, NOON)

        assert await store.run(REPOSITORY, 1) is None

    async def test_what_no_store_could_take_is_refused_before_anything_is_written(self, store: RunStore) -> None:
        item = a_plan_item(title=noise(2 * MAX_DOCUMENT))

        with pytest.raises(TooLarge, match="fewer issues"):
            await store.commit(Commit(run=a_run(plan=a_plan(item)), inbox=an_inbox()), NOON)

        assert await store.run(REPOSITORY, 1) is None
        assert await store.inbox("c1", NOON) is None

    async def test_a_document_just_below_the_limit_is_stored(self, store: RunStore) -> None:
        run = a_run(plan=a_plan(a_plan_item(title=noise(MAX_DOCUMENT))))

        await store.commit(Commit(run=run), NOON)

        assert await store.run(REPOSITORY, 1) == msgspec.structs.replace(run, version=1)


class SharedRunStoreContract(RunStoreContract):
    """The promises that hold between processes too. `connect` opens the store that `store` is, once more."""

    def test_of_fifty_connections_that_race_exactly_one_wins(
        self, store: RunStore, connect: Callable[[], AbstractContextManager[RunStore]]
    ) -> None:
        asyncio.run(store.commit(Commit(run=a_run()), NOON))
        racers = count()

        def race(_: int) -> bool:
            racer = next(racers)
            with connect() as mine:
                run = a_run(version=1, rounds=racer)
                return asyncio.run(try_to(mine, Commit(run=run, history=a_history(run))))

        with ThreadPoolExecutor(max_workers=RACERS) as threads:
            won = list(threads.map(race, range(RACERS)))

        assert won.count(True) == 1
        assert asyncio.run(load(store)).version == 2
        assert len(asyncio.run(store.history(REPOSITORY, 1))) == 1

    def test_connections_that_try_again_lose_no_commit(
        self, store: RunStore, connect: Callable[[], AbstractContextManager[RunStore]]
    ) -> None:
        asyncio.run(store.commit(Commit(run=a_run()), NOON))

        async def add_one(mine: RunStore) -> None:
            while True:
                run = await load(mine)
                if await try_to(mine, Commit(run=msgspec.structs.replace(run, rounds=run.rounds + 1))):
                    return

        def work(_: int) -> None:
            with connect() as mine:
                for _ in range(5):
                    asyncio.run(add_one(mine))

        with ThreadPoolExecutor(max_workers=8) as threads:
            list(threads.map(work, range(8)))

        assert asyncio.run(load(store)).rounds == 40
        assert asyncio.run(load(store)).version == 41
