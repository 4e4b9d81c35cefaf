"""POST /api/{user_id}/tasks/matching"""

from typing import Any

import pytest

from ..callers import Answer, Caller, assert_problem


def match(caller: Caller, query: str, act: str, **values: Any) -> Answer:
    """Do something to all of the caller's tasks that a query lets through."""
    body = {"act": act} | ({"values": values} if act == "update" else {})
    return caller.post(f"/tasks/matching{query}", body)


def titles(caller: Caller, query: str = "") -> list[str]:
    """The titles of the caller's tasks that a query lets through."""
    return sorted(each["title"] for each in caller.get(f"/tasks{query}").json)


@pytest.fixture
def tasks(alice: Caller) -> dict[str, Any]:
    """Tasks of Alice's that differ in everything that one can ask for; their ids by title."""
    project = alice.add("/projects", name="House")["id"]
    section = alice.add("/sections", name="Hall", project_id=project)["id"]
    label = alice.add("/labels", name="errand")["id"]
    parent = alice.add_task("in the project", project_id=project, priority="high")["id"]
    alice.add_task("in the section", section_id=section, labels=[label])
    alice.add_task("below", parent_id=parent, due_on="2026-02-06")
    alice.add_task("done", completed=True, start_on="2026-02-06")
    alice.add_task("plain", description="words")
    return {"project": project, "section": section, "label": label, "parent": parent}


QUERIES = [
    "",
    "?completed=true",
    "?completed=false",
    "?project=inbox",
    "?project={project}",
    "?section={section}",
    "?section=none",
    "?parent={parent}",
    "?parent=none",
    "?label={label}",
    "?priority=high",
    "?due_from=2026-02-06&due_to=2026-02-06",
    "?started_by=2026-02-05",
    "?archived=false",
    "?archived=true",
    "?q=words",
    "?q=in+the&completed=false&project={project}",
]


@pytest.mark.parametrize("query", QUERIES)
def test_those_change_that_the_list_shows(alice: Caller, tasks: dict[str, Any], query: str) -> None:
    query = query.format(**tasks)
    listed = alice.get(f"/tasks{query}").json
    answer = match(alice, query, "update", priority="low")
    assert answer.status_code == 200
    assert answer.json == {"count": len(listed)}
    assert ("X-Act-ID" in answer.headers) == bool(listed)
    changed = {each["id"] for each in alice.get("/tasks?priority=low").json}
    assert changed == {each["id"] for each in listed}


def test_the_queries_tell_tasks_apart(alice: Caller, tasks: dict[str, Any]) -> None:
    found = {query: titles(alice, query.format(**tasks)) for query in QUERIES}
    assert len(found[""]) == 5
    assert [query for query in QUERIES[1:] if found[query] == found[""]] == ["?archived=false"]
    assert [query for query in QUERIES if not found[query]] == ["?archived=true"]


@pytest.mark.parametrize(
    "query",
    [
        "?completed=1",
        "?project=none",
        "?project=-1",
        "?section=inbox",
        "?parent=inbox",
        "?label=none",
        "?label=1.0",
        "?priority=urgent",
        "?due_from=today",
        "?due_to=3000-01-01",
        "?started_by=",
        "?archived=yes",
        "?subtasks=drop",
        "?q=%00",
        "?sort=title",
        "?ids=1",
        "?limit=1",
    ],
)
def test_a_query_of_the_wrong_shape_changes_nothing(alice: Caller, query: str) -> None:
    task = alice.add_task()
    name = query[1:].split("=", maxsplit=1)[0]
    codes = {"sort": "unknown", "ids": "unknown", "limit": "unknown", "due_to": "range"}
    codes |= {"q": "unstorable", "priority": "choice", "subtasks": "choice"}
    refused = match(alice, query, "delete")
    assert_problem(refused, 422, "invalid", (name, codes.get(name, "type")))
    assert alice.get("/tasks").json == [task]


def test_all_are_completed_reopened_and_deleted(alice: Caller, tasks: dict[str, Any]) -> None:
    assert match(alice, "", "complete").json == {"count": 4}
    assert titles(alice, "?completed=false") == []
    assert match(alice, "?q=in+the", "reopen").json == {"count": 2}
    assert titles(alice, "?completed=false") == ["in the project", "in the section"]
    assert match(alice, "?completed=true", "delete").json == {"count": 3}
    assert titles(alice) == ["in the project", "in the section"]
    assert match(alice, f"?label={tasks['label']}", "reopen").json == {"count": 0}


def test_what_becomes_of_open_subtasks_has_to_be_said(alice: Caller, tasks: dict[str, Any]) -> None:
    refused = match(alice, "?priority=high", "complete")
    assert_problem(refused, 409, "subtasks_open")
    assert "X-Act-ID" not in refused.headers
    assert match(alice, "?priority=high&subtasks=keep", "complete").json == {"count": 1}
    [below] = alice.get("/tasks?q=below").json
    assert (below["completed"], below["parent_id"]) == (False, None)


def test_all_are_given_the_same_place_marks_and_dates(alice: Caller, tasks: dict[str, Any]) -> None:
    other = alice.add("/labels", name="other")["id"]
    answer = match(
        alice,
        "?parent=none",
        "update",
        section_id=tasks["section"],
        labels=[other],
        due_at="2026-02-06T09:00:00Z",
        start_on="2026-02-01",
    )
    assert answer.json == {"count": 4}
    found = alice.get("/tasks?parent=none").json
    assert {each["section_id"] for each in found} == {tasks["section"]}
    assert {each["due_at"] for each in found} == {"2026-02-06T09:00:00Z"}
    assert {each["start_on"] for each in found} == {"2026-02-01"}
    labels = {each["title"]: each["labels"] for each in found}
    assert labels["in the section"] == [tasks["label"], other]
    assert labels["plain"] == [other]
    undone = alice.call("POST", f"/acts/{answer.headers['X-Act-ID']}/undo")
    assert undone.json == {"count": 4}
    assert titles(alice, "?due_from=1900-01-01") == ["below"]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, ("/act", "required")),
        ({"act": "move"}, ("/act", "choice")),
        ({"act": None}, ("/act", "null")),
        ({"act": "update"}, ("/values", "required")),
        ({"act": "update", "values": None}, ("/values", "null")),
        ({"act": "update", "values": []}, ("/values", "type")),
        ({"act": "delete", "values": {"priority": "low"}}, ("/values", "unfit")),
        ({"act": "update", "values": {"title": "x"}}, ("/values/title", "unknown")),
        ({"act": "update", "values": {"description": "x"}}, ("/values/description", "unknown")),
        ({"act": "update", "values": {"completed": True}}, ("/values/completed", "unknown")),
        ({"act": "update", "values": {"parent_id": None}}, ("/values/parent_id", "single")),
        ({"act": "update", "values": {"priority": "urgent"}}, ("/values/priority", "choice")),
        ({"act": "update", "values": {"project_id": 0}}, ("/values/project_id", "no_such")),
        ({"act": "update", "values": {"project_id": 1.0}}, ("/values/project_id", "type")),
        ({"act": "update", "values": {"section_id": 2**63}}, ("/values/section_id", "no_such")),
        ({"act": "update", "values": {"labels": [987654321]}}, ("/values/labels", "no_such")),
        ({"act": "update", "values": {"labels": [True]}}, ("/values/labels/0", "type")),
        ({"act": "update", "values": {"due_zone": "Asia/Tokyo"}}, ("/values/due_zone", "alone")),
        ({"act": "delete", "ids": [1]}, ("/ids", "unknown")),
    ],
)
def test_a_body_of_the_wrong_shape_is_refused_where_it_is_wrong(
    alice: Caller, body: Any, fault: tuple[str, str]
) -> None:
    task = alice.add_task()
    refused = alice.post("/tasks/matching", body)
    assert_problem(refused, 422, "invalid", fault)
    assert "X-Act-ID" not in refused.headers
    assert alice.get("/tasks").json == [task]


def test_no_task_comes_to_bear_more_labels_than_it_may(alice: Caller) -> None:
    ids = [alice.add("/labels", name=f"label {number}")["id"] for number in range(51)]
    task = alice.add_task(labels=ids[:50])
    assert match(alice, "", "update", labels=[ids[3]]).json == {"count": 0}
    refused = match(alice, "", "update", labels=[ids[50]])
    assert_problem(refused, 422, "invalid", ("/values/labels", "too_many"))
    assert alice.get("/tasks").json == [task]


def test_nobody_elses_task_matches(alice: Caller, bob: Caller) -> None:
    task = alice.add_task()
    assert match(bob, "", "delete").json == {"count": 0}
    assert alice.get("/tasks").json == [task]
