"""The command line: what an operator does to accounts, and help for developers."""

import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any, NoReturn, ParamSpec, TypeVar

import click
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from taskapp import exports, health, metrics, models
from taskapp.db import db, repeatable
from taskapp.domain.actors import Actor
from taskapp.domain.errors import DomainError, RuleViolation
from taskapp.engine import within
from taskapp.extensions import api, bcrypt_rounds, history_kept, trash_kept
from taskapp.rest import dump
from taskapp.services import (
    accounts,
    backup,
    bulk,
    demo,
    export,
    history,
    idempotency,
    labels,
    projects,
    sessions,
    tasks,
    trash,
)
from taskapp.services.filters import Filter

P = ParamSpec("P")
R = TypeVar("R")

users = AppGroup("users", help="Manage accounts.")
jobs = AppGroup("jobs", help="Do what has to be done from time to time.")
SERVICES = (
    *(accounts, backup, bulk, demo, export, history, labels, projects, sessions, tasks, trash),
)
_email = click.argument("email")


def init_app(app: Flask) -> None:
    """Add the commands, and what `flask shell` knows."""
    app.cli.add_command(users)
    app.cli.add_command(jobs)
    app.cli.add_command(fill_demo)
    app.cli.add_command(write_openapi)
    app.cli.add_command(tell_readiness)
    app.cli.add_command(write_backup)
    app.cli.add_command(restore_backup)
    app.cli.add_command(export_account)
    app.shell_context_processor(shell_names)


def shell_names() -> dict[str, Any]:
    """What `flask shell` knows: db, the models, the services, Filter, and act_as(email)."""
    everything = {name: getattr(models, name) for name in models.__all__}
    services = {each.__name__.rpartition(".")[2]: each for each in SERVICES}
    return everything | services | {"db": db, "act_as": act_as, "Filter": Filter}


def act_as(email: str) -> Actor:
    """The account with that address, as the actor that the services want."""
    return accounts.authenticate(accounts.find(email).id)


def _plainly(command: Callable[P, R]) -> Callable[P, R]:
    """Let a command end on the sentence of a domain error instead of a trace."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except RuleViolation as error:
            _fail("\n".join(f"{fault.field}: {fault.message}" for fault in error.faults))
        except DomainError as error:
            _fail(error.message)

    return run


def _fail(message: str) -> NoReturn:
    raise click.ClickException(message)


def _ask_password() -> str:
    # Never an option: a command line is seen by others and kept in histories.
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


@users.command()
@_email
@_plainly
def create(email: str) -> None:
    """Create an account; its password is asked for."""
    user = accounts.sign_up(email, _ask_password(), rounds=bcrypt_rounds())
    click.echo(f"Created account {user.id} for {user.email}.")


@users.command("list")
def list_users() -> None:
    """List the accounts: id, state, when they were created, e-mail address."""
    for user in accounts.list_all():
        state = "active" if user.is_active else "closed"
        click.echo(f"{user.id:>6}  {state}  {user.created_at:%Y-%m-%d %H:%M}  {user.email}")


@users.command()
@_email
@_plainly
def deactivate(email: str) -> None:
    """Close an account: from the next request on it is refused."""
    user = accounts.set_active(email, active=False)
    click.echo(f"Closed account {user.id} of {user.email}. Its tasks are kept.")


@users.command()
@_email
@_plainly
def activate(email: str) -> None:
    """Open an account again."""
    user = accounts.set_active(email, active=True)
    click.echo(f"Opened account {user.id} of {user.email}.")


@users.command("set-password")
@_email
@_plainly
def set_password(email: str) -> None:
    """Give an account another password, which is asked for."""
    accounts.find(email)  # before anybody types a password for nothing
    accounts.set_password(email, _ask_password(), rounds=bcrypt_rounds())
    click.echo(f"Changed the password of {email}.")


@jobs.command("run")
def run_jobs() -> None:
    """Remove for good what has been kept for long enough. Run it once a day."""
    with within(0):  # after a long pause there may be much to remove
        removed = {
            "tasks from the trash": repeatable(lambda: trash.expire(keep=trash_kept())),
            "events from the history": repeatable(lambda: history.prune(keep=history_kept())),
            "idempotency keys": repeatable(idempotency.expire),
        }
    for what, count in removed.items():
        click.echo(f"Removed {count} {what}.")
    try:
        metrics.record_jobs(current_app.config["INSTANCE_DIR"], removed, time.time())
    except OSError as error:
        click.echo(f"The servers' metrics will not tell of it: {error}", err=True)


@click.command("ready")
@with_appcontext
def tell_readiness() -> None:
    """Say whether the database answers, and has the schema of this release.

    Ends with 1 when it has not, and with 2 when it does not answer.
    """
    state = health.probe()
    click.echo(health.SENTENCES[state])
    sys.exit({"behind": 1, "unreachable": 2}.get(state, 0))


@click.command("demo")
@click.option("--email", default="demo@example.com", show_default=True, help="Whose tasks.")
@with_appcontext
@_plainly
def fill_demo(email: str) -> None:
    """Make an account with believable tasks, and print its login."""
    password = secrets.token_urlsafe(9)
    user = accounts.sign_up(email, password, rounds=bcrypt_rounds())
    count = demo.fill(Actor(user.id))
    click.echo(f"Made {count} tasks. Log in as {user.email} with the password {password}")


@click.command("openapi")
@click.argument("file", type=click.File("wb"), default="-")
@with_appcontext
def write_openapi(file: IO[bytes]) -> None:
    """Write the API's OpenAPI document to FILE, or to the terminal."""
    file.write(dump(api.spec.to_dict()))


@click.command("backup")
@click.argument("file")
@with_appcontext
@_plainly
def write_backup(file: str) -> None:
    """Write everything to FILE, from which `flask restore` fills any database; - is the output.

    Others may go on working. The file holds the hashes of passwords: keep it as safe as the
    database.
    """
    with _made_whole(file) as out:
        rows = backup.write(out, _tell)
    _sum_up("Backed up", rows)


@click.command("restore")
@click.argument("file", type=click.File("rb"))
@click.option("--check", is_flag=True, help="Only read FILE, and tell whether it is whole.")
@with_appcontext
@_plainly
def restore_backup(file: IO[bytes], check: bool) -> None:
    """Fill an empty database with what `flask backup` wrote to FILE; - is the input.

    All of it or, if anything is wrong, nothing. Nothing is ever overwritten.
    """
    if check:
        _sum_up("Whole:", backup.check(file, _tell))
        return
    scripts = ScriptDirectory(current_app.extensions["migrate"].directory)
    revisions = [each.revision for each in scripts.walk_revisions()][::-1]
    _sum_up("Restored", backup.restore(file, revisions, _tell))


@click.command("export")
@_email
@click.argument("file")
@with_appcontext
@_plainly
def export_account(email: str, file: str) -> None:
    """Write all that an account has to FILE, as JSON for people and programs; - is the output."""
    actor = Actor(accounts.find(email).id)
    with _made_whole(file) as out:
        exports.write(actor, out, keep=trash_kept())


@contextmanager
def _made_whole(name: str) -> Iterator[IO[bytes]]:
    """A file to write, which bears its name only once it is whole, and which nobody else reads."""
    if name == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(name)
    if path.exists() and not path.is_file():
        _fail(f"{name} is no file.")
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as out:
            try:
                yield out
                out.flush()
                os.fsync(out.fileno())
                Path(out.name).replace(path)
            except BaseException:
                Path(out.name).unlink()
                raise
    except OSError as error:
        _fail(f"{name} cannot be written: {error.strerror}.")


# Between two lines of progress.
_STEP = 20_000


def _tell(table: str, rows: int) -> None:
    if rows % _STEP == 0:
        click.echo(f"{table}: {rows:,} rows ...", err=True)


def _sum_up(verb: str, rows: dict[str, int]) -> None:
    parts = ", ".join(f"{table} {count:,}" for table, count in rows.items())
    click.echo(f"{verb} {sum(rows.values()):,} rows ({parts}).", err=True)
