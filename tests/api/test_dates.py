"""When a task is due and from when it can be begun, as the API takes and tells it"""

from typing import Any

import pytest

from ..callers import Caller, assert_problem

NINE = "2026-02-06T09:00:00Z"


def due(task: dict[str, Any]) -> tuple[str | None, str | None, str | None]:
    """When a task is due: the day, the instant, and its zone."""
    return task["due_on"], task["due_at"], task["due_zone"]


def live_in(caller: Caller, zone: str) -> None:
    """Move somebody into a time zone."""
    assert caller.patch("/auth/me", {"time_zone": zone}).status_code == 200


def test_a_task_is_due_on_a_day_or_at_an_instant_or_never(alice: Caller) -> None:
    assert due(alice.add_task()) == (None, None, None)
    assert due(alice.add_task(due_on="2026-02-06")) == ("2026-02-06", None, None)
    assert due(alice.add_task(due_at=NINE)) == (None, NINE, "UTC")


def test_an_instant_is_meant_in_ones_own_zone_unless_another_is_named(alice: Caller) -> None:
    live_in(alice, "Europe/Berlin")
    assert due(alice.add_task(due_at=NINE)) == (None, NINE, "Europe/Berlin")
    there = alice.add_task(due_at=NINE, due_zone="Asia/Tokyo")
    assert due(there) == (None, NINE, "Asia/Tokyo")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_zone_that_is_cleared_is_ones_own_again(alice: Caller, method: str) -> None:
    live_in(alice, "Europe/Berlin")
    path = f"/tasks/{alice.add_task(due_at=NINE, due_zone='Asia/Tokyo')['id']}"
    cleared = alice.call(method, path, json={"due_zone": None})
    assert due(cleared.json) == (None, NINE, "Europe/Berlin")
    alice.patch(path, {"due_on": "2026-02-06"})
    assert due(alice.patch(path, {"due_zone": None}).json) == ("2026-02-06", None, None)


def test_an_instant_is_kept_in_utc_to_the_minute(alice: Caller) -> None:
    task = alice.add_task(due_at="2026-02-06T10:30:59.999+05:30")
    assert task["due_at"] == "2026-02-06T05:00:00Z"


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_the_one_takes_the_place_of_the_other_and_null_clears(alice: Caller, method: str) -> None:
    task = alice.add_task(due_at=NINE, due_zone="Asia/Tokyo", start_on="2026-02-01")

    def change(**body: str | None) -> tuple[str | None, str | None, str | None]:
        answer = alice.call(method, f"/tasks/{task['id']}", json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json["start_on"] == "2026-02-01"
        return due(answer.json)

    at_nine = (None, NINE, "Asia/Tokyo")
    assert change(title="x") == at_nine
    assert change(due_on=None) == at_nine
    assert change(due_zone="Europe/Oslo") == (None, NINE, "Europe/Oslo")
    assert change(due_on="2026-02-07") == ("2026-02-07", None, None)
    assert change(due_at=None) == ("2026-02-07", None, None)
    assert change(due_at=NINE) == (None, NINE, "UTC")
    assert change(due_at=None) == (None, None, None)
    assert change(due_on="2026-02-07") == ("2026-02-07", None, None)
    assert change(due_on=None) == (None, None, None)


def test_the_day_to_begin_is_set_and_cleared(alice: Caller) -> None:
    task = alice.add_task(start_on="2026-02-01")
    path = f"/tasks/{task['id']}"
    assert alice.patch(path, {"due_on": "2026-02-06"}).json["start_on"] == "2026-02-01"
    assert alice.patch(path, {"start_on": None}).json["start_on"] is None


def test_both_at_once_or_a_zone_alone_are_refused(alice: Caller) -> None:
    path = f"/tasks/{alice.add_task()['id']}"
    both = {"due_on": "2026-02-06", "due_at": NINE}
    alone = {"due_zone": "Asia/Tokyo"}
    for body, fault in ((both, ("/due_at", "either")), (alone, ("/due_zone", "alone"))):
        assert_problem(alice.post("/tasks", {"title": "x"} | body), 422, "invalid", fault)
        assert_problem(alice.patch(path, body), 422, "invalid", fault)
    on_a_day = {"due_on": "2026-02-06", "due_zone": "Asia/Tokyo"}
    assert_problem(alice.patch(path, on_a_day), 422, "invalid", ("/due_zone", "alone"))
    assert alice.patch(path, {"due_on": "2026-02-06", "due_at": None}).status_code == 200


@pytest.mark.parametrize("name", ["due_on", "start_on"])
@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("1899-12-31", "range"),
        ("3000-01-01", "range"),
        ("0001-01-01", "range"),
        ("9999-12-31", "range"),
        ("2026-02-29", "type"),
        ("2026-2-6", "type"),
        ("20260206", "type"),
        ("2026-W06-5", "type"),
        ("\uff12026-02-06", "type"),
        ("2026-02-06T00:00:00Z", "type"),
        ("tomorrow", "type"),
        ("", "type"),
        (20260206, "type"),
        (True, "type"),
        (["2026-02-06"], "type"),
    ],
)
def test_a_day_is_one_that_calendars_know(alice: Caller, name: str, value: Any, code: str) -> None:
    refused = alice.post("/tasks", {"title": "x", name: value})
    assert_problem(refused, 422, "invalid", (f"/{name}", code))


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("1899-12-31T23:59:59Z", "range"),
        ("3000-01-01T00:00:00Z", "range"),
        ("0001-01-01T00:00:00+23:59", "range"),
        ("9999-12-31T23:59:59-23:59", "range"),
        ("2999-12-31T23:30:00-01:00", "range"),
        ("2026-02-06T09:00:00", "type"),
        ("2026-02-06 09:00:00Z", "type"),
        ("2026-02-06T24:00:00Z", "type"),
        ("2026-02-06T09:00:00+25:00", "type"),
        ("2026-02-06T09:00Z", "type"),
        ("2026-02-06", "type"),
        (1770368400, "type"),
        (None, ""),
    ],
)
def test_an_instant_is_one_that_calendars_know(alice: Caller, value: Any, code: str) -> None:
    answer = alice.post("/tasks", {"title": "x", "due_at": value})
    if code:
        assert_problem(answer, 422, "invalid", ("/due_at", code))
    else:
        assert answer.status_code == 201


def test_the_first_and_the_last_day_are_days(alice: Caller) -> None:
    live_in(alice, "Pacific/Kiritimati")
    for value in ("1900-01-01", "2999-12-31"):
        assert alice.add_task(due_on=value, start_on=value)["due_on"] == value
    for value in ("1900-01-01T00:00:00Z", "2999-12-31T23:59:00Z"):
        assert alice.add_task(due_at=value)["due_at"] == value
    live_in(alice, "Pacific/Pago_Pago")
    assert len(alice.get("/tasks?due_from=1900-01-01&due_to=2999-12-31").json) >= 3
    assert len(alice.get("/tasks?sort=due").json) == 4


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "localtime", "utc ", "a\0"])
def test_a_zone_is_one_of_the_iana_database(alice: Caller, zone: str) -> None:
    answer = alice.post("/tasks", {"title": "x", "due_at": NINE, "due_zone": zone})
    assert_problem(answer, 422, "invalid", ("/due_zone", "choice"))


def test_days_are_those_of_the_owners_calendar(alice: Caller) -> None:
    live_in(alice, "Asia/Tokyo")
    late = alice.add_task("late", due_at="2026-02-05T15:30:00Z")["id"]  # 00:30 on the 6th
    day = alice.add_task("day", due_on="2026-02-06")["id"]
    alice.add_task("undated")

    def on(first: str, last: str) -> list[int]:
        found = alice.get(f"/tasks?sort=due&due_from={first}&due_to={last}").json
        return [each["id"] for each in found]

    assert on("2026-02-06", "2026-02-06") == [late, day]
    assert on("2026-02-05", "2026-02-05") == []
    live_in(alice, "America/New_York")
    assert on("2026-02-05", "2026-02-05") == [late]
    assert on("2026-02-06", "2026-02-06") == [day]
    assert alice.get(f"/tasks/{late}").json["due_zone"] == "Asia/Tokyo"


def test_in_the_order_of_dates_what_has_none_comes_last(alice: Caller) -> None:
    alice.add_task("never")
    alice.add_task("day", due_on="2026-02-06")
    alice.add_task("nine", due_at=NINE)
    alice.add_task("before", due_on="2026-02-05")
    titles = [each["title"] for each in alice.get("/tasks?sort=due").json]
    assert titles == ["before", "nine", "day", "never"]
    titles = [each["title"] for each in alice.get("/tasks?sort=-due").json]
    assert titles == ["never", "day", "nine", "before"]


def test_what_can_be_begun_by_a_day(alice: Caller) -> None:
    alice.add_task("any time")
    alice.add_task("soon", start_on="2026-02-06")
    alice.add_task("later", start_on="2026-02-07")
    found = alice.get("/tasks?started_by=2026-02-06&sort=title").json
    assert [each["title"] for each in found] == ["any time", "soon"]
