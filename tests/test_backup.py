"""Backup, restore and export on the command line: files, and what is said about them."""

import gzip
import json
import os
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from flask_migrate import upgrade
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from taskapp.db import db, transaction
from taskapp.models import User

from .callers import Caller, make_caller
from .conftest import NewApp, NewDatabase
from .test_cli import assert_failed, logs_in, run


@pytest.fixture
def other(new_database: NewDatabase, new_app: NewApp) -> Flask:
    """An application on an empty database of its own."""
    app = new_app(new_database())
    with app.app_context():
        upgrade()
    return app


def test_what_was_backed_up_is_restored_elsewhere(
    runner: FlaskCliRunner, alice: Caller, other: Flask, tmp_path: Path
) -> None:
    alice.add_task("Write to Grace")
    file = tmp_path / "taskapp.backup"
    done = run(runner, "backup", str(file))
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.startswith("Backed up 3 rows (user 1, event 1, ")
    assert run(runner, "restore", "--check", str(file)).stderr.startswith("Whole: 3 rows (user 1, ")

    done = run(other.test_cli_runner(), "restore", str(file))
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.startswith("Restored 3 rows (user 1, event 1, ")
    there = other.test_client()
    login = {"email": alice.email, "password": "a long and winding road"}
    token = (there.post("/api/auth/login", json=login).get_json() or {})["access_token"]
    listed = Caller(there, alice.id, alice.email, token).get("/tasks").json
    assert listed == alice.get("/tasks").json


def test_only_its_owner_reads_the_file_and_nothing_else_is_left(
    runner: FlaskCliRunner, alice: Caller, tmp_path: Path
) -> None:
    for command in (["backup"], ["export", alice.email]):
        file = tmp_path / command[0]
        file.write_text("the one of yesterday")
        file.chmod(0o644)
        assert run(runner, *command, str(file)).exit_code == 0
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.read_bytes() != b"the one of yesterday"
    assert {each.name for each in tmp_path.iterdir()} == {"backup", "export"}


def test_what_fails_on_the_way_leaves_the_file_of_yesterday(other: Flask, tmp_path: Path) -> None:
    alice = make_caller(other.test_client(), "alice@example.com")
    with other.app_context(), db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE event RENAME TO gone"))
    file = tmp_path / "export"
    file.write_text("the one of yesterday")
    result = run(other.test_cli_runner(), "export", alice.email, str(file))
    assert isinstance(result.exception, DBAPIError)
    assert [each.read_text() for each in tmp_path.iterdir()] == ["the one of yesterday"]


def test_where_there_are_no_tables_nothing_is_backed_up(
    new_app: NewApp, new_database: NewDatabase, tmp_path: Path
) -> None:
    result = run(new_app(new_database()).test_cli_runner(), "backup", str(tmp_path / "file"))
    assert_failed(result, "The database has no tables: there is nothing to back up.")
    assert list(tmp_path.iterdir()) == []


def test_it_goes_through_a_pipe(runner: FlaskCliRunner, alice: Caller, other: Flask) -> None:
    written = run(runner, "backup", "-")
    assert gzip.decompress(written.stdout_bytes).startswith(b'{"format":"taskapp-backup"')
    there = other.test_cli_runner()
    done = there.invoke(args=["restore", "-"], input=written.stdout_bytes)
    assert done.exit_code == 0, done.output
    assert logs_in(other.test_client(), alice.email, "a long and winding road")


@pytest.mark.parametrize("command", [["backup"], ["export", "alice@example.com"]])
def test_what_cannot_be_written_is_told(
    runner: FlaskCliRunner, alice: Caller, tmp_path: Path, command: list[str]
) -> None:
    missing = tmp_path / "no" / "file"
    result = run(runner, *command, str(missing))
    assert_failed(result, f"{missing} cannot be written: No such file or directory.")
    assert_failed(run(runner, *command, str(tmp_path)), f"{tmp_path} is no file.")
    os.mkfifo(tmp_path / "device")
    result = run(runner, *command, str(tmp_path / "device"))
    assert_failed(result, f"{tmp_path / 'device'} is no file.")


def test_what_is_refused_is_told_in_a_sentence(
    runner: FlaskCliRunner, alice: Caller, tmp_path: Path
) -> None:
    file = tmp_path / "taskapp.backup"
    run(runner, "backup", str(file))
    assert_failed(
        run(runner, "restore", str(file)),
        "The database is not empty: there is something in its table user. A backup is restored "
        "into an empty one only. Nothing was changed.",
    )
    file.write_bytes(file.read_bytes()[:-20])
    for option in ([], ["--check"]):
        result = run(runner, "restore", *option, str(file))
        assert result.exit_code == 1
        assert result.stderr.startswith("Error: ")
    assert_failed(result, "This backup is damaged or cut short. Nothing of it was kept.")
    assert run(runner, "restore", str(tmp_path / "nothing")).exit_code == 2


def test_while_it_goes_on_one_sees_how_far_it_is(
    app: Flask, runner: FlaskCliRunner, other: Flask, tmp_path: Path
) -> None:
    people = [{"email": f"{number}", "hashed_password": "!"} for number in range(20_001)]
    with app.app_context(), transaction() as session:
        session.execute(insert(User.__table__), people)
    file = str(tmp_path / "file")
    for each, command in ((runner, ["backup"]), (other.test_cli_runner(), ["restore"])):
        told = run(each, *command, file).stderr.splitlines()
        assert told[0] == "user: 20,000 rows ..."
        assert len(told) == 2


def test_an_operator_hands_over_what_somebody_has(
    runner: FlaskCliRunner, client: FlaskClient, alice: Caller, tmp_path: Path
) -> None:
    alice.add_task("Write to Grace")
    make_caller(client, "bob@example.com").add_task("of Bob")
    own = json.loads(alice.get("/export").data)
    run(runner, "users", "deactivate", alice.email)
    result = run(runner, "export", "Alice@example.com", "-")
    assert result.exit_code == 0, result.output
    written = json.loads(result.stdout)
    changes = {"exported_at", "account"}
    assert {k: v for k, v in written.items() if k not in changes} == {
        k: v for k, v in own.items() if k not in changes
    }
    assert written["account"]["is_active"] is False
    assert "of Bob" not in result.stdout


def test_nobody_is_told_before_a_file_is_made(runner: FlaskCliRunner, tmp_path: Path) -> None:
    result = run(runner, "export", "nobody@example.com", str(tmp_path / "file"))
    assert_failed(result, "There is no account with the e-mail address nobody@example.com.")
    assert list(tmp_path.iterdir()) == []
