"""Help for developers: data to look at, the API's document, and what `flask shell` knows."""

import secrets
from typing import IO, Any

import click
from flask.cli import with_appcontext

from taskapp import models
from taskapp.cli.plainly import plainly
from taskapp.db import db
from taskapp.domain.actors import Actor
from taskapp.extensions import api, bcrypt_rounds
from taskapp.rest import dump
from taskapp.services import (
    accounts,
    backup,
    bulk,
    demo,
    export,
    history,
    labels,
    projects,
    sessions,
    tasks,
    trash,
)
from taskapp.services.filters import Filter

SERVICES = (
    *(accounts, backup, bulk, demo, export, history, labels, projects, sessions, tasks, trash),
)


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


def shell_names() -> dict[str, Any]:
    """What `flask shell` knows: db, the models, the services, Filter, and act_as(email)."""
    everything = {name: getattr(models, name) for name in models.__all__}
    services = {each.__name__.rpartition(".")[2]: each for each in SERVICES}
    return everything | services | {"db": db, "act_as": act_as, "Filter": Filter}


def act_as(email: str) -> Actor:
    """The account with that address, as the actor that the services want."""
    return accounts.authenticate(accounts.find(email).id)
