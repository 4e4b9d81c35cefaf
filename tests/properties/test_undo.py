"""Undo: what was done is taken back, what has changed since is left alone, and undo has an undo."""

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from taskapp.domain.actors import Actor
from taskapp.domain.errors import Conflict
from taskapp.services import history

from .deeds import BEGINNING, DEEDS, Deed, World, deeds
from .stored import State, assert_sound, events, everything, tables, without_trash

pytestmark = pytest.mark.usefixtures("context")

# What is removed for good stays so.
FOR_GOOD = ("purge", "empty", "purge project")
UNDOABLE = tuple(name for name in DEEDS if name not in FOR_GOOD)
MANY = settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
EARLIER = st.lists(deeds(), max_size=12)


def begin(*several: Deed) -> tuple[World, Actor]:
    """Somebody who has something of every kind, and has done a few things with it."""
    world = World()
    for deed in (*BEGINNING, *several):
        world.do(0, deed)
    return world, world.people[0]


def acted(world: World, actor: Actor, deed: Deed) -> int:
    """Do something; return the act."""
    count = len(actor.acts)
    assume(world.do(0, deed) and len(actor.acts) == count + 1)
    return actor.acts[-1]


def as_seen(state: State, made: set[Any]) -> State:
    """A state in which those things that are in the trash count as absent."""
    return {
        key: fields
        for key, fields in state.items()
        if not (key in made and fields.get("deleted_at"))
    }


@MANY
@given(EARLIER, deeds(UNDOABLE))
def test_undoing_brings_back_what_was_and_undoing_that_what_was_done(
    earlier: list[Deed], deed: Deed
) -> None:
    world, actor = begin(*earlier)
    before = tables(actor)
    act_id = acted(world, actor, deed)
    after = tables(actor)
    made = after.keys() - before.keys()

    assert history.undo(actor, act_id) > 0
    assert as_seen(tables(actor), made) == before
    assert_sound(actor)

    assert history.undo(actor, actor.acts[-1]) > 0
    assert tables(actor) == after
    assert_sound(actor)


@MANY
@given(EARLIER, deeds(), st.lists(deeds(), min_size=1, max_size=6))
def test_what_has_changed_since_is_left_alone_or_stands_in_the_way(
    earlier: list[Deed], deed: Deed, later: list[Deed]
) -> None:
    world, actor = begin(*earlier)
    act_id = acted(world, actor, deed)
    after = tables(actor)
    for each in later:
        world.do(0, each)
    stored, now, count = everything(actor), tables(actor), len(events(actor))
    noted = [event for event in events(actor) if act_id in (event.id, event.first_id)]
    done = {(event.kind, event.thing_id): event.after for event in noted}

    refused, undone = None, 0
    try:
        undone = history.undo(actor, act_id)
    except Conflict as conflict:
        refused = conflict
    if refused is not None:
        assert refused.code == "undo_blocked"
        assert (everything(actor), len(events(actor))) == (stored, count)
        return
    result = tables(actor)
    for key in now.keys() & result.keys():
        changed = {name for name in result[key] if result[key][name] != now[key][name]}
        if key in done and changed:
            since = {name for name in now[key] if now[key][name] != after[key][name]}
            assert not changed & since, key
    assert_sound(actor)
    if undone:
        history.undo(actor, actor.acts[-1])
        assert tables(actor) == now


@MANY
@given(EARLIER, st.lists(deeds(UNDOABLE), min_size=1, max_size=8))
def test_all_that_was_done_can_be_undone_step_by_step(
    earlier: list[Deed], several: list[Deed]
) -> None:
    world, actor = begin(*earlier)
    before, count = tables(actor), len(actor.acts)
    for deed in several:
        world.do(0, deed)
    made = tables(actor).keys() - before.keys()
    for act_id in reversed(actor.acts[count:]):
        history.undo(actor, act_id)
        assert_sound(actor)
    assert as_seen(tables(actor), made) == before


@pytest.mark.parametrize("name", FOR_GOOD)
def test_what_was_removed_for_good_cannot_be_had_back(name: str) -> None:
    world, actor = begin(("delete", 0, 0, 0), ("delete project", 0, 0, 0))
    assert world.do(0, (name, 0, 0, 0))
    stored, act_id = everything(actor), actor.acts[-1]
    with pytest.raises(Conflict, match="for good") as refused:
        history.undo(actor, act_id)
    assert refused.value.code == "undo_blocked"
    assert everything(actor) == stored
    assert without_trash(tables(actor)).keys() <= {(kind, id_) for kind, id_ in stored}
