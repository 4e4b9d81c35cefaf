"""Changes of some members: the others stay, nothing changes nothing, and twice is once."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskapp.domain import dates
from taskapp.domain.actors import Actor
from taskapp.domain.errors import RuleViolation
from taskapp.services import labels, placing, projects, tasks

from .stored import everything, somebody

pytestmark = pytest.mark.usefixtures("context")

MANY = settings(
    max_examples=10,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
# What follows from any change at all.
MARKS = {"version", "updated_at"}
NAMES = {"name": ["One", "Two"], "color": ["grey", "teal"]}
MEMBERS: dict[str, dict[str, list[Any]]] = {
    "project": NAMES | {"archived": [True, False]},
    "section": {"name": ["One", "Two"]},
    "label": NAMES,
    "task": {
        "title": ["One", "Two"],
        "description": [None, "", "Words"],
        "completed": [True, False],
        "priority": ["none", "high"],
        "start_on": [None, date(2026, 3, 1)],
        "due_on": [None, date(2026, 3, 2)],
        "due_at": [None, datetime(2026, 3, 2, 9, tzinfo=UTC)],
        "due_zone": [None, "Asia/Kolkata"],
        "labels": [[], "label"],
        "project_id": [None, "project"],
        "section_id": [None, "section"],
        "parent_id": [None, "task"],
    },
}
# What changes along with a member, as the API tells.
ALONG: dict[str, set[str]] = {
    "completed": {"completed_at"},
    **{name: {*dates.DUE, "agenda"} for name in dates.DUE},
    **{name: {*placing.PLACE, "parent_depth", "depth", "rank"} for name in placing.PLACE},
}


def world() -> tuple[Actor, dict[str, int]]:
    """Somebody with one of everything, and another task."""
    actor = somebody()
    project = projects.create(actor, name="House").id
    ids = {
        "project": project,
        "section": projects.create_section(actor, project_id=project, name="Roof").id,
        "label": labels.create(actor, name="errand").id,
        "task": tasks.create(actor, title="above", project_id=project).id,
    }
    return actor, ids


UPDATES: dict[str, Callable[..., Any]] = {
    "project": projects.update,
    "section": projects.update_section,
    "label": labels.update,
    "task": tasks.update,
}


@pytest.mark.parametrize("kind", UPDATES)
@MANY
@given(data=st.data())
def test_what_is_not_named_stays_and_what_is_so_already_is_no_change(
    kind: str, data: st.DataObject
) -> None:
    actor, ids = world()
    id_ = tasks.create(actor, title="x").id if kind == "task" else ids[kind]
    change = st.fixed_dictionaries(
        {}, optional={name: st.sampled_from(values) for name, values in MEMBERS[kind].items()}
    )
    for drawn in data.draw(st.lists(change, max_size=4)):
        values = {name: known(ids, name, value) for name, value in drawn.items()}
        before = everything(actor)
        try:
            UPDATES[kind](actor, id_, values)
        except RuleViolation:
            assert everything(actor) == before
            continue
        after = everything(actor)
        was, is_ = before[kind, id_], after[kind, id_]
        changed = {name for name in is_ if is_[name] != was[name]}
        allowed = set(values).union(*(ALONG.get(name, set()) for name in values))
        if kind == "label":
            allowed |= {"key"} & ({"key"} if "name" in values else set())
        assert changed <= allowed | MARKS
        assert (changed == set()) or changed > MARKS
        for name, value in values.items():
            if name != "due_zone" or value is not None:  # an instant is always meant in some zone
                assert is_[name] == value
        UPDATES[kind](actor, id_, values)
        assert everything(actor) == after
        UPDATES[kind](actor, id_, {})
        assert everything(actor) == after


def known(ids: dict[str, int], name: str, value: Any) -> Any:
    """A value, in which a kind stands for the thing of this kind."""
    if name == "labels":
        return [ids[value]] if value else []
    return ids[value] if name.endswith("_id") and value else value
