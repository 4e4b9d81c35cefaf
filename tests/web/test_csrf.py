"""No form is taken from another site; and one that came too late is given back."""

from typing import Any

import pytest
from flask import Flask

from ..callers import PASSWORD, Caller
from .browser import Browser
from .routes import actions
from .stored import snapshot

TYPED = {
    "title": "a title & <b>typed</b>",
    "description": "a description\nthat was “typed”",
    "email": "typed@example.com",
    "q": "words searched for",
}
SECRETS = {
    "password": "secret number one",
    "current_password": "secret number two",
    "new_password": "secret number three",
}


@pytest.fixture
def task_id(alice: Caller) -> int:
    """A task of Alice's that is in use; another is in the trash."""
    trashed = alice.add_task("in the trash")["id"]
    alice.delete(f"/tasks/{trashed}")
    number: int = alice.add_task("in use")["id"]
    return number


def send(browser: Browser, path: str, fields: dict[str, str], **more: Any) -> int:
    """Send a form without fetching a token first."""
    return browser.open(path, "POST", data=fields, **more)


@pytest.mark.parametrize("token", [None, "", "wrong", "IjAi.aaaa.bbbb", "é", "x" * 5000])
def test_every_form_needs_its_token(
    app: Flask, browser: Browser, task_id: int, token: str | None
) -> None:
    before = snapshot(app)
    for route in actions(app):
        sent = TYPED | SECRETS | {"act": "delete", "all": "1", "completed": "true"}
        sent |= {} if token is None else {"csrf_token": token}
        assert send(browser, route.at(task_id), sent) == 400, route
        page = browser.page
        assert page.one("h1").text == "This form was open for too long"
        kept = {each.get("name"): each.get("value") for each in page.one("main").all("input")}
        assert {name: kept[name] for name in TYPED} == TYPED
        assert {name: kept[name] for name in SECRETS} == dict.fromkeys(SECRETS, "")
        shown = page.one("dl").text
        assert all(" ".join(each.split()) in shown for each in TYPED.values())
        assert not any(each in browser.response.text for each in SECRETS.values())
        assert "Set-Cookie" not in browser.response.headers or browser.is_logged_in()
    assert snapshot(app) == before


def test_the_token_of_another_browser_is_not_taken(
    app: Flask, browser: Browser, bobs_browser: Browser, task_id: int
) -> None:
    token, before = bobs_browser.token(), snapshot(app)
    for route in actions(app):
        assert send(browser, route.at(task_id), TYPED | {"csrf_token": token}) == 400
    assert snapshot(app) == before


@pytest.mark.parametrize("referrer", ["https://evil.example/", "http://localhost/", ""])
def test_a_form_on_another_site_is_not_taken(
    app: Flask, browser: Browser, task_id: int, referrer: str
) -> None:
    sent, before = TYPED | {"csrf_token": browser.token()}, snapshot(app)
    for route in actions(app):
        headers = {"Referer": referrer}
        assert send(browser, route.at(task_id), sent, headers=headers) == 400
    assert snapshot(app) == before


def test_a_form_on_another_site_does_not_log_anybody_out(visitor: Browser) -> None:
    """No cookie comes along from there (SameSite): one set now would replace that of the login."""
    foreign = {
        "Referer": "https://evil.example/",
        "Origin": "https://evil.example",
        "Sec-Fetch-Site": "cross-site",
    }
    assert send(visitor, "/tasks", TYPED, headers=foreign) == 400
    assert "Set-Cookie" not in visitor.response.headers


@pytest.mark.parametrize(
    "media_type", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""]
)
def test_no_other_kind_of_body_gets_around_it(
    app: Flask, browser: Browser, task_id: int, media_type: str
) -> None:
    before = snapshot(app)
    for route in actions(app):
        body = b'{"csrf_token": "x", "title": "x"}'
        status = browser.open(route.at(task_id), "POST", data=body, content_type=media_type)
        assert status == 400, route
    assert snapshot(app) == before


def test_a_task_that_came_too_late_is_added_when_it_is_sent_again(browser: Browser) -> None:
    fields = {"title": "a & “b”", "q": "&", "show": "all", "csrf_token": "old"}
    send(browser, "/tasks", fields)
    browser.path = "/tasks"
    browser.press("Send it again")
    assert (browser.status, browser.titles()) == (200, ["a & “b”"])


def test_an_edit_that_came_too_late_keeps_every_line(
    alice: Caller, browser: Browser, task_id: int
) -> None:
    text = "\n\n  one\n\ttwo\n<three> & four\n"
    fields = {"title": "new", "description": text, "version": "1", "csrf_token": "old"}
    send(browser, f"/tasks/{task_id}/edit", fields)
    browser.press("Send it again")
    assert browser.status == 200
    assert alice.get(f"/tasks/{task_id}").json["description"] == text


def test_several_ticked_tasks_that_came_too_late_are_all_sent_again(
    alice: Caller, browser: Browser
) -> None:
    ids = [str(alice.add_task(title)["id"]) for title in "abc"]
    browser.open("/tasks/bulk", "POST", data={"ids": ids[:2], "act": "delete"})
    assert browser.status == 400
    browser.press("Send it again")
    assert browser.titles() == ["c"]


def test_a_login_that_came_too_late_asks_for_the_password_again(
    alice: Caller, visitor: Browser
) -> None:
    fields = {"email": alice.email, "password": PASSWORD, "next": "/trash", "remember": "y"}
    send(visitor, "/login", fields)
    assert visitor.status == 400
    assert PASSWORD not in visitor.response.text
    visitor.press("Send it again", password=PASSWORD)
    assert (visitor.status, visitor.path) == (200, "/trash")
    assert visitor.client.get_cookie("taskapp_remember")


def test_a_form_from_before_the_login_is_given_back(alice: Caller, visitor: Browser) -> None:
    token = visitor.token()
    visitor.log_in(alice.email)
    assert send(visitor, "/tasks", {"title": "typed", "csrf_token": token}) == 400
    visitor.press("Send it again")
    assert visitor.titles() == ["typed"]


def test_a_script_may_send_the_token_in_a_header(browser: Browser) -> None:
    headers = {"X-CSRFToken": browser.token()}
    assert send(browser, "/tasks", {"title": "typed"}, headers=headers) == 303


def test_the_api_asks_for_no_token_and_takes_no_cookie(alice: Caller, browser: Browser) -> None:
    browser.open(f"/api/{alice.id}/tasks", "POST", json={"title": "x"})
    assert browser.status == 401
