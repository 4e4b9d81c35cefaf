"""The list of tasks: adding, filtering, sorting, searching, paging"""

from urllib.parse import quote

import pytest
from flask import Flask

from ..callers import Caller
from .browser import Browser
from .stored import snapshot


def counts(browser: Browser) -> dict[str, int]:
    """How many tasks each tab says that there are."""
    tabs = browser.page.one("nav", aria_label="Which tasks").all("a")
    return {tab.text.split()[0]: int(tab.one("span", class_="count").text) for tab in tabs}


def test_a_task_is_added_at_the_top_of_the_list(alice: Caller, browser: Browser) -> None:
    browser.visit("/tasks")
    browser.press("Add", title="first")
    browser.press("Add", title="  Écrire à Grâce ")
    assert (browser.status, browser.path) == (200, "/tasks")
    assert browser.titles() == ["Écrire à Grâce", "first"]
    assert browser.value("title") == ""
    assert [task["title"] for task in alice.get("/tasks").json] == browser.titles()


def test_after_adding_the_list_is_as_it_was_asked_for(browser: Browser) -> None:
    browser.visit("/tasks?show=all&sort=title&q=a+%26b")
    browser.press("Add", title="a &b")
    assert browser.path == "/tasks?show=all&q=a+%26b&sort=title"
    assert browser.titles() == ["a &b"]


@pytest.mark.parametrize("view", ["?show=done", "?q=letter", "?show=done&q=call", "?q=%25"])
def test_a_task_that_the_list_does_not_show_is_said_to_be_added(
    browser: Browser, view: str
) -> None:
    browser.visit(f"/tasks{view}")
    browser.press("Add", title="  call <Ada>")
    assert browser.path == f"/tasks{view}"
    assert browser.titles() == []
    assert browser.notices() == ["Added “call <Ada>”."]
    browser.click("Show it")
    assert browser.page.one("h1").text == "call <Ada>"
    assert browser.notices() == []


@pytest.mark.parametrize(
    "view", ["", "?show=all", "?q=CALL", "?q=ada+call&show=all", "?sort=title"]
)
def test_a_task_that_the_list_shows_needs_no_notice(browser: Browser, view: str) -> None:
    browser.visit(f"/tasks{view}")
    browser.press("Add", title="Call Ada")
    assert browser.titles() == ["Call Ada"]
    assert browser.notices() == []


@pytest.mark.parametrize("title", ["", "   ", "x" * 201, "two\nlines", "a\0b", "tab\there"])
def test_a_title_that_will_not_do_is_kept_and_what_is_wrong_is_said(
    app: Flask, browser: Browser, title: str
) -> None:
    before = snapshot(app)
    browser.visit("/tasks?show=all")
    browser.press("Add", title=title)
    assert browser.status == 422
    assert browser.value("title") == title
    [field] = browser.field("title")
    assert field.get("aria-invalid") == "true"
    described = [browser.page.one(id=each) for each in field.get("aria-describedby").split()]
    assert all(each.text for each in described)
    assert described
    [link] = browser.page.one(id="errors").all("a")
    assert link.get("href") == f"#{field.get('id')}"
    assert browser.page.all("a", href="/tasks?show=all", aria_current="true")
    assert snapshot(app) == before


def test_open_done_and_all_are_shown_and_counted(alice: Caller, browser: Browser) -> None:
    for title in ("open a", "open b", "done c"):
        alice.add_task(title, completed=title.startswith("done"))
    alice.delete(f"/tasks/{alice.add_task('in the trash')['id']}")

    browser.visit("/tasks")
    assert counts(browser) == {"Open": 2, "Done": 1, "All": 3}
    assert browser.titles() == ["open b", "open a"]
    browser.visit("/tasks?show=done")
    assert browser.titles() == ["done c"]
    browser.visit("/tasks?show=all")
    assert browser.titles() == ["done c", "open b", "open a"]
    assert counts(browser) == {"Open": 2, "Done": 1, "All": 3}


def test_counts_are_of_what_the_search_finds(alice: Caller, browser: Browser) -> None:
    alice.add_task("a letter")
    alice.add_task("b letter", completed=True)
    alice.add_task("c call")
    browser.visit("/tasks?q=letter")
    assert counts(browser) == {"Open": 1, "Done": 1, "All": 2}


def test_a_list_holds_nobody_elses_tasks(alice: Caller, bob: Caller, browser: Browser) -> None:
    bob.add_task("of Bob")
    browser.visit("/tasks?show=all&q=bob")
    assert browser.titles() == []
    assert counts(browser) == {"Open": 0, "Done": 0, "All": 0}


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("-created_at", ["a", "C", "b"]),
        ("created_at", ["b", "C", "a"]),
        ("-updated_at", ["b", "a", "C"]),
        ("title", ["a", "b", "C"]),
    ],
)
def test_a_list_is_sorted(alice: Caller, browser: Browser, sort: str, order: list[str]) -> None:
    oldest = alice.add_task("b")
    alice.add_task("C")
    alice.add_task("a")
    alice.patch(f"/tasks/{oldest['id']}", {"description": "touched"})
    browser.visit("/tasks")
    browser.press("Show", sort=sort)
    assert browser.titles() == order
    [chosen] = browser.page.one("select", name="sort").all("option", selected=True)
    assert chosen.get("value") == sort


def test_a_search_looks_at_titles_and_descriptions(alice: Caller, browser: Browser) -> None:
    alice.add_task("Brief an Ärzte", description="Über die STRASSE")
    alice.add_task("neither")
    browser.visit("/tasks")
    browser.press("Show", q="ÄRZTE  über")
    assert browser.titles() == ["Brief an Ärzte"]
    assert browser.value("q") == "ÄRZTE  über"
    browser.press("Show", q="%")
    assert browser.titles() == []


def test_a_search_keeps_filter_and_order(alice: Caller, browser: Browser) -> None:
    alice.add_task("b word", completed=True)
    alice.add_task("a word", completed=True)
    alice.add_task("c word")
    browser.visit("/tasks?show=done&sort=title")
    browser.press("Show", q="word")
    assert browser.titles() == ["a word", "b word"]


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("/tasks", "Nothing to do yet"),
        ("/tasks?show=done", "Nothing done yet"),
        ("/tasks?q=gräce", "Nothing found"),
        ("/tasks?q=gräce&show=done", "Nothing found"),
    ],
)
def test_an_empty_list_says_why(browser: Browser, path: str, heading: str) -> None:
    browser.visit(path)
    assert heading in [each.text for each in browser.page.all("h2")]


def test_a_cleared_list_says_so(alice: Caller, browser: Browser) -> None:
    alice.add_task(completed=True)
    browser.visit("/tasks")
    assert "All done" in [each.text for each in browser.page.all("h2")]


def test_what_is_not_found_is_named_and_the_search_can_be_cleared(
    alice: Caller, browser: Browser
) -> None:
    alice.add_task("Write to Grace", completed=True)
    browser.visit("/tasks?q=ada&show=done")
    assert "“ada”" in browser.page.one(id="results").text
    browser.click("Clear the search")
    assert browser.path == "/tasks?show=done"
    assert browser.titles() == ["Write to Grace"]


@pytest.mark.parametrize("sort", ["-created_at", "created_at", "-updated_at", "title"])
def test_more_leads_through_all_pages_and_shows_each_task_once(
    alice: Caller, browser: Browser, sort: str
) -> None:
    for number in range(120):
        alice.add_task(f"word {number % 7}")
        if number % 10 == 0:
            alice.add_task("not looked for")
    browser.visit(f"/tasks?show=all&q=word&sort={sort}")
    found, pages = [], 0
    while True:
        found += [each.get("data-task") for each in browser.page.all("li", data_task=True)]
        pages += 1
        if pages == 2:
            browser.client.post(
                f"/api/{alice.id}/tasks",
                json={"title": "word 3"},
                headers={"Authorization": f"Bearer {alice.token}"},
            )
        if not browser.page.all("a", data_append=True):
            break
        browser.click("More")
    assert pages == 3
    assert len(found) == len(set(found))
    assert len(found) in (120, 121)  # one was added while we looked


@pytest.mark.parametrize("cursor", ["", "made-up", "é", "\0", "a" * 3000])
def test_a_cursor_that_does_not_fit_begins_the_list_again(
    alice: Caller, browser: Browser, cursor: str
) -> None:
    alice.add_task("Write to Grace")
    browser.visit("/tasks", query_string={"cursor": cursor})
    assert browser.titles() == ["Write to Grace"]
    alice.delete(f"/tasks/{alice.get('/tasks').json[0]['id']}")
    browser.visit("/trash", query_string={"cursor": cursor})
    assert browser.titles() == ["Write to Grace"]


@pytest.mark.parametrize(
    "query",
    ["show=x&sort=y", "show=", "sort=--title", "q=%00", "page=2", "show=open&show=done"],
)
def test_what_an_address_says_wrongly_is_as_if_it_were_not_said(
    alice: Caller, browser: Browser, query: str
) -> None:
    alice.add_task("Write to Grace")
    browser.visit(f"/tasks?{query}")
    assert (browser.status, browser.titles()) == (200, ["Write to Grace"])


def test_an_endless_search_is_cut(browser: Browser) -> None:
    browser.visit(f"/tasks?q={quote('a b' * 5000)}")
    assert browser.status == 200
    assert len(browser.value("q")) <= 200


def test_a_task_is_completed_and_reopened_by_its_button(alice: Caller, browser: Browser) -> None:
    task_id = alice.add_task("Write to Grace")["id"]
    browser.visit("/tasks?show=all&sort=title")
    browser.press("Complete “Write to Grace”")
    assert browser.path == "/tasks?show=all&sort=title"
    assert browser.notices() == ["Completed “Write to Grace”."]
    assert alice.get(f"/tasks/{task_id}").json["completed"] is True
    browser.press("Reopen “Write to Grace”")
    assert alice.get(f"/tasks/{task_id}").json["completed"] is False


def test_pressing_a_stale_button_twice_completes_and_does_not_turn_round(
    alice: Caller, browser: Browser
) -> None:
    task_id = alice.add_task()["id"]
    for _ in range(2):
        browser.post(f"/tasks/{task_id}/complete", completed="true")
    assert alice.get(f"/tasks/{task_id}").json["completed"] is True


def test_a_task_is_deleted_from_the_list(alice: Caller, browser: Browser) -> None:
    alice.add_task("kept")
    alice.add_task("Write to Grace")
    browser.visit("/tasks?sort=title")
    browser.press("Delete “Write to Grace”")
    assert (browser.path, browser.titles()) == ("/tasks?sort=title", ["kept"])
    assert [task["title"] for task in alice.get("/trash").json] == ["Write to Grace"]


def test_a_task_has_a_page_with_its_description_as_markdown(
    alice: Caller, browser: Browser
) -> None:
    text = "A **bold** word\nand a line\n\n- one\n- two\n\nhttps://example.com/a"
    task_id = alice.add_task("Write to Grace", description=text)["id"]
    page = browser.visit(f"/tasks/{task_id}")
    assert page.one("h1").text == "Write to Grace"
    assert page.one("strong").text == "bold"
    prose = page.one("strong").parent
    assert prose
    assert prose.parent
    assert [each.text for each in prose.parent.all("li")] == ["one", "two"]
    assert len(prose.all("br")) == 1
    link = page.one("a", href="https://example.com/a")
    assert {"noopener", "noreferrer"} <= set(link.get("rel").split())


def test_a_task_is_completed_and_deleted_from_its_page(alice: Caller, browser: Browser) -> None:
    task_id = alice.add_task("Write to Grace")["id"]
    browser.visit(f"/tasks/{task_id}")
    browser.press("Complete")
    assert browser.path == f"/tasks/{task_id}"
    browser.press("Reopen")
    browser.press("Delete")
    assert (browser.path, browser.titles()) == ("/tasks", [])
    assert browser.notices() == ["Moved “Write to Grace” to the trash."]
