"""Putting tasks in order by hand: with a mouse, with a finger, and by the keyboard."""

from typing import TYPE_CHECKING, Any

import pytest

from .conftest import DESK, PHONE, offline
from .visitors import Visitor

expect = pytest.importorskip("playwright.sync_api").expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

both_widths = pytest.mark.parametrize("width", [DESK, PHONE])
both_views = pytest.mark.parametrize("view", ["", "?view=board"], ids=["list", "board"])
SECTIONS = ("Kitchen", "Roof")


class Board:
    """A project with tasks a, b, c in no section, d and e in the first, none in the second."""

    def __init__(self, owner: Visitor) -> None:
        """Make it."""
        self.owner = owner
        self.page: Page = owner.page
        self.id = owner.call("POST", "/projects", {"name": "House"})["id"]
        place = {"project_id": self.id}
        ids = [owner.call("POST", "/sections", {"name": n, **place})["id"] for n in SECTIONS]
        for title in "abcde":
            where = {"section_id": ids[0]} if title in "de" else {}
            owner.call("POST", "/tasks", {"title": title, **place, **where})
        self.sections = ids

    def open(self, view: str = "") -> None:
        """Show it, and wait until things can be dragged."""
        with self.page.expect_response("**/order.js"):
            self.owner.open(f"/projects/{self.id}{view}")
        self.page.evaluate("window.marked = true")

    def list(self, at: int) -> "Locator":
        """One of its lists."""
        return self.page.locator("[data-order]").nth(at)

    def row(self, title: str) -> "Locator":
        """A task."""
        title_of = self.page.locator(".title").get_by_text(title, exact=True)
        return self.page.locator("[data-order] > .task").filter(has=title_of)

    def handle(self, title: str) -> "Locator":
        """What a task is dragged by."""
        return self.row(title).locator(".handle")

    def assert_shown(self, *lists: str) -> None:
        """Each list shows these titles, nothing is under way, and so they are stored."""
        for at, titles in enumerate(lists):
            expect(self.list(at).locator("> .task .title")).to_have_text([*titles])
        expect(self.page.locator(".drop, .ghost")).to_have_count(0)
        assert self.page.evaluate("window.marked") is True

    def assert_stored(self, *lists: str) -> None:
        """The server knows these titles of each list, in this order."""
        for section, titles in zip(("none", *self.sections), lists, strict=True):
            query = f"project={self.id}&section={section}&sort=rank&completed=false"
            rows = self.owner.call("GET", f"/tasks?{query}")
            assert [row["title"] for row in rows] == [*titles]

    def assert_settled(self, *lists: str) -> None:
        """It is shown so, stored so, and shown so again."""
        self.assert_shown(*lists)
        self.assert_stored(*lists)

    def drag(self, title: str, to: "Locator", *, down: float = 0.25) -> None:
        """Drag a task with the mouse to a place, so far down in it, and drop it there."""
        with self.page.expect_response("**/place"):
            self.lift(title, to, down=down)
            expect(self.page.locator(".drop")).to_have_count(1)
            self.page.mouse.up()
        expect(self.page.locator("#lists:not([aria-busy=true])")).to_have_count(1)

    def lift(self, title: str, to: "Locator", *, down: float = 0.25) -> None:
        """Drag a task with the mouse to a place, and hold it there."""
        self.row(title).hover()
        start, end = self.handle(title).bounding_box(), to.bounding_box()
        assert start
        assert end
        mouse = self.page.mouse
        mouse.move(start["x"] + 8, start["y"] + 12)
        mouse.down()
        x, y = end["x"] + min(60, end["width"] / 2), end["y"] + end["height"] * down
        mouse.move(start["x"] + 20, start["y"] + 14)
        mouse.move(x, y, steps=6)


@pytest.fixture
def board(owner: Visitor) -> Board:
    """Somebody's board, before it is opened; nothing moves by itself."""
    owner.page.emulate_media(reduced_motion="reduce")
    return Board(owner)


# With a mouse


@both_views
def test_a_task_is_dragged_within_its_list(board: Board, view: str) -> None:
    board.open(view)
    board.drag("c", board.row("a"))
    board.assert_settled("cab", "de", "")
    board.drag("c", board.row("b"), down=0.75)
    board.assert_settled("abc", "de", "")


@both_views
def test_a_task_is_dragged_to_another_section_and_that_is_undone(board: Board, view: str) -> None:
    board.open(view)
    board.drag("b", board.row("e"))
    board.assert_settled("ac", "dbe", "")
    expect(board.owner.notices).to_contain_text("Moved “b” to House / Kitchen.")
    board.owner.notices.get_by_role("button", name="Undo").click()
    expect(board.owner.notices).to_contain_text("Undone.")
    board.assert_settled("abc", "de", "")


@both_views
def test_a_task_is_dropped_on_an_empty_section(board: Board, view: str) -> None:
    board.open(view)
    board.drag("a", board.list(2))
    board.assert_settled("bc", "de", "a")


def test_where_it_would_drop_is_seen_meanwhile(board: Board) -> None:
    board.open("?view=board")
    board.lift("a", board.row("e"))
    expect(board.list(1).locator("> *").nth(1)).to_have_class("drop")
    expect(board.page.locator(".ghost .title")).to_have_text("a")
    expect(board.row("a")).to_have_class("task none lifted")
    board.page.keyboard.press("Escape")
    board.page.mouse.up()
    board.assert_settled("abc", "de", "")
    expect(board.row("a")).to_have_class("task none")


def test_a_press_on_the_handle_opens_the_buttons_that_do_the_same(board: Board) -> None:
    board.open("?view=board")
    board.row("b").hover()
    board.handle("b").click()
    button = board.row("b").get_by_role("button", name="Move “b” up")
    with board.page.expect_response("**/place"):
        button.click()
    board.assert_settled("bac", "de", "")
    expect(board.handle("b")).to_be_focused()
    board.handle("b").click()
    with board.page.expect_response("**/place"):
        board.row("b").get_by_role("button", name="Move “b” to “Kitchen”").click()
    board.assert_settled("ac", "deb", "")


def test_the_drop_is_no_press(board: Board) -> None:
    board.open()
    board.lift("b", board.handle("a"))
    board.lift("b", board.handle("b"))
    board.page.mouse.up()
    expect(board.page.locator("details[open]")).to_have_count(0)
    board.assert_settled("abc", "de", "")


# What is refused


def test_what_cannot_be_sent_goes_back_with_a_notice(board: Board) -> None:
    board.open("?view=board")
    with offline(board.owner):
        board.lift("b", board.row("d"))
        board.page.mouse.up()
        expect(board.owner.notices).to_contain_text("Not done: Move “b”.")
        board.assert_shown("abc", "de", "")
    board.assert_stored("abc", "de", "")
    board.drag("b", board.row("d"))
    board.assert_settled("ac", "bde", "")


def test_what_the_server_refuses_goes_back_with_a_notice(board: Board) -> None:
    board.open("?view=board")
    board.owner.call("DELETE", f"/sections/{board.sections[1]}")
    board.drag("b", board.list(2))
    expect(board.owner.notices).to_contain_text("“b” stays where it is.")
    board.assert_shown("abc", "de")


def test_a_task_that_is_gone_goes_back_with_a_notice(board: Board) -> None:
    board.open()
    [gone] = [each["id"] for each in board.owner.call("GET", "/tasks?q=b")]
    board.owner.call("DELETE", f"/tasks/{gone}")
    board.lift("b", board.row("d"))
    board.page.mouse.up()
    expect(board.owner.notices).to_contain_text("Not done: Move “b”.")
    board.assert_shown("abc", "de", "")


# By the keyboard


@both_widths
@both_views
def test_the_arrow_keys_move_what_the_handle_belongs_to(board: Board, view: str) -> None:
    board.open(view)
    keys = board.page.keyboard
    board.handle("c").focus()
    for key, lists in [
        ("ArrowUp", ("acb", "de", "")),
        ("ArrowUp", ("cab", "de", "")),
        ("ArrowUp", ("cab", "de", "")),
        ("ArrowDown", ("acb", "de", "")),
        ("ArrowRight", ("ab", "dec", "")),
        ("ArrowRight", ("ab", "de", "c")),
        ("ArrowLeft", ("ab", "dec", "")),
    ]:
        keys.press(key)
        board.assert_shown(*lists)
        expect(board.handle("c")).to_be_focused()
    expect(board.owner.notices).to_contain_text("Moved “c” to House / Kitchen.")
    board.assert_settled("ab", "dec", "")


def test_keys_can_be_pressed_faster_than_they_are_answered(board: Board) -> None:
    board.open()
    board.handle("a").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowUp"):
        board.page.keyboard.press(key)
    expect(board.page.locator("#lists:not([aria-busy=true])")).to_have_count(1)
    board.assert_settled("bc", "dae", "")
    expect(board.handle("a")).to_be_focused()


def test_several_are_selected_across_sections_and_moved(board: Board) -> None:
    board.open()
    for title in "ad":
        board.row(title).locator("a.title").focus()
        board.page.keyboard.press("x")
    board.page.locator(".bulk summary").click()
    board.page.get_by_label("Move to").select_option(f"s{board.sections[1]}")
    board.page.get_by_role("button", name="Change", exact=True).press("Enter")
    expect(board.owner.notices).to_contain_text("Changed 2 tasks.")
    expect(board.row("a").locator("a.title")).to_be_focused()
    board.assert_settled("bc", "e", "ad")


def test_all_of_a_project_are_selected_and_moved(board: Board) -> None:
    board.open()
    board.page.get_by_label("Select all 5").check()
    board.page.locator(".bulk summary").click()
    board.page.get_by_label("Move to").select_option(f"s{board.sections[1]}")
    board.page.get_by_role("button", name="Change", exact=True).press("Enter")
    expect(board.owner.notices).to_contain_text("Changed 5 tasks.")
    board.assert_settled("", "", "abcde")


def test_completing_the_last_of_a_section_keeps_the_focus_on_a_task(board: Board) -> None:
    board.open()
    for title in "ed":
        board.row(title).locator("a.title").focus()
        board.page.keyboard.press("e")
        expect(board.row(title)).to_have_count(0)
    expect(board.row("c").locator("a.title")).to_be_focused()


def test_a_move_is_announced(board: Board) -> None:
    board.open()
    seen = board.page.evaluate_handle(
        """() => {
            const seen = [];
            new MutationObserver(() => seen.push(document.querySelector("#notices").textContent))
                .observe(document.querySelector("#notices"), { childList: true });
            return seen;
        }"""
    )
    board.handle("a").focus()
    with board.page.expect_response("**/place"):
        board.page.keyboard.press("ArrowDown")
    said: Any = seen.json_value()
    assert said[0].strip() == "a: 2 of 3, Without a section"


# On a phone


@pytest.mark.parametrize("width", [PHONE])
@pytest.mark.parametrize("with_finger", [True])
def test_a_finger_drags_a_task(board: Board) -> None:
    board.open()
    start, end = board.handle("c").bounding_box(), board.row("a").bounding_box()
    assert start
    assert end
    session = board.page.context.new_cdp_session(board.page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        at = [{"x": x, "y": y} for x, y in points]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    x, y = start["x"] + 10, start["y"] + 15
    with board.page.expect_response("**/place"):
        touch("touchStart", (x, y))
        touch("touchMove", (x + 4, y - 20))
        touch("touchMove", (x + 40, end["y"] + 5))
        expect(board.page.locator(".drop")).to_have_count(1)
        touch("touchEnd")
    board.assert_settled("cab", "de", "")


@pytest.mark.parametrize("width", [PHONE, 320])
@both_views
def test_the_page_does_not_scroll_to_the_side_but_the_board_does(board: Board, view: str) -> None:
    board.open(view)
    assert board.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if view:
        inner = board.page.locator(".board")
        assert inner.evaluate("each => each.scrollWidth > each.clientWidth")


def test_other_pages_do_without_the_script(board: Board) -> None:
    asked: list[str] = []
    board.page.on("request", lambda request: asked.append(request.url))
    for path in ("/tasks", "/projects", "/labels", "/activity"):
        board.owner.open(path)
        board.page.wait_for_load_state("networkidle")
    assert not [url for url in asked if url.endswith("order.js")]


def test_q_adds_where_the_cursor_is(board: Board) -> None:
    board.open()
    fields = board.page.locator("form.add [name=title]")
    board.page.keyboard.press("q")
    expect(fields.nth(0)).to_be_focused()
    board.page.keyboard.press("Escape")
    board.row("d").locator("a.title").focus()
    board.page.keyboard.press("q")
    expect(fields.nth(1)).to_be_focused()
    board.page.keyboard.type("n")
    board.page.keyboard.press("Enter")
    board.assert_settled("abc", "den", "")


# In the Inbox, and below a task


def titles_of(owner: Visitor, query: str) -> str:
    """The titles of a list as it is stored."""
    return "".join(row["title"] for row in owner.call("GET", f"/tasks?{query}&sort=rank"))


def drop(page: "Page", title: str, on: str) -> None:
    """Drag a row with the mouse onto the upper part of another."""
    of = {each: page.locator("[data-order] > .task").filter(has_text=each) for each in (title, on)}
    of[title].hover()
    start, end = of[title].locator(".handle").bounding_box(), of[on].bounding_box()
    assert start
    assert end
    with page.expect_response("**/place"):
        page.mouse.move(start["x"] + 8, start["y"] + 12)
        page.mouse.down()
        page.mouse.move(start["x"] + 20, start["y"] + 14)
        page.mouse.move(end["x"] + 60, end["y"] + end["height"] * 0.25, steps=6)
        page.mouse.up()


@both_widths
def test_the_inbox_is_put_in_order_by_hand(owner: Visitor, width: int) -> None:
    page = owner.page
    page.set_viewport_size({"width": width, "height": 800})
    for title in "abc":
        owner.call("POST", "/tasks", {"title": title})
    with page.expect_response("**/order.js"):
        owner.open("/inbox")
    drop(page, "c", on="a")
    expect(page.locator("[data-order] .title")).to_have_text(["c", "a", "b"])
    assert titles_of(owner, "project=inbox") == "cab"

    page.locator(".task").filter(has_text="c").locator(".handle").focus()
    with page.expect_response("**/place"):
        page.keyboard.press("ArrowDown")
    expect(page.locator("[data-order] .title")).to_have_text(["a", "c", "b"])
    assert titles_of(owner, "project=inbox") == "acb"


def test_subtasks_are_put_in_order_by_hand(owner: Visitor) -> None:
    page = owner.page
    above = owner.call("POST", "/tasks", {"title": "above"})["id"]
    for title in "abc":
        owner.call("POST", "/tasks", {"title": title, "parent_id": above})
    with page.expect_response("**/order.js"):
        owner.open(f"/tasks/{above}")
    drop(page, "c", on="a")
    expect(page.locator("[data-order] .title")).to_have_text(["c", "a", "b"])
    assert titles_of(owner, f"parent={above}") == "cab"
