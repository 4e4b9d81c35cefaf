"""Several tasks at once, and undoing"""

from typing import Any

import pytest
from flask import Flask

from ..callers import Caller
from .browser import Browser
from .organised import make
from .stored import snapshot, task


def add(caller: Caller, *titles: str, completed: bool = False) -> list[int]:
    """The ids of new tasks."""
    return [caller.add_task(title, completed=completed)["id"] for title in titles]


def state(caller: Caller) -> list[tuple[Any, ...]]:
    """What a person sees of their tasks, in use and in the trash."""
    fields = ("id", "title", "description", "completed", "created_at")
    rows = [*caller.get("/tasks?limit=500").json, *caller.get("/trash?limit=500").json]
    return [(*(row[field] for field in fields), "deleted_at" in row) for row in rows]


@pytest.mark.parametrize(
    ("button", "was_done", "notice", "undone"),
    [
        ("Complete", False, "Completed 2 tasks.", "Reopened"),
        ("Reopen", True, "Reopened 2 tasks.", "Completed"),
        ("Delete", False, "Moved to the trash: 2 tasks.", "Restored"),
    ],
)
def test_those_that_are_ticked_are_changed_and_it_can_be_undone(
    alice: Caller, browser: Browser, *, button: str, was_done: bool, notice: str, undone: str
) -> None:
    ids = add(alice, "a", "b", "c", completed=was_done)
    before = state(alice)
    browser.visit("/tasks?show=all&sort=title")

    browser.press(button, ids=ids[:2])

    assert browser.path == "/tasks?show=all&sort=title"
    assert browser.notices() == [notice]
    after = state(alice)
    assert len(set(after) - set(before)) == 2
    assert [row for row in after if row[0] == ids[2]] == [row for row in before if row[0] == ids[2]]

    browser.press("Undo")

    assert browser.path == "/tasks?show=all&sort=title"
    assert browser.notices() == [f"Undone. {undone} “a”, and 1 more."]
    assert state(alice) == before


def test_all_that_match_are_changed_also_those_on_later_pages(
    alice: Caller, browser: Browser
) -> None:
    add(alice, *(f"word {number}" for number in range(60)))
    add(alice, "other")
    add(alice, "word done", completed=True)
    before = state(alice)
    browser.visit("/tasks?q=word")
    browser.press("Delete", all="1")
    assert browser.notices() == ["Moved to the trash: 60 tasks."]
    assert [task["title"] for task in alice.get("/tasks").json] == ["word done", "other"]
    browser.press("Undo")
    assert state(alice) == before


def test_one_is_told_as_one(alice: Caller, browser: Browser) -> None:
    browser.visit("/tasks")
    [task_id] = add(alice, "a")
    browser.visit("/tasks")
    browser.press("Complete", ids=[task_id])
    assert browser.notices() == ["Completed 1 task."]


def test_nothing_ticked_is_said(app: Flask, alice: Caller, browser: Browser) -> None:
    add(alice, "a")
    before = snapshot(app)
    browser.visit("/tasks")
    browser.press("Delete")
    assert browser.notices() == ["Nothing was selected."]
    assert snapshot(app) == before


@pytest.mark.parametrize("act", ["complete", "reopen", "delete"])
def test_others_tasks_are_passed_over(
    app: Flask, alice: Caller, bobs_browser: Browser, act: str
) -> None:
    ids = [*add(alice, "a"), *add(alice, "b", completed=True)]
    before = snapshot(app)
    assert bobs_browser.post("/tasks/bulk", act=act, ids=ids) == 303
    assert bobs_browser.post("/tasks/bulk", act=act, all="1", show="all") == 303
    assert snapshot(app) == before


@pytest.mark.parametrize("act", ["", "purge", "Delete", "complete\0", "__class__"])
def test_an_act_that_is_none_does_nothing(
    app: Flask, alice: Caller, browser: Browser, act: str
) -> None:
    ids, before = add(alice, "a"), snapshot(app)
    assert browser.post("/tasks/bulk", act=act, ids=ids) == 303
    assert snapshot(app) == before


@pytest.mark.parametrize(
    "number", ["", "x", "-1", "1.5", "²", "9" * 19, "9" * 30, "9" * 5000, "\0"]
)
def test_an_id_that_is_none_does_nothing(
    app: Flask, alice: Caller, browser: Browser, number: str
) -> None:
    add(alice, "a")
    before = snapshot(app)
    assert browser.post("/tasks/bulk", act="delete", ids=[number]) == 303
    assert snapshot(app) == before


def test_very_many_ids_do_not_break_the_database(alice: Caller, browser: Browser) -> None:
    [task_id] = add(alice, "a")
    ids = [task_id] * 70_000
    assert browser.post("/tasks/bulk", act="complete", ids=ids) in (303, 413)


def test_a_single_completion_can_be_undone(alice: Caller, browser: Browser) -> None:
    add(alice, "a")
    before = state(alice)
    browser.visit("/tasks")
    browser.press("Complete “a”")
    browser.press("Undo")
    assert browser.notices() == ["Undone. Reopened “a”."]
    assert state(alice) == before


def test_a_deletion_can_be_undone_from_where_it_was_done(alice: Caller, browser: Browser) -> None:
    [task_id] = add(alice, "a")
    before = state(alice)
    browser.visit(f"/tasks/{task_id}")
    browser.press("Delete")
    browser.press("Undo")
    assert (browser.status, browser.path) == (200, "/tasks")
    assert state(alice) == before


def undo_of(browser: Browser) -> str:
    """The address that the page's only Undo sends to."""
    [button] = [each for each in browser.page.all("button") if each.name == "Undo"]
    return next(each for each in button.around() if each.tag == "form").get("action")


def test_undoing_twice_says_that_nothing_is_left(alice: Caller, browser: Browser) -> None:
    add(alice, "a")
    browser.visit("/tasks")
    browser.press("Delete “a”")
    undo = undo_of(browser)
    browser.post(undo)
    before = state(alice)
    browser.post(undo)
    browser.visit("/tasks")
    assert browser.notices()[-1] == "There was nothing left to undo."
    assert state(alice) == before


def test_undoing_leaves_what_has_changed_since(alice: Caller, browser: Browser) -> None:
    ids = add(alice, "a", "b")
    browser.visit("/tasks?show=all")
    browser.press("Change", ids=ids, to_priority="high")
    alice.patch(f"/tasks/{ids[0]}", {"priority": "low"})
    browser.press("Undo")
    assert browser.notices() == ["Undone. Changed priority of “b” from high to none."]
    marks = {task["title"]: task["priority"] for task in alice.get("/tasks").json}
    assert marks == {"a": "low", "b": "none"}


def test_a_stranger_undoes_nothing(
    app: Flask, alice: Caller, browser: Browser, bobs_browser: Browser
) -> None:
    add(alice, "a")
    browser.visit("/tasks")
    browser.press("Delete “a”")
    undo, before = undo_of(browser), snapshot(app)
    assert bobs_browser.post(undo) == 303
    bobs_browser.visit("/tasks")
    assert bobs_browser.notices() == ["There was nothing left to undo."]
    assert snapshot(app) == before


@pytest.mark.parametrize("act", ["0", str(2**63 - 1), str(2**63), "9" * 30, "9" * 5000])
def test_an_undo_of_no_act_does_nothing(
    app: Flask, alice: Caller, browser: Browser, act: str
) -> None:
    alice.delete(f"/tasks/{add(alice, 'a')[0]}")
    before = snapshot(app)
    assert browser.post(f"/acts/{act}/undo") == 303
    assert snapshot(app) == before


def test_completing_what_is_done_already_offers_no_undo_of_what_others_did(
    app: Flask, alice: Caller, browser: Browser
) -> None:
    """Two windows: in one, two tasks are completed at once; in the other, one of them again."""
    ids = add(alice, "a", "b")
    browser.visit("/tasks")
    browser.press("Complete", ids=ids)
    browser.visit("/tasks")
    browser.post(f"/tasks/{ids[0]}/complete", completed="true")
    browser.visit("/tasks")
    assert not [each for each in browser.page.all("button") if each.name == "Undo"]
    assert task(app, ids[1]).completed is True


@pytest.mark.parametrize(
    ("chosen", "changed"),
    [
        ({"to_priority": "high"}, {"priority": "high"}),
        ({"to_due": "none"}, {"due_on": None}),
        ({"to_place": "inbox"}, {"project_id": None}),
    ],
)
def test_those_that_are_ticked_are_given_the_same_and_it_can_be_undone(
    alice: Caller, browser: Browser, chosen: dict[str, str], changed: dict[str, Any]
) -> None:
    project = make(alice, "projects", "Home")
    more = {"due_on": "2026-01-31", "project_id": project}
    ids = [alice.add_task(title, **more)["id"] for title in ("a", "b", "c")]
    browser.visit("/tasks")
    browser.press("Change", ids=ids[:2], **chosen)
    assert browser.notices() == ["Changed 2 tasks."]
    [field] = changed
    after = [alice.get(f"/tasks/{id_}").json[field] for id_ in ids]
    assert after[:2] == [changed[field]] * 2
    assert after[2] != changed[field]
    browser.press("Undo")
    assert len({alice.get(f"/tasks/{id_}").json[field] for id_ in ids}) == 1


def test_all_that_match_go_to_a_project_and_get_a_label_in_one_act(
    alice: Caller, browser: Browser
) -> None:
    project, label = make(alice, "projects", "Home"), make(alice, "labels", "phone")
    for number in range(60):
        alice.add_task(f"call {number}")
    alice.add_task("other")
    browser.visit("/tasks?q=call")
    browser.press("Change", all="1", to_place=f"p{project}", to_label=str(label))
    assert browser.notices() == ["Changed 60 tasks."]
    found = alice.get(f"/tasks?project={project}&label={label}&limit=100").json
    assert len(found) == 60
    browser.press("Undo")
    assert alice.get(f"/tasks?project={project}&limit=100").json == []


def test_what_is_to_change_has_to_be_said(app: Flask, alice: Caller, browser: Browser) -> None:
    ids = add(alice, "a")
    before = snapshot(app)
    browser.visit("/tasks")
    browser.press("Change", ids=ids)
    assert browser.notices() == ["Choose what to change."]
    browser.press("Change", ids=ids, to_place="p999999")
    assert browser.notices() == ["There is no such project of yours."]
    assert snapshot(app) == before


def test_open_subtasks_are_asked_about_and_nothing_is_lost_by_giving_up(
    alice: Caller, browser: Browser
) -> None:
    parent = add(alice, "parent")[0]
    alice.add_task("child", parent_id=parent)
    browser.visit("/inbox?sort=title")
    browser.press("Complete “parent”")
    assert browser.status == 409
    assert "child" in browser.page.one("main").text
    browser.click("Cancel")
    assert browser.path == "/inbox?sort=title"
    browser.press("Complete “parent”")
    browser.press("Keep them open")
    assert browser.path == "/inbox?sort=title"
    assert browser.titles() == ["child"]
    browser.press("Undo")
    assert browser.titles() == ["parent"]
    browser.press("Complete", ids=[parent])
    browser.press("Complete them too")
    assert browser.path == "/inbox?sort=title"
    assert browser.titles() == []
