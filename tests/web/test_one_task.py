"""One task in all its fields: editing, moving, subtasks, marks, history"""

from typing import Any

import pytest
from flask import Flask

from ..callers import Caller
from .browser import Browser
from .organised import make
from .stored import task


def test_every_field_is_edited_in_one_act(alice: Caller, browser: Browser) -> None:
    alice.patch("/auth/me", {"time_zone": "Europe/Berlin"})
    project, label = make(alice, "projects", "Home"), make(alice, "labels", "phone")
    section = make(alice, "sections", "Next", project_id=project)
    task_id = alice.add_task("a")["id"]
    browser.visit(f"/tasks/{task_id}/edit")
    sent = {"place": f"s{section}", "priority": "high", "labels": [str(label)]}
    day = {"due_on": "2027-01-31", "due_time": "09:30", "start_on": "2027-01-01"}
    browser.press("Save", new_labels="Errand, PHONE", **sent, **day)
    assert browser.notices() == ["Saved “a”."]
    stored = alice.get(f"/tasks/{task_id}").json
    place = (stored["project_id"], stored["section_id"], stored["priority"])
    assert place == (project, section, "high")
    when = (stored["due_at"], stored["due_zone"], stored["start_on"])
    assert when == ("2027-01-31T08:30:00Z", "Europe/Berlin", "2027-01-01")
    assert len(stored["labels"]) == 2
    browser.press("Undo")
    assert alice.get(f"/tasks/{task_id}").json["due_at"] is None
    assert [each["name"] for each in alice.get(f"/{alice.id}/labels").json] == ["phone"]


@pytest.mark.parametrize(
    "due",
    [
        {"due_on": "2027-01-31"},
        {"due_at": "2026-10-25T01:30:00Z", "due_zone": "Asia/Tokyo"},  # 02:30, the second time
    ],
)
def test_saving_what_is_shown_keeps_every_field(
    app: Flask, alice: Caller, browser: Browser, due: dict[str, str]
) -> None:
    alice.patch("/auth/me", {"time_zone": "Europe/Berlin"})
    label = make(alice, "labels", "phone")
    more = {"labels": [label], "priority": "low", "start_on": "2026-01-31", **due}
    task_id = alice.add_task("a", project_id=make(alice, "projects", "Home"), **more)["id"]
    before = task(app, task_id)
    browser.visit(f"/tasks/{task_id}/edit")
    browser.press("Save")
    assert browser.notices() == []
    assert task(app, task_id) == before


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"due_time": "09:30"}, "due_time"),
        ({"due_on": "31.1.2027"}, "due_on"),
        ({"due_on": "1800-01-01"}, "due_on"),
        ({"place": "p999999"}, "place"),
        ({"new_labels": "x" * 101}, "new_labels"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(
    alice: Caller, browser: Browser, typed: dict[str, str], field: str
) -> None:
    task_id = alice.add_task("a")["id"]
    browser.visit(f"/tasks/{task_id}/edit")
    browser.press("Save", **typed)
    assert browser.status == 422
    invalid = browser.page.that(lambda each: each.get("aria-invalid") == "true")
    assert [each.get("name") for each in invalid] == [field]


def test_a_task_is_moved_below_another_and_out_again(alice: Caller, browser: Browser) -> None:
    project = make(alice, "projects", "Home")
    other, task_id = alice.add_task("other")["id"], alice.add_task("a")["id"]
    browser.visit(f"/tasks/{task_id}")
    browser.press("Move there", place=f"t{other}")
    assert browser.notices() == ["Moved “a”."]
    assert alice.get(f"/tasks/{task_id}").json["parent_id"] == other
    browser.press("Move there", place=f"p{project}")
    stored = alice.get(f"/tasks/{task_id}").json
    assert (stored["parent_id"], stored["project_id"]) == (None, project)
    browser.press("Undo")
    assert alice.get(f"/tasks/{task_id}").json["parent_id"] == other
    browser.press("Move there", place="nowhere")
    assert browser.status == 422


def test_a_task_goes_up_and_down_among_its_neighbours(alice: Caller, browser: Browser) -> None:
    ids = [alice.add_task(title)["id"] for title in "abc"]
    browser.visit(f"/tasks/{ids[0]}")
    browser.press("Move down")
    assert browser.notices() == ["Moved “a” down."]
    browser.press("Move up")
    browser.press("Move up")
    assert browser.notices() == ["“a” is first already."]
    browser.visit("/inbox")
    assert browser.titles() == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("sent", "field", "value"),
    [
        ({"priority": "high"}, "priority", "high"),
        ({"due": "none"}, "due_on", None),
        ({"priority": "urgent"}, "priority", "low"),
        ({"due": "someday"}, "due_on", "2026-01-31"),
    ],
)
def test_a_mark_is_given_by_one_word(
    alice: Caller, browser: Browser, sent: dict[str, str], field: str, value: Any
) -> None:
    task_id = alice.add_task("a", priority="low", due_on="2026-01-31")["id"]
    assert browser.post(f"/tasks/{task_id}/mark", back="/inbox", **sent) == 303
    assert browser.response.headers["Location"] == "/inbox"
    assert alice.get(f"/tasks/{task_id}").json[field] == value


def test_subtasks_are_added_and_shown_below_each_other(alice: Caller, browser: Browser) -> None:
    task_id = alice.add_task("a")["id"]
    browser.visit(f"/tasks/{task_id}")
    browser.press("Add", title="b")
    assert (browser.path, browser.titles()) == (f"/tasks/{task_id}", ["b"])
    browser.click("b")
    browser.press("Add", title="c")
    browser.visit(f"/tasks/{task_id}")
    assert browser.titles() == ["b", "c"]
    browser.press("Complete “c”")
    browser.visit("/inbox")
    assert "0/1" in browser.page.one("li", data_task=str(task_id)).text


def test_the_history_of_a_task_is_told_and_taken_back(alice: Caller, browser: Browser) -> None:
    task_id = alice.add_task("a")["id"]
    alice.patch(f"/tasks/{task_id}", {"priority": "high"})
    browser.visit(f"/tasks/{task_id}")
    told = browser.page.one("ol", class_="history").text
    assert "Changed priority from none to high" in told
    assert "by the API" in told
    browser.press("Undo: Changed priority from none to high")
    assert browser.path == f"/tasks/{task_id}"
    assert alice.get(f"/tasks/{task_id}").json["priority"] == "none"


def test_two_edits_that_meet_are_compared_field_by_field(alice: Caller, browser: Browser) -> None:
    task_id = alice.add_task("a")["id"]
    browser.visit(f"/tasks/{task_id}/edit")
    alice.patch(f"/tasks/{task_id}", {"priority": "high", "due_on": "2027-01-31"})
    browser.press("Save", priority="low")
    assert browser.status == 409
    stored = browser.page.one("section", aria_labelledby="stored")
    differing = [each.text for each in stored.all("h3") if each.all("span")]
    assert differing == ["Priority differs", "Due date differs"]
    assert "2027-01-31" in stored.text


def test_subtasks_are_ticked_and_changed_together(alice: Caller, browser: Browser) -> None:
    top = alice.add_task("top")["id"]
    ids = [alice.add_task(title, parent_id=top)["id"] for title in "abc"]
    browser.visit(f"/tasks/{top}")
    browser.press("Change", ids=ids[:2], to_priority="high")
    assert browser.path == f"/tasks/{top}"
    assert browser.notices() == ["Changed 2 tasks."]
    marks = [alice.get(f"/tasks/{id_}").json["priority"] for id_ in ids]
    assert marks == ["high", "high", "none"]
