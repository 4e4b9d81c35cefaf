"""taskapp/engine.py: how connections are made and kept, and how long anything may take."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from flask import Flask
from flask_migrate import upgrade
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import create_engine, event, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from taskapp import engine as rules
from taskapp.db import db, fetch, migration_state, reader, transaction
from taskapp.engine import WRITE, engine_options, prepare, sqlalchemy_url, within
from taskapp.models import Task
from taskapp.statements import Kept, send

from .callers import assert_problem, make_caller
from .conftest import NewApp, NewDatabase
from .servers.cutting import Fate, Wire, wire

only_postgresql = pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)


@pytest.fixture
def line(postgres_url: str) -> Iterator[Wire]:
    """A wire to the server."""
    with wire(postgres_url) as made:
        yield made


@pytest.fixture
def blank(new_database: NewDatabase, new_app: NewApp) -> Iterator[Flask]:
    """An application on a database of its own, and its context."""
    app = new_app(new_database(), DATABASE_STATEMENT_SECONDS=1, DATABASE_LOCK_SECONDS=1)
    with app.app_context():
        upgrade()
        yield app


@pytest.fixture
def direct(blank: Flask, postgres_url: str, new_app: NewApp) -> Flask:
    """The same with nothing between it and the server, whatever the tests have put there."""
    path = f"/{db.engine.url.database}"
    return new_app(urlsplit(postgres_url)._replace(path=path).geturl())


@pytest.fixture
def far(blank: Flask, line: Wire, new_app: NewApp) -> Flask:
    """The same at the near end of a wire."""
    url = line.url(str(db.engine.url.database))
    return new_app(url, DATABASE_STATEMENT_SECONDS=1, DATABASE_LOCK_SECONDS=1)


def options(url: str) -> dict[str, Any]:
    """What an engine for that URL is told."""
    return engine_options(sqlalchemy_url(url, Path()), pool_size=4, pool_seconds=3)


# ---------------------------------------------------------------- connecting


def test_the_pool_has_a_connection_for_each_thread_unless_told(
    new_database: NewDatabase, new_app: NewApp
) -> None:
    for wish, size in (({"WEB_THREADS": 5}, 5), ({"WEB_THREADS": 5, "DATABASE_POOL_SIZE": 2}, 2)):
        with new_app(new_database(), **wish).app_context():
            pool = db.engine.pool
            assert isinstance(pool, QueuePool)
            assert (pool.size(), pool._max_overflow) == (size, 0)


def test_what_the_url_says_of_tls_and_time_reaches_the_driver_as_it_is() -> None:
    said = {
        "sslmode": "verify-full",
        "sslrootcert": "/ca.pem",
        "channel_binding": "require",
        "options": "endpoint=ep-cool-name",
        "connect_timeout": "9",
    }
    query = "&".join(f"{name}={value}" for name, value in said.items())
    url = f"postgres://ada:pw@db.example.com/tasks?{query}"
    engine = create_engine(sqlalchemy_url(url, Path()), **options(url))
    given: dict[str, Any] = {}

    @event.listens_for(engine, "do_connect")
    def note(_dialect: object, _record: object, _args: object, kwargs: dict[str, Any]) -> None:
        given.update(kwargs)
        raise psycopg.OperationalError

    with pytest.raises(OperationalError):
        engine.connect()
    assert {name: given[name] for name in said} == said
    assert given["prepare_threshold"] is None


@only_postgresql
def test_tls_that_is_wanted_and_not_had_is_no_connection(
    new_database: NewDatabase, line: Wire
) -> None:
    name = str(conninfo_to_dict(new_database())["dbname"])
    url = line.url(name, sslmode="require")
    engine = create_engine(sqlalchemy_url(url, Path()), **options(url))
    prepare(engine, statement_seconds=1, lock_seconds=1)
    with pytest.raises(OperationalError, match="SSL"):
        engine.connect()


def test_a_server_that_never_lets_in_is_given_up(
    monkeypatch: pytest.MonkeyPatch, new_app: NewApp, line: Wire
) -> None:
    monkeypatch.setitem(rules.LIBPQ, "connect_timeout", 2)  # the least that libpq knows
    line.fate = lambda _: Fate.SILENCE
    with new_app(line.url("tasks")).app_context(), pytest.raises(OperationalError) as given_up:
        fetch(select(Task.id))
    assert isinstance(given_up.value.orig, TimeoutError)
    assert len(line.sent) == 1


# ---------------------------------------------------------------- limits


@only_postgresql
def test_each_transaction_brings_its_limits_along_and_leaves_none_behind(blank: Flask) -> None:
    def limits() -> tuple[str, ...]:
        session = db.session.execute(
            text("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
        )
        return tuple(session.one())

    with transaction():
        assert limits() == ("1s", "1s")
    with within(7), transaction():
        assert limits() == ("7s", "1s")
    with within(0), transaction():
        assert limits() == ("0", "1s")
    with db.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        assert connection.scalar(text("SHOW statement_timeout")) == "0"
    with db.engine.execution_options(isolation_level="REPEATABLE READ").begin() as connection:
        assert connection.scalar(text("SHOW transaction_isolation")) == "repeatable read"
        assert connection.scalar(text("SHOW statement_timeout")) == "1s"
    with transaction():
        assert limits() == ("1s", "1s")


def get_going() -> None:
    """Connect, and send a statement as often as it takes until it is prepared."""
    for _ in range(rules.PREPARE_AFTER + 1):
        fetch(select(Task.id))


@only_postgresql
def test_a_transaction_costs_no_round_trip_more_than_its_statements_begin_and_commit(
    far: Flask, line: Wire
) -> None:
    with far.app_context():
        get_going()
        line.sent.clear()
        with transaction() as session:
            session.execute(select(Task.id))
        assert len(line.sent) == 3
        line.sent.clear()
        fetch(select(Task.id))
        assert len(line.sent) == 1


@only_postgresql
def test_a_statement_that_takes_too_long_is_a_503_and_is_not_tried_again(
    blank: Flask, new_app: NewApp
) -> None:
    alice = make_caller(blank.test_client(), "alice@example.com")
    with db.engine.begin() as connection:
        connection.execute(text(SLOW))
    response = alice.post("/tasks", {"title": "slow"})
    assert_problem(response, 503, "database_busy")
    assert int(response.headers["Retry-After"]) > 0
    with db.engine.begin() as connection:
        assert connection.scalar(text("SELECT last_value FROM tries")) == 1
        connection.execute(text("DROP TRIGGER sleep ON task"))
    assert alice.get("/tasks").json == []


SLOW = """
CREATE SEQUENCE tries;
CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM nextval('tries'); PERFORM pg_sleep(60); RETURN NEW; END $$;
CREATE TRIGGER sleep BEFORE INSERT ON task FOR EACH ROW EXECUTE FUNCTION sleep();
"""


@only_postgresql
def test_who_waits_too_long_for_a_lock_is_told_503(blank: Flask) -> None:
    alice = make_caller(blank.test_client(), "alice@example.com")
    with db.engine.begin() as other:
        other.execute(text("LOCK TABLE task IN SHARE MODE"))
        response = alice.post("/tasks", {"title": "waits"})
    assert_problem(response, 503, "database_busy")
    assert alice.post("/tasks", {"title": "waits no more"}).status_code == 201


@only_postgresql
@pytest.mark.parametrize("what", [b"INSERT INTO task", b"COMMIT", b"FROM task"])
def test_a_server_that_falls_silent_is_given_up_at_once_and_for_good(
    monkeypatch: pytest.MonkeyPatch, far: Flask, line: Wire, what: bytes
) -> None:
    monkeypatch.setattr(rules, "MARGIN_SECONDS", 0)
    alice = make_caller(far.test_client(), "alice@example.com")
    fallen: list[bytes] = []

    def fall_silent(data: bytes) -> Fate:
        if what in data:
            fallen.append(data)
            return Fate.SILENCE
        return Fate.ARRIVES

    def ask() -> Any:
        return alice.get("/tasks") if what == b"FROM task" else alice.post("/tasks", {"title": "x"})

    line.fate = fall_silent
    assert_problem(ask(), 503, "database_unavailable")
    assert len(fallen) == 1
    line.fate = lambda _: Fate.ARRIVES
    assert ask().status_code in (200, 201)


@only_postgresql
def test_what_is_given_up_does_not_run_on_in_the_server(blank: Flask) -> None:
    running = text("SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)'")
    with pytest.raises(OperationalError, match="no answer within 3 seconds"):
        fetch(text("SELECT pg_sleep(600)"))  # type: ignore[arg-type] # a query all the same
    with db.engine.connect() as connection:
        assert any(not connection.scalar(running) for _ in range(5000))


# ---------------------------------------------------------------- connections at rest


@only_postgresql
def test_a_connection_that_was_ended_at_rest_is_not_lent(blank: Flask, postgres_url: str) -> None:
    end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
    with db.engine.connect() as first, db.engine.connect() as second:
        assert first.scalar(text("SELECT 1")) == second.scalar(text("SELECT 1")) == 1
    with psycopg.connect(postgres_url, autocommit=True) as server:
        assert server.execute(end, [db.engine.url.database]).rowcount >= 1
    # Not through fetch(), which would try again.
    with db.engine.connect() as first, db.engine.connect() as second:
        assert first.scalar(text("SELECT 1")) == second.scalar(text("SELECT 1")) == 1


@only_postgresql
def test_a_connection_that_has_rested_is_asked_and_replaced_when_it_is_silent(
    monkeypatch: pytest.MonkeyPatch, far: Flask, line: Wire
) -> None:
    with far.app_context():
        get_going()
        line.sent.clear()
        fetch(select(Task.id))
        assert len(line.sent) == 1
        monkeypatch.setattr(rules, "REST_SECONDS", -1)
        line.sent.clear()
        fetch(select(Task.id))
        assert len(line.sent) == 2
        monkeypatch.setattr(rules, "PING_SECONDS", 0.2)
        asked = line.sent[0]
        line.fate = lambda data: Fate.SILENCE if data == asked else Fate.ARRIVES
        assert fetch(select(Task.id)) == []


# ---------------------------------------------------------------- the schema


def test_it_is_known_how_the_schema_stands_to_the_code(
    new_database: NewDatabase, new_app: NewApp
) -> None:
    with new_app(new_database()).app_context():
        assert migration_state() == "behind"
        upgrade(revision="+1")
        assert migration_state() == "behind"
        upgrade()
        assert migration_state() == "current"
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = 'of_tomorrow'"))
        assert migration_state() == "ahead"


# ---------------------------------------------------------------- kept statements


@only_postgresql
def test_a_kept_statement_gives_up_a_connection_that_has_died(
    direct: Flask, postgres_url: str
) -> None:
    everything, end = Kept(select(Task.id)), "SELECT pg_terminate_backend(%s)"
    with direct.app_context():
        with reader().connect() as connection:
            pid = connection.scalar(text("SELECT pg_backend_pid()"))
            with psycopg.connect(postgres_url, autocommit=True) as server:
                server.execute(end, [pid])
            with pytest.raises(OperationalError) as lost:
                send(connection, everything, {})
            assert lost.value.connection_invalidated
        assert fetch(everything) == []


def is_prepared() -> bool:
    """Whether the server keeps statements of the connection that is lent next."""
    with reader().connect() as connection:
        count = connection.scalar(text("SELECT count(*) FROM pg_prepared_statements"))
        return bool(count)


@only_postgresql
def test_a_statement_that_is_sent_again_is_planned_once(direct: Flask) -> None:
    with direct.app_context():
        fetch(select(Task.id))
        assert not is_prepared()
        get_going()
        assert is_prepared()


@only_postgresql
def test_behind_a_pooler_nothing_is_prepared(
    monkeypatch: pytest.MonkeyPatch, direct: Flask
) -> None:
    # A pooler tells a process id of its own making.
    monkeypatch.setattr(psycopg.ConnectionInfo, "backend_pid", 1)
    with direct.app_context():
        db.engine.dispose()
        get_going()
        assert not is_prepared()


# ---------------------------------------------------------------- SQLite


def test_writers_of_one_process_come_in_turn_however_short_sqlite_would_wait(
    tmp_path: Path,
) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'turns.db'}", connect_args={"timeout": 0})
    prepare(engine, statement_seconds=1, lock_seconds=1)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE done (number INTEGER)"))

    def write(number: int) -> None:
        with engine.connect().execution_options(**WRITE) as connection, connection.begin():
            connection.execute(text("INSERT INTO done VALUES (:number)"), {"number": number})

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(200)))
    with engine.connect() as connection:
        assert sorted(connection.scalars(text("SELECT number FROM done"))) == list(range(200))
    engine.dispose()


def test_a_writer_that_fails_gives_its_turn_to_the_next(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'turns.db'}")
    prepare(engine, statement_seconds=1, lock_seconds=1)
    for _ in range(2):
        with (
            pytest.raises(OperationalError),
            engine.connect().execution_options(**WRITE) as connection,
            connection.begin(),
        ):
            connection.execute(text("INSERT INTO missing VALUES (1)"))
    turns = []
    with engine.connect().execution_options(**WRITE) as connection, connection.begin():
        turns.append(connection.info["has_turn"])
    assert turns == [True]
    engine.dispose()
