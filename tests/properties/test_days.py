"""Days: in everybody's own time zone, whatever happens to its clocks."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskapp.domain import dates
from taskapp.services import accounts, tasks
from taskapp.services.filters import Filter

from .stored import assert_sound, somebody

# Around changes of the clocks: an hour or half of one skipped or repeated, and a day left out.
AROUND = [
    ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
    ("America/Caracas", datetime(2007, 12, 9, 7, tzinfo=UTC)),
    ("Africa/Casablanca", datetime(2026, 2, 15, 2, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
]
ZONES = sorted({name for name, _ in AROUND} | {"UTC", "Pacific/Kiritimati"})
MINUTES = st.integers(-1600, 1600)
DUE = st.lists(
    st.tuples(st.sampled_from(AROUND), MINUTES, st.booleans(), st.integers(-2, 2)), max_size=8
)
MANY = settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.mark.parametrize("minutes", [-1441, -31, -1, 0, 1, 29, 30, 59, 60, 1441])
def test_in_every_zone_an_instant_stands_at_its_local_day_and_minute(minutes: int) -> None:
    for name in sorted(available_timezones() - {"localtime"}):
        for _, change in AROUND:
            moment = change + timedelta(minutes=minutes)
            local = moment.astimezone(ZoneInfo(name))
            place = dates.agenda(None, moment, name)
            assert place == local.strftime("%Y-%m-%dT%H:%M")
            assert dates.day_of(place) == dates.today(name, moment)
            day = local.date()
            assert dates.agenda_from(day) <= place < dates.agenda(day, None, name)
            assert dates.agenda(day, None, name) < dates.agenda_after(day) < dates.UNDATED


@pytest.mark.usefixtures("context")
@MANY
@given(DUE, st.lists(st.sampled_from(ZONES), max_size=3), st.sampled_from(AROUND), MINUTES)
def test_today_and_the_agenda_are_those_of_the_zone_that_one_is_in(
    due: list[Any], zones: list[str], around: Any, minutes: int
) -> None:
    actor, zone_name = somebody(), "UTC"
    for (_, change), off, timed, start in due:
        moment = change + timedelta(minutes=off)
        when = {"due_at": moment} if timed else {"due_on": moment.date()}
        begin = around[1].date() + timedelta(days=start) if start else None
        tasks.create(actor, title="x", start_on=begin, **when)
    tasks.create(actor, title="undated")
    days = {row.id: row.due_on for row in tasks.list_page(actor).rows}
    for name in ["UTC", *zones]:
        accounts.change_settings(actor, {"time_zone": name})
        zone_name = name
        assert_sound(actor, zone_name)
        listed = tasks.list_page(actor, sort="due").rows
        assert {row.id: row.due_on for row in listed} == days
        assert list(listed) == sorted(listed, key=lambda row: (local(row, name), row.id))
        today = dates.today(name, around[1] + timedelta(minutes=minutes))
        shown = tasks.list_page(actor, Filter(completed=False, due_to=today, started_by=today)).rows
        assert {row.id for row in shown} == {
            row.id
            for row in listed
            if local(row, name)[0] <= today and (row.start_on or today) <= today
        }


def local(row: Any, zone_name: str) -> tuple[date, float]:
    """The day and minute of somebody's calendar on which a task is due; undated ones come last."""
    if row.due_at is not None:
        there = row.due_at.astimezone(ZoneInfo(zone_name))
        return there.date(), there.hour * 60 + there.minute
    return row.due_on or date.max, 1440
