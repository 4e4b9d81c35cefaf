"""The command line: what an operator does to accounts, and help for developers.

A command's module is imported when the command is called, so that `flask --help` does not wait
for what all of them need, and no server keeps it.
"""

from typing import Any

import click
from flask import Flask
from werkzeug.utils import import_string

# Where each command is, and the sentence that `flask --help` shows, which is its own help's first.
COMMANDS = {
    "adopt": (
        "taskapp.cli.adopting.adopt",
        "Adopt the database of the earlier system, the one at DATABASE_URL, in place.",
    ),
    "backup": (
        "taskapp.cli.backups.write_backup",
        "Write everything to FILE, from which `flask restore` fills any database; - is the output.",
    ),
    "db": ("flask_migrate.cli.db", "Perform database migrations."),
    "demo": (
        "taskapp.cli.developing.fill_demo",
        "Make an account with believable tasks, and print its login.",
    ),
    "export": (
        "taskapp.cli.backups.export_account",
        "Write all that an account has to FILE, as JSON for people and programs; - is the output.",
    ),
    "jobs": ("taskapp.cli.jobs.jobs", "Do what has to be done from time to time."),
    "openapi": (
        "taskapp.cli.developing.write_openapi",
        "Write the API's OpenAPI document to FILE, or to the terminal.",
    ),
    "ready": (
        "taskapp.cli.watching.tell_readiness",
        "Say whether the database answers, and has the schema of this release.",
    ),
    "restore": (
        "taskapp.cli.backups.restore_backup",
        "Fill an empty database with what `flask backup` wrote to FILE; - is the input.",
    ),
    "users": ("taskapp.cli.accounts.users", "Manage accounts."),
}


class Later(click.Command):
    """A command that is imported when it is called."""

    def __init__(self, name: str, where: str, sentence: str) -> None:
        """Take its name, where it is, and what it says of itself in a list."""
        super().__init__(name, help=sentence)
        self.where = where

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Hand over to the command itself, which reads the arguments."""
        command: click.Command = import_string(self.where)
        return command.make_context(info_name, args, parent, **extra)


def init_app(app: Flask) -> None:
    """Add the commands, and what `flask shell` knows."""
    for name, (where, sentence) in COMMANDS.items():
        app.cli.add_command(Later(name, where, sentence))
    app.shell_context_processor(_shell_names)


def _shell_names() -> dict[str, Any]:
    names: dict[str, Any] = import_string("taskapp.cli.developing.shell_names")()
    return names
