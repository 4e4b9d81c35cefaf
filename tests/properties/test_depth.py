"""No task comes to lie below itself or too deep, be the service bypassed."""

from collections.abc import Callable
from threading import Barrier
from typing import Any

import psycopg
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from taskapp.db import db, transaction
from taskapp.domain.tasks import DEPTH_MOST
from taskapp.services import tasks

from .stored import assert_sound, everything, rows, somebody
from .threads import at_once

pytestmark = pytest.mark.usefixtures("context")

Put = Callable[[int, int | None, int | None], None]


def put(task_id: int, parent_id: int | None, parent_depth: int | None) -> None:
    """Write straight into the table where a task lies."""
    query = text("UPDATE task SET parent_id = :p, parent_depth = :d WHERE id = :t")
    with transaction() as session:
        session.execute(query, {"t": task_id, "p": parent_id, "d": parent_depth})


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(*[st.integers(0, 8)] * 2, st.integers(-2, 9)), max_size=25))
def test_the_database_refuses_what_would_lie_below_itself_or_too_deep(moves: list[Any]) -> None:
    actor = somebody()
    ids = [tasks.create(actor, title="x").id for _ in range(9)]
    refused = (IntegrityError, OperationalError)  # SQLite stops a cascade without an end
    for child, parent, depth in moves:
        before = everything(actor)
        stored = {row.id: row.depth for row in rows("task", actor)}
        claimed = stored[ids[parent]] if depth < 0 else depth
        try:
            put(ids[child], ids[parent], claimed)
        except refused:
            assert everything(actor) == before
        found = {row.id: row for row in rows("task", actor)}
        for row in found.values():
            above, steps = row, 0
            while above.parent_id is not None:
                above, steps = found[above.parent_id], steps + 1
                assert steps <= DEPTH_MOST
            assert row.depth == steps


def chain(length: int) -> tuple[Any, list[int]]:
    """Somebody, and tasks each of which lies below the one before."""
    actor = somebody()
    ids = [tasks.create(actor, title="x").id]
    for _ in range(length - 1):
        ids.append(tasks.create(actor, title="x", parent_id=ids[-1]).id)
    return actor, ids


def test_a_task_is_not_put_below_itself_or_what_is_below_it_whatever_depth_is_claimed() -> None:
    actor, ids = chain(4)
    before = everything(actor)
    for parent in ids:
        for depth in range(-3, DEPTH_MOST + 2):
            with pytest.raises(DBAPIError):
                put(ids[0], parent, depth)
    assert everything(actor) == before


def test_nothing_is_put_below_anothers_task() -> None:
    _, [stranger] = chain(1)
    actor, [mine] = chain(1)
    with pytest.raises(IntegrityError):
        put(mine, stranger, 0)
    assert_sound(actor)


def test_nothing_lies_deeper_than_it_may_and_what_is_moved_takes_its_depth_along() -> None:
    actor, ids = chain(DEPTH_MOST + 1)
    other = tasks.create(actor, title="y").id
    with pytest.raises(IntegrityError):
        put(other, ids[-1], DEPTH_MOST)
    with pytest.raises(IntegrityError):
        put(ids[0], other, 0)
    put(ids[2], None, None)
    put(ids[0], other, 0)
    found = {row.id: row.depth for row in rows("task", actor)}
    assert [found[id_] for id_ in ids] == [1, 2, *range(DEPTH_MOST - 1)]


def test_of_two_who_put_tasks_below_each_other_at_once_one_is_refused(app: Flask) -> None:
    for _ in range(10):
        actor, ids = somebody(), []
        ids = [tasks.create(actor, title="x").id for _ in range(2)]

        def work(number: int, ids: list[int] = ids) -> bool:
            try:
                put(ids[number], ids[1 - number], 0)
            except DBAPIError:
                return False
            return True

        assert sorted(at_once(app, 2, work)) == [False, True]
        assert_sound_but_for_counts(actor)


def assert_sound_but_for_counts(actor: Any) -> None:
    """One lies below the other."""
    depths = sorted(row.depth for row in rows("task", actor))
    assert depths == [0, 1]


@pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
def test_two_open_transactions_cannot_put_tasks_below_each_other(app: Flask) -> None:
    """Both have written before either commits: one of them is refused."""
    actor = somebody()
    ids = [tasks.create(actor, title="x").id for _ in range(2)]
    written = Barrier(2, timeout=60)
    url = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)

    def work(number: int) -> bool:
        with psycopg.connect(url) as connection:
            connection.execute("SELECT count(*) FROM task").fetchall()
            written.wait()
            query = "UPDATE task SET parent_id = %s, parent_depth = 0 WHERE id = %s"
            try:
                connection.execute(query, [ids[1 - number], ids[number]])
                connection.commit()
            except psycopg.Error:
                connection.rollback()
                return False
            return True

    assert sorted(at_once(app, 2, work)) == [False, True]
    assert_sound_but_for_counts(actor)
