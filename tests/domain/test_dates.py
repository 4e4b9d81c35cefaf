"""taskapp.domain.dates"""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from taskapp.domain import dates
from taskapp.domain.errors import RuleViolation
from taskapp.domain.rules import Refused

DAY = date(2026, 3, 29)
NINE = datetime(2026, 3, 29, 9, tzinfo=UTC)
NEVER: dict[str, Any] = dict.fromkeys(dates.DUE)
ON_A_DAY = NEVER | {"due_on": DAY}
AT_NINE = NEVER | {"due_at": NINE, "due_zone": "Asia/Kolkata"}


@pytest.mark.parametrize("value", [None, dates.EARLIEST, DAY, dates.LATEST])
def test_days_from_1900_to_2999_are_kept(value: date | None) -> None:
    assert dates.day(value) == value


@pytest.mark.parametrize("value", [date(1899, 12, 31), date(3000, 1, 1), date.min, date.max])
def test_other_days_are_refused(value: date) -> None:
    with pytest.raises(Refused) as refused:
        dates.day(value)
    assert refused.value.code == "range"


def test_an_instant_is_kept_in_utc_to_the_minute() -> None:
    there = timezone(timedelta(hours=5, minutes=30))
    kept = dates.instant(datetime(2026, 3, 29, 14, 30, 59, 999_999, tzinfo=there))
    assert kept == NINE
    assert kept.tzinfo is UTC
    assert dates.instant(None) is None


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (datetime(2026, 3, 29, 9), "type"),  # noqa: DTZ001 (it is to be refused)
        (datetime(1900, 1, 1, tzinfo=timezone(timedelta(hours=1))), "range"),
        (datetime(2999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-1))), "range"),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=1))), "range"),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))), "range"),
    ],
)
def test_an_instant_without_an_offset_or_beyond_those_days_is_refused(
    value: datetime, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        dates.instant(value)
    assert refused.value.code == code


def test_a_zone_is_one_that_there_is() -> None:
    assert dates.zone("Asia/Kolkata") == "Asia/Kolkata"
    assert dates.zone(None) is None
    with pytest.raises(Refused):
        dates.zone("Mars/Olympus")


@pytest.mark.parametrize(
    ("zone_name", "day"),
    [("UTC", 29), ("Pacific/Kiritimati", 30), ("Pacific/Niue", 28), ("Europe/Berlin", 29)],
)
def test_today_is_ones_own(zone_name: str, day: int) -> None:
    assert dates.today(zone_name, datetime(2026, 3, 29, 10, 30, tzinfo=UTC)) == date(2026, 3, day)


@pytest.mark.parametrize(
    ("given", "now", "then"),
    [
        # Nothing of it is named.
        ({"title": "x"}, AT_NINE, {}),
        # A day takes the place of an instant and the reverse.
        ({"due_on": DAY}, AT_NINE, ON_A_DAY),
        ({"due_at": NINE}, ON_A_DAY, NEVER | {"due_at": NINE, "due_zone": "UTC"}),
        ({"due_on": DAY, "due_at": None}, AT_NINE, ON_A_DAY),
        ({"due_at": NINE, "due_on": None}, ON_A_DAY, NEVER | {"due_at": NINE, "due_zone": "UTC"}),
        # What is cleared is cleared, and the other stays.
        ({"due_on": None}, ON_A_DAY, NEVER),
        ({"due_at": None}, AT_NINE, NEVER),
        ({"due_on": None}, AT_NINE, AT_NINE),
        ({"due_at": None}, ON_A_DAY, ON_A_DAY),
        # An instant keeps its zone until another is named; one's own if that is cleared.
        ({"due_at": NINE}, AT_NINE, AT_NINE),
        ({"due_zone": None}, AT_NINE, AT_NINE | {"due_zone": "UTC"}),
        ({"due_zone": "UTC"}, AT_NINE, AT_NINE | {"due_zone": "UTC"}),
    ],
)
def test_a_change_says_when_a_task_is_due(
    given: dict[str, Any], now: dict[str, Any], then: dict[str, Any]
) -> None:
    assert dates.due(given, now, "UTC") == then


@pytest.mark.parametrize(
    ("given", "now", "fault"),
    [
        ({"due_on": DAY, "due_at": NINE}, NEVER, ("due_at", "either")),
        ({"due_zone": "UTC"}, NEVER, ("due_zone", "alone")),
        ({"due_zone": "UTC"}, ON_A_DAY, ("due_zone", "alone")),
        ({"due_zone": "UTC", "due_on": DAY}, AT_NINE, ("due_zone", "alone")),
    ],
)
def test_both_at_once_or_a_zone_alone_are_refused(
    given: dict[str, Any], now: dict[str, Any], fault: tuple[str, str]
) -> None:
    with pytest.raises(RuleViolation) as refused:
        dates.due(given, now, "UTC")
    assert [(each.field, each.code) for each in refused.value.faults] == [fault]


def test_the_agenda_is_that_of_ones_own_calendar() -> None:
    assert dates.agenda(None, NINE, "UTC") == "2026-03-29T09:00"
    assert dates.agenda(None, NINE, "Pacific/Kiritimati") == "2026-03-29T23:00"
    assert dates.agenda(None, NINE, "Pacific/Niue") == "2026-03-28T22:00"
    assert dates.agenda(DAY, None, "Pacific/Niue") == "2026-03-29T24:00"
    assert dates.agenda(None, None, "UTC") == dates.UNDATED


def test_a_day_holds_its_minutes_then_what_is_due_at_any_time_of_it() -> None:
    last = dates.agenda(None, datetime(2026, 3, 29, 23, 59, tzinfo=UTC), "UTC")
    order = [
        dates.agenda(DAY - timedelta(days=1), None, "UTC"),
        dates.agenda_from(DAY),
        dates.agenda(None, datetime(2026, 3, 29, tzinfo=UTC), "UTC"),
        last,
        dates.agenda(DAY, None, "UTC"),
        dates.agenda_after(DAY),
        dates.agenda(dates.LATEST, None, "UTC"),
        dates.UNDATED,
    ]
    assert order == sorted(order)


def test_a_place_in_the_agenda_tells_its_day() -> None:
    assert dates.day_of(dates.agenda(None, NINE, "UTC")) == DAY
    assert dates.day_of(dates.agenda(DAY, None, "UTC")) == DAY
    assert dates.day_of(dates.UNDATED) is None
