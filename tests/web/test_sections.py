"""Sections, and which task stands where, as pages"""

from typing import Any

import pytest

from ..callers import Caller
from .browser import Browser
from .organised import make, names, titles


@pytest.fixture
def house(alice: Caller) -> int:
    """A project."""
    return make(alice, "projects", "House")


@pytest.fixture
def sections(alice: Caller, house: int) -> list[int]:
    """Its sections: Kitchen, Roof, Garden."""
    return [make(alice, "sections", each, project_id=house) for each in ("Kitchen", "Roof", "Yard")]


@pytest.fixture
def tasks(alice: Caller, house: int, sections: list[int]) -> dict[str, int]:
    """Its tasks by title: a, b and c without a section, d in the first."""
    where = {"a": {}, "b": {}, "c": {}, "d": {"section_id": sections[0]}}
    return {
        title: alice.add_task(title, project_id=house, **more)["id"]
        for title, more in where.items()
    }


def loose(caller: Caller, project: int) -> list[str]:
    """The titles of the tasks that are in no section, in their order."""
    return titles(caller, project=project, section="none")


# Sections


@pytest.mark.parametrize("query", ["", "?view=board"])
def test_a_section_is_added(alice: Caller, browser: Browser, house: int, query: str) -> None:
    browser.visit(f"/projects/{house}{query}")
    browser.press("Add section", name="Kitchen")
    assert browser.path == f"/projects/{house}{query}"
    browser.press("Add section", name="Roof")
    assert names(alice, "sections") == ["Kitchen", "Roof"]


@pytest.mark.parametrize("query", ["", "?view=board"])
def test_a_section_without_a_name_is_refused_at_its_field(
    alice: Caller, browser: Browser, house: int, query: str
) -> None:
    browser.visit(f"/projects/{house}{query}")
    browser.press("Add section", name="x" * 101)
    assert browser.status == 422
    [field] = browser.field("name")
    assert (field.get("value"), field.get("aria-invalid")) == ("x" * 101, "true")
    assert "Has 101 characters" in browser.page.one(id="errors").text
    assert bool(browser.page.all("div", class_="board")) == bool(query)
    assert names(alice, "sections") == []


@pytest.mark.usefixtures("sections")
def test_a_section_is_renamed(alice: Caller, browser: Browser, house: int) -> None:
    browser.visit(f"/projects/{house}?view=board")
    browser.click("Rename section “Roof”")
    assert browser.value("name") == "Roof"
    browser.press("Save", name="")
    assert browser.status == 422
    browser.press("Save", name="Attic")
    assert browser.path == f"/projects/{house}?view=board"
    assert names(alice, "sections") == ["Kitchen", "Attic", "Yard"]


def test_a_section_that_has_changed_meanwhile_is_not_overwritten_unseen(
    alice: Caller, browser: Browser, sections: list[int]
) -> None:
    browser.visit(f"/sections/{sections[0]}/edit")
    alice.patch(f"/{alice.id}/sections/{sections[0]}", {"name": "Elsewhere"})
    browser.press("Save", name="Mine")
    assert browser.status == 409
    assert "it is “Elsewhere” now" in browser.page.one(id="errors").text
    browser.press("Save")
    assert names(alice, "sections") == ["Mine", "Roof", "Yard"]


@pytest.mark.usefixtures("sections")
@pytest.mark.parametrize(("query", "ways"), [("", "up down"), ("?view=board", "left right")])
def test_sections_are_moved_and_not_beyond_the_ends(
    alice: Caller, browser: Browser, house: int, query: str, ways: str
) -> None:
    back, on = ways.split()
    browser.visit(f"/projects/{house}{query}")
    browser.press(f"Move section “Kitchen” {on}")
    assert names(alice, "sections") == ["Roof", "Kitchen", "Yard"]
    browser.press(f"Move section “Yard” {back}")
    assert names(alice, "sections") == ["Roof", "Yard", "Kitchen"]
    assert browser.path == f"/projects/{house}{query}"
    buttons = [each.name for each in browser.page.all("button")]
    assert f"Move section “Roof” {back}" not in buttons
    assert f"Move section “Kitchen” {on}" not in buttons


@pytest.mark.usefixtures("tasks")
def test_a_section_is_deleted_its_tasks_stay_and_that_is_undone(
    alice: Caller, browser: Browser, house: int
) -> None:
    browser.visit(f"/projects/{house}")
    browser.press("Delete section “Kitchen”")
    assert browser.notices() == ["Deleted section “Kitchen”. Its tasks are still here."]
    assert names(alice, "sections") == ["Roof", "Yard"]
    assert browser.titles() == ["a", "b", "c", "d"]
    browser.press("Undo")
    assert names(alice, "sections") == ["Kitchen", "Roof", "Yard"]
    assert loose(alice, house) == ["a", "b", "c"]


# Tasks


@pytest.mark.usefixtures("tasks")
def test_tasks_go_up_and_down(alice: Caller, browser: Browser, house: int) -> None:
    browser.visit(f"/projects/{house}")
    browser.press("Move “c” up")
    browser.press("Move “a” down")
    assert browser.path == f"/projects/{house}"
    assert loose(alice, house) == ["c", "a", "b"]
    buttons = [each.name for each in browser.page.all("button")]
    assert "Move “c” up" not in buttons
    assert "Move “b” down" not in buttons


@pytest.mark.usefixtures("tasks")
def test_tasks_go_to_the_section_beside_and_that_is_undone(
    alice: Caller, browser: Browser, house: int, sections: list[int]
) -> None:
    browser.visit(f"/projects/{house}?view=board")
    browser.press("Move “b” to “Kitchen”")
    assert browser.path == f"/projects/{house}?view=board"
    assert browser.notices() == ["Moved “b” to House / Kitchen."]
    assert titles(alice, project=house, section=sections[0]) == ["d", "b"]
    browser.press("Move “d” to “Without a section”")
    assert browser.notices() == ["Moved “d” to House."]
    assert loose(alice, house) == ["a", "c", "d"]
    browser.press("Undo")
    assert titles(alice, project=house, section=sections[0]) == ["d", "b"]


@pytest.mark.parametrize(
    ("after", "expected"),
    [("", ["c", "a", "b"]), ("a", ["a", "c", "b"]), ("b", ["a", "b", "c"])],
)
def test_a_task_is_put_after_another_or_first(
    alice: Caller, browser: Browser, tasks: dict[str, int], after: str, expected: list[str]
) -> None:
    house = str(alice.get(f"/tasks/{tasks['c']}").json["project_id"])
    place = {"project_id": house, "section_id": "", "after": str(tasks.get(after, ""))}
    assert browser.post(f"/tasks/{tasks['c']}/place", **place) == 303
    assert loose(alice, int(house)) == expected


def test_a_task_is_sent_elsewhere(
    alice: Caller, browser: Browser, house: int, tasks: dict[str, int], sections: list[int]
) -> None:
    garden = make(alice, "projects", "Garden")
    make(alice, "projects", "Old", archived=True)
    browser.visit(f"/projects/{house}?view=board")
    browser.click("Move “d” elsewhere")
    options = browser.page.one("select", name="to").all("option")
    assert [each.text for each in options] == [
        *("Inbox", "House", "House / Kitchen", "House / Roof", "House / Yard", "Garden")
    ]
    assert browser.value("to") == f"{house}/{sections[0]}"
    browser.press("Move", to=str(garden))
    assert browser.path == f"/projects/{house}?view=board"
    assert browser.notices() == ["Moved “d” to Garden."]
    browser.visit(f"/tasks/{tasks['d']}/place")
    browser.press("Move", to=f"{house}/{sections[1]}")
    assert browser.notices() == ["Moved “d” to House / Roof."]
    browser.visit(f"/tasks/{tasks['d']}/place")
    browser.press("Move", to="inbox")
    assert browser.notices() == ["Moved “d” to the inbox."]
    assert browser.path == f"/tasks/{tasks['d']}"
    assert titles(alice, project="inbox") == ["d"]


def test_what_cannot_be_is_told_and_nothing_moves(
    alice: Caller, bob: Caller, browser: Browser, house: int, tasks: dict[str, int]
) -> None:
    theirs = make(bob, "projects", "Bob's")
    elsewhere = alice.add_task("elsewhere")["id"]
    bad: list[dict[str, Any]] = [
        {"project_id": str(theirs)},
        {"project_id": str(house), "section_id": "999999999"},
        {"project_id": str(house), "after": str(elsewhere)},
        {"project_id": str(make(alice, "projects", "Old", archived=True))},
    ]
    for place in bad:
        path = f"/tasks/{tasks['a']}/place"
        assert browser.post(path, back=f"/projects/{house}", **place) == 303
        browser.visit(f"/projects/{house}")
        [told] = browser.notices()
        assert told.startswith("“a” stays where it is. ")
    assert loose(alice, house) == ["a", "b", "c"]


# Others


def test_anothers_section_and_task_are_not_found(
    browser: Browser, bobs_browser: Browser, sections: list[int], tasks: dict[str, int]
) -> None:
    for path in (f"/sections/{sections[0]}/edit", f"/tasks/{tasks['a']}/place"):
        assert bobs_browser.open(path) == 404
        assert bobs_browser.post(path, name="x", by="1") == 404
        assert browser.open(path) == 200
    for act in ("shift", "delete"):
        assert bobs_browser.post(f"/sections/{sections[0]}/{act}") == 404
