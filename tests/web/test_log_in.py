"""Logging in, staying logged in, and logging out"""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from taskapp.db import now
from taskapp.models import LoginSession
from taskapp.services import accounts

from ..callers import PASSWORD, Caller
from .browser import SITE, Browser
from .stored import change, session_of

REMEMBER = "taskapp_remember"


def close(browser: Browser) -> None:
    """Close a browser, and with it forget what was not to outlive that."""
    browser.client.delete_cookie("taskapp")


@pytest.mark.parametrize("email", ["alice@example.com", " ALICE@Example.COM "])
def test_the_right_password_opens_the_list(alice: Caller, visitor: Browser, email: str) -> None:
    alice.add_task("Write to Grace")
    visitor.log_in(email)
    assert (visitor.status, visitor.path) == (200, "/tasks")
    assert visitor.titles() == ["Write to Grace"]


@pytest.mark.parametrize("remember", [True, False])
def test_cookies_are_for_this_site_over_tls_and_for_no_script(
    alice: Caller, visitor: Browser, remember: bool
) -> None:
    visitor.log_in(alice.email, remember=remember)
    cookies = [visitor.client.get_cookie(name) for name in ("taskapp", REMEMBER)]
    found = [cookie for cookie in cookies if cookie]
    assert len(found) == (2 if remember else 1)
    for cookie in found:
        assert cookie.secure
        assert cookie.http_only
        assert cookie.same_site == "Lax"
        assert cookie.path == "/"
        assert cookie.origin_only


def test_who_is_not_to_be_kept_logged_in_is_forgotten_with_the_browser(
    alice: Caller, visitor: Browser
) -> None:
    visitor.log_in(alice.email)
    cookie = visitor.client.get_cookie("taskapp")
    assert cookie
    assert (cookie.expires, cookie.max_age) == (None, None)
    close(visitor)
    assert not visitor.is_logged_in()


def test_who_is_to_be_kept_logged_in_is_known_for_30_days(alice: Caller, visitor: Browser) -> None:
    visitor.log_in(alice.email, remember=True)
    cookie = visitor.client.get_cookie(REMEMBER)
    assert cookie
    assert cookie.expires
    days = cookie.expires.replace(tzinfo=UTC) - datetime.now(UTC)
    assert timedelta(days=29, hours=23) < days <= timedelta(days=30, seconds=1)
    close(visitor)
    assert visitor.is_logged_in()


@pytest.mark.parametrize("remember", [True, False])
def test_a_login_ends_with_its_time(
    app: Flask, alice: Caller, visitor: Browser, remember: bool
) -> None:
    visitor.log_in(alice.email, remember=remember)
    change(app, LoginSession, session_of(app, visitor), expires_at=now())
    assert not visitor.is_logged_in()
    close(visitor)
    assert not visitor.is_logged_in()


@pytest.mark.parametrize("name", ["taskapp", REMEMBER])
def test_a_cookie_that_somebody_made_up_opens_nothing(
    app: Flask, alice: Caller, browser: Browser, visitor: Browser, name: str
) -> None:
    session_id = session_of(app, browser)
    for value in (str(session_id), f"{session_id}|{'0' * 128}", "{}", "\x7f", "é", "a" * 4000):
        visitor.client.set_cookie(name, value, secure=True)
        assert not visitor.is_logged_in()


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("alice@example.com", "not-hers"),
        ("alice@example.com", PASSWORD + " "),
        ("nobody@example.com", PASSWORD),
        ("no address", PASSWORD),
        ("alice@example.com\0", PASSWORD),
        ("alice@example.com", "a\0"),
    ],
)
def test_a_wrong_password_is_401_and_keeps_the_address(
    alice: Caller, visitor: Browser, email: str, password: str
) -> None:
    visitor.log_in(email, password, remember=True)
    assert visitor.status == 401
    assert visitor.page.one("h1").text == "Log in"
    assert "The e-mail address or the password is wrong." in visitor.page.one(id="errors").text
    assert visitor.value("email") == email
    assert visitor.value("password") == ""
    assert password not in visitor.response.text.replace(email, "")
    assert visitor.field("remember")[0].attributes.keys() >= {"checked"}
    assert not visitor.is_logged_in()


def test_a_closed_account_is_answered_as_a_wrong_password(
    app: Flask, alice: Caller, visitor: Browser
) -> None:
    visitor.log_in(alice.email, "wrong")
    wrong = visitor.page.one(id="errors").text
    with app.app_context():
        accounts.set_active(alice.email, active=False)
    visitor.log_in(alice.email)
    assert (visitor.status, visitor.page.one(id="errors").text) == (401, wrong)


def test_empty_fields_are_named(visitor: Browser) -> None:
    visitor.visit("/login")
    visitor.press("Log in")
    assert visitor.status == 422
    invalid = visitor.page.all("input", aria_invalid="true")
    assert [each.get("name") for each in invalid] == ["email", "password"]


def test_guessing_is_limited_for_the_address_guessed_at(
    app: Flask, alice: Caller, bob: Caller, visitor: Browser
) -> None:
    for number in range(10):
        visitor.log_in(alice.email.upper() if number % 2 else alice.email, "wrong")
        assert visitor.status == 401
    visitor.log_in(alice.email)
    assert visitor.status == 429
    assert visitor.page.one("h1").text == "Not so fast"
    assert 0 < int(visitor.response.headers["Retry-After"]) <= 15 * 60 + 1
    assert visitor.response.headers["X-Request-ID"] in visitor.page.text

    visitor.log_in(bob.email)
    assert visitor.status == 200, "guesses at Alice's password have locked Bob out"


def test_guesses_through_the_api_and_through_the_page_are_counted_together(
    alice: Caller, visitor: Browser
) -> None:
    for _ in range(10):
        body = {"email": alice.email, "password": "wrong"}
        assert alice.client.post("/api/auth/login", json=body).status_code == 401
    visitor.log_in(alice.email)
    assert visitor.status == 429


def test_right_passwords_are_not_counted(alice: Caller, visitor: Browser) -> None:
    for _ in range(12):
        visitor.log_in(alice.email)
        assert visitor.status == 200


def test_logging_out_is_for_good(app: Flask, alice: Caller, visitor: Browser) -> None:
    visitor.log_in(alice.email, remember=True)
    stolen = {name: visitor.client.get_cookie(name) for name in ("taskapp", REMEMBER)}
    visitor.press("Log out")
    assert (visitor.status, visitor.path) == (200, "/login")
    assert visitor.notices() == ["You are logged out."]
    assert not visitor.is_logged_in()
    for name, cookie in stolen.items():
        assert cookie
        visitor.client.set_cookie(name, cookie.decoded_value, secure=True)
    assert not visitor.is_logged_in()


def test_a_link_does_not_log_anybody_out(browser: Browser) -> None:
    assert browser.open("/logout") == 405
    assert browser.is_logged_in()


OWN = [
    "/tasks",
    "/tasks?q=a+b&show=all",
    "/trash",
    "/settings/sessions",
    "/tasks?q=https://example.com",
    "/tasks?q=//example.com",
    "/tasks#task-1",
]
HOSTILE = [
    "//evil.example",
    "//evil.example/tasks",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "/\x00/evil.example",
    "\t//evil.example",
    " //evil.example",
    "\n//evil.example",
    "\x01//evil.example",
    "\x7f//evil.example",
    "/\u2028/evil.example",
    "/\x85/evil.example",
    "/\u00a0/evil.example",
    "/\u200b/evil.example",
    "/tasks\r\nSet-Cookie: a=b",
    "/tasks\nLocation: https://evil.example",
    "http://evil.example",
    "https://evil.example",
    "HTTPS://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "http:\\\\evil.example",
    "https://localhost@evil.example",
    "https://localhost.evil.example",
    "//localhost@evil.example",
    "//localhost:80@evil.example",
    "@evil.example",
    ".evil.example",
    "evil.example",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\tscript:alert(1)",
    "\x01javascript:alert(1)",
    "javascript://localhost/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "mailto:a@evil.example",
    "%2F%2Fevil.example",
    "/%2F/evil.example",
    "/%5Cevil.example",
    "/%09/evil.example",
    "%68ttps://evil.example",
    "/..//evil.example",
    "/.//evil.example",
    "/./\\evil.example",
    "/;//evil.example",
    "?next=//evil.example",
    "#//evil.example",
    "",
    " ",
    "/" * 5000,
    "\ufffd",
    "\uff0f\uff0fevil.example",
    "/\uff0fevil.example",
]


def stays(location: str) -> bool:
    """Whether every browser reads an address as one of this site (WHATWG URL, 4.4)."""
    plain = "".join(sign for sign in location.strip(" \x00-\x1f") if sign not in "\t\r\n")
    plain = plain.removeprefix(SITE).replace("\\", "/")
    return plain.startswith("/") and not plain.startswith("//")


@pytest.mark.parametrize("path", OWN)
def test_after_the_login_ones_own_path_is_shown(alice: Caller, visitor: Browser, path: str) -> None:
    visitor.visit("/login", query_string={"next": path})
    assert visitor.value("next") == path
    visitor.press("Log in", email=alice.email, password=PASSWORD)
    assert (visitor.status, visitor.path) == (200, path)


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: ascii(path)[:40])
def test_after_the_login_nobody_is_led_off_the_site(
    alice: Caller, visitor: Browser, path: str
) -> None:
    visitor.visit("/login", query_string={"next": path})
    form = visitor.page.one("form", action="/login")
    shown = [each.get("value") for each in form.all("input", name="next")]
    assert all(stays(each) for each in shown)

    visitor.post("/login", email=alice.email, password=PASSWORD, next=path)

    assert visitor.status == 303
    assert stays(visitor.response.headers["Location"]), visitor.response.headers["Location"]
    assert "Set-Cookie: a=b" not in str(visitor.response.headers)


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: ascii(path)[:40])
def test_after_an_act_nobody_is_led_off_the_site(
    alice: Caller, browser: Browser, path: str
) -> None:
    task_id = alice.add_task()["id"]
    token = browser.token()
    for act in ("complete", "edit", "delete"):
        sent = {"csrf_token": token, "back": path, "title": "x", "version": "2"}
        assert browser.open(f"/tasks/{task_id}/{act}", "POST", data=sent) == 303
        assert stays(browser.response.headers["Location"])
    assert browser.open("/acts/1/undo", "POST", data={"csrf_token": token, "back": path}) == 303
    assert stays(browser.response.headers["Location"])


def test_a_way_back_shown_on_a_page_stays_on_the_site(alice: Caller, browser: Browser) -> None:
    task_id = alice.add_task()["id"]
    for path in HOSTILE:
        browser.visit(f"/tasks/{task_id}/edit", query_string={"back": path})
        assert stays(browser.value("back"))
        assert all(stays(link.get("href")) for link in browser.page.one("main").all("a"))
