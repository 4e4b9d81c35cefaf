"""Statements that are kept: they find, store and fail as SQLAlchemy's own way does."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import bindparam, event, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from taskapp.db import db, fetch, transaction
from taskapp.domain.actors import Actor
from taskapp.models import Event, Label, Project, Task, User
from taskapp.services import accounts, labels, projects, tasks
from taskapp.services.records import COLUMNS
from taskapp.statements import Kept

from .callers import PASSWORD

LABEL = Kept(
    insert(Label.__table__).values(
        {name: bindparam(name) for name in ("user_id", "name", "key", "color", "version")}
        | {"created_at": bindparam("at"), "updated_at": bindparam("at")}
    )
)


@pytest.fixture
def ada(app: Flask) -> Iterator[Actor]:
    """Somebody with an account, and a context."""
    with app.app_context():
        yield Actor(accounts.sign_up("ada@example.com", PASSWORD, rounds=4).id)


@pytest.mark.parametrize("finds_many", [False, True])
def test_each_value_is_read_as_sqlalchemy_reads_it(ada: Actor, finds_many: bool) -> None:
    label, project = labels.create(ada, name="a"), projects.create(ada, name="House")
    tasks.create(ada, title="all that is nothing")
    tasks.create(
        ada,
        title="Жук 🙂",
        description='a "quoted" \\ line\n\tand another\u2028',
        completed=True,
        priority="high",
        labels=[label.id],
        project_id=project.id,
        due_at=datetime(2026, 2, 6, 9, 30, tzinfo=UTC),
        start_on=date(2026, 2, 1),
    )
    for columns in (COLUMNS["task"], list(Event.__table__.c), list(User.__table__.c)):
        query = select(*columns).order_by(columns[0])
        kept, usual = fetch(Kept(query, finds_many=finds_many)), fetch(query)
        assert kept == usual
        assert [row._mapping for row in kept] == [row._mapping for row in usual]
        assert [list(map(type, row)) for row in kept] == [list(map(type, row)) for row in usual]


def test_what_may_find_many_may_find_none_and_keeps_their_order(ada: Actor) -> None:
    for title in "bdace":
        tasks.create(ada, title=title)
    after = select(Task.title).where(Task.title > bindparam("after")).order_by(Task.title).limit(3)
    kept = Kept(after, finds_many=True)
    found = [[row.title for row in fetch(kept, {"after": title})] for title in ("", "c", "e")]
    assert found == [["a", "b", "c"], ["d", "e"], []]


@pytest.mark.parametrize("title", ["plain", "it's 100%", "%(owner)s", "a:b", "\\'"])
def test_its_own_values_can_stand_in_its_text(ada: Actor, title: str) -> None:
    for each in (title, "another"):
        tasks.create(ada, title=each, due_on=date(2026, 2, 6))
    query = select(Task.title).where(Task.user_id == bindparam("owner"), Task.title == title)
    some = query.where(Task.due_on == date(2026, 2, 6)).limit(5)
    kept = Kept(some, says_values=True)
    assert title.replace("'", "''") in kept.written(db.engine.dialect).text.replace("%%", "%")
    assert fetch(kept, {"owner": ada.id}) == [(title,)]


def test_its_parameters_have_a_value_each_time(ada: Actor) -> None:
    first, second = (tasks.create(ada, title=title) for title in "ab")
    one = Kept(select(Task.title).where(Task.id == bindparam("id"), Task.user_id == ada.id))
    found = [fetch(one, {"id": id_}) for id_ in (first.id, second.id, 0)]
    assert [[row.title for row in rows] for rows in found] == [["a"], ["b"], []]


def test_it_is_part_of_the_transaction_that_it_is_sent_in(ada: Actor) -> None:
    rename = Kept(
        update(Task.__table__)
        .where(Task.__table__.c.id == bindparam("this_id"))
        .values(title=bindparam("title"), updated_at=bindparam("at"))
        .returning(Task.__table__.c.title)
    )
    task = tasks.create(ada, title="before")
    values = {"this_id": task.id, "title": "after", "at": task.updated_at}

    def rename_and_fail() -> None:
        with transaction():
            assert [row.title for row in fetch(rename, values)] == ["after"]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        rename_and_fail()
    assert tasks.show(ada, task.id).title == "before"


def test_it_fails_with_the_same_errors_that_hide_what_was_sent(ada: Actor) -> None:
    label = labels.create(ada, name="secret")
    values = {name: getattr(label, name) for name in ("user_id", "name", "color", "version")}
    twice = values | {"key": "secret", "at": label.created_at}
    with pytest.raises(IntegrityError) as refused, transaction():
        fetch(LABEL, twice)
    assert "secret" not in str(refused.value).split("[SQL")[1]
    assert labels.list_all(ada)


def test_whoever_listens_hears_of_it(ada: Actor) -> None:
    heard: list[str] = []

    def note(_connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
        heard.append(sql)

    everybody = Kept(select(User.id))
    for moment in ("before_cursor_execute", "after_cursor_execute"):
        event.listen(db.engine, moment, note)
        fetch(everybody)
        event.remove(db.engine, moment, note)
    assert len(heard) == 2
    assert heard[0] == heard[1]


def test_what_cannot_be_kept_is_refused(ada: Actor) -> None:
    some = Kept(select(Task.id).where(Task.id.in_([1, 2])))
    with pytest.raises(TypeError, match="list"):
        fetch(some)
    without_defaults = Kept(insert(Task.__table__).values(user_id=ada.id, title="x"))
    with pytest.raises(TypeError, match="defaults"), transaction():
        fetch(without_defaults)


def test_it_is_no_other_statement_for_another_database(ada: Actor) -> None:
    counted = Kept(select(Project.id).where(Project.user_id == bindparam("owner")))
    assert fetch(counted, {"owner": ada.id}) == []
    with db.engine.connect() as connection:
        assert counted.written(connection.dialect) is counted.written(connection.dialect)
        assert connection.execute(text("SELECT 1")).scalar() == 1
