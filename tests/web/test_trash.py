"""The trash, as a page"""

from datetime import timedelta

import pytest
from flask import Flask

from taskapp.db import now
from taskapp.models import Task

from ..callers import Caller
from .browser import Browser
from .stored import change, snapshot


def delete(caller: Caller, title: str) -> int:
    """The id of a task in the trash."""
    task_id: int = caller.add_task(title)["id"]
    caller.delete(f"/tasks/{task_id}")
    return task_id


def test_an_empty_trash_says_how_long_things_stay(browser: Browser) -> None:
    browser.visit("/trash")
    assert "The trash is empty" in browser.page.text
    assert "30 days" in browser.page.text
    assert not browser.page.one("main").all("button")


def test_what_is_deleted_is_shown_the_last_first(alice: Caller, browser: Browser) -> None:
    alice.add_task("in use")
    delete(alice, "a")
    delete(alice, "b")
    browser.visit("/trash")
    assert browser.titles() == ["b", "a"]
    assert "30 days" in browser.page.text


def test_a_task_is_restored(alice: Caller, browser: Browser) -> None:
    delete(alice, "a")
    delete(alice, "b")
    browser.visit("/trash")
    browser.press("Restore")
    assert (browser.path, browser.titles()) == ("/trash", ["a"])
    assert browser.notices() == ["Restored “b”."]
    assert [task["title"] for task in alice.get("/tasks").json] == ["b"]


def test_a_task_is_deleted_for_good(app: Flask, alice: Caller, browser: Browser) -> None:
    delete(alice, "a")
    delete(alice, "b")
    browser.visit("/trash")
    browser.press("Delete for good")
    assert (browser.path, browser.titles()) == ("/trash", ["a"])
    assert len(snapshot(app)["task"]) == 1


def test_the_trash_is_emptied_and_nothing_else(
    app: Flask, alice: Caller, bob: Caller, browser: Browser
) -> None:
    alice.add_task("in use")
    delete(bob, "of Bob")
    delete(alice, "a")
    delete(alice, "b")
    browser.visit("/trash")
    browser.press("Delete all for good")
    assert browser.path == "/trash"
    assert "The trash is empty" in browser.page.one("main").text
    assert len(snapshot(app)["task"]) == 2


@pytest.mark.parametrize("act", ["restore", "purge"])
def test_what_is_no_longer_there_is_not_found(alice: Caller, browser: Browser, act: str) -> None:
    task_id = delete(alice, "a")
    assert browser.post(f"/trash/{task_id}/{act}") == 303
    assert browser.post(f"/trash/{task_id}/{act}") == 404
    assert browser.post(f"/trash/{alice.add_task()['id']}/{act}") == 404


def test_after_its_time_a_task_is_neither_shown_nor_restored(
    app: Flask, alice: Caller, browser: Browser
) -> None:
    task_id = delete(alice, "a")
    change(app, Task, task_id, deleted_at=now() - timedelta(days=30, seconds=1))
    browser.visit("/trash")
    assert browser.titles() == []
    assert browser.post(f"/trash/{task_id}/restore") == 404


def test_after_its_time_a_deletion_is_not_undone(
    app: Flask, alice: Caller, browser: Browser
) -> None:
    task_id = alice.add_task("a")["id"]
    act = alice.delete(f"/tasks/{task_id}").headers["X-Act-ID"]
    change(app, Task, task_id, deleted_at=now() - timedelta(days=31))
    browser.post(f"/acts/{act}/undo")
    assert alice.get("/tasks").json == []


def test_more_leads_through_the_whole_trash(app: Flask, alice: Caller, browser: Browser) -> None:
    moment = now()
    for number in range(110):
        change(app, Task, delete(alice, str(number)), deleted_at=moment)
    browser.visit("/trash")
    found = browser.titles()
    while browser.page.all("a", data_append=True):
        browser.click("More")
        found += browser.titles()
    assert found == [str(number) for number in reversed(range(110))]
