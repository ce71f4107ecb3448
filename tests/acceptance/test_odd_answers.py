"""A day on which GitHub and Discord now and then answer nonsense: nothing breaks, and in the end nothing is left."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from acceptance.stories import REPOSITORY, a_team
from fuzzing import errors_logged
from services.test_odd_answers import OddBytes
from valine_twins.transport import ActError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acceptance.stories import Team


@contextlib.contextmanager
def nothing_breaks() -> Iterator[None]:
    """Within it, no envelope may break the engine, and no effect Valine: what nobody expected is logged."""
    with errors_logged() as said:
        yield
    broken = [logging.Formatter().format(record) for record in said if record.exc_info]
    assert not broken, broken[0]


# The same days each time, and none shrunk: that takes longer than reading one.
@settings(max_examples=15, derandomize=True, phases=[Phase.explicit, Phase.generate])
@given(st.data())
async def test_odd_answers_break_no_slice_and_leave_nothing_doubled(data: st.DataObject) -> None:
    async with a_team(2, judged=False) as team:
        wires = [OddBytes.of(client) for client in team.world.system.clients]
        with nothing_breaks():
            for act in (plans, approves, works, ships):
                data.draw(st.sampled_from(wires)).spoil(data)
                with contextlib.suppress(ActError):  # what they wanted to click may not be there
                    await act(team)
            for odd_bytes in wires:
                odd_bytes.heal()
            await team.wait(hours=2)

        heads = [pull["head"] for pull in team.repository()["pull_requests"] if pull["state"] == "open"]
        assert len(set(heads)) == len(heads)
        for active in (await team.world.system.store.repository(REPOSITORY)).active:
            assert (await team.run(active.number)).pending == {}


async def plans(team: Team) -> None:
    await team.says("/plan", by="Ana")


async def approves(team: Team) -> None:
    await team.clicks("Approve", by="Ana")


async def works(team: Team) -> None:
    run = await team.world.system.store.run(REPOSITORY, 1)
    for task in run.tasks if run else ():
        await team.finishes(task)
    await team.wait(minutes=20)


async def ships(team: Team) -> None:
    await team.says("/ship", by="Ana")
    for label in team.buttons("Ana"):
        await team.clicks(label, by="Ana")
