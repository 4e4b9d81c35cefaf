"""Backup and restore: all of a database in one file, and back in either kind of database."""

import gzip
import hashlib
import io
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from psycopg.sql import SQL, Identifier
from sqlalchemy import Table, insert, select, text
from sqlalchemy.exc import DBAPIError

from taskapp.db import db, fetch, snapshot, transaction
from taskapp.domain.actors import Actor
from taskapp.models import IdempotencyKey, Task, User
from taskapp.services import (
    accounts,
    backup,
    completion,
    demo,
    history,
    idempotency,
    labels,
    projects,
    sessions,
    tasks,
    trash,
)
from taskapp.services.archives import KINDS, Unusable

from ..callers import PASSWORD
from ..conftest import NewApp, NewDatabase
from ..test_indexes import fill
from ..test_migrations import REVISIONS, insert_rows, read_rows
from ..test_migrations import pytestmark as reflecting

KNOWN = [each.revision for each in REVISIONS]
HEAD = KNOWN[-1]
Rows = dict[str, list[dict[str, Any]]]


def quietly(_table: str, _rows: int) -> None:
    """Tell nobody how far it is."""


def tables() -> list[Table]:
    """What is backed up, by the models."""
    return [each for each in db.metadata.sorted_tables if each.name not in backup.LEFT_OUT]


def everything() -> Rows:
    """Every row of every table that is backed up, with all its columns."""
    found = {}
    for table in tables():
        rows = fetch(select(table).order_by(*table.primary_key.columns))
        found[table.name] = [dict(row._mapping) for row in rows]
    return found


def backed_up() -> bytes:
    """A backup of the database."""
    out = io.BytesIO()
    backup.write(out, quietly)
    return out.getvalue()


def restore(data: bytes) -> dict[str, int]:
    """Restore one."""
    return backup.restore(io.BytesIO(data), KNOWN, quietly)


def lines(data: bytes) -> list[Any]:
    """The lines of a backup."""
    return [json.loads(line) for line in gzip.decompress(data).splitlines()]


def packed(parts: list[Any], *, with_hash: bool = True) -> bytes:
    """A backup of these lines, whose last one is right if that is wanted."""
    said = b"".join(json.dumps(part).encode() + b"\n" for part in parts)
    end = json.dumps({"sha256": hashlib.sha256(said).hexdigest()}).encode() + b"\n"
    return gzip.compress(said + end if with_hash else said)


@contextmanager
def postgresql(server: str) -> Iterator[str]:
    """An empty database there."""
    name = f"test_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    yield urlsplit(server)._replace(path=f"/{name}").geturl()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture
def blank(new_database: NewDatabase, new_app: NewApp) -> Iterator[Flask]:
    """An application on a database without tables, and its context."""
    app = new_app(new_database())
    with app.app_context():
        yield app


@pytest.fixture
def empty(blank: Flask) -> Flask:
    """An application on a database without rows, and its context."""
    upgrade()
    return blank


def fill_all() -> None:
    """Some hundred rows, of every kind that there is."""
    ada = Actor(
        accounts.sign_up("ada@example.com", PASSWORD, rounds=4, time_zone="Asia/Kolkata").id
    )
    eve = Actor(accounts.sign_up("eve@example.com", PASSWORD, rounds=4).id)
    gone = Actor(accounts.sign_up("gone@example.com", PASSWORD, rounds=4).id)
    demo.fill(ada)
    history.prune(keep=timedelta(days=-1))
    fill(eve, 30)
    # A chain of subtasks, of which each is below one that was made after it.
    chain = [
        tasks.create(ada, title=f"Ебене {number} 🙂\u2028", description='a\r\nb\t\\"')
        for number in range(8)
    ]
    for below, above in pairwise(chain):
        tasks.move(ada, below.id, {"parent_id": above.id})
    at = datetime(2026, 2, 6, 9, 30, tzinfo=UTC)
    timed = tasks.create(ada, title="x" * 200, due_at=at, start_on=date(1900, 1, 1), priority="low")
    tasks.complete(ada, timed.id)
    tasks.complete(ada, chain[-1].id, subtasks=completion.SUBTASKS[0])
    tasks.delete(ada, chain[3].id)
    trash.purge(ada, chain[3].id)
    labels.merge(ada, *labels.named(ada, ["Straße", "ΟΔΟΣ"]))
    projects.update(ada, projects.list_all(ada)[0].id, {"archived": True})
    history.undo(ada, ada.acts[-1])
    accounts.set_password("eve@example.com", "sixteen wet owls", rounds=4)
    accounts.set_active("eve@example.com", active=False)
    for user_id, key in ((ada.id, "one"), (None, '"all"')):
        idempotency.once(
            idempotency.Request(user_id, key, "f" * 64),
            lambda: None,
            lambda _: idempotency.Answer(201, {"ETag": '"1"'}, bytes(range(256))),
        )
    with transaction() as session:  # one that is under way
        claim = {"user_id": ada.id, "key": "two", "fingerprint": "", "expires_at": at}
        session.execute(insert(IdempotencyKey).values(claim))
    sessions.start(ada.id, client="Firefox", lifetime=timedelta(days=1))
    accounts.delete_own(gone, current_password=PASSWORD, rounds=4)


# ---------------------------------------------------------------- there and back


def test_from_sqlite_to_postgresql_and_back_every_row_is_as_it_was(
    postgres_url: str, new_app: NewApp, tmp_path: Path
) -> None:
    seen: list[Rows] = []
    files: list[bytes] = []
    with postgresql(postgres_url) as url:
        for where in (f"sqlite:///{tmp_path}/1.db", url, f"sqlite:///{tmp_path}/2.db"):
            with new_app(where).app_context():
                upgrade()
                if files:
                    assert restore(files[-1]) == {k: len(v) for k, v in seen[0].items()}
                else:
                    fill_all()
                files.append(backed_up())
                seen.append(everything())
                db.engine.dispose()
    assert seen[1] == seen[0]
    assert seen[2] == seen[0]
    assert all(seen[0].values())
    assert sum(map(len, seen[0].values())) > 500
    # What is written is the same too, but for when, and for the ids that are given from then on.
    assert lines(files[2])[1:-2] == lines(files[0])[1:-2]


def test_what_was_restored_is_whole_and_works(
    blank: Flask, new_database: NewDatabase, new_app: NewApp
) -> None:
    upgrade()
    fill_all()
    data, last = backed_up(), max(row.id for row in fetch(select(Task.id)))
    with new_app(new_database()).app_context():
        upgrade()
        restore(data)
        user = accounts.log_in("ada@example.com", PASSWORD, rounds=4)
        task = tasks.create(Actor(user.id), title="and on it goes")
        assert task.id > last
        assert tasks.show(Actor(user.id), task.id).title == "and on it goes"
        assert history.activity(Actor(user.id)).rows[0].thing_id == task.id
        with transaction() as session:
            if session.connection().dialect.name == "sqlite":
                assert session.execute(text("PRAGMA foreign_key_check")).all() == []
                assert session.scalar(text("PRAGMA integrity_check")) == "ok"


def test_no_id_is_given_again_be_it_of_what_is_gone_left_out_or_made_after_the_backup(
    empty: Flask, new_database: NewDatabase, new_app: NewApp
) -> None:
    """A cookie names a login by its id, and a token an account: they must not open another's."""
    user = accounts.sign_up("ada@example.com", PASSWORD, rounds=4)
    gone = Actor(accounts.sign_up("gone@example.com", PASSWORD, rounds=4).id)
    accounts.delete_own(gone, current_password=PASSWORD, rounds=4)
    data = backed_up()
    later = accounts.sign_up("later@example.com", PASSWORD, rounds=4).id
    login = sessions.start(user.id, client="", lifetime=timedelta(days=1)).id
    ada = Actor(user.id)
    with new_app(new_database()).app_context():
        upgrade()
        restore(data)
        assert sessions.list_own(ada) == []
        new_user = accounts.sign_up("new@example.com", PASSWORD, rounds=4)
        new_login = sessions.start(ada.id, client="", lifetime=timedelta(days=1))
        assert new_user.id > later + 1000
        assert new_login.id > login + 1000


# ---------------------------------------------------------------- that nothing is forgotten


def test_every_table_is_backed_up_or_left_out_for_a_reason(context: None) -> None:
    in_it = {line["table"]: line["columns"] for line in lines(backed_up()) if "table" in line}
    assert set(in_it) | set(backup.LEFT_OUT) == set(db.metadata.tables)
    assert not set(in_it) & set(backup.LEFT_OUT)
    assert all(reason.endswith(".") for reason in backup.LEFT_OUT.values())
    for name, columns in in_it.items():
        expected = [each.name for each in db.metadata.tables[name].c if each.computed is None]
        assert sorted(columns) == sorted(expected)
        assert set(columns.values()) <= KINDS


def test_every_table_that_refers_to_itself_says_what_comes_first() -> None:
    themselves = {
        table.name
        for table in db.metadata.sorted_tables
        if any(key.column.table is table for key in table.foreign_keys)
    }
    assert themselves == set(backup.PARENTS_FIRST)


def test_passwords_are_in_it_as_hashes_only_and_logins_are_not(context: None) -> None:
    user = accounts.sign_up("ada@example.com", PASSWORD, rounds=4)
    sessions.start(user.id, client="Netscape", lifetime=timedelta(days=1))
    said = gzip.decompress(backed_up()).decode()
    assert PASSWORD not in said
    assert "Netscape" not in said
    assert "$bcrypt" in said


# ---------------------------------------------------------------- one moment


def test_what_changes_while_it_is_written_is_not_in_it(context: None) -> None:
    user = accounts.sign_up("ada@example.com", PASSWORD, rounds=4)
    tasks.create(Actor(user.id), title="before")
    out, told = io.BytesIO(), []

    def meanwhile(table: str, rows: int) -> None:
        told.append((table, rows))
        if table == "user":
            with db.engine.begin() as connection:
                new = {"user_id": user.id, "title": "meanwhile", "agenda": "~"}
                connection.execute(insert(Task.__table__).values(new))
                connection.execute(insert(User.__table__).values(email="x", hashed_password=""))

    backup.write(out, meanwhile)
    assert told[0] == ("user", 1)
    assert b"before" in gzip.decompress(out.getvalue())
    assert b"meanwhile" not in gzip.decompress(out.getvalue())
    assert "meanwhile" in str(everything()["task"])
    assert backup.check(io.BytesIO(out.getvalue()), quietly)["user"] == 1


def test_nothing_can_be_changed_within_a_snapshot_and_everything_after_it(context: None) -> None:
    with snapshot(), pytest.raises(DBAPIError, match=r"read-?only"), transaction() as session:
        session.execute(insert(User.__table__).values(email="x", hashed_password=""))
    assert everything()["user"] == []
    assert accounts.sign_up("ada@example.com", PASSWORD, rounds=4).id


def test_a_snapshot_is_not_taken_in_the_middle_of_a_change(context: None) -> None:
    with transaction() as session:
        session.add(User(email="x", hashed_password=""))
        with pytest.raises(RuntimeError, match="inside a transaction"), snapshot():
            pass
    assert len(everything()["user"]) == 1


# ---------------------------------------------------------------- where it may be restored


@pytest.mark.parametrize("email", ["ada@example.com", None])
def test_nothing_is_ever_overwritten(context: None, email: str | None) -> None:
    data = backed_up()
    if email:
        accounts.sign_up(email, PASSWORD, rounds=4)
    else:
        public = idempotency.Request(None, "key", "")
        idempotency.once(public, lambda: None, lambda _: idempotency.Answer(204, {}, b""))
    before = everything()
    with pytest.raises(Unusable, match="The database is not empty: there is something in its"):
        restore(data)
    assert everything() == before


def test_a_database_without_tables_is_to_be_migrated_first(
    blank: Flask, new_database: NewDatabase, new_app: NewApp
) -> None:
    with new_app(new_database()).app_context():
        upgrade()
        data = backed_up()
    with pytest.raises(Unusable, match="no tables yet: run `flask db upgrade` first"):
        restore(data)


@reflecting
@pytest.mark.parametrize("then", KNOWN[:-1])
def test_what_an_older_release_had_is_restored_by_the_steps_that_are_told(
    blank: Flask, new_database: NewDatabase, new_app: NewApp, then: str
) -> None:
    upgrade(revision=then)
    insert_rows()
    old, data = read_rows(), backed_up()
    with new_app(new_database()).app_context():
        upgrade()
        with pytest.raises(Unusable) as refused:
            restore(data)
        told = [line.split() for line in refused.value.message.splitlines()[1:]]
        assert told == [
            ["flask", "db", "downgrade", then],
            ["flask", "restore", "FILE"],
            ["flask", "db", "upgrade"],
        ]
        downgrade(revision=then)
        restore(data)
        old.pop("login_session", None)
        assert read_rows() == old
        upgrade()
        assert accounts.find("ada@example.com").id == 2**40


def test_a_database_that_is_behind_is_to_be_upgraded_first(
    empty: Flask, new_database: NewDatabase, new_app: NewApp
) -> None:
    data = backed_up()
    with new_app(new_database()).app_context():
        upgrade(revision=KNOWN[0])
        with pytest.raises(Unusable, match=f"flask db upgrade {HEAD}"):
            restore(data)


def test_what_a_newer_release_has_made_is_left_to_that(context: None) -> None:
    head, *others = lines(backed_up())[:-1]
    with pytest.raises(Unusable, match="made by a newer release: its revision later is not known"):
        restore(packed([head | {"revision": "later"}, *others]))
    with pytest.raises(Unusable, match="version 2 of its format"):
        restore(packed([head | {"version": 2}, *others]))


# ---------------------------------------------------------------- what is no whole backup


@pytest.fixture
def data(context: None) -> bytes:
    """A backup of a little, restored nowhere yet; the database is empty again."""
    ada = Actor(accounts.sign_up("ada@example.com", PASSWORD, rounds=4).id)
    labels.named(ada, ["a", "b"])
    tasks.create(ada, title="Write to Grace", description="About the compiler." * 9)
    written = backed_up()
    with transaction() as session:
        session.execute(User.__table__.delete())
    return written


def assert_refused(data: bytes, message: str = "damaged or cut short|no backup of taskapp") -> None:
    """A file is refused, and the database stays empty.

    What comes through a pipe is read once, so that the database may be the first to refuse it.
    """
    with pytest.raises(Unusable, match=message):
        restore(data)
    with pytest.raises(Unusable):
        backup.restore(Pipe(data), KNOWN, quietly)
    assert not any(everything().values())


class Pipe(io.BytesIO):
    """What can be read once."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: Any) -> int:
        raise io.UnsupportedOperation


def test_what_comes_through_a_pipe_is_restored(data: bytes) -> None:
    assert backup.restore(Pipe(data), KNOWN, quietly)["task"] == 1
    assert [row["title"] for row in everything()["task"]] == ["Write to Grace"]


def test_a_file_that_is_cut_short_is_refused(data: bytes) -> None:
    for length in range(0, len(data), 97):
        with pytest.raises(Unusable):
            backup.check(io.BytesIO(data[:length]), quietly)
    for length in (len(data) // 3, len(data) // 2, len(data) - 100, len(data) - 1):
        assert_refused(data[:length])


def test_a_file_with_another_byte_in_it_is_refused(data: bytes) -> None:
    # Of the first ten bytes, some tell of the time and the system, which does not matter; nor do
    # the bits that fill up the last byte before the eight of the end (RFC 1951, section 3.1).
    for place in (*range(10, len(data) - 9, 17), *range(len(data) - 8, len(data))):
        altered = data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :]
        with pytest.raises(Unusable):
            backup.check(io.BytesIO(altered), quietly)
    for place in (len(data) // 3, len(data) // 2, len(data) - 1):
        assert_refused(data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :])


def without(parts: list[Any], place: int) -> list[Any]:
    return parts[:place] + parts[place + 1 :]


Alter = Callable[[list[Any]], list[Any]]
ALTERED: dict[str, Alter] = {
    "a line is gone": lambda parts: without(parts, 2),
    "a line is there twice": lambda parts: [*parts[:3], parts[2], *parts[3:]],
    "a value is another": lambda parts: json.loads(json.dumps(parts).replace("Grace", "Ada")),
    "the end is gone": lambda parts: parts[:-1],
    "something follows": lambda parts: [*parts, [1]],
}


@pytest.mark.parametrize("how", ALTERED)
def test_a_file_that_somebody_has_altered_is_refused(data: bytes, how: str) -> None:
    parts = lines(data)
    assert_refused(packed(ALTERED[how](parts), with_hash=False))


def row_of(parts: list[Any], table: str) -> int:
    """Where the first row of a table stands."""
    return 1 + next(
        n for n, part in enumerate(parts) if isinstance(part, dict) and part.get("table") == table
    )


def changed(parts: list[Any], table: str, **values: Any) -> list[Any]:
    """The same with other values in the first row of a table."""
    place = row_of(parts, table)
    columns = list(parts[place - 1]["columns"])
    row = list(parts[place])
    for name, value in values.items():
        row[columns.index(name)] = value
    return [*parts[:place], row, *parts[place + 1 :]]


REFUSED: dict[str, tuple[Alter, str]] = {
    "an account twice": (
        lambda parts: changed(parts, "label", name="b", key="b"),
        r"refuses one of the rows 1 to 2 of the table label: .+ Nothing was kept\.",
    ),
    "a task of nobody": (lambda parts: changed(parts, "task", user_id=77), "of the table task"),
    "a time that is none": (lambda parts: changed(parts, "task", created_at="soon"), "damaged"),
    "a number for a time": (lambda parts: changed(parts, "task", created_at=5), "damaged"),
    "a row too short": (
        lambda parts: [[1] if n == row_of(parts, "task") else p for n, p in enumerate(parts)],
        "damaged",
    ),
    "a row of no table": (lambda parts: [parts[0], [], *parts[1:]], "damaged"),
    "an unknown table": (
        lambda parts: json.loads(json.dumps(parts).replace('"table": "task"', '"table": "chore"')),
        "The table chore of this backup is not that of the database|damaged",
    ),
    "an unknown column": (
        lambda parts: json.loads(json.dumps(parts).replace('"title"', '"name"')),
        "The table (task|event) of this backup is not that of the database",
    ),
    "no counts": (lambda parts: parts[:-1], "damaged"),
    "other counts": (lambda parts: [*parts[:-1], parts[-1] | {"rows": {}}], "damaged"),
}


@pytest.mark.parametrize("how", REFUSED)
def test_what_is_whole_and_yet_does_not_fit_is_refused(data: bytes, how: str) -> None:
    alter, message = REFUSED[how]
    assert_refused(packed(alter(lines(data)[:-1])), message)


@pytest.mark.parametrize(
    "foreign",
    [
        b"",
        b"PGDMP",
        b"SQLite format 3\0",
        gzip.compress(b""),
        gzip.compress(b"INSERT INTO task"),
        gzip.compress(b"\xff\xfe\n"),
        packed([]),
        packed([[1]]),
        packed([{"format": "other"}]),
        gzip.compress(b"[" * 100_000 + b"\n"),
    ],
    ids=range(10),
)
def test_what_is_no_backup_at_all_is_told_as_that(context: None, foreign: bytes) -> None:
    assert_refused(foreign, "This is no backup of taskapp")
