"""Several tasks at once, and undoing"""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from taskapp.models import Task

from ..callers import Caller
from .browser import Browser
from .stored import change, snapshot, task


def add(caller: Caller, *titles: str, completed: bool = False) -> list[int]:
    """The ids of new tasks."""
    return [caller.add_task(title, completed=completed)["id"] for title in titles]


def state(caller: Caller) -> list[tuple[Any, ...]]:
    """What a person sees of their tasks, in use and in the trash."""
    fields = ("id", "title", "description", "completed", "created_at")
    rows = [*caller.get("/tasks?limit=500").json, *caller.get("/trash?limit=500").json]
    return [(*(row[field] for field in fields), "deleted_at" in row) for row in rows]


@pytest.mark.parametrize(
    ("button", "was_done", "notice"),
    [
        ("Complete", False, "Completed 2 tasks."),
        ("Reopen", True, "Reopened 2 tasks."),
        ("Delete", False, "Moved to the trash: 2 tasks."),
    ],
)
def test_those_that_are_ticked_are_changed_and_it_can_be_undone(
    alice: Caller, browser: Browser, button: str, was_done: bool, notice: str
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
    assert browser.notices() == ["Undone."]
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
    assert browser.notices() == ["Undone."]
    assert state(alice) == before


def test_a_deletion_can_be_undone_from_where_it_was_done(alice: Caller, browser: Browser) -> None:
    [task_id] = add(alice, "a")
    before = state(alice)
    browser.visit(f"/tasks/{task_id}")
    browser.press("Delete")
    browser.press("Undo")
    assert (browser.status, browser.path) == (200, "/tasks")
    assert state(alice) == before


def test_undoing_twice_says_that_nothing_is_left(alice: Caller, browser: Browser) -> None:
    add(alice, "a")
    browser.visit("/tasks")
    browser.press("Delete “a”")
    moment, act = browser.value("moment"), browser.value("act")
    browser.post("/undo", moment=moment, act=act)
    before = state(alice)
    browser.post("/undo", moment=moment, act=act)
    browser.visit("/tasks")
    assert browser.notices()[-1] == "There was nothing left to undo."
    assert state(alice) == before


def test_undoing_leaves_what_has_changed_since(alice: Caller, browser: Browser) -> None:
    ids = add(alice, "a", "b")
    browser.visit("/tasks?show=all")
    browser.press("Complete", ids=ids)
    alice.patch(f"/tasks/{ids[0]}", {"title": "changed since"})
    browser.press("Undo")
    done = {task["title"]: task["completed"] for task in alice.get("/tasks").json}
    assert done == {"changed since": True, "b": False}


def test_a_stranger_undoes_nothing(
    app: Flask, alice: Caller, browser: Browser, bobs_browser: Browser
) -> None:
    add(alice, "a")
    browser.visit("/tasks")
    browser.press("Delete “a”")
    moment, before = browser.value("moment"), snapshot(app)
    bobs_browser.post("/undo", moment=moment, act="delete")
    assert snapshot(app) == before


@pytest.mark.parametrize(
    "moment",
    [
        "",
        "x",
        "2026-01-31",
        "2026-01-31T09:30:00",
        "2026-01-31T09:30:00Z\0",
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
        "1" * 5000,
    ],
)
def test_an_undo_of_no_instant_does_nothing(
    app: Flask, alice: Caller, browser: Browser, moment: str
) -> None:
    alice.delete(f"/tasks/{add(alice, 'a')[0]}")
    before = snapshot(app)
    for act in ("delete", "complete", ""):
        assert browser.post("/undo", moment=moment, act=act) == 303
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
    assert browser.field("moment") == []
    assert task(app, ids[1]).completed is True


def test_a_completion_long_ago_is_not_mistaken_for_an_act_of_now(
    app: Flask, alice: Caller, browser: Browser
) -> None:
    [task_id] = add(alice, "a", completed=True)
    change(app, Task, task_id, updated_at=datetime(2020, 1, 1, tzinfo=UTC))
    browser.post(f"/tasks/{task_id}/complete", completed="true")
    browser.visit("/tasks")
    assert all(not each.get("value").startswith("2020") for each in browser.field("moment"))
