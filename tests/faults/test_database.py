"""The database goes away in every way that it can, while people read and write."""

import itertools
import os
import secrets
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from flask_migrate import upgrade

from ..callers import PASSWORD
from ..conftest import NewApp, environment
from ..servers.postgres import FAST, IMMEDIATE, Postgres, children, postgres_server
from ..servers.web import serve
from .conftest import Figures
from .load import HUNG, Load, Reply, ask, load

OpenSite = Callable[..., AbstractContextManager["Site"]]

CLIENTS = 12
# Seconds in which it serves again, once the database does.
RECOVERY = 2


@dataclass
class Site:
    """A server under load, somebody's tasks in it, and the database that is about to fail."""

    database: Postgres
    url: str
    path: str
    token: str
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def visit(self, _client: int) -> Reply:
        """Two of three write a task of a title of its own; the third reads the newest."""
        number = next(self._numbers)
        if number % 3:
            return self.ask("POST", "/tasks", {"title": f"{number}"})
        return self.ask("GET", "/tasks?limit=1")

    def ask(self, method: str, path: str, body: object = None) -> Reply:
        """One request about those tasks."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return ask(f"{self.url}{self.path}{path}", method, body, headers)

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """Ask the database itself."""
        with psycopg.connect(self.database.url, autocommit=True) as connection:
            return list(connection.execute(sql))

    def assert_kept(self, seen: Load) -> None:
        """Whatever was acknowledged is there, and nothing is there twice."""
        stored = Counter(str(row[0]) for row in self.query("SELECT title FROM task"))
        acknowledged = {each.body["title"] for each in seen.since(0) if each.kind == "201"}
        assert acknowledged
        assert acknowledged <= stored.keys()
        assert set(stored.values()) == {1}


def workers() -> list[int]:
    """The server's processes."""
    masters = [
        each
        for each in children(os.getpid())
        if b"gunicorn" in Path(f"/proc/{each}/cmdline").read_bytes()
    ]
    return sorted(each for master in masters for each in children(master))


@pytest.fixture
def database() -> Iterator[Postgres]:
    """A server of PostgreSQL that nobody else needs."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def open_site(database: Postgres, new_app: NewApp, tmp_path: Path) -> OpenSite:
    """Serves the application with these settings on that database."""

    @contextmanager
    def begin(**more: str) -> Iterator[Site]:
        with new_app(database.url).app_context():
            upgrade()
        env = environment(database.url, tmp_path) | {"WEB_WORKERS": "2", "LOG_LEVEL": "ERROR"}
        with serve(env | more) as url:
            body = {"email": f"{secrets.token_hex(4)}@example.com", "password": PASSWORD}
            assert ask(f"{url}/api/auth/signup", "POST", body).kind == "201"
            login = ask(f"{url}/api/auth/login", "POST", body).body
            yield Site(database, url, f"/api/{login['user']['id']}", login["access_token"])

    return begin


@pytest.fixture
def site(open_site: OpenSite) -> Iterator[Site]:
    """The same with the settings that ship."""
    with open_site() as site:
        yield site


def test_every_session_ended_again_and_again(site: Site, figures: Figures) -> None:
    before, ended = workers(), 0
    with load(site.visit, CLIENTS) as seen:
        seen.wait_for("201", 0)
        end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        until = time.monotonic() + 5
        while time.monotonic() < until:
            ended += len(site.query(f"{end} AND backend_type = 'client backend'"))
            time.sleep(0.05)
        over = time.monotonic()
        recovery = seen.wait_for("201", over) - over
    site.assert_kept(seen)
    figures(
        "every database session ended, each 50 ms for 5 s",
        seen,
        sessions_ended=ended,
        recovery=f"{recovery:.2f} s",
    )
    assert ended > 100
    assert seen.kinds.keys() <= {"200", "201", "503"}
    assert seen.longest < 5
    assert recovery < RECOVERY
    assert workers() == before


@pytest.mark.parametrize("how", [FAST, IMMEDIATE], ids=["fast", "immediate"])
def test_postgresql_restarted(site: Site, figures: Figures, how: signal.Signals) -> None:
    before = workers()
    with load(site.visit, CLIENTS) as seen:
        seen.wait_for("201", 0)
        began = time.monotonic()
        site.database.stop(how)
        seen.wait_for("503", began)
        time.sleep(1)
        site.database.start()
        accepting = time.monotonic()
        recovery = seen.wait_for("201", accepting) - accepting
        time.sleep(1)
    site.assert_kept(seen)
    figures(
        f"PostgreSQL restarted ({'fast' if how == FAST else 'immediate'})",
        seen,
        away=f"{accepting - began:.2f} s",
        recovery=f"{recovery:.2f} s",
    )
    assert seen.kinds.keys() <= {"200", "201", "503"}
    assert all(each.kind != "503" for each in seen.since(accepting + RECOVERY))
    assert seen.longest < 5
    assert recovery < RECOVERY
    assert workers() == before


def test_postgresql_paused(site: Site, figures: Figures) -> None:
    before = workers()
    with load(site.visit, CLIENTS) as seen:
        seen.wait_for("201", 0)
        with site.database.paused():
            paused = time.monotonic()
            seen.wait_for("503", paused)
            readiness = ask(f"{site.url}/readyz")
            liveness = ask(f"{site.url}/healthz")
            time.sleep(max(0, paused + 20 - time.monotonic()))
        resumed = time.monotonic()
        recovery = seen.wait_for("201", resumed) - resumed
        ready = ask(f"{site.url}/readyz")
    site.assert_kept(seen)
    figures(
        "PostgreSQL paused for 20 s (SIGSTOP)",
        seen,
        recovery=f"{recovery:.2f} s",
        readyz=f"{readiness.kind} in {readiness.seconds:.2f} s",
    )
    assert seen.kinds.keys() <= {"200", "201", "503"}
    # The 15 s that a statement has, and 2 more; before them a wait for the pool or a connection.
    assert seen.longest < 25
    assert recovery < RECOVERY
    assert workers() == before
    assert (readiness.kind, liveness.kind, ready.kind) == ("503", "200", "200")


def test_a_pool_of_which_every_connection_is_in_use(open_site: OpenSite, figures: Figures) -> None:
    bounds = {"DATABASE_POOL_SIZE": "2", "DATABASE_POOL_SECONDS": "1", "WEB_WORKERS": "1"}
    with open_site(**bounds) as site, load(site.visit, 8) as seen:
        seen.wait_for("201", 0)
        with psycopg.connect(site.database.url) as other:
            other.execute("LOCK TABLE task IN SHARE MODE")
            locked = time.monotonic()
            seen.wait_for("503", locked)
            time.sleep(7)
        released = time.monotonic()
        recovery = seen.wait_for("201", released) - released
        site.assert_kept(seen)
    refused = [each for each in seen.since(0) if each.kind == "503"]
    quick = [each.seconds for each in refused if each.seconds < 2]
    figures(
        "every connection of the pool in use for 7 s",
        seen,
        refused_within_2_s=f"{len(quick)} of {len(refused)}",
        recovery=f"{recovery:.2f} s",
    )
    assert seen.kinds.keys() <= {"200", "201", "503"}
    assert {each.body["code"] for each in refused} == {"database_busy"}
    # Most have waited for the pool; some had a connection, and have waited for 5 s for a lock:
    # for the table's, or before that for the owner's row, which another had.
    assert len(quick) > len(refused) / 2
    assert seen.longest < 12
    assert recovery < RECOVERY
    assert seen.kinds[HUNG] == 0
