"""What is written to the log, and what never is."""

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from taskapp.middleware import JsonFormatter
from taskapp.openapi import public

from .callers import PASSWORD, Caller, assert_problem, come_in
from .conftest import NewApp, NewDatabase

Log = Callable[[], list[dict[str, Any]]]
ANY_ID = re.compile("[0-9a-f]{32}")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the handler of the application writes, instead of to the terminal."""
    logger = logging.getLogger("taskapp")
    handler = next(each for each in logger.handlers if isinstance(each.formatter, JsonFormatter))
    assert isinstance(handler, logging.StreamHandler)
    stream, level, terminal = io.StringIO(), logger.level, handler.stream
    handler.setStream(stream)
    yield stream
    handler.setStream(terminal)
    logger.setLevel(level)


@pytest.fixture
def log(written: io.StringIO) -> Log:
    """The lines written since it was last asked."""

    def lines() -> list[dict[str, Any]]:
        text = written.getvalue()
        written.seek(0)
        written.truncate()
        return [json.loads(line) for line in text.splitlines()]

    return lines


@pytest.fixture
def failing(app: Flask, new_app: NewApp) -> Flask:
    """An application with two addresses that fail in a way that nobody foresaw."""
    broken = new_app(app.config["DATABASE_URL"])

    def fail() -> str:
        raise RuntimeError("the fuse has blown")

    broken.add_url_rule("/api/fuse", "api_fuse", public(fail))
    broken.add_url_rule("/fuse", "fuse", fail)
    return broken


def test_each_request_is_one_line(alice: Caller, log: Log) -> None:
    task = alice.add_task()
    log()
    before = datetime.now(UTC)

    response = alice.get(f"/tasks/{task['id']}")

    (line,) = log()
    assert line["message"] == "request"
    assert line["level"] == "INFO"
    assert line["logger"] == "taskapp"
    assert line["request_id"] == response.headers["X-Request-ID"]
    assert line["user_id"] == alice.id
    assert line["method"] == "GET"
    assert line["route"].startswith("/api/<")
    assert line["path"] == f"/api/{alice.id}/tasks/{task['id']}"
    assert line["status"] == 200
    assert line["duration_ms"] >= 0
    when = datetime.fromisoformat(line["time"])
    assert timedelta(seconds=-1) < when - before < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/auth/me", 401),
        ("GET", "/api/nowhere", 404),
        ("GET", "/nowhere", 404),
        ("DELETE", "/api/auth/login", 405),
        ("POST", "/api/auth/login", 415),
        ("GET", "/api/openapi.json", 200),
        ("OPTIONS", "/api/auth/me", 200),
    ],
)
def test_requests_of_nobody_are_logged_as_well(
    client: FlaskClient, log: Log, method: str, path: str, status: int
) -> None:
    response = client.open(path, method=method)
    assert response.status_code == status
    (line,) = log()
    assert (line["method"], line["path"], line["status"]) == (method, path, status)
    assert line["user_id"] is None
    assert line["request_id"] == response.headers["X-Request-ID"]
    assert line["route"] == (None if status in (404, 405) else path)


def test_a_refused_token_names_no_user(alice: Caller, log: Log) -> None:
    log()
    alice.get("/auth/me", headers={"Authorization": f"Bearer {alice.token}x"})
    (line,) = log()
    assert (line["status"], line["user_id"]) == (401, None)


def test_one_request_does_not_inherit_from_another(alice: Caller, log: Log) -> None:
    log()
    alice.get("/auth/me")
    alice.client.get("/api/auth/me")
    first, second = log()
    assert (first["user_id"], second["user_id"]) == (alice.id, None)
    assert first["request_id"] != second["request_id"]


def test_nothing_that_people_keep_to_themselves_is_logged(
    client: FlaskClient, written: io.StringIO
) -> None:
    caller = come_in(client, "ada@example.com")
    for password in (PASSWORD, "a wrong guess"):
        body = {"email": caller.email, "password": password}
        client.post("/api/auth/signup?secret=in-the-query", json=body)
        client.post("/api/auth/login?secret=in-the-query", json=body)
    caller.add_task("A private matter", description="of the heart")
    caller.get("/tasks?cursor=in-the-query&sort=in-the-query")
    caller.get("/auth/me?token=in-the-query")
    client.post("/api/auth/login", data=f'{{"password": "{PASSWORD}"', content_type="text/json")
    client.post("/api/auth/login", data=f'{{"password": "{PASSWORD}"', mimetype="application/json")

    text = written.getvalue()
    assert len(text.splitlines()) == 11
    for private in (
        PASSWORD,
        "a wrong guess",
        caller.token.split(".")[2],
        "ada@example",
        "in-the-query",
        "private matter",
        "of the heart",
        "Bearer",
        "$bcrypt",
    ):
        assert private not in text


def test_a_failing_database_does_not_spill_what_was_sent_to_it(
    app: Flask, new_app: NewApp, new_database: NewDatabase, written: io.StringIO
) -> None:
    client = new_app(new_database()).test_client()  # without its tables
    body = {"email": "ada@example.com", "password": PASSWORD}
    response = client.post("/api/auth/signup", json=body)

    assert response.status_code >= 500
    assert "ada@example" not in response.text
    text = written.getvalue()
    assert "Traceback" in text
    assert "INSERT INTO" in text
    assert PASSWORD not in text
    assert "$bcrypt" not in text
    assert "ada@example" not in text


@pytest.mark.parametrize(
    "path", ["/api/%0A%7B%22level%22%3A%22forged%22%7D", "/api/%E2%80%A8", "/api/%22%5C", "/%FF"]
)
def test_no_address_makes_a_second_line(client: FlaskClient, log: Log, path: str) -> None:
    client.get(path)
    (line,) = log()
    assert (line["level"], line["status"]) == ("INFO", 404)


def test_an_unexpected_failure_is_traced_in_the_log_and_not_in_the_answer(
    failing: Flask, log: Log
) -> None:
    response = failing.test_client().get("/api/fuse")

    problem = assert_problem(response, 500, "internal_error")
    for inner in ("Traceback", "RuntimeError", "fuse has blown", ".py"):
        assert inner not in response.text
    trace, request = log()
    assert trace["level"] == "ERROR"
    assert trace["message"] == "unexpected error"
    assert trace["request_id"] == request["request_id"] == problem["request_id"]
    assert trace["exception"].startswith("Traceback")
    assert trace["exception"].endswith("RuntimeError: the fuse has blown")
    assert "test_logging.py" in trace["exception"]
    assert (request["status"], request["route"]) == (500, "/api/fuse")


def test_in_debug_mode_the_debugger_is_given_what_failed(
    app: Flask, new_app: NewApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    debugged = new_app(app.config["DATABASE_URL"])
    debugged.add_url_rule("/fail", view_func=public(lambda: str(1 / 0)))
    with pytest.raises(ZeroDivisionError):
        debugged.test_client().get("/fail")


def test_an_unexpected_failure_of_a_page_is_a_page(failing: Flask, log: Log) -> None:
    response = failing.test_client().get("/fuse")
    assert response.status_code == 500
    assert response.mimetype == "text/html"
    for inner in ("Traceback", "RuntimeError", "fuse has blown"):
        assert inner not in response.text
    trace, request = log()
    assert trace["request_id"] == request["request_id"] == response.headers["X-Request-ID"]
    assert "the fuse has blown" in trace["exception"]


def test_after_a_failure_the_next_request_is_served(failing: Flask, log: Log) -> None:
    client = failing.test_client()
    client.get("/api/fuse")
    assert_problem(client.get("/api/auth/me"), 401, "token_missing")
    assert [line["status"] for line in log() if "status" in line] == [500, 401]


def test_the_level_is_a_setting(app: Flask, new_app: NewApp, log: Log) -> None:
    client = new_app(app.config["DATABASE_URL"], LOG_LEVEL="WARNING").test_client()
    client.get("/api/auth/me")
    assert log() == []


def test_a_request_id_from_nobody_trusted_is_not_kept(client: FlaskClient, log: Log) -> None:
    response = client.get("/api/auth/me", headers={"X-Request-ID": "0123456789abcdef"})
    assert ANY_ID.fullmatch(response.headers["X-Request-ID"])
    (line,) = log()
    assert line["request_id"] == response.headers["X-Request-ID"]


@pytest.fixture
def proxied(app: Flask, new_app: NewApp) -> FlaskClient:
    """A client whose requests come through a proxy that is trusted."""
    return new_app(app.config["DATABASE_URL"], TRUSTED_PROXIES=1).test_client()


@pytest.mark.parametrize("given", ["01234567", "a" * 64, "4b1f-0A.z_9", "." * 8])
def test_a_request_id_from_a_trusted_proxy_is_kept(
    proxied: FlaskClient, log: Log, given: str
) -> None:
    response = proxied.get("/api/auth/me", headers={"X-Request-ID": given})
    assert response.headers["X-Request-ID"] == given
    assert_problem(response, 401, "token_missing")
    (line,) = log()
    assert line["request_id"] == given


@pytest.mark.parametrize(
    "given",
    ["", "0123456", "a" * 65, "two words", "01234567,89", '01234567"', "01234567\\n", "à" * 8],
)
def test_an_odd_request_id_is_not_kept_from_anybody(proxied: FlaskClient, given: str) -> None:
    response = proxied.get("/api/auth/me", headers={"X-Request-ID": given})
    assert ANY_ID.fullmatch(response.headers["X-Request-ID"])
    assert_problem(response, 401, "token_missing")


def test_every_request_has_an_id_of_its_own(client: FlaskClient) -> None:
    ids = {client.get("/api/auth/me").headers["X-Request-ID"] for _ in range(50)}
    assert len(ids) == 50
