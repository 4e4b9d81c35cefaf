"""More than 2,000 malformed requests to the server that ships: each gets a whole, quiet answer.

The application answers whatever gunicorn can read as HTTP. What it cannot read, gunicorn refuses
by itself, with a bare page; `UNREADABLE` is the list of it.
"""

import http.client
import json
import random
import socket
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask_migrate import upgrade

from .callers import PASSWORD
from .conftest import NewApp, NewDatabase, environment
from .malformations import HEADERS, MEDIA_TYPES, METHODS, PATHS, QUERIES, bodies
from .servers.web import serve

SEED = 20261122
LEAST = 2000
TEN_MEGABYTES = 10_000_000

Headers = list[tuple[str, str]]


@dataclass
class Site:
    """A running server, its log, and somebody's account with one task."""

    host: str
    port: int
    log: Path
    token: str = ""
    user_id: int = 0
    task_id: int = 0

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host, self.port, timeout=30)


@dataclass
class Request:
    """What is sent; a body without a Content-Length among the headers gets one."""

    method: str
    target: str
    headers: Headers
    body: bytes = b""
    chunked: bool = False


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


@pytest.fixture(scope="module")
def site(
    new_database: NewDatabase, new_app: NewApp, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """gunicorn with the configuration that ships, on a database of its own."""
    folder = tmp_path_factory.mktemp("site")
    url = new_database()
    with new_app(url).app_context():
        upgrade()
    env = environment(url, folder) | {
        # Thousands of wrong passwords from one address are what is to be sent.
        "LOGIN_LIMIT_PER_CLIENT": "100000 per hour",
        "LOGIN_LIMIT_PER_ADDRESS": "100000 per hour",
        "GUNICORN_CMD_ARGS": f"--error-logfile {folder / 'log'} --capture-output",
    }
    with serve(env) as base:
        address = urlsplit(base)
        site = Site(address.hostname or "", address.port or 0, folder / "log")
        _settle(site)
        yield site


@pytest.fixture(autouse=True)
def log(site: Site) -> Iterator[None]:
    """No test leaves a trace in the server's log."""
    before = site.log.stat().st_size
    yield
    written = site.log.read_bytes()[before:].decode()
    assert "Traceback" not in written
    assert '"CRITICAL"' not in written


def _settle(site: Site) -> None:
    """Sign somebody up, log them in, and give them a task."""
    account = {"email": "alice@example.com", "password": PASSWORD}
    assert _send_json(site, "POST", "/api/auth/signup", account).status == 201
    login = json.loads(_send_json(site, "POST", "/api/auth/login", account).body)
    site.token, site.user_id = login["access_token"], login["user"]["id"]
    created = _send_json(site, "POST", f"/api/{site.user_id}/tasks", {"title": "Survive"})
    site.task_id = json.loads(created.body)["id"]


def _send_json(site: Site, method: str, target: str, body: Any) -> Answer:
    headers = [("Content-Type", "application/json"), *_bearer(site)]
    connection = site.connect()
    try:
        return _send(connection, Request(method, target, headers, json.dumps(body).encode()))
    finally:
        connection.close()


def _bearer(site: Site) -> Headers:
    return [("Authorization", f"Bearer {site.token}")] if site.token else []


def _send(connection: http.client.HTTPConnection, sent: Request) -> Answer:
    connection.putrequest(sent.method, sent.target, skip_accept_encoding=True)
    for name, value in sent.headers:
        connection.putheader(name, value.encode("latin-1"))
    if sent.chunked:
        connection.putheader("Transfer-Encoding", "chunked")
    elif sent.body and "Content-Length" not in dict(sent.headers):
        connection.putheader("Content-Length", str(len(sent.body)))
    connection.endheaders(sent.body or None, encode_chunked=sent.chunked)
    response = connection.getresponse()
    return Answer(response.status, response.headers, response.read())


# What is sent ------------------------------------------------------------------------------------


def _routes(site: Site) -> list[tuple[str, str]]:
    mine, task = f"/api/{site.user_id}/tasks", f"/api/{site.user_id}/tasks/{site.task_id}"
    return [
        ("POST", "/api/auth/signup"),
        ("POST", "/api/auth/login"),
        ("GET", "/api/auth/me"),
        ("GET", mine),
        ("POST", mine),
        ("GET", task),
        ("PUT", task),
        ("PATCH", task),
        ("PATCH", f"{task}/complete"),
        ("DELETE", f"{mine}/999999999"),
        ("GET", "/api/openapi.json"),
        ("GET", "/api/nothing/here"),
    ]


def _requests(site: Site) -> list[Request]:
    """All of them, in an order that mixes them; the same in every run."""
    plain = random.Random(SEED)
    routes = _routes(site)
    json_type = ("Content-Type", "application/json")
    writers = [route for route in routes if route[0] in ("POST", "PUT", "PATCH")]

    def caller() -> Headers:
        return plain.choice([_bearer(site), _bearer(site), _bearer(site), []])

    made = [
        Request(*route, [json_type, *_bearer(site)], body, chunked=plain.random() < 0.2)
        for body in bodies()
        for route in plain.sample(writers, 4)
    ]
    good = b'{"title": "x"}'
    made += [
        Request(*route, [("Content-Type", kind), *caller()], good)
        for kind, route in product(MEDIA_TYPES, writers)
    ]
    made += [Request(*route, _bearer(site), good) for route in writers]
    made += [
        Request(method, target, [json_type, *caller()], plain.choice([b"", b"", good]))
        for method, (_, target) in product(METHODS, routes)
        if (method, target) != ("DELETE", routes[5][1])  # which is no mistake, and would be done
    ]
    made += [
        Request(
            *plain.choice(routes), [header, *(caller() if header[0] != "Authorization" else [])]
        )
        for header in HEADERS
        for _ in range(3)
    ]
    made += [
        Request("PATCH", routes[7][1], [header, json_type, *_bearer(site)], b"{}")
        for header in HEADERS
        if header[0] in ("If-Match", "Content-Encoding", "Accept")
    ]
    made += [
        Request("GET", f"{target}?{query}", caller())
        for query in QUERIES
        for target in (routes[3][1], routes[5][1], "/api/auth/me")
    ]
    made += [
        Request(method, path.replace("{me}", str(site.user_id)), [json_type, *caller()])
        for path, method in product(PATHS, ("GET", "PATCH", "DELETE"))
    ]
    plain.shuffle(made)
    return made


# How it is judged --------------------------------------------------------------------------------


def _fault(sent: Request, answer: Answer) -> str:
    """What is wrong with an answer; empty when nothing is."""
    if answer.status >= 500:
        return "a server error"
    if not answer.headers.get("X-Request-ID"):
        return "no X-Request-ID"
    if b"Traceback" in answer.body or b'File "/' in answer.body:
        return "a trace"
    if answer.status < 400 or sent.method == "HEAD":
        return "HTML" if answer.body.lstrip().startswith(b"<!doctype") else ""
    return "" if _is_whole_problem(answer) else "no whole problem document"


def _is_whole_problem(answer: Answer) -> bool:
    if answer.headers["Content-Type"] != "application/problem+json":
        return False
    try:
        problem = json.loads(answer.body)
    except ValueError:
        return False
    return (
        all(problem.get(name) for name in ("type", "title", "detail", "instance", "code"))
        and problem["status"] == answer.status
        and problem["request_id"] == answer.headers["X-Request-ID"]
    )


def _tell(sent: Request, fault: str, answer: Answer) -> str:
    headers = [f"{name}: {value[:60]!r}" for name, value in sent.headers if name != "Authorization"]
    return (
        f"{fault}: {sent.method[:20]} {sent.target[:80]} {headers} {sent.body[:80]!r} "
        f"-> {answer.status} {answer.body[:200]!r}"
    )


def test_every_malformed_request_gets_a_whole_answer_and_no_server_error(site: Site) -> None:
    requests, statuses, faults = _requests(site), Counter[int](), []
    assert len(requests) >= LEAST
    connection = site.connect()
    try:
        for sent in requests:
            try:
                answer = _send(connection, sent)
            except (http.client.HTTPException, OSError) as error:
                connection.close()
                faults.append(f"no answer ({error!r}): {sent.method} {sent.target[:80]}")
                continue
            statuses[answer.status] += 1
            if fault := _fault(sent, answer):
                faults.append(_tell(sent, fault, answer))
    finally:
        connection.close()
    assert faults == []
    assert statuses.keys() >= {400, 401, 403, 404, 405, 412, 415, 422}
    _assert_well(site)


def _assert_well(site: Site) -> None:
    """The server serves as before."""
    created = _send_json(site, "POST", f"/api/{site.user_id}/tasks", {"title": "After all"})
    assert created.status == 201
    assert _send_json(site, "GET", f"/api/{site.user_id}/tasks/{site.task_id}", None).status == 200


# What http.client is too polite to send -----------------------------------------------------------


def _send_raw(site: Site, sent: bytes) -> Answer:
    """Send bytes as they are, then nothing more, and read one answer."""
    with socket.create_connection((site.host, site.port), timeout=30) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        response = http.client.HTTPResponse(connection)
        response.begin()
        return Answer(response.status, response.headers, response.read())


def _raw_post(site: Site, rest: str, target: str = "/tasks") -> bytes:
    return (
        f"POST /api/{site.user_id}{target} HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {site.token}\r\nContent-Type: application/json\r\n{rest}"
    ).encode("latin-1")


RAW_REQUESTS = {
    "no Host": "GET /api/auth/me HTTP/1.1\r\n\r\n",
    "HTTP/1.0": "GET /api/auth/me HTTP/1.0\r\n\r\n",
    "a Host that is none": "GET /api/auth/me HTTP/1.1\r\nHost: <a b>\xe4/@:x\r\n\r\n",
    "an absolute target": "GET http://elsewhere/api/auth/me HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a blank line first": "\r\nGET /api/auth/me HTTP/1.1\r\nHost: x\r\n\r\n",
    "a fragment": "GET /api/auth/me#x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "two slashes": "GET //api/auth/me HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a body for GET": "GET /api/auth/me HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n{{{",
    "half a body for GET": "GET /api/auth/me HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{",
}
RAW_POSTS = {
    "no body": "Content-Length: 0\r\n\r\n",
    "an announced body that never comes": "Content-Length: 50\r\n\r\n",
    "half a body": 'Content-Length: 50\r\n\r\n{"title": "x',
    "less than was announced, though whole": 'Content-Length: 50\r\n\r\n{"title": "x"}',
    "a Content-Length of 20 digits": "Content-Length: 99999999999999999999\r\n\r\n{}",
    "an empty chunked body": "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk without a size": "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "a chunk of negative size": "Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n",
    "a chunk of unbearable size": "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n{}",
    "a chunk without an end": "Transfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n",
    "chunks that stop": "Transfer-Encoding: chunked\r\n\r\n5\r\n{}",
    "chunks without a last one": 'Transfer-Encoding: chunked\r\n\r\ne\r\n{"title": "x"}\r\n',
    "an extension of a chunk": "Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\n\r\n",
    "a compressed body": "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", [*RAW_REQUESTS, *RAW_POSTS])
def test_what_is_barely_http_gets_a_problem_document(site: Site, name: str) -> None:
    raw = RAW_REQUESTS.get(name, "").encode("latin-1") or _raw_post(site, RAW_POSTS[name])
    answer = _send_raw(site, raw)
    assert 400 <= answer.status < 500, answer.body
    assert _is_whole_problem(answer), answer.body


UNREADABLE = {
    "no request line": "\0\1\2\r\n\r\n",
    "a TLS handshake": "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n",
    "no version": "GET /api/auth/me\r\n\r\n",
    "a version to come": "GET /api/auth/me HTTP/9.9\r\nHost: x\r\n\r\n",
    "HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "two blank lines first": "\r\n\r\nGET /api/auth/me HTTP/1.1\r\nHost: x\r\n\r\n",
    "line feeds alone": "GET /api/auth/me HTTP/1.1\nHost: x\n\n",
    "no target": "GET  HTTP/1.1\r\nHost: x\r\n\r\n",
    "a target without a slash": "GET api/auth/me HTTP/1.1\r\nHost: x\r\n\r\n",
    "a space in the target": "GET /api/a b HTTP/1.1\r\nHost: x\r\n\r\n",
    "a raw NUL in the target": "GET /api/\0 HTTP/1.1\r\nHost: x\r\n\r\n",
    "raw UTF-8 in the target": "GET /api/\xc3\xbc HTTP/1.1\r\nHost: x\r\n\r\n",
    "a target of 5,000 bytes": f"GET /api/{'a' * 5000} HTTP/1.1\r\nHost: x\r\n\r\n",
    "a method that is no token": "G(T /api/auth/me HTTP/1.1\r\nHost: x\r\n\r\n",
    "two Hosts": "GET /api/auth/me HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "a header without a colon": "GET /api/auth/me HTTP/1.1\r\nHost: x\r\nnothing\r\n\r\n",
    "a header without a name": "GET /api/auth/me HTTP/1.1\r\nHost: x\r\n: a\r\n\r\n",
    "a space in a header's name": "GET /api/auth/me HTTP/1.1\r\nHost: x\r\nX : a\r\n\r\n",
    "a folded header": "GET /api/auth/me HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
    "a NUL in a header": "GET /api/auth/me HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
    "a header of 9,000 bytes": f"GET /api/auth/me HTTP/1.1\r\nHost: x\r\nX: {'a' * 9000}\r\n\r\n",
    "101 headers": "GET /api/auth/me HTTP/1.1\r\nHost: x\r\n" + "X: a\r\n" * 101 + "\r\n",
    "an expectation": "GET /api/auth/me HTTP/1.1\r\nHost: x\r\nExpect: x\r\n\r\n",
    "a negative Content-Length": "POST /api/auth/login HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "a Content-Length in words": "POST /api/auth/login HTTP/1.1\r\nContent-Length: two\r\n\r\n{}",
    "two Content-Lengths": "POST /api/auth/login HTTP/1.1\r\nContent-Length: 2\r\n"
    "Content-Length: 3\r\n\r\n{}",
    "a length and chunks": "POST /api/auth/login HTTP/1.1\r\nContent-Length: 2\r\n"
    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks twice": "POST /api/auth/login HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_http_is_refused_and_the_connection_closed(site: Site, name: str) -> None:
    answer = _send_raw(site, UNREADABLE[name].encode("latin-1"))
    assert 400 <= answer.status < 500
    assert answer.headers["Connection"] == "close"
    assert _is_whole_problem(answer), answer.body
    assert "Server" not in answer.headers or "/" not in answer.headers["Server"]


def test_an_unknown_transfer_coding_is_the_only_thing_not_implemented(site: Site) -> None:
    """RFC 9112, 6.1, wants 501 for it."""
    answer = _send_raw(site, _raw_post(site, "Transfer-Encoding: x\r\n\r\n"))
    assert (answer.status, answer.headers["Connection"]) == (501, "close")
    assert _is_whole_problem(answer), answer.body


@pytest.mark.parametrize(
    "header",
    ["SCRIPT_NAME: /x", "PATH_INFO: /x", "X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: off"],
)
def test_a_client_cannot_pose_as_a_proxy(site: Site, header: str) -> None:
    request = f"GET /api/auth/me HTTP/1.1\r\nHost: localhost\r\n{header}\r\n\r\n"
    answer = _send_raw(site, request.encode())
    assert answer.status == 401
    assert _is_whole_problem(answer), answer.body


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("known", [False, True])
def test_ten_megabytes_are_refused(site: Site, chunked: bool, known: bool) -> None:
    body = b'{"title": "' + b"x" * TEN_MEGABYTES + b'"}'
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    token = f"Authorization: Bearer {site.token}\r\n" if known else ""
    target = f"/api/{site.user_id}/tasks" if known else "/api/auth/login"
    head = (
        f"POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"{token}{length}\r\n\r\n"
    )
    if chunked:
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    with socket.create_connection((site.host, site.port), timeout=30) as connection:
        connection.sendall(head.encode() + body[: 2**20 + 2**16])
        # The rest is kept back: a server that has refused need not take what is still to come.
        response = http.client.HTTPResponse(connection)
        response.begin()
        answer = Answer(response.status, response.headers, response.read())
    assert answer.status == 413
    assert _is_whole_problem(answer)
