"""One's own account: /api/auth/me, its settings, address, password and end"""

from typing import Any

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from taskapp.db import fetch
from taskapp.models import LoginSession, Task, User
from taskapp.services import accounts

from ..callers import PASSWORD, Answer, Caller, assert_problem
from ..web.browser import Browser

OTHER = "staple the correct horse"
CHANGES = [
    ("GET", "", None),
    ("PATCH", "", {"theme": "dark"}),
    ("PUT", "/email", {"email": "new@example.com", "current_password": PASSWORD}),
    ("PUT", "/password", {"new_password": OTHER, "current_password": PASSWORD}),
    ("POST", "/delete", {"current_password": PASSWORD}),
]
GUARDED = CHANGES[2:]


def me(caller: Caller) -> dict[str, Any]:
    """The account as its owner sees it."""
    response = caller.get("/auth/me")
    assert response.status_code == 200, response.text
    account: dict[str, Any] = response.json
    return account


def log_in(client: FlaskClient, email: str, password: str) -> int:
    """The status that a login is answered with."""
    body = {"email": email, "password": password}
    return client.post("/api/auth/login", json=body).status_code


def age(app: Flask, token: str, seconds: int) -> str:
    """The same token, given out earlier: a token knows its time in whole seconds."""
    key, issuer = app.config["JWT_SECRET_KEY"], app.config["JWT_ISSUER"]
    claims = jwt.decode(token, key, algorithms=["HS256"], issuer=issuer)
    claims |= {"iat": claims["iat"] - seconds, "nbf": claims["nbf"] - seconds}
    return jwt.encode(claims, key, algorithm="HS256")


def change(caller: Caller, method: str, path: str, body: object) -> Answer:
    """One of the requests above."""
    sent: dict[str, Any] = {} if body is None else {"json": body}
    return caller.call(method, f"/auth/me{path}", **sent)


def test_an_account_is_shown_without_its_hash(alice: Caller) -> None:
    account = me(alice)
    assert account.pop("created_at") == account.pop("updated_at")
    assert account == {
        "id": alice.id,
        "email": "alice@example.com",
        "is_active": True,
        "time_zone": "UTC",
        "theme": "system",
        "density": "comfortable",
        "shortcuts": True,
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("time_zone", "Europe/Berlin"),
        ("theme", "light"),
        ("theme", "dark"),
        ("density", "compact"),
        ("shortcuts", False),
    ],
)
def test_one_setting_is_changed_and_no_other(alice: Caller, field: str, value: object) -> None:
    before = me(alice)
    response = alice.patch("/auth/me", {field: value})
    assert response.status_code == 200
    assert response.json == before | {field: value, "updated_at": response.json["updated_at"]}
    assert response.json["updated_at"] > before["updated_at"]
    assert me(alice) == response.json


def test_several_settings_are_changed_at_once(alice: Caller) -> None:
    wanted = {"time_zone": "Asia/Kolkata", "theme": "dark", "density": "compact"}
    answered = alice.patch("/auth/me", wanted).json
    assert {name: answered[name] for name in wanted} == wanted


def test_no_setting_at_all_changes_nothing(alice: Caller) -> None:
    before = me(alice)
    assert alice.patch("/auth/me", {}).json == before
    assert me(alice) == before


def test_settings_may_be_sent_as_a_merge_patch(alice: Caller) -> None:
    response = alice.call(
        "PATCH", "/auth/me", data='{"theme": "dark"}', content_type="application/merge-patch+json"
    )
    assert response.json["theme"] == "dark"


def test_settings_are_each_ones_own(alice: Caller, bob: Caller) -> None:
    before = me(bob)
    alice.patch("/auth/me", {"theme": "dark"})
    assert me(bob) == before


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"time_zone": "Mars/Olympus"}, ("/time_zone", "choice")),
        ({"time_zone": ""}, ("/time_zone", "choice")),
        ({"time_zone": "UTC\0"}, ("/time_zone", "choice")),
        ({"time_zone": 1}, ("/time_zone", "type")),
        ({"time_zone": None}, ("/time_zone", "null")),
        ({"theme": "pink"}, ("/theme", "choice")),
        ({"theme": None}, ("/theme", "null")),
        ({"density": "Compact"}, ("/density", "choice")),
        ({"density": ["compact"]}, ("/density", "type")),
        ({"shortcuts": "false"}, ("/shortcuts", "type")),
        ({"shortcuts": 0}, ("/shortcuts", "type")),
        ({"shortcuts": None}, ("/shortcuts", "null")),
        ({"email": "new@example.com"}, ("/email", "unknown")),
        ({"is_active": False}, ("/is_active", "unknown")),
        ({"id": 7}, ("/id", "unknown")),
        ({"hashed_password": "x"}, ("/hashed_password", "unknown")),
        ([], ("", "type")),
    ],
)
def test_a_setting_that_cannot_be_is_refused(
    alice: Caller, body: object, fault: tuple[str, str]
) -> None:
    before = me(alice)
    assert_problem(alice.patch("/auth/me", body), 422, "invalid", fault)
    assert me(alice) == before


def test_one_wrong_setting_keeps_the_others_from_being_changed(alice: Caller) -> None:
    body = {"theme": "dark", "density": "x"}
    assert_problem(alice.patch("/auth/me", body), 422, "invalid", ("/density", "choice"))
    assert me(alice)["theme"] == "system"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("new@example.com", "new@example.com"),
        ("  New@EXAMPLE.com ", "new@example.com"),
        ("ada@xn--bcher-kva.example", "ada@bücher.example"),
    ],
)
def test_another_address_is_stored_normalised_and_logs_in(
    alice: Caller, client: FlaskClient, written: str, stored: str
) -> None:
    body = {"email": written, "current_password": PASSWORD}
    response = alice.put("/auth/me/email", body)
    assert response.status_code == 200, response.text
    assert response.json["email"] == stored
    assert me(alice) == response.json
    assert log_in(client, stored, PASSWORD) == 200
    assert log_in(client, alice.email, PASSWORD) == 401


def test_an_address_may_be_set_to_itself(alice: Caller) -> None:
    body = {"email": "ALICE@example.com", "current_password": PASSWORD}
    assert alice.put("/auth/me/email", body).json["email"] == alice.email


@pytest.mark.parametrize("email", ["bob@example.com", "BOB@Example.COM"])
def test_an_address_that_is_taken_is_a_conflict(alice: Caller, bob: Caller, email: str) -> None:
    body = {"email": email, "current_password": PASSWORD}
    assert_problem(alice.put("/auth/me/email", body), 409, "email_taken")
    assert me(alice)["email"] == alice.email


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, [("/email", "required"), ("/current_password", "required")]),
        ({"email": "a@b.example"}, [("/current_password", "required")]),
        ({"email": "no address", "current_password": PASSWORD}, [("/email", "email")]),
        ({"email": None, "current_password": PASSWORD}, [("/email", "null")]),
        ({"email": "a@b.example", "current_password": 5}, [("/current_password", "type")]),
        (
            {"email": "a@b.example", "current_password": PASSWORD, "id": 1},
            [("/id", "unknown")],
        ),
    ],
)
def test_a_change_of_address_of_the_wrong_shape_is_refused(
    alice: Caller, body: object, faults: list[tuple[str, str]]
) -> None:
    assert_problem(alice.put("/auth/me/email", body), 422, "invalid", *faults)
    assert me(alice)["email"] == alice.email


def test_another_password_opens_and_the_old_one_does_not(
    alice: Caller, client: FlaskClient
) -> None:
    body = {"new_password": OTHER, "current_password": PASSWORD}
    response = alice.put("/auth/me/password", body)
    assert response.status_code == 200, response.text
    assert response.json["token_type"] == "bearer"
    assert log_in(client, alice.email, PASSWORD) == 401
    assert log_in(client, alice.email, OTHER) == 200

    alice.token = response.json["access_token"]
    assert response.json["user"] == me(alice)


@pytest.fixture
def aged(alice: Caller, app: Flask) -> Caller:
    """Alice with a token from before she changed her password."""
    old = age(app, alice.token, seconds=10)
    body = {"new_password": OTHER, "current_password": PASSWORD}
    assert alice.put("/auth/me/password", body).status_code == 200
    return Caller(alice.client, alice.id, alice.email, old)


def test_a_token_from_before_the_change_is_refused_at_once(aged: Caller) -> None:
    response = aged.get("/auth/me")
    assert response.status_code == 401
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]
    assert_problem(aged.get("/tasks"), 401, response.json["code"])


def test_a_token_from_before_the_change_is_not_told_that_its_account_is_gone(aged: Caller) -> None:
    problem = aged.get("/auth/me").json
    assert problem["code"] != "account_unavailable"
    assert "closed or gone" not in problem["detail"]


def test_a_change_of_password_ends_the_logins_of_browsers(alice: Caller, app: Flask) -> None:
    browser = Browser(app)
    browser.log_in(alice.email)
    assert browser.is_logged_in()
    body = {"new_password": OTHER, "current_password": PASSWORD}
    alice.token = alice.put("/auth/me/password", body).json["access_token"]
    assert not browser.is_logged_in()
    assert alice.get("/auth/me/sessions").json == []


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, [("/new_password", "required"), ("/current_password", "required")]),
        ({"new_password": "short"}, [("/new_password", "too_short")]),
        ({"new_password": "password1"}, [("/new_password", "too_common")]),
        ({"new_password": "é" * 513}, [("/new_password", "too_long")]),
        ({"new_password": None}, [("/new_password", "null")]),
        ({"new_password": OTHER, "user_id": 1}, [("/user_id", "unknown")]),
    ],
)
def test_a_password_that_will_not_do_is_refused(
    alice: Caller, client: FlaskClient, body: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    sent = body | ({"current_password": PASSWORD} if body else {})
    assert_problem(alice.put("/auth/me/password", sent), 422, "invalid", *faults)
    assert log_in(client, alice.email, PASSWORD) == 200


def test_a_deleted_account_takes_all_that_is_its_own_along(
    alice: Caller, bob: Caller, app: Flask, client: FlaskClient
) -> None:
    alice.add_task("in use")
    alice.delete(f"/tasks/{alice.add_task('in the trash')['id']}")
    browser = Browser(app)
    browser.log_in(alice.email)
    kept = bob.add_task("of Bob")

    response = alice.post("/auth/me/delete", {"current_password": PASSWORD})

    assert (response.status_code, response.data) == (204, b"")
    with app.app_context():
        for model in (Task, LoginSession):
            query = select(func.count()).where(model.user_id == alice.id)
            assert fetch(query)[0][0] == 0
        assert [row.id for row in fetch(select(User.id))] == [bob.id]
    assert_problem(alice.get("/auth/me"), 401, "account_unavailable")
    assert not browser.is_logged_in()
    assert log_in(client, alice.email, PASSWORD) == 401
    assert bob.get("/tasks").json == [kept]


def test_the_address_of_a_deleted_account_is_free_and_opens_nothing_old(
    alice: Caller, client: FlaskClient
) -> None:
    alice.add_task()
    alice.post("/auth/me/delete", {"current_password": PASSWORD})
    body = {"email": alice.email, "password": PASSWORD}
    again = client.post("/api/auth/signup", json=body)
    assert again.status_code == 201
    assert again.get_json()["id"] > alice.id
    assert_problem(alice.get("/tasks"), 401, "account_unavailable")


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, ("/current_password", "required")),
        ({"current_password": None}, ("/current_password", "null")),
        ({"current_password": PASSWORD, "sure": True}, ("/sure", "unknown")),
    ],
)
def test_a_deletion_of_the_wrong_shape_is_refused(
    alice: Caller, body: object, fault: tuple[str, str]
) -> None:
    assert_problem(alice.post("/auth/me/delete", body), 422, "invalid", fault)
    assert me(alice)["id"] == alice.id


@pytest.mark.parametrize("wrong", ["wrong", "", PASSWORD.upper(), PASSWORD + "\0", "\ud800"])
@pytest.mark.parametrize(("method", "path", "body"), GUARDED)
def test_what_is_guarded_by_the_password_is_closed_to_another(
    *, alice: Caller, client: FlaskClient, method: str, path: str, body: dict[str, Any], wrong: str
) -> None:
    before = me(alice)
    response = change(alice, method, path, body | {"current_password": wrong})
    if wrong == "\ud800":
        assert_problem(response, 422, "invalid", ("/current_password", "unstorable"))
    else:
        assert_problem(response, 403, "password_wrong")
    assert me(alice) == before
    assert log_in(client, alice.email, PASSWORD) == 200


@pytest.mark.parametrize(("method", "path", "body"), GUARDED)
def test_guessing_at_the_password_is_limited(
    alice: Caller, bob: Caller, method: str, path: str, body: dict[str, Any]
) -> None:
    for _ in range(10):
        guess = {"email": "x@example.com", "current_password": "wrong"}
        assert_problem(alice.put("/auth/me/email", guess), 403, "password_wrong")

    response = change(alice, method, path, body)

    assert_problem(response, 429, "too_many_failures")
    assert 0 < int(response.headers["Retry-After"]) <= 15 * 60 + 1
    assert me(alice)["email"] == "alice@example.com"
    answered = change(bob, method, path, body | {"current_password": "wrong"})
    assert_problem(answered, 403, "password_wrong")


def test_right_passwords_are_not_counted(alice: Caller) -> None:
    for number in range(12):
        body = {"email": f"alice{number}@example.com", "current_password": PASSWORD}
        assert alice.put("/auth/me/email", body).status_code == 200


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_anonymous_callers_are_refused(
    alice: Caller, client: FlaskClient, method: str, path: str, body: object
) -> None:
    response = client.open(f"/api/auth/me{path}", method=method, json=body)
    assert_problem(response, 401, "token_missing")


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_a_stranger_reaches_only_their_own_account(
    *, alice: Caller, bob: Caller, client: FlaskClient, method: str, path: str, body: object
) -> None:
    before = me(alice)
    assert change(bob, method, path, body).status_code in (200, 204)
    assert me(alice) == before
    assert log_in(client, alice.email, PASSWORD) == 200


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_a_login_of_a_browser_does_not_open_the_api(
    alice: Caller, app: Flask, method: str, path: str, body: object
) -> None:
    browser = Browser(app)
    browser.log_in(alice.email)
    browser.open(f"/api/auth/me{path}", method, json=body)
    assert_problem(browser.response, 401, "token_missing")


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_a_closed_account_is_refused_from_the_next_request(
    alice: Caller, app: Flask, method: str, path: str, body: object
) -> None:
    browser = Browser(app)
    browser.log_in(alice.email, remember=True)
    with app.app_context():
        accounts.set_active(alice.email, active=False)
    assert_problem(change(alice, method, path, body), 401, "account_unavailable")
    assert not browser.is_logged_in()

    with app.app_context():
        accounts.set_active(alice.email, active=True)
    assert not browser.is_logged_in()  # a login that has ended does not come back
