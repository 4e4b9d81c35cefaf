"""The trash: what is deleted, until it is restored or gone."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from taskapp.db import fetch, now, transaction
from taskapp.domain.actors import Actor
from taskapp.domain.errors import NotFound
from taskapp.models import Task
from taskapp.services import accounts, tasks, trash

pytestmark = pytest.mark.usefixtures("context")

MONTH = timedelta(days=30)
DAY = timedelta(days=1)


@pytest.fixture
def actor(context: None) -> Actor:
    """Somebody with an account."""
    return Actor(accounts.sign_up("alice@example.com", "a long road", rounds=4).id)


@pytest.fixture
def stranger(context: None) -> Actor:
    """Somebody else."""
    return Actor(accounts.sign_up("bob@example.com", "a long road", rounds=4).id)


def deleted(actor: Actor, title: str = "Write to Grace", ago: timedelta | None = None) -> int:
    """The id of a task that was deleted, perhaps so long ago."""
    task_id = tasks.create(actor, title=title).id
    tasks.delete(actor, task_id)
    if ago is not None:
        deleted_at(task_id, now() - ago)
    return int(task_id)


def deleted_at(task_id: int, moment: datetime) -> None:
    """Let a task have been deleted at another time."""
    with transaction() as session:
        session.execute(update(Task).where(Task.id == task_id).values(deleted_at=moment))


def listed(actor: Actor, keep: timedelta = MONTH) -> list[int]:
    """The ids in somebody's trash, in its order."""
    return [row.id for row in trash.list_page(actor, keep=keep).rows]


def stored() -> list[int]:
    """The ids of all tasks that there are."""
    return [row.id for row in fetch(select(Task.id).order_by(Task.id))]


def test_the_task_deleted_last_comes_first(actor: Actor, stranger: Actor) -> None:
    first, second = deleted(actor), deleted(actor)
    tasks.create(actor, title="in use")
    deleted(stranger)
    assert listed(actor) == [second, first]


def test_pages_hold_each_task_once_also_those_deleted_in_one_instant(actor: Actor) -> None:
    moment, ids = now(), [deleted(actor) for _ in range(5)]
    for task_id in ids:
        deleted_at(task_id, moment)
    found, after = [], None
    while True:
        page = trash.list_page(actor, keep=MONTH, limit=2, after=after)
        found += [row.id for row in page.rows]
        after = page.end
        if after is None:
            break
    assert found == ids[::-1]


def test_a_task_is_restored_as_it_was(actor: Actor) -> None:
    before = tasks.create(actor, title="a", description="b\nc", completed=True)
    tasks.delete(actor, before.id)
    trash.restore(actor, before.id, keep=MONTH)
    after = tasks.show(actor, before.id)
    assert (after.title, after.description, after.completed) == ("a", "b\nc", True)
    assert after.created_at == before.created_at
    assert listed(actor) == []


def test_restoring_counts_as_a_change(actor: Actor) -> None:
    task_id = deleted(actor)
    trashed = trash.list_page(actor, keep=MONTH).rows[0]
    restored = trash.restore(actor, task_id, keep=MONTH)
    assert restored.version == trashed.version + 1
    assert restored.updated_at > trashed.updated_at


def test_only_a_deleted_task_of_ones_own_is_restored_or_purged(
    actor: Actor, stranger: Actor
) -> None:
    for task_id in (deleted(stranger), tasks.create(actor, title="in use").id, 0, 2**63 - 1):
        before = stored()
        with pytest.raises(NotFound):
            trash.restore(actor, task_id, keep=MONTH)
        with pytest.raises(NotFound):
            trash.purge(actor, task_id)
        assert stored() == before


def test_a_purged_task_is_gone(actor: Actor) -> None:
    gone, kept = deleted(actor), deleted(actor)
    trash.purge(actor, gone)
    assert stored() == [kept]
    with pytest.raises(NotFound):
        trash.purge(actor, gone)


def test_emptying_removes_ones_own_deleted_tasks_and_nothing_else(
    actor: Actor, stranger: Actor
) -> None:
    deleted(actor)
    deleted(actor, ago=2 * MONTH)
    kept = [tasks.create(actor, title="in use").id, deleted(stranger)]
    trash.empty(actor)
    assert stored() == kept
    trash.empty(actor)
    assert stored() == kept


def test_after_its_time_a_task_is_out_of_reach(actor: Actor) -> None:
    old, young = deleted(actor, ago=MONTH + DAY), deleted(actor, ago=MONTH - DAY)
    assert listed(actor) == [young]
    with pytest.raises(NotFound):
        trash.restore(actor, old, keep=MONTH)
    assert listed(actor, keep=2 * MONTH) == [young, old]
    assert trash.restore(actor, old, keep=2 * MONTH).id == old


def test_nothing_kept_is_nothing_listed(actor: Actor) -> None:
    deleted(actor)
    assert listed(actor, keep=timedelta(0)) == []


def test_what_was_deleted_too_long_ago_expires_whosever_it_is(
    actor: Actor, stranger: Actor
) -> None:
    for owner in (actor, stranger):
        deleted(owner, ago=MONTH + DAY)
    kept = [deleted(actor, ago=MONTH - DAY), deleted(stranger)]
    kept.append(tasks.create(actor, title="in use").id)
    assert trash.expire(keep=MONTH) == 2
    assert stored() == kept
    assert trash.expire(keep=MONTH) == 0
    assert trash.expire(keep=timedelta(0)) == 2
    assert stored() == kept[-1:]
