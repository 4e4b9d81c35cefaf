"""The log against the tables: whatever people do, the one tells what the other holds."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from taskapp.services import accounts

from .deeds import BEGINNING, World, deeds
from .stored import State, assert_sound, events, replay, strangers_labels, tables

pytestmark = pytest.mark.usefixtures("context")

ZONES = ("UTC", "Pacific/Apia", "America/New_York")


class TwoPeople(RuleBasedStateMachine):
    """Two people do this and that, in turn."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.zones = ["UTC", "UTC"]
        self.told: list[State] = [{}, {}]
        self.heard = [0, 0]

    @initialize()
    def begin(self) -> None:
        """One of them has something of every kind."""
        for deed in BEGINNING:
            assert self.world.do(0, deed)

    @rule(who=st.sampled_from((0, 0, 0, 1)), several=st.lists(deeds(), min_size=1, max_size=4))
    def act(self, who: int, several: list[Any]) -> None:
        """One does a few things; to the other nothing happens."""
        other = self.world.people[1 - who]
        before = tables(other)
        for deed in several:
            self.world.do(who, deed)
        assert tables(other) == before

    @rule(who=st.sampled_from((0, 1)), zone_name=st.sampled_from(ZONES))
    @precondition(lambda self: self.told[0])
    def travel(self, who: int, zone_name: str) -> None:
        """One goes elsewhere."""
        accounts.change_settings(self.world.people[who], {"time_zone": zone_name})
        self.zones[who] = zone_name

    @invariant()
    def the_log_tells_all(self) -> None:
        """What is new in the log leads from what was told to what is there."""
        for who, actor in enumerate(self.world.people):
            log = events(actor)
            self.told[who] = replay(log[self.heard[who] :], self.told[who])
            self.heard[who] = len(log)
            assert self.told[who] == tables(actor)

    @invariant()
    def all_is_sound(self) -> None:
        """What is always true is true."""
        for actor, zone_name in zip(self.world.people, self.zones, strict=True):
            assert_sound(actor, zone_name)
        assert not strangers_labels(self.world.people)

    def teardown(self) -> None:
        """The whole log, from its beginning, tells the same."""
        for actor in self.world.people:
            assert replay(events(actor)) == tables(actor)


def test_whatever_people_do_the_log_tells_what_the_tables_hold() -> None:
    run_state_machine_as_test(
        TwoPeople,
        settings=settings(
            max_examples=25,
            stateful_step_count=12,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        ),
    )
