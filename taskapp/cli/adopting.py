"""Adopting the database of the earlier system, and going back."""

from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError

from taskapp.adoption import moving, words
from taskapp.adoption.addresses import Decisions
from taskapp.cli.plainly import fail, plainly
from taskapp.db import db, now


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
@plainly
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
        fail(f"{error.filename} is there already; nothing has been changed.")
    except DBAPIError as error:
        fail(f"The database refused, and nothing has been changed: {error.orig}")


def _adopt(decisions: Decisions, record: Path | None, *, dry_run: bool, yes: bool) -> None:
    folder = current_app.extensions["migrate"].directory
    record = record or Path(current_app.instance_path) / f"adopted-{now():%Y%m%dT%H%M%S}.jsonl"
    found = moving.inspect(decisions, folder)
    click.echo("\n".join([*words.report(found), "", *_how_to_return()]))
    if found.undecided:
        fail("Nothing has been changed: decisions are missing.")
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
