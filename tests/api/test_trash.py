"""What is deleted goes to the trash: DELETE on a task, and /api/{user_id}/trash"""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ..callers import Caller, assert_problem


def delete_task(caller: Caller, title: str = "Write to Grace") -> int:
    """The id of a task that is in the trash."""
    task_id: int = caller.add_task(title)["id"]
    assert caller.delete(f"/tasks/{task_id}").status_code == 204
    return task_id


def test_a_deleted_task_is_in_the_trash_and_nowhere_else(alice: Caller) -> None:
    task_id = delete_task(alice)
    [trashed] = alice.get("/trash").json
    assert trashed["id"] == task_id
    assert trashed["created_at"] < trashed["deleted_at"] <= trashed["updated_at"]
    assert alice.get("/tasks").json == []
    assert_problem(alice.get(f"/tasks/{task_id}"), 404, "not_found")
    assert_problem(alice.patch(f"/tasks/{task_id}", {"title": "x"}), 404, "not_found")
    assert_problem(alice.patch(f"/tasks/{task_id}/complete"), 404, "not_found")
    assert_problem(alice.delete(f"/tasks/{task_id}"), 404, "not_found")


def test_a_restored_task_is_as_it_was(alice: Caller) -> None:
    before = alice.add_task("Write to Grace", description="About it.", completed=True)
    alice.delete(f"/tasks/{before['id']}")

    response = alice.call("POST", f"/trash/{before['id']}/restore")

    assert response.status_code == 200
    after = response.json
    assert after == before | {"updated_at": after["updated_at"]}
    assert alice.get("/trash").json == []
    found = alice.get(f"/tasks/{before['id']}")
    assert found.json == after
    assert found.headers["ETag"] == response.headers["ETag"]


def test_the_task_deleted_last_comes_first_page_by_page(alice: Caller) -> None:
    first, second, third = [delete_task(alice, title) for title in ("a", "b", "c")]
    page = alice.get("/trash?limit=2")
    assert [task["id"] for task in page.json] == [third, second]
    rest = alice.get(page.headers["Link"].split(">")[0].removeprefix("</api"))
    assert [task["id"] for task in rest.json] == [first]
    assert "Link" not in rest.headers


def test_a_cursor_of_the_list_does_not_open_the_trash(alice: Caller) -> None:
    alice.add_task()
    alice.add_task()
    cursor = alice.get("/tasks?limit=1").headers["Link"].split("cursor=")[1].split(">")[0]
    assert_problem(alice.get(f"/trash?cursor={cursor}"), 422, "invalid", ("cursor", "cursor"))


def test_a_purged_task_is_gone(alice: Caller) -> None:
    task_id, other = delete_task(alice), delete_task(alice)
    assert alice.delete(f"/trash/{task_id}").status_code == 204
    assert_problem(alice.call("POST", f"/trash/{task_id}/restore"), 404, "not_found")
    assert_problem(alice.delete(f"/trash/{task_id}"), 404, "not_found")
    assert [task["id"] for task in alice.get("/trash").json] == [other]


def test_a_task_in_use_is_not_purged(alice: Caller) -> None:
    task = alice.add_task()
    assert_problem(alice.delete(f"/trash/{task['id']}"), 404, "not_found")
    assert_problem(alice.call("POST", f"/trash/{task['id']}/restore"), 404, "not_found")
    assert alice.get("/tasks").json == [task]


def test_emptying_the_trash_keeps_what_is_in_use_and_what_is_anothers(
    alice: Caller, bob: Caller
) -> None:
    delete_task(alice)
    kept = alice.add_task()
    of_bob = delete_task(bob)
    assert alice.call("POST", "/trash/empty").status_code == 204
    assert alice.get("/trash").json == []
    assert alice.get("/tasks").json == [kept]
    assert [task["id"] for task in bob.get("/trash").json] == [of_bob]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("POST", "/empty"), ("DELETE", "/{}"), ("POST", "/{}/restore")],
)
def test_anonymous_callers_and_strangers_are_refused(
    alice: Caller, bob: Caller, client: FlaskClient, method: str, path: str
) -> None:
    task_id = delete_task(alice)
    path = f"/{alice.id}/trash{path.format(task_id)}"
    assert_problem(client.open(f"/api{path}", method=method), 401, "token_missing")
    assert_problem(bob.call(method, path), 403, "permission_denied")
    assert [task["id"] for task in alice.get("/trash").json] == [task_id]


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/{}"), ("POST", "/{}/restore")])
def test_a_strangers_task_is_not_found_in_ones_own_trash(
    alice: Caller, bob: Caller, method: str, path: str
) -> None:
    task_id = delete_task(alice)
    assert_problem(bob.call(method, f"/trash{path.format(task_id)}"), 404, "not_found")
    assert [task["id"] for task in alice.get("/trash").json] == [task_id]


def test_after_its_time_a_task_is_out_of_reach(
    alice: Caller, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = delete_task(alice)
    monkeypatch.setitem(app.config, "TRASH_DAYS", 0)
    assert alice.get("/trash").json == []
    assert_problem(alice.call("POST", f"/trash/{task_id}/restore"), 404, "not_found")
