"""`flask adopt`: the earlier system's database, made here by SQLModel itself as that system did."""

import json
import stat
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskCliRunner
from flask_migrate import upgrade
from pydantic import NaiveDatetime
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import registry
from sqlmodel import Field, Session, SQLModel, select

from taskapp.adoption import moving
from taskapp.adoption.addresses import Decisions
from taskapp.db import db
from taskapp.domain import ranks, tasks
from taskapp.domain.actors import Actor
from taskapp.domain.errors import Conflict
from taskapp.engine import sqlalchemy_url
from taskapp.services import accounts
from taskapp.services import tasks as task_service

from .callers import PASSWORD, Caller
from .conftest import NewApp, NewDatabase
from .earlier import BEGUN, Earlier, OldTask, OldUser

FOLDER = str(Path(__file__).resolve().parents[1] / "migrations")
# SQLAlchemy cannot read these back from SQLite.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Skipped unsupported reflection of expression-based index:sqlalchemy.exc.SAWarning",
    "ignore:autogenerate skipping metadata-specified expression-based index:UserWarning",
)

# As passlib's bcrypt made them for the earlier system.
HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()


# ---------------------------------------------------------------- the earlier system


class Careless(SQLModel, registry=registry()):
    """The same without bounds, as SQLite never enforced them, and with nulls."""


class CarelessUser(Careless, table=True):
    """An account of which little is sure."""

    __tablename__ = "user"
    id: int | None = Field(default=None, primary_key=True)
    email: str | None = Field(index=True)
    hashed_password: str | None
    is_active: bool | None
    created_at: NaiveDatetime | None
    updated_at: NaiveDatetime | None


class CarelessTask(Careless, table=True):
    """A task of which little is sure, its owner included."""

    __tablename__ = "task"
    id: int | None = Field(default=None, primary_key=True)
    title: str | None
    description: str | None
    completed: bool | None
    created_at: NaiveDatetime | None
    updated_at: NaiveDatetime | None
    user_id: int | None


TIMES = {"created_at": BEGUN, "updated_at": BEGUN}


def a_user(**values: Any) -> CarelessUser:
    """An account, right but for these values."""
    usual: dict[str, Any] = {"email": "ada@example.com", "hashed_password": HASH, "is_active": True}
    return CarelessUser(**usual | TIMES | values)


def a_task(**values: Any) -> CarelessTask:
    """A task, right but for these values."""
    usual: dict[str, Any] = {"title": "x", "description": None, "completed": False, "user_id": 1}
    return CarelessTask(**usual | TIMES | values)


@dataclass
class Old:
    """A database, the earlier system's engine for it, and an application of ours on it."""

    app: Flask
    engine: Engine

    @property
    def runner(self) -> FlaskCliRunner:
        """The command line."""
        return self.app.test_cli_runner()

    @property
    def on_sqlite(self) -> bool:
        """Whether it is a file."""
        return self.engine.dialect.name == "sqlite"

    def store(self, *things: SQLModel) -> None:
        """Make the tables of these, if need be, and write them as SQLModel does."""
        type(things[0]).metadata.create_all(self.engine)
        with Session(self.engine) as session:
            for thing in things:
                session.add(thing)
                session.flush()
            session.commit()
        if not self.on_sqlite:
            # The ids that the tests chose are given.
            self.execute("SELECT setval('user_id_seq', max(id)) FROM \"user\"")
            self.execute("SELECT setval('task_id_seq', max(id)) FROM task")

    def execute(self, sql: str, **values: Any) -> None:
        """Do this in the database."""
        with self.engine.begin() as connection:
            connection.execute(text(sql), values)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """What the database has, as it keeps it."""
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(sql)).mappings()]

    def adopt(self, *options: str) -> Result:
        """Run the command, which is to succeed, without being asked."""
        result = self.run(*options, "--yes")
        assert result.exit_code == 0, result.output
        return result

    def run(self, *options: str, typed: str = "") -> Result:
        """Run the command."""
        return self.runner.invoke(args=["adopt", *options], input=typed)

    def record(self) -> list[dict[str, Any]]:
        """What the newest record of changes says."""
        file = max(Path(self.app.instance_path).glob("adopted-*.jsonl"))
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        return [json.loads(line) for line in file.read_text().splitlines()]

    def log_in(self, email: str, password: str = PASSWORD) -> Caller | None:
        """Log in through the API, if it lets us."""
        client = self.app.test_client()
        body = {"email": email, "password": password}
        response = client.post("/api/auth/login", json=body)
        if response.status_code == 401:
            return None
        assert response.json
        login = response.json
        return Caller(client, login["user"]["id"], login["user"]["email"], login["access_token"])


@pytest.fixture
def old(new_database: NewDatabase, new_app: NewApp, tmp_path: Path) -> Iterator[Old]:
    """An empty database, for the earlier system's tables."""
    url = new_database()
    engine = create_engine(sqlalchemy_url(url, tmp_path))
    yield Old(new_app(url), engine)
    engine.dispose()


def some(count: int = 300) -> list[SQLModel]:
    """Accounts and tasks that keep to all rules, with gaps between their ids."""
    people: list[SQLModel] = [
        OldUser(id=n * 3, email=f"p{n}@example.com", hashed_password=HASH, is_active=n != 2)
        for n in range(1, 11)
    ]
    for n in range(count):
        made = BEGUN + timedelta(hours=n, microseconds=n * 977)
        people.append(
            OldTask(
                id=7 + n * 2,
                title=f"Задача {n}",
                description=None if n % 3 else f"a\n{n}" * n,
                completed=n % 4 == 0,
                created_at=made,
                updated_at=made + timedelta(minutes=n),
                user_id=3 * (1 + n % 10),
            )
        )
    return people


def catalog(engine: Engine) -> list[Any]:
    """Every table, column, default, constraint, index and sequence, as the database tells it."""
    queries = {
        "sqlite": ["SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"],
        "postgresql": [
            "SELECT c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),"
            " a.attnotnull, a.attgenerated, a.attidentity, a.attcollation,"
            " pg_get_expr(d.adbin, d.adrelid) FROM pg_attribute a"
            " JOIN pg_class c ON c.oid = a.attrelid"
            " LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0"
            " AND NOT a.attisdropped ORDER BY 1, 2",
            "SELECT conrelid::regclass::text, conname, contype, convalidated,"
            " pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2",
            "SELECT tablename, indexname, indexdef FROM pg_indexes"
            " WHERE schemaname = 'public' ORDER BY 1, 2",
            "SELECT sequencename, data_type::text, start_value, min_value, max_value, increment_by,"
            " cycle FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1",
            "SELECT relkind, relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " ORDER BY 2",
        ],
    }
    with engine.connect() as connection:
        return [
            [tuple(row) for row in connection.execute(text(query))]
            for query in queries[engine.dialect.name]
        ]


def everything(old: Old) -> Any:
    """The whole database; on SQLite the very bytes of its file."""
    if old.on_sqlite:
        assert old.engine.url.database
        file = Path(old.engine.url.database)
        return file.read_bytes(), sorted(each.name for each in file.parent.iterdir())
    rows = [old.rows(f'SELECT * FROM "{table}" ORDER BY id') for table in ("user", "task")]  # noqa: S608
    sequences = old.rows("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1")
    return catalog(old.engine), rows, sequences


def stored(old: Old, table: str) -> list[dict[str, Any]]:
    """The rows that there are, with all their columns, times as instants."""
    rows = old.rows(f'SELECT * FROM "{table}" ORDER BY id')  # noqa: S608
    for row in rows:
        for name in row:
            if name.endswith("_at") and isinstance(row[name], str):
                row[name] = datetime.fromisoformat(row[name])
    return rows


def naive(moment: datetime) -> datetime:
    """An instant as the earlier system wrote it."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


# ---------------------------------------------------------------- a database without oddities


def test_a_dry_run_tells_what_it_would_do_and_changes_nothing(old: Old) -> None:
    old.store(*some())
    before = everything(old)

    result = old.run("--dry-run")

    assert result.exit_code == 0, result.output
    assert "with 10 accounts and 300 tasks." in result.stdout
    assert "Nothing about them needs to be changed or decided." in result.stdout
    assert result.stdout.endswith("This was a dry run: nothing has been changed.\n")
    assert everything(old) == before
    assert not list(Path(old.app.instance_path).glob("adopted-*"))


def test_every_row_is_kept_with_its_id_and_its_times(old: Old) -> None:
    things = some()
    expected = {
        table: [thing.model_dump() for thing in things if thing.__tablename__ == table]
        for table in ("user", "task")
    }
    old.store(*things)

    result = old.adopt()

    assert "Adopted 10 accounts and 300 tasks.\n" in result.stdout
    for table, rows in expected.items():
        found = stored(old, table)
        assert len(found) == len(rows)
        for row, kept in zip(rows, found, strict=True):
            for name, value in row.items():
                is_time = name.endswith("_at")
                assert (naive(kept[name]) if is_time else kept[name]) == value, (row, name)
    assert not list(Path(old.app.instance_path).glob("adopted-*"))


def test_instants_are_read_as_utc_whatever_the_session_thinks(old: Old) -> None:
    old.store(*some(1))
    if not old.on_sqlite:
        name = old.engine.url.database
        old.execute(f"ALTER DATABASE {name} SET timezone = 'Asia/Kathmandu'")
    old.adopt()
    caller = old.log_in("p1@example.com")
    assert caller
    assert caller.get("/tasks/7").json["created_at"] == "2024-02-29T23:59:59.123456Z"


def test_the_schema_is_the_one_that_upgrading_makes(
    old: Old, new_database: NewDatabase, new_app: NewApp, tmp_path: Path
) -> None:
    old.store(*some(20))
    old.adopt()
    url = new_database()
    with new_app(url).app_context():
        upgrade()
    fresh = create_engine(sqlalchemy_url(url, tmp_path))
    assert catalog(old.engine) == catalog(fresh)
    assert old.rows("SELECT * FROM alembic_version") == [
        dict(row) for row in Old(old.app, fresh).rows("SELECT * FROM alembic_version")
    ]
    fresh.dispose()
    checked = old.runner.invoke(args=["db", "check"])
    assert checked.exit_code == 0, checked.output
    with old.app.app_context():
        upgrade()  # finds nothing to do


def test_what_is_new_about_a_task_is_filled_in_as_an_upgrade_does(old: Old) -> None:
    old.store(*some(9))
    old.adopt()
    for row in stored(old, "task"):
        made = naive(row["created_at"]).replace(tzinfo=UTC)
        assert row["rank"] == ranks.at(made)
        assert row["completed_at"] == (row["updated_at"] if row["completed"] else None)
        assert (row["agenda"], row["depth"], row["version"], row["priority"]) == ("~", 0, 1, 0)
        assert row["deleted_at"] is row["project_id"] is row["parent_id"] is None
    for row in stored(old, "user"):
        assert (row["time_zone"], row["theme"], row["history_from"]) == ("UTC", "system", 0)


def test_an_id_is_never_given_twice(old: Old) -> None:
    old.store(*some(20))
    if not old.on_sqlite:  # whose earlier tables counted only what is there
        old.execute("DELETE FROM task WHERE id > 30")
    last = 45 if not old.on_sqlite else max(row["id"] for row in stored(old, "task"))
    old.adopt()
    with old.app.app_context():
        user = accounts.sign_up("new@example.com", PASSWORD, rounds=4)
        assert user.id == 31
        assert task_service.create(Actor(user.id), title="x").id == last + 1


def test_people_log_in_with_their_old_passwords_and_get_new_hashes(old: Old) -> None:
    old.store(*some(5))
    old.adopt()
    assert old.log_in("p1@example.com", "another password") is None
    assert old.log_in("p2@example.com") is None  # who was not active
    assert stored(old, "user")[0]["hashed_password"] == HASH

    caller = old.log_in("P1@Example.com ")

    assert caller
    assert caller.id == 3
    assert [task["title"] for task in caller.get("/tasks").json] == ["Задача 0"]
    assert stored(old, "user")[0]["hashed_password"].startswith("$bcrypt-sha256$")
    assert old.log_in("p1@example.com")
    assert caller.patch("/tasks/7", {"title": "Changed"}).status_code == 200


def test_deleting_an_account_deletes_its_tasks_afterwards(old: Old) -> None:
    old.store(*some(20))
    old.adopt()
    with old.app.app_context():
        accounts.delete_own(Actor(3), current_password=PASSWORD, rounds=4)
    assert {row["user_id"] for row in stored(old, "task")} == {3 * n for n in range(2, 11)}


def test_tables_without_a_single_row_are_adopted_too(old: Old) -> None:
    Earlier.metadata.create_all(old.engine)
    assert "with 0 accounts and 0 tasks." in old.adopt().stdout
    with old.app.app_context():
        user = accounts.sign_up("first@example.com", PASSWORD, rounds=4)
        assert (user.id, task_service.create(Actor(user.id), title="x").id) == (1, 1)


def test_one_is_asked_before_it_begins_and_told_how_to_return(old: Old) -> None:
    old.store(*some(5))
    before = everything(old)
    result = old.run(typed="n\n")
    assert result.exit_code == 1
    assert "Is there a copy, and does nothing use the database? Begin [y/N]: n" in result.output
    for command in ("cp " if old.on_sqlite else "pg_dump ", "flask adopt --back"):
        assert command in result.output.partition("Is there a copy")[0]
    assert PASSWORD not in result.output
    assert everything(old) == before
    assert old.run(typed="y\n").exit_code == 0


@pytest.fixture
def old_file(tmp_path: Path, new_app: NewApp) -> Iterator[Old]:
    """The same on SQLite alone."""
    folder = tmp_path / "it's a folder"
    folder.mkdir()
    url = f"sqlite:///{folder / 'old.db'}"
    engine = create_engine(url)
    yield Old(new_app(url), engine)
    engine.dispose()


def test_the_lines_shown_take_a_copy_of_a_file_and_bring_it_back(old_file: Old) -> None:
    old_file.store(*some(30))
    before = everything(old_file)
    shown = old_file.run("--dry-run").stdout.partition("Take a copy first")[2].splitlines()
    copy, *back = [line for line in shown if line.startswith(("    cp ", "    rm "))]
    subprocess.run(["sh", "-c", copy], check=True)
    old_file.adopt()
    with old_file.app.app_context():
        db.engine.dispose()
    old_file.engine.dispose()
    for line in back:
        subprocess.run(["sh", "-c", line], check=True)
    Path(f"{old_file.engine.url.database}.before-adoption").unlink()
    assert everything(old_file) == before


# ---------------------------------------------------------------- oddities of tasks


def odd_tasks(*odd: CarelessTask) -> list[SQLModel]:
    """One account, and tasks from the id 1."""
    return [a_user(id=1), *odd]


def adopted(old: Old, *odd: CarelessTask, options: Sequence[str] = ()) -> list[dict[str, Any]]:
    """What becomes of these tasks."""
    old.store(*odd_tasks(*odd))
    dry = old.run("--dry-run", *options)
    assert dry.exit_code == 0, dry.output
    done = old.adopt(*options)
    assert dry.stdout.partition("Stop whatever")[0] == done.stdout.partition("Stop whatever")[0]
    return stored(old, "task")


def test_a_title_too_long_is_cut_and_its_rest_begins_the_description(old: Old) -> None:
    title, exact = "ab🙂 " * 100 + "end", "x" * 200
    first, second, third = adopted(
        old,
        a_task(title=title, description="what was there"),
        a_task(title=title),
        a_task(title=exact),
    )
    assert len(first["title"]) == 200
    assert first["title"].endswith("…")
    rest = first["description"].removesuffix("\n\nwhat was there")
    assert first["title"].removesuffix("…") + rest.removeprefix("…") == title
    assert second["description"] == rest
    assert (third["title"], third["description"]) == (exact, None)
    assert tasks.title(first["title"]) == first["title"]
    changes = old.record()
    assert [(each["table"], each["id"], each["was"]["title"]) for each in changes] == [
        ("task", 1, title),
        ("task", 2, title),
    ]
    assert changes[0]["is"] == {"title": first["title"], "description": first["description"]}


def test_blank_titles_and_control_characters_are_replaced(old: Old) -> None:
    titles = ("", "  \t\n", None, "a\nb\x07c", " padded ", "\x1b", "fine")
    rows = adopted(old, *(a_task(title=title) for title in titles))
    assert [row["title"] for row in rows] == [
        *("(untitled)",) * 3,
        "a b c",
        "padded",
        "(untitled)",
        "fine",
    ]
    assert {each["id"]: each["was"]["title"] for each in old.record()} == dict(
        enumerate(titles[:-1], start=1)
    )


def test_each_oddity_of_a_task_is_counted_with_examples(old: Old) -> None:
    old.store(
        *odd_tasks(
            *(a_task(title="x" * (201 + n)) for n in range(5)),
            a_task(title=""),
            a_task(title="two\nlines"),
            a_task(description="y" * 10_001),
            a_task(completed=None),
            a_task(created_at=None),
        )
    )
    before = everything(old)
    result = old.run("--dry-run")
    assert result.exit_code == 0, result.output
    for count, words, example in (
        (5, "the title has more than 200 characters", "task 1 (201 characters): 'xxx"),
        (1, "the title is blank", "task 6: '' -> '(untitled)'"),
        (1, "the title has a line break", "task 7: 'two\\nlines' -> 'two lines'"),
        (1, "the description has more than 10,000 characters", "task 8 (10,001 characters)"),
        (1, "it is not said whether the task is done", "task 9"),
        (1, "a time is missing", "task 10"),
    ):
        assert f"{count:>8}  {words}" in result.stdout
        assert f"            {example}" in result.stdout
    assert "... and 2 more" in result.stdout
    assert everything(old) == before


def test_descriptions_are_kept_whole(old: Old) -> None:
    long = "Жук 🙂\r\n" * 3000
    first, second = adopted(old, a_task(description=long), a_task(description=" a\x07 "))
    assert first["description"] == long
    assert second["description"] == " a\x07 "
    caller = old.log_in("ada@example.com")
    assert caller
    assert caller.get("/tasks/1").json["description"] == long
    assert caller.patch("/tasks/1", {"title": "New"}).status_code == 200


def test_what_is_not_said_is_taken_for_the_safe_thing(old: Old) -> None:
    later = BEGUN + timedelta(days=1)
    began = datetime.now(UTC).replace(tzinfo=None)
    rows = adopted(
        old,
        a_task(completed=None),
        a_task(created_at=None, updated_at=later),
        a_task(updated_at=None),
        a_task(created_at=None, updated_at=None),
        a_task(created_at=datetime(1, 1, 1), updated_at=later),  # noqa: DTZ001
    )
    times = [(naive(row["created_at"]), naive(row["updated_at"])) for row in rows]
    assert rows[0]["completed"] in (False, 0)
    assert times[:3] == [(BEGUN, BEGUN), (later, later), (BEGUN, BEGUN)]
    assert began <= times[3][0] == times[3][1]
    assert times[4] == (later, later)


def test_tasks_without_an_owner_wait_for_a_decision(old: Old) -> None:
    old.store(*odd_tasks(a_task(user_id=None), a_task(user_id=99), a_task()))
    before = everything(old)
    for options in (["--dry-run"], ["--yes"]):
        result = old.run(*options)
        assert result.exit_code == 1
        assert (
            "       2  the task belongs to nobody, or to an account that is gone" in result.stdout
        )
        assert "task 1: nothing\n" in result.stdout
        assert "task 2: 99\n" in result.stdout
        assert "--without-owner EMAIL" in result.stdout
        assert "To be decided: without_owner." in result.stdout
        assert "Nothing has been changed" in result.stderr
    assert everything(old) == before
    with old.app.app_context(), pytest.raises(Conflict, match="without_owner"):
        moving.adopt(Decisions(), FOLDER, Path(old.app.instance_path) / "adopted-x.jsonl")
    assert not list(Path(old.app.instance_path).glob("adopted-*"))
    assert [row["user_id"] for row in old.rows("SELECT * FROM task ORDER BY id")] == [None, 99, 1]


def test_an_account_that_is_there_gets_what_has_no_owner(old: Old) -> None:
    options = ["--without-owner", "ADA@example.com"]
    rows = adopted(old, a_task(user_id=None), a_task(user_id=99), a_task(), options=options)
    assert [row["user_id"] for row in rows] == [1, 1, 1]
    assert [(each["id"], each["was"]["user_id"]) for each in old.record()] == [(1, None), (2, 99)]


def test_else_a_closed_account_is_made_for_it(old: Old) -> None:
    rows = adopted(old, a_task(user_id=None), options=["--without-owner", "Lost@example.com"])
    assert [row["user_id"] for row in rows] == [2]
    made = stored(old, "user")[1]
    assert (made["email"], bool(made["is_active"])) == ("lost@example.com", False)
    assert old.log_in("lost@example.com", "!") is None
    password = ["a newer password"] * 2
    for command in (["activate"], ["set-password"]):
        done = old.runner.invoke(
            args=["users", *command, "lost@example.com"], input="\n".join([*password, ""])
        )
        assert done.exit_code == 0, done.output
    caller = old.log_in("lost@example.com", password[0])
    assert caller
    assert len(caller.get("/tasks").json) == 1


def test_no_account_is_made_when_nothing_is_without_an_owner(old: Old) -> None:
    adopted(old, a_task(), options=["--without-owner", "lost@example.com"])
    assert len(stored(old, "user")) == 1


# ---------------------------------------------------------------- oddities of accounts


def twins() -> list[SQLModel]:
    """Three accounts of one address, the oldest of them closed, and one by itself."""
    hashes = [bcrypt.hashpw(b"password %d" % n, bcrypt.gensalt(4)).decode() for n in range(5)]
    emails = {1: "ada@example.com", 2: "Ada@Example.com", 3: "ADA@example.com ", 4: "Bob@x.org"}
    return [
        *(
            OldUser(id=n, email=email, hashed_password=hashes[n], is_active=n != 1)
            for n, email in emails.items()
        ),
        *(OldTask(id=n, title=f"of {n}", user_id=n) for n in emails),
    ]


def test_accounts_of_one_address_wait_for_a_decision(old: Old) -> None:
    old.store(*twins())
    before = everything(old)
    result = old.run("--dry-run")
    assert result.exit_code == 1
    assert "       2  two or more accounts have one e-mail address" in result.stdout
    assert (
        "account 1: 'ada@example.com' -> 'account-1@adopted.example' (account 2 keeps it)"
        in result.stdout
    )
    assert "account 3: 'ADA@example.com ' -> 'account-3@adopted.example'" in result.stdout
    for option in ("--same-address merge\n", "--same-address separate\n", "--address ID=EMAIL\n"):
        assert option in result.stdout
    assert "       2  the e-mail address is not in our spelling" in result.stdout
    assert old.run("--yes").exit_code == 1
    assert everything(old) == before


def test_merged_accounts_have_their_tasks_in_the_oldest_active_one(old: Old) -> None:
    old.store(*twins())
    old.adopt("--same-address", "merge")
    assert [(row["email"], bool(row["is_active"])) for row in stored(old, "user")] == [
        ("account-1@adopted.example", False),
        ("ada@example.com", True),
        ("account-3@adopted.example", False),
        ("bob@x.org", True),
    ]
    assert [(row["title"], row["user_id"]) for row in stored(old, "task")] == [
        *(("of 1", 2), ("of 2", 2), ("of 3", 2), ("of 4", 4)),
    ]
    assert old.log_in("ADA@example.com", "password 2")
    assert old.log_in("ADA@example.com ", "password 3") is None
    assert old.log_in("account-3@adopted.example", "password 3") is None
    assert [each["was"] for each in old.record() if each["table"] == "user"] == [
        {"email": "ada@example.com"},
        {"email": "Ada@Example.com"},
        {"email": "ADA@example.com ", "is_active": True},
        {"email": "Bob@x.org"},
    ]


def test_separated_accounts_keep_what_is_theirs(old: Old) -> None:
    old.store(*twins())
    old.adopt("--same-address", "separate")
    assert [row["user_id"] for row in stored(old, "task")] == [1, 2, 3, 4]
    caller = old.log_in("account-3@adopted.example", "password 3")
    assert caller
    assert [task["title"] for task in caller.get("/tasks").json] == ["of 3"]
    changed = {"email": "ada3@example.com", "current_password": "password 3"}
    assert caller.put("/auth/me/email", changed).status_code == 200
    assert old.log_in("ada3@example.com", "password 3")


def test_an_address_may_be_given_to_each_account_instead(old: Old) -> None:
    old.store(*twins())
    old.adopt("--address", "1=old.ada@example.com", "--address", "2=Other@Example.com")
    assert [row["email"] for row in stored(old, "user")] == [
        *("old.ada@example.com", "other@example.com", "ada@example.com", "bob@x.org"),
    ]
    assert old.log_in("ada@example.com", "password 3")


def odd_users() -> list[SQLModel]:
    """Accounts of which hardly one is right."""
    return [
        a_user(id=1, email="no address"),
        a_user(id=2, email=None),
        a_user(id=3, email="c@example.com", hashed_password=None),
        a_user(id=4, email="d@example.com", hashed_password="$2b$12$broken"),
        a_user(id=5, email="e@example.com", hashed_password="x" * 300),
        a_user(id=6, email="f@example.com", is_active=None),
        a_user(id=7, email="g@example.com", created_at=None),
        a_user(id=8, email="x@" + "h" * 300 + ".com"),
        a_task(),
    ]


def test_each_oddity_of_an_account_is_counted_and_addresses_wait_for_a_decision(old: Old) -> None:
    old.store(*odd_users())
    before = everything(old)
    result = old.run("--dry-run")
    assert result.exit_code == 1
    for count, words, example in (
        (3, "the e-mail address is none", "account 2: nothing -> 'account-2@adopted.example'"),
        (2, "there is no password hash", "account 5"),
        (1, "the password hash is broken", "account 4"),
        (1, "it is not said whether the account is active", "account 6"),
        (1, "a time is missing", "account 7"),
    ):
        assert f"{count:>8}  {words}" in result.stdout
        assert f"            {example}\n" in result.stdout
    assert "            --bad-address replace\n" in result.stdout
    assert everything(old) == before


def test_addresses_that_are_none_are_replaced_or_given(old: Old) -> None:
    old.store(*odd_users())
    old.adopt("--bad-address", "replace", "--address", "8=Grace@Example.com")
    rows = stored(old, "user")
    assert [row["email"] for row in rows[:2]] == [
        "account-1@adopted.example",
        "account-2@adopted.example",
    ]
    assert rows[7]["email"] == "grace@example.com"
    assert [row["hashed_password"] for row in rows[2:5]] == ["!", "$2b$12$broken", "!"]
    assert [bool(row["is_active"]) for row in rows] == [*(True,) * 5, False, True, True]
    assert old.log_in("account-1@adopted.example")
    for email in ("c@example.com", "d@example.com", "e@example.com", "f@example.com"):
        assert old.log_in(email) is None, email
    assert {each["id"]: each["was"] for each in old.record()}[1] == {"email": "no address"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--address", "99=a@example.com"], "--address: there is no account 99."),
        (["--address", "1=nonsense"], "--address 1=nonsense: Is no e-mail address"),
        (["--without-owner", "nonsense"], "--without-owner: Is no e-mail address"),
        (["--address", "4=account-1@adopted.example"], "account-1@adopted.example is somebody's"),
    ],
)
def test_decisions_that_make_no_sense_are_refused(old: Old, options: list[str], said: str) -> None:
    old.store(*twins())
    before = everything(old)
    result = old.run("--yes", "--same-address", "merge", *options)
    assert result.exit_code == 1
    assert said in result.stderr
    assert everything(old) == before


def test_an_address_without_an_id_is_a_mistake_in_typing(old: Old) -> None:
    result = old.run("--address", "ada@example.com")
    assert result.exit_code == 2
    assert "write it as ID=EMAIL" in result.stderr


def test_two_accounts_given_one_address_still_need_a_decision(old: Old) -> None:
    old.store(*some(1))
    result = old.run("--dry-run", "--address", "3=p2@example.com")
    assert result.exit_code == 1
    assert "two or more accounts have one e-mail address" in result.stdout


# ---------------------------------------------------------------- what only SQLite keeps


def test_values_that_only_sqlite_takes_are_written_as_ours(old_file: Old) -> None:
    old = old_file
    old.store(*odd_tasks())
    for number, (completed, made) in enumerate(
        [
            ("true", "2024-02-29 23:59:59"),
            (2, "2024-02-29T23:59:59.5Z"),
            ("no", "2024-02-29 23:59:59+02:00"),
            (1, "yesterday"),
            (0, "2024-02-29 23:59:59.123456"),
        ],
        start=1,
    ):
        old.execute(
            "INSERT INTO task (id, title, description, completed, created_at, updated_at, user_id)"
            " VALUES (:id, 'a' || char(0) || 'b', 'c' || char(0), :completed, :made,"
            " '2024-03-01 00:00:00.000000', 1)",
            id=number,
            completed=completed,
            made=made,
        )
    result = old.adopt()
    assert "       3  a time is written in another form" in result.stdout
    rows = old.rows("SELECT * FROM task ORDER BY id")
    assert [row["completed"] for row in rows] == [1, 1, 0, 1, 0]
    assert [row["created_at"] for row in rows] == [
        "2024-02-29 23:59:59.000000",
        "2024-02-29 23:59:59.500000",
        "2024-02-29 21:59:59.000000",
        "2024-03-01 00:00:00.000000",
        "2024-02-29 23:59:59.123456",
    ]
    assert {(row["title"], row["description"]) for row in rows} == {("a b", "c\ufffd")}
    caller = old.log_in("ada@example.com")
    assert caller
    assert len(caller.get("/tasks").json) == 5


# ---------------------------------------------------------------- what is refused


def assert_refused(old: Old, *sentences: str) -> None:
    """Neither a dry run nor a real one goes beyond these words, and nothing changes."""
    before = catalog(old.engine)
    for option in ("--dry-run", "--yes"):
        result = old.run(option)
        assert result.exit_code == 1, result.output
        assert isinstance(result.exception, SystemExit)
        for sentence in sentences:
            assert sentence in result.stderr
    assert catalog(old.engine) == before


def test_an_empty_database_is_led_to_the_ordinary_way(old: Old) -> None:
    assert_refused(old, "There is nothing to adopt", "For a new one run `flask db upgrade`.")


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path, new_app: NewApp) -> None:
    app = new_app(f"sqlite:///{tmp_path / 'none.db'}")
    result = app.test_cli_runner().invoke(args=["adopt", "--dry-run"])
    assert result.exit_code == 1
    assert "There is nothing to adopt" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_our_own_database_is_refused(old: Old) -> None:
    with old.app.app_context():
        upgrade()
    assert_refused(old, "This database is taskapp's own already", "`flask db upgrade`")


def test_a_second_adoption_is_refused(old: Old) -> None:
    old.store(*some(5))
    old.adopt()
    assert_refused(old, "This database is taskapp's own already")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ('ALTER TABLE "user" ADD COLUMN full_name VARCHAR(100)', "`user` has a column `full_name`"),
        ("ALTER TABLE task RENAME COLUMN title TO name", "`task` has no column `title`"),
        ("DROP TABLE task", "there is no table `task`"),
        ("CREATE TABLE label (id INTEGER PRIMARY KEY)", "there is a table `label`"),
        (
            'CREATE TABLE tokens (id INTEGER PRIMARY KEY, u INTEGER REFERENCES "user" (id))',
            "the table `tokens` refers to `user` or `task`",
        ),
    ],
)
def test_tables_of_another_shape_are_refused_and_the_reason_named(
    old: Old, sql: str, said: str
) -> None:
    old.store(*some(3))
    old.execute(sql)
    assert_refused(old, "This cannot be adopted as it is:", said)


def test_what_hangs_on_the_tables_is_named(old: Old) -> None:
    old.store(*some(3))
    if old.on_sqlite:
        old.execute("CREATE TRIGGER hanging AFTER DELETE ON task BEGIN SELECT 1; END")
    else:
        old.execute("CREATE VIEW hanging AS SELECT id FROM task")
    assert_refused(old, "the trigger or view `hanging` hangs on them")


def test_other_tables_and_the_earlier_alembic_are_mentioned(old: Old) -> None:
    old.store(*some(3))
    old.execute("CREATE TABLE audit (id INTEGER PRIMARY KEY)")
    old.execute("INSERT INTO audit VALUES (1)")
    old.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    old.execute("INSERT INTO alembic_version VALUES ('1a2b3c')")
    result = old.adopt()
    assert "Other tables stay as they are: audit." in result.stdout
    assert "own Alembic revision, for going back: 1a2b3c." in result.stdout
    assert old.rows("SELECT * FROM audit") == [{"id": 1}]
    assert len(old.rows("SELECT * FROM alembic_version")) == 1


# ---------------------------------------------------------------- all or nothing


@pytest.mark.parametrize("step", ["give_ids_after", "write_aside"])
def test_what_fails_in_the_midst_leaves_all_as_it_was(
    old: Old, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    old.store(*odd_tasks(a_task(title=""), a_task()))
    tables, before = catalog(old.engine), [stored(old, "user"), stored(old, "task")]

    def fail(*_: object) -> None:
        raise OperationalError("", {}, Exception("the plug was pulled"))

    monkeypatch.setattr(f"taskapp.adoption.copies.{step}", fail)
    result = old.run("--yes")
    assert result.exit_code == 1
    assert "nothing has been changed: the plug was pulled" in result.stderr
    assert catalog(old.engine) == tables
    assert [stored(old, "user"), stored(old, "task")] == before
    assert not list(Path(old.app.instance_path).glob("adopted-*"))

    monkeypatch.undo()
    old.adopt()
    assert [row["title"] for row in stored(old, "task")] == ["(untitled)", "x"]


def test_a_migration_that_fails_late_leaves_all_as_it_was(old: Old, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    subprocess.run(["cp", "-r", FOLDER, folder], check=True)
    (folder / "versions" / "zz_next.py").write_text(
        "from alembic import op\n"
        "revision, down_revision = 'next', '2026_11_22_label_lists'\n"
        "def upgrade():\n"
        "    op.execute('UPDATE task SET completed = NOT completed')\n"
        "    raise ValueError('half way')\n"
    )
    old.store(*some(10))
    tables, before = catalog(old.engine), stored(old, "task")
    with old.app.app_context(), pytest.raises(ValueError, match="half way"):
        moving.adopt(Decisions(), str(folder), tmp_path / "record")
    assert catalog(old.engine) == tables
    assert stored(old, "task") == before
    assert not (tmp_path / "record").exists()


def test_a_record_is_never_written_over_another_file(old: Old, tmp_path: Path) -> None:
    old.store(*some(3))
    (tmp_path / "mine").write_text("precious")
    result = old.run("--yes", "--record", str(tmp_path / "mine"))
    assert result.exit_code == 1
    assert "there already" in result.stderr
    assert (tmp_path / "mine").read_text() == "precious"
    assert old.run("--dry-run").exit_code == 0


def test_whoever_still_uses_the_database_is_not_waited_for_for_ever(
    old: Old, monkeypatch: pytest.MonkeyPatch
) -> None:
    old.store(*some(3))
    monkeypatch.setattr("taskapp.adoption.copies.LOCK_SECONDS", 0.05)
    with old.engine.connect() as other:
        if old.on_sqlite:
            with old.app.app_context(), db.engine.connect() as ours:
                ours.exec_driver_sql("PRAGMA busy_timeout = 50")
            driver: Any = other.connection.driver_connection
            driver.execute("BEGIN IMMEDIATE")
        else:
            other.execute(text("SELECT * FROM task")).all()
        result = old.run("--yes")
        other.rollback()
    assert result.exit_code == 1
    assert "nothing has been changed" in result.stderr
    assert len(stored(old, "task")) == 3


# ---------------------------------------------------------------- the way back


def test_the_earlier_system_reads_and_writes_its_tables_again(old: Old) -> None:
    things = some()
    expected = {
        kind: [thing.model_dump() for thing in things if isinstance(thing, kind)]
        for kind in (OldUser, OldTask)
    }
    old.store(*things)
    old.adopt()

    result = old.run("--back", "--yes")

    assert result.exit_code == 0, result.output
    assert "10 accounts and 300 tasks are the earlier system's.\n" in result.stdout
    with Session(old.engine) as session:
        for kind, rows in expected.items():
            found = session.exec(select(kind).order_by("id")).all()
            assert [thing.model_dump() for thing in found] == rows
        session.add(OldUser(email="new@example.com", hashed_password=HASH))
        session.add(OldTask(title="new", user_id=3))
        session.commit()
        newest = session.exec(select(OldTask).order_by(OldTask.id.desc())).first()  # type: ignore[union-attr]
        assert newest
        assert (newest.id, newest.title) == (606, "new")


def test_going_back_leaves_nothing_of_ours_and_can_be_adopted_again(old: Old) -> None:
    old.store(*some(20))
    old.adopt()
    before = stored(old, "task")
    assert old.run("--back", "--yes").exit_code == 0
    ours = {"alembic_version", *db.metadata.tables} - {"user", "task"}
    tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
    if not old.on_sqlite:
        tables = "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
    assert not ours & {row["name"] for row in old.rows(tables)}
    old.adopt()
    assert stored(old, "task") == before


def test_going_back_says_what_the_earlier_tables_cannot_hold(old: Old) -> None:
    old.store(*some(10))
    old.adopt()
    caller = old.log_in("p1@example.com")
    assert caller
    project = caller.add("/projects", name="Home")
    parent = caller.add_task("Parent", project_id=project["id"], priority="high")
    caller.add_task("Child", parent_id=parent["id"])
    caller.add("/labels", name="red")
    caller.delete(f"/tasks/{caller.add_task('Gone')['id']}")
    tables = catalog(old.engine)

    result = old.run("--back", "--dry-run")

    assert result.exit_code == 0, result.output
    for count, words in (
        (1, "tasks in the trash"),
        (1, "subtasks"),
        (1, "tasks whose dates and priority"),
        (1, "projects"),
        (1, "labels"),
        (1, "passwords of a hash"),
    ):
        assert f"{count:>8}  {words}" in result.stdout
    assert catalog(old.engine) == tables
    assert old.run("--back", typed="n\n").exit_code == 1
    assert catalog(old.engine) == tables

    assert old.run("--back", "--yes").exit_code == 0
    with Session(old.engine) as session:
        titles = [task.title for task in session.exec(select(OldTask).order_by("id"))]
    assert titles == [*(f"Задача {n}" for n in range(10)), "Parent", "Child"]


def test_there_is_no_way_back_from_what_was_never_adopted(old: Old) -> None:
    old.store(*some(3))
    result = old.run("--back", "--yes")
    assert result.exit_code == 1
    assert "There is no way back: these tables are not taskapp's." in result.stderr


def test_there_is_no_way_back_from_an_older_release(old: Old) -> None:
    with old.app.app_context():
        upgrade(revision="2026_11_22_idempotency")
    result = old.run("--back", "--yes")
    assert result.exit_code == 1
    assert "run `flask db upgrade`" in result.stderr


def test_there_is_no_way_back_for_ids_that_do_not_fit(old: Old) -> None:
    old.store(*some(3))
    old.adopt()
    old.execute("UPDATE task SET id = 2147483648 WHERE id = 7")
    result = old.run("--back", "--yes")
    assert result.exit_code == 1
    assert "task 2147483648 has an id that the earlier tables cannot hold" in result.stderr
