"""Which tokens open the API, and what is said to those that do not."""

import base64
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, update

from taskapp.db import transaction
from taskapp.models import User

from ..callers import PASSWORD, Caller, assert_problem, make_caller
from .accounts import store
from .conftest import Variant
from .forging import ABSENT, claims, decode, encode, sign, unsigned

Header = Callable[[Caller, str, str], str]
# What stands for any key that is not ours.
OTHER_KEY = "0123456789abcdef0123456789abcdef"
MISSING, MALFORMED, FORGED = "token_missing", "token_malformed", "token_forged"
EXPIRED, EARLY, FOREIGN = "token_expired", "token_not_yet_valid", "token_foreign"
TYPE, GONE, INVALID = "token_wrong_type", "account_unavailable", "token_invalid"


def claimed(**changes: Any) -> Header:
    """A header with a well signed token whose claims are changed."""
    return lambda caller, key, _: f"Bearer {sign(claims(caller.id, **changes), key)}"


def forged(alg: Any, by: str = "HS256", **header: Any) -> Header:
    return lambda caller, key, _: f"Bearer {sign(claims(caller.id), key, alg=alg, by=by, **header)}"


def without_signature(alg: Any) -> Header:
    return lambda caller, *_: f"Bearer {unsigned(claims(caller.id), alg)}"


def payload(text: bytes) -> Header:
    return lambda _, key, __: f"Bearer {sign(text, key)}"


def altered(alter: Callable[[str], str]) -> Header:
    """A header with the caller's own token, altered."""
    return lambda caller, *_: f"Bearer {alter(caller.token)}"


def literal(text: str) -> Header:
    return lambda *_: text


def with_segment(number: int, change: Callable[[str], str]) -> Callable[[str], str]:
    def alter(token: str) -> str:
        parts = token.split(".")
        parts[number] = change(parts[number])
        return ".".join(parts)

    return alter


def flip(segment: str) -> str:
    """Another letter in the middle."""
    middle = len(segment) // 2
    return segment[:middle] + ("A" if segment[middle] != "A" else "B") + segment[middle + 1 :]


def raised(segment: str) -> str:
    """The claims of another account."""
    content = decode(segment)
    return encode(repr(content | {"sub": "1"}).replace("'", '"').replace("False", "false").encode())


def hours(number: int) -> int:
    return int(time.time()) + number * 3600


BAD: dict[str, tuple[Header, str]] = {
    # the header
    "nothing": (literal(""), MISSING),
    "white space": (literal("   "), MISSING),
    "a comma": (literal(","), MISSING),
    "commas and white space": (literal(", ,x"), MISSING),
    "only a scheme": (literal("Bearer"), MALFORMED),
    "a scheme and white space": (literal("Bearer "), MALFORMED),
    "no scheme": (lambda caller, *_: caller.token, MISSING),
    "another scheme": (lambda caller, *_: f"JWT {caller.token}", MISSING),
    "token as a scheme": (lambda caller, *_: f"Token {caller.token}", MISSING),
    "a scheme run together": (lambda caller, *_: f"Bearer{caller.token}", MISSING),
    "a colon": (lambda caller, *_: f"Bearer: {caller.token}", MISSING),
    "basic": (
        lambda caller, *_: (
            "Basic " + base64.b64encode(f"{caller.email}:{PASSWORD}".encode()).decode()
        ),
        MISSING,
    ),
    "two words": (lambda caller, *_: f"Bearer {caller.token} {caller.token}", MALFORMED),
    "two tokens": (lambda caller, *_: f"Bearer {caller.token}, Bearer {caller.token}", MALFORMED),
    "quotes": (lambda caller, *_: f'Bearer "{caller.token}"', MALFORMED),
    # what is no token
    "a word": (literal("Bearer garbage"), MALFORMED),
    "null": (literal("Bearer null"), MALFORMED),
    "dots": (literal("Bearer .."), MALFORMED),
    "three words": (literal("Bearer a.b.c"), MALFORMED),
    "not ASCII": (literal("Bearer é.ß.ü"), MALFORMED),
    "a huge word": (literal("Bearer " + "x" * 60_000), MALFORMED),
    "huge segments": (literal("Bearer " + ".".join(["eyJ" + "x" * 20_000] * 3)), MALFORMED),
    "many dots": (literal("Bearer " + "." * 10_000), MALFORMED),
    "a header that is a list": (literal(f"Bearer {encode(b'[]')}.e30.x"), MALFORMED),
    "a header that is no JSON": (literal(f"Bearer {encode(b'{')}.e30.x"), MALFORMED),
    "a header without alg": (literal(f"Bearer {encode(b'{}')}.e30.x"), MALFORMED),
    "deep JSON": (literal(f"Bearer {encode(b'[' * 30_000)}.e30.x"), MALFORMED),
    "claims that are a list": (payload(b"[]"), MALFORMED),
    "claims that are text": (payload(b'"sub"'), MALFORMED),
    "claims that are no JSON": (payload(b"{"), MALFORMED),
    "claims that are not UTF-8": (payload(b"\xff"), MALFORMED),
    "claims that are deep": (payload(b"[" * 30_000), MALFORMED),
    "no claims": (payload(b"{}"), INVALID),
    # a token that was ours
    "its first half": (altered(lambda token: token[: len(token) // 2]), MALFORMED),
    "its last letters cut": (altered(lambda token: token[:-3]), FORGED),
    "no signature": (altered(with_segment(2, lambda _: "")), FORGED),
    "no last segment": (altered(lambda token: token.rpartition(".")[0]), MALFORMED),
    "one segment more": (altered(lambda token: token + ".x"), MALFORMED),
    "another signature": (altered(with_segment(2, flip)), FORGED),
    "other claims": (altered(with_segment(1, raised)), FORGED),
    "broken claims": (
        altered(with_segment(1, lambda part: part[: len(part) // 4 * 4 - 4])),
        MALFORMED,
    ),
    "broken header": (altered(with_segment(0, lambda part: "x" + part[1:])), MALFORMED),
    "another header": (
        altered(with_segment(0, lambda _: encode(b'{"alg":"HS256","typ":"jwt"}'))),
        FORGED,
    ),
    # the algorithm
    **{
        f"alg {alg}": (without_signature(alg), FORGED)
        for alg in ("none", "None", "NONE", "nOnE", "none ", "", "HS256")
    },
    "alg null": (without_signature(None), FORGED),
    "alg a number": (without_signature(256), FORGED),
    "alg a list": (without_signature(["none"]), FORGED),
    "alg none with a signature": (forged("none"), FORGED),
    "HS384": (forged("HS384", "HS384"), FORGED),
    "HS512": (forged("HS512", "HS512"), FORGED),
    "hs256 in small letters": (forged("hs256"), FORGED),
    "HS384 signed by HS256": (forged("HS384"), FORGED),
    "HS256 signed by HS512": (forged("HS256", "HS512"), FORGED),
    "RS256 signed by the secret": (forged("RS256"), FORGED),
    "ES256 signed by the secret": (forged("ES256"), FORGED),
    "EdDSA signed by the secret": (forged("EdDSA"), FORGED),
    "a header of its own keys": (
        lambda caller, *_: (
            f"Bearer {sign(claims(caller.id), OTHER_KEY, jwk={'kty': 'oct', 'k': OTHER_KEY})}"
        ),
        FORGED,
    ),
    # the key
    "another key": (lambda caller, *_: f"Bearer {sign(claims(caller.id), OTHER_KEY)}", FORGED),
    "an empty key": (lambda caller, *_: f"Bearer {sign(claims(caller.id), '')}", FORGED),
    "the session's key": (
        lambda caller, _, other: f"Bearer {sign(claims(caller.id), other)}",
        FORGED,
    ),
    "the key in capitals": (
        lambda caller, key, _: f"Bearer {sign(claims(caller.id), key.upper())}",
        FORGED,
    ),
    # the time
    "expired an hour ago": (claimed(exp=hours(-1)), EXPIRED),
    "expired in 1970": (claimed(exp=0), EXPIRED),
    "expired before that": (claimed(exp=-1), EXPIRED),
    "to be used in an hour": (claimed(nbf=hours(1)), EARLY),
    "issued in an hour": (claimed(iat=hours(1)), EARLY),
    "never expires": (claimed(exp=ABSENT), TYPE),
    "expires at null": (claimed(exp=None), MALFORMED),
    "expires at a word": (claimed(exp="tomorrow"), MALFORMED),
    "expires at a list": (claimed(exp=[hours(1)]), MALFORMED),
    "not before a word": (claimed(nbf="today"), MALFORMED),
    # whose it is
    "no subject": (claimed(sub=ABSENT), INVALID),
    "subject null": (claimed(sub=None), INVALID),
    "subject a number": (
        lambda caller, key, _: f"Bearer {sign(claims(caller.id, sub=caller.id), key)}",
        INVALID,
    ),
    "subject a list": (claimed(sub=["1"]), INVALID),
    **{
        f"subject {subject[:24]!r}": (claimed(sub=subject), GONE)
        for subject in (
            "",
            "0",
            "-1",
            "1 ",
            " 1",
            "+1",
            "1.0",
            "1_0",
            "0x1",
            "1\n",
            "1\0",
            "\u0661",
            "\u00b2",
            "alice@example.com",
            "1 OR 1=1",
            "999999999",
            str(2**63 - 1),
            str(2**63),
            "9999999999999999999",
            str(2**64 + 1),
            "9" * 5000,
        )
    },
    # what it is for
    "to refresh": (claimed(type="refresh"), TYPE),
    "of another type": (claimed(type="reset"), TYPE),
    "of a type in capitals": (claimed(type="ACCESS"), TYPE),
    "of type null": (claimed(type=None), TYPE),
    "of type list": (claimed(type=["access"]), TYPE),
    "of no type": (claimed(type=ABSENT), TYPE),
    # who gave it
    "of another issuer": (claimed(iss="elsewhere"), FOREIGN),
    "of an issuer in capitals": (claimed(iss="TASKAPP"), FOREIGN),
    "of issuer null": (claimed(iss=None), FOREIGN),
    "of several issuers": (claimed(iss=["taskapp", "elsewhere"]), FOREIGN),
    "of no issuer": (claimed(iss=ABSENT), INVALID),
}


def bearer(client: FlaskClient, header: str) -> Any:
    return client.get("/api/auth/me", headers={"Authorization": header})


@pytest.mark.parametrize(("make", "code"), BAD.values(), ids=BAD.keys())
def test_a_bad_token_is_refused_and_told_why(
    app: Flask, alice: Caller, make: Header, code: str
) -> None:
    header = make(alice, app.config["JWT_SECRET_KEY"], app.config["SECRET_KEY"])
    response = bearer(alice.client, header)

    problem = assert_problem(response, 401, code)
    challenge = response.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="taskapp"')
    # A caller that sent nothing is not told of an error (RFC 6750, section 3.1).
    assert ('error="invalid_token"' in challenge) == (code != "token_missing")
    assert len(response.text) < 1000
    assert problem["instance"] == "/api/auth/me"


def test_no_header_at_all_is_a_missing_token(client: FlaskClient) -> None:
    response = client.get("/api/auth/me")
    assert_problem(response, 401, "token_missing")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="taskapp"'


def test_the_token_that_the_table_alters_is_good(app: Flask, alice: Caller) -> None:
    header = claimed()(alice, app.config["JWT_SECRET_KEY"], "")
    assert bearer(alice.client, header).status_code == 200


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "bEaReR"])
def test_the_scheme_is_read_in_any_case(alice: Caller, scheme: str) -> None:
    """RFC 9110, section 11.1; a client may well send the token_type that login answers."""
    assert bearer(alice.client, f"{scheme} {alice.token}").status_code == 200


@pytest.mark.parametrize("where", ["?jwt={}", "?access_token={}", "?token={}"])
def test_a_token_in_the_address_is_not_read(alice: Caller, where: str) -> None:
    response = alice.client.get("/api/auth/me" + where.format(alice.token))
    assert_problem(response, 401, "token_missing")


def test_a_token_in_a_cookie_is_not_read(app: Flask, alice: Caller) -> None:
    client = app.test_client()
    client.set_cookie("access_token_cookie", alice.token)
    assert_problem(client.get("/api/auth/me"), 401, "token_missing")


def test_the_refusal_does_not_repeat_the_token(alice: Caller) -> None:
    response = bearer(alice.client, f"Bearer {alice.token}x")
    assert alice.token[:20] not in response.text + str(response.headers)


def test_a_token_says_what_its_setting_says(variant: Variant) -> None:
    app = variant(ACCESS_TOKEN_SECONDS=777, JWT_ISSUER="house of tasks")
    client = app.test_client()
    make_caller(client, "ada@example.com")
    before = int(time.time())
    body = {"email": "ada@example.com", "password": PASSWORD}
    answer = client.post("/api/auth/login", json=body).json
    after = int(time.time())

    assert answer is not None
    head, content, _ = answer["access_token"].split(".")
    assert decode(head) == {"alg": "HS256", "typ": "JWT"}
    held = decode(content)
    assert answer["expires_in"] == 777
    assert before + 777 <= held["exp"] <= after + 777
    assert held["exp"] - held["iat"] == 777
    assert held["nbf"] == held["iat"]
    assert held["sub"] == str(answer["user"]["id"])
    assert held["type"] == "access"
    assert held["iss"] == "house of tasks"
    assert "@" not in re.sub("house of tasks", "", str(held))


def test_each_token_is_another(alice: Caller) -> None:
    body = {"email": alice.email, "password": PASSWORD}
    tokens = set()
    for _ in range(3):
        answer = alice.client.post("/api/auth/login", json=body).json
        assert answer is not None
        tokens.add(answer["access_token"])
    assert len(tokens) == 3


def test_a_token_of_another_installation_is_forged(variant: Variant, alice: Caller) -> None:
    response = bearer(variant().test_client(), f"Bearer {alice.token}")
    assert_problem(response, 401, "token_forged")


def test_a_token_ends_when_its_account_is_closed_and_is_good_when_it_opens(
    app: Flask, alice: Caller
) -> None:
    assert alice.get("/tasks").status_code == 200
    store(app, alice.email, is_active=False)
    for refused in (alice.get("/auth/me"), alice.get("/tasks"), alice.post("/tasks", {})):
        assert_problem(refused, 401, "account_unavailable")
    store(app, alice.email, is_active=True)
    assert alice.get("/tasks").status_code == 200


def test_a_token_ends_when_its_account_is_deleted(app: Flask, alice: Caller) -> None:
    assert alice.get("/tasks").status_code == 200
    with app.app_context(), transaction() as session:
        session.execute(delete(User).where(User.id == alice.id))
    assert_problem(alice.get("/auth/me"), 401, "account_unavailable")
    assert_problem(alice.get("/tasks"), 401, "account_unavailable")


def test_the_id_of_a_deleted_account_is_not_given_again(app: Flask, alice: Caller) -> None:
    with app.app_context(), transaction() as session:
        session.execute(delete(User))
    successor = make_caller(alice.client, alice.email)
    assert successor.id != alice.id
    assert_problem(alice.get("/auth/me"), 401, "account_unavailable")
    assert_problem(alice.get(f"/{successor.id}/tasks"), 401, "account_unavailable")


def test_a_token_opens_nothing_for_a_request_of_any_method(client: FlaskClient) -> None:
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        response = client.open("/api/1/tasks/1", method=method)
        assert response.status_code in (401, 405)
        assert response.status_code == 405 or response.headers["WWW-Authenticate"]


def test_a_token_stays_good_while_its_account_changes(app: Flask, alice: Caller) -> None:
    with app.app_context(), transaction() as session:
        session.execute(
            update(User).where(User.id == alice.id).values(email="alice.smith@example.com")
        )
    answer = alice.get("/auth/me").json
    assert answer is not None
    assert answer["email"] == "alice.smith@example.com"


# ---------------------------------------------------------------- the very next request

# Each of them asks in a statement of its own whether the caller may act, and not at the door.
ASKING_THEMSELVES: list[tuple[str, str, Any]] = [
    ("GET", "/tasks", None),
    ("GET", "/tasks?limit=nonsense", None),
    ("GET", "/tasks?q=x", None),
    ("POST", "/tasks", {"title": "x"}),
    ("POST", "/tasks", {"title": ""}),
    ("GET", "/tasks/{id}", None),
    ("GET", "/tasks/0", None),
    ("PUT", "/tasks/{id}", {"title": "x"}),
    ("PATCH", "/tasks/{id}", {"title": "x"}),
    ("PATCH", "/tasks/0", {"title": "x"}),
    ("PATCH", "/tasks/{id}/complete", {"completed": True}),
    ("POST", "/tasks/{id}/move", {}),
    ("DELETE", "/tasks/{id}", None),
]


def test_these_are_all_that_ask_themselves(app: Flask) -> None:
    marked = {name for name, view in app.view_functions.items() if hasattr(view, "asks_itself")}
    assert marked == {
        *("tasks.list_tasks", "tasks.create_task", "tasks.show_task", "tasks.put_task"),
        *("tasks.patch_task", "tasks.complete_task", "tasks.move_task", "tasks.delete_task"),
    }


CHANGES: dict[str, dict[str, Any]] = {
    "account_unavailable": {"is_active": False},
    "token_revoked": {"credentials_changed_at": datetime(2099, 1, 1, tzinfo=UTC)},
}


@pytest.mark.parametrize("request_", ASKING_THEMSELVES)
@pytest.mark.parametrize("code", CHANGES)
def test_whoever_may_no_longer_act_is_refused_at_once_and_changes_nothing(
    app: Flask, alice: Caller, request_: tuple[str, str, Any], code: str
) -> None:
    task = alice.add_task("as it was")
    method, path, body = request_
    with app.app_context(), transaction() as session:
        session.execute(update(User).where(User.id == alice.id).values(CHANGES[code]))
    assert_problem(alice.call(method, path.format(id=task["id"]), json=body), 401, code)
    back = {"is_active": True, "credentials_changed_at": None}
    with app.app_context(), transaction() as session:
        session.execute(update(User).where(User.id == alice.id).values(back))
    assert alice.get("/tasks").json == [task]


@pytest.mark.parametrize("key", [None, "one"])
def test_an_answer_that_is_kept_is_not_told_to_whoever_may_no_longer_act(
    app: Flask, alice: Caller, key: str | None
) -> None:
    sent = {"Idempotency-Key": key} if key else {}
    assert alice.post("/tasks", {"title": "x"}, headers=sent).status_code == 201
    with app.app_context(), transaction() as session:
        session.execute(update(User).where(User.id == alice.id).values(is_active=False))
    answer = alice.post("/tasks", {"title": "x"}, headers=sent)
    assert_problem(answer, 401, "account_unavailable")


def test_a_token_that_is_remembered_expires_all_the_same(
    app: Flask, alice: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert alice.get("/tasks").status_code == 200
    later = time.time() + app.config["ACCESS_TOKEN_SECONDS"] + 100
    monkeypatch.setattr(time, "time", lambda: later)
    assert_problem(alice.get("/tasks"), 401, "token_expired")
