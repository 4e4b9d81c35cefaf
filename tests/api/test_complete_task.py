"""PATCH /api/{user_id}/tasks/{task_id}/complete"""

import pytest
from flask.testing import FlaskClient

from ..callers import Caller, assert_problem


def test_without_a_body_a_task_is_turned_round(alice: Caller) -> None:
    before = alice.add_task()
    path = f"/tasks/{before['id']}/complete"

    done = alice.patch(path)
    assert done.status_code == 200
    moment = done.json["updated_at"]
    marks = {"completed_at": moment, "updated_at": moment}
    assert done.json == before | {"completed": True} | marks
    assert moment > before["updated_at"]

    opened = alice.patch(path).json
    assert opened == before | {"updated_at": opened["updated_at"]}
    assert opened["updated_at"] > moment


def test_null_turns_it_round_as_no_body_does(alice: Caller) -> None:
    path = f"/tasks/{alice.add_task()['id']}/complete"
    assert alice.patch(path, {"completed": None}).json["completed"] is True


@pytest.mark.parametrize("completed", [True, False])
def test_setting_it_twice_does_no_harm(alice: Caller, completed: bool) -> None:
    path = f"/tasks/{alice.add_task()['id']}/complete"
    once = alice.patch(path, {"completed": completed})
    twice = alice.patch(path, {"completed": completed})
    assert once.json["completed"] is completed
    assert twice.json == once.json
    assert twice.headers["ETag"] == once.headers["ETag"]


def test_if_match_is_heeded(alice: Caller) -> None:
    path = f"/tasks/{alice.add_task()['id']}/complete"
    assert_problem(alice.patch(path, headers={"If-Match": '"7"'}), 412, "stale_version")
    assert alice.patch(path, headers={"If-Match": '"1"'}).status_code == 200


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, ("/completed", "required")),
        ({"completed": "true"}, ("/completed", "type")),
        ({"completed": 1}, ("/completed", "type")),
        ({"completed": True, "title": "x"}, ("/title", "unknown")),
        ([True], ("", "type")),
    ],
)
def test_a_body_of_the_wrong_shape_changes_nothing(
    alice: Caller, body: object, fault: tuple[str, str]
) -> None:
    task = alice.add_task()
    path = f"/tasks/{task['id']}/complete"
    assert_problem(alice.call("PATCH", path, json=body), 422, "invalid", fault)
    assert alice.get(f"/tasks/{task['id']}").json == task


def test_an_anonymous_caller_is_refused(client: FlaskClient, alice: Caller) -> None:
    path = f"/api/{alice.id}/tasks/{alice.add_task()['id']}/complete"
    assert_problem(client.patch(path), 401, "token_missing")


def test_a_stranger_completes_nothing_by_either_path(alice: Caller, bob: Caller) -> None:
    task = alice.add_task()
    path = f"/tasks/{task['id']}/complete"
    assert_problem(bob.patch(f"/{alice.id}{path}"), 403, "permission_denied")
    assert_problem(bob.patch(path), 404, "not_found")
    assert alice.get(f"/tasks/{task['id']}").json == task


def test_a_task_that_is_not_there_is_not_found(alice: Caller) -> None:
    assert_problem(alice.patch("/tasks/987654321/complete"), 404, "not_found")
