"""Inbox, Today, Upcoming, Completed and labels: what is in each, and how it is narrowed down"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert

from taskapp.db import transaction
from taskapp.models import Task

from ..callers import Caller
from .browser import Browser
from .organised import make


def day(ahead: int) -> str:
    """A day from today, in UTC."""
    return (datetime.now(UTC).date() + timedelta(days=ahead)).isoformat()


def headings(browser: Browser) -> list[str]:
    """What the rows of a list stand under."""
    return [each.text for each in browser.page.one(id="rows").all("h2")]


def counts(browser: Browser) -> dict[str, str]:
    """The numbers beside the places."""
    places = browser.page.one(id="side").all("a")
    found = {
        place.one("bdi").text: place.all("span", class_="count")
        for place in places[:-1]
        if place.all("bdi")
    }
    return {name: number[0].text for name, number in found.items() if number}


def test_what_is_in_no_project_is_in_the_inbox_in_its_order(
    alice: Caller, browser: Browser
) -> None:
    parent = alice.add_task("a")["id"]
    alice.add_task("below", parent_id=parent)
    alice.add_task("elsewhere", project_id=make(alice, "projects", "Home"))
    browser.visit("/inbox")
    browser.press("Add", title="b")
    assert (browser.path, browser.titles()) == ("/inbox", ["a", "b"])
    assert counts(browser) == {"Inbox": "2", "Home": "1"}


def test_today_begins_with_what_is_overdue_and_leaves_out_what_cannot_be_begun(
    alice: Caller, browser: Browser
) -> None:
    archived = make(alice, "projects", "Old")
    alice.add_task("out of the way", due_on=day(0), project_id=archived)
    alice.patch(f"/{alice.id}/projects/{archived}", {"archived": True})
    alice.add_task("later", due_on=day(0), start_on=day(1))
    alice.add_task("tomorrow", due_on=day(1))
    alice.add_task("done", due_on=day(0), completed=True)
    alice.add_task("late", due_on=day(-3))
    browser.visit("/today")
    browser.press("Add", title="now")
    assert headings(browser) == ["Overdue", "Today"]
    assert browser.titles() == ["late", "now"]
    assert (
        "overdue"
        in browser.page.one("li", data_task=str(alice.get("/tasks?sort=due").json[0]["id"])).text
    )
    assert counts(browser)["Today"] == "2"


def test_all_that_is_overdue_is_put_off_to_today_and_that_can_be_undone(
    alice: Caller, browser: Browser
) -> None:
    late = [alice.add_task(f"late {number}", due_on=day(-number))["id"] for number in (1, 2)]
    kept = alice.add_task("tomorrow", due_on=day(1))["id"]
    browser.visit("/today")
    browser.press("Reschedule all to today")
    assert browser.notices() == ["Rescheduled 2 tasks to today."]
    assert headings(browser) == ["Today"]
    assert {alice.get(f"/tasks/{id_}").json["due_on"] for id_ in late} == {day(0)}
    assert alice.get(f"/tasks/{kept}").json["due_on"] == day(1)
    browser.press("Undo")
    assert headings(browser) == ["Overdue"]


def test_what_is_ahead_is_shown_day_by_day(alice: Caller, browser: Browser) -> None:
    alice.add_task("today", due_on=day(0))
    alice.add_task("far", due_on=day(9))
    alice.add_task("hidden", due_on=day(9), start_on=day(2))
    browser.visit("/upcoming")
    browser.press("Add", title="near")
    far = date.fromisoformat(day(9))
    year = "" if far.year == date.fromisoformat(day(0)).year else f" {far.year}"
    assert headings(browser) == ["Tomorrow", f"{far:%a} {far.day} {far:%b}{year}"]
    assert browser.titles() == ["near", "far"]


def test_what_is_done_is_shown_the_last_first(alice: Caller, browser: Browser) -> None:
    ids = [alice.add_task(title)["id"] for title in ("a", "b", "open")]
    for id_ in (ids[1], ids[0]):
        alice.patch(f"/tasks/{id_}/complete")
    browser.visit("/completed")
    assert (headings(browser), browser.titles()) == (["Today"], ["a", "b"])
    browser.press("Reopen “a”")
    assert (browser.path, browser.titles()) == ("/completed", ["b"])


def test_a_label_has_a_list_and_gives_itself_to_what_is_added_there(
    alice: Caller, bob: Caller, browser: Browser
) -> None:
    label = make(alice, "labels", "phone")
    alice.add_task("other")
    alice.add_task("later", labels=[label], start_on=day(2))
    browser.visit(f"/labels/{label}")
    browser.press("Add", title="Call Ada")
    assert (browser.path, browser.titles()) == (f"/labels/{label}", ["Call Ada"])
    assert browser.page.one("h1").text == "phone"
    assert browser.open(f"/labels/{make(bob, 'labels', 'his')}") == 404


@pytest.mark.parametrize("path", ["/upcoming", "/completed", "/inbox"])
def test_more_leads_through_every_list(alice: Caller, browser: Browser, path: str) -> None:
    for number in range(55):
        alice.add_task(f"{number}", due_on=day(1 + number % 3), completed=path == "/completed")
    browser.visit(path)
    first = browser.titles()
    browser.click("More")
    assert len(first) == 50
    assert sorted([*first, *browser.titles()], key=int) == [f"{each}" for each in range(55)]


def test_a_list_is_narrowed_down_by_its_address(alice: Caller, browser: Browser) -> None:
    project, label = make(alice, "projects", "Home"), make(alice, "labels", "phone")
    fits: dict[str, Any] = {
        "project_id": project,
        "labels": [label],
        "priority": "high",
        "due_on": day(1),
    }
    alice.add_task("fits", **fits)
    for without in fits:
        alice.add_task(f"no {without}", **{k: v for k, v in fits.items() if k != without})
    query = f"project={project}&label={label}&priority=high&due_from={day(0)}&due_to={day(2)}"
    browser.visit(f"/tasks?{query}")
    assert browser.titles() == ["fits"]
    browser.visit("/tasks?project=999&label=x&priority=urgent&due_from=soon&due_to=2026-13-01")
    assert len(browser.titles()) == 5


def test_a_hundred_tasks_are_counted_as_many(alice: Caller, browser: Browser) -> None:
    for number in range(101):
        alice.add_task(f"{number}")
    browser.visit("/help")
    assert counts(browser) == {"Inbox": "99+"}


def test_a_thousand_tasks_of_a_list_are_counted_as_many(
    app: Flask, alice: Caller, browser: Browser
) -> None:
    with app.app_context(), transaction() as session:
        session.execute(insert(Task), [{"user_id": alice.id, "title": "a"}] * 1000)
    browser.visit("/tasks")
    assert [tab.text for tab in browser.page.one("nav", aria_label="Which tasks").all("a")] == [
        "Open 999+",
        "Done 0",
        "All 999+",
    ]
    assert browser.page.one("label", class_="all").text == "Select all 999+"


def test_a_subtask_in_a_list_names_what_it_is_below(alice: Caller, browser: Browser) -> None:
    top = alice.add_task("Moving house")["id"]
    alice.add_task("Pack", parent_id=top)
    browser.visit("/tasks")
    link = browser.page.one("a", title="Subtask of “Moving house”")
    assert link.get("href") == f"/tasks/{top}"
