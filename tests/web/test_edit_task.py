"""Editing a task, and edits that meet"""

import pytest
from flask import Flask

from ..callers import Caller
from .browser import Browser
from .stored import snapshot, task


@pytest.fixture
def task_id(alice: Caller) -> int:
    """A task of Alice's."""
    number: int = alice.add_task("Write to Grace", description="About it.")["id"]
    return number


def test_a_task_is_changed_and_shown(alice: Caller, browser: Browser, task_id: int) -> None:
    browser.visit(f"/tasks/{task_id}")
    browser.click("Edit")
    assert (browser.value("title"), browser.value("description")) == (
        "Write to Grace",
        "About it.",
    )
    browser.press("Save", title=" Call Grace ", description="Line\r\nand line")
    assert browser.path == f"/tasks/{task_id}"
    assert browser.page.one("h1").text == "Call Grace"
    stored = alice.get(f"/tasks/{task_id}").json
    assert (stored["title"], stored["description"]) == ("Call Grace", "Line\nand line")


@pytest.mark.parametrize("text", ["\n\nleading", "trailing\n\n", "<b>&amp;</b> </textarea>", "\t"])
def test_saving_what_is_shown_changes_nothing(
    app: Flask, alice: Caller, browser: Browser, text: str
) -> None:
    number = alice.add_task("a & <b>", description=text)["id"]
    before = task(app, number)
    browser.visit(f"/tasks/{number}/edit")
    browser.press("Save")
    assert browser.status == 200
    assert task(app, number) == before


def test_an_emptied_description_is_none(alice: Caller, browser: Browser, task_id: int) -> None:
    browser.visit(f"/tasks/{task_id}/edit")
    browser.press("Save", description="")
    assert alice.get(f"/tasks/{task_id}").json["description"] is None


def test_editing_from_the_list_leads_back_to_it(browser: Browser, task_id: int) -> None:
    browser.visit("/tasks?q=grace&sort=title")
    browser.click("Edit “Write to Grace”")
    assert browser.page.one("a", data_cancel=True).get("href") == "/tasks?q=grace&sort=title"
    browser.press("Save", title="Call Grace")
    assert browser.path == "/tasks?q=grace&sort=title"
    assert browser.titles() == ["Call Grace"]


@pytest.mark.parametrize(
    ("title", "description", "wrong"),
    [
        ("", "typed", ["title"]),
        ("  ", "typed", ["title"]),
        ("x" * 201, "typed", ["title"]),
        ("two\nlines", "typed", ["title"]),
        ("a\0b", "typed", ["title"]),
        ("typed", "x" * 10_001, ["description"]),
        ("typed", "a\0b", ["description"]),
        ("x" * 201, "x" * 10_001, ["title", "description"]),
    ],
)
def test_what_will_not_do_is_kept_and_said_beside_its_field(
    *,
    app: Flask,
    browser: Browser,
    task_id: int,
    title: str,
    description: str,
    wrong: list[str],
) -> None:
    before = snapshot(app)
    browser.visit(f"/tasks/{task_id}/edit?back=/tasks?show%3Ddone")
    version = browser.value("version")

    browser.press("Save", title=title, description=description)

    assert browser.status == 422
    assert browser.value("title") == title
    assert browser.value("description") == description
    assert browser.value("back") == "/tasks?show=done"
    assert browser.value("version") == version
    invalid = browser.page.that(lambda each: each.get("aria-invalid") == "true")
    assert [each.get("name") for each in invalid] == wrong
    for field in invalid:
        tied = [browser.page.one(id=each) for each in field.get("aria-describedby").split()]
        assert any("error" in each.get("class") and each.text for each in tied)
    links = browser.page.one(id="errors").all("a")
    assert [link.get("href") for link in links] == [f"#{each.get('id')}" for each in invalid]
    assert snapshot(app) == before


def test_two_edits_that_meet_are_both_shown_and_neither_is_lost(
    app: Flask, alice: Caller, browser: Browser, task_id: int
) -> None:
    browser.visit(f"/tasks/{task_id}/edit?back=/tasks?sort%3Dtitle")
    alice.patch(f"/tasks/{task_id}", {"title": "Call Ada", "description": "Elsewhere."})
    before = task(app, task_id)

    browser.press("Save", title="Call Grace", description="Here.")

    assert browser.status == 409
    assert task(app, task_id) == before
    assert (browser.value("title"), browser.value("description")) == ("Call Grace", "Here.")
    stored = browser.page.one("section", aria_labelledby="stored").text
    assert "Call Ada" in stored
    assert "Elsewhere." in stored

    button = browser.page.one("main").all("button")[-1]
    browser.press(button.name, description="Here.\nElsewhere.")
    assert browser.path == "/tasks?sort=title"
    after = task(app, task_id)
    assert (after.title, after.description) == ("Call Grace", "Here.\nElsewhere.")
    assert after.version == before.version + 1


def test_a_third_edit_during_the_conflict_is_not_lost_either(
    app: Flask, alice: Caller, browser: Browser, task_id: int
) -> None:
    browser.visit(f"/tasks/{task_id}/edit")
    alice.patch(f"/tasks/{task_id}", {"title": "second"})
    browser.press("Save", title="first")
    alice.patch(f"/tasks/{task_id}", {"title": "third"})
    browser.press(browser.page.one("main").all("button")[-1].name)
    assert browser.status == 409
    assert "third" in browser.page.one("section", aria_labelledby="stored").text
    assert task(app, task_id).title == "third"


def test_a_conflict_can_be_left_to_what_is_stored(
    alice: Caller, browser: Browser, task_id: int
) -> None:
    browser.visit(f"/tasks/{task_id}/edit")
    alice.patch(f"/tasks/{task_id}", {"title": "elsewhere"})
    browser.press("Save", title="here")
    browser.click("Keep what is stored")
    assert browser.page.one("h1").text == "elsewhere"


def test_what_is_wrong_in_a_conflict_is_said_and_kept(
    alice: Caller, browser: Browser, task_id: int
) -> None:
    browser.visit(f"/tasks/{task_id}/edit")
    alice.patch(f"/tasks/{task_id}", {"title": "elsewhere"})
    browser.press("Save", title="here")
    browser.press(browser.page.one("main").all("button")[-1].name, title="x" * 201)
    assert browser.status == 422
    assert browser.value("title") == "x" * 201


@pytest.mark.parametrize("version", ["", "0", "-1", "x", "1.0", "٣", "9" * 30, "9" * 5000, "²"])
def test_an_edit_that_does_not_say_what_it_saw_overwrites_nothing(
    app: Flask, browser: Browser, task_id: int, version: str
) -> None:
    before = task(app, task_id)
    assert browser.post(f"/tasks/{task_id}/edit", title="blind", version=version) == 409
    assert task(app, task_id) == before


def test_a_task_that_has_gone_meanwhile_is_not_found(
    alice: Caller, browser: Browser, task_id: int
) -> None:
    browser.visit(f"/tasks/{task_id}/edit")
    alice.delete(f"/tasks/{task_id}")
    browser.press("Save", title="x")
    assert browser.status == 404
