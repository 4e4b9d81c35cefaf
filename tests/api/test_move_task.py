"""Where a task stands: POST /api/{user_id}/tasks/{task_id}/move, and the same by PATCH"""

from dataclasses import dataclass
from typing import Any

import pytest

from ..callers import Caller, assert_problem

MISSING = 987654321


@dataclass(frozen=True)
class House:
    """Two projects of Alice's, and a section in each."""

    caller: Caller
    one: int
    other: int
    hall: int
    shed: int

    def place(self, task: int) -> tuple[int | None, int | None, int | None]:
        """The project, section and parent of a task."""
        found = self.caller.get(f"/tasks/{task}").json
        return found["project_id"], found["section_id"], found["parent_id"]

    def order(self, query: str) -> list[str]:
        """The titles of the tasks in a place, in their order by hand."""
        return [each["title"] for each in self.caller.get(f"/tasks?sort=rank&{query}").json]


@pytest.fixture
def house(alice: Caller) -> House:
    """Where Alice's tasks may stand."""
    one, other = [alice.add("/projects", name=name)["id"] for name in ("House", "Garden")]
    hall = alice.add("/sections", name="Hall", project_id=one)["id"]
    shed = alice.add("/sections", name="Shed", project_id=other)["id"]
    return House(alice, one, other, hall, shed)


def test_a_new_task_is_in_the_inbox_unless_another_place_is_named(
    alice: Caller, house: House
) -> None:
    assert house.place(alice.add_task()["id"]) == (None, None, None)
    assert house.place(alice.add_task(project_id=house.one)["id"]) == (house.one, None, None)
    in_hall = alice.add_task(section_id=house.hall)["id"]
    assert house.place(in_hall) == (house.one, house.hall, None)
    both = alice.add_task(project_id=house.one, section_id=house.hall)["id"]
    assert house.place(both) == (house.one, house.hall, None)
    child = alice.add_task(parent_id=in_hall)
    assert house.place(child["id"]) == (house.one, None, in_hall)
    assert child["depth"] == 1


def test_a_move_is_answered_with_the_task_where_it_is_now(alice: Caller, house: House) -> None:
    task = alice.add_task("a")
    response = alice.post(f"/tasks/{task['id']}/move", {"project_id": house.one})
    assert response.status_code == 200
    found = alice.get(f"/tasks/{task['id']}")
    assert response.json == found.json
    assert response.headers["ETag"] == found.headers["ETag"]
    assert response.json["updated_at"] > task["updated_at"]
    assert int(response.headers["X-Act-ID"]) > 0
    assert house.place(task["id"]) == (house.one, None, None)


@pytest.mark.parametrize("way", ["PATCH", "POST"])
def test_members_that_are_absent_keep_the_place_and_null_leaves_it(
    alice: Caller, house: House, way: str
) -> None:
    task = alice.add_task("a", section_id=house.hall)["id"]

    def go(**place: int | None) -> tuple[int | None, int | None, int | None]:
        path = f"/tasks/{task}" + ("/move" if way == "POST" else "")
        answer = alice.call(way, path, json=place)
        assert answer.status_code == 200, answer.text
        return house.place(task)

    assert go() == (house.one, house.hall, None)
    assert go(section_id=None) == (house.one, None, None)
    assert go(section_id=house.shed) == (house.other, house.shed, None)
    assert go(project_id=house.one) == (house.one, None, None)
    assert go(project_id=None) == (None, None, None)
    parent = alice.add_task("parent", section_id=house.hall)["id"]
    assert go(parent_id=parent) == (house.one, None, parent)
    assert go(parent_id=None) == (house.one, None, None)
    assert go(parent_id=parent, project_id=house.one) == (house.one, None, parent)
    assert go(project_id=house.other) == (house.other, None, None)
    assert go(parent_id=parent) == (house.one, None, parent)
    assert go(section_id=house.shed) == (house.other, house.shed, None)


@pytest.mark.parametrize("name", ["project_id", "section_id", "parent_id"])
@pytest.mark.parametrize(
    ("value", "code"),
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
        ({}, "type"),
    ],
)
def test_a_place_that_is_not_there_is_refused(
    alice: Caller, name: str, value: Any, code: str
) -> None:
    task = alice.add_task()
    fault = (f"/{name}", code)
    path = f"/tasks/{task['id']}"
    assert_problem(alice.post("/tasks", {"title": "x", name: value}), 422, "invalid", fault)
    assert_problem(alice.patch(path, {name: value}), 422, "invalid", fault)
    assert_problem(alice.put(path, {name: value}), 422, "invalid", fault)
    refused = alice.post(f"{path}/move", {name: value})
    assert_problem(refused, 422, "invalid", fault)
    assert "X-Act-ID" not in refused.headers
    assert alice.get("/tasks").json == [task]


def test_a_place_of_anothers_or_in_the_trash_is_not_there(
    alice: Caller, bob: Caller, house: House
) -> None:
    theirs = bob.add("/projects", name="Bob's")["id"]
    section = bob.add("/sections", name="Bob's", project_id=theirs)["id"]
    of_bob = bob.add_task("Bob's")["id"]
    trashed = alice.add_task("gone")["id"]
    alice.delete(f"/tasks/{trashed}")
    alice.delete(f"/projects/{house.other}")
    task = alice.add_task("a")
    places = [
        ("project_id", theirs),
        ("project_id", house.other),
        ("section_id", section),
        ("section_id", house.shed),
        ("parent_id", of_bob),
        ("parent_id", trashed),
        ("after", of_bob),
        ("after", trashed),
    ]
    for name, number in places:
        refused = alice.post(f"/tasks/{task['id']}/move", {name: number})
        assert_problem(refused, 422, "invalid", (f"/{name}", "no_such"))
    assert alice.get(f"/tasks/{task['id']}").json == task


def test_a_section_of_an_archived_project_takes_no_tasks(alice: Caller, house: House) -> None:
    alice.patch(f"/projects/{house.other}", {"archived": True})
    refused = alice.post("/tasks", {"title": "x", "section_id": house.shed})
    assert_problem(refused, 422, "invalid", ("/section_id", "archived"))


def test_a_section_and_a_project_that_do_not_fit_are_refused(alice: Caller, house: House) -> None:
    body = {"project_id": house.one, "section_id": house.shed}
    elsewhere = ("/section_id", "elsewhere")
    assert_problem(alice.post("/tasks", {"title": "x"} | body), 422, "invalid", elsewhere)
    task = alice.add_task("a")["id"]
    assert_problem(alice.post(f"/tasks/{task}/move", body), 422, "invalid", elsewhere)
    inbox = {"project_id": None, "section_id": house.shed}
    assert_problem(alice.post(f"/tasks/{task}/move", inbox), 422, "invalid", elsewhere)


def test_a_subtask_is_in_its_parents_project_and_in_no_section(alice: Caller, house: House) -> None:
    parent = alice.add_task("parent", section_id=house.hall)["id"]
    task = alice.add_task("a")["id"]
    for name, value in (("project_id", house.other), ("section_id", house.hall)):
        refused = alice.post(f"/tasks/{task}/move", {"parent_id": parent, name: value})
        assert_problem(refused, 422, "invalid", (f"/{name}", "elsewhere"))
    assert house.place(task) == (None, None, None)


def test_a_task_is_put_after_another_or_first_or_last(alice: Caller, house: House) -> None:
    a, b, c = [alice.add_task(title)["id"] for title in "abc"]
    assert house.order("project=inbox") == ["a", "b", "c"]
    alice.post(f"/tasks/{a}/move", {"after": b})
    assert house.order("project=inbox") == ["b", "a", "c"]
    alice.post(f"/tasks/{c}/move", {"after": None})
    assert house.order("project=inbox") == ["c", "b", "a"]
    alice.post(f"/tasks/{c}/move", {})
    assert house.order("project=inbox") == ["b", "a", "c"]
    ranks = [each["rank"] for each in alice.get("/tasks?sort=rank").json]
    assert ranks == sorted(ranks)


def test_a_task_is_put_after_one_of_the_place_that_it_goes_to(alice: Caller, house: House) -> None:
    first, second = [alice.add_task(title, section_id=house.hall)["id"] for title in ("1", "2")]
    task, beside = alice.add_task("new")["id"], alice.add_task("beside")["id"]
    refused = alice.post(f"/tasks/{task}/move", {"section_id": house.hall, "after": beside})
    assert_problem(refused, 422, "invalid", ("/after", "no_such"))
    refused = alice.post(f"/tasks/{task}/move", {"after": first})
    assert_problem(refused, 422, "invalid", ("/after", "no_such"))
    assert house.place(task) == (None, None, None)
    alice.post(f"/tasks/{task}/move", {"section_id": house.hall, "after": first})
    assert house.order(f"section={house.hall}") == ["1", "new", "2"]
    child = alice.add_task("child", parent_id=second)["id"]
    other = alice.add_task("other", parent_id=second)["id"]
    alice.post(f"/tasks/{task}/move", {"parent_id": second, "after": child})
    assert house.order(f"parent={second}") == ["child", "new", "other"]
    refused = alice.post(f"/tasks/{task}/move", {"after": task})
    assert_problem(refused, 422, "invalid", ("/after", "no_such"))
    alice.post(f"/tasks/{task}/move", {"after": other})
    assert house.order(f"parent={second}") == ["child", "other", "new"]


@pytest.mark.parametrize(
    ("after", "code"),
    [
        (MISSING, "no_such"),
        (0, "no_such"),
        (-(2**63), "no_such"),
        (2**63, "no_such"),
        ("1", "type"),
        (1.5, "type"),
        (False, "type"),
    ],
)
def test_a_task_is_put_after_nothing_else(alice: Caller, after: Any, code: str) -> None:
    task = alice.add_task()
    refused = alice.post(f"/tasks/{task['id']}/move", {"after": after})
    assert_problem(refused, 422, "invalid", ("/after", code))
    assert alice.get(f"/tasks/{task['id']}").json == task


def test_what_does_not_say_where_is_refused(alice: Caller) -> None:
    path = f"/tasks/{alice.add_task()['id']}/move"
    assert_problem(alice.post(path, {"title": "x"}), 422, "invalid", ("/title", "unknown"))
    assert_problem(alice.post(path, {"rank": "a0"}), 422, "invalid", ("/rank", "unknown"))
    assert_problem(alice.post(path, []), 422, "invalid", ("", "type"))


def test_many_moves_into_the_same_gap_keep_the_order(alice: Caller, house: House) -> None:
    first, a, b = [alice.add_task(title)["id"] for title in ("first", "a", "b")]
    for turn in range(60):
        answer = alice.post(f"/tasks/{(a, b)[turn % 2]}/move", {"after": first})
        assert answer.status_code == 200
    assert house.order("project=inbox") == ["first", "b", "a"]


def test_what_is_not_there_or_anothers_is_not_found(alice: Caller, bob: Caller) -> None:
    of_bob = bob.add_task()
    for number in (of_bob["id"], MISSING, 0, 2**63):
        assert_problem(alice.post(f"/tasks/{number}/move", {}), 404, "not_found")
    assert bob.get(f"/tasks/{of_bob['id']}").json == of_bob


@pytest.mark.parametrize("move", ["task", "project", "section", "label", "trash", "trash project"])
def test_what_has_changed_meanwhile_is_not_moved(alice: Caller, move: str) -> None:
    project = alice.add("/projects", name="Home")["id"]
    made = {
        "task": ("/tasks/{}/move", {"project_id": project}, alice.add_task()["id"]),
        "project": ("/projects/{}/move", {"after": None}, project),
        "section": (
            "/sections/{}/move",
            {"after": None},
            alice.add("/sections", name="Next", project_id=project)["id"],
        ),
        "label": (
            "/labels/{}/merge",
            {"into": alice.add("/labels", name="errand")["id"]},
            alice.add("/labels", name="chore")["id"],
        ),
        "trash": ("/trash/{}/restore", {}, alice.add_task()["id"]),
        "trash project": (
            "/trash/projects/{}/restore",
            {},
            alice.add("/projects", name="Old")["id"],
        ),
    }
    path, body, id_ = made[move]
    if move.startswith("trash"):
        alice.delete(f"/{'projects' if 'project' in move else 'tasks'}/{id_}")
    before = alice.get("/changes").json["position"]
    old = {"If-Match": '"17"'}
    refused = alice.post(path.format(id_), body, headers=old)
    assert_problem(refused, 412, "stale_version")
    assert alice.get("/changes").json["position"] == before
    now = {"If-Match": '"2"' if move.startswith("trash") else '"1"'}
    assert alice.post(path.format(id_), body, headers=now).status_code == 200
