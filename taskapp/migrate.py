"""Flask-Migrate, imported when somebody migrates: it brings Alembic, which serving spares."""

from functools import cached_property
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from werkzeug.utils import import_string


class Migrate:
    """What `flask db` and migrations/env.py find under its name, and what there is to migrate."""

    db: SQLAlchemy
    directory: str

    def init_app(self, app: Flask, db: SQLAlchemy, directory: str) -> None:
        """Bind it to an application; the command is in taskapp.cli."""
        self.db, self.directory = db, directory
        app.extensions["migrate"] = self

    @cached_property
    def migrate(self) -> Any:
        """The extension itself."""
        return import_string("flask_migrate.Migrate")(db=self.db, directory=self.directory)

    @property
    def configure_args(self) -> dict[str, Any]:
        """What it tells Alembic."""
        told: dict[str, Any] = self.migrate.alembic_ctx_kwargs
        return told
