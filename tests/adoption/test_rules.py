"""What becomes of a row: whatever it holds, the outcome keeps our rules and nothing is lost."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskapp.adoption import addresses, kinds, rules
from taskapp.adoption.addresses import Decisions
from taskapp.adoption.rules import OldTask, OldUser
from taskapp.adoption.survey import TO_DECIDE
from taskapp.domain import tasks
from taskapp.domain.errors import Conflict

MOMENT = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
THEN = "2024-02-29 23:59:59.123456"
texts = st.none() | st.text(max_size=30) | st.text(st.sampled_from("ab \n\t\0é🙂"), max_size=500)


def task(**values: Any) -> OldTask:
    """A task that keeps to the rules but for these values."""
    usual = OldTask(1, 1, "x", None, False, THEN, THEN, 1)
    return usual._replace(**values)


@given(title=texts, description=texts)
def test_any_title_and_description_come_to_keep_our_rules(
    title: str | None, description: str | None
) -> None:
    cleaned = rules.clean_task(task(title=title, description=description), 1, MOMENT)
    kept = cleaned.values["title"]
    assert tasks.title(kept) == kept
    assert tasks.description(cleaned.values["description"]) == cleaned.values["description"]
    again = rules.clean_task(
        task(**cleaned.values | {"created_at": THEN, "updated_at": THEN}), 1, MOMENT
    )
    assert again.kinds == []
    assert {**again.values} == {**cleaned.values}


@given(
    title=st.text(st.characters(exclude_categories=["Cc", "Cs", "Z"]), min_size=201, max_size=600),
    description=st.none() | st.text("ab\n", max_size=20),
)
def test_nothing_of_a_long_title_is_lost(title: str, description: str | None) -> None:
    values = rules.clean_task(task(title=title, description=description), 1, MOMENT).values
    whole = values["title"].removesuffix("…") + values["description"].removeprefix("…")
    assert whole == (f"{title}\n\n{description}" if description else title)


def test_a_row_that_keeps_to_the_rules_stays_as_it_is() -> None:
    cleaned = rules.clean_task(task(), 1, MOMENT)
    assert cleaned.kinds == []
    assert rules.is_same(task(), cleaned.values)
    assert cleaned.values["created_at"] == datetime(2024, 2, 29, 23, 59, 59, 123_456, UTC)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (None, "time_odd"),
        ("", "time_odd"),
        ("infinity", "time_odd"),
        ("0001-01-01 00:00:00.000000", "time_odd"),
        ("9999-12-31 23:59:59.999999", "time_odd"),
        ("0001-01-01 00:00:00+14:00", "time_odd"),
        ("2024-02-29 23:59:59", "time_spelling"),
        ("2024-03-01T01:59:59.123456+02:00", "time_spelling"),
    ],
)
def test_times_that_are_none_take_the_other_and_others_keep_their_instant(
    text: str | None, kind: str
) -> None:
    cleaned = rules.clean_task(task(created_at=text), 1, MOMENT)
    assert cleaned.kinds == [kind]
    created = cleaned.values["created_at"].replace(microsecond=123_456)
    assert created == cleaned.values["updated_at"]


@pytest.mark.parametrize(
    ("stored", "kinds_of_it"),
    [
        ("$2b$12$eImiTXuWVxfM37uY4JANjQ.pIeVWGRVs/Ir2s6pIr6o7u7wDGdvWS", []),
        ("$2a$12$eImiTXuWVxfM37uY4JANjO.pIeVWGRVs/Ir2s6pIr6o7u7wDGdvWS", []),
        ("$argon2id$v=19$m=1,t=1,p=1$YQ$YQ", ["unknown_hash"]),
        ("$2b$12$short", ["unknown_hash"]),
        ("", ["no_password"]),
        (None, ["no_password"]),
        ("x" * 256, ["no_password"]),
        ("a\0b", ["no_password"]),
    ],
)
def test_what_is_said_of_a_password_hash(stored: str | None, kinds_of_it: list[str]) -> None:
    old = OldUser(1, "a@example.com", stored, True, THEN, THEN)
    cleaned = rules.clean_user(old, "a@example.com", MOMENT)
    assert cleaned.kinds == kinds_of_it
    if kinds_of_it != ["no_password"]:
        assert cleaned.values["hashed_password"] == stored


def test_an_active_account_keeps_an_address_before_a_closed_one_and_an_older_before_a_newer() -> (
    None
):
    claims = [(1, "A@x.org", True), (9, "a@x.org", False), (3, " a@X.org", False), (4, "?", False)]
    settled = addresses.settle(claims, Decisions(same_address="merge"), next_id=10)
    assert settled.claims["a@x.org"].id == 3
    assert settled.losers.keys() == {1, 9}
    assert [settled.owner(n) for n in (1, 3, 4, 9)] == [3, 3, 4, 3]
    assert settled.bad == {4}
    apart = addresses.settle(claims, Decisions(same_address="separate"), next_id=10)
    assert [apart.owner(n) for n in (1, 3, 9)] == [1, 3, 9]


@given(st.lists(st.tuples(st.sampled_from(["a@x.org", "A@x.org", "b@x.org", "?"]), st.booleans())))
def test_no_two_accounts_come_to_have_one_address(people: list[tuple[str, bool]]) -> None:
    claims = [(n, email, closed) for n, (email, closed) in enumerate(people, start=1)]
    settled = addresses.settle(claims, Decisions(), next_id=len(claims) + 1)
    keepers = [claim.id for claim in settled.claims.values()]
    assert sorted([*keepers, *settled.losers, *settled.bad]) == [n for n, *_ in claims]


def test_an_heir_is_the_account_of_that_address_or_a_new_one() -> None:
    claims = [(1, "A@x.org", False)]
    there = addresses.settle(claims, Decisions(without_owner="a@X.org"), next_id=2)
    assert (there.heir, there.newcomer) == (1, None)
    made = addresses.settle(claims, Decisions(without_owner="B@x.org"), next_id=2)
    assert (made.heir, made.newcomer) == (2, "b@x.org")
    with pytest.raises(Conflict, match="--without-owner"):
        addresses.settle(claims, Decisions(without_owner="b"), next_id=2)


def test_every_kind_that_has_answers_is_a_decision_and_no_other() -> None:
    asked = {name for of in kinds.KINDS.values() for name, kind in of.items() if kind.answers}
    assert asked == {*TO_DECIDE}
