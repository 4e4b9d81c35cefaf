"""taskapp/db.py: what is committed, what is read, and what is kept by the databases themselves."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import psycopg
import pytest
from flask import Flask, Response
from flask_migrate import upgrade
from sqlalchemy import Engine, event, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError, PendingRollbackError, StatementError
from sqlalchemy.pool import QueuePool

from taskapp.auth.identity import issue_token
from taskapp.db import db, fetch, now, transaction
from taskapp.domain.actors import Actor
from taskapp.models import Task, User
from taskapp.services import accounts, tasks

from .callers import PASSWORD, Caller, assert_problem
from .conftest import NewApp, NewDatabase
from .servers.processes import free_port

only_sqlite = pytest.mark.parametrize("new_database", ["sqlite"], indirect=True)
only_postgresql = pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)


@pytest.fixture
def ada(context: None) -> Actor:
    """Somebody with an account."""
    return Actor(accounts.sign_up("ada@example.com", PASSWORD, rounds=4).id)


def task_of(actor: Actor, title: str) -> Task:
    """A task that is not stored yet."""
    return Task(user_id=actor.id, title=title)


def stored_titles() -> list[str]:
    """What anybody else sees: read through a connection of its own."""
    with db.engine.connect() as connection:
        return list(connection.scalars(select(Task.title).order_by(Task.id)))


def connections_in_use() -> int:
    """How many are out of the pool."""
    assert isinstance(db.engine.pool, QueuePool)
    return db.engine.pool.checkedout()


# ---------------------------------------------------------------- transaction()


def test_a_transaction_is_committed_at_its_end_and_not_before(ada: Actor) -> None:
    with transaction() as session:
        session.add(task_of(ada, "one"))
        session.flush()
        assert stored_titles() == []
    assert stored_titles() == ["one"]
    assert connections_in_use() == 0


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_any_exception_rolls_all_back_and_the_next_transaction_works(
    ada: Actor, error: type[BaseException]
) -> None:
    def fail() -> None:
        with transaction() as session:
            session.add(task_of(ada, "lost"))
            session.flush()
            raise error

    with pytest.raises(error):
        fail()
    assert connections_in_use() == 0
    with transaction() as session:
        session.add(task_of(ada, "kept"))
    assert stored_titles() == ["kept"]


def test_a_constraint_that_speaks_at_the_commit_rolls_all_back(ada: Actor) -> None:
    def fail() -> None:
        with transaction() as session:
            session.add(task_of(ada, "lost"))
            session.add(task_of(Actor(ada.id + 1000), "of nobody"))

    with pytest.raises(IntegrityError):
        fail()
    assert stored_titles() == []


def test_a_block_inside_another_joins_it_and_the_outermost_commits(ada: Actor) -> None:
    with transaction() as outer:
        with transaction() as inner:
            assert inner is outer
            inner.add(task_of(ada, "inner"))
        tasks.create(ada, title="by a service")
        assert stored_titles() == []
    assert stored_titles() == ["inner", "by a service"]


def test_a_block_inside_another_has_asked_the_database_by_its_end(ada: Actor) -> None:
    with transaction():
        assert tasks.create(ada, title="by a service").id
        with pytest.raises(IntegrityError), transaction() as session:
            session.add(task_of(Actor(ada.id + 1000), "of nobody"))
        db.session.rollback()


def test_the_outermost_rolls_back_what_blocks_inside_it_did(ada: Actor) -> None:
    def fail() -> None:
        with transaction():
            tasks.create(ada, title="lost")
            raise ValueError("late")

    with pytest.raises(ValueError, match="late"):
        fail()
    assert stored_titles() == []


def test_a_database_error_that_is_swallowed_inside_never_commits_one_half(ada: Actor) -> None:
    def swallow() -> None:
        with transaction() as session:
            session.add(task_of(ada, "first half"))
            session.flush()
            with suppress(IntegrityError), transaction():
                session.add(task_of(Actor(ada.id + 1000), "of nobody"))
                session.flush()

    with pytest.raises(PendingRollbackError):
        swallow()
    assert stored_titles() == []


def test_a_read_before_does_not_stop_it_and_is_not_what_it_sees(ada: Actor) -> None:
    task = tasks.create(ada, title="as it was read")
    seen = db.session.scalars(select(Task)).one()
    assert seen.title == "as it was read"
    with db.engine.begin() as elsewhere:
        elsewhere.execute(update(Task).values(title="as it is"))
    with transaction():
        assert seen.title == "as it is"
        seen.completed = True
    assert tasks.show(ada, task.id).title == "as it is"


@pytest.mark.parametrize("change", ["new", "dirty", "deleted", "flushed"])
def test_objects_changed_outside_are_an_error_and_not_lost_in_silence(
    ada: Actor, change: str
) -> None:
    tasks.create(ada, title="stored")
    if change in ("new", "flushed"):
        db.session.add(task_of(ada, "astray"))
    else:
        task = db.session.scalars(select(Task)).one()
        if change == "dirty":
            task.title = "astray"
        else:
            db.session.delete(task)

    def go_on() -> None:
        if change == "flushed":  # as any query through the session does by itself
            db.session.scalars(select(User)).all()
        with transaction():
            pass

    with pytest.raises(RuntimeError, match="outside"):
        go_on()
    db.session.rollback()
    assert stored_titles() == ["stored"]


# ---------------------------------------------------------------- fetch()


def test_fetch_inside_a_transaction_sees_what_that_has_written(ada: Actor) -> None:
    with transaction() as session:
        session.add(task_of(ada, "just written"))
        assert [row.title for row in fetch(select(Task.title))] == ["just written"]
        assert stored_titles() == []


def test_fetch_outside_leaves_no_connection_in_use(ada: Actor) -> None:
    assert fetch(select(User.id)) == [(ada.id,)]
    assert connections_in_use() == 0
    assert not db.session().in_transaction()


@only_postgresql
def test_no_session_stays_idle_in_a_transaction(alice: Caller, app: Flask) -> None:
    task = alice.add_task()
    for method in ("GET", "PATCH", "DELETE"):
        assert alice.call(method, f"/tasks/{task['id']}", json={}).status_code < 300
    assert alice.get("/tasks").status_code == 200
    assert alice.get("/tasks/1").status_code == 404
    with app.app_context():
        fetch(select(User))
        with db.engine.connect() as connection:
            others = "FROM pg_stat_activity WHERE datname = current_database()"
            states = set(
                connection.scalars(text(f"SELECT state {others} AND pid <> pg_backend_pid()"))
            )
            pids = connection.scalar(text(f"SELECT count(*) {others}"))
    assert states <= {"idle"}
    assert pids is not None
    assert pids >= 1


# ---------------------------------------------------------------- instants


@pytest.fixture
def far_away(
    monkeypatch: pytest.MonkeyPatch, new_database: NewDatabase, new_app: NewApp
) -> Iterator[Flask]:
    """An application where this machine and the database's sessions live in Kolkata."""
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    monkeypatch.setenv("PGTZ", "Asia/Kolkata")  # libpq's: the session's time zone
    time.tzset()
    app = new_app(new_database())
    with app.app_context():
        upgrade()
        yield app
        db.engine.dispose()
    monkeypatch.undo()
    time.tzset()


def test_instants_come_back_aware_and_utc_whatever_the_time_zone(far_away: Flask) -> None:
    if db.engine.dialect.name == "postgresql":
        assert fetch(select(func.current_setting("TimeZone"))) == [("Asia/Kolkata",)]
    before = now() - timedelta(seconds=1)
    user = accounts.sign_up("ada@example.com", PASSWORD, rounds=4)
    with db.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO task (user_id, title) VALUES (:id, 'x')"), {"id": user.id}
        )
    [(by_us,)] = fetch(select(User.created_at))
    [(by_the_database,)] = fetch(select(Task.created_at))
    for instant in (by_us, by_the_database):
        assert instant.tzinfo is UTC
        assert before <= instant <= now()
    assert by_us == user.created_at


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 3, 29, 1, 30, 0, 123456, UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=timezone(timedelta(hours=-9, minutes=-30))),
        datetime(9998, 12, 31, 23, 59, 59, 999999, timezone(timedelta(hours=14))),
    ],
)
def test_an_instant_of_any_zone_is_kept_to_the_microsecond(ada: Actor, instant: datetime) -> None:
    with transaction() as session:
        session.execute(
            insert(Task).values(user_id=ada.id, title="x", created_at=instant, updated_at=instant)
        )
    [(found,)] = fetch(select(Task.created_at))
    assert found == instant
    assert found.tzinfo is UTC
    assert fetch(select(Task.id).where(Task.created_at == instant))


def test_a_naive_datetime_is_refused(ada: Actor) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - what is to be refused
    with pytest.raises(StatementError, match="naive"), transaction() as session:
        session.add(Task(user_id=ada.id, title="x", created_at=naive))
    with pytest.raises(StatementError, match="naive"):
        fetch(select(Task.id).where(Task.created_at < naive))
    assert connections_in_use() == 0


# ---------------------------------------------------------------- what SQLite is told


@only_sqlite
def test_sqlite_keeps_foreign_keys_and_serves_readers_while_it_writes(ada: Actor) -> None:
    with db.engine.connect() as first, db.engine.connect() as second:
        for connection in (first, second):
            assert connection.scalar(text("PRAGMA foreign_keys")) == 1
            assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
            assert connection.scalar(text("PRAGMA busy_timeout")) == 30_000


@only_sqlite
def test_a_transaction_takes_the_write_lock_at_once_and_lets_others_read(ada: Actor) -> None:
    with transaction():
        other = sqlite3.connect(str(db.engine.url.database), timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        assert other.execute('SELECT count(*) FROM "user"').fetchone() == (1,)
    other.execute("BEGIN IMMEDIATE")
    other.close()


@only_sqlite
def test_a_read_takes_no_write_lock(ada: Actor) -> None:
    other = sqlite3.connect(str(db.engine.url.database), timeout=0, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert fetch(select(User.id)) == [(ada.id,)]
    other.close()


# ---------------------------------------------------------------- what the tables keep


def test_the_id_of_a_deleted_task_or_account_is_never_given_again(ada: Actor) -> None:
    task = tasks.create(ada, title="x")
    tasks.delete(ada, task.id)
    assert tasks.create(ada, title="x").id > task.id
    with db.engine.begin() as connection:
        connection.execute(text('DELETE FROM "user"'))
    assert accounts.sign_up("eve@example.com", PASSWORD, rounds=4).id > ada.id


def test_ids_and_versions_hold_64_bits(context: None) -> None:
    big = 2**62
    with transaction() as session:
        session.add(User(id=big, email="ada@example.com", hashed_password="!"))
        session.flush()
        session.add(Task(id=big + 1, user_id=big, title="x"))
    with db.engine.begin() as connection:
        connection.execute(update(Task).values(version=big))
    assert accounts.authenticate(big) == Actor(big)
    changed = tasks.complete(Actor(big), big + 1, seen={big})
    assert (changed.id, changed.user_id, changed.version) == (big + 1, big, big + 1)
    with transaction() as session:  # SQLite would count on from there
        session.delete(session.get_one(User, big))
        if db.engine.dialect.name == "sqlite":
            session.execute(text("DELETE FROM sqlite_sequence"))


def test_deleting_an_account_by_plain_sql_deletes_its_tasks_and_no_others(ada: Actor) -> None:
    eve = Actor(accounts.sign_up("eve@example.com", PASSWORD, rounds=4).id)
    tasks.create(ada, title="Ada's")
    tasks.create(eve, title="Eve's")
    with db.engine.begin() as connection:
        connection.execute(text('DELETE FROM "user" WHERE id = :id'), {"id": ada.id})
    assert stored_titles() == ["Eve's"]


def test_a_task_of_nobody_is_refused_by_the_database(ada: Actor) -> None:
    with pytest.raises(IntegrityError), db.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO task (user_id, title) VALUES (:id, 'x')"), {"id": ada.id + 1000}
        )


def test_the_tables_own_defaults_are_enough_for_a_plain_insert(context: None) -> None:
    with db.engine.begin() as connection:
        connection.execute(
            text("""INSERT INTO "user" (email, hashed_password) VALUES ('ada@example.com', '!')""")
        )
        user_id = connection.scalar(text('SELECT id FROM "user"'))
        connection.execute(
            text("INSERT INTO task (user_id, title) VALUES (:id, 'x')"), {"id": user_id}
        )
    user, task = accounts.list_all()[0], tasks.list_page(Actor(user_id or 0)).rows[0]
    assert user.is_active is True
    assert (task.completed, task.description, task.version) == (False, None, 1)
    for instant in (user.created_at, user.updated_at, task.created_at, task.updated_at):
        assert abs(instant - now()) < timedelta(minutes=1)


# ---------------------------------------------------------------- databases that go away


def end_sessions(engine: Engine, server: str) -> int:
    """End the database sessions of an application, and wait until they are gone."""
    with psycopg.connect(server, autocommit=True) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
            [engine.url.database],
        ).fetchall()
    assert all(each == (True,) for each in ended)
    return len(ended)


@only_postgresql
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_connection_that_died_between_requests_is_not_noticed(
    app: Flask, alice: Caller, postgres_url: str, method: str
) -> None:
    task = alice.add_task()
    with app.app_context():
        assert end_sessions(db.engine, postgres_url) >= 1
    response = alice.call(method, f"/tasks/{task['id']}", json={"completed": True})
    assert response.status_code in (200, 204)


@only_postgresql
def test_a_connection_that_dies_within_a_request_is_a_503_and_nothing_is_stored(
    app: Flask, alice: Caller, postgres_url: str
) -> None:
    with app.app_context():
        engine = db.engine

    @event.listens_for(engine, "after_cursor_execute")
    def die(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO task"):
            end_sessions(engine, postgres_url)

    response = alice.post("/tasks", {"title": "lost"})
    event.remove(engine, "after_cursor_execute", die)
    assert_problem(response, 503, "database_unavailable")
    assert response.headers["Retry-After"]
    listed = alice.get("/tasks")
    assert (listed.status_code, listed.json) == (200, [])


@only_postgresql
def test_a_connection_that_dies_after_the_answer_was_made_leaves_that_answer_alone(
    new_database: NewDatabase, new_app: NewApp, postgres_url: str
) -> None:
    app = new_app(new_database())
    died = []

    @app.after_request
    def die(response: Response) -> Response:
        db.session.execute(text("SELECT 1"))  # the session is in a transaction, as after a read
        died.append(end_sessions(db.engine, postgres_url))
        return response

    with app.app_context():
        upgrade()
    body = {"email": "ada@example.com", "password": PASSWORD}
    response = app.test_client().post("/api/auth/signup", json=body)
    assert response.status_code == 201
    assert died[0] >= 1
    with app.app_context():
        assert accounts.find("ada@example.com").id == (response.json or {})["id"]
        assert connections_in_use() == 0


def unreachable(kind: str, folder: Path) -> str:
    """The URL of a database that is not there."""
    return {
        "port": f"postgresql://ada@127.0.0.1:{free_port()}/taskapp",
        "socket": f"postgresql://ada@/taskapp?host={folder}",
        "folder": f"sqlite:///{folder}/missing/taskapp.db",
    }[kind]


@pytest.mark.parametrize("kind", ["port", "socket", "folder"])
def test_a_database_that_cannot_be_reached_is_a_503_that_says_when_to_try_again(
    new_app: NewApp, tmp_path: Path, kind: str
) -> None:
    app = new_app(unreachable(kind, tmp_path))
    with app.app_context():
        headers = {"Authorization": f"Bearer {issue_token(1)}"}
    client, body = app.test_client(), {"email": "ada@example.com", "password": PASSWORD}
    for response in (
        client.get("/api/auth/me", headers=headers),
        client.post("/api/1/tasks", json={"title": "x"}, headers=headers),
        client.post("/api/auth/login", json=body),
        client.post("/api/auth/signup", json=body),
    ):
        assert_problem(response, 503, "database_unavailable")
        assert int(response.headers["Retry-After"]) > 0
    assert client.get("/api/openapi.json").status_code == 200


def test_a_pool_without_a_free_connection_is_a_503_and_works_again_later(
    new_database: NewDatabase, new_app: NewApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = new_app(new_database(), DATABASE_POOL_SIZE=1)
    with app.app_context():
        upgrade()
        engine, headers = db.engine, {"Authorization": f"Bearer {issue_token(1)}"}
    assert isinstance(engine.pool, QueuePool)
    assert engine.pool.timeout() == 3
    # Only how long is waited.
    monkeypatch.setattr(engine.pool, "_timeout", 0.05)
    client = app.test_client()
    with ExitStack() as held:
        for _ in range(engine.pool.size() + engine.pool._max_overflow):
            held.enter_context(engine.connect())
        response = client.get("/api/auth/me", headers=headers)
        assert_problem(response, 503, "database_busy")
        assert int(response.headers["Retry-After"]) > 0
    assert_problem(client.get("/api/auth/me", headers=headers), 401, "account_unavailable")


def test_no_request_needs_two_connections_at_once(
    new_database: NewDatabase, new_app: NewApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = new_app(new_database(), DATABASE_POOL_SIZE=1)
    with app.app_context():
        upgrade()
        pool = db.engine.pool
    assert isinstance(pool, QueuePool)
    monkeypatch.setattr(pool, "_max_overflow", 0)
    monkeypatch.setattr(pool, "_timeout", 0.05)
    client, body = app.test_client(), {"email": "ada@example.com", "password": PASSWORD}
    assert client.post("/api/auth/signup", json=body).status_code == 201
    answer = client.post("/api/auth/login", json=body).json or {}
    ada = Caller(client, answer["user"]["id"], body["email"], answer["access_token"])
    task = ada.add_task()
    for method, path in [
        ("GET", "/auth/me"),
        ("GET", "/tasks"),
        ("GET", f"/tasks/{task['id']}"),
        ("PUT", f"/tasks/{task['id']}"),
        ("PATCH", f"/tasks/{task['id']}"),
        ("DELETE", f"/tasks/{task['id']}"),
    ]:
        assert ada.call(method, path, json={"title": "y"}).status_code in (200, 204)
    with app.app_context():
        assert accounts.set_active(body["email"], active=False).is_active is False
        accounts.set_password(body["email"], "another long password", rounds=4)
