"""The pages with scripts switched off: every act is a link or a form, and all of it works."""

from typing import TYPE_CHECKING

import pytest

from .conftest import DESK, PHONE, NewVisitor
from .visitors import PASSWORD, Visitor

expect = pytest.importorskip("playwright.sync_api").expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.parametrize("width", [DESK, PHONE])


@pytest.fixture
def with_script() -> bool:
    """They do not."""
    return False


@pytest.fixture
def page(owner: Visitor) -> "Page":
    """The owner's page."""
    return owner.page


def shows(visitor: Visitor, path: str) -> bool:
    """Whether that is the address; without a script it cannot be asked of the page itself."""
    return visitor.page.url.endswith(path)


def test_somebody_new_signs_up_and_adds_a_task(visitor: Visitor) -> None:
    visitor.open("/")
    visitor.content.get_by_role("link", name="Sign up").click()
    visitor.press("Sign up")
    expect(visitor.page.locator("#errors")).to_contain_text("E-mail address: Fill this in.")
    visitor.fill("E-mail address", visitor.email)
    visitor.fill("Password", "short")
    visitor.press("Sign up")
    expect(visitor.page.locator("#errors")).to_contain_text("Password")
    expect(visitor.content.get_by_label("E-mail address")).to_have_value(visitor.email)
    visitor.fill("Password", PASSWORD)
    visitor.press("Sign up")
    expect(visitor.heading).to_have_text("Welcome")
    visitor.page.locator("#title").fill("Write to Grace")
    visitor.press("Add")
    expect(visitor.titles).to_have_text(["Write to Grace"])


def test_a_title_that_is_refused_is_given_back(owner: Visitor, page: "Page") -> None:
    page.locator("#title").fill("x" * 201)
    owner.press("Add")
    expect(page.locator("#errors")).to_be_focused()
    expect(page.locator("#title")).to_have_value("x" * 201)
    page.locator("#title").fill("short")
    owner.press("Add")
    expect(owner.titles).to_have_text(["short"])


def test_a_task_is_opened_edited_and_completed(owner: Visitor, page: "Page") -> None:
    owner.add("Write to Grace")
    owner.edit("Write to Grace")
    expect(owner.heading).to_have_text("Edit task")
    owner.fill("Title", "")
    owner.press("Save")
    expect(page.locator("#errors")).to_contain_text("Title")
    owner.fill("Title", "Write to Ada")
    owner.fill("Description", "About **it**.")
    owner.press("Save")
    expect(owner.titles).to_have_text(["Write to Ada"])
    owner.row("Write to Ada").locator("a.title").click()
    expect(owner.content.locator("strong")).to_have_text("it")
    owner.press("Complete")
    expect(owner.notices).to_contain_text("Completed “Write to Ada”.")
    owner.notices.get_by_role("button", name="Undo").click()
    expect(owner.content.get_by_role("button", name="Complete", exact=True)).to_be_visible()
    owner.press("Complete")
    owner.go("All tasks")
    expect(owner.content).to_contain_text("All done")
    page.get_by_role("link", name="Done 1").click()
    owner.complete("Write to Ada")
    expect(owner.notices).to_contain_text("Reopened “Write to Ada”.")


def test_tasks_are_completed_and_deleted_in_the_list(owner: Visitor, page: "Page") -> None:
    owner.add("one", "two", "three")
    owner.complete("two")
    expect(owner.titles).to_have_text(["three", "one"])
    owner.notices.get_by_role("button", name="Undo").click()
    expect(owner.titles).to_have_text(["three", "two", "one"])
    owner.delete("three")
    expect(owner.titles).to_have_text(["two", "one"])
    owner.notices.get_by_role("button", name="Undo").click()
    expect(owner.titles).to_have_count(3)


def test_the_list_is_searched_ordered_and_narrowed(owner: Visitor, page: "Page") -> None:
    owner.have("Write to Grace", "Call Ada", "Call Grace")
    owner.open("/tasks")
    page.locator("#q").fill("grace")
    page.locator("#sort").select_option("title")
    owner.press("Show")
    expect(owner.titles).to_have_text(["Call Grace", "Write to Grace"])
    owner.complete("Call Grace")
    expect(owner.titles).to_have_text(["Write to Grace"])
    expect(page.locator("#q")).to_have_value("grace")
    page.get_by_role("link", name="All 2").click()
    expect(owner.titles).to_have_count(2)
    page.locator("#q").fill("nobody")
    page.locator("#q").press("Enter")
    expect(owner.content).to_contain_text("Nothing found")
    owner.content.get_by_role("link", name="Clear the search").click()
    expect(owner.titles).to_have_count(3)


def test_a_long_list_goes_on_over_a_link(owner: Visitor, page: "Page") -> None:
    owner.have(*(f"task {number}" for number in range(60)))
    owner.open("/tasks")
    expect(owner.titles).to_have_count(50)
    page.get_by_role("link", name="More").click()
    expect(owner.titles).to_have_count(10)
    expect(page.get_by_role("link", name="More")).to_have_count(0)


def test_several_are_changed_at_once_and_brought_back(owner: Visitor, page: "Page") -> None:
    owner.add("one", "two", "three")
    owner.tick("one", "three")
    owner.choose("Complete")
    expect(owner.titles).to_have_text(["two"])
    owner.notices.get_by_role("button", name="Undo").click()
    expect(owner.titles).to_have_count(3)
    page.locator(".bulk .all input").check()
    owner.choose("Delete")
    expect(owner.titles).to_have_count(0)
    owner.notices.get_by_role("button", name="Undo").click()
    expect(owner.titles).to_have_count(3)


def test_the_trash_gives_back_and_forgets(owner: Visitor, page: "Page") -> None:
    owner.add("one", "two", "three")
    page.locator(".bulk .all input").check()
    owner.choose("Delete")
    owner.go("Trash")
    expect(owner.titles).to_have_count(3)
    owner.row("two").get_by_role("button", name="Restore").click()
    expect(owner.notices).to_contain_text("Restored “two”.")
    owner.row("one").locator("summary").click()
    owner.row("one").get_by_role("button", name="Delete for good").click()
    expect(owner.titles).to_have_text(["three"])
    page.locator("summary", has_text="Empty the trash").click()
    owner.press("Delete all for good")
    expect(owner.content).to_contain_text("The trash is empty")
    owner.open("/tasks")
    expect(owner.titles).to_have_text(["two"])


def test_edits_that_meet_show_both_versions(owner: Visitor, page: "Page") -> None:
    [id_] = owner.have("Write to Grace")
    owner.open(f"/tasks/{id_}/edit")
    owner.fill("Title", "My version")
    owner.call("PATCH", f"/tasks/{id_}", {"title": "Their version"})
    owner.press("Save")
    expect(owner.heading).to_have_text("This task has changed meanwhile")
    expect(owner.content.get_by_label("Title")).to_have_value("My version")
    expect(owner.content).to_contain_text("Their version")
    owner.press("Save your version")
    expect(owner.heading).to_have_text("My version")


def test_settings_are_kept(owner: Visitor, page: "Page") -> None:
    owner.go("Settings")
    expect(page.locator("[data-time-zone-hint]")).to_be_hidden()
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    page.get_by_label("Dark").check()
    page.get_by_label("Compact").check()
    owner.press("Save")
    expect(owner.notices).to_contain_text("Your settings are saved.")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("data-density", "compact")
    expect(page.get_by_label("Time zone")).to_have_value("Asia/Tokyo")


def test_the_help_shows_the_keys(owner: Visitor, page: "Page") -> None:
    owner.go("Help")
    expect(page.locator("#help")).to_contain_text("Previous task")


def test_the_address_and_the_password_can_be_changed(owner: Visitor, page: "Page") -> None:
    owner.open("/settings")
    page.get_by_role("link", name="E-mail address").click()
    owner.fill("New e-mail address", f"new-{owner.email}")
    owner.fill("Your password", "wrong")
    owner.press("Change it")
    expect(page.locator("#errors")).to_contain_text("Your password")
    expect(owner.content.get_by_label("New e-mail address")).to_have_value(f"new-{owner.email}")
    owner.fill("Your password", PASSWORD)
    owner.press("Change it")
    expect(owner.notices).to_contain_text("Your e-mail address is changed.")
    owner.email = f"new-{owner.email}"
    page.get_by_role("link", name="Password").click()
    owner.fill("Your password", PASSWORD)
    owner.fill("New password", "eight short red lamps")
    owner.press("Change it")
    expect(owner.notices).to_contain_text("Your password is changed")
    owner.password = "eight short red lamps"
    owner.log_out()
    owner.log_in()
    assert shows(owner, "/tasks")


def test_other_browsers_are_shown_and_logged_out(owner: Visitor, new_visitor: NewVisitor) -> None:
    one, two = new_visitor(), new_visitor()
    for other in (one, two):
        other.email = owner.email
        other.log_in(remember=True)
        expect(other.heading).to_have_text("Open tasks")
    owner.open("/settings/sessions")
    expect(owner.content.locator("li")).to_have_count(3)
    owner.content.get_by_role("button", name="Log out", exact=True).first.click()
    expect(owner.content.locator("li")).to_have_count(2)
    owner.press("Log all others out")
    expect(owner.content.locator("li")).to_have_count(1)
    for other in (one, two):
        other.open("/settings")
        assert shows(other, "/login?next=%2Fsettings") or shows(other, "/login?next=/settings")
        other.fill("E-mail address", owner.email)
        other.fill("Password", owner.password)
        other.press("Log in")
        assert shows(other, "/settings")


def test_an_account_is_deleted_with_its_password(owner: Visitor, page: "Page") -> None:
    owner.open("/settings")
    page.get_by_role("link", name="Delete the account").click()
    owner.fill("Your password", "wrong")
    owner.press("Delete everything")
    expect(page.locator("#errors")).to_be_visible()
    owner.fill("Your password", PASSWORD)
    owner.press("Delete everything")
    expect(owner.notices).to_contain_text("Your account is deleted.")
    owner.log_in()
    expect(page.locator("#errors")).to_be_visible()


def test_logging_out_ends_the_login(owner: Visitor, page: "Page") -> None:
    owner.log_out()
    expect(owner.notices).to_contain_text("You are logged out.")
    owner.open("/tasks")
    expect(owner.heading).to_have_text("Log in")
