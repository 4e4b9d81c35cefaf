"""Whose tables these are: the earlier system's, ours, nobody's, or some that cannot be adopted."""

from collections.abc import Iterator
from dataclasses import dataclass

from alembic.script import ScriptDirectory
from sqlalchemy import Boolean, Connection, DateTime, Inspector, Integer, String, inspect, text

from taskapp.db import db
from taskapp.domain.errors import Conflict
from taskapp.models import Task, User

OLD = {
    "user": ("id", "email", "hashed_password", "is_active", "created_at", "updated_at"),
    "task": ("id", "user_id", "title", "description", "completed", "created_at", "updated_at"),
}
TIMES = ("created_at", "updated_at")
# A column of SQLite holds anything; the rules see to that row by row.
_IDS: dict[str, type] = {"id": Integer, "user_id": Integer}
TYPES: dict[str, dict[str, type]] = {
    "sqlite": _IDS,
    "postgresql": _IDS
    | dict.fromkeys(("email", "hashed_password", "title", "description"), String)
    | dict.fromkeys(("is_active", "completed"), Boolean)
    | dict.fromkeys(TIMES, DateTime),
}
VERSION = "alembic_version"
OURS = {*db.metadata.tables} - {User.__tablename__, Task.__tablename__}
# Triggers, and views where they keep a table from being dropped.
HANGING = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' "
    "AND tbl_name IN ('user', 'task')",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal "
    "AND tgrelid IN (to_regclass('\"user\"'), to_regclass('task')) "
    "UNION SELECT v.relname FROM pg_depend d "
    "JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class "
    "WHERE d.refobjid IN (to_regclass('\"user\"'), to_regclass('task'))",
}


@dataclass(frozen=True)
class Shape:
    """What is to be known of tables that can be adopted."""

    # Columns that keep a time zone, as "task.created_at".
    zoned: frozenset[str]
    # The earlier system's own note of Alembic, if it had one.
    revision: str | None
    # Tables of other purposes, which stay as they are.
    others: tuple[str, ...]


def recognise(connection: Connection, script: ScriptDirectory) -> Shape:
    """The shape of the earlier system's tables; raise Conflict when there is nothing to adopt."""
    seen = inspect(connection)
    tables = set(seen.get_table_names())
    revision = _revision(connection, tables)
    if revision in {each.revision for each in script.walk_revisions()}:
        raise Conflict(
            f"This database is taskapp's own already (its revision is {revision}): there is "
            "nothing to adopt. `flask db upgrade` brings it up to date."
        )
    if not tables & OLD.keys():
        raise Conflict(
            "There is nothing to adopt: this database has no table `user` or `task`. "
            "For a new one run `flask db upgrade`."
        )
    if hindrances := list(_hindrances(connection, seen, tables)):
        raise Conflict(
            "This cannot be adopted as it is:\n"
            + "\n".join(f"- {each}" for each in hindrances)
            + "\nNothing has been changed."
        )
    zoned = {
        f"{table}.{column['name']}"
        for table in OLD
        for column in seen.get_columns(table)
        if getattr(column["type"], "timezone", False)
    }
    others = tables - OLD.keys() - {VERSION}
    return Shape(frozenset(zoned), revision, tuple(sorted(others)))


def require_newest(connection: Connection, script: ScriptDirectory) -> None:
    """Raise Conflict unless the tables are ours, of today's revision."""
    tables = set(inspect(connection).get_table_names())
    revision, newest = _revision(connection, tables), script.get_current_head()
    if revision not in {each.revision for each in script.walk_revisions()}:
        raise Conflict("There is no way back: these tables are not taskapp's.")
    if revision != newest:
        raise Conflict(f"This is at revision {revision}, not {newest}: run `flask db upgrade`.")


def _revision(connection: Connection, tables: set[str]) -> str | None:
    if VERSION not in tables:
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _hindrances(connection: Connection, seen: Inspector, tables: set[str]) -> Iterator[str]:
    for table, columns in OLD.items():
        if table not in tables:
            yield f"there is no table `{table}`"
            continue
        yield from _odd_columns(seen, table, columns)
        if seen.get_pk_constraint(table)["constrained_columns"] != ["id"]:
            yield f"`id` is not the primary key of `{table}`"
    for table in sorted(tables & OURS):
        yield f"there is a table `{table}`, whose name taskapp needs: rename it"
    yield from (
        f"the table `{table}` refers to `user` or `task`: drop that foreign key"
        for table in sorted(tables - OLD.keys())
        if {key["referred_table"] for key in seen.get_foreign_keys(table)} & OLD.keys()
    )
    for name in connection.scalars(text(HANGING[connection.dialect.name])):
        yield f"the trigger or view `{name}` hangs on them: drop it, and make it anew later"


def _odd_columns(seen: Inspector, table: str, columns: tuple[str, ...]) -> Iterator[str]:
    types = {column["name"]: column["type"] for column in seen.get_columns(table)}
    for name in columns:
        if name not in types:
            yield f"`{table}` has no column `{name}`"
        elif not isinstance(types[name], TYPES[seen.dialect.name].get(name, object)):
            yield f"`{table}.{name}` is of the type {types[name]}"
    for name in types.keys() - set(columns):
        yield f"`{table}` has a column `{name}`, for which taskapp has no place: move it elsewhere"
