"""Projects, as pages"""

import pytest
from flask import Flask

from ..callers import Caller
from .browser import Browser
from .markup import Element
from .organised import make, names, titles
from .stored import snapshot


def listed(page: Element, label: str = "Projects") -> list[str]:
    """The names in one of the lists of projects."""
    return [each.text for each in page.one("ul", aria_label=label).all("a", class_="name")]


def headings(page: Element) -> list[str]:
    """The sections that a project shows."""
    return [each.all("bdi")[0].text for each in page.all("h2") if each.get("id")[:6] == "group-"]


# All projects


def test_without_projects_the_page_says_what_they_are_for(browser: Browser) -> None:
    browser.visit("/projects")
    assert "No projects yet" in browser.page.text


def test_a_project_is_made_and_shown(alice: Caller, browser: Browser) -> None:
    browser.visit("/projects")
    browser.press("Add project", name="Moving house", color="teal")
    assert browser.page.one("h1").text == "Moving house"
    assert browser.page.one("h1").all("span", class_="dot color-teal")
    assert names(alice, "projects") == ["Moving house"]


def test_projects_are_listed_in_their_order_with_their_open_tasks(
    alice: Caller, browser: Browser
) -> None:
    ids = [make(alice, "projects", name) for name in ("House", "Garden")]
    alice.add_task("a", project_id=ids[1])
    alice.add_task("b", project_id=ids[1])
    alice.add_task("c", project_id=ids[1], completed=True)
    browser.visit("/projects")
    assert listed(browser.page) == ["House", "Garden"]
    counts = [each.text for each in browser.page.one("main").all("span", class_="count")]
    assert counts == ["0 open", "2 open"]
    browser.click("Garden")
    assert browser.path == f"/projects/{ids[1]}"


@pytest.mark.parametrize(
    ("name", "message"),
    [("", "Fill this in."), (" ", "Give it a name."), ("x" * 101, "Has 101 characters")],
)
def test_a_name_that_cannot_be_is_told_at_its_field_and_nothing_typed_is_lost(
    alice: Caller, browser: Browser, name: str, message: str
) -> None:
    browser.visit("/projects")
    browser.press("Add project", name=name, color="pink")
    assert browser.status == 422
    assert message in browser.page.one(id="name-error").text
    assert browser.page.one("input", name="name").get("value") == name
    assert browser.value("color") == "pink"
    assert names(alice, "projects") == []


def test_a_project_goes_up_and_down_and_not_beyond_the_ends(
    alice: Caller, browser: Browser
) -> None:
    for name in ("a", "b", "c"):
        make(alice, "projects", name)
    browser.visit("/projects")
    browser.press("Move “c” up")
    assert listed(browser.page) == ["a", "c", "b"]
    browser.press("Move “a” down")
    assert listed(browser.page) == ["c", "a", "b"]
    assert "disabled" in browser.button("Move “c” up").attributes
    assert "disabled" in browser.button("Move “b” down").attributes
    browser.press("Move “c” up")
    browser.press("Move “b” down")
    assert names(alice, "projects") == ["c", "a", "b"]


def test_moving_passes_over_what_is_archived(alice: Caller, browser: Browser) -> None:
    make(alice, "projects", "a")
    make(alice, "projects", "old", archived=True)
    make(alice, "projects", "b")
    browser.visit("/projects")
    browser.press("Move “b” up")
    assert listed(browser.page) == ["b", "a"]


def test_a_project_is_archived_and_opened_again(alice: Caller, browser: Browser) -> None:
    make(alice, "projects", "House")
    browser.visit("/projects")
    browser.press("Archive “House”")
    assert browser.notices() == ["Archived “House”."]
    assert listed(browser.page, "Archived projects") == ["House"]
    browser.press("Open “House” again")
    assert listed(browser.page) == ["House"]
    browser.press("Undo")
    assert listed(browser.page, "Archived projects") == ["House"]


def test_a_project_is_deleted_with_its_tasks_and_that_is_undone(
    alice: Caller, browser: Browser
) -> None:
    project = make(alice, "projects", "House")
    alice.add_task("a", project_id=project)
    browser.visit("/projects")
    browser.press("Delete “House”")
    assert browser.notices() == ["Moved “House” and its tasks to the trash."]
    assert alice.get("/tasks").json == []
    browser.press("Undo")
    assert browser.path == "/projects"
    assert listed(browser.page) == ["House"]
    assert titles(alice, project=project) == ["a"]


# One project's form


def test_a_project_is_renamed_and_coloured(alice: Caller, browser: Browser) -> None:
    project = make(alice, "projects", "House", color="red")
    browser.visit(f"/projects/{project}/edit")
    assert (browser.value("name"), browser.value("color")) == ("House", "red")
    browser.press("Save", name="Moving house", color="blue")
    assert browser.path == f"/projects/{project}"
    [stored] = alice.get(f"/{alice.id}/projects").json
    assert (stored["name"], stored["color"]) == ("Moving house", "blue")


@pytest.mark.parametrize(("name", "color"), [("", "red"), ("x" * 101, "red"), ("x", "mauve")])
def test_a_project_that_cannot_be_is_not_saved(
    alice: Caller, browser: Browser, name: str, color: str
) -> None:
    project = make(alice, "projects", "House")
    browser.visit(f"/projects/{project}/edit")
    browser.press("Save", name=name, color=color)
    assert browser.status == 422
    assert browser.page.all(id="errors")
    assert browser.page.one("input", name="name").get("value") == name
    assert names(alice, "projects") == ["House"]


def test_what_has_changed_meanwhile_is_told_and_not_overwritten_unseen(
    alice: Caller, browser: Browser
) -> None:
    project = make(alice, "projects", "House")
    browser.visit(f"/projects/{project}/edit")
    alice.patch(f"/{alice.id}/projects/{project}", {"name": "Elsewhere"})
    browser.press("Save", name="Mine")
    assert browser.status == 409
    assert "it is “Elsewhere” now" in browser.page.one(id="errors").text
    assert browser.page.one("input", name="name").get("value") == "Mine"
    assert names(alice, "projects") == ["Elsewhere"]
    browser.press("Save")
    assert names(alice, "projects") == ["Mine"]


# One project


@pytest.fixture
def house(alice: Caller) -> int:
    """A project with a task in no section, and two in one."""
    project = make(alice, "projects", "House")
    kitchen = make(alice, "sections", "Kitchen", project_id=project)
    make(alice, "sections", "Roof", project_id=project)
    alice.add_task("paint", project_id=project)
    alice.add_task("fridge", project_id=project, section_id=kitchen)
    oven = alice.add_task("oven", project_id=project, section_id=kitchen)
    alice.add_task("below", parent_id=oven["id"])
    alice.add_task("elsewhere")
    return project


@pytest.mark.parametrize("query", ["", "?view=board"])
def test_a_project_shows_its_tasks_by_section(browser: Browser, house: int, query: str) -> None:
    browser.visit(f"/projects/{house}{query}")
    assert headings(browser.page) == ["Without a section", "Kitchen", "Roof"]
    assert browser.titles() == ["paint", "fridge", "oven"]
    lists = [
        [row.get("data-task") != "" for row in each.all("li")]
        for each in browser.page.all("ul", data_order=True)
    ]
    assert [len(each) for each in lists] == [1, 2, 0]


def test_every_section_of_many_shows_its_own(alice: Caller, browser: Browser) -> None:
    project = make(alice, "projects", "House")
    rooms = [f"room {number}" for number in range(20)]
    for room in rooms:
        section = make(alice, "sections", room, project_id=project)
        alice.add_task(f"sweep {room}", project_id=project, section_id=section)
    browser.visit(f"/projects/{project}")
    assert headings(browser.page)[1:] == rooms
    assert browser.titles() == [f"sweep {room}" for room in rooms]


@pytest.mark.parametrize("query", ["", "?view=board"])
def test_tasks_are_added_where_the_form_stands(
    alice: Caller, browser: Browser, house: int, query: str
) -> None:
    browser.visit(f"/projects/{house}{query}")
    browser.press("Add", title="first")
    browser.press("Add to “Roof”", title="tiles")
    assert browser.path == f"/projects/{house}{query}"
    assert browser.titles() == ["paint", "first", "fridge", "oven", "tiles"]


def test_a_title_that_cannot_be_is_told_where_it_was_typed(browser: Browser, house: int) -> None:
    browser.visit(f"/projects/{house}?view=board")
    browser.press("Add to “Roof”", title="x" * 201)
    assert browser.status == 422
    assert browser.page.all("div", class_="board")
    errors = browser.page.one(id="errors")
    [field] = [each for each in browser.field("title") if each.get("value")]
    assert errors.all("a")[0].get("href") == f"#{field.get('id')}"
    assert headings(next(each for each in field.around() if each.tag == "section")) == ["Roof"]
    browser.press("Add to “Roof”", title="short")
    assert "short" in browser.titles()


def test_a_section_that_is_gone_takes_no_task_and_the_title_is_not_lost(
    alice: Caller, browser: Browser, house: int
) -> None:
    browser.visit(f"/projects/{house}")
    [section] = [
        each["id"] for each in alice.get(f"/{alice.id}/sections").json if each["name"] == "Roof"
    ]
    alice.delete(f"/{alice.id}/sections/{section}")
    browser.press("Add to “Roof”", title="tiles")
    assert browser.status == 422
    assert "There is no such section of yours." in browser.page.one(id="errors").text
    assert "tiles" in [each.get("value") for each in browser.field("title")]


def test_what_is_done_is_shown_by_itself(alice: Caller, browser: Browser, house: int) -> None:
    alice.add_task("done", project_id=house, completed=True)
    browser.visit(f"/projects/{house}")
    browser.click("Done")
    assert browser.titles() == ["done"]
    browser.press("Reopen “done”")
    assert browser.path == f"/projects/{house}?show=done"
    assert "Nothing here" in browser.page.text


def test_several_are_changed_on_the_page_of_a_project(
    alice: Caller, browser: Browser, house: int
) -> None:
    ids = [alice.add_task(title, project_id=house)["id"] for title in "abc"]
    browser.visit(f"/projects/{house}")
    browser.press("Complete", ids=ids[:2])
    assert browser.path == f"/projects/{house}"
    assert browser.notices() == ["Completed 2 tasks."]
    assert [title for title in browser.titles() if title in "abc"] == ["c"]


@pytest.mark.parametrize(
    ("query", "gone"),
    [
        ("", ["paint", "fridge", "oven"]),
        ("?section=none", ["paint"]),
        ("?section={kitchen}", ["fridge", "oven"]),
        ("?show=done", ["done"]),
    ],
)
def test_all_that_a_project_shows_can_be_chosen_and_nothing_else_goes_along(
    alice: Caller, browser: Browser, house: int, query: str, gone: list[str]
) -> None:
    alice.add_task("done", project_id=house, completed=True)
    [kitchen, _] = alice.get(f"/{alice.id}/sections?project={house}").json
    path = f"/projects/{house}{query.format(kitchen=kitchen['id'])}"
    browser.visit(path)
    assert browser.titles() == gone
    assert browser.page.one("label", class_="all").text == f"Select all {len(gone)}"

    browser.press("Delete", all="1")

    assert browser.path == path
    # What is below a task goes with it.
    left = {"paint", "fridge", "oven", "below", "elsewhere", "done"} - {*gone}
    left -= {"below"} if "oven" in gone else set()
    assert {row["title"] for row in alice.get("/tasks").json} == left
    browser.press("Undo")
    assert len(alice.get("/tasks").json) == 6


def test_a_section_called_done_shows_what_is_open(alice: Caller, browser: Browser) -> None:
    project = make(alice, "projects", "House")
    section = make(alice, "sections", "Done", project_id=project)
    alice.add_task("paint", project_id=project, section_id=section)
    browser.visit(f"/projects/{project}?section={section}")
    browser.press("Complete", all="1")
    assert browser.notices() == ["Completed 1 task."]
    assert "somewhere else" in browser.page.text


@pytest.mark.parametrize("said", [{"project_id": "x"}, {"section": "x"}, {"section": "9" * 30}])
def test_a_place_that_is_none_has_no_tasks_to_choose(
    app: Flask, browser: Browser, house: int, said: dict[str, str]
) -> None:
    before = snapshot(app)
    sent = {"act": "delete", "all": "1", "project_id": str(house)} | said
    assert browser.post("/tasks/bulk", **sent) == 303
    assert snapshot(app) == before


def test_completing_leads_back_to_the_board(browser: Browser, house: int) -> None:
    browser.visit(f"/projects/{house}?view=board")
    browser.press("Complete “paint”")
    assert browser.path == f"/projects/{house}?view=board"
    assert browser.titles() == ["fridge", "oven"]


def test_a_long_section_goes_on_on_pages_of_its_own(alice: Caller, browser: Browser) -> None:
    project = make(alice, "projects", "Long")
    section = make(alice, "sections", "All", project_id=project)
    expected = [str(number) for number in range(110)]
    for title in expected:
        alice.add_task(title, project_id=project, section_id=section)
    browser.visit(f"/projects/{project}")
    found = browser.titles()
    browser.click("More of “All”")
    assert browser.page.one("h1").text == "All"
    found += browser.titles()
    browser.click("More")
    found += browser.titles()
    assert found == expected
    assert not browser.page.all("a", data_append=True)


@pytest.mark.parametrize("section", ["0", "x", "999999999"])
def test_a_section_that_is_not_there_is_not_found(
    browser: Browser, house: int, section: str
) -> None:
    assert browser.open(f"/projects/{house}?section={section}") == 404


def test_a_section_of_another_project_is_not_found(
    alice: Caller, browser: Browser, house: int
) -> None:
    other = make(alice, "projects", "Other")
    section = make(alice, "sections", "s", project_id=other)
    assert browser.open(f"/projects/{house}?section={section}") == 404


# The trash


def test_a_deleted_project_is_restored_with_its_tasks(
    alice: Caller, browser: Browser, house: int
) -> None:
    alice.delete(f"/{alice.id}/projects/{house}")
    browser.visit("/trash")
    browser.press("Restore")  # a task
    browser.visit("/trash")
    section = browser.page.one("ul", aria_label="Deleted projects")
    assert [each.text for each in section.all("bdi")] == ["House"]
    assert browser.post(f"/trash/projects/{house}/restore") == 303
    assert names(alice, "projects") == ["House"]
    browser.visit("/trash")
    assert not browser.page.all("ul", aria_label="Deleted projects")
    assert browser.notices() == ["Restored “House”."]


def test_a_project_alone_in_the_trash_can_be_deleted_for_good(
    alice: Caller, browser: Browser
) -> None:
    project = make(alice, "projects", "House")
    alice.delete(f"/{alice.id}/projects/{project}")
    browser.visit("/trash")
    assert "30 days" in browser.page.text
    assert "The trash is empty" not in browser.page.text
    browser.press("Delete for good")
    assert browser.notices() == ["Deleted for good."]
    assert "The trash is empty" in browser.page.text
    assert browser.post(f"/trash/projects/{project}/restore") == 404


# Others


def test_anothers_project_is_not_found(
    alice: Caller, browser: Browser, bobs_browser: Browser, house: int
) -> None:
    for path in (f"/projects/{house}", f"/projects/{house}/edit"):
        assert bobs_browser.open(path) == 404
    for act in ("tasks", "edit", "archive", "shift", "delete", "sections"):
        assert bobs_browser.post(f"/projects/{house}/{act}", title="x", name="x") == 404
    alice.delete(f"/{alice.id}/projects/{house}")
    for act in ("restore", "purge"):
        assert bobs_browser.post(f"/trash/projects/{house}/{act}") == 404
    assert browser.open(f"/projects/{house}") == 404


def test_nobody_adds_to_anothers_section(
    alice: Caller, bob: Caller, bobs_browser: Browser, house: int
) -> None:
    mine = make(bob, "projects", "Bob's")
    [kitchen, _] = [each["id"] for each in alice.get(f"/{alice.id}/sections").json]
    path = f"/projects/{mine}/tasks"
    assert bobs_browser.post(path, title="x", section_id=str(kitchen)) == 422
    assert bob.get("/tasks").json == []
