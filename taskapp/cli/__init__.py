"""The command line: what an operator does to accounts, and help for developers."""

import secrets
import sys
import time
from typing import IO, Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from taskapp import health, metrics, models
from taskapp.cli import adopting, backups
from taskapp.cli.plainly import plainly
from taskapp.db import db, repeatable
from taskapp.domain.actors import Actor
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
    app.cli.add_command(backups.write_backup)
    app.cli.add_command(backups.restore_backup)
    app.cli.add_command(backups.export_account)
    app.cli.add_command(adopting.adopt)
    app.shell_context_processor(shell_names)


def shell_names() -> dict[str, Any]:
    """What `flask shell` knows: db, the models, the services, Filter, and act_as(email)."""
    everything = {name: getattr(models, name) for name in models.__all__}
    services = {each.__name__.rpartition(".")[2]: each for each in SERVICES}
    return everything | services | {"db": db, "act_as": act_as, "Filter": Filter}


def act_as(email: str) -> Actor:
    """The account with that address, as the actor that the services want."""
    return accounts.authenticate(accounts.find(email).id)


def _ask_password() -> str:
    # Never an option: a command line is seen by others and kept in histories.
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


@users.command()
@_email
@plainly
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
@plainly
def deactivate(email: str) -> None:
    """Close an account: from the next request on it is refused."""
    user = accounts.set_active(email, active=False)
    click.echo(f"Closed account {user.id} of {user.email}. Its tasks are kept.")


@users.command()
@_email
@plainly
def activate(email: str) -> None:
    """Open an account again."""
    user = accounts.set_active(email, active=True)
    click.echo(f"Opened account {user.id} of {user.email}.")


@users.command("set-password")
@_email
@plainly
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
@plainly
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
