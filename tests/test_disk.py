"""The database's disk is full: what would be stored is refused, and all else goes on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import event, text

from taskapp.db import db

from .callers import Caller, assert_problem, make_caller
from .conftest import NewApp, NewDatabase
from .web.browser import Browser

FULL = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full';
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON task FOR EACH STATEMENT EXECUTE FUNCTION refuse();
"""
EMPTY = "DROP FUNCTION refuse CASCADE"


@pytest.fixture(scope="module")
def app(new_database: NewDatabase, new_app: NewApp) -> Flask:
    """An application on a database of its own."""
    made = new_app(new_database())
    with made.app_context():
        upgrade()
    return made


@contextmanager
def full(app: Flask) -> Iterator[None]:
    """The disk of the application's database is full meanwhile."""
    with app.app_context():
        engine = db.engine
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text(FULL))
        yield
        with engine.begin() as connection:
            connection.execute(text(EMPTY))
        return

    def bound(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # it never is less than there are

    event.listen(engine, "connect", bound)
    engine.dispose()
    yield
    event.remove(engine, "connect", bound)
    engine.dispose()


def fill(caller: Caller) -> Any:
    """The answer to the first task for which there is no room."""
    while True:
        answer = caller.post("/tasks", {"title": "Write to Grace", "description": "x" * 9000})
        if answer.status_code != 201:
            return answer


def test_what_would_be_stored_is_refused_and_reading_goes_on(app: Flask) -> None:
    alice = make_caller(app.test_client(), "alice@example.com")
    alice.add_task()
    with full(app):
        assert_problem(fill(alice), 507, "storage_full")
        before = alice.get("/tasks?limit=500").json
        assert_problem(fill(alice), 507, "storage_full")
        assert alice.get("/tasks?limit=500").json == before
    alice.add_task("There is room again")
    assert len(alice.get("/tasks?limit=500").json) == len(before) + 1


def test_a_page_tells_it_too(app: Flask) -> None:
    bob = make_caller(app.test_client(), "bob@example.com")
    browser = Browser(app)
    browser.log_in(bob.email)
    with full(app):
        fill(bob)
        while (status := browser.post("/tasks", title="x", description="x" * 9000)) == 303:
            pass  # a little room was left
        assert status == 507
        assert "There is no room left" in browser.page.text
        assert browser.open("/tasks") == 200
