"""The rows of a list and the places beside it: what is remembered of them is what is so"""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from taskapp.db import db
from taskapp.web import navigation, rows

from ..callers import Caller
from .browser import Browser
from .organised import make


def row(browser: Browser, task_id: int) -> str:
    """What the row of a task says."""
    return browser.page.one(id=f"task-{task_id}").text


def test_a_row_shows_what_has_changed_since_it_was_shown(alice: Caller, browser: Browser) -> None:
    home, urgent = make(alice, "projects", "Home"), make(alice, "labels", "urgent")
    parent = alice.add_task("Paint the wall", project_id=home)["id"]
    task = alice.add_task("Buy paint", parent_id=parent, labels=[urgent])["id"]
    below = alice.add_task("Choose a colour", parent_id=task)["id"]
    browser.visit("/tasks")
    for word in ("Buy paint", "Paint the wall", "urgent", "Home", "0/1"):
        assert word in row(browser, task)

    changes: dict[str, tuple[str, dict[str, Any]]] = {
        "Buy white paint": (f"tasks/{task}", {"title": "Buy white paint"}),
        "Paint all walls": (f"tasks/{parent}", {"title": "Paint all walls"}),
        "soon": (f"labels/{urgent}", {"name": "soon"}),
        "House": (f"projects/{home}", {"name": "House"}),
        "1/1": (f"tasks/{below}", {"completed": True}),
        "high": (f"tasks/{task}", {"priority": "high"}),
        "a description": (f"tasks/{task}", {"description": "Two pots"}),
        "overdue": (f"tasks/{task}", {"due_on": "2020-01-31"}),
    }
    for word, (thing, change) in changes.items():
        assert word not in row(browser, task)
        assert alice.patch(f"/{alice.id}/{thing}", change).status_code == 200
        browser.visit("/tasks")
        assert word in row(browser, task)


def test_a_row_leads_back_to_the_list_that_it_is_in(alice: Caller, browser: Browser) -> None:
    task = alice.add_task("a")["id"]
    for path in ("/tasks", "/inbox", "/tasks?q=a&sort=title"):
        browser.visit(path)
        browser.open(browser.page.one("a", **{"aria-label": "Edit “a”"}).get("href"))
        assert browser.value("back") == path
        browser.press("Save")
        assert browser.path == path
        assert row(browser, task)


def test_the_places_show_what_has_changed_and_where_one_is(alice: Caller, browser: Browser) -> None:
    home = make(alice, "projects", "Home")
    path = f"/projects/{home}"
    for name, color in (("Home", "blue"), ("House", "red")):
        alice.patch(f"/{alice.id}/projects/{home}", {"name": name, "color": color})
        for here in (path, "/tasks", path):
            browser.visit(here)
            [place] = browser.page.one(id="side").all("a", href=path)
            assert place.one("bdi").text == name
            assert place.all("i", class_=f"dot color-{color}")
            assert (place.get("aria-current") == "page") == (here == path)


def test_so_many_are_remembered_and_no_more() -> None:
    assert rows._drawn.cache_info().maxsize == rows.ROWS_KEPT
    assert navigation._draw.cache_info().maxsize == navigation.DRAWN_KEPT


@pytest.mark.parametrize("path", ["/tasks", "/tasks?show=done", "/inbox"])
def test_a_list_takes_three_statements(
    app: Flask, alice: Caller, browser: Browser, path: str
) -> None:
    alice.add_task("a")
    sent: list[str] = []
    with app.app_context():
        engine = db.engine

    def note(_connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
        sent.append(sql)

    event.listen(engine, "before_cursor_execute", note)
    try:
        browser.visit(path)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    # Whose login it is; the tasks; what is at a glance, and how many tasks there are.
    assert len(sent) == 3
