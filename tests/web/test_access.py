"""Who may see which page: every one is closed but for a few, and what is Alice's is only hers."""

from urllib.parse import unquote

import pytest
from flask import Flask

from ..callers import Caller
from .browser import Browser
from .organised import make
from .routes import PUBLIC, actions, pages
from .stored import session_of, snapshot


def organise(caller: Caller, name: str = "of Alice") -> dict[str, int]:
    """A project, a section and a label, each under what their addresses begin with."""
    project = make(caller, "projects", name)
    section = make(caller, "sections", name, project_id=project)
    return {"projects": project, "sections": section, "labels": make(caller, "labels", name)}


def test_every_page_is_shown_to_somebody_logged_in(
    app: Flask, alice: Caller, browser: Browser
) -> None:
    task_id = alice.add_task("Write to Grace", description="About **it**.")["id"]
    organised = organise(alice)
    for route in pages(app):
        browser.open(route.at(organised.get(route.path.split("/")[1], task_id)))
        if route.endpoint == "web.home":
            assert (browser.status, browser.response.headers["Location"]) == (302, "/tasks")
            continue
        assert browser.status == 200, route
        assert browser.page.one("html").get("lang") == "en"
        assert browser.page.one("title").text.strip()
        assert len(browser.page.all("h1")) == 1, route
        assert browser.page.one("main").get("id") == "content"


def test_a_visitor_sees_the_public_pages_and_is_led_to_the_login_from_the_others(
    app: Flask, alice: Caller, visitor: Browser
) -> None:
    task_id = alice.add_task()["id"]
    for route in pages(app):
        path = route.at(task_id)
        visitor.open(path)
        if route.endpoint in PUBLIC:
            assert visitor.status == 200, route
            assert len(visitor.page.all("h1")) == 1, route
        else:
            assert visitor.status == 302, route
            location = visitor.response.headers["Location"]
            assert unquote(location) == f"/login?next={path}"


def test_a_visitor_comes_back_to_the_page_asked_for(alice: Caller, visitor: Browser) -> None:
    task_id = alice.add_task("Write to Grace")["id"]
    visitor.visit(f"/tasks/{task_id}/edit?back=/tasks?q=ä%26b")
    assert visitor.page.one("h1").text == "Log in"
    visitor.press("Log in", email=alice.email, password="wrong")
    visitor.press("Log in", email=alice.email, password="a long and winding road")
    assert visitor.path.startswith(f"/tasks/{task_id}/edit?back=")
    assert visitor.value("title") == "Write to Grace"


def test_a_visitor_changes_nothing(app: Flask, alice: Caller, visitor: Browser) -> None:
    ids = [alice.add_task()["id"], alice.add_task()["id"]]
    alice.delete(f"/tasks/{ids[1]}")
    before = snapshot(app)
    for route in actions(app):
        if route.endpoint not in ("web.sign_up", "web.log_in"):
            for task_id in ids:
                assert visitor.post(route.at(task_id), title="typed", act="delete", all="1") == 401
                assert visitor.page.one("h1").text == "You are logged out"
                assert "typed" in visitor.response.text
    assert snapshot(app) == before


def test_what_was_typed_is_sent_again_after_a_login_elsewhere(
    alice: Caller, browser: Browser
) -> None:
    browser.visit("/tasks")
    [session] = alice.get("/auth/me/sessions").json
    alice.delete(f"/auth/me/sessions/{session['id']}")

    assert browser.post("/tasks", title="Kept all the same") == 401
    assert browser.page.one("h1").text == "You are logged out"
    again = browser.page
    browser.visit("/login")
    browser.press("Log in", email=alice.email, password="a long and winding road")
    browser.page = again
    browser.press("Send it again")
    while browser.page.one("h1").text == "This form was open for too long":
        browser.press("Send it again")

    assert [task["title"] for task in alice.get("/tasks").json] == ["Kept all the same"]


def test_who_has_lost_every_cookie_hears_of_the_login_and_loses_nothing(
    alice: Caller, browser: Browser
) -> None:
    browser.visit("/tasks?show=all")
    browser.client.delete_cookie("taskapp", domain="localhost")
    browser.press("Add", title="Kept all the same")
    assert browser.status == 401
    assert browser.page.one("h1").text == "You are logged out"
    [link] = browser.page.one("main").all("a")
    assert (link.name, link.get("href")) == ("log in in another tab", "/login")
    assert "Kept all the same" in browser.page.one("dl").text

    again = browser.page
    browser.visit(link.get("href"))
    browser.press("Log in", email=alice.email, password="a long and winding road")
    browser.page = again
    browser.press("Send it again")
    while browser.page.one("h1").text == "This form was open for too long":
        browser.press("Send it again")
    assert (browser.path, browser.titles()) == ("/tasks?show=all", ["Kept all the same"])


@pytest.mark.parametrize("path", ["/login", "/signup"])
def test_a_form_for_everybody_that_lost_its_cookie_was_open_for_too_long(
    visitor: Browser, path: str
) -> None:
    assert visitor.open(path, "POST", data={"email": "typed@example.com"}) == 400
    assert visitor.page.one("h1").text == "This form was open for too long"


def test_what_is_anothers_or_not_there_is_not_found(
    app: Flask, alice: Caller, browser: Browser, bobs_browser: Browser
) -> None:
    # None of the numbers may be that of Bob's own login, which he may end.
    last = session_of(app, bobs_browser)
    while (task_id := alice.add_task("of Alice")["id"]) <= last:
        pass
    made = [organise(alice, f"of Alice, {number}") for number in range(2)]
    alice.delete(f"/{alice.id}/projects/{made[0]['projects']}")
    organised = {id_ for each in made for id_ in each.values()} - {last}
    trashed = alice.add_task("of Alice")["id"]
    alice.delete(f"/tasks/{trashed}")
    before = snapshot(app)
    own = [route for route in [*pages(app), *actions(app)] if route.is_own]
    # It tells that there was nothing to undo, as it does when one undoes twice.
    own = [route for route in own if route.endpoint != "web.undo"]
    assert len(own) >= 30
    found = []
    for route in own:
        numbers = [task_id, trashed, session_of(app, browser), *organised]
        numbers += [0, 2**63 - 1, 2**63, 10**25]
        for number in numbers:
            if route in pages(app):
                bobs_browser.open(route.at(number))
            else:
                bobs_browser.post(
                    route.at(number), title="x", description="x", version="1", completed="true"
                )
            assert "of Alice" not in bobs_browser.response.text
            # What there is nothing to undo of is told on the page that Undo was pressed on.
            if bobs_browser.status != (303 if route.endpoint == "web.undo" else 404):
                found.append((route.endpoint, number, bobs_browser.status))
    assert snapshot(app) == before
    assert found == []


def test_a_task_in_the_trash_is_not_found_among_those_in_use(
    alice: Caller, browser: Browser
) -> None:
    task_id = alice.add_task()["id"]
    alice.delete(f"/tasks/{task_id}")
    assert browser.open(f"/tasks/{task_id}") == 404
    assert browser.open(f"/tasks/{task_id}/edit") == 404
    assert browser.post(f"/tasks/{task_id}/edit", title="x", version="2") == 404
    assert browser.post(f"/tasks/{task_id}/complete", completed="true") == 404
    assert browser.post(f"/tasks/{task_id}/delete") == 404
