"""Two hosts whose clocks are a minute apart: what one gives out, the other accepts."""

import time
from datetime import timedelta

import pytest
from flask import Flask
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from sqlalchemy import update

from taskapp.db import now, transaction
from taskapp.models import IdempotencyKey, User
from taskapp.services.idempotency import LEASE

from ..callers import PASSWORD, Caller, assert_problem
from ..web.browser import Browser
from .forging import claims, decode, sign

MINUTE = 60


def seconds(number: int) -> int:
    return int(time.time()) + number


@pytest.mark.parametrize("apart", [-MINUTE, MINUTE])
def test_a_token_is_accepted_the_moment_it_is_issued(alice: Caller, app: Flask, apart: int) -> None:
    there = seconds(apart)
    issued = claims(alice.id, iat=there, nbf=there, exp=there + 600)
    alice.token = sign(issued, app.config["JWT_SECRET_KEY"])
    assert alice.get("/tasks").status_code == 200


def test_a_token_is_accepted_until_it_is_over_by_either_clock(alice: Caller, app: Flask) -> None:
    alice.token = sign(claims(alice.id, exp=seconds(-MINUTE)), app.config["JWT_SECRET_KEY"])
    assert alice.get("/tasks").status_code == 200
    alice.token = sign(claims(alice.id, exp=seconds(-2 * MINUTE)), app.config["JWT_SECRET_KEY"])
    assert_problem(alice.get("/tasks"), 401, "token_expired")


def test_a_token_from_farther_ahead_is_refused(alice: Caller, app: Flask) -> None:
    alice.token = sign(claims(alice.id, iat=seconds(2 * MINUTE)), app.config["JWT_SECRET_KEY"])
    assert_problem(alice.get("/tasks"), 401, "token_not_yet_valid")


def test_who_changed_the_password_on_a_host_that_is_ahead_can_come_in_here(
    alice: Caller, app: Flask
) -> None:
    old = alice.token
    ahead = now().replace(microsecond=0) + timedelta(seconds=MINUTE)
    with app.app_context(), transaction() as session:
        session.execute(update(User).values(credentials_changed_at=ahead))
    assert_problem(alice.get("/tasks"), 401, "token_revoked")
    body = {"email": alice.email, "password": PASSWORD}
    alice.token = alice.client.post("/api/auth/login", json=body).get_json()["access_token"]
    assert alice.get("/tasks").status_code == 200
    assert decode(alice.token.split(".")[1])["iat"] == int(ahead.timestamp())
    assert decode(old.split(".")[1])["iat"] < decode(alice.token.split(".")[1])["iat"]


class Ahead(TimestampSigner):
    """Signs on a host whose clock is a minute ahead."""

    def get_timestamp(self) -> int:
        return super().get_timestamp() + MINUTE


def test_a_session_that_a_host_ahead_has_signed_goes_on_here(alice: Caller, app: Flask) -> None:
    browser = Browser(app)
    browser.log_in(alice.email)
    token = browser.token()
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    cookie = browser.client.get_cookie("taskapp")
    assert cookie is not None
    held = serializer.loads(cookie.value)
    serializer.signer = Ahead
    browser.client.set_cookie("taskapp", serializer.dumps(held))
    assert browser.is_logged_in()
    typed = {"title": "Write to Grace", "csrf_token": token}
    assert browser.open("/tasks", "POST", data=typed) == 303


def test_a_session_that_is_too_old_is_still_over(alice: Caller, app: Flask) -> None:
    browser = Browser(app)
    browser.log_in(alice.email)
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    cookie = browser.client.get_cookie("taskapp")
    assert cookie is not None
    held = serializer.loads(cookie.value)

    class Aged(TimestampSigner):
        def get_timestamp(self) -> int:
            lifetime = app.permanent_session_lifetime.total_seconds()
            return super().get_timestamp() - int(lifetime) - 1

    serializer.signer = Aged
    browser.client.set_cookie("taskapp", serializer.dumps(held))
    assert not browser.is_logged_in()


def test_a_form_that_a_host_ahead_has_made_can_be_sent_here(alice: Caller, app: Flask) -> None:
    browser = Browser(app)
    browser.log_in(alice.email)
    with browser.client.session_transaction(base_url="https://localhost") as session:
        raw = session["csrf_token"]
    keys = app.config["WTF_CSRF_SECRET_KEY"]
    made = URLSafeTimedSerializer(keys, salt="wtf-csrf-token", signer=Ahead).dumps(raw)
    typed = {"title": "Write to Grace", "csrf_token": made}
    assert browser.open("/tasks", "POST", data=typed) == 303


def test_an_attempt_that_a_host_behind_has_begun_is_left_to_finish(
    alice: Caller, app: Flask
) -> None:
    """It claimed its key this moment, by a clock that is a minute behind ours."""
    keyed = {"Idempotency-Key": "k1"}
    alice.post("/tasks", {"title": "Write to Grace"}, headers=keyed)
    there = now() - timedelta(seconds=MINUTE)
    with app.app_context(), transaction() as session:
        under_way = {"status": None, "headers": None, "body": None, "expires_at": there + LEASE}
        session.execute(update(IdempotencyKey).values(**under_way))
    again = alice.post("/tasks", {"title": "Write to Grace"}, headers=keyed)
    assert_problem(again, 409, "request_in_flight")
