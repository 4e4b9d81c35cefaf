"""POST /api/{user_id}/acts/{act_id}/undo"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from taskapp.services import history

from ..callers import Answer, Caller, assert_problem

Ids = dict[str, int]

# What there is to look at; what is in the trash included.
LISTS = ("/tasks", "/projects", "/sections", "/labels", "/trash", "/trash/projects")


def undo(caller: Caller, act: str | int) -> Answer:
    """Take an act back."""
    return caller.call("POST", f"/acts/{act}/undo")


def act_of(answer: Answer) -> str:
    """The act of which an answer tells."""
    assert answer.status_code < 300, answer.text
    return answer.headers["X-Act-ID"]


def everything(caller: Caller) -> dict[str, Any]:
    """All that one sees, but when it changed last."""
    return {
        path: {
            each["id"]: {k: v for k, v in each.items() if k not in ("updated_at", "deleted_at")}
            for each in caller.get(path).json
        }
        for path in LISTS
    }


@pytest.fixture
def ids(alice: Caller) -> Ids:
    """One of everything of Alice's, and some that belong together."""
    project = alice.add("/projects", name="House")["id"]
    other = alice.add("/projects", name="Garden")["id"]
    section = alice.add("/sections", name="Hall", project_id=project)["id"]
    label, into = [alice.add("/labels", name=name)["id"] for name in ("errand", "chore")]
    marks = {"labels": [label], "section_id": section, "due_on": "2026-02-06"}
    task = alice.add_task("parent", description="words", **marks)["id"]
    child = alice.add_task("child", parent_id=task, priority="high")["id"]
    done = alice.add_task("done", completed=True, due_at="2026-02-06T09:00:00Z")["id"]
    gone = alice.add_task("gone", project_id=project)["id"]
    alice.delete(f"/tasks/{gone}")
    lost = alice.add("/projects", name="Lost")["id"]
    alice.add_task("lost", project_id=lost)
    alice.delete(f"/projects/{lost}")
    return {
        "project": project,
        "other": other,
        "section": section,
        "label": label,
        "into": into,
        "task": task,
        "child": child,
        "done": done,
        "gone": gone,
        "lost": lost,
    }


Deed = Callable[[Caller, Ids], Answer]

DEEDS: dict[str, Deed] = {
    "create task": lambda a, i: a.post("/tasks", {"title": "new", "parent_id": i["task"]}),
    "change task": lambda a, i: a.patch(
        f"/tasks/{i['task']}",
        {"title": "x", "description": None, "labels": [i["into"]], "start_on": "2026-02-01"},
    ),
    "day to instant": lambda a, i: a.patch(
        f"/tasks/{i['task']}", {"due_at": "2026-02-06T09:00:00Z", "due_zone": "Asia/Tokyo"}
    ),
    "instant to day": lambda a, i: a.patch(f"/tasks/{i['done']}", {"due_on": "2026-02-07"}),
    "put task": lambda a, i: a.put(f"/tasks/{i['task']}", {"priority": "low"}),
    "complete": lambda a, i: a.patch(f"/tasks/{i['child']}/complete"),
    "complete all": lambda a, i: a.patch(f"/tasks/{i['task']}/complete?subtasks=complete"),
    "complete, keep": lambda a, i: a.patch(f"/tasks/{i['task']}/complete?subtasks=keep"),
    "reopen": lambda a, i: a.patch(f"/tasks/{i['done']}/complete"),
    "move": lambda a, i: a.post(f"/tasks/{i['task']}/move", {"project_id": i["other"]}),
    "move up": lambda a, i: a.post(f"/tasks/{i['child']}/move", {"parent_id": None}),
    "move first": lambda a, i: a.post(f"/tasks/{i['done']}/move", {"after": None}),
    "delete task": lambda a, i: a.delete(f"/tasks/{i['task']}"),
    "restore task": lambda a, i: a.call("POST", f"/trash/{i['gone']}/restore"),
    "create project": lambda a, _: a.post("/projects", {"name": "new"}),
    "change project": lambda a, i: a.patch(
        f"/projects/{i['project']}", {"name": "x", "color": "red", "archived": True}
    ),
    "move project": lambda a, i: a.post(f"/projects/{i['other']}/move", {"after": None}),
    "delete project": lambda a, i: a.delete(f"/projects/{i['project']}"),
    "restore project": lambda a, i: a.call("POST", f"/trash/projects/{i['lost']}/restore"),
    "create section": lambda a, i: a.post("/sections", {"name": "new", "project_id": i["project"]}),
    "change section": lambda a, i: a.patch(
        f"/sections/{i['section']}", {"name": "x", "project_id": i["other"]}
    ),
    "delete section": lambda a, i: a.delete(f"/sections/{i['section']}"),
    "create label": lambda a, _: a.post("/labels", {"name": "new"}),
    "change label": lambda a, i: a.patch(f"/labels/{i['label']}", {"name": "x", "color": "red"}),
    "delete label": lambda a, i: a.delete(f"/labels/{i['label']}"),
    "merge label": lambda a, i: a.post(f"/labels/{i['label']}/merge", {"into": i["into"]}),
    "bulk": lambda a, i: a.post(
        "/tasks/bulk",
        {
            "operations": [
                {"op": "create", "values": {"title": "new", "project_id": i["other"]}},
                {"op": "move", "id": i["child"], "values": {"project_id": i["other"]}},
                {"op": "complete", "id": i["task"]},
                {"op": "delete", "id": i["done"]},
            ]
        },
    ),
    "matching": lambda a, i: a.post(
        "/tasks/matching",
        {"act": "update", "values": {"project_id": i["other"], "labels": [i["into"]]}},
    ),
    "delete matching": lambda a, _: a.post("/tasks/matching", {"act": "delete"}),
}
# What is removed for good comes back under its id; what is in the trash stays there when made anew.
TO_THE_TRASH = {"create task": "/trash", "create project": "/trash/projects", "bulk": "/trash"}


@pytest.mark.parametrize("name", DEEDS)
def test_what_was_done_is_taken_back_and_done_again(alice: Caller, ids: Ids, name: str) -> None:
    before = everything(alice)
    act = act_of(DEEDS[name](alice, ids))
    after = everything(alice)
    assert after != before

    first = undo(alice, act)
    assert first.status_code == 200, first.text
    assert first.json["count"] >= 1
    undone = everything(alice)
    if name in TO_THE_TRASH:
        path = TO_THE_TRASH[name]
        [new] = undone[path].keys() - before[path].keys()
        del undone[path][new]
    assert undone == before

    second = undo(alice, act_of(first))
    assert second.json == first.json
    assert everything(alice) == after
    third = undo(alice, act_of(second))
    assert third.json == first.json


def test_every_way_to_write_tells_its_act_and_can_be_undone(app: Flask) -> None:
    """What only the trash does, which is for good, and what is no act of its own, aside."""
    written = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "user_id" in rule.arguments
        and (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}
    }
    for_good = {"trash.empty_trash", "trash.purge_task", "trash.purge_project"}
    tried = {
        *("tasks.create_task", "tasks.patch_task", "tasks.put_task", "tasks.complete_task"),
        *("tasks.move_task", "tasks.delete_task", "trash.restore_task", "trash.restore_project"),
        *("projects.create_project", "projects.change_project", "projects.move_project"),
        *("projects.delete_project", "sections.create_section", "sections.change_section"),
        *("sections.move_section", "sections.delete_section", "labels.create_label"),
        *("labels.change_label", "labels.delete_label", "labels.merge_label"),
        *("bulk.run_operations", "bulk.change_matching", "acts.undo_act"),
    }
    assert written == tried | for_good


def test_a_section_that_was_moved_goes_back(alice: Caller, ids: Ids) -> None:
    new = alice.add("/sections", name="Stairs", project_id=ids["project"])["id"]
    moved = alice.post(f"/sections/{new}/move", {"after": None})
    assert [each["name"] for each in alice.get("/sections").json] == ["Stairs", "Hall"]
    assert undo(alice, act_of(moved)).json == {"count": 1}
    assert [each["name"] for each in alice.get("/sections").json] == ["Hall", "Stairs"]


def test_what_has_changed_since_stays_as_it_is(alice: Caller, ids: Ids) -> None:
    path = f"/tasks/{ids['task']}"
    act = act_of(alice.patch(path, {"title": "one", "priority": "high"}))
    alice.patch(path, {"title": "two"})
    assert undo(alice, act).json == {"count": 1}
    found = alice.get(path).json
    assert (found["title"], found["priority"]) == ("two", "none")
    again = undo(alice, act)
    assert again.json == {"count": 0}
    assert "X-Act-ID" not in again.headers


def test_an_undoing_tells_what_it_took_back(alice: Caller, ids: Ids) -> None:
    act = act_of(alice.patch(f"/tasks/{ids['task']}", {"title": "x"}))
    undone = act_of(undo(alice, act))
    [event] = alice.get(f"/changes?since={act}").json["events"]
    assert (event["undoes"], event["act"]) == (int(act), int(undone))
    assert event["after"] == {"title": "parent"}


def test_what_is_not_ones_own_act_is_not_found(alice: Caller, bob: Caller, ids: Ids) -> None:
    act = act_of(alice.patch(f"/tasks/{ids['task']}/complete?subtasks=complete"))
    before = everything(alice)
    for number in (act, 987654321, 0, 2**63, 10**30):
        refused = undo(bob, number)
        assert_problem(refused, 404, "not_found")
        assert "X-Act-ID" not in refused.headers
    later = max(each["id"] for each in alice.get(f"/changes?since={act}").json["events"])
    assert_problem(undo(alice, later), 404, "not_found")
    assert everything(alice) == before


def test_an_act_that_is_no_longer_kept_is_not_found(alice: Caller, app: Flask) -> None:
    act = act_of(alice.post("/tasks", {"title": "a"}))
    with app.app_context():
        history.prune(keep=timedelta(0))
    assert_problem(undo(alice, act), 404, "not_found")


def test_what_has_gone_for_good_does_not_come_back(alice: Caller, ids: Ids) -> None:
    deleted = act_of(alice.delete(f"/tasks/{ids['done']}"))
    purged = act_of(alice.delete(f"/trash/{ids['done']}"))
    nothing = undo(alice, deleted)
    assert (nothing.status_code, nothing.json) == (200, {"count": 0})
    refused = undo(alice, purged)
    assert_problem(refused, 409, "undo_blocked")
    assert "X-Act-ID" not in nothing.headers
    assert "X-Act-ID" not in refused.headers
    assert_problem(alice.get(f"/tasks/{ids['done']}"), 404, "not_found")


def test_a_name_that_is_taken_by_now_stands_in_the_way(alice: Caller, ids: Ids) -> None:
    act = act_of(alice.delete(f"/labels/{ids['label']}"))
    alice.add("/labels", name="ERRAND")
    before = everything(alice)
    refused = undo(alice, act)
    assert_problem(refused, 409, "undo_blocked")
    assert "X-Act-ID" not in refused.headers
    assert everything(alice) == before


# ---------------------------------------------------------------- what holds, whatever is undone


def assert_sound(caller: Caller) -> None:
    """What is in use hangs on nothing in the trash, and on nothing done while it is open."""
    tasks = {each["id"]: each for each in caller.get("/tasks?limit=500").json}
    projects = {each["id"] for each in caller.get("/projects").json}
    sections = {each["id"]: each["project_id"] for each in caller.get("/sections").json}
    labels = {each["id"] for each in caller.get("/labels").json}
    for task in tasks.values():
        assert task["project_id"] in projects | {None}, task
        assert sections.get(task["section_id"]) in (task["project_id"], None), task
        assert set(task["labels"]) <= labels
        if task["parent_id"] is not None:
            parent = tasks[task["parent_id"]]
            assert parent["project_id"] == task["project_id"], task
            assert task["completed"] or not parent["completed"], task
            assert task["depth"] == parent["depth"] + 1


LATER: dict[str, tuple[Deed, Deed]] = {
    "a subtask comes back below a parent in the trash": (
        lambda a, i: a.delete(f"/tasks/{i['child']}"),
        lambda a, i: a.delete(f"/tasks/{i['task']}"),
    ),
    "a subtask is open again below a parent that is done": (
        lambda a, i: a.patch(f"/tasks/{i['child']}/complete"),
        lambda a, i: a.patch(f"/tasks/{i['task']}/complete"),
    ),
    "a subtask goes back below a parent in the trash": (
        lambda a, i: a.post(f"/tasks/{i['child']}/move", {"parent_id": None}),
        lambda a, i: a.delete(f"/tasks/{i['task']}"),
    ),
    "a subtask goes back below a parent that is done": (
        lambda a, i: a.post(f"/tasks/{i['child']}/move", {"parent_id": None}),
        lambda a, i: a.patch(f"/tasks/{i['task']}/complete"),
    ),
    "a subtask goes back below a parent in another project": (
        lambda a, i: a.post(f"/tasks/{i['child']}/move", {"parent_id": None}),
        lambda a, i: a.patch(f"/tasks/{i['task']}", {"project_id": i["other"]}),
    ),
    "a task goes back to a project in the trash": (
        lambda a, i: a.patch(f"/tasks/{i['task']}", {"project_id": None}),
        lambda a, i: a.delete(f"/projects/{i['project']}"),
    ),
    "a task goes back to a section of another project": (
        lambda a, i: a.patch(f"/tasks/{i['task']}", {"project_id": None}),
        lambda a, i: a.patch(f"/sections/{i['section']}", {"project_id": i["other"]}),
    ),
    "a task goes back to a section that is gone": (
        lambda a, i: a.patch(f"/tasks/{i['task']}", {"project_id": None}),
        lambda a, i: a.delete(f"/sections/{i['section']}"),
    ),
    "a task comes back to a project in the trash": (
        lambda a, i: a.delete(f"/tasks/{i['task']}"),
        lambda a, i: a.delete(f"/projects/{i['project']}"),
    ),
    "a task bears a label again that is gone": (
        lambda a, i: a.patch(f"/tasks/{i['task']}", {"labels": []}),
        lambda a, i: a.delete(f"/labels/{i['label']}"),
    ),
    "a parent that was new has subtasks by now": (
        lambda a, _: a.post("/tasks", {"title": "new"}),
        lambda a, i: a.post(
            f"/tasks/{i['child']}/move",
            {"parent_id": a.get("/tasks?limit=1").json[0]["id"]},
        ),
    ),
    "a project that was new has tasks by now": (
        lambda a, _: a.post("/projects", {"name": "new"}),
        lambda a, i: a.patch(
            f"/tasks/{i['task']}", {"project_id": a.get("/projects").json[-1]["id"]}
        ),
    ),
    "a task goes back below one that is below it by now": (
        lambda a, i: a.post(f"/tasks/{i['child']}/move", {"parent_id": None}),
        lambda a, i: a.post(f"/tasks/{i['task']}/move", {"parent_id": i["child"]}),
    ),
}


@pytest.mark.parametrize("name", LATER)
def test_undoing_leaves_nothing_that_could_not_be(alice: Caller, ids: Ids, name: str) -> None:
    done, since = LATER[name]
    act = act_of(done(alice, ids))
    act_of(since(alice, ids))
    before = everything(alice)
    answer = undo(alice, act)
    assert answer.status_code in (200, 409), answer.text
    if answer.status_code == 409:
        assert_problem(answer, 409, "undo_blocked")
        assert everything(alice) == before
    assert_sound(alice)


def test_all_can_be_taken_back_from_the_last_to_the_first(alice: Caller, ids: Ids) -> None:
    mark = alice.get("/changes").json["position"]
    states, acts = [everything(alice)], []
    for name in ("change task", "complete all", "move", "delete section", "merge label"):
        acts.append(act_of(DEEDS[name](alice, ids)))
        states.append(everything(alice))
    for act in reversed(acts):
        assert everything(alice) == states.pop()
        act_of(undo(alice, act))
    assert everything(alice) == states.pop()
    assert alice.get(f"/changes?since={mark}").json["events"]


def test_a_section_comes_and_goes_while_its_project_is_in_the_trash(alice: Caller) -> None:
    project = alice.add("/projects", name="Home")["id"]
    made = alice.post("/sections", {"name": "Next", "project_id": project})
    gone = act_of(alice.delete(f"/projects/{project}"))
    taken_back = act_of(undo(alice, act_of(made)))
    assert undo(alice, taken_back).status_code == 200
    assert undo(alice, gone).status_code == 200
    assert [each["name"] for each in alice.get("/sections").json] == ["Next"]
