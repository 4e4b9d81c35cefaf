"""/api/{user_id}/trash/projects"""

import pytest
from flask import Flask

from ..callers import Caller, assert_problem


def thrown_away(caller: Caller, name: str = "House") -> int:
    """The id of a project that is in the trash."""
    project: int = caller.add("/projects", name=name)["id"]
    assert caller.delete(f"/projects/{project}").status_code == 204
    return project


def test_a_deleted_project_is_in_the_trash_the_last_first(alice: Caller) -> None:
    first, second = thrown_away(alice, "a"), thrown_away(alice, "b")
    response = alice.get("/trash/projects")
    assert [each["id"] for each in response.json] == [second, first]
    assert all(each["created_at"] < each["deleted_at"] for each in response.json)
    seen = {"If-None-Match": response.headers["ETag"]}
    assert alice.get("/trash/projects", headers=seen).status_code == 304


def test_a_restored_project_is_as_it_was_with_its_tasks_and_sections(alice: Caller) -> None:
    project = alice.add("/projects", name="House", color="teal")
    section = alice.add("/sections", name="Hall", project_id=project["id"])
    label = alice.add("/labels", name="errand")["id"]
    parent = alice.add_task("parent", section_id=section["id"], labels=[label])["id"]
    alice.add_task("child", parent_id=parent, completed=True)
    before = {each["id"]: each for each in alice.get("/tasks").json}
    earlier = alice.add_task("deleted before", project_id=project["id"])["id"]
    alice.delete(f"/tasks/{earlier}")
    alice.delete(f"/projects/{project['id']}")

    response = alice.call("POST", f"/trash/projects/{project['id']}/restore")

    assert response.status_code == 200
    assert response.json == project | {"updated_at": response.json["updated_at"]}
    assert int(response.headers["X-Act-ID"]) > 0
    assert response.headers["ETag"] == alice.get(f"/projects/{project['id']}").headers["ETag"]
    assert alice.get("/sections").json == [section]
    assert alice.get("/trash/projects").json == []
    assert [each["id"] for each in alice.get("/trash").json] == [earlier]
    after = {each["id"]: each for each in alice.get("/tasks").json}
    assert after.keys() == before.keys()
    for id_, task in after.items():
        assert task == before[id_] | {"updated_at": task["updated_at"]}


def test_a_task_that_is_restored_alone_comes_to_the_inbox(alice: Caller) -> None:
    project = alice.add("/projects", name="House")["id"]
    section = alice.add("/sections", name="Hall", project_id=project)["id"]
    task = alice.add_task("a", section_id=section)["id"]
    alice.delete(f"/projects/{project}")
    restored = alice.call("POST", f"/trash/{task}/restore").json
    assert (restored["project_id"], restored["section_id"]) == (None, None)
    alice.call("POST", f"/trash/projects/{project}/restore")
    assert alice.get(f"/tasks/{task}").json == restored


def test_a_purged_project_is_gone_with_its_sections_and_its_tasks_in_the_trash(
    alice: Caller,
) -> None:
    project = alice.add("/projects", name="House")["id"]
    alice.add("/sections", name="Hall", project_id=project)
    alice.add_task("a", project_id=project)
    alice.delete(f"/projects/{project}")
    other = thrown_away(alice)
    response = alice.delete(f"/trash/projects/{project}")
    assert response.status_code == 204
    assert alice.get("/trash").json == []
    assert [each["id"] for each in alice.get("/trash/projects").json] == [other]
    for path in (f"/trash/projects/{project}", f"/projects/{project}"):
        assert_problem(alice.delete(path), 404, "not_found")


def test_emptying_the_trash_takes_projects_too(alice: Caller, bob: Caller) -> None:
    thrown_away(alice)
    of_bob = thrown_away(bob)
    kept = alice.add("/projects", name="Kept")
    response = alice.call("POST", "/trash/empty")
    assert response.status_code == 204
    assert alice.get("/trash/projects").json == []
    assert alice.get("/projects").json == [kept]
    assert [each["id"] for each in bob.get("/trash/projects").json] == [of_bob]
    assert "X-Act-ID" not in alice.call("POST", "/trash/empty").headers


@pytest.mark.parametrize(("method", "path"), [("DELETE", ""), ("POST", "/restore")])
def test_what_is_not_in_ones_trash_is_not_found(
    alice: Caller, bob: Caller, method: str, path: str
) -> None:
    in_use, of_bob = alice.add("/projects", name="In use"), thrown_away(bob)
    for number in (in_use["id"], of_bob, 987654321, 0, 2**63, 10**30):
        refused = alice.call(method, f"/trash/projects/{number}{path}")
        assert_problem(refused, 404, "not_found")
        assert "X-Act-ID" not in refused.headers
    assert alice.get("/projects").json == [in_use]
    assert [each["id"] for each in bob.get("/trash/projects").json] == [of_bob]


def test_after_its_time_a_project_is_out_of_reach(
    alice: Caller, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = thrown_away(alice)
    monkeypatch.setitem(app.config, "TRASH_DAYS", 0)
    assert alice.get("/trash/projects").json == []
    refused = alice.call("POST", f"/trash/projects/{project}/restore")
    assert_problem(refused, 404, "not_found")
