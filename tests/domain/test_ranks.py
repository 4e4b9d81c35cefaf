"""taskapp.domain.ranks"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskapp.domain import ranks

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
instants = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (in the zone that is named)


@given(instants, instants)
def test_what_is_made_later_comes_later(one: datetime, other: datetime) -> None:
    assert (ranks.at(one) < ranks.at(other)) == (one < other)


def test_of_several_at_one_instant_each_has_its_place() -> None:
    found = [ranks.at(NOON, place) for place in range(1000)]
    assert found == sorted(set(found))
    assert ranks.at(NOON, 1) == ranks.at(NOON + timedelta(microseconds=1))


@given(st.lists(st.integers(0, 50), max_size=60))
def test_there_is_room_between_any_two_and_at_both_ends(gaps: list[int]) -> None:
    order = [ranks.at(NOON), ranks.at(NOON, 1)]
    for gap in gaps:
        at = gap % (len(order) + 1)
        before = order[at - 1] if at else None
        after = order[at] if at < len(order) else None
        order.insert(at, ranks.between(before, after))
        assert [each.encode() for each in order] == sorted({each.encode() for each in order})


def test_the_first_of_all_has_a_rank_too() -> None:
    assert ranks.between(None, None)


def test_what_is_new_comes_after_what_was_put_last() -> None:
    last = ranks.at(NOON)
    for _ in range(100):
        last = ranks.between(last, None)
    assert last < ranks.at(NOON + timedelta(seconds=1))


@pytest.mark.parametrize("count", [0, 1, 2, 1000])
def test_ranks_anew_are_short_and_leave_what_is_new_the_last(count: int) -> None:
    found = ranks.spread(count)
    assert len(found) == count
    assert found == sorted(set(found))
    assert all(len(rank) < 8 and rank < ranks.at(NOON) for rank in found)
