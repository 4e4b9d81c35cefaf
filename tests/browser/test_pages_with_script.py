"""The pages with their script: nothing reloads, the focus stays, and the keyboard does it all."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from .conftest import DESK, PHONE, NewVisitor, offline
from .visitors import Visitor

expect = pytest.importorskip("playwright.sync_api").expect

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

both_widths = pytest.mark.parametrize("width", [DESK, PHONE])


@pytest.fixture
def page(owner: Visitor) -> "Page":
    """The owner's page, marked: a reload would lose the mark."""
    owner.page.evaluate("window.marked = true")
    return owner.page


def assert_not_reloaded(page: "Page") -> None:
    """The document is the one that was marked."""
    assert page.evaluate("window.marked") is True


def hold(page: "Page", address: str, act: Callable[[], None]) -> Callable[[], None]:
    """Do something, but keep its request from the server until the result is called."""
    held: list[Route] = []

    def keep(route: "Route") -> None:
        if held:
            route.continue_()
        held.append(route)

    page.route(address, keep)
    with page.expect_request(address):
        act()
    page.evaluate("1")  # by its answer, the route is known that the request has told of
    return held[0].continue_


# Adding


@both_widths
def test_adding_empties_the_field_and_leaves_the_focus_there(owner: Visitor, page: "Page") -> None:
    owner.add("Write to Grace", "Call Ada")

    expect(owner.titles).to_have_text(["Call Ada", "Write to Grace"])
    expect(page.locator("#title")).to_have_value("")
    expect(page.locator("#title")).to_be_focused()
    assert owner.path == "/tasks"
    assert_not_reloaded(page)


def test_adding_by_the_button_puts_the_focus_into_the_field(owner: Visitor, page: "Page") -> None:
    page.locator("#title").fill("Write to Grace")
    owner.press("Add")

    expect(owner.titles).to_have_text(["Write to Grace"])
    expect(page.locator("#title")).to_be_focused()
    assert_not_reloaded(page)


def test_tasks_can_be_typed_faster_than_they_are_stored(owner: Visitor, page: "Page") -> None:
    page.locator("#title").focus()
    for title in ("one", "two", "three"):
        page.keyboard.type(title)
        page.keyboard.press("Enter")
    page.keyboard.type("not sent yet")

    expect(owner.titles).to_have_text(["three", "two", "one"])
    expect(page.locator("#title")).to_have_value("not sent yet")
    expect(page.locator("#title")).to_be_focused()


def test_a_title_that_is_refused_is_given_back_with_the_focus_on_why(
    owner: Visitor, page: "Page"
) -> None:
    page.locator("#title").fill("x" * 201)
    page.locator("#title").press("Enter")

    expect(page.locator("#errors")).to_be_focused()
    expect(page.locator("#title")).to_have_value("x" * 201)
    assert owner.path == "/tasks"
    page.locator("#title").fill("short")
    page.locator("#title").press("Enter")
    expect(owner.titles).to_have_text(["short"])
    expect(page.locator("#errors")).to_have_count(0)
    assert_not_reloaded(page)


def test_what_is_refused_outlives_what_was_added_after_it(owner: Visitor, page: "Page") -> None:
    page.locator("#title").fill("x" * 201)
    go_on = hold(page, "**/tasks", lambda: page.locator("#title").press("Enter"))
    page.locator("#title").fill("short")
    page.locator("#title").press("Enter")
    expect(page.locator("#title")).to_have_value("")
    go_on()

    expect(owner.titles).to_have_text(["short"])
    expect(page.locator("#title")).to_have_value("x" * 201)


def test_what_is_added_is_said(owner: Visitor) -> None:
    owner.add("Write to Grace")
    expect(owner.notices).to_contain_text("Write to Grace")


def test_a_title_typed_offline_is_given_back(owner: Visitor, page: "Page") -> None:
    with offline(owner):
        page.locator("#title").fill("Write to Grace")
        page.locator("#title").press("Enter")
        expect(owner.notices).to_contain_text("Not done: Add: Write to Grace.")
        expect(page.locator("#title")).to_have_value("Write to Grace")
    page.locator("#title").press("Enter")
    expect(owner.titles).to_have_text(["Write to Grace"])
    assert_not_reloaded(page)


def test_a_title_outlives_a_login_that_has_ended(
    owner: Visitor, page: "Page", new_visitor: NewVisitor
) -> None:
    elsewhere = new_visitor()
    elsewhere.email = owner.email
    elsewhere.log_in()
    elsewhere.open("/settings/sessions")
    elsewhere.press("Log all others out")
    expect(elsewhere.notices).to_contain_text("Every other browser is logged out.")
    page.locator("#title").fill("Write to Grace")
    page.locator("#title").press("Enter")

    expect(owner.notices).to_contain_text("Not done: Add: Write to Grace. You are logged out.")
    expect(page.locator("#title")).to_have_value("Write to Grace")
    with page.expect_popup() as popup:
        owner.notices.get_by_role("link", name="Log in").click()
    again = Visitor(popup.value)
    again.fill("E-mail address", owner.email)
    again.fill("Password", owner.password)
    again.press("Log in")
    expect(again.heading).to_have_text("Open tasks")
    page.locator("#title").press("Enter")
    expect(owner.content).to_contain_text("Nothing that you typed is lost")
    owner.press("Send it again")
    expect(owner.titles).to_have_text(["Write to Grace"])


# Completing and deleting


@both_widths
def test_completing_shows_before_the_server_answers(owner: Visitor, page: "Page") -> None:
    owner.add("Write to Grace", "Call Ada")
    go_on = hold(page, "**/complete", lambda: owner.complete("Call Ada"))

    row = owner.row("Call Ada")
    expect(row).to_contain_class("done")
    expect(row.locator(".check")).to_have_attribute("aria-label", "Reopen “Call Ada”")
    expect(page.locator("#content")).to_have_attribute("aria-busy", "true")
    go_on()
    expect(owner.titles).to_have_text(["Write to Grace"])
    expect(owner.notices).to_contain_text("Completed “Call Ada”.")
    expect(page.locator("#content")).not_to_have_attribute("aria-busy", "true")
    expect(owner.row("Write to Grace").locator(".check")).to_be_focused()
    assert_not_reloaded(page)


def test_completing_is_taken_back_when_it_fails(owner: Visitor, page: "Page") -> None:
    owner.add("Write to Grace")
    with offline(owner):
        owner.complete("Write to Grace")
        expect(owner.notices).to_contain_text("Not done: Complete “Write to Grace”.")
    row = owner.row("Write to Grace")
    expect(row).not_to_contain_class("done")
    expect(row).not_to_contain_class("pending")
    expect(row.locator(".check")).to_have_attribute("aria-label", "Complete “Write to Grace”")
    owner.complete("Write to Grace")
    expect(owner.titles).to_have_count(0)
    assert_not_reloaded(page)


def test_completing_is_taken_back_when_the_server_refuses(owner: Visitor, page: "Page") -> None:
    [id_] = owner.have("Write to Grace")
    owner.open("/tasks")
    owner.call("DELETE", f"/tasks/{id_}")
    owner.complete("Write to Grace")

    expect(owner.notices).to_contain_text("Not done: Complete “Write to Grace”.")
    expect(owner.row("Write to Grace")).not_to_contain_class("done")


def test_completing_is_taken_back_when_only_a_proxy_answers(owner: Visitor, page: "Page") -> None:
    owner.add("Write to Grace")
    page.locator("#title").fill("half a tho")
    page.route("**/complete", lambda route: route.fulfill(status=502, body="Bad Gateway"))
    owner.complete("Write to Grace")

    expect(owner.notices).to_contain_text("The server answered 502.")
    expect(owner.row("Write to Grace")).not_to_contain_class("done")
    expect(page.locator("#title")).to_have_value("half a tho")
    assert_not_reloaded(page)


def test_several_can_be_completed_faster_than_they_are_stored(owner: Visitor, page: "Page") -> None:
    owner.add("one", "two", "three", "four")
    page.evaluate("document.querySelectorAll('.check').forEach((each, i) => i < 3 && each.click())")

    expect(owner.titles).to_have_text(["one"])
    expect(page.get_by_role("link", name="Done 3")).to_be_visible()
    owner.open("/tasks?show=done")
    expect(owner.titles).to_have_count(3)


def test_deleting_shows_before_the_server_answers_and_the_next_task_has_the_focus(
    owner: Visitor, page: "Page"
) -> None:
    owner.add("one", "two", "three")
    go_on = hold(page, "**/delete", lambda: owner.delete("two"))

    expect(owner.row("two")).to_be_hidden()
    expect(owner.row("one").get_by_role("button", name="Delete")).to_be_focused()
    go_on()
    expect(owner.titles).to_have_text(["three", "one"])
    expect(owner.row("one").get_by_role("button", name="Delete")).to_be_focused()
    assert_not_reloaded(page)


def test_deleting_is_taken_back_when_it_fails(owner: Visitor, page: "Page") -> None:
    owner.add("Write to Grace")
    with offline(owner):
        owner.delete("Write to Grace")
        expect(owner.notices).to_contain_text("Not done: Delete “Write to Grace”.")
    expect(owner.row("Write to Grace")).to_be_visible()
    expect(owner.row("Write to Grace").get_by_role("button", name="Delete")).to_be_focused()


def test_deleting_the_last_task_keeps_the_focus_in_the_content(
    owner: Visitor, page: "Page"
) -> None:
    owner.add("Write to Grace")
    owner.delete("Write to Grace")

    expect(page.locator(".empty")).to_be_visible()
    expect(owner.content).to_be_focused()


@both_widths
def test_undo_brings_a_task_back_and_puts_the_focus_on_it(owner: Visitor, page: "Page") -> None:
    owner.add("one", "two", "three")
    owner.delete("two")
    owner.notices.get_by_role("button", name="Undo").click()

    expect(owner.titles).to_have_text(["three", "two", "one"])
    expect(owner.row("two").locator("a.title")).to_be_focused()
    expect(owner.notices).to_contain_text("Undone.")
    assert_not_reloaded(page)


def test_what_is_typed_and_ticked_outlives_an_answer(owner: Visitor, page: "Page") -> None:
    owner.add("one", "two", "three")
    page.locator("#title").fill("half a tho")
    owner.tick("one", "two")
    owner.complete("three")

    expect(owner.titles).to_have_text(["two", "one"])
    expect(page.locator("#title")).to_have_value("half a tho")
    expect(page.locator(".select:checked")).to_have_count(2)


# Searching, and the address


@both_widths
def test_the_list_is_searched_while_one_types(owner: Visitor, page: "Page") -> None:
    owner.have("Write to Grace", "Call Ada", "Call Grace")
    owner.open("/tasks")
    page.evaluate("window.marked = true")
    page.locator("#q").press_sequentially("gra")

    expect(owner.titles).to_have_text(["Call Grace", "Write to Grace"])
    expect(page.locator("#q")).to_be_focused()
    expect(page).to_have_title("Open tasks: gra - taskapp")
    expect(owner.notices).to_contain_text("Open 2")
    assert owner.path == "/tasks?q=gra&sort=-created_at"
    page.locator("#q").fill("nobody")
    expect(owner.notices).to_contain_text("Nothing found")
    owner.content.get_by_role("link", name="Clear the search").click()
    expect(owner.titles).to_have_count(3)
    expect(page.locator("#q")).to_have_value("")
    expect(page.locator("#q")).to_be_focused()
    assert owner.path == "/tasks"
    assert_not_reloaded(page)


def test_an_answer_that_comes_too_late_is_dropped(owner: Visitor, page: "Page") -> None:
    owner.have("Write to Grace", "Call Ada")
    owner.open("/tasks")
    go_on = hold(page, "**/tasks?q=grace*", lambda: page.locator("#q").fill("grace"))
    page.locator("#q").fill("ada")
    expect(owner.titles).to_have_text(["Call Ada"])
    go_on()
    page.locator("#title").press("Tab")
    expect(owner.titles).to_have_text(["Call Ada"])
    assert "q=ada" in owner.path


def test_the_order_changes_at_once(owner: Visitor, page: "Page") -> None:
    owner.have("b", "a", "c")
    owner.open("/tasks")
    page.locator("#sort").select_option("title")

    expect(owner.titles).to_have_text(["a", "b", "c"])
    expect(page.locator("#sort")).to_have_value("title")
    owner.add("aa")
    expect(owner.titles).to_have_text(["a", "aa", "b", "c"])


def test_going_back_and_forth_shows_what_was_there(owner: Visitor, page: "Page") -> None:
    owner.add("open task", "done task")
    owner.complete("done task")
    expect(owner.titles).to_have_count(1)
    page.get_by_role("link", name="Done 1").click()
    expect(owner.titles).to_have_text(["done task"])
    assert owner.path == "/tasks?show=done"
    page.get_by_role("link", name="done task", exact=True).click()
    expect(owner.heading).to_have_text("done task")
    expect(owner.heading).to_be_focused()
    expect(page).to_have_title("done task - taskapp")

    page.go_back()
    expect(owner.heading).to_have_text("Done")
    page.go_back()
    expect(owner.heading).to_have_text("Open tasks")
    expect(owner.titles).to_have_text(["open task"])
    page.go_forward()
    expect(owner.heading).to_have_text("Done")
    assert_not_reloaded(page)
    page.reload()
    expect(owner.heading).to_have_text("Done")


def test_a_tab_keeps_the_focus(owner: Visitor, page: "Page") -> None:
    page.get_by_role("link", name="Done 0").press("Enter")
    expect(owner.heading).to_have_text("Done")
    expect(page.get_by_role("link", name="Done 0")).to_be_focused()
    assert_not_reloaded(page)


def test_a_link_opens_in_another_tab_when_that_is_asked_for(owner: Visitor, page: "Page") -> None:
    owner.add("Write to Grace")
    with page.context.expect_page() as other:
        owner.row("Write to Grace").locator("a.title").click(modifiers=["Control"])
    expect(other.value.locator("h1")).to_have_text("Write to Grace")
    expect(owner.heading).to_have_text("Open tasks")


def test_going_back_returns_to_where_one_had_scrolled(owner: Visitor, page: "Page") -> None:
    owner.have(*(f"task {number}" for number in range(50)))
    owner.open("/tasks")
    page.evaluate("window.marked = true")
    link = page.get_by_role("link", name="task 10", exact=True)
    link.scroll_into_view_if_needed()
    link.click()
    expect(owner.heading).to_have_text("task 10")
    expect(owner.heading).to_be_in_viewport()
    page.go_back()
    expect(owner.heading).to_have_text("Open tasks")
    expect(link).to_be_in_viewport()
    assert_not_reloaded(page)


@both_widths
def test_places_open_in_place_and_are_marked(owner: Visitor, page: "Page") -> None:
    owner.go("Trash")
    expect(owner.heading).to_have_text("Trash")
    expect(page.locator(".place[aria-current=page]")).to_have_text("Trash")
    owner.go("Settings")
    expect(owner.heading).to_have_text("Settings")
    page.get_by_role("link", name="Password").click()
    expect(owner.heading).to_have_text("Change password")
    expect(page.locator(".place[aria-current]")).to_have_text("Settings")
    assert_not_reloaded(page)


@pytest.mark.parametrize("width", [PHONE])
def test_the_menu_is_a_sheet_that_closes_where_it_leads(owner: Visitor, page: "Page") -> None:
    sheet, bar = page.locator("#side"), page.locator("#bar")
    expect(sheet).to_be_hidden()
    owner.go("Completed")
    expect(owner.heading).to_have_text("Completed")
    expect(owner.heading).to_be_focused()
    expect(sheet).to_be_hidden()
    bar.get_by_role("button", name="Menu").click()
    expect(sheet).to_be_visible()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(bar.get_by_role("button", name="Menu")).to_be_focused()
    bar.get_by_role("link", name="Today").click()
    expect(owner.heading).to_have_text("Today")
    expect(bar.locator("[aria-current=page]")).to_have_text("Today")
    assert_not_reloaded(page)


def test_a_link_leads_on_when_the_script_cannot_show_it(owner: Visitor, page: "Page") -> None:
    [id_] = owner.have("Write to Grace")
    owner.open("/tasks")
    owner.call("DELETE", f"/tasks/{id_}")
    page.get_by_role("link", name="Write to Grace", exact=True).click()
    expect(owner.content).to_contain_text("Error 404")
    assert owner.path == f"/tasks/{id_}"


def test_an_answer_that_is_not_ours_is_left_to_the_browser(owner: Visitor, page: "Page") -> None:
    def answer(route: "Route") -> None:
        if "x-fragment" in route.request.headers:
            route.fulfill(status=200, content_type="text/html", body="<p>Log in to the WLAN</p>")
        else:
            route.continue_()

    page.route("**/tasks", answer)
    page.locator("#title").fill("Write to Grace")
    page.locator("#title").press("Enter")
    expect(owner.titles).to_have_text(["Write to Grace"])
    assert page.evaluate("window.marked") is None


# Long lists


def test_more_adds_rows_and_leads_to_the_first_of_them(owner: Visitor, page: "Page") -> None:
    owner.have(*(f"task {number}" for number in range(120)))
    page.add_init_script("window.IntersectionObserver = class { observe() {} unobserve() {} }")
    owner.open("/tasks")
    expect(owner.titles).to_have_count(50)
    page.get_by_role("link", name="More").click()

    expect(owner.titles).to_have_count(100)
    expect(owner.row("task 69").locator("a.title")).to_be_focused()
    page.get_by_role("link", name="More").click()
    expect(owner.titles).to_have_count(120)
    expect(page.get_by_role("link", name="More")).to_have_count(0)
    shown = owner.titles.all_text_contents()
    assert shown == [f"task {number}" for number in reversed(range(120))]
    assert owner.path == "/tasks"


@both_widths
def test_scrolling_loads_on_and_an_act_keeps_the_place(owner: Visitor, page: "Page") -> None:
    owner.have(*(f"task {number}" for number in range(120)))
    owner.open("/tasks")
    page.evaluate("window.marked = true")
    for least in (100, 120):
        page.mouse.wheel(0, 100_000)
        expect(owner.titles).to_have_count(least)
    owner.row("task 3").last.scroll_into_view_if_needed()
    row = page.locator(".task").filter(has=page.get_by_text("task 5", exact=True))
    row.locator(".check").click()

    expect(owner.notices).to_contain_text("Completed “task 5”.")
    expect(owner.titles).to_have_count(119)
    neighbour = page.locator(".task").filter(has=page.get_by_text("task 4", exact=True))
    expect(neighbour.locator(".check")).to_be_focused()
    expect(neighbour).to_be_in_viewport()
    owner.notices.get_by_role("button", name="Undo").click()
    expect(owner.titles).to_have_count(120)
    expect(row.locator("a.title")).to_be_focused()
    assert_not_reloaded(page)


# Editing


@both_widths
def test_a_task_is_edited_in_its_row(owner: Visitor, page: "Page") -> None:
    owner.add("one", "two", "three")
    owner.edit("two")

    form = page.locator("form.edit")
    expect(form.get_by_label("Title")).to_be_focused()
    expect(form.get_by_label("Title")).to_have_value("two")
    assert page.locator("#title").count() == 1
    form.get_by_label("Title").fill("two and a half")
    form.get_by_label("Description").fill("**bold**")
    form.get_by_role("button", name="Save").click()
    expect(owner.titles).to_have_text(["three", "two and a half", "one"])
    expect(form).to_have_count(0)
    expect(owner.row("two and a half").locator("a.title")).to_be_focused()
    assert owner.path == "/tasks"
    assert_not_reloaded(page)


@pytest.mark.parametrize("width", [PHONE])
def test_an_edit_that_is_given_up_on_a_narrow_screen_keeps_the_focus_in_its_row(
    owner: Visitor, page: "Page"
) -> None:
    owner.add("one", "two")
    owner.edit("one")
    expect(page.locator("form.edit").get_by_label("Title")).to_be_focused()
    page.mouse.move(0, 0)
    page.keyboard.press("Escape")
    expect(owner.row("one").locator(":focus")).to_be_visible()


@pytest.mark.parametrize("way", ["Escape", "Cancel"])
def test_an_edit_is_given_up(owner: Visitor, page: "Page", way: str) -> None:
    owner.add("Write to Grace")
    owner.edit("Write to Grace")
    form = page.locator("form.edit")
    form.get_by_label("Title").fill("something else")
    if way == "Escape":
        page.keyboard.press("Escape")
    else:
        form.get_by_role("link", name="Cancel").click()

    expect(form).to_have_count(0)
    expect(owner.titles).to_have_text(["Write to Grace"])
    expect(owner.row("Write to Grace").get_by_role("link", name="Edit")).to_be_focused()
    assert_not_reloaded(page)


def test_what_is_wrong_with_an_edit_is_said_in_its_row(owner: Visitor, page: "Page") -> None:
    owner.add("one", "two")
    owner.edit("two")
    form = page.locator("form.edit")
    form.get_by_label("Title").fill("x" * 201)
    form.get_by_role("button", name="Save").click()

    expect(form.locator(".errors")).to_be_focused()
    expect(form.get_by_label("Title")).to_have_value("x" * 201)
    expect(owner.row("one")).to_be_visible()
    form.locator(".errors a").click()
    expect(form.get_by_label("Title")).to_be_focused()
    form.get_by_label("Title").fill("two and a half")
    form.get_by_role("button", name="Save").click()
    expect(owner.titles).to_have_text(["two and a half", "one"])
    assert owner.path.startswith("/tasks")
    assert_not_reloaded(page)


def test_an_edit_outlives_what_happens_around_it(owner: Visitor, page: "Page") -> None:
    owner.add("one", "two", "three")
    owner.edit("two")
    form = page.locator("form.edit")
    form.get_by_label("Title").fill("two and a half")
    owner.complete("three")

    expect(owner.notices).to_contain_text("Completed “three”.")
    expect(form.get_by_label("Title")).to_have_value("two and a half")
    page.keyboard.press("Escape")
    form.get_by_role("button", name="Save").click()
    expect(owner.titles).to_have_text(["two and a half", "one"])


@both_widths
def test_edits_that_meet_show_both_versions(owner: Visitor, page: "Page") -> None:
    [id_] = owner.have("Write to Grace")
    owner.open("/tasks")
    page.evaluate("window.marked = true")
    owner.edit("Write to Grace")
    form = page.locator("form.edit")
    form.get_by_label("Title").fill("My version")
    owner.call("PATCH", f"/tasks/{id_}", {"title": "Their version"})
    form.get_by_role("button", name="Save").click()

    expect(owner.heading).to_have_text("This task has changed meanwhile")
    expect(owner.heading).to_be_focused()
    expect(owner.content.get_by_label("Title")).to_have_value("My version")
    expect(owner.content).to_contain_text("Their version")
    owner.press("Save your version")
    expect(owner.titles).to_have_text(["My version"])
    assert_not_reloaded(page)


# Selecting


def test_shift_selects_a_range_and_the_number_is_said(owner: Visitor, page: "Page") -> None:
    owner.add("one", "two", "three", "four")
    owner.row("four").locator(".select").click()
    owner.row("two").locator(".select").click(modifiers=["Shift"])

    expect(page.locator(".select:checked")).to_have_count(3)
    expect(page.locator(".bulk [aria-live]")).to_have_text("3 selected")
    owner.choose("Complete")
    expect(owner.titles).to_have_text(["one"])
    expect(page.locator(".bulk [aria-live]")).to_have_text("")
    owner.notices.get_by_role("button", name="Undo").click()
    expect(owner.titles).to_have_count(4)
    assert_not_reloaded(page)


@both_widths
def test_all_that_match_are_changed_and_brought_back(owner: Visitor, page: "Page") -> None:
    owner.add("one", "two", "three")
    page.locator(".bulk .all input").check()
    owner.choose("Delete")

    expect(owner.titles).to_have_count(0)
    owner.notices.get_by_role("button", name="Undo").click()
    expect(owner.titles).to_have_count(3)
    assert_not_reloaded(page)


# The trash


@both_widths
def test_what_was_deleted_is_restored_in_place(owner: Visitor, page: "Page") -> None:
    owner.add("one", "two")
    owner.delete("one")
    expect(owner.titles).to_have_text(["two"])
    owner.delete("two")
    expect(owner.titles).to_have_count(0)
    owner.go("Trash")
    expect(owner.titles).to_have_text(["two", "one"])
    owner.row("two").get_by_role("button", name="Restore").click()
    expect(owner.titles).to_have_text(["one"])
    expect(owner.row("one").get_by_role("button", name="Restore")).to_be_focused()
    expect(owner.notices).to_contain_text("Restored “two”.")
    page.locator("summary", has_text="Empty the trash").click()
    owner.press("Delete all for good")
    expect(owner.content).to_contain_text("The trash is empty")
    assert_not_reloaded(page)


@pytest.fixture
def trash(owner: Visitor, page: "Page") -> Visitor:
    """The owner, in front of a trash with two tasks."""
    for id_ in owner.have("one", "two"):
        owner.call("DELETE", f"/tasks/{id_}")
    owner.open("/trash")
    page.evaluate("window.marked = true")
    return owner


@both_widths
@pytest.mark.parametrize("which", [".heading summary", "#rows summary"])
def test_a_second_thought_is_left_by_a_click_beside_it(
    trash: Visitor, page: "Page", which: str
) -> None:
    sure = page.locator("details[open]")
    page.locator(which).first.click()
    expect(sure).to_have_count(1)
    sure.locator("div").click(position={"x": 2, "y": 2})
    expect(sure).to_have_count(1)
    trash.heading.click()
    expect(sure).to_have_count(0)
    expect(trash.titles).to_have_count(2)


@both_widths
@pytest.mark.parametrize("which", [".heading summary", "#rows summary"])
def test_a_second_thought_is_left_by_escape_and_the_focus_goes_back(
    trash: Visitor, page: "Page", which: str
) -> None:
    summary = page.locator(which).first
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("details[open] button")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("details[open]")).to_have_count(0)
    expect(summary).to_be_focused()
    assert_not_reloaded(page)


def test_escape_in_the_help_leaves_a_second_thought_beneath_it(
    trash: Visitor, page: "Page"
) -> None:
    page.locator(".heading summary").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("details[open]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("details[open]")).to_have_count(0)


# The keyboard


def test_the_keyboard_does_it_all(owner: Visitor, page: "Page") -> None:
    keys = page.keyboard
    owner.content.focus()
    keys.press("q")
    keys.type("one quick task")  # letters that would be keys elsewhere
    keys.press("Enter")
    expect(owner.titles).to_have_text(["one quick task"])
    owner.add("two", "three")
    keys.press("Escape")
    keys.press("j")
    expect(owner.row("three").locator("a.title")).to_be_focused()
    expect(owner.row("three")).to_contain_class("cursor")
    keys.press("j")
    expect(owner.row("two")).to_contain_class("cursor")
    keys.press("x")
    expect(owner.row("two").locator(".select")).to_be_checked()
    keys.press("k")
    keys.press("x")
    expect(page.locator(".bulk [aria-live]")).to_have_text("2 selected")
    keys.press("Escape")
    expect(page.locator(".select:checked")).to_have_count(0)
    keys.press("e")
    expect(owner.titles).to_have_text(["two", "one quick task"])
    expect(owner.row("two").locator("a.title")).to_be_focused()
    expect(owner.row("two")).to_contain_class("cursor")
    keys.press("z")
    expect(owner.titles).to_have_text(["three", "two", "one quick task"])
    keys.press("Space")
    expect(owner.titles).to_have_text(["three", "one quick task"])
    keys.press("#")
    expect(owner.titles).to_have_count(1)
    keys.press("z")
    expect(owner.titles).to_have_count(2)
    keys.press("k")
    keys.press("Enter")
    expect(owner.heading).to_have_text("three")
    assert_not_reloaded(page)


@pytest.mark.parametrize("answer", ["Keep them open", "Cancel"])
def test_a_question_about_subtasks_gives_the_focus_back(
    owner: Visitor, page: "Page", answer: str
) -> None:
    parent, _ = owner.have("Pack", "Pay")
    owner.call("POST", "/tasks", {"title": "Plates", "parent_id": parent})
    owner.open("/inbox")
    page.keyboard.press("j")
    page.keyboard.press("e")
    expect(owner.heading).to_have_text("What about the open subtasks?")
    if answer == "Cancel":
        page.keyboard.press("Escape")
    else:
        page.get_by_role("button", name=answer).press("Enter")
    expect(owner.heading).to_have_text("Inbox")
    expect(page.locator("#rows .task :focus")).to_have_count(1)


def test_keys_go_through_projects_too(owner: Visitor, page: "Page") -> None:
    for name in ("House", "Garden"):
        owner.call("POST", "/projects", {"name": name})
    owner.open("/projects")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(".cursor .name")).to_have_text("Garden")
    page.keyboard.press("Enter")
    expect(owner.heading).to_have_text("Garden")


def test_keys_lead_to_places(owner: Visitor, page: "Page") -> None:
    owner.add("Write to Grace")
    owner.content.focus()
    for keys, heading in [
        ("gd", "Done"),
        ("ga", "All tasks"),
        ("go", "Open tasks"),
        ("gr", "Trash"),
        ("gs", "Settings"),
        ("gt", "Today"),
        ("gi", "Inbox"),
        ("gu", "Upcoming"),
        ("gc", "Completed"),
        ("gp", "Projects"),
        ("go", "Open tasks"),
        ("gl", "Labels"),
        ("gy", "Activity"),
        ("gr", "Trash"),
    ]:
        for key in keys:
            page.keyboard.press(key)
        expect(owner.heading).to_have_text(heading)
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(owner.heading).to_have_text("Trash")
    page.keyboard.press("q")
    expect(page.locator("#title")).to_be_focused()
    expect(page.locator("#title")).to_have_value("")
    assert_not_reloaded(page)


def test_the_help_sheet_opens_over_the_page_and_gives_the_focus_back(
    owner: Visitor, page: "Page"
) -> None:
    owner.add("Write to Grace")
    owner.row("Write to Grace").locator("a.title").focus()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Previous task")
    expect(dialog).to_be_focused()
    page.keyboard.press("e")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(owner.row("Write to Grace").locator("a.title")).to_be_focused()
    expect(owner.titles).to_have_text(["Write to Grace"])
    assert_not_reloaded(page)


def test_keys_are_left_alone_where_they_mean_something_else(owner: Visitor, page: "Page") -> None:
    owner.add("Write to Grace")
    row = owner.row("Write to Grace")
    row.locator(".select").focus()
    page.keyboard.press("Space")
    expect(row.locator(".select")).to_be_checked()
    row.locator("a.title").focus()
    page.keyboard.press("Alt+e")
    page.keyboard.press("Control+x")
    page.locator("#sort").focus()
    page.keyboard.press("e")
    page.locator("#q").focus()
    page.keyboard.type("grace#?jxe")
    expect(page.locator("#q")).to_have_value("grace#?jxe")
    expect(page.locator("dialog")).to_have_count(0)


def test_keys_can_be_switched_off(owner: Visitor, page: "Page") -> None:
    owner.add("Write to Grace")
    owner.open("/settings")
    page.get_by_label("Single keys are shortcuts").uncheck()
    owner.press("Save")
    expect(owner.notices).to_contain_text("Your settings are saved.")
    owner.open("/tasks")
    owner.row("Write to Grace").locator("a.title").focus()
    for key in ("e", "x", "#", "?", "q", "j"):
        page.keyboard.press(key)
    expect(owner.row("Write to Grace").locator("a.title")).to_be_focused()
    expect(owner.row("Write to Grace").locator(".select")).not_to_be_checked()
    expect(page.locator("dialog")).to_have_count(0)


# The time zone


def test_the_time_zone_is_guessed_and_another_can_be_chosen(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_up()
    visitor.open("/settings")
    zone = page.get_by_label("Time zone")
    expect(zone).to_have_value("Europe/Berlin")
    hint = page.locator("[data-time-zone-hint]")
    expect(hint).to_be_hidden()
    zone.select_option("Asia/Tokyo")
    visitor.press("Save")
    expect(hint).to_contain_text("Your browser says Europe/Berlin")
    hint.get_by_role("button").click()
    expect(zone).to_have_value("Europe/Berlin")
    expect(zone).to_be_focused()
    expect(hint).to_be_hidden()


# Weight


def test_a_page_is_light(owner: Visitor, page: "Page") -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.wait_for_load_state("networkidle")
    assert len(asked) <= 6
