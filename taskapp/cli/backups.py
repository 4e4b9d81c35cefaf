"""Everything to a file and back, and all that somebody has."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

import click
from alembic.script import ScriptDirectory
from flask import current_app
from flask.cli import with_appcontext

from taskapp import exports
from taskapp.cli.plainly import fail, plainly
from taskapp.domain.actors import Actor
from taskapp.extensions import trash_kept
from taskapp.services import accounts, backup


@click.command("backup")
@click.argument("file")
@with_appcontext
@plainly
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
@plainly
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
@click.argument("email")
@click.argument("file")
@with_appcontext
@plainly
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
        fail(f"{name} is no file.")
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
        fail(f"{name} cannot be written: {error.strerror}.")


# Between two lines of progress.
_STEP = 20_000


def _tell(table: str, rows: int) -> None:
    if rows % _STEP == 0:
        click.echo(f"{table}: {rows:,} rows ...", err=True)


def _sum_up(verb: str, rows: dict[str, int]) -> None:
    parts = ", ".join(f"{table} {count:,}" for table, count in rows.items())
    click.echo(f"{verb} {sum(rows.values()):,} rows ({parts}).", err=True)
