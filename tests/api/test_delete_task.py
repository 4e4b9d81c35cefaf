"""DELETE /api/{user_id}/tasks/{task_id}"""

from flask.testing import FlaskClient

from ..callers import Caller, assert_problem


def test_a_deleted_task_is_gone(alice: Caller) -> None:
    path = f"/tasks/{alice.add_task()['id']}"
    other = alice.add_task("stays")

    response = alice.delete(path)

    assert (response.status_code, response.data) == (204, b"")
    assert_problem(alice.get(path), 404, "not_found")
    assert_problem(alice.delete(path), 404, "not_found")
    assert alice.get("/tasks").json == [other]


def test_if_match_is_heeded(alice: Caller) -> None:
    path = f"/tasks/{alice.add_task()['id']}"
    seen = {"If-Match": alice.get(path).headers["ETag"]}
    alice.patch(path, {"title": "Changed since"})
    assert_problem(alice.delete(path, headers=seen), 412, "stale_version")

    seen = {"If-Match": alice.get(path).headers["ETag"]}
    assert alice.delete(path, headers=seen).status_code == 204


def test_an_anonymous_caller_is_refused(client: FlaskClient, alice: Caller) -> None:
    path = f"/api/{alice.id}/tasks/{alice.add_task()['id']}"
    assert_problem(client.delete(path), 401, "token_missing")


def test_a_stranger_deletes_nothing_by_either_path(alice: Caller, bob: Caller) -> None:
    task = alice.add_task()
    path = f"/tasks/{task['id']}"
    assert_problem(bob.delete(f"/{alice.id}{path}"), 403, "permission_denied")
    assert_problem(bob.delete(path), 404, "not_found")
    assert alice.get(path).json == task
