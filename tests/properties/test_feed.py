"""The feed of changes under many writers: who follows it hears everything once, and in order."""

from threading import Event
from typing import Any

import pytest
from flask import Flask

from taskapp.domain.actors import Actor
from taskapp.services import bulk, history, labels, projects, tasks
from taskapp.services.filters import Filter

from .stored import State, events, replay, somebody, tables
from .threads import at_once

pytestmark = pytest.mark.usefixtures("context")

WRITERS = 6
TURNS = 12


def write(actor: Actor, number: int) -> None:
    """Do this and that, a little at a time and much at once."""
    for turn in range(TURNS):
        task = tasks.create(actor, title=f"{number}.{turn}").id
        tasks.complete(actor, task)
        if turn % 3 == 0:
            new = {"op": "create", "values": {"title": "several"}}
            bulk.run(actor, [new] * 5, atomic=True)
        elif turn % 3 == 1:
            bulk.act_on(actor, "update", Filter(ids=[task]), values={"priority": "high"})
            history.undo(actor, actor.acts[-1])
        else:
            project = projects.create(actor, name="x").id
            label = labels.create(actor, name=f"{number}.{turn}").id
            tasks.update(actor, task, {"project_id": project, "labels": [label]})


@pytest.mark.parametrize("accounts", [1, 2])
def test_who_follows_hears_each_change_once_and_in_order(app: Flask, accounts: int) -> None:
    people = [somebody() for _ in range(accounts)]
    over = Event()
    heard: list[list[Any]] = [[] for _ in people]

    def follow(who: int) -> None:
        reader, position = Actor(people[who].id), 0
        while True:
            last = over.is_set()
            found = history.changes(reader, position, limit=3)
            assert all(event.id > position for event in found.events)
            heard[who] += found.events
            position = found.position
            if last and not found.more:
                return

    left = list(range(WRITERS))

    def work(number: int) -> None:
        if number < accounts:
            follow(number)
            return
        try:
            write(Actor(people[number % accounts].id), number)
        finally:
            left.pop()
            if not left:
                over.set()

    at_once(app, WRITERS + accounts, work)

    for who, actor in enumerate(people):
        ids = [event.id for event in heard[who]]
        assert ids == sorted(set(ids))
        assert ids == [event.id for event in events(actor)]
        copy: State = replay(heard[who])
        assert copy == tables(actor)


def test_what_is_heard_from_any_position_on_leads_to_the_same() -> None:
    actor = somebody()
    write(actor, 0)
    log = events(actor)
    for start in range(0, len(log), 7):
        position, copy = (log[start - 1].id if start else 0), replay(log[:start])
        more = True
        while more:
            found = history.changes(actor, position, limit=4)
            copy = replay(found.events, copy)
            position, more = found.position, found.more
        assert copy == tables(actor)
        assert position == history.position(actor)
