from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from builders import NOON, a_repository, after
from valine.orchestrator.write_budget import A_MINUTE, AN_HOUR, reserve, wait


@given(st.lists(st.tuples(st.floats(0, 40), st.integers(1, 3)), max_size=400))
def test_no_sequence_of_writes_exceeds_what_github_allows(wishes: list[tuple[float, int]]) -> None:
    repository, now, made = a_repository(), NOON, list[float]()
    for pause, cost in wishes:
        now += timedelta(seconds=pause)
        waiting = wait(repository, now, cost)
        now += timedelta(seconds=waiting)
        assert wait(repository, now, cost) == 0.0
        repository = reserve(repository, now, cost)
        made += [now.timestamp()] * cost

    for span, most in ((60, A_MINUTE), (3600, AN_HOUR)):
        assert all(made[n + most] - made[n] >= span for n in range(len(made) - most))
    assert len(repository.writes) <= AN_HOUR


def test_writes_one_after_another_keep_to_the_hour() -> None:
    repository, now = a_repository(), NOON
    for _ in range(AN_HOUR + 1):
        now += timedelta(seconds=wait(repository, now, 1))
        repository = reserve(repository, now, 1)

    assert now - NOON >= timedelta(hours=1)


def test_a_fresh_repository_waits_for_nothing() -> None:
    assert wait(a_repository(), NOON, 2) == 0.0


def test_the_last_write_of_the_minute_is_allowed_and_the_next_waits() -> None:
    repository = reserve(a_repository(), NOON, A_MINUTE - 1)

    assert wait(repository, NOON, 1) == 0.0
    assert wait(repository, NOON, 2) == 61.0
    assert wait(repository, after(61), 2) == 0.0


def test_what_is_older_than_an_hour_is_forgotten() -> None:
    repository = reserve(reserve(a_repository(), NOON, 3), after(3601), 1)

    assert repository.writes == (int(after(3601).timestamp()),)


def test_writes_wait_for_as_many_old_ones_as_they_need_the_room_of() -> None:
    first, second = reserve(a_repository(), NOON, A_MINUTE - 2), after(10)
    repository = reserve(first, second, 2)

    assert [wait(repository, after(20), cost) for cost in (1, 2, A_MINUTE - 2)] == [41.0, 41.0, 41.0]
    assert [wait(repository, after(20), cost) for cost in (A_MINUTE - 1, A_MINUTE)] == [51.0, 51.0]


def test_writes_made_one_by_one_make_room_one_by_one() -> None:
    repository = a_repository()
    for second in range(A_MINUTE // 2):
        repository = reserve(repository, after(second), 2)

    assert [wait(repository, after(45), cost) for cost in (1, 2, 3, 4, 5)] == [16.0, 16.0, 17.0, 17.0, 18.0]


def test_what_was_written_a_minute_ago_counts_no_more_and_an_hour_ago_is_forgotten() -> None:
    repository = reserve(a_repository(), NOON, A_MINUTE)

    assert (wait(repository, after(59), 1), wait(repository, after(60), 1)) == (2.0, 0.0)
    assert reserve(repository, after(3600), 0).writes == ()
    assert len(reserve(repository, after(3599), 0).writes) == A_MINUTE
