"""GET /api/{user_id}/tasks"""

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.http import parse_options_header

from ..callers import Answer, Caller, assert_problem


def titles(response: Answer) -> list[str]:
    """The titles in a list, in its order."""
    assert response.status_code == 200, response.text
    tasks: list[dict[str, Any]] = response.json
    return [task["title"] for task in tasks]


def next_page(response: Answer) -> str:
    """The path that the Link header calls the next page."""
    target, relation = parse_options_header(response.headers["Link"])
    assert relation == {"rel": "next"}
    return target.removeprefix("<").removesuffix(">").removeprefix("/api")


def test_a_new_account_has_an_empty_list(alice: Caller) -> None:
    response = alice.get("/tasks")
    assert response.json == []
    assert "Link" not in response.headers


def test_the_newest_task_comes_first(alice: Caller) -> None:
    first, second = alice.add_task("first"), alice.add_task("second")
    assert alice.get("/tasks").json == [second, first]


def test_a_list_holds_nobody_elses_tasks(alice: Caller, bob: Caller) -> None:
    alice.add_task("of Alice")
    bob.add_task("of Bob")
    assert titles(alice.get("/tasks")) == ["of Alice"]


def test_a_list_is_filtered_by_completion(alice: Caller) -> None:
    alice.add_task("open")
    alice.add_task("done", completed=True)
    assert titles(alice.get("/tasks?completed=true")) == ["done"]
    assert titles(alice.get("/tasks?completed=false")) == ["open"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("created_at", ["b", "C", "a"]),
        ("-created_at", ["a", "C", "b"]),
        ("updated_at", ["C", "a", "b"]),
        ("-updated_at", ["b", "a", "C"]),
        ("title", ["a", "b", "C"]),
        ("-title", ["C", "b", "a"]),
    ],
)
def test_a_list_is_sorted(alice: Caller, sort: str, order: list[str]) -> None:
    oldest = alice.add_task("b")
    alice.add_task("C")
    alice.add_task("a")
    alice.patch(f"/tasks/{oldest['id']}", {"description": "touched"})
    assert titles(alice.get(f"/tasks?sort={sort}")) == order


def test_pages_follow_one_another(alice: Caller) -> None:
    for title in "edcba":
        alice.add_task(title)

    first = alice.get("/tasks?limit=2&sort=-created_at")
    second = alice.get(next_page(first))
    third = alice.get(next_page(second))

    assert [titles(page) for page in (first, second, third)] == [["a", "b"], ["c", "d"], ["e"]]
    assert "Link" not in third.headers


def test_a_page_that_is_just_full_is_the_last(alice: Caller) -> None:
    alice.add_task()
    assert "Link" not in alice.get("/tasks?limit=1").headers


def test_a_page_holds_100_tasks_unless_asked_for_up_to_500(alice: Caller) -> None:
    for number in range(101):
        alice.add_task(str(number))
    assert len(titles(alice.get("/tasks"))) == 100
    assert len(titles(alice.get("/tasks?limit=500"))) == 101


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("limit=0", ("limit", "range")),
        ("limit=501", ("limit", "range")),
        ("limit=-1", ("limit", "range")),
        ("limit=1e2", ("limit", "type")),
        ("limit=1_0", ("limit", "type")),
        ("limit=٣", ("limit", "type")),
        ("limit=", ("limit", "type")),
        (f"limit={'9' * 5000}", ("limit", "type")),
        ("completed=yes", ("completed", "type")),
        ("completed=True", ("completed", "type")),
        ("completed=", ("completed", "type")),
        ("sort=colour", ("sort", "choice")),
        ("sort=--title", ("sort", "choice")),
        ("sort=", ("sort", "choice")),
        ("cursor=made-up", ("cursor", "cursor")),
        ("cursor=", ("cursor", "cursor")),
        ("offset=10", ("offset", "unknown")),
        ("title=a%00b", ("title", "unknown")),
    ],
)
def test_a_query_that_makes_no_sense_is_refused_by_name(
    alice: Caller, query: str, fault: tuple[str, str]
) -> None:
    assert_problem(alice.get(f"/tasks?{query}"), 422, "invalid", fault)


def test_every_fault_in_a_query_is_named_at_once(alice: Caller) -> None:
    faults = [("limit", "range"), ("completed", "type"), ("page", "unknown")]
    response = alice.get("/tasks?limit=0&completed=1&page=2")
    assert_problem(response, 422, "invalid", *faults)


def test_an_unchanged_list_is_not_sent_again(alice: Caller) -> None:
    task = alice.add_task()
    etag = alice.get("/tasks").headers["ETag"]
    unchanged = alice.get("/tasks", headers={"If-None-Match": etag})
    assert (unchanged.status_code, unchanged.data) == (304, b"")

    alice.patch(f"/tasks/{task['id']}/complete")
    assert alice.get("/tasks", headers={"If-None-Match": etag}).status_code == 200


def test_a_list_has_changed_when_only_what_follows_it_has(alice: Caller) -> None:
    older, _newer = alice.add_task(), alice.add_task()
    etag = alice.get("/tasks?limit=1").headers["ETag"]
    alice.delete(f"/tasks/{older['id']}")
    after = alice.get("/tasks?limit=1", headers={"If-None-Match": etag})
    assert after.status_code == 200
    assert "Link" not in after.headers


def test_an_anonymous_caller_is_refused(client: FlaskClient, alice: Caller) -> None:
    assert_problem(client.get(f"/api/{alice.id}/tasks"), 401, "token_missing")


def test_nobody_lists_anothers_tasks(alice: Caller, bob: Caller) -> None:
    assert_problem(bob.get(f"/{alice.id}/tasks"), 403, "permission_denied")
