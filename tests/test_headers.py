"""The headers that surround every kind of answer."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from .callers import Caller, assert_problem, make_caller
from .conftest import NewApp

ORIGIN = "https://app.example.com"


@pytest.fixture(scope="module")
def broken_app(new_app: NewApp, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An application whose database has no tables, so that it fails on its first query."""
    return new_app(f"sqlite:///{tmp_path_factory.mktemp('broken') / 'empty.db'}")


@pytest.fixture
def answers(
    alice: Caller, client: FlaskClient, broken_app: Flask
) -> Iterator[dict[str, TestResponse]]:
    """One answer of each kind."""
    task = alice.post("/tasks", {"title": "Write to Grace"})
    here, tag = task.headers["Location"].removeprefix("/api"), task.headers["ETag"]
    script = re.findall(r'src="([^"]+)"', client.get("/api/docs").text)
    account = {"email": "a@example.com", "password": "x" * 12}
    found = {
        "JSON": task,
        "a list": alice.get("/tasks"),
        "unchanged": alice.get(here, headers={"If-None-Match": tag}),
        "gone": alice.delete(here),
        "a problem": client.get("/api/auth/me"),
        "a wrong method": client.put("/api/auth/login"),
        "a body too large": alice.post("/tasks", {"title": "x" * 2_000_000}),
        "nothing there": client.get("/api/nothing"),
        "OPTIONS": client.options("/api/auth/login"),
        "HEAD": client.head("/api/openapi.json"),
        "a redirect": client.get("/favicon.ico"),
        "a page that is not there": client.get("/nothing"),
        "Swagger UI": client.get("/api/docs"),
        "ReDoc": client.get("/api/redoc"),
        "the document": client.get("/api/openapi.json"),
        "a vendored script": client.get(script[0]),
        "an own script": client.get("/api/docs/static/swagger.js"),
        "a style sheet": client.get(re.findall(r"/static/\S+css", client.get("/").text)[0]),
        "a failure": broken_app.test_client().post("/api/auth/login", json=account),
    }
    yield found
    for answer in found.values():
        answer.close()  # some are open files


def test_every_kind_of_answer_is_among_them(answers: dict[str, TestResponse]) -> None:
    found = {answer.status_code for answer in answers.values()}
    assert found >= {200, 201, 204, 302, 304, 401, 404, 405, 413}
    assert answers["a failure"].status_code in (500, 503)


def test_every_answer_carries_the_security_headers(answers: dict[str, TestResponse]) -> None:
    for kind, answer in answers.items():
        headers = answer.headers
        assert headers["X-Content-Type-Options"] == "nosniff", kind
        assert headers["Referrer-Policy"] == "same-origin", kind
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin", kind
        assert re.fullmatch("[0-9a-f]{32}", headers["X-Request-ID"]), kind
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, kind
        assert "frame-ancestors 'none'" in policy, kind
        assert "unsafe" not in policy, kind


def test_what_is_personal_is_stored_nowhere(alice: Caller, client: FlaskClient) -> None:
    account = {"email": alice.email, "password": "wrong"}
    task = alice.post("/tasks", {"title": "Write to Grace"})
    here = task.headers["Location"].removeprefix("/api")
    for answer in (
        task,
        alice.get("/tasks"),
        alice.get(here),
        alice.get(here, headers={"If-None-Match": task.headers["ETag"]}),
        alice.patch(f"{here}/complete"),
        alice.get("/auth/me"),
        client.post("/api/auth/login", json=account),
        client.get("/api/auth/me"),
        alice.get("/tasks/999"),
        alice.delete(here),
    ):
        assert answer.headers["Cache-Control"] == "no-store", answer.status


def test_what_is_everybodys_may_be_kept_and_its_age_is_asked(
    answers: dict[str, TestResponse],
) -> None:
    assert answers["the document"].headers["Cache-Control"] == "no-cache"
    vendored = answers["a vendored script"].headers["Cache-Control"]
    assert "public" in vendored
    assert "max-age=31536000" in vendored
    assert "max-age=31536000" in answers["a style sheet"].headers["Cache-Control"]
    for kind in ("an own script",):
        assert answers[kind].headers["Cache-Control"] == "no-cache", kind
        assert answers[kind].headers["ETag"], kind


def test_no_answer_tells_what_it_is_made_with(answers: dict[str, TestResponse]) -> None:
    for kind, answer in answers.items():
        assert "X-Powered-By" not in answer.headers, kind
        assert not re.search(r"\d", answer.headers.get("Server", "")), kind


def test_no_answer_sets_a_cookie(answers: dict[str, TestResponse]) -> None:
    assert [kind for kind, answer in answers.items() if "Set-Cookie" in answer.headers] == []


def test_a_login_that_is_sent_over_tls_stays_on_it(app: Flask, new_app: NewApp) -> None:
    client = new_app(app.config["DATABASE_URL"], TRUSTED_PROXIES=1).test_client()
    secure = client.get("/api/docs", headers={"X-Forwarded-Proto": "https"})
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"
    for headers in ({}, {"X-Forwarded-Proto": "http"}):
        assert "Strict-Transport-Security" not in client.get("/api/docs", headers=headers).headers


def test_nobody_but_a_trusted_proxy_says_that_it_is_tls(client: FlaskClient) -> None:
    answer = client.get("/api/docs", headers={"X-Forwarded-Proto": "https"})
    assert "Strict-Transport-Security" not in answer.headers


def test_a_trusted_proxy_names_the_request_and_nobody_else(
    app: Flask, new_app: NewApp, client: FlaskClient
) -> None:
    given = {"X-Request-ID": "from-the-proxy.1"}
    trusting = new_app(app.config["DATABASE_URL"], TRUSTED_PROXIES=1).test_client()
    assert trusting.get("/api/docs", headers=given).headers["X-Request-ID"] == "from-the-proxy.1"
    assert client.get("/api/docs", headers=given).headers["X-Request-ID"] != "from-the-proxy.1"
    odd = {"X-Request-ID": 'x" onload="alert(1)'}
    assert "onload" not in trusting.get("/api/docs", headers=odd).headers["X-Request-ID"]


def test_another_host_than_the_trusted_ones_is_refused(app: Flask, new_app: NewApp) -> None:
    hosts = ("tasks.example.com",)
    client = new_app(app.config["DATABASE_URL"], TRUSTED_HOSTS=hosts).test_client()
    here = client.get("/api/docs", base_url="https://tasks.example.com")
    assert here.status_code == 200
    for host in ("evil.example.com", "tasks.example.com.evil.com", "localhost"):
        refused = client.get("/api/auth/me", base_url=f"https://{host}")
        assert_problem(refused, 400, "bad_request")
        page = client.get("/", base_url=f"https://{host}")
        assert page.status_code == 400


def _preflight(client: FlaskClient, path: str, method: str, origin: str = ORIGIN) -> TestResponse:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization, content-type, if-match",
    }
    return client.options(path, headers=headers)


def _shares(answer: TestResponse) -> list[str]:
    return [name for name, _ in answer.headers if name.startswith("Access-Control-")]


@pytest.fixture
def open_client(app: Flask, new_app: NewApp) -> FlaskClient:
    """A client of an application that one origin's pages may call."""
    return new_app(app.config["DATABASE_URL"], CORS_ORIGINS=(ORIGIN,)).test_client()


def test_no_other_origin_is_let_in_unless_one_is_named(alice: Caller) -> None:
    answer = alice.get("/tasks", headers={"Origin": ORIGIN})
    assert answer.status_code == 200
    assert _shares(answer) == []
    assert _shares(_preflight(alice.client, "/api/auth/login", "POST")) == []
    assert _shares(_preflight(alice.client, f"/api/{alice.id}/tasks", "POST")) == []


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/api/auth/login", "POST"),
        ("/api/auth/me", "GET"),
        ("/api/1/tasks", "POST"),
        ("/api/1/tasks/1", "PATCH"),
        ("/api/1/tasks/1", "DELETE"),
    ],
)
def test_a_named_origin_may_ask_first(open_client: FlaskClient, path: str, method: str) -> None:
    answer = _preflight(open_client, path, method)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert method in answer.headers["Access-Control-Allow-Methods"]
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    assert all(name in allowed for name in ("authorization", "content-type", "if-match"))
    assert int(answer.headers["Access-Control-Max-Age"]) > 0
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_named_origin_may_call_and_read_what_it_needs(open_client: FlaskClient) -> None:
    carol = make_caller(open_client, "carol@example.com")
    answer = carol.post("/tasks", {"title": "From afar"}, headers={"Origin": ORIGIN})
    assert answer.status_code == 201
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Origin" in answer.headers["Vary"]
    exposed = set(answer.headers["Access-Control-Expose-Headers"].split(", "))
    assert exposed == {
        "X-Act-ID",
        "ETag",
        "Idempotent-Replayed",
        "Link",
        "Location",
        "Retry-After",
        "X-Request-ID",
    }
    refused: Any = carol.client.get("/api/auth/me", headers={"Origin": ORIGIN})
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, ORIGIN)


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example.com", "http://app.example.com", f"{ORIGIN}.evil.com", "null", "*"],
)
def test_another_origin_is_let_in_nowhere(open_client: FlaskClient, origin: str) -> None:
    assert (
        "Access-Control-Allow-Origin"
        not in _preflight(open_client, "/api/auth/login", "POST", origin).headers
    )
    answer = open_client.get("/api/auth/me", headers={"Origin": origin})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_pages_are_shared_with_no_origin(open_client: FlaskClient) -> None:
    assert _shares(open_client.get("/", headers={"Origin": ORIGIN})) == []
