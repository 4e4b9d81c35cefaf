"""GET /api/auth/me"""

import pytest
from flask import Flask

from ..callers import Caller, assert_problem
from .accounts import store, stored


def test_the_caller_is_shown(app: Flask, alice: Caller) -> None:
    response = alice.get("/auth/me")

    assert response.status_code == 200
    assert response.content_type == "application/json"
    user = response.json
    assert user is not None
    row = stored(app, alice.email)
    settings = {
        "time_zone": "UTC",
        "theme": "system",
        "density": "comfortable",
        "shortcuts": True,
    }
    instants = {
        name: getattr(row, name).isoformat().replace("+00:00", "Z")
        for name in ("created_at", "updated_at")
    }
    assert user == {"id": alice.id, "email": alice.email, "is_active": True, **settings, **instants}


def test_everybody_sees_their_own_account(alice: Caller, bob: Caller) -> None:
    shown = [caller.get("/auth/me").json for caller in (alice, bob, alice)]
    assert [each["email"] for each in shown if each] == [alice.email, bob.email, alice.email]


def test_the_hash_is_not_shown(app: Flask, alice: Caller) -> None:
    assert stored(app, alice.email).hashed_password not in alice.get("/auth/me").text


def test_it_is_not_kept_by_caches(alice: Caller) -> None:
    assert alice.get("/auth/me").headers["Cache-Control"] == "no-store"


def test_nobody_is_nobody(alice: Caller) -> None:
    assert_problem(alice.client.get("/api/auth/me"), 401, "token_missing")


def test_a_closed_account_is_refused(app: Flask, alice: Caller) -> None:
    store(app, alice.email, is_active=False)
    assert_problem(alice.get("/auth/me"), 401, "account_unavailable")


def test_head_answers_as_get_does_without_a_body(alice: Caller) -> None:
    shown, head = alice.get("/auth/me"), alice.call("HEAD", "/auth/me")
    assert head.status_code == 200
    assert head.data == b""
    assert head.headers["Content-Length"] == shown.headers["Content-Length"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_changed_here(alice: Caller, method: str) -> None:
    response = alice.call(method, "/auth/me", json={"email": "eve@example.com"})
    assert_problem(response, 405, "method_not_allowed")
    assert "GET" in response.headers["Allow"]
