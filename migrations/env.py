"""How Alembic reaches the application's engine. Run it through `flask db`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import context
from flask import current_app

migrate = current_app.extensions["migrate"]


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
    if connection.dialect.name != "sqlite":
        yield
        return
    # Through the driver, since the pragma does nothing once a transaction has begun.
    driver = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        connection.rollback()
        driver.execute("PRAGMA foreign_keys = ON")


if context.is_offline_mode():
    configure(url=migrate.db.engine.url, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    # SQLite's write lock is taken at once: whoever writes meanwhile waits, and fails neither us
    # nor themselves half way.
    engine = migrate.db.engine.execution_options(begin="BEGIN IMMEDIATE")
    with engine.connect() as connection, without_foreign_keys(connection):
        configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
