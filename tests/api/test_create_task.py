"""POST /api/{user_id}/tasks"""

import pytest
from flask.testing import FlaskClient

from ..callers import Caller, assert_problem


def test_a_task_is_created_and_found_where_location_says(alice: Caller) -> None:
    response = alice.post("/tasks", {"title": "Write to Grace", "description": "About\nit."})

    assert response.status_code == 201
    task = response.json
    assert task is not None
    assert task["title"] == "Write to Grace"
    assert task["description"] == "About\nit."
    assert task["completed"] is False
    assert task["user_id"] == alice.id
    assert task["created_at"] == task["updated_at"]
    assert task["created_at"].endswith("Z")
    found = alice.get(response.headers["Location"].removeprefix("/api"))
    assert found.json == task
    assert found.headers["ETag"] == response.headers["ETag"]


def test_only_the_title_is_needed(alice: Caller) -> None:
    task = alice.add_task("Rest")
    assert (task["description"], task["completed"]) == (None, False)


def test_white_space_around_a_title_is_removed(alice: Caller) -> None:
    assert alice.add_task("  Write to Grace\n")["title"] == "Write to Grace"


def test_a_title_may_have_200_characters_of_any_alphabet(alice: Caller) -> None:
    title = "ж" * 199 + "🙂"
    assert alice.add_task(f" {title} ")["title"] == title


def test_a_description_may_have_10000_characters_and_keeps_its_line_breaks(alice: Caller) -> None:
    description = "\r\n\tline\n" * 1111 + "1"
    assert alice.add_task(description=description)["description"] == description


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, ("/title", "required")),
        ({"title": None}, ("/title", "null")),
        ({"title": 5}, ("/title", "type")),
        ({"title": ""}, ("/title", "blank")),
        ({"title": " \u3000\n"}, ("/title", "blank")),
        ({"title": "x" * 201}, ("/title", "too_long")),
        ({"title": "two\nlines"}, ("/title", "control_character")),
        ({"title": "a\x85b"}, ("/title", "control_character")),
        ({"title": "a\0b"}, ("/title", "unstorable")),
        ({"title": "a\ud800b"}, ("/title", "unstorable")),
        ({"title": "ok", "description": "a\0b"}, ("/description", "unstorable")),
        ({"title": "ok", "description": "\udfff"}, ("/description", "unstorable")),
        ({"title": "ok", "description": "x" * 10_001}, ("/description", "too_long")),
        ({"title": "ok", "description": ["x"]}, ("/description", "type")),
        ({"title": "ok", "completed": "true"}, ("/completed", "type")),
        ({"title": "ok", "completed": 1}, ("/completed", "type")),
        ({"title": "ok", "completed": None}, ("/completed", "null")),
        ({"title": "ok", "id": 7}, ("/id", "unknown")),
        ({"title": "ok", "user_id": 7}, ("/user_id", "unknown")),
        ({"title": "ok", "created_at": "2026-01-01T00:00:00Z"}, ("/created_at", "unknown")),
        ({"title": "ok", "a/b~c": 1}, ("/a~1b~0c", "unknown")),
        ([], ("", "type")),
        ("title", ("", "type")),
    ],
)
def test_a_body_of_the_wrong_shape_is_refused_where_it_is_wrong(
    alice: Caller, body: object, fault: tuple[str, str]
) -> None:
    assert_problem(alice.post("/tasks", body), 422, "invalid", fault)
    assert alice.get("/tasks").json == []


def test_every_fault_is_named_at_once(alice: Caller) -> None:
    body = {"title": "", "description": 5, "completed": "no", "colour": "red"}
    faults = [
        ("/title", "blank"),
        ("/description", "type"),
        ("/completed", "type"),
        ("/colour", "unknown"),
    ]
    assert_problem(alice.post("/tasks", body), 422, "invalid", *faults)


def test_an_anonymous_caller_is_refused(client: FlaskClient, alice: Caller) -> None:
    response = client.post(f"/api/{alice.id}/tasks", json={"title": "Write to Grace"})
    assert_problem(response, 401, "token_missing")


def test_nobody_creates_tasks_for_another(alice: Caller, bob: Caller) -> None:
    response = bob.post(f"/{alice.id}/tasks", {"title": "Pay Bob"})
    assert_problem(response, 403, "permission_denied")
    assert alice.get("/tasks").json == []
