"""The schema changes while servers of the former release and of this one are at work."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock

import psycopg
import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select, text

from taskapp.db import db, fetch, migration_state
from taskapp.models import Task

from ..callers import PASSWORD
from ..conftest import NewApp, environment
from ..servers.postgres import Postgres, postgres_server
from ..servers.web import INHERITED, ROOT, serve
from ..test_upgrades import REVISIONS, add_as_before, complete_as_before, fill
from .conftest import Figures
from .load import PATIENCE, Load, Reply, ask, load


@pytest.fixture
def database() -> Iterator[Postgres]:
    """A server of PostgreSQL that nobody else needs."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def former(database: Postgres, new_app: NewApp) -> Iterator[Flask]:
    """An application on the schema of the first release, with a few thousand tasks."""
    app = new_app(database.url)
    with app.app_context():
        upgrade(revision=REVISIONS[0])
        fill()
        yield app


@contextmanager
def migrating(env: dict[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """`flask db upgrade`, as a host runs it; what it says is in `log`."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    command = [sys.executable, "-m", "flask", "db", "upgrade"]
    with log.open("wb") as output:
        host = subprocess.Popen(
            command, cwd=ROOT, env=inherited | env, stdout=output, stderr=output
        )
    try:
        yield host
    finally:
        host.kill()
        host.wait()


class FormerRelease:
    """What servers of the first release go on doing, in the columns that they know."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = Lock()
        self.written: list[int] = []

    def write(self, _client: int) -> Reply:
        """Add a task and complete it."""
        began = time.monotonic()
        try:
            with self._app.app_context(), db.engine.begin() as connection:
                task = add_as_before(connection, "meanwhile")
                complete_as_before(connection, task)
        except Exception as error:  # whatever it is, it is counted
            return Reply(type(error).__name__, began, time.monotonic() - began)
        with self._lock:
            self.written.append(task)
        return Reply("stored", began, time.monotonic() - began)


def until_said(log: Path, words: str) -> None:
    """Wait until a host has said so."""
    deadline = time.monotonic() + PATIENCE
    while words not in log.read_text():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{words!r} was never said")
        time.sleep(0.02)


def test_two_hosts_migrate_at_once_behind_somebody_who_reads_for_long(
    database: Postgres, former: Flask, tmp_path: Path, figures: Figures
) -> None:
    env, release = environment(database.url, tmp_path), FormerRelease(former)
    logs = [tmp_path / "first", tmp_path / "second"]
    with ExitStack() as stack:
        seen: Load = stack.enter_context(load(release.write, 4))
        with psycopg.connect(database.url) as reader:
            reader.execute("SELECT count(*) FROM task")
            hosts = [stack.enter_context(migrating(env, logs[0]))]
            until_said(logs[0], "Others are in the way")
            hosts.append(stack.enter_context(migrating(env, logs[1])))
            until_said(logs[1], "Another host migrates this database")
            began = time.monotonic()
            seen.wait_for("stored", began)
            assert [host.poll() for host in hosts] == [None, None]
        released = time.monotonic()
        assert [host.wait(PATIENCE) for host in hosts] == [0, 0]
        took = time.monotonic() - released
        seen.wait_for("stored", time.monotonic())
    assert "Another host" not in logs[0].read_text()
    assert migration_state() == "current"
    kept = fetch(select(Task.id).where(Task.title == "meanwhile").order_by(Task.id))
    figures(
        "two hosts migrate at once, behind a transaction that reads for long",
        seen,
        both_done=f"{took:.2f} s after that one ended",
    )
    assert seen.kinds.keys() == {"stored"}
    assert [row.id for row in kept] == sorted(release.written)
    # No longer than a migration waits for a lock, and then works itself.
    assert seen.longest < 5


def test_the_former_release_goes_on_while_this_one_migrates_and_serves(
    database: Postgres, former: Flask, tmp_path: Path, figures: Figures
) -> None:
    env, release = environment(database.url, tmp_path), FormerRelease(former)
    with load(release.write, 4) as seen:
        seen.wait_for("stored", 0)
        with migrating(env, tmp_path / "log") as host:
            assert host.wait(PATIENCE) == 0, (tmp_path / "log").read_text()
        with serve(env) as url:
            body = {"email": "u1@example.com", "password": PASSWORD}
            login = ask(f"{url}/api/auth/login", "POST", body).body
            headers = {"Authorization": f"Bearer {login['access_token']}"}
            tasks = f"{url}/api/1/tasks"
            with load(lambda _: ask(tasks, "POST", {"title": "new"}, headers), 4) as ours:
                seen.wait_for("stored", ours.wait_for("201", 0))
                ours.wait_for("201", time.monotonic() + 2)
            listed = ask(f"{tasks}?limit=500&sort=-created_at", headers=headers).body
    figures(
        "servers of the first release write during and after the upgrade",
        seen,
        this_release=", ".join(f"{n} x {kind}" for kind, n in ours.kinds.items()),
    )
    assert seen.kinds.keys() == {"stored"}
    assert ours.kinds.keys() == {"201"}
    assert {"new", "meanwhile"} <= {each["title"] for each in listed}
    with db.engine.connect() as connection:
        count = text("SELECT count(*) FROM task WHERE title = 'meanwhile' AND completed")
        assert connection.scalar(count) == len(release.written)
    assert seen.longest < 5
