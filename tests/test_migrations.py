"""migrations/: up, down, up, with data, and against the models."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask.testing import FlaskCliRunner
from flask_migrate import downgrade, merge, upgrade
from flask_migrate import revision as make_revision
from sqlalchemy import Connection, MetaData, inspect, text
from sqlalchemy.engine import Row

from taskapp.db import db, migration_state, revisions
from taskapp.domain.actors import Actor
from taskapp.services import accounts, tasks

from .callers import PASSWORD
from .conftest import NewApp, NewDatabase

FOLDER = Path(__file__).resolve().parents[1] / "migrations"
# The oldest first.
REVISIONS = list(ScriptDirectory(str(FOLDER)).walk_revisions())[::-1]

# SQLAlchemy cannot read these indexes back from SQLite; there they are looked up in sqlite_master.
EXPRESSION_INDEXES = {
    "ix_task_list_title": "user_id, lower(",
    "ix_task_list_completed_at": "user_id, coalesce(completed_at, created_at)",
}
FORMER_EXPRESSION_INDEX = "ix_task_user_id_lower_title_id"
pytestmark = pytest.mark.filterwarnings(
    *(
        f"ignore:Skipped unsupported reflection of expression-based index {name}"
        ":sqlalchemy.exc.SAWarning"
        for name in (FORMER_EXPRESSION_INDEX, *EXPRESSION_INDEXES)
    ),
    # Alembic says the same of the indexes in the models.
    *(
        f"ignore:autogenerate skipping metadata-specified expression-based index '{name}'"
        ":UserWarning"
        for name in EXPRESSION_INDEXES
    ),
)


@pytest.fixture
def blank(new_database: NewDatabase, new_app: NewApp) -> Iterator[Flask]:
    """An application on an empty database, and its context."""
    app = new_app(new_database())
    with app.app_context():
        yield app


def tables() -> set[str]:
    """What there is in the database, but for Alembic's own note."""
    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def leftovers() -> list[Row[Any]]:
    """Types, sequences, views and functions that a migration may have forgotten to drop."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            return list(
                connection.execute(
                    text(
                        "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' "
                        "AND tbl_name <> 'alembic_version'"
                    )
                )
            )
        return list(
            connection.execute(
                text(
                    "SELECT relkind, relname FROM pg_class "
                    "WHERE relnamespace = 'public'::regnamespace "
                    "AND relname NOT LIKE 'alembic_version%' UNION ALL "
                    "SELECT typtype, typname FROM pg_type "
                    "WHERE typnamespace = 'public'::regnamespace "
                    "AND typname NOT LIKE '%alembic_version' UNION ALL "
                    "SELECT prokind, proname FROM pg_proc "
                    "WHERE pronamespace = 'public'::regnamespace"
                )
            )
        )


def schema() -> dict[str, Any]:
    """All that can be told of the tables, in a form that compares."""
    seen = inspect(db.engine)
    return {
        name: {
            "columns": [
                column | {"type": str(column["type"])} for column in seen.get_columns(name)
            ],
            "primary key": seen.get_pk_constraint(name),
            "foreign keys": seen.get_foreign_keys(name),
            "unique": seen.get_unique_constraints(name),
            "checks": seen.get_check_constraints(name),
            "indexes": sorted(
                (
                    # A partial index's condition is compared as text, by index_sql().
                    {k: v for k, v in index.items() if k != "dialect_options"}
                    for index in seen.get_indexes(name)
                ),
                key=lambda index: str(index["name"]),
            ),
        }
        for name in tables()
    }


# ---------------------------------------------------------------- against the models


def test_the_newest_schema_is_that_of_the_models(blank: Flask) -> None:
    upgrade()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, db.metadata) == []


def test_the_check_that_developers_run_agrees(blank: Flask) -> None:
    upgrade()
    result = FlaskCliRunner(blank).invoke(args=["db", "check"])
    assert result.exit_code == 0, result.output


def test_migrating_makes_what_the_models_would_make(
    blank: Flask, new_database: NewDatabase, new_app: NewApp
) -> None:
    upgrade()
    migrated, sql = schema(), index_sql()
    with new_app(new_database()).app_context():
        db.create_all()
        assert schema() == migrated
        assert index_sql() == sql


def index_sql() -> dict[str, str]:
    """The indexes as the database itself describes them, expressions included."""
    catalogue = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' "
        "AND tablename <> 'alembic_version'",
    }
    with db.engine.connect() as connection:
        rows = connection.execute(text(catalogue[connection.dialect.name]))
        return {row[0]: row[1].replace('"', "") for row in rows}


@pytest.mark.parametrize("name", EXPRESSION_INDEXES)
def test_an_index_that_alembic_cannot_see_in_sqlite_is_there(blank: Flask, name: str) -> None:
    upgrade()
    assert EXPRESSION_INDEXES[name] in index_sql()[name].lower()


# ---------------------------------------------------------------- up and down


def test_there_is_one_line_of_revisions() -> None:
    assert len(ScriptDirectory(str(FOLDER)).get_heads()) == 1
    assert len(ScriptDirectory(str(FOLDER)).get_bases()) == 1


def test_the_application_knows_the_revisions_as_alembic_does(app: Flask, folder: Path) -> None:
    assert revisions() == revisions(folder) == revisions_of_alembic(FOLDER)
    for name in ("one", "another"):
        with app.app_context():
            make_revision(str(folder), name, head=REVISIONS[-1].revision, splice=True, rev_id=name)
    forked = folder.rename(folder.with_name("forked"))
    assert revisions(forked) == revisions_of_alembic(forked)
    assert revisions(forked)[1] == {"one", "another"}
    with app.app_context():
        merge(str(forked), "heads", rev_id="both")
    merged = forked.rename(forked.with_name("merged"))
    assert revisions(merged) == revisions_of_alembic(merged)
    assert revisions(merged)[1] == {"both"}


def revisions_of_alembic(folder: Path) -> tuple[frozenset[str], frozenset[str]]:
    """The revisions in a folder, and the last ones."""
    script = ScriptDirectory(str(folder))
    known = frozenset(each.revision for each in script.walk_revisions())
    return known, frozenset(script.get_heads())


def test_going_down_leaves_nothing_and_going_up_again_makes_the_same(blank: Flask) -> None:
    upgrade()
    first = schema()
    assert tables() == set(db.metadata.tables)
    downgrade(revision="base")
    assert tables() == set()
    assert leftovers() == []
    upgrade()
    assert schema() == first
    user = accounts.sign_up("ada@example.com", PASSWORD, rounds=4)
    assert tasks.create(Actor(user.id), title="x").id


def test_each_revision_can_be_taken_back_to_just_what_was_before(blank: Flask) -> None:
    for revision in REVISIONS:
        before = schema()
        upgrade(revision=revision.revision)
        after = schema()
        assert after != before, f"{revision.revision} changes nothing"
        downgrade(revision=str(revision.down_revision or "base"))
        assert schema() == before
        upgrade(revision=revision.revision)
        assert schema() == after


def test_going_up_twice_is_going_up_once(blank: Flask) -> None:
    upgrade()
    before = schema()
    upgrade()
    assert schema() == before


# ---------------------------------------------------------------- with data

# A row for every table, that is valid as soon as there is the table, at any revision: a column
# that a later revision adds has a default there, or an entry here.
ROWS: dict[str, dict[str, Any]] = {
    "user": {"id": 2**40, "email": "ada@example.com", "hashed_password": "!", "is_active": False},
    "task": {
        "id": 2**41,
        "user_id": 2**40,
        "title": "Жук 🙂",
        "description": "a\r\nb",
        "completed": True,
        "version": 7,
        "created_at": "2026-01-31 09:30:00.123456+00:00",
        "updated_at": "2026-02-01 00:00:00.000001+00:00",
        # What is derived for tasks of an earlier release.
        "completed_at": "2026-02-01 00:00:00.000001+00:00",
        "rank": "p1769851800123456",
        "labels": str(2**45),
    },
    "login_session": {
        "id": 2**42,
        "user_id": 2**40,
        "client": "Netscape",
        "expires_at": "2036-02-01 00:00:00.000001+00:00",
    },
    "project": {"id": 2**43, "user_id": 2**40, "name": "Сад", "rank": "p1"},
    "section": {"id": 2**44, "user_id": 2**40, "project_id": 2**43, "name": "Later"},
    "label": {"id": 2**45, "user_id": 2**40, "name": "Straße", "key": "strasse"},
    "task_label": {
        "label_id": 2**45,
        "task_id": 2**41,
        "completed": True,
        "created_at": "2026-01-31 09:30:00.123456+00:00",
    },
    "event": {
        "id": 2**46,
        "user_id": 2**40,
        "actor_id": 2**40,
        "through": "web",
        "kind": "task",
        "thing_id": 2**41,
        "verb": "updated",
        "before": '{"title": "a"}',
        "after": '{"title": "b"}',
    },
    "idempotency_key": {
        "id": 2**47,
        "user_id": 2**40,
        "key": '"',
        "fingerprint": "f" * 64,
        "expires_at": "2036-02-01 00:00:00.000001+00:00",
    },
}


def reflect(connection: Connection) -> MetaData:
    """The tables as they are now."""
    metadata = MetaData()
    metadata.reflect(connection)
    return metadata


def insert_rows() -> None:
    """Put a row into every table by plain SQL, parents first."""
    with db.engine.begin() as connection:
        for table in reflect(connection).sorted_tables:
            if table.name == "alembic_version":
                continue
            row = {k: v for k, v in ROWS[table.name].items() if k in table.columns}
            if connection.dialect.name == "sqlite":
                row = {
                    k: v.removesuffix("+00:00") if k.endswith("_at") else v for k, v in row.items()
                }
            names, marks = ", ".join(f'"{name}"' for name in row), ", ".join(f":{k}" for k in row)
            connection.execute(
                text(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'),  # noqa: S608
                row,
            )


def read_rows() -> dict[str, dict[str, Any]]:
    """The row of every table; an error if there are more."""
    with db.engine.connect() as connection:
        return {
            table.name: dict(row._mapping)
            for table in reflect(connection).sorted_tables
            if table.name != "alembic_version"
            # A table that came later than the rows is empty.
            if (row := connection.execute(table.select()).one_or_none())
        }


def assert_kept(before: dict[str, dict[str, Any]]) -> None:
    """What can still be stored is stored: each row of then, in the columns of now."""
    now = read_rows()
    for name in before.keys() & now.keys():
        common = before[name].keys() & now[name].keys()
        assert {k: now[name][k] for k in common} == {k: before[name][k] for k in common}


def test_every_table_has_a_row_to_try_migrations_with() -> None:
    assert ROWS.keys() == db.metadata.tables.keys()


@pytest.mark.parametrize("revision", [each.revision for each in REVISIONS])
def test_data_of_any_revision_arrives_at_the_newest(blank: Flask, revision: str) -> None:
    upgrade(revision=revision)
    insert_rows()
    before = read_rows()
    upgrade()
    assert_kept(before)
    assert accounts.find("ada@example.com").is_active is False
    if "task" in before:
        assert tasks.show(Actor(2**40), 2**41).title == "Жук 🙂"


def test_data_goes_down_and_up_again_step_by_step(blank: Flask) -> None:
    upgrade()
    insert_rows()
    for revision in REVISIONS[::-1]:
        before = read_rows()
        if revision.down_revision:
            downgrade(revision=str(revision.down_revision))
            assert_kept(before)
            upgrade(revision=revision.revision)
        assert_kept(before)
    upgrade()
    assert_kept({"user": {"id": 2**40, "email": "ada@example.com"}})


# ---------------------------------------------------------------- revisions to come


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of migrations/ to add a revision to."""
    copy = tmp_path / "migrations"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def add_revision(
    folder: Path, up: str, *, name: str = "next", after: str = REVISIONS[-1].revision
) -> None:
    """Add one that does this."""
    lines = "".join(f"    {line}\n" for line in up.splitlines())
    (folder / "versions" / f"{name}.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f"revision, down_revision = {name!r}, {after!r}\n"
        f"def upgrade():\n{lines}\ndef downgrade():\n    pass\n"
    )


def test_rebuilding_a_table_keeps_what_refers_to_it(blank: Flask, folder: Path) -> None:
    """SQLite alters a column by a copy of the table; dropping the original deletes its rows."""
    upgrade()
    insert_rows()
    before = read_rows()
    add_revision(
        folder,
        "with op.batch_alter_table('user', recreate='auto') as table:\n"
        "    table.alter_column('hashed_password', type_=sa.String(512))",
    )
    upgrade(directory=str(folder))
    assert read_rows() == before
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            assert connection.scalar(text("PRAGMA foreign_keys")) == 1
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []


def test_a_revision_that_fails_half_way_changes_nothing(blank: Flask, folder: Path) -> None:
    upgrade()
    insert_rows()
    before, rows = schema(), read_rows()
    add_revision(
        folder,
        "op.create_table('half', sa.Column('id', sa.Integer))\n"
        "op.execute('UPDATE task SET completed = false')\n"
        "raise ValueError('half way')",
    )
    with pytest.raises(ValueError, match="half way"):
        upgrade(directory=str(folder))
    assert schema() == before
    assert read_rows() == rows


@pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
def test_the_revisions_that_are_recommended_work(blank: Flask, folder: Path) -> None:
    upgrade()
    insert_rows()
    recommended = (FOLDER.parent / "docs" / "migrations.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", recommended, re.M | re.S)
    after = REVISIONS[-1].revision
    for number, block in enumerate(blocks):
        add_revision(folder, block, name=f"next_{number}", after=after)
        after = f"next_{number}"
    upgrade(directory=str(folder))
    with db.engine.connect() as connection:
        assert connection.scalars(text("SELECT minutes FROM task")).all() == [0]
        assert connection.scalar(
            text("SELECT convalidated FROM pg_constraint WHERE conname = 'ck_task_minutes'")
        )
        assert connection.scalar(
            text("SELECT indisvalid FROM pg_index WHERE indexrelid = :name ::regclass"),
            {"name": "ix_task_user_id_minutes"},
        )


@pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
def test_what_came_before_a_revision_that_fails_is_kept(blank: Flask, folder: Path) -> None:
    upgrade()
    add_revision(folder, "op.create_table('kept', sa.Column('id', sa.Integer))")
    add_revision(folder, "raise ValueError('late')", name="last", after="next")
    with pytest.raises(ValueError, match="late"):
        upgrade(directory=str(folder))
    assert "kept" in tables()


@pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
def test_migrations_have_an_address_of_their_own(
    new_database: NewDatabase, new_app: NewApp
) -> None:
    served, migrated = new_database(), new_database()
    with new_app(served, DATABASE_MIGRATION_URL=migrated).app_context():
        upgrade()
        assert migration_state() == "behind"
    with new_app(migrated).app_context():
        assert migration_state() == "current"


def test_the_script_for_operators_who_migrate_by_hand_is_whole(blank: Flask) -> None:
    result = FlaskCliRunner(blank).invoke(args=["db", "upgrade", "--sql"])
    assert result.exit_code == 0, result.output
    for name in db.metadata.tables:
        assert f"CREATE TABLE {name}" in result.output.replace('"', "")
