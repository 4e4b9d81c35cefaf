"""All that is one's own, in one document."""

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from jsonschema_rs import Draft202012Validator
from sqlalchemy import delete, insert, text

from taskapp.db import db, transaction
from taskapp.domain.actors import Actor
from taskapp.exports import MEMORY_MOST
from taskapp.models import Task
from taskapp.schemas.export import LISTS
from taskapp.services import demo, export

from ..callers import Answer, Caller, make_caller
from ..conftest import NewApp, NewDatabase
from ..test_indexes import fill


def walk(caller: Caller, path: str) -> list[dict[str, Any]]:
    """All pages of a list."""
    found: list[dict[str, Any]] = []
    onwards: str | None = path
    while onwards:
        answer: Answer = caller.get(onwards)
        found += answer.json
        link = answer.headers.get("Link", "")
        onwards = link.split(">")[0].removeprefix("</api") if link else None
    return found


def exported(caller: Caller) -> dict[str, Any]:
    """The document."""
    answer = caller.get("/export")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = json.loads(answer.data)
    return document


def test_it_holds_what_the_lists_answer(app: Flask, alice: Caller, bob: Caller) -> None:
    with app.app_context():
        fill(Actor(alice.id), 20)
        demo.fill(Actor(alice.id))
        demo.fill(Actor(bob.id))
    document = exported(alice)
    assert document["account"] == alice.get("/auth/me").json
    assert document["projects"] == walk(alice, "/projects")
    assert document["labels"] == walk(alice, "/labels")
    assert document["tasks"] == walk(alice, "/tasks?sort=created_at")
    assert document["trashed_projects"] == walk(alice, "/trash/projects")
    assert document["trashed_tasks"] == walk(alice, "/trash")
    assert document["activity"] == walk(alice, "/activity")
    shown = walk(alice, "/sections")
    assert [each for each in document["sections"] if each in shown] == shown
    assert all(document[name] for name in LISTS)


def test_the_sections_of_a_project_in_the_trash_are_in_it(alice: Caller) -> None:
    project = alice.add("/projects", name="House")
    section = alice.add("/sections", name="Hall", project_id=project["id"])
    alice.delete(f"/projects/{project['id']}")
    assert alice.get("/sections").json == []
    assert exported(alice)["sections"] == [section]


def test_an_account_without_anything_has_a_document_too(alice: Caller) -> None:
    document = exported(alice)
    assert (document["format"], document["version"]) == ("taskapp-export", 1)
    assert document["account"]["email"] == alice.email
    assert [document[name] for name in LISTS] == [[]] * len(LISTS)


def test_it_is_what_the_api_document_says_and_tells_no_password(alice: Caller) -> None:
    alice.add_task("Write to Grace")
    answer = alice.get("/export")
    described = alice.client.get("/api/openapi.json").get_json() or {}
    schema = described["components"]["schemas"]["Export"]
    validator = Draft202012Validator(schema | {"components": described["components"]})
    validator.validate(json.loads(answer.data))
    assert "$bcrypt" not in answer.text
    assert "hashed_password" not in answer.text


def test_it_is_a_file_to_keep_that_nobody_else_may(alice: Caller) -> None:
    answer = alice.get("/export")
    assert answer.content_type == "application/json"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="taskapp-20')
    assert answer.headers["Cache-Control"] == "no-store"
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert answer.data.endswith(b"}\n")
    head = alice.call("HEAD", "/export")
    assert (head.status_code, head.data) == (200, b"")
    head.close()


def test_however_much_there_is_all_of_it_is_there_once(app: Flask, alice: Caller) -> None:
    many = export.BATCH * 2 + 1
    new = [
        {"user_id": alice.id, "title": f"{number}", "description": "x" * 1500, "agenda": "~"}
        for number in range(many)
    ]
    with app.app_context(), transaction() as session:
        session.execute(insert(Task.__table__), new)
    answer = alice.get("/export")
    assert len(answer.data) > MEMORY_MOST
    titles = [task["title"] for task in json.loads(answer.data)["tasks"]]
    assert sorted(titles, key=int) == [f"{number}" for number in range(many)]


def test_it_is_packed_for_who_asks_for_that(alice: Caller) -> None:
    alice.add_task("Write to Grace", description="x" * 2000)
    answer = alice.get("/export", headers={"Accept-Encoding": "deflate"})
    assert answer.headers["Content-Encoding"] == "deflate"
    assert len(answer.data) < 2000


def test_it_shows_one_moment_whatever_happens_meanwhile(app: Flask, alice: Caller) -> None:
    alice.add_task("one")
    alice.add_task("two")
    with app.app_context(), export.everything(Actor(alice.id), keep=timedelta(days=30)) as found:
        rows = iter(found.lists["trashed_tasks"])
        with db.engine.begin() as connection:
            connection.execute(delete(Task.__table__))
        assert list(rows) == []
        assert [row.title for row in found.lists["tasks"]] == ["one", "two"]
        assert len(list(found.lists["activity"])) == 2
    assert alice.get("/tasks").json == []


@pytest.mark.parametrize("table", ["task", "event"])
def test_what_fails_on_the_way_is_an_error_and_no_half_of_a_document(
    new_database: NewDatabase, new_app: NewApp, table: str
) -> None:
    app = new_app(new_database())
    with app.app_context():
        upgrade()
        alice = make_caller(app.test_client(), "alice@example.com")
        alice.add_task("Write to Grace")
        with db.engine.begin() as connection:
            connection.execute(text(f"ALTER TABLE {table} RENAME TO gone"))
    answer = alice.get("/export")
    assert answer.status_code in (500, 503)
    assert answer.content_type == "application/problem+json"
    assert "Grace" not in answer.text
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE gone RENAME TO {table}"))
    assert [each["title"] for each in exported(alice)["tasks"]] == ["Write to Grace"]
