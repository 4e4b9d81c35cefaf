"""What the database lost is done again, where that is safe; and never is anything done twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from flask_migrate import upgrade
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError

from taskapp.db import close_session, db, fetch, repeatable, transaction
from taskapp.domain.actors import Actor
from taskapp.models import Event, Task
from taskapp.services import accounts, tasks

from .callers import PASSWORD, Caller, assert_problem, make_caller
from .conftest import NewApp, NewDatabase
from .servers.cutting import Fate, Wire, wire
from .web.browser import Browser

only_postgresql = pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
pytestmark = only_postgresql

# A session that touches the table ends itself, so often as is told. A sequence counts, since
# what it has given is never rolled back.
DEADLY = """
CREATE SEQUENCE tries;
CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('tries') <= {deaths} THEN
        PERFORM pg_terminate_backend(pg_backend_pid());
    END IF;
    RETURN {row};
END $$;
CREATE TRIGGER die BEFORE {verb} ON {table} FOR EACH ROW EXECUTE FUNCTION die();
"""


@pytest.fixture
def app(new_database: NewDatabase, new_app: NewApp) -> Flask:
    """An application on a database of its own, that will be tampered with."""
    app = new_app(new_database())
    with app.app_context():
        upgrade()
    return app


@pytest.fixture
def ada(app: Flask) -> Iterator[Actor]:
    """Somebody with an account, and the context of the application."""
    with app.app_context():
        yield Actor(accounts.sign_up("ada@example.com", PASSWORD, rounds=4).id)


def make_deadly(app: Flask, deaths: int, table: str = "task", verb: str = "INSERT") -> None:
    """Let so many sessions die that do this to the table."""
    row = "OLD" if verb == "DELETE" else "NEW"
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text(DEADLY.format(deaths=deaths, table=table, verb=verb, row=row)))


def tried(app: Flask) -> int:
    """How often it was tried to do that."""
    with app.app_context(), db.engine.connect() as connection:
        found: int = connection.execute(text("SELECT last_value FROM tries")).scalar_one()
        return found


def titles(app: Flask) -> list[str]:
    """The titles of all tasks that there are."""
    with app.app_context(), db.engine.connect() as connection:
        return list(connection.scalars(select(Task.title).order_by(Task.id)))


# ---------------------------------------------------------------- requests


@pytest.mark.parametrize("deaths", [1, 2])
def test_a_write_whose_connection_dies_is_done_again_and_once(
    app: Flask, alice: Caller, deaths: int
) -> None:
    make_deadly(app, deaths)
    task = alice.add_task(title="once")
    assert task["title"] == "once"
    assert titles(app) == ["once"]
    assert tried(app) == deaths + 1
    with app.app_context():
        assert fetch(select(func.count()).select_from(Event)) == [(1,)]


def test_a_write_that_is_lost_three_times_is_a_503_and_is_not_tried_once_more(
    app: Flask, alice: Caller
) -> None:
    make_deadly(app, 99)
    assert_problem(alice.post("/tasks", {"title": "lost"}), 503, "database_unavailable")
    assert titles(app) == []
    assert tried(app) == 3


def test_a_deletion_and_a_change_are_done_again_too(app: Flask, alice: Caller) -> None:
    task = alice.add_task(title="x")
    make_deadly(app, 1, verb="UPDATE")
    changed = alice.call("PATCH", f"/tasks/{task['id']}", json={"title": "y"})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert tried(app) == 2


def test_a_form_that_is_lost_and_done_again_is_told_of_once(app: Flask, alice: Caller) -> None:
    alice.add_task(title="once")
    browser = Browser(app)
    browser.log_in(alice.email)
    make_deadly(app, 2, verb="UPDATE")
    browser.press("Complete “once”")
    assert browser.notices() == ["Completed “once”."]
    assert tried(app) == 3


def test_a_request_under_a_key_that_had_been_claimed_is_not_done_again_but_may_be_sent_again(
    app: Flask, alice: Caller
) -> None:
    make_deadly(app, 1)
    headers = {"Idempotency-Key": '"k1"'}
    first = alice.call("POST", "/tasks", json={"title": "once"}, headers=headers)
    assert_problem(first, 503, "database_unavailable")
    assert tried(app) == 1
    for _ in range(2):
        again = alice.call("POST", "/tasks", json={"title": "once"}, headers=headers)
        assert again.status_code == 201
    assert titles(app) == ["once"]


def test_a_failure_that_was_tried_twice_counts_once(
    new_database: NewDatabase, new_app: NewApp
) -> None:
    app = new_app(new_database(), SIGNUP_LIMIT_PER_CLIENT="2 per hour")
    with app.app_context():
        upgrade()
    make_caller(app.test_client(), "alice@example.com")
    make_deadly(app, 1, table='"user"')
    body = {"email": "alice@example.com", "password": PASSWORD}
    client = app.test_client()
    statuses = [client.post("/api/auth/signup", json=body).status_code for _ in range(3)]
    assert statuses == [409, 409, 429]
    assert tried(app) == 3


# ---------------------------------------------------------------- commits


@pytest.fixture
def line(postgres_url: str) -> Iterator[Wire]:
    """A wire to the server."""
    with wire(postgres_url) as made:
        yield made


@pytest.fixture
def far(app: Flask, line: Wire, new_app: NewApp) -> Flask:
    """An application at the near end of that wire, on the same database."""
    with app.app_context():
        return new_app(line.url(str(db.engine.url.database)))


@pytest.mark.parametrize(
    ("fate", "stored"), [(Fate.IS_CUT, []), (Fate.UNANSWERED, ["perhaps"])], ids=["before", "after"]
)
def test_a_commit_of_which_no_news_comes_is_a_503_and_never_done_again(
    app: Flask, far: Flask, line: Wire, fate: Fate, stored: list[str]
) -> None:
    alice = make_caller(far.test_client(), "alice@example.com")
    line.sent.clear()
    line.fate = lambda data: fate if b"COMMIT" in data else Fate.ARRIVES
    assert_problem(alice.post("/tasks", {"title": "perhaps"}), 503, "database_unavailable")
    assert len([each for each in line.sent if b"INSERT INTO task" in each]) == 1
    line.fate = lambda _: Fate.ARRIVES
    assert [each["title"] for each in alice.get("/tasks").json or []] == stored
    assert titles(app) == stored


def test_what_is_lost_before_the_commit_is_done_again(app: Flask, far: Flask, line: Wire) -> None:
    alice = make_caller(far.test_client(), "alice@example.com")
    cut: list[bytes] = []

    def cut_once(data: bytes) -> Fate:
        if b"INSERT INTO task" in data and not cut:
            cut.append(data)
            return Fate.UNANSWERED
        return Fate.ARRIVES

    line.fate = cut_once
    alice.add_task(title="once")
    assert cut
    assert titles(app) == ["once"]


def test_nothing_is_done_again_after_a_commit_has_begun(ada: Actor) -> None:
    done = []

    def work() -> None:
        tasks.create(ada, title="kept")
        done.append(1)
        with transaction() as session:
            session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(OperationalError):
        repeatable(work)
    close_session()
    assert done == [1]
    assert [row.title for row in tasks.list_page(ada).rows] == ["kept"]


def test_a_work_inside_another_leaves_it_to_that(ada: Actor) -> None:
    done = []

    def inner() -> None:
        done.append("inner")
        with transaction() as session:
            if len(done) == 2:
                session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    def outer() -> None:
        done.append("outer")
        repeatable(inner)

    repeatable(outer)
    assert done == ["outer", "inner", "outer", "inner"]


READ_OR_DIE = """
CREATE SEQUENCE tries;
CREATE FUNCTION read_or_die() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('tries') <= {deaths} THEN
        PERFORM pg_terminate_backend(pg_backend_pid());
    END IF;
    RETURN currval('tries');
END $$
"""


def test_a_read_is_done_again_even_after_a_commit(ada: Actor) -> None:
    with db.engine.begin() as connection:
        connection.execute(text(READ_OR_DIE.format(deaths=2)))

    def work() -> int:
        tasks.create(ada, title="kept")
        [(count,)] = fetch(select(func.read_or_die()))
        return int(count)

    assert repeatable(work) == 3
    assert [row.title for row in tasks.list_page(ada).rows] == ["kept"]


def test_a_read_and_the_work_around_it_are_tried_three_times_in_all(app: Flask, ada: Actor) -> None:
    with db.engine.begin() as connection:
        connection.execute(text(READ_OR_DIE.format(deaths=99)))
    with pytest.raises(OperationalError):
        repeatable(lambda: fetch(select(func.read_or_die())))
    assert tried(app) == 3


# ---------------------------------------------------------------- those that hinder one another


def test_two_that_wait_for_each_other_both_come_through_once(app: Flask, ada: Actor) -> None:
    ids = [tasks.create(ada, title=title).id for title in ("left", "right")]
    both_have_one = Barrier(2)

    def add_to_both(first: int, second: int) -> int:
        attempts = 0

        def work() -> None:
            nonlocal attempts
            attempts += 1
            with transaction() as session:
                session.execute(text("SET LOCAL deadlock_timeout = '20ms'"))
                for id_ in (first, second):
                    more = update(Task).where(Task.id == id_).values(version=Task.version + 1)
                    session.connection().execute(more)
                    if attempts == 1 and id_ == first:
                        both_have_one.wait(30)

        with app.app_context():
            repeatable(work)
        return attempts

    with ThreadPoolExecutor(2) as pool:
        attempts = list(pool.map(add_to_both, ids, ids[::-1]))
    assert sorted(attempts) == [1, 2]
    assert [tasks.show(ada, id_).version for id_ in ids] == [3, 3]


def test_who_built_on_what_others_have_changed_does_it_again(app: Flask, ada: Actor) -> None:
    id_ = tasks.create(ada, title="x").id
    more = update(Task).where(Task.id == id_).values(version=Task.version + 1)
    seen: list[int] = []

    def work() -> None:
        with transaction() as session:
            session.execute(text("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"))
            seen.append(session.execute(select(Task.version)).scalar_one())
            if len(seen) == 1:
                with db.engine.begin() as other:
                    other.execute(more)
            session.connection().execute(more)

    repeatable(work)
    assert seen == [1, 2]
    assert tasks.show(ada, id_).version == 3


# ---------------------------------------------------------------- commands


def test_the_jobs_go_on_when_their_connection_dies(app: Flask, ada: Actor) -> None:
    task = tasks.create(ada, title="old").id
    tasks.delete(ada, task)
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE task SET deleted_at = deleted_at - interval '99 days'"))
    make_deadly(app, 1, verb="DELETE")
    result = FlaskCliRunner(app).invoke(args=["jobs", "run"])
    assert result.exit_code == 0, result.output
    assert "Removed 1 tasks from the trash." in result.output
    assert tried(app) == 2
