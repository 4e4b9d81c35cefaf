"""What is stored, to see whether something has changed."""

from typing import Any

from flask import Flask
from sqlalchemy import select, update

from taskapp.db import AnyRow, fetch, transaction
from taskapp.models import LoginSession, Task, User

from .browser import Browser


def snapshot(app: Flask) -> dict[str, list[tuple[Any, ...]]]:
    """Everything."""
    with app.app_context():
        return {
            model.__tablename__: [
                tuple(row) for row in fetch(select(model.__table__).order_by(model.id))
            ]
            for model in (User, Task, LoginSession)
        }


def change(app: Flask, model: type[Task | LoginSession], id_: int, **values: Any) -> None:
    """Store other values than people can."""
    with app.app_context(), transaction() as session:
        session.execute(update(model).where(model.id == id_).values(**values))


def task(app: Flask, task_id: int) -> AnyRow:
    """A task, the trash included."""
    with app.app_context():
        return fetch(select(Task.__table__).where(Task.id == task_id))[0]


def session_of(app: Flask, browser: Browser) -> int:
    """The id of the login of a browser, the last that begun under its name."""
    with app.app_context():
        query = select(LoginSession.id).where(LoginSession.client == browser.name)
        number: int = fetch(query.order_by(LoginSession.id.desc()))[0].id
        return number
