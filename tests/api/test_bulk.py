"""POST /api/{user_id}/tasks/bulk"""

from typing import Any

import pytest

from ..callers import Answer, Caller, assert_problem

MISSING = 987654321


def run(caller: Caller, *operations: Any, **more: Any) -> Answer:
    """Send operations."""
    return caller.post("/tasks/bulk", {"operations": list(operations), **more})


def do(op: str, number: int | None = None, **more: Any) -> dict[str, Any]:
    """An operation."""
    return {"op": op} | ({} if number is None else {"id": number}) | more


def test_every_operation_does_what_it_does_alone(alice: Caller) -> None:
    project = alice.add("/projects", name="House")["id"]
    a, b, c, d, e = [alice.add_task(title)["id"] for title in "abcde"]
    alice.patch(f"/tasks/{d}/complete")
    response = run(
        alice,
        do("create", values={"title": "new", "project_id": project, "priority": "high"}),
        do("update", a, values={"title": "A", "due_on": "2026-02-06"}),
        do("move", b, values={"project_id": project, "after": None}),
        do("complete", c),
        do("reopen", d),
        do("delete", e),
    )
    assert response.status_code == 200
    results = response.json["results"]
    assert [each["status"] for each in results] == [200] * 6
    assert [each["task"]["title"] for each in results] == ["new", "A", "b", "c", "d", "e"]
    for each in results[:5]:
        assert alice.get(f"/tasks/{each['task']['id']}").json == each["task"]
    inside = alice.get(f"/tasks?project={project}&sort=rank").json
    assert [each["title"] for each in inside] == ["b", "new"]
    done = {each["title"]: each["completed"] for each in alice.get("/tasks").json}
    assert (done["c"], done["d"]) == (True, False)
    assert [each["id"] for each in alice.get("/trash").json] == [e]


def test_all_of_it_is_one_act(alice: Caller) -> None:
    a = alice.add_task("a")
    response = run(alice, do("create", values={"title": "b"}), do("complete", a["id"]))
    undone = alice.call("POST", f"/acts/{response.headers['X-Act-ID']}/undo")
    assert undone.json == {"count": 2}
    [left] = alice.get("/tasks").json
    assert left == a | {"updated_at": left["updated_at"]}


def test_one_operation_sees_what_those_before_it_did(alice: Caller) -> None:
    top, child = alice.add_task("top")["id"], alice.add_task("child")["id"]
    response = run(
        alice,
        do("move", child, values={"parent_id": top}),
        do("complete", top, subtasks="complete"),
        do("update", child, values={"title": "done"}),
        do("delete", top),
        do("update", child, values={"title": "gone"}),
    )
    results = response.json["results"]
    assert [each["status"] for each in results] == [200, 200, 200, 200, 404]
    assert results[2]["task"]["completed"] is True


def test_each_is_refused_for_itself_and_says_why(alice: Caller) -> None:
    top = alice.add_task("top")["id"]
    alice.add_task("child", parent_id=top)
    other = alice.add_task("other")
    response = run(
        alice,
        do("complete", top),
        do("update", MISSING, values={"title": "x"}),
        do("update", other["id"], values={"title": "changed", "labels": [MISSING]}),
        do("move", other["id"], values={"parent_id": other["id"]}),
        do("update", other["id"], values={"due_zone": "Asia/Tokyo"}),
        do("create", values={"title": "new", "project_id": MISSING}),
        do("create", values={"title": "made"}),
    )
    assert response.status_code == 200
    results = response.json["results"]
    told = [(each["status"], each.get("code")) for each in results]
    assert told == [
        (409, "subtasks_open"),
        (404, "not_found"),
        *[(422, "invalid")] * 4,
        (200, None),
    ]
    assert all(each["detail"] for each in results[:-1])
    assert all("task" not in each for each in results[:-1])
    faults = [
        [(fault["pointer"], fault["code"]) for fault in each.get("errors", [])] for each in results
    ]
    assert faults == [
        [],
        [],
        [("/values/labels", "no_such")],
        [("/values/parent_id", "cycle")],
        [("/values/due_zone", "alone")],
        [("/values/project_id", "no_such")],
        [],
    ]
    assert alice.get(f"/tasks/{other['id']}").json == other
    assert len(alice.get("/tasks").json) == 4


@pytest.mark.parametrize(
    ("operation", "status", "code", "faults"),
    [
        (do("complete", MISSING), 404, "not_found", []),
        (do("create", values={"title": "x", "parent_id": MISSING}), 422, "invalid", ["parent_id"]),
        (
            do("create", values={"title": "x", "section_id": MISSING}),
            422,
            "invalid",
            ["section_id"],
        ),
    ],
)
def test_all_or_none(
    alice: Caller, operation: dict[str, Any], status: int, code: str, faults: list[str]
) -> None:
    task = alice.add_task()
    first = do("update", task["id"], values={"title": "changed"})
    refused = run(alice, first, operation, atomic=True)
    pointers = [(f"/operations/1/values/{name}", "no_such") for name in faults]
    problem = assert_problem(refused, status, code, *pointers)
    assert status == 422 or "peration 1" in problem["detail"]
    assert "X-Act-ID" not in refused.headers
    assert alice.get("/tasks").json == [task]
    assert alice.get("/changes?since=0").json["events"][1:] == []


def test_with_atomic_a_question_about_subtasks_takes_all_back(alice: Caller) -> None:
    top = alice.add_task("top")["id"]
    alice.add_task("child", parent_id=top)
    refused = run(alice, do("create", values={"title": "x"}), do("complete", top), atomic=True)
    assert_problem(refused, 409, "subtasks_open")
    assert len(alice.get("/tasks").json) == 2
    answer = run(alice, do("complete", top, subtasks="keep"), atomic=True)
    assert answer.json["results"][0]["task"]["completed"] is True


@pytest.mark.parametrize(
    ("operation", "faults"),
    [
        ({}, {"/op": "required"}),
        ({"op": None}, {"/op": "null"}),
        ({"op": "purge", "id": 1}, {"/op": "choice"}),
        ({"op": 1, "id": 1}, {"/op": "type"}),
        ({"op": "update"}, {"/id": "required"}),
        ({"op": "move", "values": {}}, {"/id": "required"}),
        ({"op": "complete"}, {"/id": "required"}),
        ({"op": "reopen"}, {"/id": "required"}),
        ({"op": "delete"}, {"/id": "required"}),
        ({"op": "delete", "id": None}, {"/id": "null"}),
        ({"op": "delete", "id": "1"}, {"/id": "type"}),
        ({"op": "delete", "id": 1.0}, {"/id": "type"}),
        ({"op": "delete", "id": True}, {"/id": "type"}),
        ({"op": "delete", "id": [1]}, {"/id": "type"}),
        ({"op": "delete", "id": 0}, {"/id": "no_such"}),
        ({"op": "move", "id": 1, "values": {"after": 2**63}}, {"/values/after": "no_such"}),
        ({"op": "create"}, {"/values/title": "required"}),
        ({"op": "create", "values": {}}, {"/values/title": "required"}),
        ({"op": "create", "values": {"title": None}}, {"/values/title": "null"}),
        ({"op": "create", "values": {"title": " "}}, {"/values/title": "blank"}),
        ({"op": "create", "id": 1, "values": {"title": "x"}}, {"/id": "unfit"}),
        ({"op": "create", "id": 1}, {"/id": "unfit", "/values/title": "required"}),
        ({"op": "create", "values": {"title": "x", "after": 1}}, {"/values/after": "unfit"}),
        ({"op": "update", "id": 1, "values": {"after": 1}}, {"/values/after": "unfit"}),
        ({"op": "move", "id": 1, "values": {"title": "x"}}, {"/values/title": "unfit"}),
        ({"op": "delete", "id": 1, "values": {"title": "x"}}, {"/values/title": "unfit"}),
        ({"op": "complete", "id": 1, "values": None}, {"/values": "null"}),
        ({"op": "update", "id": 1, "values": []}, {"/values": "type"}),
        ({"op": "update", "id": 1, "values": {"rank": "a"}}, {"/values/rank": "unknown"}),
        ({"op": "update", "id": 1, "values": {"labels": [0.5]}}, {"/values/labels/0": "type"}),
        ({"op": "complete", "id": 1, "subtasks": "drop"}, {"/subtasks": "choice"}),
        ({"op": "complete", "id": 1, "task_id": 1}, {"/task_id": "unknown"}),
        ("complete", {"": "type"}),
        (None, {"": "null"}),
    ],
)
def test_an_operation_of_the_wrong_shape_refuses_them_all(
    alice: Caller, operation: Any, faults: dict[str, str]
) -> None:
    placed = [(f"/operations/1{pointer}", code) for pointer, code in faults.items()]
    for atomic in (False, True):
        refused = run(alice, do("create", values={"title": "x"}), operation, atomic=atomic)
        assert_problem(refused, 422, "invalid", *placed)
        assert "X-Act-ID" not in refused.headers
    assert alice.get("/tasks").json == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, ("/operations", "required")),
        ({"operations": None}, ("/operations", "null")),
        ({"operations": {}}, ("/operations", "type")),
        ({"operations": [], "atomic": 1}, ("/atomic", "type")),
        ({"operations": [], "atomic": None}, ("/atomic", "null")),
        ({"operations": [], "dry": True}, ("/dry", "unknown")),
        ([], ("", "type")),
    ],
)
def test_a_body_of_the_wrong_shape_is_refused_where_it_is_wrong(
    alice: Caller, body: Any, fault: tuple[str, str]
) -> None:
    assert_problem(alice.post("/tasks/bulk", body), 422, "invalid", fault)


def test_a_hundred_are_the_most(alice: Caller) -> None:
    one = do("create", values={"title": "x"})
    refused = run(alice, *[one] * 101)
    assert_problem(refused, 422, "invalid", ("/operations", "too_many"))
    assert alice.get("/tasks").json == []
    response = run(alice, *[one] * 100)
    assert len(response.json["results"]) == 100
    assert len(alice.get("/tasks?limit=500").json) == 100


def test_what_changes_nothing_is_no_act(alice: Caller) -> None:
    task = alice.add_task()
    for answer in (
        run(alice),
        run(alice, do("update", task["id"], values={})),
        run(alice, do("reopen", task["id"]), do("delete", MISSING)),
    ):
        assert answer.status_code == 200
        assert "X-Act-ID" not in answer.headers
    assert alice.get("/tasks").json == [task]


def test_what_is_refused_leaves_no_trace_between_what_is_done(alice: Caller) -> None:
    top, task = alice.add_task("top")["id"], alice.add_task("task")["id"]
    child = alice.add_task("child", parent_id=top)["id"]
    mark = alice.get("/changes").json["position"]
    run(
        alice,
        do("update", task, values={"title": "one"}),
        do("complete", top),
        do("update", child, values={"title": "two", "project_id": MISSING}),
        do("update", child, values={"title": "three"}),
    )
    events = alice.get(f"/changes?since={mark}").json["events"]
    assert [each["after"] for each in events] == [{"title": "one"}, {"title": "three"}]
    assert len({each["act"] for each in events}) == 1
