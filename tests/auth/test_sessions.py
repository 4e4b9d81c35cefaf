"""The browsers in which one is logged in: /api/auth/me/sessions"""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ..callers import Caller, assert_problem
from ..web.browser import Browser


def logged_in(app: Flask, caller: Caller, name: str = "Firefox", remember: bool = False) -> Browser:
    """A browser in which somebody has logged in."""
    browser = Browser(app, name)
    browser.log_in(caller.email, remember=remember)
    assert browser.is_logged_in()
    return browser


def sessions(caller: Caller) -> list[dict[str, Any]]:
    """What the API tells of somebody's browsers."""
    response = caller.get("/auth/me/sessions")
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json
    return found


def test_a_token_alone_is_no_session(alice: Caller) -> None:
    assert sessions(alice) == []


def test_each_browser_is_listed_the_one_used_last_first(alice: Caller, app: Flask) -> None:
    logged_in(app, alice, "Firefox")
    logged_in(app, alice, "Chromium", remember=True)
    latest, earlier = sessions(alice)
    assert (latest["client"], earlier["client"]) == ("Chromium", "Firefox")
    assert latest.keys() == {"id", "client", "created_at", "seen_at", "expires_at"}
    assert earlier["created_at"] <= earlier["seen_at"] < earlier["expires_at"]
    assert earlier["expires_at"] < latest["expires_at"]


def test_ending_one_logs_that_browser_out_and_no_other(alice: Caller, app: Flask) -> None:
    first, second = logged_in(app, alice), logged_in(app, alice, remember=True)
    kept, ended = sessions(alice)[1], sessions(alice)[0]

    response = alice.delete(f"/auth/me/sessions/{ended['id']}")

    assert (response.status_code, response.data) == (204, b"")
    assert sessions(alice) == [kept]
    assert first.is_logged_in()
    assert not second.is_logged_in()
    assert_problem(alice.delete(f"/auth/me/sessions/{ended['id']}"), 404, "not_found")


def test_ending_all_logs_every_browser_out_and_leaves_tokens_and_others_alone(
    alice: Caller, bob: Caller, app: Flask
) -> None:
    first, second, his = logged_in(app, alice), logged_in(app, alice), logged_in(app, bob)

    assert alice.call("POST", "/auth/me/sessions/end").status_code == 204

    assert sessions(alice) == []
    assert not first.is_logged_in()
    assert not second.is_logged_in()
    assert his.is_logged_in()
    assert alice.call("POST", "/auth/me/sessions/end").status_code == 204  # and again, to no harm


def test_logging_out_ends_the_session(alice: Caller, app: Flask) -> None:
    browser = logged_in(app, alice)
    browser.visit("/tasks")
    browser.press("Log out")
    assert sessions(alice) == []


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("POST", "/end"), ("DELETE", "/{session_id}")]
)
def test_anonymous_callers_are_refused(
    alice: Caller, app: Flask, client: FlaskClient, method: str, path: str
) -> None:
    logged_in(app, alice)
    before = sessions(alice)
    path = path.format(session_id=before[0]["id"])
    assert_problem(client.open(f"/api/auth/me/sessions{path}", method=method), 401, "token_missing")
    assert sessions(alice) == before


def test_a_strangers_session_is_not_found(alice: Caller, bob: Caller, app: Flask) -> None:
    browser = logged_in(app, alice)
    [session] = sessions(alice)
    assert sessions(bob) == []
    assert_problem(bob.delete(f"/auth/me/sessions/{session['id']}"), 404, "not_found")
    assert bob.call("POST", "/auth/me/sessions/end").status_code == 204
    assert browser.is_logged_in()


@pytest.mark.parametrize("session_id", ["0", "999999999", "9" * 30, "-1", "x"])
def test_a_session_that_is_not_there_is_not_found(alice: Caller, session_id: str) -> None:
    assert_problem(alice.delete(f"/auth/me/sessions/{session_id}"), 404, "not_found")
