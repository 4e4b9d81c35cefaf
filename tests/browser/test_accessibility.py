"""For everybody: what axe finds, by the keyboard alone, on a narrow screen, with a big finger."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from .conftest import DESK, PHONE, NewVisitor, offline
from .visitors import Visitor

expect = pytest.importorskip("playwright.sync_api").expect
AXE = pytest.importorskip("axe_playwright_python.base").AXE_SCRIPT

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

both_widths = pytest.mark.parametrize("width", [DESK, PHONE])
NARROW = 320
HIGH = 2400
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# All else is alike in the light and in the dark.
OF_COLOURS = ["color-contrast", "link-in-text-block"]
MARKDOWN = """# A heading

Some *words*, `code`, **bold** and a [link](https://example.com), also https://example.com/bare.

- one
- two
  1. three

> Said by Grace.

```
a line of code that is so long that it does not fit on one line of any telephone there is
```

| who | what they have said about the roof | when | where |
|-----|------------------------------------|------|-------|
| Ada | that it leaks                      | now  | here  |

---

## The end
"""

# What axe complains about, each with the first elements that it means.
COMPLAINTS = """async rules => {
    const options = { runOnly: rules, resultTypes: ["violations"], preload: false };
    const { violations } = await axe.run(document, options);
    return violations.map(({ id, help, nodes }) => {
        const where = nodes.slice(0, 5).map(each => `${each.target}: ${each.failureSummary}`);
        return `${id}: ${help}\\n${where.join("\\n")}`;
    });
}"""

# Scrolled to the side, or what reaches beyond the edge.
BEYOND_THE_EDGE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
    [...document.querySelectorAll("body *")]
        .filter(each => each.getBoundingClientRect().right > innerWidth + 1)
        .map(each => `${each.tagName}.${each.className}`)"""

# A link within a sentence is as high as its line; what is clipped away shows when it has the focus.
SMALL_TARGETS = """() =>
    [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
        .filter(each => each.checkVisibility() && getComputedStyle(each).display !== "inline"
            && getComputedStyle(each).clipPath === "none")
        .map(each => [each, each.getBoundingClientRect()])
        .filter(([, { width, height }]) => width < 24 || height < 24)
        .map(([each, { width, height }]) => `${each.outerHTML.slice(0, 120)} ${width}x${height}`)"""

# Why somebody would not see that the focus is there, or what has it; nothing if it is all right.
UNSEEN_FOCUS = """() => {
    const focused = document.activeElement;
    if (focused.matches("body, main")) return "";
    const said = focused.outerHTML.slice(0, 120);
    for (let each = focused; each; each = each.parentElement)
        if (getComputedStyle(each).opacity < 1) return `${said} is transparent`;
    const { x, y, width, height } = focused.getClientRects()[0] ?? {};
    if (!(width > 1 && height > 1)) return `${said} has no size`;
    const top = document.elementFromPoint(x + width / 2, y + Math.min(height, innerHeight) / 2);
    if (!top) return `${said} is outside of the window, at ${x}, ${y}`;
    if (!focused.contains(top) && !top.closest("label")?.contains(focused))
        return `${said} is covered by ${top.outerHTML.slice(0, 120)}`;
    const isRinged = ({ outlineStyle, outlineWidth }) =>
        outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    const isFramed = focused.closest(".add:focus-within")
        && getComputedStyle(focused.closest(".add")).boxShadow !== "none";
    return isRinged(getComputedStyle(focused)) || isFramed ? "" : `${said} has no ring`;
}"""


@pytest.fixture
def calm(visitor: Visitor, width: int) -> Visitor:
    """Somebody without an account, with a window so high that no bar covers a row."""
    visitor.page.set_viewport_size({"width": width, "height": HIGH})
    visitor.page.emulate_media(reduced_motion="reduce")
    return visitor


# Every page, in every state


def states(somebody: Visitor, elsewhere: Visitor) -> Iterator[str]:
    """Lead somebody new through every page and state; each is shown while its name is held."""
    for part in (before, beginning, listing, editing, trashing, organising, settling, losing):
        for state in part(somebody, elsewhere):
            yield f"{part.__name__}: {state}"


def before(somebody: Visitor, _: Visitor) -> Iterator[str]:
    """Without an account."""
    for path in ("/", "/signup", "/login", "/help"):
        somebody.open(path)
        yield path
    somebody.open("/signup")
    somebody.press("Sign up")
    expect(somebody.page.locator("#errors")).to_be_focused()
    yield "sign up with errors"
    somebody.open("/login")
    somebody.fill("E-mail address", somebody.email)
    somebody.fill("Password", "wrong")
    somebody.press("Log in")
    expect(somebody.page.locator("#errors")).to_be_focused()
    yield "log in refused"
    somebody.press("Log in")
    expect(somebody.page.locator(".error")).to_have_count(1)
    yield "log in with errors"
    somebody.open("/nowhere")
    yield "an error"


def beginning(somebody: Visitor, _: Visitor) -> Iterator[str]:
    """With a new account."""
    somebody.sign_up()
    yield "welcome"
    for path in ("/tasks", "/tasks?show=done", "/tasks?show=all", "/trash"):
        somebody.open(path)
        yield f"{path} without tasks"
    somebody.open("/tasks")
    somebody.add("the only one")
    somebody.complete("the only one")
    expect(somebody.heading).to_have_text("Open tasks")
    expect(somebody.page.locator(".empty h2")).to_have_text("All done")
    yield "all done, and a notice"


def listing(somebody: Visitor, _: Visitor) -> Iterator[str]:
    """With tasks."""
    page = somebody.page
    somebody.have("Write to Grace", "Call Ada", "Call Grace about the roof that leaks, and soon")
    somebody.call("POST", "/tasks", {"title": "Read", "description": MARKDOWN})
    for path in ("/tasks", "/tasks?show=done", "/tasks?show=all", "/tasks?q=grace&sort=title"):
        somebody.open(path)
        yield path
    somebody.call("POST", "/tasks", {"title": "Late", "due_on": "2020-01-31", "priority": "high"})
    somebody.call("POST", "/tasks", {"title": "Ahead", "due_on": "2900-01-31", "priority": "low"})
    for path in ("/inbox", "/today", "/upcoming", "/completed", "/tasks?priority=high"):
        somebody.open(path)
        yield path
    somebody.open("/tasks?q=nobody")
    yield "nothing found"
    somebody.open("/tasks?show=all")
    somebody.tick("Write to Grace", "Call Ada")
    yield "selected"
    page.locator(".bulk .all input").check()
    yield "all selected"
    somebody.open("/tasks")
    page.locator("a.title").first.press("ArrowDown")
    page.keyboard.press("j")
    expect(page.locator(".cursor")).to_have_count(1)
    yield "a row under the cursor"
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    yield "the help sheet"
    page.keyboard.press("Escape")
    page.locator("#title").fill("x" * 201)
    page.locator("#title").press("Enter")
    expect(page.locator("#errors")).to_be_focused()
    yield "add with an error"
    with offline(somebody):
        somebody.complete("Call Ada")
        expect(somebody.notices).to_contain_text("Not done")
        yield "not done"


def editing(somebody: Visitor, _: Visitor) -> Iterator[str]:
    """One task."""
    page = somebody.page
    [id_] = somebody.have("Edit me")
    for path in (f"/tasks/{id_}", f"/tasks/{id_}/edit"):
        somebody.open(path)
        yield path
    somebody.fill("Title", "")
    somebody.press("Save")
    expect(page.locator("#errors")).to_be_focused()
    yield "edit with errors"
    somebody.call("PATCH", f"/tasks/{id_}", {"description": MARKDOWN, "completed": True})
    somebody.fill("Title", "Mine")
    somebody.press("Save")
    expect(somebody.heading).to_have_text("This task has changed meanwhile")
    yield "conflict"
    somebody.open(f"/tasks/{id_}")
    yield "a task with Markdown, done"
    somebody.open("/tasks")
    somebody.edit("Call Ada")
    form = page.locator("form.edit")
    form.get_by_label("Title").fill("x" * 201)
    yield "edit in a row"
    form.get_by_role("button", name="Save").click()
    expect(form.locator(".errors")).to_be_focused()
    yield "edit in a row with errors"
    somebody.open("/tasks/999999999")
    yield "an error for those who are logged in"


def trashing(somebody: Visitor, _: Visitor) -> Iterator[str]:
    """The trash."""
    page = somebody.page
    somebody.open("/tasks?show=all")
    somebody.delete("Call Ada")
    expect(somebody.notices).to_contain_text("Moved “Call Ada” to the trash.")
    yield "deleted"
    somebody.delete("the only one")
    expect(somebody.notices).to_contain_text("Moved “the only one” to the trash.")
    somebody.open("/trash")
    yield "with tasks"
    page.locator(".heading summary").click()
    yield "emptying"
    somebody.open("/trash")
    somebody.row("Call Ada").locator("summary").click()
    yield "deleting for good"


def organising(somebody: Visitor, _: Visitor) -> Iterator[str]:
    """Projects, sections, labels, and what happened."""
    page = somebody.page
    for path in ("/projects", "/labels"):
        somebody.open(path)
        yield f"{path} without any"
        page.locator("#name").fill("x" * 101)
        page.locator("#name").press("Enter")
        expect(page.locator("#errors")).to_be_focused()
        yield f"{path} with an error"
    house = somebody.call("POST", "/projects", {"name": "House", "color": "teal"})["id"]
    old = {"name": "A name that is longer than a telephone is wide", "archived": True}
    somebody.call("POST", "/projects", old)
    somebody.open(f"/projects/{house}")
    yield "a project without tasks"
    for name in ("Kitchen", "Everything that is below the roof, and above"):
        section = somebody.call("POST", "/sections", {"name": name, "project_id": house})["id"]
        for title in ("Paint", "A title that is longer than any column of a board is wide"):
            place = {"project_id": house, "section_id": section}
            somebody.call("POST", "/tasks", {"title": title, "description": "x", **place})
        label = somebody.call("POST", "/labels", {"name": name, "color": "pink"})["id"]
    [task] = somebody.have("Inbox")
    somebody.call("PATCH", f"/tasks/{task}", {"project_id": house})
    for view in ("", "?view=board"):
        somebody.open(f"/projects/{house}{view}")
        yield f"a project{view}"
        page.locator(".handle").first.press("Enter")
        expect(page.locator(".place-task[open]")).to_have_count(1)
        yield f"a project{view}, moving a task"
        page.keyboard.press("Escape")
        page.locator(".group-head summary").first.click()
        yield f"a project{view}, changing a section"
        page.keyboard.press("Escape")
        page.get_by_label("New task in “Kitchen”").fill("x" * 201)
        page.get_by_label("New task in “Kitchen”").press("Enter")
        expect(page.locator("#errors")).to_be_focused()
        yield f"a project{view}, with an error"
    for path in (
        *(f"/projects/{house}/edit", f"/projects/{house}?show=done", "/projects", "/labels"),
        *(f"/projects/{house}?section={section}", f"/sections/{section}/edit"),
        *(f"/tasks/{task}/place", f"/labels/{label}/edit", f"/labels/{label}/merge", "/activity"),
    ):
        somebody.open(path)
        yield path
    somebody.call("DELETE", f"/projects/{house}")
    somebody.open("/activity")
    page.locator(".deed summary").first.click()
    yield "a large act, unfolded"
    somebody.open("/trash")
    yield "a project in the trash"


def settling(somebody: Visitor, elsewhere: Visitor) -> Iterator[str]:
    """The settings."""
    elsewhere.email = somebody.email
    elsewhere.log_in()
    for path in ("", "/email", "/password", "/sessions", "/delete"):
        somebody.open(f"/settings{path}")
        yield path
    for path, button in [
        ("/email", "Change it"),
        ("/password", "Change it"),
        ("/delete", "Delete everything"),
    ]:
        somebody.open(f"/settings{path}")
        somebody.press(button)
        expect(somebody.page.locator("#errors")).to_be_focused()
        yield f"{path} with errors"
    somebody.open("/settings")
    somebody.page.get_by_label("Time zone").select_option("Asia/Tokyo")
    somebody.press("Save")
    expect(somebody.notices).to_contain_text("Your settings are saved.")
    yield "saved, with another time zone than the browser's"


def losing(somebody: Visitor, elsewhere: Visitor) -> Iterator[str]:
    """Forms that come too late."""
    page = somebody.page
    for path, form in [("/tasks", "#add"), ("/settings/email", "form.stack")]:
        somebody.open(path)
        page.locator(f"{form} input:not([type=hidden])").first.fill("Ada@example.com")
        page.locator(f"{form} [name=csrf_token]").evaluate("each => each.value = ''")
        page.locator(form).evaluate("form => form.submit()")
        expect(somebody.heading).to_have_text("This form was open for too long")
        yield f"{path} was open for too long"
    somebody.open("/tasks")
    elsewhere.open("/settings/sessions")
    elsewhere.press("Log all others out")
    expect(elsewhere.notices).to_contain_text("Every other browser is logged out.")
    page.locator("#title").fill("Write to Ada")
    page.locator("#title").press("Enter")
    expect(somebody.notices).to_contain_text("You are logged out.")
    yield "logged out, said in a notice"
    page.locator("#title").fill("Write to Ada")
    page.locator("#add").evaluate("form => form.submit()")
    expect(somebody.heading).to_have_text("You are logged out")
    yield "logged out"


def complaints(
    somebody: Visitor, elsewhere: Visitor, about: Callable[["Page"], list[str]]
) -> dict[str, list[str]]:
    """What is wrong in each state, where anything is."""
    return {
        state: wrong for state in states(somebody, elsewhere) if (wrong := about(somebody.page))
    }


@both_widths
def test_axe_finds_nothing_what_is_to_be_pressed_is_large_enough_and_nothing_scrolls_to_the_side(
    calm: Visitor, new_visitor: NewVisitor, width: int
) -> None:
    def examine(page: "Page") -> list[str]:
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE)
        found: list[str] = page.evaluate(COMPLAINTS, {"type": "tag", "values": RULES})
        page.emulate_media(color_scheme="dark")
        found += page.evaluate(COMPLAINTS, {"type": "rule", "values": OF_COLOURS})
        page.emulate_media(color_scheme="light")
        if width == PHONE:
            page.set_viewport_size({"width": NARROW, "height": HIGH})
            found += page.evaluate(BEYOND_THE_EDGE)
            page.set_viewport_size({"width": width, "height": HIGH})
        # As small as it can be chosen.
        page.evaluate("document.documentElement.dataset.density = 'compact'")
        found += page.evaluate(SMALL_TARGETS)
        return found

    calm.page.emulate_media(color_scheme="light")
    assert complaints(calm, new_visitor(), examine) == {}


# A finger

A_FINGER, A_LINE = 44, 48


@pytest.mark.parametrize("width", [PHONE])
@pytest.mark.parametrize("with_finger", [True])
@pytest.mark.parametrize("with_script", [True, False], ids=["with a script", "without"])
def test_a_finger_finds_a_task_in_one_line_and_every_act_on_its_own_page(owner: Visitor) -> None:
    def assert_large(target: "Locator") -> None:
        box = target.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= A_FINGER, target

    owner.have("Write to Grace", "Call Ada")
    owner.open("/tasks")
    row = owner.row("Call Ada")
    for part in (".check", "a.title", ".select"):
        assert_large(row.locator(part))
    expect(row.locator(".tools")).to_have_css("opacity", "0")
    expect(row.locator(".tools")).to_have_css("pointer-events", "none")  # a title is pressed there
    line = row.bounding_box()
    assert line
    assert line["height"] < A_LINE

    row.locator("a.title").tap()
    expect(owner.heading).to_have_text("Call Ada")
    for act in (
        owner.content.get_by_role("link", name="Edit"),
        owner.content.get_by_role("button", name="Delete"),
    ):
        assert_large(act)
    owner.content.get_by_role("button", name="Delete").tap()
    expect(owner.notices).to_contain_text("Moved “Call Ada” to the trash.")
    expect(owner.titles).to_have_text(["Write to Grace"])
    owner.row("Write to Grace").locator(".select").tap()
    owner.page.locator(".bulk").get_by_role("button", name="Complete").tap()
    expect(owner.titles).to_have_count(0)


@pytest.mark.parametrize("width", [PHONE])
@pytest.mark.parametrize("with_finger", [True])
def test_no_row_moves_under_the_finger_that_selects(owner: Visitor) -> None:
    owner.have("Write to Grace", "Call Ada")
    owner.open("/tasks")
    before = owner.row("Call Ada").bounding_box()
    for box in (owner.page.locator(".bulk .all input"), owner.row("Call Ada").locator(".select")):
        box.tap()
        assert owner.row("Call Ada").bounding_box() == before
        box.tap()


@pytest.mark.parametrize("width", [PHONE])
def test_a_mouse_finds_the_tools_of_the_row_that_it_is_on(owner: Visitor) -> None:
    owner.have("Write to Grace", "Call Ada")
    owner.open("/tasks")
    for title in ("Call Ada", "Write to Grace"):
        owner.row(title).hover()
        for row in owner.page.locator("#rows .task").all():
            is_meant = title in row.inner_text()
            expect(row.locator(".tools")).to_have_css("opacity", "1" if is_meant else "0")


# The focus


@pytest.fixture
def page(owner: Visitor) -> "Page":
    """The page of somebody who keeps still, and who has switched the single keys off."""
    owner.page.emulate_media(reduced_motion="reduce")
    owner.open("/settings")
    owner.page.get_by_label("Single keys are shortcuts").uncheck()
    owner.press("Save")
    expect(owner.notices).to_contain_text("Your settings are saved.")
    owner.open("/tasks")
    return owner.page


def stops(page: "Page", key: str = "Tab") -> Iterator[str]:
    """Go once through the page; at each stop, why the focus would not be seen."""
    for _ in range(400):
        page.keyboard.press(key)
        # One question for both, as there are hundreds of stops.
        unseen = page.evaluate(f"document.activeElement === document.body || ({UNSEEN_FOCUS})()")
        if unseen is True:
            return
        yield unseen
    raise AssertionError("The focus never leaves the page.")


@both_widths
@pytest.mark.parametrize("is_ticked", [False, True], ids=["", "ticked"])
def test_the_focus_is_seen_all_along_a_list(owner: Visitor, page: "Page", is_ticked: bool) -> None:
    owner.have(*(f"task {number} of those that fill more than a window" for number in range(20)))
    owner.open("/tasks")
    if is_ticked:
        owner.page.locator(".select").nth(5).check()
        page.locator(".skip").focus()

    there = list(stops(page))
    assert len(there) > 20 * 5
    assert list(filter(None, there)) == []
    back = list(stops(page, "Shift+Tab"))
    assert list(filter(None, back)) == []


@both_widths
def test_the_focus_is_seen_on_every_page(owner: Visitor, page: "Page") -> None:
    [id_] = owner.have("Write to Grace")
    owner.call("PATCH", f"/tasks/{id_}", {"description": MARKDOWN})
    [gone] = owner.have("Call Ada")
    owner.call("DELETE", f"/tasks/{gone}")
    unseen = {}
    for path in (
        *("/tasks?q=nobody", f"/tasks/{id_}", f"/tasks/{id_}/edit", "/trash", "/help", "/welcome"),
        *("/settings", "/settings/email", "/settings/password", "/settings/sessions", "/nowhere"),
    ):
        owner.open(path)
        unseen[path] = list(filter(None, stops(page)))
    assert {path: wrong for path, wrong in unseen.items() if wrong} == {}


# The keyboard


def tab_to(target: "Locator", key: str = "Tab") -> None:
    """Press Tab until it has the focus, and see the focus all the way."""
    page = target.page
    for _ in range(100):
        page.keyboard.press(key)
        assert page.evaluate(UNSEEN_FOCUS) == ""
        if target.evaluate("each => each === document.activeElement"):
            return
    raise AssertionError(f"{target} is not reached.")


@both_widths
def test_everything_is_done_with_tab_and_enter(owner: Visitor, page: "Page") -> None:
    keys = page.keyboard
    tab_to(page.locator("#title"))
    for title in ("Write to Grace", "Call Ada"):
        keys.type(title)
        keys.press("Enter")
        expect(owner.row(title)).to_be_visible()

    tab_to(owner.row("Write to Grace").locator(".check"))
    keys.press("Enter")
    expect(owner.titles).to_have_text(["Call Ada"])
    assert page.evaluate(UNSEEN_FOCUS) == ""
    undo = owner.notices.get_by_role("button", name="Undo")
    tab_to(undo, "Shift+Tab")
    keys.press("Enter")
    expect(owner.titles).to_have_text(["Call Ada", "Write to Grace"])
    expect(owner.row("Write to Grace").locator("a.title")).to_be_focused()

    tab_to(page.locator("#q"), "Shift+Tab")
    keys.type("grace")
    expect(owner.titles).to_have_text(["Write to Grace"])
    tab_to(owner.row("Write to Grace").locator("a.title"))
    keys.press("Enter")
    expect(owner.heading).to_have_text("Write to Grace")
    expect(owner.heading).to_be_focused()

    tab_to(owner.content.get_by_role("link", name="Edit"))
    keys.press("Enter")
    expect(owner.heading).to_have_text("Edit task")
    expect(owner.heading).to_be_focused()
    tab_to(owner.content.get_by_label("Title"))
    keys.press("End")
    keys.type(" Hopper")
    tab_to(owner.content.get_by_label("Description"))
    keys.type("About *it*.")
    tab_to(owner.content.get_by_role("button", name="Save"))
    keys.press("Enter")
    expect(owner.heading).to_have_text("Write to Grace Hopper")
    expect(owner.content.locator("em")).to_have_text("it")
    expect(owner.heading).to_be_focused()


@both_widths
def test_several_are_deleted_with_tab_and_space(owner: Visitor, page: "Page") -> None:
    owner.have("one", "two", "three")
    owner.open("/tasks")
    for title in ("three", "one"):
        tab_to(owner.row(title).locator(".select"))
        page.keyboard.press("Space")
    bulk = page.locator(".bulk")
    tab_to(bulk.get_by_role("button", name="Delete"), "Shift+Tab")
    page.keyboard.press("Enter")
    expect(owner.titles).to_have_text(["two"])

    if (menu := page.get_by_role("button", name="Menu")).is_visible():
        menu.focus()
        page.keyboard.press("Enter")
    page.get_by_role("link", name="Trash").focus()
    page.keyboard.press("Enter")
    expect(owner.heading).to_have_text("Trash")
    tab_to(owner.row("one").locator("summary"))
    page.keyboard.press("Enter")
    tab_to(owner.row("one").get_by_role("button", name="Delete for good"))
    page.keyboard.press("Enter")
    expect(owner.titles).to_have_text(["three"])
    assert page.evaluate(UNSEEN_FOCUS) == ""


@both_widths
def test_the_first_stop_skips_to_the_content(owner: Visitor, page: "Page") -> None:
    page.keyboard.press("Tab")
    expect(owner.focused).to_have_text("Skip to the content")
    assert page.evaluate(UNSEEN_FOCUS) == ""
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#title")).to_be_focused()
