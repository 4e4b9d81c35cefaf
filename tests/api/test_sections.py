"""/api/{user_id}/sections"""

from typing import Any

import pytest

from ..callers import Caller, assert_problem


@pytest.fixture
def project(alice: Caller) -> int:
    """A project of Alice's."""
    id_: int = alice.add("/projects", name="House")["id"]
    return id_


def names(caller: Caller, query: str = "") -> list[str]:
    """What the caller's sections are called, in their order."""
    return [each["name"] for each in caller.get(f"/sections{query}").json]


def test_a_new_section_is_answered_whole_and_found_where_it_says(
    alice: Caller, project: int
) -> None:
    response = alice.post("/sections", {"name": "This week", "project_id": project})
    assert response.status_code == 201
    section = response.json
    assert (section["name"], section["project_id"]) == ("This week", project)
    assert response.headers["Location"] == f"/api/{alice.id}/sections/{section['id']}"
    assert int(response.headers["X-Act-ID"]) > 0
    found = alice.get(f"/sections/{section['id']}")
    assert found.json == section
    assert found.headers["ETag"] == response.headers["ETag"]
    seen = {"If-None-Match": found.headers["ETag"]}
    assert alice.get(f"/sections/{section['id']}", headers=seen).status_code == 304


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"name": ""}, ("/name", "blank")),
        ({"name": None}, ("/name", "null")),
        ({"project_id": None}, ("/project_id", "null")),
        ({"project_id": "1"}, ("/project_id", "type")),
        ({"project_id": 1.5}, ("/project_id", "type")),
        ({"project_id": True}, ("/project_id", "type")),
        ({"project_id": 0}, ("/project_id", "no_such")),
        ({"project_id": -7}, ("/project_id", "no_such")),
        ({"project_id": 2**63}, ("/project_id", "no_such")),
        ({"color": "red"}, ("/color", "unknown")),
    ],
)
def test_a_section_of_the_wrong_shape_is_refused_where_it_is_wrong(
    alice: Caller, project: int, more: dict[str, Any], fault: tuple[str, str]
) -> None:
    body = {"name": "This week", "project_id": project} | more
    assert_problem(alice.post("/sections", body), 422, "invalid", fault)
    section = alice.add("/sections", name="Later", project_id=project)
    path = f"/sections/{section['id']}"
    assert_problem(alice.patch(path, more), 422, "invalid", fault)
    assert alice.get("/sections").json == [section]


def test_a_section_needs_a_name_and_a_project(alice: Caller) -> None:
    faults = [("/name", "required"), ("/project_id", "required")]
    assert_problem(alice.post("/sections", {}), 422, "invalid", *faults)


def test_a_section_is_part_of_no_project_of_anothers_or_in_the_trash(
    alice: Caller, bob: Caller, project: int
) -> None:
    of_bob = bob.add("/projects", name="Bob's")["id"]
    trashed = alice.add("/projects", name="Gone")["id"]
    alice.delete(f"/projects/{trashed}")
    section = alice.add("/sections", name="Here", project_id=project)
    for number in (of_bob, trashed):
        body = {"name": "There", "project_id": number}
        fault = ("/project_id", "no_such")
        assert_problem(alice.post("/sections", body), 422, "invalid", fault)
        refused = alice.patch(f"/sections/{section['id']}", {"project_id": number})
        assert_problem(refused, 422, "invalid", fault)
    assert alice.get("/sections").json == [section]


def test_the_sections_of_a_project_come_in_its_order(alice: Caller, project: int) -> None:
    other = alice.add("/projects", name="Garden")["id"]
    for name in ("b", "a"):
        alice.add("/sections", name=name, project_id=project)
    alice.add("/sections", name="c", project_id=other)
    assert names(alice) == ["b", "a", "c"]
    assert names(alice, f"?project={project}") == ["b", "a"]
    assert names(alice, f"?project={other}") == ["c"]
    assert names(alice, "?project=987654321") == []
    assert names(alice, f"?project={2**63}") == []
    for wrong in ("inbox", "-1", "1.0", "x", "", 10**30):
        refused = alice.get(f"/sections?project={wrong}")
        assert_problem(refused, 422, "invalid", ("project", "type"))


def test_the_sections_of_a_project_in_the_trash_are_out_of_sight(
    alice: Caller, project: int
) -> None:
    section = alice.add("/sections", name="a", project_id=project)["id"]
    alice.delete(f"/projects/{project}")
    assert names(alice) == []
    assert_problem(alice.get(f"/sections/{section}"), 404, "not_found")
    alice.call("POST", f"/trash/projects/{project}/restore")
    assert names(alice) == ["a"]


def test_a_section_is_renamed_in_the_version_that_was_seen(alice: Caller, project: int) -> None:
    made = alice.post("/sections", {"name": "a", "project_id": project})
    path, seen = f"/sections/{made.json['id']}", {"If-Match": made.headers["ETag"]}
    renamed = alice.patch(path, {"name": "b"}, headers=seen)
    assert (renamed.status_code, renamed.json["name"]) == (200, "b")
    assert renamed.json["project_id"] == project
    assert_problem(alice.patch(path, {"name": "c"}, headers=seen), 412, "stale_version")
    assert_problem(alice.delete(path, headers=seen), 412, "stale_version")
    assert names(alice) == ["b"]


def test_a_section_that_goes_to_another_project_takes_its_tasks_along(
    alice: Caller, project: int
) -> None:
    other = alice.add("/projects", name="Garden")["id"]
    section = alice.add("/sections", name="a", project_id=project)["id"]
    alice.add("/sections", name="z", project_id=other)
    parent = alice.add_task("parent", section_id=section)["id"]
    child = alice.add_task("child", parent_id=parent)["id"]
    beside = alice.add_task("beside", project_id=project)["id"]
    assert alice.patch(f"/sections/{section}", {"project_id": other}).status_code == 200
    assert names(alice, f"?project={other}") == ["z", "a"]

    def place(task: int) -> tuple[int, int | None]:
        found = alice.get(f"/tasks/{task}").json
        return found["project_id"], found["section_id"]

    assert place(parent) == (other, section)
    assert place(child) == (other, None)
    assert place(beside) == (project, None)


def test_a_section_is_put_after_another_of_its_project(alice: Caller, project: int) -> None:
    a, b, c = [alice.add("/sections", name=n, project_id=project)["id"] for n in "abc"]
    other = alice.add("/projects", name="Garden")["id"]
    elsewhere = alice.add("/sections", name="z", project_id=other)["id"]
    moved = alice.post(f"/sections/{a}/move", {"after": b})
    assert moved.status_code == 200
    assert names(alice, f"?project={project}") == ["b", "a", "c"]
    alice.post(f"/sections/{c}/move", {"after": None})
    assert names(alice, f"?project={project}") == ["c", "b", "a"]
    for after in (elsewhere, a, 987654321):
        refused = alice.post(f"/sections/{a}/move", {"after": after})
        assert_problem(refused, 422, "invalid", ("/after", "no_such"))


def test_a_removed_section_leaves_its_tasks_in_the_project(alice: Caller, project: int) -> None:
    section = alice.add("/sections", name="a", project_id=project)["id"]
    task = alice.add_task("inside", section_id=section)
    assert (task["project_id"], task["section_id"]) == (project, section)
    response = alice.delete(f"/sections/{section}")
    assert response.status_code == 204
    assert int(response.headers["X-Act-ID"]) > 0
    after = alice.get(f"/tasks/{task['id']}").json
    assert (after["project_id"], after["section_id"]) == (project, None)
    assert_problem(alice.get(f"/sections/{section}"), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "below"), [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/move")]
)
def test_what_is_not_there_or_anothers_is_not_found(
    alice: Caller, bob: Caller, method: str, below: str
) -> None:
    project = bob.add("/projects", name="Bob's")["id"]
    section = bob.add("/sections", name="Bob's", project_id=project)
    bodies: dict[str, Any] = {"PATCH": {"json": {"name": "x"}}, "POST": {"json": {"after": None}}}
    for number in (section["id"], 987654321, 0, 2**63):
        refused = alice.call(method, f"/sections/{number}{below}", **bodies.get(method, {}))
        assert_problem(refused, 404, "not_found")
    assert bob.get(f"/sections/{section['id']}").json == section
