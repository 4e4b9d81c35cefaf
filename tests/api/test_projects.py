"""/api/{user_id}/projects"""

from typing import Any

import pytest
from flask.testing import FlaskClient

from ..callers import Caller, assert_problem

MISSING = 987654321


def names(caller: Caller, query: str = "") -> list[str]:
    """What the caller's projects are called, in their order."""
    return [each["name"] for each in caller.get(f"/projects{query}").json]


def test_a_new_project_is_answered_whole_and_found_where_it_says(alice: Caller) -> None:
    response = alice.post("/projects", {"name": "  Moving house ", "color": "teal"})
    assert response.status_code == 201
    project = response.json
    assert project["name"] == "Moving house"
    assert (project["color"], project["archived"]) == ("teal", False)
    assert project["user_id"] == alice.id
    assert project["created_at"] == project["updated_at"]
    where = response.headers["Location"]
    assert where == f"/api/{alice.id}/projects/{project['id']}"
    found = alice.get(where.removeprefix("/api"))
    assert found.json == project
    assert found.headers["ETag"] == response.headers["ETag"]
    assert int(response.headers["X-Act-ID"]) > 0


def test_a_project_is_grey_unless_another_colour_is_named(alice: Caller) -> None:
    assert alice.add("/projects", name="Plain")["color"] == "grey"


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, [("/name", "required")]),
        ({"name": None}, [("/name", "null")]),
        ({"name": 5}, [("/name", "type")]),
        ({"name": " \t "}, [("/name", "blank")]),
        ({"name": "x" * 101}, [("/name", "too_long")]),
        ({"name": "a\nb"}, [("/name", "control_character")]),
        ({"name": "a\0b"}, [("/name", "unstorable")]),
        ({"name": "x", "color": "beige"}, [("/color", "choice")]),
        ({"name": "x", "color": None}, [("/color", "null")]),
        ({"name": "x", "archived": 1}, [("/archived", "type")]),
        ({"name": "x", "user_id": 1, "id": 1}, [("/user_id", "unknown"), ("/id", "unknown")]),
        ({"name": "x", "rank": "a0"}, [("/rank", "unknown")]),
        ([], [("", "type")]),
    ],
)
def test_a_body_of_the_wrong_shape_is_refused_where_it_is_wrong(
    alice: Caller, body: Any, faults: list[tuple[str, str]]
) -> None:
    refused = alice.post("/projects", body)
    assert_problem(refused, 422, "invalid", *faults)
    assert "X-Act-ID" not in refused.headers
    assert alice.get("/projects").json == []


def test_projects_come_in_the_order_in_which_they_were_made(alice: Caller) -> None:
    for name in ("b", "a", "c"):
        alice.add("/projects", name=name)
    assert names(alice) == ["b", "a", "c"]


def test_archived_projects_can_be_asked_for_or_left_out(alice: Caller) -> None:
    alice.add("/projects", name="now")
    alice.add("/projects", name="then", archived=True)
    assert names(alice) == ["now", "then"]
    assert names(alice, "?archived=true") == ["then"]
    assert names(alice, "?archived=false") == ["now"]
    refused = alice.get("/projects?archived=1")
    assert_problem(refused, 422, "invalid", ("archived", "type"))


def test_a_list_and_a_project_that_have_not_changed_are_not_sent_again(alice: Caller) -> None:
    project = alice.add("/projects", name="House")
    for path in ("/projects", f"/projects/{project['id']}"):
        etag = alice.get(path).headers["ETag"]
        again = alice.get(path, headers={"If-None-Match": etag})
        assert (again.status_code, again.data) == (304, b"")
    alice.patch(f"/projects/{project['id']}", {"name": "Home"})
    for path in ("/projects", f"/projects/{project['id']}"):
        assert alice.get(path, headers={"If-None-Match": etag}).status_code == 200


def test_members_that_are_absent_keep_their_value(alice: Caller) -> None:
    before = alice.add("/projects", name="House", color="teal")
    response = alice.patch(f"/projects/{before['id']}", {"archived": True})
    assert response.status_code == 200
    changed = {"archived": True, "updated_at": response.json["updated_at"]}
    assert response.json == before | changed
    assert response.json["updated_at"] > before["updated_at"]


def test_what_is_so_already_is_no_change_and_no_act(alice: Caller) -> None:
    before = alice.post("/projects", {"name": "House"})
    same = alice.patch(f"/projects/{before.json['id']}", {"name": "House", "color": "grey"})
    assert same.json == before.json
    assert same.headers["ETag"] == before.headers["ETag"]
    assert "X-Act-ID" not in same.headers


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_version_that_has_passed_is_not_overwritten(alice: Caller, method: str) -> None:
    made = alice.post("/projects", {"name": "House"})
    path = f"/projects/{made.json['id']}"
    seen = {"If-Match": made.headers["ETag"]}
    assert alice.patch(path, {"name": "Home"}, headers=seen).status_code == 200
    body: dict[str, Any] = {"json": {"name": "Hut"}} if method == "PATCH" else {}
    refused = alice.call(method, path, headers=seen, **body)
    assert_problem(refused, 412, "stale_version")
    assert alice.get(path).json["name"] == "Home"
    seen = {"If-Match": alice.get(path).headers["ETag"]}
    assert alice.call(method, path, headers=seen, **body).status_code in (200, 204)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"name": None}, ("/name", "null")),
        ({"name": ""}, ("/name", "blank")),
        ({"color": "beige"}, ("/color", "choice")),
        ({"archived": None}, ("/archived", "null")),
        ({"deleted_at": None}, ("/deleted_at", "unknown")),
    ],
)
def test_a_change_of_the_wrong_shape_changes_nothing(
    alice: Caller, body: Any, fault: tuple[str, str]
) -> None:
    project = alice.add("/projects", name="House")
    path = f"/projects/{project['id']}"
    assert_problem(alice.patch(path, body), 422, "invalid", fault)
    assert alice.get(path).json == project


@pytest.mark.parametrize(
    ("method", "below"), [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/move")]
)
def test_what_is_not_there_or_anothers_or_in_the_trash_is_not_found(
    alice: Caller, bob: Caller, method: str, below: str
) -> None:
    of_bob = bob.add("/projects", name="Bob's")
    trashed = alice.add("/projects", name="Gone")["id"]
    alice.delete(f"/projects/{trashed}")
    bodies: dict[str, Any] = {"PATCH": {"json": {"name": "x"}}, "POST": {"json": {"after": None}}}
    for number in (MISSING, of_bob["id"], trashed, 0, 2**63 - 1, 2**63, 10**30):
        refused = alice.call(method, f"/projects/{number}{below}", **bodies.get(method, {}))
        assert_problem(refused, 404, "not_found")
        assert "X-Act-ID" not in refused.headers
    assert bob.get(f"/projects/{of_bob['id']}").json == of_bob


def test_a_project_is_put_after_another_or_first(alice: Caller) -> None:
    first, second, third = [alice.add("/projects", name=name)["id"] for name in "abc"]
    moved = alice.post(f"/projects/{first}/move", {"after": second})
    assert moved.status_code == 200
    assert moved.json == alice.get(f"/projects/{first}").json
    assert names(alice) == ["b", "a", "c"]
    alice.post(f"/projects/{third}/move", {"after": None})
    assert names(alice) == ["c", "b", "a"]
    ranks = [each["rank"] for each in alice.get("/projects").json]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize(
    ("after", "code"),
    [
        (MISSING, "no_such"),
        (0, "no_such"),
        (-1, "no_such"),
        (2**63, "no_such"),
        (10**400, "no_such"),
        ("1", "type"),
        (1.0, "type"),
        (True, "type"),
        ([1], "type"),
    ],
)
def test_a_project_is_put_after_nothing_else(alice: Caller, after: Any, code: str) -> None:
    project = alice.add("/projects", name="House")
    path = f"/projects/{project['id']}/move"
    assert_problem(alice.post(path, {"after": after}), 422, "invalid", ("/after", code))
    assert alice.get(f"/projects/{project['id']}").json == project


def test_a_project_is_not_put_after_itself_or_anothers_or_one_in_the_trash(
    alice: Caller, bob: Caller
) -> None:
    project, trashed = [alice.add("/projects", name=name)["id"] for name in "ab"]
    alice.delete(f"/projects/{trashed}")
    of_bob = bob.add("/projects", name="Bob's")["id"]
    for after in (project, trashed, of_bob):
        refused = alice.post(f"/projects/{project}/move", {"after": after})
        assert_problem(refused, 422, "invalid", ("/after", "no_such"))
    refused = alice.post(f"/projects/{project}/move", {})
    assert_problem(refused, 422, "invalid", ("/after", "required"))


def test_an_archived_project_keeps_its_tasks_and_takes_no_more(alice: Caller) -> None:
    project = alice.add("/projects", name="House")["id"]
    task = alice.add_task("inside", project_id=project)
    other = alice.add_task("outside")
    alice.patch(f"/projects/{project}", {"archived": True})
    assert alice.get(f"/tasks/{task['id']}").json["project_id"] == project
    assert [each["id"] for each in alice.get("/tasks?archived=false").json] == [other["id"]]
    assert [each["id"] for each in alice.get("/tasks?archived=true").json] == [task["id"]]
    archived = ("/project_id", "archived")
    refused = alice.post("/tasks", {"title": "x", "project_id": project})
    assert_problem(refused, 422, "invalid", archived)
    refused = alice.patch(f"/tasks/{other['id']}", {"project_id": project})
    assert_problem(refused, 422, "invalid", archived)
    refused = alice.post(f"/tasks/{other['id']}/move", {"project_id": project})
    assert_problem(refused, 422, "invalid", archived)
    renamed = alice.patch(f"/tasks/{task['id']}", {"title": "still inside"})
    assert renamed.json["project_id"] == project


def test_a_deleted_project_takes_its_tasks_to_the_trash(alice: Caller) -> None:
    project = alice.add("/projects", name="House")["id"]
    parent = alice.add_task("parent", project_id=project)["id"]
    alice.add_task("child", parent_id=parent)
    kept = alice.add_task("elsewhere")["id"]
    response = alice.delete(f"/projects/{project}")
    assert (response.status_code, response.data) == (204, b"")
    assert int(response.headers["X-Act-ID"]) > 0
    assert names(alice) == []
    assert [each["id"] for each in alice.get("/tasks").json] == [kept]
    assert {each["title"] for each in alice.get("/trash").json} == {"parent", "child"}
    assert [each["id"] for each in alice.get("/trash/projects").json] == [project]


def test_an_anonymous_caller_and_a_stranger_are_refused(
    alice: Caller, bob: Caller, client: FlaskClient
) -> None:
    path = f"/{alice.id}/projects"
    assert_problem(client.get(f"/api{path}"), 401, "token_missing")
    assert_problem(client.post(f"/api{path}", json={"name": "x"}), 401, "token_missing")
    assert_problem(bob.get(path), 403, "permission_denied")
    assert_problem(bob.post(path, {"name": "x"}), 403, "permission_denied")
    assert names(alice) == []
