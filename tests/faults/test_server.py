"""The server killed, stopped and reloaded while people work; and clients that are slow."""

import http.client
import os
import random
import secrets
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import local
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from flask_migrate import upgrade
from psycopg.sql import SQL, Identifier

from ..callers import PASSWORD
from ..conftest import NewApp, environment
from ..servers.web import WebServer, serving
from .conftest import Figures
from .load import Reply, ask, load

KILLS = 100
RELOADS = 3
HALVES = 200
REFUSED = "ConnectionRefusedError"
# What a client sees whose server dies under it.
CUT_OFF = {"RemoteDisconnected", "ConnectionResetError", "IncompleteRead", "BrokenPipeError"}

SLOW_APP = '''\
"""The application, and one address that waits for the database for a second."""

from sqlalchemy import text

from taskapp.db import reader
from taskapp.openapi import public
from wsgi import app


@app.get("/slow")
@public
def slow():
    with reader().connect() as connection:
        connection.execute(text("SELECT pg_sleep(1)"))
    return "slept"
'''


@pytest.fixture
def url(postgres_url: str, new_app: NewApp) -> Iterator[str]:
    """A database with today's schema."""
    name = Identifier(f"faults_{secrets.token_hex(4)}")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(name))
        made = urlsplit(postgres_url)._replace(path=f"/{name.as_string(None).strip(chr(34))}")
        with new_app(made.geturl()).app_context():
            upgrade()
        yield made.geturl()
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture
def served(url: str, tmp_path: Path) -> Callable[..., Any]:
    """Starts the application with settings of the caller's, and with /slow."""
    (tmp_path / "slow.py").write_text(SLOW_APP)

    @contextmanager
    def start(**settings: object) -> Iterator[WebServer]:
        env = environment(url, tmp_path) | {k: str(v) for k, v in settings.items()}
        with serving(env, arguments=["--pythonpath", str(tmp_path), "slow:app"]) as server:
            yield server

    return start


@dataclass(frozen=True)
class Person:
    """Somebody with an account."""

    tasks: str
    headers: dict[str, str]


def sign_up(server: WebServer) -> Person:
    """Somebody new."""
    body = {"email": "ada@example.com", "password": PASSWORD}
    assert ask(f"{server.url}/api/auth/signup", "POST", body).kind == "201"
    login = ask(f"{server.url}/api/auth/login", "POST", body).body
    token, tasks = login["access_token"], f"{server.url}/api/{login['user']['id']}/tasks"
    return Person(tasks, {"Authorization": f"Bearer {token}"})


class KeptAlive(ExitStack):
    """Clients that ask over the connections that they have, as long as the server keeps them."""

    def __init__(self) -> None:
        """Begin without a connection; each thread has one of its own."""
        super().__init__()
        self._local = local()

    def ask(self, url: str, headers: dict[str, str]) -> Reply:
        """One request; what goes wrong on a connection that was kept is told apart."""
        parts, began = urlsplit(url), time.monotonic()
        if not hasattr(self._local, "connection"):
            made = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
            self._local.connection = self.enter_context(closing(made))
        connection = self._local.connection
        was_kept = connection.sock is not None
        try:
            connection.request("GET", parts.path, headers=headers)
            response = connection.getresponse()
            response.read()
            kind = str(response.status)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            kind = f"{type(error).__name__}{' on a kept connection' if was_kept else ''}"
        return Reply(kind, began, time.monotonic() - began)


def test_a_worker_killed_a_hundred_times_loses_nothing_that_was_acknowledged(
    served: Callable[..., Any], url: str, figures: Figures
) -> None:
    numbers, chance = count(), random.Random(1)
    with served(WEB_WORKERS=2) as server:
        ada = sign_up(server)

        def write(_client: int) -> Reply:
            title = f"task {next(numbers)}"
            return ask(ada.tasks, "POST", {"title": title}, ada.headers)

        with load(write, clients=4) as seen:
            for _ in range(KILLS):
                os.kill(chance.choice(server.workers), signal.SIGKILL)
                seen.wait_for("201", since=time.monotonic())
        assert ask(f"{server.url}/readyz").kind == "200"

    acknowledged = [each.body["title"] for each in seen.replies if each.kind == "201"]
    with psycopg.connect(url) as connection:
        stored = Counter(row[0] for row in connection.execute("SELECT title FROM task"))
    failed = len(seen.replies) - len(acknowledged)
    unheard = len(stored) - len(acknowledged)
    figures(
        f"a worker killed (SIGKILL) {KILLS} times under writes",
        seen,
        acknowledged_and_stored_once=len(acknowledged),
        failed_and_stored_all_the_same=unheard,
    )
    assert {stored[title] for title in acknowledged} == {1}
    assert set(stored.values()) == {1}
    assert 0 <= unheard <= failed
    assert seen.kinds.keys() <= {"201"} | CUT_OFF
    assert len(acknowledged) > KILLS


def test_a_server_that_is_stopped_answers_all_that_it_has_accepted(
    served: Callable[..., Any], figures: Figures
) -> None:
    with served(WEB_WORKERS=2) as server, KeptAlive() as kept:
        ada = sign_up(server)

        def read(client: int) -> Reply:
            if client < 4:
                reply = ask(ada.tasks, headers=ada.headers)
            elif client < 8:
                reply = kept.ask(ada.tasks, ada.headers)
            else:
                reply = ask(f"{server.url}/slow")
            if reply.kind == REFUSED:
                time.sleep(0.05)  # who is turned away comes again, but not in a frenzy
            return reply

        with load(read, clients=12) as seen:
            seen.wait_for("200", since=time.monotonic())
            until_running = time.monotonic() + 1.5
            seen.wait_for("200", since=until_running)
            stopped = time.monotonic()
            assert server.stop() == 0
            took = time.monotonic() - stopped
        assert not any("Traceback" in str(line) for line in server.lines)
    figures(
        "SIGTERM under load",
        seen,
        answered_after_it=sum(e.kind == "200" and e.ended > stopped for e in seen.replies),
        stopped_in=f"{took:.1f} s",
    )
    before = Counter(each.kind for each in seen.replies if each.began < stopped)
    assert set(before) == {"200"}
    assert set(seen.kinds) == {"200", REFUSED}


def test_a_reload_replaces_the_workers_and_refuses_nobody(
    served: Callable[..., Any], figures: Figures
) -> None:
    with served(WEB_WORKERS=2) as server, KeptAlive() as kept:
        ada = sign_up(server)

        def read(client: int) -> Reply:
            if client < 3:
                return ask(ada.tasks, headers=ada.headers)
            return kept.ask(ada.tasks, ada.headers) if client < 6 else ask(f"{server.url}/slow")

        with load(read, clients=8) as seen:
            for _ in range(RELOADS):
                old = set(server.workers)
                server.reload()
                deadline = time.monotonic() + 30
                while old & set(server.workers) or len(server.workers) != 2:
                    assert time.monotonic() < deadline
                    seen.wait_for("200", since=time.monotonic())
        assert not any("Traceback" in str(line) for line in server.lines)
    figures(f"SIGHUP {RELOADS} times under load", seen)
    assert set(seen.kinds) == {"200"}


def half_of(kind: int) -> bytes:
    """The beginning of a request, of one of several kinds."""
    head = b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    return (
        b"GET /heal",
        head + b"Content-Length: 100\r\n\r\n{",
        head + b"Content-Length: 1000000\r\n\r\n" + b"x" * 900_000,
        head + b"Transfer-Encoding: chunked\r\n\r\nf0000\r\n" + b"x" * 500_000,
    )[kind % 4]


def test_two_hundred_half_sent_requests_stop_nobody_and_take_bounded_memory(
    served: Callable[..., Any], figures: Figures
) -> None:
    with served(WEB_WORKERS=2, WEB_SLOW_SECONDS=4) as server, ExitStack() as open_ones:
        ada, address = sign_up(server), urlsplit(server.url)
        with load(lambda _: ask(ada.tasks, headers=ada.headers), clients=4) as before:
            begun = time.monotonic()
            before.wait_for("200", since=begun + 1)
        memory, begun = server.memory(), time.monotonic()

        def begin(number: int) -> socket.socket:
            where = (str(address.hostname), int(address.port or 0))
            connection = open_ones.enter_context(socket.create_connection(where, timeout=30))
            connection.sendall(half_of(number))
            return connection

        with load(lambda _: ask(ada.tasks, headers=ada.headers), clients=4) as seen:
            halves = [begin(number) for number in range(HALVES)]
            largest = server.memory()
            small = [each for number, each in enumerate(halves) if number % 4 < 2]
            ends = Counter(each.recv(12) for each in small)
            largest = max(largest, server.memory())
        assert ask(ada.tasks, headers=ada.headers).kind == "200"
    figures(
        f"{HALVES} half-sent requests",
        seen,
        longest_wait_without=f"{before.longest:.2f} s",
        memory_of_2_workers=f"{memory >> 20} MiB before, {largest >> 20} MiB at most",
        small_ones_ended_as=", ".join(f"{n} x {each.decode()}" for each, n in ends.items()),
    )
    assert set(seen.kinds) == {"200"}
    assert ends == {b"HTTP/1.1 408": HALVES // 2}
    assert largest - memory < 2 * 160 * 2**20


def test_sixty_four_threads_wait_for_the_database_at_once(
    served: Callable[..., Any], figures: Figures
) -> None:
    settings = {"WEB_WORKERS": 1, "WEB_THREADS": 64, "DATABASE_POOL_SIZE": 64}
    with served(**settings) as server, ThreadPoolExecutor(64) as pool:
        began = time.monotonic()
        replies = list(pool.map(lambda _: ask(f"{server.url}/slow"), range(64)))
        took = time.monotonic() - began
    figures("64 queries of a second on one worker of 64 threads", all_done_in=f"{took:.2f} s")
    assert {each.kind for each in replies} == {"200"}
    assert took < 16  # one after another they would take 64


def test_many_who_log_in_at_once_leave_threads_to_others(
    served: Callable[..., Any], figures: Figures
) -> None:
    settings = {"WEB_WORKERS": 1, "BCRYPT_ROUNDS": 12, "LOGIN_LIMIT_PER_CLIENT": "9999 per hour"}
    with served(**settings) as server:
        ada = sign_up(server)
        login = {"email": "ada@example.com", "password": PASSWORD}

        def log_in(_client: int) -> Reply:
            reply = ask(f"{server.url}/api/auth/login", "POST", login)
            if reply.kind == "503":
                time.sleep(1)  # what Retry-After asks for
            return reply

        with (
            load(log_in, clients=16) as logins,
            load(lambda _: ask(ada.tasks, headers=ada.headers), clients=2) as others,
        ):
            others.wait_for("200", since=time.monotonic() + 4)
    figures("16 log in again and again: the others", others, logins=dict(logins.kinds))
    assert set(others.kinds) == {"200"}
    assert logins.kinds["200"]
    assert set(logins.kinds) <= {"200", "503"}
