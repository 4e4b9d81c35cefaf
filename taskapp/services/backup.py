"""Backups: the whole database as one file, from which any database can be filled again.

The tables are read as they are in the database, not as the models have them: a release can back up
what an earlier one has made, and restore it into a database that it has brought to that revision.
"""

from collections.abc import Callable, Sequence
from typing import IO, Any

from alembic.migration import MigrationContext
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Connection,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    String,
    TableClause,
    column,
    func,
    insert,
    inspect,
    literal,
    select,
    table,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DataError, IntegrityError

from taskapp.db import Instant, db, now, snapshot, transaction
from taskapp.engine import within
from taskapp.services.archives import Columns, Reader, Unusable, Writer, decode

# Told of each table, again and again, how many of its rows are done.
Tell = Callable[[str, int], None]

# What is not in a backup, and why.
LEFT_OUT = {
    "login_session": "A login is somebody's key to their account; all log in anew.",
}
# Where a row refers to another of its own table: what puts that one first.
PARENTS_FIRST = {"task": "depth"}
BATCH = 1000
# Cookies, tokens and copies may name things made after the backup. Their ids are not given again.
GAP = 1_000_000

_KINDS: dict[str, Any] = {
    "integer": Integer,
    "boolean": Boolean,
    "text": String,
    "instant": DateTime,
    "day": Date,
    "json": JSON,
    "bytes": LargeBinary,
}
_TYPES: dict[str, Any] = {
    "integer": BigInteger(),
    "boolean": Boolean(),
    "text": String(),
    "instant": Instant(),
    "day": Date(),
    "json": JSON(none_as_null=True),
    "bytes": LargeBinary(),
}


def write(out: IO[bytes], tell: Tell) -> dict[str, int]:
    """Write a backup of everything as it is now; return how many rows each table has.

    Others may change what they like meanwhile; none of it is in there. Raise Unusable if there
    are no tables.
    """
    with within(0), snapshot() as session:
        connection = session.connection()
        now_at = revision(connection)
        if now_at is None:
            raise Unusable("The database has no tables: there is nothing to back up.")
        writer = Writer(out, revision=now_at, made_at=now())
        schema = _Schema(connection)
        for name in schema.backed_up:
            _write_rows(connection, schema, name, writer, tell)
        return writer.finish(_last_ids(connection, schema))


def check(file: IO[bytes], tell: Tell) -> dict[str, int]:
    """Read a backup to its end; return how many rows each table has, or raise Unusable."""
    reader = Reader(file)
    for name, columns, rows in reader.batches(BATCH):
        decode(columns, rows)
        tell(name, reader.rows[name])
    return reader.rows


def restore(file: IO[bytes], revisions: Sequence[str], tell: Tell) -> dict[str, int]:
    """Fill an empty database with a backup; return how many rows each table has.

    `revisions` are those of the schema that this release knows, the oldest first. Raise Unusable,
    and leave the database as it was, unless the backup is whole and of the database's revision.
    """
    beginning = file.tell() if file.seekable() else None
    reader = Reader(file)
    with within(0), transaction() as session:
        connection = session.connection()
        _check_revision(reader.head["revision"], revision(connection), revisions)
        schema = _Schema(connection)
        _check_empty(connection, schema)
        if beginning is not None:
            # What is damaged is told as such, and not as whatever the database says to it.
            for _ in reader.batches(BATCH):
                pass
            file.seek(beginning)
            reader = Reader(file)
        _fill(connection, schema, reader, tell)
    return reader.rows


def revision(connection: Connection) -> str | None:
    """Which migration the database has come to; None before the first."""
    found: str | None = MigrationContext.configure(connection).get_current_revision()
    return found


# ---------------------------------------------------------------- what is in the database


class _Schema:
    """The tables that there are in a database, each after those that it refers to."""

    def __init__(self, connection: Connection) -> None:
        """Look them up; what is looked up once is kept."""
        self._look = inspect(connection)
        there = set(self._look.get_table_names())
        self.names = [str(each.name) for each in db.metadata.sorted_tables if each.name in there]
        self.backed_up = [name for name in self.names if name not in LEFT_OUT]
        self._on_postgresql = connection.dialect.name == "postgresql"

    def columns(self, name: str) -> Columns:
        """The columns of a table and their kinds, without those that the database computes."""
        found = self._look.get_columns(name)
        return {each["name"]: _kind(name, each) for each in found if "computed" not in each}

    def order(self, name: str) -> list[str]:
        """By which columns the rows of a table come after those that they refer to."""
        there = {each["name"] for each in self._look.get_columns(name)}
        key = self._look.get_pk_constraint(name)["constrained_columns"]
        return [each for each in (PARENTS_FIRST.get(name), *key) if each in there]

    def table(self, name: str) -> TableClause:
        """A table to select from, or to insert into."""
        types = dict(_TYPES)
        if self._on_postgresql:
            types["json"] = JSONB(none_as_null=True)
        columns = self.columns(name).items()
        return table(name, *(column(each, types[kind]) for each, kind in columns))


def _kind(name: str, said: Any) -> str:
    for kind, general in _KINDS.items():
        if isinstance(said["type"], general):
            return kind
    raise TypeError(f"A backup has no form yet for {name}.{said['name']}: {said['type']!r}")


# ---------------------------------------------------------------- writing


def _write_rows(
    connection: Connection, schema: _Schema, name: str, writer: Writer, tell: Tell
) -> None:
    source = schema.table(name)
    query = select(*source.c).order_by(*(column(each) for each in schema.order(name)))
    writer.open(name, schema.columns(name))
    result = connection.execute(query.execution_options(yield_per=BATCH))
    for rows in result.partitions():
        tell(name, writer.add(name, rows))


def _last_ids(connection: Connection, schema: _Schema) -> dict[str, int]:
    """The greatest id that each table has ever given, be its row long gone; 0 before the first."""
    giving = [name for name in schema.names if "id" in schema.columns(name)]
    if connection.dialect.name == "sqlite":
        given = connection.execute(text("SELECT name, seq FROM sqlite_sequence"))
        found = {row.name: row.seq for row in given}
        return {name: found.get(name, 0) for name in giving}
    return {name: _last_value(connection, name) for name in giving}


def _sequence(connection: Connection, name: str) -> str | None:
    """What gives the ids of a table in PostgreSQL, if something does."""
    quoted = connection.dialect.identifier_preparer.quote(name)
    found: str | None = connection.scalar(select(func.pg_get_serial_sequence(quoted, "id")))
    return found


def _last_value(connection: Connection, name: str) -> int:
    sequence = _sequence(connection, name)
    if sequence is None:
        return 0
    asked = text(f"SELECT last_value FROM {sequence} WHERE is_called")  # noqa: S608
    found: int | None = connection.execute(asked).scalar_one_or_none()
    return found or 0


# ---------------------------------------------------------------- restoring


def _check_revision(theirs: str, ours: str | None, known: Sequence[str]) -> None:
    if theirs not in known:
        raise Unusable(
            f"This backup was made by a newer release: its revision {theirs} is not known here. "
            "Restore it with that release. Nothing was changed."
        )
    if ours is None:
        raise Unusable("The database has no tables yet: run `flask db upgrade` first.")
    if theirs != ours:
        older = ours not in known or known.index(theirs) < known.index(ours)
        raise Unusable(
            f"This backup is of revision {theirs}, the database of {ours}. Nothing was changed. "
            "With the database empty:\n"
            f"  flask db {'downgrade' if older else 'upgrade'} {theirs}\n"
            "  flask restore FILE\n"
            "  flask db upgrade"
        )


def _check_empty(connection: Connection, schema: _Schema) -> None:
    """Refuse a database in which there is something, and keep others from adding anything."""
    if connection.dialect.name == "postgresql":
        every = ", ".join(map(connection.dialect.identifier_preparer.quote, schema.names))
        connection.execute(text(f"LOCK TABLE {every} IN SHARE ROW EXCLUSIVE MODE"))
    for name in schema.names:
        if connection.execute(select(literal(1)).select_from(table(name)).limit(1)).first():
            raise Unusable(
                f"The database is not empty: there is something in its table {name}. A backup is "
                "restored into an empty one only. Nothing was changed."
            )


def _fill(connection: Connection, schema: _Schema, reader: Reader, tell: Tell) -> None:
    for name, columns, rows in reader.batches(BATCH):
        if name not in schema.backed_up or columns != schema.columns(name):
            raise Unusable(
                f"The table {name} of this backup is not that of the database. Nothing was changed."
            )
        _insert(connection, schema.table(name), decode(columns, rows), reader.rows[name])
        tell(name, reader.rows[name])
    for name in reader.last_ids.keys() & set(schema.names):
        _go_on_after(connection, name, reader.last_ids[name] + GAP)


def _insert(
    connection: Connection, target: TableClause, rows: list[dict[str, Any]], last: int
) -> None:
    try:
        connection.execute(insert(target), rows)
    except (IntegrityError, DataError) as error:
        reason = str(error.orig).partition("\n")[0]
        raise Unusable(
            f"The database refuses one of the rows {last - len(rows) + 1:,} to {last:,} of the "
            f"table {target.name}: {reason}. Nothing was kept."
        ) from error


def _go_on_after(connection: Connection, name: str, last: int) -> None:
    """Give no id up to that one from now on."""
    if connection.dialect.name == "postgresql":
        if sequence := _sequence(connection, name):
            given = text(f"SELECT setval(:name, greatest(last_value, :last)) FROM {sequence}")  # noqa: S608
            connection.execute(given, {"name": sequence, "last": last})
        return
    kept = table("sqlite_sequence", column("name"), column("seq"))
    mine = update(kept).where(kept.c.name == name)
    if not connection.execute(mine.values(seq=func.max(kept.c.seq, last))).rowcount:
        connection.execute(insert(kept).values(name=name, seq=last))
