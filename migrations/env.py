"""How Alembic reaches the database, while others use it. Run it through `flask db`.

On PostgreSQL one host migrates at a time, each revision in a transaction of its own. A revision
that cannot have its locks at once is given up and begun again later, so that those who wait behind
it do not wait for long.
"""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from alembic import context
from flask import current_app
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import OperationalError

from taskapp.engine import WRITE, migrating, sqlalchemy_url

migrate = current_app.extensions["migrate"]

# "task" in ASCII: who holds this lock in a database migrates it.
LOCK = 0x7461736B
WAIT_SECONDS = 600
ATTEMPTS = 30
# A lock that was not to be had in time, and a deadlock.
HINDERED = {"55P03", "40P01"}


def skip_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """Write no migration when the models have not changed."""
    wanted = getattr(context.config.cmd_opts, "autogenerate", False)
    if wanted and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def configure(**kwargs: Any) -> None:
    """Compare with the models; Flask-Migrate lets SQLite rebuild a table that it cannot alter."""
    context.configure(
        target_metadata=migrate.db.metadata,
        compare_server_default=True,
        process_revision_directives=skip_empty,
        **migrate.configure_args,
        **kwargs,
    )


@contextmanager
def without_foreign_keys(connection: Any) -> Iterator[None]:
    """Let SQLite drop a table that it has rebuilt without dropping the rows that refer to it."""
    # Through the driver, since the pragma does nothing once a transaction has begun.
    driver = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        connection.rollback()
        driver.execute("PRAGMA foreign_keys = ON")


@contextmanager
def alone(engine: Engine) -> Iterator[None]:
    """Keep other hosts from migrating, by a lock that goes with its connection."""
    with engine.connect() as connection:
        deadline = time.monotonic() + WAIT_SECONDS
        # Asking again and again, since whoever waits within a statement holds up
        # CREATE INDEX CONCURRENTLY, for which they wait.
        while not connection.scalar(select(func.pg_try_advisory_xact_lock(LOCK))):
            connection.rollback()
            if time.monotonic() > deadline:
                raise click.ClickException(f"Another host migrates since {WAIT_SECONDS} seconds.")
            click.echo("Another host migrates this database; waiting for it.", err=True)
            time.sleep(1)
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield


def run(connection: Any) -> None:
    """Migrate; or, for some of the commands, only look."""
    configure(connection=connection, transaction_per_migration=connection.dialect.name != "sqlite")
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()


def run_patiently(connection: Any) -> None:
    """Migrate, and go on where it stopped when others were in the way."""
    for left in reversed(range(ATTEMPTS)):
        try:
            run(connection)
        except OperationalError as error:
            connection.rollback()
            if not left or getattr(error.orig, "sqlstate", None) not in HINDERED:
                raise
        else:
            return
        click.echo("Others are in the way of this migration; trying again.", err=True)
        # Let those pass that have waited behind it.
        time.sleep(random.uniform(0.5, 1.5))  # noqa: S311


if context.is_offline_mode():
    configure(url=migrate.db.engine.url, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
elif migrate.db.engine.dialect.name == "sqlite":
    # SQLite's write lock is taken at once: whoever writes meanwhile waits, and fails neither us
    # nor themselves half way.
    engine = migrate.db.engine.execution_options(**WRITE)
    with engine.connect() as connection, without_foreign_keys(connection):
        run(connection)
else:
    settings = current_app.config
    url = settings["DATABASE_MIGRATION_URL"] or settings["DATABASE_URL"]
    with (
        migrating(sqlalchemy_url(url, settings["INSTANCE_DIR"])) as engine,
        alone(engine),
        engine.connect() as connection,
    ):
        run_patiently(connection)
