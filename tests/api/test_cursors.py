"""Pages of GET /api/{user_id}/tasks: every task once, in order, whatever happens meanwhile."""

import re
import string
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, text
from werkzeug.test import TestResponse

from taskapp.db import db, transaction
from taskapp.domain.dates import agenda
from taskapp.models import Task
from taskapp.schemas.tasks import SORTS

from ..callers import Caller, assert_problem

NEXT = re.compile(r'<([!#-;=?-Z\[\]_a-z~%]+)>; rel="next"')  # a URI-Reference between < and >
BASE64 = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"

# Few values, so that most tasks tie with others in every order.
DAY = datetime(2026, 1, 31, tzinfo=UTC)
moments = st.sampled_from([DAY, DAY + timedelta(microseconds=1), DAY + timedelta(seconds=1)])
rows = st.fixed_dictionaries(
    {
        "title": st.sampled_from(["apple", "Apple", "banana", "BANANA", "cherry"]),
        "completed": st.booleans(),
        "created_at": moments,
        "updated_at": moments,
        # Done, but nobody knows when, or open: both come of rows that others put in.
        "completed_at": st.none() | moments,
        "rank": st.sampled_from(["a0", "a0V", "b0"]),
        "due": st.sampled_from([None, date(2026, 2, 6), date(2026, 2, 7)]),
    }
)


def next_page(response: TestResponse) -> str | None:
    """The URL that the Link header names; None at the end."""
    links = response.headers.getlist("Link")
    if not links:
        return None
    assert len(links) == 1
    match = NEXT.fullmatch(links[0])
    assert match, links[0]
    return match[1]


def cursor_of(response: TestResponse) -> str:
    """The cursor in the Link header."""
    return dict(parse_qsl(urlsplit(next_page(response) or "").query, strict_parsing=True))["cursor"]


def pages(caller: Caller, **query: Any) -> Iterator[list[dict[str, Any]]]:
    """Page after page, as a client that follows links sees them."""
    path = f"/tasks?{urlencode(query)}"
    for _ in range(200):
        response = caller.get(path)
        assert response.status_code == 200, response.text
        yield response.json or []
        url = next_page(response)
        if url is None:
            return
        path = url.removeprefix("/api")
    raise AssertionError("the pages do not come to an end")


def add(app: Flask, owner: Caller, new: list[dict[str, Any]]) -> None:
    """Store tasks with moments of one's own choice."""
    with app.app_context(), transaction() as session:
        for row in new:
            due = row["due"]
            marks = {"user_id": owner.id, "due_on": due, "agenda": agenda(due, None, "UTC")}
            stored = {name: value for name, value in row.items() if name != "due"}
            session.execute(insert(Task).values(stored | marks))


def remove(app: Flask, task_ids: list[int]) -> None:
    """Delete tasks."""
    with app.app_context(), transaction() as session:
        session.execute(delete(Task).where(Task.id.in_(task_ids)))


def place(task: dict[str, Any], sort: str) -> tuple[Any, int]:
    """Where a task stands in an order."""
    keys: dict[str, Any] = {
        "title": task["title"].lower(),
        "rank": task["rank"],
        "due": task["due_on"] or "~",  # what has no date comes last
        "completed_at": datetime.fromisoformat(task["completed_at"] or task["created_at"]),
        "created_at": datetime.fromisoformat(task["created_at"]),
        "updated_at": datetime.fromisoformat(task["updated_at"]),
    }
    return keys[sort.removeprefix("-")], task["id"]


def is_listed(task: dict[str, Any], sort: str, completed: bool | None) -> bool:
    """Whether a list in that order, under that filter, has the task."""
    if sort.endswith("completed_at") and not task["completed"]:
        return False
    return completed in (None, task["completed"])


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_every_task_that_is_there_throughout_is_shown_once_and_in_order(
    app: Flask, alice: Caller, data: st.DataObject
) -> None:
    sort = data.draw(st.sampled_from(SORTS))
    completed = data.draw(st.sampled_from([None, True, False]))
    limit = data.draw(st.integers(1, 6))
    before = data.draw(st.lists(rows, max_size=20))
    query: dict[str, Any] = {"sort": sort, "limit": limit}
    if completed is not None:
        query["completed"] = str(completed).lower()
    remove(app, [task["id"] for task in alice.get("/tasks?limit=500").json or []])
    add(app, alice, before)
    staying = {
        task["id"]
        for task in alice.get("/tasks?limit=500").json or []
        if is_listed(task, sort, completed)
    }

    shown: list[dict[str, Any]] = []
    for page in pages(alice, **query):
        assert len(page) <= limit
        shown += page
        ids = [task["id"] for task in shown]
        assert len(ids) == len(set(ids))
        if len(shown) < 60:  # or it would not end
            add(app, alice, data.draw(st.lists(rows, max_size=2)))
        some = st.lists(st.sampled_from(sorted(staying) or [0]), max_size=2)
        going = set(data.draw(some))
        with_its_place: bool = data.draw(st.booleans())
        if page and with_its_place:
            going.add(page[-1]["id"])  # the very task that the cursor was made from
        remove(app, sorted(going))
        staying -= going - {task["id"] for task in shown}

    assert staying <= {task["id"] for task in shown}
    assert all(is_listed(task, sort, completed) for task in shown)
    places = [place(task, sort) for task in shown]
    assert places == sorted(places, reverse=sort.startswith("-"))


@pytest.mark.parametrize("sort", SORTS)
def test_tasks_that_plain_sql_has_inserted_are_shown_once_too(
    app: Flask, alice: Caller, sort: str
) -> None:
    with app.app_context(), db.engine.begin() as connection:
        for number in range(6):
            connection.execute(
                text("INSERT INTO task (user_id, title, completed) VALUES (:id, :title, :done)"),
                {"id": alice.id, "title": f"{number % 2}", "done": number % 3 > 0},
            )
    there = 4 if sort.endswith("completed_at") else 6
    shown: list[int] = []
    for page in pages(alice, sort=sort, limit=2):
        shown += [task["id"] for task in page]
        assert len(shown) <= there
    assert len(set(shown)) == there


def test_the_size_of_a_page_may_change_on_the_way(alice: Caller) -> None:
    ids = [alice.add_task()["id"] for _ in range(7)]
    first = alice.get("/tasks?limit=2&sort=created_at")
    rest = alice.get(f"/tasks?limit=5&sort=created_at&cursor={cursor_of(first)}")
    assert [task["id"] for task in (first.json or []) + (rest.json or [])] == ids
    assert next_page(rest) is None


def test_titles_of_any_alphabet_are_walked(alice: Caller) -> None:
    titles = ["Ünder", "ünder", "жук", "Жук", "🙂", "中文", "x" * 200, "%_'\"<>;,", "İ", "ß", "ẞ"]
    ids = {alice.add_task(title)["id"] for title in titles}
    for sort in ("title", "-title"):
        shown = [task["id"] for page in pages(alice, sort=sort, limit=1) for task in page]
        assert len(shown) == len(titles)
        assert set(shown) == ids


# ---------------------------------------------------------------- the Link header


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "1"},
        {"limit": "1", "sort": "-title"},
        {"limit": "1", "sort": "updated_at", "completed": "false"},
    ],
)
def test_the_link_repeats_filter_order_and_limit(alice: Caller, query: dict[str, str]) -> None:
    for _ in range(3):
        alice.add_task()
    url = urlsplit(next_page(alice.get(f"/tasks?{urlencode(query)}")) or "")
    assert (url.scheme, url.netloc, url.fragment) == ("", "", "")
    assert url.path == f"/api/{alice.id}/tasks"
    sent = parse_qsl(url.query, strict_parsing=True)
    assert len(sent) == len(query) + 1
    assert dict(sent).items() > query.items()
    assert dict(sent)["cursor"]


@pytest.mark.parametrize(("count", "limit"), [(0, 1), (1, 1), (3, 3), (2, 500)])
def test_the_last_page_names_no_next_one(alice: Caller, count: int, limit: int) -> None:
    for _ in range(count):
        alice.add_task()
    response = alice.get(f"/tasks?limit={limit}")
    assert len(response.json or []) == count
    assert "Link" not in response.headers


def test_the_list_has_another_etag_when_only_its_next_page_has_come_to_be(alice: Caller) -> None:
    alice.add_task("old")
    newest = alice.add_task("new")
    path = "/tasks?limit=2"
    before = alice.get(path)
    assert alice.get(path, headers={"If-None-Match": before.headers["ETag"]}).status_code == 304
    alice.delete(f"/tasks/{newest['id']}")
    after = alice.get(path, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200


# ---------------------------------------------------------------- cursors that are none


@pytest.fixture
def cursor(alice: Caller) -> str:
    """A cursor of Alice's list in its default order, unfiltered."""
    for _ in range(3):
        alice.add_task()
    return cursor_of(alice.get("/tasks?limit=1"))


def assert_refused(caller: Caller, cursor: str, **query: Any) -> None:
    """A page from that place is refused, and the cursor blamed."""
    response = caller.get(f"/tasks?{urlencode(query | {'cursor': cursor})}")
    assert_problem(response, 422, "invalid", ("cursor", "cursor"))


def test_a_cursor_is_accepted_as_it_was_given(alice: Caller, cursor: str) -> None:
    assert len(alice.get(f"/tasks?{urlencode({'cursor': cursor})}").json or []) == 2


def test_a_cursor_in_which_any_character_is_changed_is_refused(alice: Caller, cursor: str) -> None:
    for index, old in enumerate(cursor):
        # The opposite value: its first bit counts even in the last character of the signature.
        new = BASE64[BASE64.index(old) ^ 32] if old in BASE64 else "A"
        assert_refused(alice, cursor[:index] + new + cursor[index + 1 :])


def test_a_cursor_that_is_cut_anywhere_is_refused(alice: Caller, cursor: str) -> None:
    for length in range(len(cursor)):
        assert_refused(alice, cursor[:length])
        assert_refused(alice, cursor[len(cursor) - length :])


@pytest.mark.parametrize(
    "wrong",
    ["", " ", ".", "..", "1", "null", "W10.W10", "é", "\u202e", "A" * 60_000, "." * 10_000],
    ids=lambda wrong: f"{wrong[:5]!a}*{len(wrong)}",
)
def test_what_is_no_cursor_is_refused(alice: Caller, wrong: str) -> None:
    assert_refused(alice, wrong)


def test_a_cursor_with_something_after_it_is_refused(alice: Caller, cursor: str) -> None:
    assert_refused(alice, cursor + "AAAA")
    assert_refused(alice, cursor + "." + cursor)


@pytest.mark.parametrize("sort", [sort for sort in SORTS if sort != "-created_at"])
def test_a_cursor_of_another_order_is_refused(alice: Caller, cursor: str, sort: str) -> None:
    assert_refused(alice, cursor, sort=sort)


@pytest.mark.parametrize("completed", ["true", "false"])
def test_a_cursor_of_another_filter_is_refused(alice: Caller, cursor: str, completed: str) -> None:
    assert_refused(alice, cursor, completed=completed)
    filtered = alice.get("/tasks?limit=1&completed=false")
    assert_refused(alice, cursor_of(filtered))
    assert_refused(alice, cursor_of(filtered), completed="true")


def test_a_cursor_of_another_persons_list_is_refused(
    alice: Caller, bob: Caller, cursor: str
) -> None:
    bob.add_task()
    assert_refused(bob, cursor)


def test_a_signed_value_for_another_purpose_is_no_cursor(alice: Caller, cursor: str) -> None:
    assert_refused(alice, alice.token)
