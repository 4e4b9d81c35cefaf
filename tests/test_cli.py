"""The command line."""

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from werkzeug.utils import import_string

from taskapp import models
from taskapp.cli import COMMANDS
from taskapp.db import db, now
from taskapp.domain.errors import AuthenticationFailed, NotFound
from taskapp.services import accounts, tasks
from taskapp.services.filters import Filter

from .callers import PASSWORD, Caller, assert_problem

ROOT = Path(__file__).resolve().parents[1]
EMAIL = "ada@example.com"


def run(runner: FlaskCliRunner, *args: str, typed: tuple[str, ...] = ()) -> Result:
    """Run a command, and type lines into it."""
    return runner.invoke(args=list(args), input="".join(f"{line}\n" for line in typed))


def assert_failed(result: Result, *sentences: str) -> None:
    """The command ended on those sentences, with status 1 and no trace."""
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    shown = result.stderr.splitlines()[-len(sentences) :]
    assert shown == [f"Error: {sentences[0]}", *sentences[1:]]


def logs_in(client: FlaskClient, email: str, password: str) -> bool:
    body = {"email": email, "password": password}
    return client.post("/api/auth/login", json=body).status_code == 200


def test_create_asks_for_the_password_twice(runner: FlaskCliRunner, client: FlaskClient) -> None:
    result = run(runner, "users", "create", "Ada@Example.com", typed=(PASSWORD, PASSWORD))

    assert result.exit_code == 0, result.output
    assert re.search(r"^Created account [0-9]+ for ada@example\.com\.$", result.output, re.M)
    assert "Password: " in result.output
    assert "Repeat for confirmation: " in result.output
    assert PASSWORD not in result.output
    assert logs_in(client, EMAIL, PASSWORD)


def test_create_asks_again_when_the_two_differ(runner: FlaskCliRunner, client: FlaskClient) -> None:
    typed = (PASSWORD, "another", "the second try", "the second try")
    result = run(runner, "users", "create", EMAIL, typed=typed)
    assert result.exit_code == 0, result.output
    assert "do not match" in result.output
    assert not logs_in(client, EMAIL, PASSWORD)
    assert logs_in(client, EMAIL, "the second try")


def test_create_does_nothing_without_a_password(runner: FlaskCliRunner, context: None) -> None:
    result = run(runner, "users", "create", EMAIL)
    assert result.exit_code == 1
    assert accounts.list_all() == []


@pytest.mark.parametrize("command", ["create", "set-password"])
@pytest.mark.parametrize("option", ["--password", "-p", "--hash"])
def test_a_password_is_never_an_option(
    runner: FlaskCliRunner, context: None, command: str, option: str
) -> None:
    result = run(runner, "users", command, EMAIL, option, PASSWORD)
    assert result.exit_code == 2
    assert "No such option" in result.stderr
    assert run(runner, "users", command, EMAIL, PASSWORD).exit_code == 2
    assert accounts.list_all() == []


def test_create_refuses_a_taken_address(runner: FlaskCliRunner, alice: Caller) -> None:
    result = run(runner, "users", "create", "ALICE@example.com", typed=(PASSWORD, PASSWORD))
    assert_failed(result, "There is already an account with this e-mail address: log in instead.")


def test_create_names_every_fault(runner: FlaskCliRunner, context: None) -> None:
    result = run(runner, "users", "create", "ada", typed=("short", "short"))
    assert_failed(
        result,
        "email: Is no e-mail address: An email address must have an @-sign.",
        "password: Use at least 8 characters.",
    )
    assert accounts.list_all() == []


def test_list_shows_the_accounts_oldest_first(
    runner: FlaskCliRunner, alice: Caller, bob: Caller
) -> None:
    run(runner, "users", "deactivate", bob.email)
    result = run(runner, "users", "list")
    assert result.exit_code == 0
    created = rf"{now() - timedelta(minutes=5):%Y-%m-}[0-9]{{2}} [0-9]{{2}}:[0-9]{{2}}"
    first, second = result.stdout.splitlines()
    assert re.fullmatch(rf"{alice.id:>6}  active  {created}  alice@example\.com", first)
    assert re.fullmatch(rf"{bob.id:>6}  closed  {created}  bob@example\.com", second)


def test_list_shows_nothing_when_there_is_nobody(runner: FlaskCliRunner) -> None:
    result = run(runner, "users", "list")
    assert (result.exit_code, result.stdout) == (0, "")


def test_a_closed_account_is_refused_at_once_and_keeps_its_tasks(
    runner: FlaskCliRunner, client: FlaskClient, alice: Caller
) -> None:
    task = alice.add_task()
    result = run(runner, "users", "deactivate", "ALICE@example.com")
    assert (result.exit_code, result.stdout) == (
        0,
        f"Closed account {alice.id} of alice@example.com. Its tasks are kept.\n",
    )
    assert_problem(alice.get("/tasks"), 401, "account_unavailable")
    assert not logs_in(client, alice.email, PASSWORD)
    again = run(runner, "users", "deactivate", alice.email)
    assert (again.exit_code, again.stdout) == (0, result.stdout)

    result = run(runner, "users", "activate", alice.email)
    assert (result.exit_code, result.stdout) == (
        0,
        f"Opened account {alice.id} of alice@example.com.\n",
    )
    assert alice.get("/tasks").json == [task]
    assert logs_in(client, alice.email, PASSWORD)


def test_an_account_changes_only_when_its_state_does(
    runner: FlaskCliRunner, alice: Caller, context: None
) -> None:
    before = accounts.find(alice.email).updated_at
    run(runner, "users", "activate", alice.email)
    assert accounts.find(alice.email).updated_at == before
    run(runner, "users", "deactivate", alice.email)
    assert accounts.find(alice.email).updated_at > before


def test_set_password_replaces_the_password(
    runner: FlaskCliRunner, client: FlaskClient, alice: Caller, bob: Caller
) -> None:
    typed = ("the newer password", "the newer password")
    result = run(runner, "users", "set-password", alice.email, typed=typed)
    assert result.exit_code == 0, result.output
    assert "Changed the password of alice@example.com." in result.output
    assert "the newer password" not in result.output
    assert not logs_in(client, alice.email, PASSWORD)
    assert logs_in(client, alice.email, "the newer password")
    assert logs_in(client, bob.email, PASSWORD)


def test_set_password_keeps_to_the_rules(
    runner: FlaskCliRunner, client: FlaskClient, alice: Caller
) -> None:
    result = run(runner, "users", "set-password", alice.email, typed=("password", "password"))
    assert_failed(result, "password: Is among the commonest passwords; choose another.")
    assert logs_in(client, alice.email, PASSWORD)


@pytest.mark.parametrize("command", ["deactivate", "activate", "set-password"])
@pytest.mark.parametrize("email", ["nobody@example.com", "no address", ""])
def test_an_unknown_account_is_told_before_anything_is_asked(
    runner: FlaskCliRunner, command: str, email: str
) -> None:
    result = run(runner, "users", command, email)
    assert_failed(result, f"There is no account with the e-mail address {email}.")
    assert "Password" not in result.output


def test_demo_prints_a_login_that_works(runner: FlaskCliRunner, client: FlaskClient) -> None:
    result = run(runner, "demo")

    assert result.exit_code == 0, result.output
    printed = re.fullmatch(
        r"Made ([0-9]+) tasks\. Log in as (demo@example\.com) with the password (\S{12,})\n",
        result.stdout,
    )
    assert printed, result.stdout
    count, email, password = printed.groups()
    login = client.post("/api/auth/login", json={"email": email, "password": password}).json
    assert login is not None
    caller = Caller(client, login["user"]["id"], email, login["access_token"])
    made = caller.get("/tasks").json
    assert made is not None
    assert len(made) == int(count) >= 10
    assert {task["completed"] for task in made} == {True, False}
    assert len({task["title"] for task in made}) == len(made)


def test_a_second_demo_says_that_the_address_is_taken(
    runner: FlaskCliRunner, context: None
) -> None:
    assert run(runner, "demo").exit_code == 0
    result = run(runner, "demo")
    assert_failed(result, "There is already an account with this e-mail address: log in instead.")
    assert len(accounts.list_all()) == 1


def test_a_demo_may_be_somebody_elses(runner: FlaskCliRunner, context: None) -> None:
    result = run(runner, "demo", "--email", "Grace@Example.com")
    assert result.exit_code == 0, result.output
    assert "Log in as grace@example.com with" in result.stdout
    assert [user.email for user in accounts.list_all()] == ["grace@example.com"]


def test_openapi_writes_the_document_that_is_served(
    runner: FlaskCliRunner, client: FlaskClient, tmp_path: Path
) -> None:
    file = tmp_path / "openapi.json"
    result = run(runner, "openapi", str(file))
    assert (result.exit_code, result.output) == (0, "")
    document = json.loads(file.read_text())
    assert document["openapi"].startswith("3.1.")
    assert document == client.get("/api/openapi.json").json
    assert json.loads(run(runner, "openapi").stdout) == document
    assert json.loads(run(runner, "openapi", "-").stdout) == document


def test_openapi_tells_when_it_cannot_write(runner: FlaskCliRunner, tmp_path: Path) -> None:
    result = run(runner, "openapi", str(tmp_path / "no" / "such" / "folder"))
    assert result.exit_code != 0
    assert isinstance(result.exception, SystemExit)


def test_the_shell_knows_the_database_the_models_and_the_services(app: Flask) -> None:
    with app.app_context():
        names = app.make_shell_context()
    assert names["db"] is db
    assert names["User"] is models.User
    assert names["Task"] is models.Task
    assert names["accounts"] is accounts
    assert names["tasks"] is tasks
    services = {path.stem for path in Path(tasks.__file__).parent.glob("[a-z]*.py")}
    for_services = {
        "agenda",
        "completion",
        "filters",
        "idempotency",
        "paging",
        "placing",
        "standing",
    }
    # What only pages need is not for the shell either.
    for_services |= {"records", "trees", "editing", "glance", "names", "archives"}
    assert services - for_services == services & names.keys()
    assert names["Filter"] is Filter
    assert callable(names["act_as"])


def test_in_the_shell_one_acts_as_a_user(app: Flask, context: None, alice: Caller) -> None:
    act_as = app.make_shell_context()["act_as"]
    task = tasks.create(act_as("Alice@Example.com"), title="From the shell")
    shown = alice.get(f"/tasks/{task.id}").json
    assert shown is not None
    assert shown["title"] == "From the shell"


def test_in_the_shell_nobody_acts_as_a_stranger_or_a_closed_account(
    app: Flask, context: None, alice: Caller
) -> None:
    act_as = app.make_shell_context()["act_as"]
    with pytest.raises(NotFound):
        act_as("nobody@example.com")
    accounts.set_active(alice.email, active=False)
    with pytest.raises(AuthenticationFailed):
        act_as(alice.email)


@pytest.mark.parametrize(
    "command",
    [["users"], ["users", "create"], ["demo"], ["openapi"], ["backup"], ["restore"], ["export"]],
)
def test_every_command_explains_itself(runner: FlaskCliRunner, command: list[str]) -> None:
    result = run(runner, *command, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ")


def flask(
    tmp_path: Path, *args: str, options: tuple[str, ...] = (), **env: str
) -> subprocess.CompletedProcess[str]:
    """Run the `flask` command in a process of its own; `options` are the interpreter's."""
    return subprocess.run(
        [sys.executable, *options, "-m", "flask", *args],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "APP_ENV": "development",
            "INSTANCE_DIR": str(tmp_path),
            "DATABASE_URL": f"sqlite:///{tmp_path / 'taskapp.db'}",
            **env,
        },
    )


def test_flask_finds_the_application_by_itself(tmp_path: Path) -> None:
    ended = flask(tmp_path, "openapi")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["paths"]


# ---------------------------------------------------------------- what is listed


def test_the_list_of_commands_is_that_of_the_whole_application(app: Flask, tmp_path: Path) -> None:
    help_, longer = flask(tmp_path, "--help"), flask(tmp_path, "--no-debug", "--help")
    assert (help_.returncode, longer.returncode) == (0, 0)
    assert help_.stdout == longer.stdout
    listed = set(re.findall("^  ([a-z]+) ", help_.stdout, re.M))
    assert listed >= {"run", "shell", "routes", *app.cli.commands}
    assert set(COMMANDS) == set(app.cli.commands)


def test_the_list_of_commands_waits_for_none_of_them(tmp_path: Path) -> None:
    ended = flask(tmp_path, "--help", options=("-X", "importtime"))
    imported = set(re.findall(r"\| +([\w.]+)$", ended.stderr, re.M))
    assert "taskapp.cli" in imported
    assert not imported & {"sqlalchemy", "marshmallow", "alembic", "taskapp.factory"}


def test_the_list_of_commands_too_tells_what_is_wrong_with_a_setting(tmp_path: Path) -> None:
    ended = flask(tmp_path, "--help", PORT="many")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "PORT must be a whole number, not 'many'.\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_listed_with_what_it_says_itself(app: Flask, name: str) -> None:
    listed = app.cli.commands[name]
    command = import_string(COMMANDS[name][0])
    assert command.name == name
    for width in range(20, 120):
        assert listed.get_short_help_str(width) == command.get_short_help_str(width)
