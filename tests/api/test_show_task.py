"""GET /api/{user_id}/tasks/{task_id}"""

import pytest
from flask.testing import FlaskClient

from ..callers import Caller, assert_problem


def test_a_task_is_shown_to_its_owner(alice: Caller) -> None:
    task = alice.add_task()
    response = alice.get(f"/tasks/{task['id']}")
    assert response.status_code == 200
    assert response.json == task


def test_an_unchanged_task_is_not_sent_again(alice: Caller) -> None:
    path = f"/tasks/{alice.add_task()['id']}"
    etag = alice.get(path).headers["ETag"]

    unchanged = alice.get(path, headers={"If-None-Match": etag})
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    assert unchanged.headers["ETag"] == etag

    alice.patch(path, {"title": "Write to Grace today"})
    assert alice.get(path, headers={"If-None-Match": etag}).status_code == 200


def test_head_answers_as_get_does_without_a_body(alice: Caller) -> None:
    path = f"/tasks/{alice.add_task()['id']}"
    head = alice.call("HEAD", path)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == alice.get(path).headers["ETag"]


@pytest.mark.parametrize("task_id", [0, 987654321, 2**63 - 1, 2**63, 10**25, "9" * 5000])
def test_a_task_that_is_not_there_is_not_found(alice: Caller, task_id: int | str) -> None:
    assert_problem(alice.get(f"/tasks/{task_id}"), 404, "not_found")


@pytest.mark.parametrize("task_id", ["-1", "1.0", "abc", "%00", "%D9%A1"])
def test_what_is_no_id_is_not_found(alice: Caller, task_id: str) -> None:
    assert_problem(alice.get(f"/tasks/{task_id}"), 404, "not_found")


def test_an_anonymous_caller_is_refused(client: FlaskClient, alice: Caller) -> None:
    task = alice.add_task()
    assert_problem(client.get(f"/api/{alice.id}/tasks/{task['id']}"), 401, "token_missing")


def test_a_stranger_cannot_tell_a_task_from_none(alice: Caller, bob: Caller) -> None:
    task = alice.add_task()
    theirs = assert_problem(bob.get(f"/tasks/{task['id']}"), 404, "not_found")
    nobodys = assert_problem(bob.get("/tasks/987654321"), 404, "not_found")
    assert theirs["detail"] == nobodys["detail"]


@pytest.mark.parametrize("user_id", [0, 987654321, 2**63, 10**25])
def test_a_strangers_path_is_closed_whether_or_not_they_exist(
    alice: Caller, bob: Caller, user_id: int
) -> None:
    task = alice.add_task()
    theirs = assert_problem(bob.get(f"/{alice.id}/tasks/{task['id']}"), 403, "permission_denied")
    nobodys = assert_problem(bob.get(f"/{user_id}/tasks/1"), 403, "permission_denied")
    assert theirs["detail"] == nobodys["detail"]
