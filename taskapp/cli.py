"""The command line: what an operator does to accounts, and help for developers."""

import secrets
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, ParamSpec, TypeVar

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import DBAPIError

from taskapp import models
from taskapp.adoption import moving, words
from taskapp.adoption.addresses import Decisions
from taskapp.db import db, now
from taskapp.domain.actors import Actor
from taskapp.domain.errors import DomainError, RuleViolation
from taskapp.extensions import api, bcrypt_rounds, history_kept, trash_kept
from taskapp.rest import dump
from taskapp.services import (
    accounts,
    bulk,
    demo,
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
SERVICES = (accounts, bulk, demo, history, labels, projects, sessions, tasks, trash)
_email = click.argument("email")


def init_app(app: Flask) -> None:
    """Add the commands, and what `flask shell` knows."""
    app.cli.add_command(users)
    app.cli.add_command(jobs)
    app.cli.add_command(fill_demo)
    app.cli.add_command(write_openapi)
    app.cli.add_command(adopt)
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
    click.echo(f"Removed {trash.expire(keep=trash_kept())} tasks from the trash.")
    click.echo(f"Removed {history.prune(keep=history_kept())} events from the history.")
    click.echo(f"Removed {idempotency.expire()} idempotency keys.")


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
def write_openapi(file: BinaryIO) -> None:
    """Write the API's OpenAPI document to FILE, or to the terminal."""
    file.write(dump(api.spec.to_dict()))


def _read_addresses(_context: object, _option: object, given: tuple[str, ...]) -> dict[int, str]:
    """ID=EMAIL, several times, as a mapping."""
    pairs = [each.partition("=") for each in given]
    if not all(number.isdecimal() and sign for number, sign, _ in pairs):
        raise click.BadParameter("write it as ID=EMAIL")
    return {int(number): address for number, _, address in pairs}


@click.command("adopt")
@click.option("--dry-run", is_flag=True, help="Only tell what would be done; change nothing.")
@click.option("--back", is_flag=True, help="Make the tables what the earlier system had.")
@click.option("--yes", is_flag=True, help="Do not ask whether to begin.")
@click.option(
    "--same-address",
    type=click.Choice(["merge", "separate"]),
    help="What becomes of accounts whose addresses differ only in case or blanks.",
)
@click.option(
    "--bad-address",
    type=click.Choice(["replace"]),
    help="What becomes of accounts whose e-mail address is none.",
)
@click.option(
    "--address",
    "addresses",
    metavar="ID=EMAIL",
    multiple=True,
    callback=_read_addresses,
    help="Another address for one account.",
)
@click.option("--without-owner", metavar="EMAIL", help="Who gets tasks without an owner.")
@click.option(
    "--record", type=click.Path(path_type=Path), help="Where to write which values were changed."
)
@with_appcontext
@_plainly
def adopt(dry_run: bool, back: bool, yes: bool, record: Path | None, **decided: Any) -> None:
    """Adopt the database of the earlier system, the one at DATABASE_URL, in place.

    It keeps every row, and does all of it or nothing. Begin with --dry-run.
    """
    try:
        if back:
            _go_back(dry_run=dry_run, yes=yes)
        else:
            _adopt(Decisions(**decided), record, dry_run=dry_run, yes=yes)
    except FileExistsError as error:
        _fail(f"{error.filename} is there already; nothing has been changed.")
    except DBAPIError as error:
        _fail(f"The database refused, and nothing has been changed: {error.orig}")


def _adopt(decisions: Decisions, record: Path | None, *, dry_run: bool, yes: bool) -> None:
    folder = current_app.extensions["migrate"].directory
    record = record or Path(current_app.instance_path) / f"adopted-{now():%Y%m%dT%H%M%S}.jsonl"
    found = moving.inspect(decisions, folder)
    click.echo("\n".join([*words.report(found), "", *_how_to_return()]))
    if found.undecided:
        _fail("Nothing has been changed: decisions are missing.")
    if dry_run:
        click.echo("This was a dry run: nothing has been changed.")
        return
    _ask_to_begin(yes)
    record.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = moving.adopt(decisions, folder, record)
    click.echo(f"Adopted {found.accounts:,} accounts and {found.tasks:,} tasks.")
    if record.exists():
        click.echo(f"What has been changed in them stands in {record}")


def _go_back(*, dry_run: bool, yes: bool) -> None:
    folder = current_app.extensions["migrate"].directory
    click.echo("\n".join(words.losses(moving.look_back(folder))))
    if dry_run:
        click.echo("This was a dry run: nothing has been changed.")
        return
    _ask_to_begin(yes)
    gone = moving.go_back(folder)
    click.echo(f"{gone.accounts:,} accounts and {gone.tasks:,} tasks are the earlier system's.")


def _how_to_return() -> list[str]:
    on_sqlite = db.engine.dialect.name == "sqlite"
    return [*words.copy_of(db.engine.url.database if on_sqlite else None)]


def _ask_to_begin(yes: bool) -> None:
    if not yes:
        click.confirm("Is there a copy, and does nothing use the database? Begin", abort=True)
