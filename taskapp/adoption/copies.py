"""The rows of `user` and `task`, as they are read, set aside and put into tables made anew."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    MetaData,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
    table,
    text,
)
from sqlalchemy.sql.elements import ColumnElement

from taskapp.adoption.rules import OldTask, OldUser
from taskapp.adoption.shape import OLD, TIMES, Shape
from taskapp.db import AnyRow, Instant

BATCH = 2000
# Whoever has the tables open keeps us waiting no longer than this.
LOCK_SECONDS = 10
TIME_FORMAT = "YYYY-MM-DD HH24:MI:SS.US"

USERS = table("user", *map(column, OLD["user"]))
TASKS = table("task", *map(column, OLD["task"]))
TABLES = {"user": USERS, "task": TASKS}

_aside = MetaData()
# Only this connection sees them, and they end with the transaction.
_temporary: dict[str, Any] = {"prefixes": ["TEMPORARY"], "postgresql_on_commit": "DROP"}
ASIDE = {
    "user": Table(
        "adopted_user",
        _aside,
        Column("id", BigInteger, primary_key=True, autoincrement=False),
        Column("email", Text),
        Column("hashed_password", Text),
        Column("is_active", Boolean),
        Column("created_at", Instant),
        Column("updated_at", Instant),
        **_temporary,
    ),
    "task": Table(
        "adopted_task",
        _aside,
        Column("id", BigInteger, primary_key=True, autoincrement=False),
        Column("user_id", BigInteger),
        Column("title", Text),
        Column("description", Text),
        Column("completed", Boolean),
        Column("created_at", Instant),
        Column("updated_at", Instant),
        **_temporary,
    ),
}


def user_batches(connection: Connection, shape: Shape) -> Iterator[list[OldUser]]:
    """Every account, by id, a batch at a time."""
    query = select(*_texts(connection, shape, "user"))
    return ([OldUser(*row) for row in rows] for rows in _batches(connection, query, USERS))


def users(connection: Connection, shape: Shape) -> Iterator[OldUser]:
    """Every account, by id."""
    return chain.from_iterable(user_batches(connection, shape))


def task_batches(connection: Connection, shape: Shape) -> Iterator[list[OldTask]]:
    """Every task, by id, a batch at a time, with its owner if there is one."""
    query = select(*_texts(connection, shape, "task"), USERS.c.id).select_from(
        TASKS.outerjoin(USERS, USERS.c.id == TASKS.c.user_id)
    )
    return ([OldTask(*row) for row in rows] for rows in _batches(connection, query, TASKS))


def last_id(connection: Connection, name: str) -> int:
    """The greatest id that was ever given, as far as the database knows."""
    given: int | None = None
    if connection.dialect.name == "sqlite":
        counted = text("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'")
        if connection.scalar(counted):
            found = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
            given = connection.scalar(found, {"name": name})
    elif sequence := connection.scalar(_sequence(name)):
        query = f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}"  # noqa: S608 - quoted by the database
        given = connection.scalar(text(query))
    return max(given or 0, connection.scalar(select(func.max(TABLES[name].c.id))) or 0)


def give_ids_after(connection: Connection, name: str, last: int) -> None:
    """Let the next row have a greater id than that."""
    if last < 1:
        return
    if connection.dialect.name == "sqlite":
        values = {"name": name, "last": last}
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
        connection.execute(text("INSERT INTO sqlite_sequence VALUES (:name, :last)"), values)
    else:
        connection.execute(select(func.setval(_sequence(name).scalar_subquery(), last)))


def lock(connection: Connection) -> None:
    """Keep everybody else from the tables; SQLite has done so by beginning."""
    if connection.dialect.name != "sqlite":
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        connection.execute(text('LOCK TABLE "user", task IN ACCESS EXCLUSIVE MODE'))


def set_aside(connection: Connection, shape: Shape) -> None:
    """Copy both tables; naive times are UTC."""
    for name, aside in ASIDE.items():
        aside.create(connection)
        values = [_aside_value(connection, shape, name, each) for each in OLD[name]]
        query = select(*values).select_from(TABLES[name])
        connection.execute(aside.insert().from_select(OLD[name], query))


def write_aside(connection: Connection, name: str, rows: Sequence[dict[str, Any]]) -> None:
    """Give rows of a copy other values."""
    aside = ASIDE[name]
    values: dict[str, Any] = {each: bindparam(f"new_{each}") for each in OLD[name] if each != "id"}
    change = aside.update().where(aside.c.id == bindparam("new_id")).values(values)
    connection.execute(change, [{f"new_{k}": v for k, v in row.items()} for row in rows])


def remake(connection: Connection, make: Callable[[], None], times: str = "{}") -> None:
    """Drop both tables, let `make` make them anew, and put into them what is aside.

    `times` says how a time is written there. What is aside goes, too.
    """
    last = {name: last_id(connection, name) for name in TABLES}
    for name in ("task", "user"):
        connection.execute(text(f'DROP TABLE "{name}"'))
    make()
    for name, aside in ASIDE.items():
        values = ", ".join(times.format(each) if each in TIMES else each for each in OLD[name])
        into = ", ".join(OLD[name])
        query = f'INSERT INTO "{name}" ({into}) SELECT {values} FROM {aside.name} ORDER BY id'  # noqa: S608 - our names
        connection.execute(text(query))
        connection.execute(text(f"DROP TABLE {aside.name}"))
        newest = connection.scalar(select(func.max(TABLES[name].c.id))) or 0
        give_ids_after(connection, name, max(last[name], newest))


def _batches(connection: Connection, query: Any, source: Any) -> Iterator[Sequence[AnyRow]]:
    query = query.order_by(source.c.id).limit(BATCH)
    rows = connection.execute(query).all()
    while rows:
        yield rows
        rows = connection.execute(query.where(source.c.id > rows[-1][0])).all()


def _texts(connection: Connection, shape: Shape, name: str) -> list[ColumnElement[Any]]:
    """The columns of a table as the rules want them: times as texts in one form."""
    return [
        _text_of_time(connection, shape, name, each) if each in TIMES else _value(name, each)
        for each in OLD[name]
    ]


def _text_of_time(connection: Connection, shape: Shape, name: str, time: str) -> ColumnElement[Any]:
    stored = TABLES[name].c[time]
    if connection.dialect.name == "sqlite":
        return cast(stored, Text)
    utc = func.timezone("UTC", stored) if f"{name}.{time}" in shape.zoned else stored
    return func.to_char(utc, TIME_FORMAT)


def _aside_value(connection: Connection, shape: Shape, name: str, each: str) -> ColumnElement[Any]:
    naive = each in TIMES and f"{name}.{each}" not in shape.zoned
    if naive and connection.dialect.name != "sqlite":
        return func.timezone("UTC", TABLES[name].c[each])
    return _value(name, each)


def _value(name: str, each: str) -> ColumnElement[Any]:
    stored = TABLES[name].c[each]
    return cast(stored, Text) if isinstance(ASIDE[name].c[each].type, Text) else stored


def _sequence(name: str) -> Any:
    return select(func.pg_get_serial_sequence(f'"{name}"', "id"))
