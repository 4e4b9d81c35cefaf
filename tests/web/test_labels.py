"""Labels, as pages"""

import pytest

from ..callers import Caller
from .browser import Browser
from .organised import make, names


@pytest.fixture
def urgent(alice: Caller) -> int:
    """A label that an open and a finished task bear."""
    label = make(alice, "labels", "urgent", color="red")
    alice.add_task("a", labels=[label])
    alice.add_task("b", labels=[label], completed=True)
    return label


def test_without_labels_the_page_says_what_they_are_for(browser: Browser) -> None:
    browser.visit("/labels")
    assert "No labels yet" in browser.page.text


@pytest.mark.usefixtures("urgent")
def test_labels_are_listed_by_name_with_their_open_tasks(alice: Caller, browser: Browser) -> None:
    make(alice, "labels", "phone", color="blue")
    browser.visit("/labels")
    rows = browser.page.one("ul", aria_label="Labels").all("li")
    assert [row.text for row in rows] == ["phone 0 open", "urgent 1 open"]
    assert [len(row.all("span", class_="dot color-red")) for row in rows] == [0, 1]


def test_a_label_is_made(alice: Caller, browser: Browser) -> None:
    browser.visit("/labels")
    browser.press("Add label", name="phone", color="blue")
    assert browser.path == "/labels"
    [label] = alice.get(f"/{alice.id}/labels").json
    assert (label["name"], label["color"]) == ("phone", "blue")


@pytest.mark.usefixtures("urgent")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("URGENT", "You have a label of this name already."),
        ("", "Fill this in."),
        ("x" * 101, "Has 101 characters"),
    ],
)
def test_a_name_that_cannot_be_is_told_at_its_field_and_nothing_typed_is_lost(
    alice: Caller, browser: Browser, name: str, message: str
) -> None:
    status = 409 if name == "URGENT" else 422
    browser.visit("/labels")
    browser.press("Add label", name=name, color="pink")
    assert browser.status == status
    assert message in browser.page.one(id="name-error").text
    assert (browser.value("name"), browser.value("color")) == (name, "pink")

    phone = make(alice, "labels", "phone")
    browser.visit(f"/labels/{phone}/edit")
    browser.press("Save", name=name, color="pink")
    assert browser.status == status
    assert message in browser.page.one(id="name-error").text
    assert (browser.value("name"), browser.value("color")) == (name, "pink")
    assert names(alice, "labels") == ["phone", "urgent"]


def test_a_label_is_renamed_and_coloured(alice: Caller, browser: Browser, urgent: int) -> None:
    browser.visit("/labels")
    browser.click("Edit “urgent”")
    assert (browser.value("name"), browser.value("color")) == ("urgent", "red")
    browser.press("Save", name="now", color="orange")
    assert browser.path == "/labels"
    [label] = alice.get(f"/{alice.id}/labels").json
    assert (label["id"], label["name"], label["color"]) == (urgent, "now", "orange")


def test_a_label_that_has_changed_meanwhile_is_not_overwritten_unseen(
    alice: Caller, browser: Browser, urgent: int
) -> None:
    browser.visit(f"/labels/{urgent}/edit")
    alice.patch(f"/{alice.id}/labels/{urgent}", {"name": "later"})
    browser.press("Save", name="now")
    assert browser.status == 409
    assert "it is “later” now" in browser.page.one(id="errors").text
    browser.press("Save")
    assert names(alice, "labels") == ["now"]


@pytest.mark.usefixtures("urgent")
def test_a_label_is_deleted_and_that_is_undone(alice: Caller, browser: Browser) -> None:
    browser.visit("/labels")
    browser.press("Delete “urgent”")
    assert browser.notices() == ["Deleted label “urgent”. Its tasks are still there."]
    assert names(alice, "labels") == []
    assert [task["labels"] for task in alice.get("/tasks").json] == [[], []]
    browser.press("Undo")
    assert browser.path == "/labels"
    [label] = alice.get(f"/{alice.id}/labels").json
    assert [task["labels"] for task in alice.get("/tasks").json] == [[label["id"]]] * 2


@pytest.mark.usefixtures("urgent")
def test_a_label_is_merged_into_another_and_that_is_undone(alice: Caller, browser: Browser) -> None:
    soon = make(alice, "labels", "soon")
    browser.visit("/labels")
    browser.click("Merge “urgent” into another")
    assert "“urgent” goes" in browser.page.text
    assert [each.text for each in browser.page.all("option")] == ["soon"]
    browser.press("Merge", into=str(soon))
    assert browser.path == "/labels"
    assert browser.notices() == ["Merged “urgent” into “soon”."]
    assert names(alice, "labels") == ["soon"]
    assert [task["labels"] for task in alice.get("/tasks").json] == [[soon]] * 2
    browser.press("Undo")
    assert names(alice, "labels") == ["soon", "urgent"]


def test_a_label_is_merged_only_into_one_that_is_there(
    alice: Caller, bob: Caller, browser: Browser, urgent: int
) -> None:
    browser.visit(f"/labels/{urgent}/merge")
    assert "There is no other label" in browser.page.text
    soon, theirs = make(alice, "labels", "soon"), make(bob, "labels", "Bob's")
    browser.visit(f"/labels/{urgent}/merge")
    for into in (urgent, theirs, 0, "x"):
        browser.press("Merge", into=str(into))
        assert browser.status == 422
        assert browser.page.all(id="into-error")
    alice.delete(f"/{alice.id}/labels/{soon}")
    browser.press("Merge", into=str(soon))
    assert browser.status == 422
    assert names(alice, "labels") == ["urgent"]


def test_anothers_label_is_not_found(bobs_browser: Browser, urgent: int) -> None:
    for path in (f"/labels/{urgent}/edit", f"/labels/{urgent}/merge"):
        assert bobs_browser.open(path) == 404
        assert bobs_browser.post(path, name="x", into="1") == 404
    assert bobs_browser.post(f"/labels/{urgent}/delete") == 404
