"""Tasks below tasks: GET /api/{user_id}/tasks/{task_id}/subtasks, and what completing does"""

import pytest

from ..callers import Caller, assert_problem


def chain(caller: Caller, length: int) -> list[int]:
    """The ids of so many tasks, each below the one before."""
    ids: list[int] = []
    for number in range(length):
        more = {"parent_id": ids[-1]} if ids else {}
        ids.append(caller.add_task(f"level {number}", **more)["id"])
    return ids


def state(caller: Caller, task: int) -> tuple[bool, int | None]:
    """Whether a task is done, and what it is below."""
    found = caller.get(f"/tasks/{task}").json
    return found["completed"], found["parent_id"]


def test_all_that_is_below_a_task_is_listed_each_after_its_parent(alice: Caller) -> None:
    top = alice.add_task("top")["id"]
    a = alice.add_task("a", parent_id=top)["id"]
    alice.add_task("b", parent_id=top)
    alice.add_task("a1", parent_id=a)
    alice.add_task("beside")
    response = alice.get(f"/tasks/{top}/subtasks")
    assert [(each["title"], each["depth"]) for each in response.json] == [
        ("a", 1),
        ("a1", 2),
        ("b", 1),
    ]
    seen = {"If-None-Match": response.headers["ETag"]}
    assert alice.get(f"/tasks/{top}/subtasks", headers=seen).status_code == 304
    assert [each["title"] for each in alice.get(f"/tasks?parent={top}&sort=rank").json] == [
        "a",
        "b",
    ]


def test_the_subtasks_of_what_is_not_there_or_anothers_are_not_found(
    alice: Caller, bob: Caller
) -> None:
    gone = alice.add_task()["id"]
    alice.delete(f"/tasks/{gone}")
    for number in (bob.add_task()["id"], gone, 987654321, 0, 2**63):
        assert_problem(alice.get(f"/tasks/{number}/subtasks"), 404, "not_found")


def test_a_task_counts_its_subtasks_and_its_etag_tells_of_them(alice: Caller) -> None:
    top, a, b = chain(alice, 1)[0], 0, 0
    before = alice.get(f"/tasks/{top}").headers["ETag"]
    a = alice.add_task("a", parent_id=top)["id"]
    b = alice.add_task("b", parent_id=top)["id"]
    alice.patch(f"/tasks/{a}/complete")

    def counts() -> tuple[int, int]:
        found = alice.get(f"/tasks/{top}").json
        return found["subtasks_open"], found["subtasks_done"]

    assert counts() == (1, 1)
    response = alice.get(f"/tasks/{top}")
    assert response.headers["ETag"] != before
    alice.delete(f"/tasks/{b}")
    assert counts() == (0, 1)
    seen = {"If-Match": response.headers["ETag"]}
    assert alice.patch(f"/tasks/{top}", {"title": "x"}, headers=seen).status_code == 200
    alice.post(f"/tasks/{a}/move", {"parent_id": None})
    assert counts() == (0, 0)


def test_seven_levels_are_the_most(alice: Caller) -> None:
    ids = chain(alice, 8)
    assert alice.get(f"/tasks/{ids[-1]}").json["depth"] == 7
    deep = ("/parent_id", "too_deep")
    refused = alice.post("/tasks", {"title": "x", "parent_id": ids[-1]})
    assert_problem(refused, 422, "invalid", deep)
    pair = chain(alice, 2)
    refused = alice.post(f"/tasks/{pair[0]}/move", {"parent_id": ids[6]})
    assert_problem(refused, 422, "invalid", deep)
    assert alice.post(f"/tasks/{pair[1]}/move", {"parent_id": ids[6]}).status_code == 200
    assert alice.get(f"/tasks/{pair[1]}").json["depth"] == 7


def test_no_task_comes_to_lie_below_itself(alice: Caller) -> None:
    ids = chain(alice, 3)
    for below in ids:
        for answer in (
            alice.post(f"/tasks/{ids[0]}/move", {"parent_id": below}),
            alice.patch(f"/tasks/{ids[0]}", {"parent_id": below}),
        ):
            assert_problem(answer, 422, "invalid", ("/parent_id", "cycle"))


def test_subtasks_go_along_with_their_task(alice: Caller) -> None:
    project = alice.add("/projects", name="House")["id"]
    ids = chain(alice, 3)
    alice.patch(f"/tasks/{ids[0]}", {"project_id": project})
    found = [alice.get(f"/tasks/{each}").json for each in ids]
    assert [each["project_id"] for each in found] == [project] * 3
    assert [each["depth"] for each in found] == [0, 1, 2]


def test_what_becomes_of_open_subtasks_has_to_be_said(alice: Caller) -> None:
    top, child = chain(alice, 2)
    path = f"/tasks/{top}"
    for answer in (
        alice.patch(f"{path}/complete"),
        alice.patch(f"{path}/complete", {"completed": True}),
        alice.patch(path, {"completed": True}),
        alice.put(path, {"completed": True, "title": "changed"}),
    ):
        assert_problem(answer, 409, "subtasks_open")
        assert "X-Act-ID" not in answer.headers
    assert alice.get(path).json["title"] == "level 0"
    assert (state(alice, top), state(alice, child)) == ((False, None), (False, top))
    refused = alice.patch(f"{path}/complete?subtasks=drop")
    assert_problem(refused, 422, "invalid", ("subtasks", "choice"))


@pytest.mark.parametrize("way", ["PATCH", "PUT", "complete"])
@pytest.mark.parametrize("subtasks", ["complete", "keep"])
def test_open_subtasks_are_completed_or_kept(alice: Caller, way: str, subtasks: str) -> None:
    above, top, child, grandchild = chain(alice, 4)
    path, body = f"/tasks/{top}?subtasks={subtasks}", {"completed": True}
    if way == "complete":
        answer = alice.patch(f"/tasks/{top}/complete?subtasks={subtasks}", body)
    else:
        answer = alice.call(way, path, json=body)
    assert answer.status_code == 200
    assert answer.json["completed"] is True
    kept = subtasks == "keep"
    assert state(alice, child) == (not kept, above if kept else top)
    assert state(alice, grandchild) == (not kept, child)
    assert state(alice, above) == (False, None)


def test_a_task_whose_subtasks_are_done_is_completed_without_a_question(alice: Caller) -> None:
    top, child = chain(alice, 2)
    alice.patch(f"/tasks/{child}/complete")
    assert alice.patch(f"/tasks/{top}/complete").status_code == 200


def test_opening_a_subtask_opens_what_it_is_below(alice: Caller) -> None:
    ids = chain(alice, 3)
    alice.patch(f"/tasks/{ids[0]}/complete?subtasks=complete")
    alice.patch(f"/tasks/{ids[1]}/complete", {"completed": False})
    assert [state(alice, each)[0] for each in ids] == [False, False, True]


def test_no_open_task_comes_to_lie_below_one_that_is_done(alice: Caller) -> None:
    done = alice.add_task("done", completed=True)["id"]
    task = alice.add_task("open")["id"]
    fault = ("/parent_id", "done")
    refused = alice.post("/tasks", {"title": "x", "parent_id": done})
    assert_problem(refused, 422, "invalid", fault)
    assert_problem(alice.patch(f"/tasks/{task}", {"parent_id": done}), 422, "invalid", fault)
    other = alice.add_task("done too", completed=True)["id"]
    assert alice.patch(f"/tasks/{other}", {"parent_id": done}).status_code == 200


def test_subtasks_go_to_the_trash_and_come_back_with_their_task(alice: Caller) -> None:
    ids = chain(alice, 3)
    alone = alice.add_task("alone", parent_id=ids[0])["id"]
    alice.delete(f"/tasks/{alone}")
    alice.delete(f"/tasks/{ids[0]}")
    assert alice.get("/tasks").json == []
    restored = alice.call("POST", f"/trash/{ids[0]}/restore")
    assert restored.json["subtasks_open"] == 1
    assert {each["id"] for each in alice.get("/tasks").json} == set(ids)
    assert [each["id"] for each in alice.get("/trash").json] == [alone]


def test_a_subtask_that_is_restored_alone_comes_without_its_parent(alice: Caller) -> None:
    top, child = chain(alice, 2)
    alice.delete(f"/tasks/{top}")
    restored = alice.call("POST", f"/trash/{child}/restore")
    assert (restored.json["parent_id"], restored.json["depth"]) == (None, 0)
    alice.delete(f"/trash/{top}")
    assert alice.get(f"/tasks/{child}").status_code == 200


def test_a_subtask_is_restored_into_the_project_that_its_parent_is_in_by_now(
    alice: Caller,
) -> None:
    one, other = [alice.add("/projects", name=name)["id"] for name in "ab"]
    parent = alice.add_task("parent", project_id=one)["id"]
    child = alice.add_task("child", parent_id=parent)["id"]
    grandchild = alice.add_task("grandchild", parent_id=child)["id"]
    alice.delete(f"/tasks/{child}")
    alice.patch(f"/tasks/{parent}", {"project_id": other})
    restored = alice.call("POST", f"/trash/{child}/restore").json
    assert (restored["parent_id"], restored["project_id"]) == (parent, other)
    assert alice.get(f"/tasks/{grandchild}").json["project_id"] == other


def test_a_parent_that_would_take_what_is_in_the_trash_too_deep_goes_elsewhere(
    alice: Caller,
) -> None:
    parent, child = chain(alice, 2)
    alice.delete(f"/tasks/{child}")
    deep = chain(alice, 7)
    refused = alice.post(f"/tasks/{parent}/move", {"parent_id": deep[-1]})
    assert_problem(refused, 422, "invalid", ("/parent_id", "too_deep"))


def test_what_is_done_can_be_made_below_what_is_done(alice: Caller) -> None:
    top = alice.add_task("top", completed=True)["id"]
    below = alice.post("/tasks", {"title": "x", "parent_id": top, "completed": True})
    assert (below.status_code, below.json["parent_id"]) == (201, top)
    refused = alice.post("/tasks", {"title": "x", "parent_id": top})
    assert_problem(refused, 422, "invalid", ("/parent_id", "done"))


def test_what_is_kept_open_does_not_come_below_what_is_done(alice: Caller) -> None:
    top = alice.add_task("top", completed=True)["id"]
    other = alice.add_task("other")["id"]
    kept = alice.add_task("kept", parent_id=other)["id"]
    both = {"completed": True, "parent_id": top}
    refused = alice.patch(f"/tasks/{other}?subtasks=keep", both)
    assert_problem(refused, 422, "invalid", ("/parent_id", "done"))
    assert alice.get(f"/tasks/{kept}").json["parent_id"] == other
