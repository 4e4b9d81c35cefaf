"""Replacing a secret: what the old one has signed is good as long as it stands beside the new."""

import secrets
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ..api.test_cursors import cursor_of
from ..callers import PASSWORD, Caller, assert_problem
from ..web.browser import Browser
from .conftest import Variant
from .forging import claims, sign

REMEMBERED, SESSION = "taskapp_remember", "taskapp"


@pytest.fixture
def replaced(app: Flask, variant: Variant) -> Flask:
    """The same application with new secrets, beside which the old ones stand."""
    return variant(
        SECRET_KEY_FALLBACKS=(secrets.token_hex(), app.config["SECRET_KEY"]),
        JWT_SECRET_KEY_FALLBACKS=(secrets.token_hex(), app.config["JWT_SECRET_KEY"]),
    )


@pytest.fixture
def strange(variant: Variant) -> Flask:
    """The same with new secrets, and no memory of the old ones."""
    return variant()


def through(app: Flask, caller: Caller) -> Caller:
    """The caller, with the same token, before another application."""
    return Caller(app.test_client(), caller.id, caller.email, caller.token)


def carried(browser: Browser, app: Flask, *names: str) -> Browser:
    """A browser before another application, with some of the same cookies."""
    other = Browser(app)
    for name in names:
        cookie = browser.client.get_cookie(name)
        assert cookie is not None, name
        other.client.set_cookie(name, cookie.value)
    return other


def logged_in(app: Flask, caller: Caller, *, remember: bool = False) -> Browser:
    browser = Browser(app)
    browser.log_in(caller.email, remember=remember)
    return browser


def test_a_token_of_the_old_secret_is_good_beside_the_new_one(
    alice: Caller, replaced: Flask, strange: Flask
) -> None:
    assert through(replaced, alice).get("/tasks").status_code == 200
    assert_problem(through(strange, alice).get("/tasks"), 401, "token_forged")


def test_tokens_are_issued_under_the_new_secret_only(alice: Caller, replaced: Flask) -> None:
    body = {"email": alice.email, "password": PASSWORD}
    answer = replaced.test_client().post("/api/auth/login", json=body)
    issued = Caller(alice.client, alice.id, alice.email, answer.get_json()["access_token"])
    assert through(replaced, issued).get("/tasks").status_code == 200
    assert_problem(issued.get("/tasks"), 401, "token_forged")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exp": 1}, "token_expired"),
        ({"iss": "elsewhere"}, "token_foreign"),
        ({"type": "refresh"}, "token_wrong_type"),
    ],
)
def test_a_token_of_the_old_secret_is_judged_as_strictly(
    alice: Caller, app: Flask, replaced: Flask, changes: dict[str, Any], code: str
) -> None:
    alice.token = sign(claims(alice.id, **changes), app.config["JWT_SECRET_KEY"])
    assert_problem(through(replaced, alice).get("/tasks"), 401, code)


def test_an_old_secret_of_sessions_makes_no_tokens(
    alice: Caller, app: Flask, replaced: Flask
) -> None:
    alice.token = sign(claims(alice.id), app.config["SECRET_KEY"])
    assert_problem(through(replaced, alice).get("/tasks"), 401, "token_forged")


def test_a_login_goes_on_under_the_new_secret(
    alice: Caller, app: Flask, replaced: Flask, strange: Flask
) -> None:
    browser = logged_in(app, alice)
    assert carried(browser, replaced, SESSION).is_logged_in()
    assert not carried(browser, strange, SESSION).is_logged_in()


def test_whoever_is_remembered_stays_so_under_the_new_secret(
    alice: Caller, app: Flask, replaced: Flask, strange: Flask
) -> None:
    browser = logged_in(app, alice, remember=True)
    assert carried(browser, replaced, REMEMBERED).is_logged_in()
    assert not carried(browser, strange, REMEMBERED).is_logged_in()


@pytest.mark.parametrize("cookie", ["1", "1|", "|", "1|0", "1|\N{LATIN SMALL LETTER E WITH ACUTE}"])
def test_a_cookie_that_nobody_signed_remembers_nobody(
    alice: Caller, replaced: Flask, cookie: str
) -> None:
    browser = Browser(replaced)
    browser.client.set_cookie(REMEMBERED, cookie)
    assert browser.open("/trash") == 302  # to the login


def test_a_form_that_was_opened_before_can_be_sent_after(
    alice: Caller, app: Flask, replaced: Flask, strange: Flask
) -> None:
    browser = logged_in(app, alice)
    token = browser.token()
    typed = {"title": "Write to Grace", "csrf_token": token}
    assert carried(browser, replaced, SESSION).open("/tasks", "POST", data=typed) == 303
    assert carried(browser, strange, SESSION).open("/tasks", "POST", data=typed) == 401
    assert [task["title"] for task in alice.get("/tasks").json] == ["Write to Grace"]


def test_a_page_of_a_list_is_followed_by_the_next(
    alice: Caller, replaced: Flask, strange: Flask
) -> None:
    for title in "abc":
        alice.add_task(title)
    first = alice.get("/tasks?limit=2")
    rest = f"/tasks?limit=2&cursor={cursor_of(first)}"
    [last] = through(replaced, alice).get(rest).json
    assert last["title"] not in {task["title"] for task in first.json}
    alice.token = sign(claims(alice.id), strange.config["JWT_SECRET_KEY"])
    assert_problem(through(strange, alice).get(rest), 422, "invalid", ("cursor", "cursor"))


def test_what_was_posted_before_is_not_done_again(alice: Caller, replaced: Flask) -> None:
    keyed = {"Idempotency-Key": "k1"}
    first = alice.post("/tasks", {"title": "Write to Grace"}, headers=keyed)
    later = through(replaced, alice)
    again = later.post("/tasks", {"title": "Write to Grace"}, headers=keyed)
    assert (again.status_code, again.data) == (201, first.data)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = later.post("/tasks", {"title": "Another"}, headers=keyed)
    assert_problem(other, 422, "key_reused", ("Idempotency-Key", "reused"))
    assert len(alice.get("/tasks").json) == 1


def test_who_signed_up_before_is_answered_the_same(client: FlaskClient, replaced: Flask) -> None:
    keyed = {"Idempotency-Key": "k1"}
    body = {"email": "ada@example.com", "password": PASSWORD}
    first = client.post("/api/auth/signup", json=body, headers=keyed)
    later = replaced.test_client()
    again = later.post("/api/auth/signup", json=body, headers=keyed)
    assert (again.status_code, again.data) == (201, first.data)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = later.post("/api/auth/signup", json=body | {"email": "b@example.com"}, headers=keyed)
    assert_problem(other, 422, "key_reused", ("Idempotency-Key", "reused"))
