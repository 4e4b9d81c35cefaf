"""Upgrades of a database that is in use: rows of earlier releases, many and odd, up and down."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from flask.testing import FlaskCliRunner
from flask_migrate import downgrade, upgrade
from sqlalchemy import Connection, inspect, text

from taskapp.db import db
from taskapp.domain import passwords
from taskapp.domain.actors import Actor
from taskapp.services import accounts, history, labels, projects, tasks
from taskapp.services.filters import ALL, ORDERS, Filter

from .callers import PASSWORD
from .conftest import NewApp, NewDatabase

FOLDER = Path(__file__).resolve().parents[1] / "migrations"
# The oldest first; what is the newest needs no upgrade.
REVISIONS = [each.revision for each in ScriptDirectory(str(FOLDER)).walk_revisions()][:0:-1]

from_every_revision = pytest.mark.parametrize("revision", REVISIONS)
before_organising = pytest.mark.parametrize(
    "revision", REVISIONS[: REVISIONS.index("2026_11_22_organising")]
)
# SQLAlchemy cannot read this index back from SQLite.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Skipped unsupported reflection of expression-based index:sqlalchemy.exc.SAWarning",
    "ignore:autogenerate skipping metadata-specified expression-based index:UserWarning",
)

OWNERS = {1: 1500, 7: 3, 2**40: 1500, 2**40 + 1: 0}
# The ids of the tasks of some of them begin here; the last one ever given is of a task that went.
TASKS_FROM = {1: 1, 7: 10_000, 2**40: 2**41}
LAST_ID = 2**41 + 100_000
BEGUN = datetime(2025, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
TITLES = (
    "x",
    "Жук 🙂 " * 28,
    "👩‍👩‍👧‍👦" * 28,
    "e\u0301 and \u202eright to left\u202c",
    "' OR 1=1; -- %s {} \\ :name",
    " ",
    "ΣΊΣΥΦΟΣ, straße, İstanbul",
)
DESCRIPTIONS = (None, "", "a\r\nb", "# Long\n" + "Жук 🙂\n" * 1000, "\u2028\ufeff\U0010ffff")

Rows = dict[str, dict[Any, dict[str, Any]]]


@pytest.fixture
def blank(new_database: NewDatabase, new_app: NewApp) -> Iterator[Flask]:
    """An application on an empty database, and its context."""
    app = new_app(new_database())
    with app.app_context():
        yield app


def instant(moment: datetime, *, short: bool = False) -> Any:
    """As it is stored; SQLite's text has a fraction unless somebody else wrote it."""
    if db.engine.dialect.name == "postgresql":
        return moment
    whole = moment.replace(microsecond=0) if short else moment
    return whole.replace(tzinfo=None).isoformat(" ", "seconds" if short else "microseconds")


def task_rows(owner: int, count: int, *, trash: bool) -> Iterator[dict[str, Any]]:
    """Tasks with gaps between their ids, made in another order than that of their ids."""
    for number in range(count):
        # Coprime with the count, so that no two are made at once; and at any time of a second.
        fraction = (0, 300_000, 999_600)[number % 3]
        made = BEGUN + timedelta(seconds=number * 7919 % 3001, microseconds=fraction)
        changed = made + timedelta(days=number % 400, microseconds=number)
        row = {
            "id": TASKS_FROM[owner] + number * 3,
            "user_id": owner,
            "title": TITLES[number % len(TITLES)][:200],
            "description": DESCRIPTIONS[number % len(DESCRIPTIONS)],
            "completed": number % 3 == 0,
            "version": 1 + number % 5,
            "created_at": instant(made, short=number % 11 == 0),
            "updated_at": instant(changed, short=number % 13 == 0),
        }
        deleted = instant(changed) if number % 10 == 9 else None
        yield row | ({"deleted_at": deleted} if trash else {})


def insert(connection: Connection, table: str, rows: list[dict[str, Any]]) -> None:
    """Store rows by plain SQL."""
    names = ", ".join(rows[0])
    marks = ", ".join(f":{name}" for name in rows[0])
    connection.execute(text(f'INSERT INTO "{table}" ({names}) VALUES ({marks})'), rows)  # noqa: S608


def fill() -> None:
    """Accounts and tasks of all kinds, in the columns that there are; and one task that goes."""
    hashed = passwords.make_hash(PASSWORD, 4)
    trash = "deleted_at" in columns()["task"]
    with db.engine.begin() as connection:
        people = [{"id": id_, "email": f"u{id_}@example.com"} for id_ in OWNERS]
        insert(connection, "user", [each | {"hashed_password": hashed} for each in people])
        for owner, count in OWNERS.items():
            if count:
                insert(connection, "task", list(task_rows(owner, count, trash=trash)))
        gone = {"id": LAST_ID, "user_id": 1, "title": "gone"}
        insert(connection, "task", [gone])
        connection.execute(text("DELETE FROM task WHERE id = :id"), {"id": LAST_ID})
        if connection.dialect.name == "postgresql":
            # SQLite does so by itself.
            for table, last in (("task", LAST_ID), ("user", max(OWNERS))):
                sequence = text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)")
                connection.execute(sequence, {"name": f'"{table}"', "last": last})


def columns() -> dict[str, list[str]]:
    """The columns of all tables."""
    seen = inspect(db.engine)
    names = set(seen.get_table_names()) - {"alembic_version"}
    return {name: [each["name"] for each in seen.get_columns(name)] for name in names}


def read(wanted: dict[str, list[str]]) -> Rows:
    """All rows in these columns, as the database has them, by their ids."""
    found: Rows = {}
    with db.engine.connect() as connection:
        for table, names in wanted.items():
            listed = ", ".join(f'"{name}"' for name in names)
            rows = connection.execute(text(f'SELECT {listed} FROM "{table}"'))  # noqa: S608
            key = "id" if "id" in names else None
            found[table] = {
                row[names.index(key)] if key else tuple(row): dict(zip(names, row, strict=True))
                for row in rows
            }
    return found


def moment(value: Any) -> datetime:
    """A stored instant."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    assert isinstance(value, datetime)
    return value


def next_id() -> int:
    """The id that the database gives to a task that a plain INSERT makes; it is gone again."""
    with db.engine.begin() as connection:
        sql = "INSERT INTO task (user_id, title) VALUES (7, 'next') RETURNING id"
        id_ = connection.execute(text(sql)).scalar_one()
        connection.execute(text("DELETE FROM task WHERE id = :id"), {"id": id_})
    return int(id_)


@from_every_revision
def test_every_row_is_kept_up_and_down(blank: Flask, revision: str) -> None:
    upgrade(revision=revision)
    fill()
    then = columns()
    before = read(then)
    assert len(before["task"]) == sum(OWNERS.values())

    upgrade()
    assert read(then) == before
    assert next_id() > LAST_ID

    downgrade(revision=revision)
    assert columns() == then
    assert read(then) == before
    assert next_id() > LAST_ID + 1

    upgrade()
    assert read(then) == before


@before_organising
def test_what_is_new_follows_from_what_was_there(blank: Flask, revision: str) -> None:
    upgrade(revision=revision)
    fill()
    upgrade()
    rows = list(read(columns())["task"].values())
    for row in rows:
        assert row["completed_at"] == (row["updated_at"] if row["completed"] else None)
        assert (row["agenda"], row["depth"], row["priority"]) == ("~", 0, 0)
        assert row["project_id"] is row["parent_id"] is row["due_on"] is row["due_at"] is None
    for owner in OWNERS:
        own = [row for row in rows if row["user_id"] == owner]
        by_rank = sorted(own, key=lambda row: (row["rank"], row["id"]))
        assert by_rank == sorted(own, key=lambda row: (moment(row["created_at"]), row["id"]))


@from_every_revision
def test_people_go_on_where_they_were(blank: Flask, revision: str) -> None:
    upgrade(revision=revision)
    fill()
    then = columns()
    before = read(then)["task"]
    upgrade()

    me = Actor(accounts.log_in(f"u{2**40}@example.com", PASSWORD, rounds=4).id)
    in_use = {
        id_
        for id_, row in before.items()
        if row["user_id"] == me.id and row.get("deleted_at") is None
    }
    for sort in ORDERS:
        done = {id_ for id_ in in_use if before[id_]["completed"]}
        assert walk(me, sort) == (done if sort == "completed_at" else in_use)

    garden = projects.create(me, name="Garden").id
    soon = labels.create(me, name="soon").id
    task, below, *_ = (id_ for id_ in sorted(in_use) if not before[id_]["completed"])
    tasks.update(me, task, {"project_id": garden, "labels": [soon], "due_on": BEGUN.date()})
    tasks.update(me, below, {"parent_id": task})
    assert [row.id for row in tasks.list_page(me, Filter(label=soon)).rows] == [task]
    assert tasks.complete(me, task, subtasks="complete").subtasks_done == 1
    history.undo(me, me.acts[-1])
    assert tasks.show(me, below).completed is False
    added = tasks.create(me, title="new", project_id=garden)
    assert added.id > LAST_ID
    assert [row.id for row in tasks.list_page(me, Filter(project="inbox"), sort="rank").rows]
    tasks.complete(me, task, subtasks="complete")

    downgrade(revision=revision)
    after = read(then)["task"]
    assert after.keys() == before.keys() | {added.id}
    assert {id_ for id_ in before if after[id_] != before[id_]} == {task, below}
    assert after[task]["completed"]


def test_a_label_lists_what_bore_it_before_the_upgrade(blank: Flask) -> None:
    upgrade(revision="2026_11_22_organising")
    fill()
    label = {"id": 5, "user_id": 1, "name": "soon", "key": "soon"}
    bearers = {row["id"] for row in task_rows(1, OWNERS[1], trash=False) if not row["id"] % 4}
    with db.engine.begin() as connection:
        insert(connection, "label", [label])
        insert(connection, "task_label", [{"label_id": 5, "task_id": each} for each in bearers])
    before = read(columns())["task"]
    upgrade()

    told = {id_: row["labels"] for id_, row in read({"task": ["id", "labels"]})["task"].items()}
    assert told == {id_: "5" if id_ in bearers else "" for id_ in before}
    me = Actor(1)
    in_use = {id_ for id_ in bearers if before[id_]["deleted_at"] is None}
    done = {id_ for id_ in in_use if before[id_]["completed"]}
    assert walk(me, "-created_at", Filter(label=5)) == in_use
    assert walk(me, "created_at", Filter(True, label=5)) == done
    tasks.complete(me, min(in_use - done))
    assert walk(me, "created_at", Filter(False, label=5)) == in_use - done - {min(in_use - done)}
    downgrade(revision="2026_11_22_organising")
    kept = read({"task_label": ["label_id", "task_id"]})["task_label"]
    assert kept.keys() == {(5, each) for each in bearers}


def walk(actor: Actor, sort: str, filter_: Filter = ALL) -> set[int]:
    """All tasks that the pages of a list show, each once."""
    seen: list[int] = []
    after = None
    while True:
        page = tasks.list_page(actor, filter_, sort=sort, limit=500, after=after)
        seen += [row.id for row in page.rows]
        if page.end is None:
            assert len(seen) == len(set(seen))
            return set(seen)
        after = page.end


@pytest.mark.parametrize("revision", ["base", *REVISIONS])
def test_the_models_agree_with_a_database_from_anywhere(blank: Flask, revision: str) -> None:
    if revision != "base":
        upgrade(revision=revision)
        fill()
    upgrade()
    result = FlaskCliRunner(blank).invoke(args=["db", "check"])
    assert result.exit_code == 0, result.output


# ---------------------------------------------------------------- servers of the former release


def add_as_before(connection: Connection, title: str) -> int:
    """A new task, in the columns of the first release."""
    row = {"user_id": 1, "title": title, "description": None, "completed": False, "version": 1}
    row |= {"created_at": instant(datetime.now(UTC)), "updated_at": instant(datetime.now(UTC))}
    names = ", ".join(row)
    marks = ", ".join(f":{name}" for name in row)
    sql = f"INSERT INTO task ({names}) VALUES ({marks}) RETURNING id"  # noqa: S608
    return int(connection.execute(text(sql), row).scalar_one())


def complete_as_before(connection: Connection, task_id: int) -> None:
    """Mark a task done, in the columns of the first release."""
    sql = "UPDATE task SET completed = :done, version = version + 1, updated_at = :now "
    said = {"done": True, "now": instant(datetime.now(UTC)), "id": task_id}
    changed = connection.execute(text(f"{sql} WHERE id = :id"), said)
    assert changed.rowcount == 1


def test_a_server_that_does_not_know_of_the_upgrade_goes_on(blank: Flask) -> None:
    upgrade(revision=REVISIONS[0])
    fill()
    upgrade()
    with db.engine.begin() as connection:
        first, second = (add_as_before(connection, title) for title in ("first", "second"))
        complete_as_before(connection, second)
    me = Actor(1)
    newest = [row.id for row in tasks.list_page(me, limit=2).rows]
    assert newest == [second, first]
    [last] = tasks.list_page(me, Filter(False, project="inbox"), sort="-rank", limit=1).rows
    assert (last.id, last.priority, last.subtasks_open) == (first, "none", 0)
    for sort in ("created_at", "updated_at", "title", "rank", "due"):
        assert {first, second} <= walk(me, sort)
    project = projects.create(me, name="Garden").id
    assert tasks.update(me, second, {"project_id": project}).completed is True
    assert tasks.complete(me, second, completed=False).completed_at is None


@pytest.mark.parametrize("revision", [REVISIONS[0], REVISIONS[-1]])
def test_nothing_is_lost_that_is_written_during_an_upgrade(blank: Flask, revision: str) -> None:
    upgrade(revision=revision)
    fill()
    written: list[int] = []
    begun, over = threading.Event(), threading.Event()

    def write() -> None:
        with blank.app_context():
            while not over.is_set():
                begin = db.engine.connect().execution_options(begin="BEGIN IMMEDIATE")
                with begin as connection, connection.begin():
                    written.append(add_as_before(connection, "meanwhile"))
                    complete_as_before(connection, written[-1])
                begun.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert begun.wait(30)
        upgrade()
        count = len(written)
    finally:
        over.set()
        writer.join(30)
    assert not writer.is_alive()
    assert count
    with db.engine.connect() as connection:
        sql = "SELECT id FROM task WHERE title = 'meanwhile' AND rank IS NOT NULL ORDER BY rank, id"
        assert [row.id for row in connection.execute(text(sql))] == written


@pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
def test_an_upgrade_and_a_writer_never_wait_for_each_other(blank: Flask) -> None:
    """An INSERT locks its table first and then, for the foreign key, the owner's row."""
    upgrade(revision=REVISIONS[-1])
    fill()
    failed: list[Exception] = []

    def migrate() -> None:
        try:
            with blank.app_context():
                upgrade()
        except Exception as error:
            failed.append(error)

    upgrading = threading.Thread(target=migrate)
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with db.engine.begin() as connection:
        connection.execute(text("LOCK TABLE task IN ROW EXCLUSIVE MODE"))
        upgrading.start()
        with db.engine.connect() as watching:
            while upgrading.is_alive() and not watching.scalar(waiting):
                pass
        add_as_before(connection, "meanwhile")
    upgrading.join(60)
    assert not failed
    assert tasks.list_page(Actor(1), limit=1).rows[0].title == "meanwhile"
