"""POST /api/auth/signup"""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import bcrypt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from taskapp.domain.passwords import make_hash

from ..callers import PASSWORD, Caller, assert_problem, make_caller
from .accounts import stored
from .conftest import Variant

# Exactly as many bytes as are allowed, in one, two, three and four bytes a character.
LONGEST = ["x" * 1024, "é" * 512, "線" * 341 + "x", "🙂" * 256]


def sign_up(client: FlaskClient, email: object, password: object = PASSWORD) -> TestResponse:
    return client.post("/api/auth/signup", json={"email": email, "password": password})


def test_an_account_is_created_and_shown_where_location_says(client: FlaskClient) -> None:
    response = sign_up(client, "ada@example.com")

    assert response.status_code == 201
    assert response.content_type == "application/json"
    user = response.json
    assert user is not None
    settings = {"time_zone", "theme", "density", "shortcuts"}
    assert user.keys() == {"id", "email", "is_active", "created_at", "updated_at"} | settings
    assert user["email"] == "ada@example.com"
    assert user["is_active"] is True
    assert user["created_at"] == user["updated_at"]
    assert user["created_at"].endswith("Z")
    login = client.post(
        "/api/auth/login", json={"email": "ada@example.com", "password": PASSWORD}
    ).json
    assert login is not None
    headers = {"Authorization": f"Bearer {login['access_token']}"}
    assert client.get(response.headers["Location"], headers=headers).json == user


def test_neither_the_password_nor_its_hash_is_answered(app: Flask, client: FlaskClient) -> None:
    response = sign_up(client, "ada@example.com")
    hashed = stored(app, "ada@example.com").hashed_password
    assert hashed.startswith("$bcrypt-sha256$")
    assert PASSWORD not in response.text
    assert hashed not in response.text
    assert "$" not in response.text


def test_what_is_answered_is_not_kept_by_caches(client: FlaskClient) -> None:
    assert sign_up(client, "ada@example.com").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ada@example.com", "ada@example.com"),
        ("ada@example.com", "ADA@Example.COM"),
        ("ada@example.com", "  ada@example.com\n"),
        ("zoë@example.com", "ZOE\u0308@example.com"),
        ("ada@bücher.example.com", "ada@xn--bcher-kva.example.com"),
        ("ada@xn--bcher-kva.example.com", "ada@BÜCHER.example.com"),
        ("иван@почта.рф", "ИВАН@ПОЧТА.РФ"),
        ("ada@example.com", "ada@example。com"),
    ],
)
def test_an_address_is_taken_in_every_spelling(
    client: FlaskClient, first: str, second: str
) -> None:
    assert sign_up(client, first).status_code == 201
    assert_problem(sign_up(client, second), 409, "email_taken")


def test_a_taken_address_changes_nothing(app: Flask, alice: Caller) -> None:
    before = stored(app, alice.email)
    assert_problem(sign_up(alice.client, alice.email, "another password"), 409, "email_taken")
    assert stored(app, alice.email) == before


def test_the_address_of_a_closed_account_stays_taken(app: Flask, alice: Caller) -> None:
    app.test_cli_runner().invoke(args=["users", "deactivate", alice.email])
    assert_problem(sign_up(alice.client, alice.email), 409, "email_taken")


@pytest.mark.parametrize(
    ("email", "kept"),
    [
        ("Ada@Example.com", "ada@example.com"),
        ("ada+tasks@example.com", "ada+tasks@example.com"),
        ("o'hara@example.com", "o'hara@example.com"),
        ("ada@xn--bcher-kva.example.com", "ada@bücher.example.com"),
        ("用户@例子.中国", "用户@例子.中国"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
    ],
)
def test_an_address_is_kept_normalised(client: FlaskClient, email: str, kept: str) -> None:
    response = sign_up(client, email)
    assert response.status_code == 201, response.text
    assert response.json is not None
    assert response.json["email"] == kept


@pytest.mark.parametrize(
    "email",
    [
        "",
        " ",
        "ada",
        "ada@",
        "@example.com",
        "ada@example",
        "ada@@example.com",
        "ada@example..com",
        ".ada@example.com",
        "a da@example.com",
        "ada@exa mple.com",
        "Ada <ada@example.com>",
        '"a da"@example.com',
        "ada@[127.0.0.1]",
        "ada@localhost",
        "ada@example.com, bob@example.com",
        "ada\r\nBcc: bob@example.com",
        "ada\0@example.com",
        "ada\ud800@example.com",
        "ada@\udfff.example.com",
        "ada@xn--a.example.com",
        "ada@-.example.com",
        "a" * 243 + "@example.com",
        "ada@" + "x" * 64 + ".com",
        "ada@" + "x." * 126 + "com",
        "a" * 100_000 + "@example.com",
    ],
)
def test_what_is_no_address_is_refused(client: FlaskClient, email: str) -> None:
    problem = assert_problem(sign_up(client, email), 422, "invalid", ("/email", "email"))
    assert problem["errors"][0]["message"].startswith("Is no e-mail address: ")


@pytest.mark.parametrize(
    "password",
    [
        "x2z4v6t8",
        "        ",
        "пароль моей бабушки",
        "\u0301\u202e\u200d\ufeff👩‍👩‍👧‍👦𐍈\uffff",
        "tab\tand\nline",
        "nul\0nul\0nul",
        *LONGEST,
    ],
)
def test_any_unicode_makes_a_password_that_logs_in(client: FlaskClient, password: str) -> None:
    assert sign_up(client, "ada@example.com", password).status_code == 201
    body = {"email": "ada@example.com", "password": password}
    response = client.post("/api/auth/login", json=body)
    assert response.status_code == 200, response.text


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("", "too_short"),
        ("x2z4v6t", "too_short"),
        ("🙂🙂🙂🙂🙂🙂🙂", "too_short"),
        *((longest + "x", "too_long") for longest in LONGEST),
        ("x" * 1_000_000, "too_long"),
        ("password", "too_common"),
        ("PassWord", "too_common"),
        ("QWERTYUIOP", "too_common"),
        ("12345678", "too_common"),
        ("half a \ud83d pair", "unstorable"),
        ("\udc00" * 8, "unstorable"),
    ],
)
def test_a_password_that_breaks_a_rule_is_refused(
    client: FlaskClient, password: str, fault: str
) -> None:
    response = sign_up(client, "ada@example.com", password)
    assert_problem(response, 422, "invalid", ("/password", fault))


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, [("/email", "required"), ("/password", "required")]),
        ({"email": "ada@example.com"}, [("/password", "required")]),
        ({"password": PASSWORD}, [("/email", "required")]),
        ({"email": None, "password": None}, [("/email", "null"), ("/password", "null")]),
        ({"email": 5, "password": 12345678}, [("/email", "type"), ("/password", "type")]),
        ({"email": ["a"], "password": {"a": 1}}, [("/email", "type"), ("/password", "type")]),
        ({"email": True, "password": False}, [("/email", "type"), ("/password", "type")]),
        ([], [("", "type")]),
        ("ada@example.com", [("", "type")]),
        (
            {"email": "ada", "password": "short", "name": "Ada", "is_active": True, "id": 1},
            [
                ("/email", "email"),
                ("/password", "too_short"),
                ("/name", "unknown"),
                ("/is_active", "unknown"),
                ("/id", "unknown"),
            ],
        ),
    ],
)
def test_every_fault_of_a_body_is_named_at_once(
    client: FlaskClient, body: object, faults: list[tuple[str, str]]
) -> None:
    assert_problem(client.post("/api/auth/signup", json=body), 422, "invalid", *faults)


def test_a_hash_cannot_be_given_instead_of_a_password(client: FlaskClient) -> None:
    body = {"email": "ada@example.com", "password": PASSWORD, "hashed_password": "x"}
    response = client.post("/api/auth/signup", json=body)
    assert_problem(response, 422, "invalid", ("/hashed_password", "unknown"))


@pytest.mark.parametrize("body", [b"", b"{", b"email=ada", b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_json_is_refused(client: FlaskClient, body: bytes) -> None:
    response = client.post("/api/auth/signup", data=body, content_type="application/json")
    assert_problem(response, 400, "bad_request")


def test_a_form_is_refused(client: FlaskClient) -> None:
    body = {"email": "ada@example.com", "password": PASSWORD}
    assert_problem(client.post("/api/auth/signup", data=body), 415, "unsupported_media_type")


def test_of_twenty_sign_ups_at_once_for_one_address_one_wins(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    # All have looked at what there is before any goes on to write.
    make_hash("", 4)  # passlib tries bcrypt out at its first use
    real, together = bcrypt.hashpw, Barrier(20, timeout=10)

    def hashpw(password: bytes, salt: bytes) -> bytes:
        together.wait()
        return real(password, salt)

    def race(number: int) -> TestResponse:
        email = "ada@example.com" if number % 2 else "Ada@Example.com"
        return sign_up(app.test_client(), email)

    with monkeypatch.context() as patch, ThreadPoolExecutor(20) as pool:
        patch.setattr(bcrypt, "hashpw", hashpw)
        answers = list(pool.map(race, range(20)))

    assert sorted(each.status_code for each in answers) == [201] + [409] * 19
    for each in answers:
        if each.status_code == 409:
            assert_problem(each, 409, "email_taken")


def test_asking_which_addresses_are_taken_ends_at_the_limit(variant: Variant) -> None:
    client = variant(SIGNUP_LIMIT_PER_CLIENT="3 per hour").test_client()
    make_caller(client, "alice@example.com")
    for _ in range(3):
        assert_problem(sign_up(client, "alice@example.com"), 409, "email_taken")

    response = sign_up(client, "alice@example.com")
    assert_problem(response, 429, "too_many_failures")
    assert 0 < int(response.headers["Retry-After"]) <= 3601  # rounded up
    # It tells nothing about free addresses either.
    assert_problem(sign_up(client, "free@example.com"), 429, "too_many_failures")
    elsewhere = client.post(
        "/api/auth/signup",
        json={"email": "free@example.com", "password": PASSWORD},
        environ_base={"REMOTE_ADDR": "203.0.113.7"},
    )
    assert elsewhere.status_code == 201


def test_sign_ups_that_succeed_or_are_malformed_are_not_counted(variant: Variant) -> None:
    client = variant(SIGNUP_LIMIT_PER_CLIENT="1 per hour").test_client()
    for number in range(5):
        assert sign_up(client, f"person{number}@example.com").status_code == 201
        assert sign_up(client, "nobody", "short").status_code == 422
        assert client.post("/api/auth/signup", data=b"{").status_code == 415
    assert_problem(sign_up(client, "person1@example.com"), 409, "email_taken")
