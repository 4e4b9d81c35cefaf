"""Logins of browsers."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, select, update

from taskapp.db import db, fetch, now, transaction
from taskapp.domain.actors import Actor
from taskapp.domain.errors import AuthenticationFailed, NotFound
from taskapp.models import LoginSession
from taskapp.models.login_session import CLIENT_MOST
from taskapp.services import accounts, sessions

pytestmark = pytest.mark.usefixtures("context")

DAY = timedelta(days=1)


@pytest.fixture
def alice_id(context: None) -> int:
    """Somebody with an account."""
    return accounts.sign_up("alice@example.com", "a long road", rounds=4).id


@pytest.fixture
def bob_id(context: None) -> int:
    """Somebody else."""
    return accounts.sign_up("bob@example.com", "a long road", rounds=4).id


@pytest.fixture
def writes(context: None) -> Iterator[list[str]]:
    """The statements that change something, as they are executed."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.upper().startswith(("INSERT", "UPDATE", "DELETE")):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


def begin(user_id: int, client: str = "Firefox", lifetime: timedelta = DAY) -> int:
    """The id of a new session."""
    return sessions.start(user_id, client=client, lifetime=lifetime).id


def change(session_id: int, **values: datetime) -> None:
    """Let a session have other times than it has."""
    with transaction() as database:
        query = update(LoginSession).where(LoginSession.id == session_id)
        database.execute(query.values(**values))


def stored() -> list[int]:
    """The ids of all sessions that there are."""
    return [row.id for row in fetch(select(LoginSession.id).order_by(LoginSession.id))]


def seen_at(session_id: int) -> datetime:
    """When a session was used last, as far as is stored."""
    moment: datetime = fetch(select(LoginSession.seen_at).where(LoginSession.id == session_id))[
        0
    ].seen_at
    return moment


def test_a_session_that_has_begun_speaks_for_its_account(alice_id: int, bob_id: int) -> None:
    begin(bob_id)
    session_id = begin(alice_id)
    actor, account = sessions.resume(session_id)
    assert actor == Actor(alice_id, session_id, through="web")
    assert (account.id, account.email) == (alice_id, "alice@example.com")
    assert "hashed_password" not in account._mapping


def test_a_session_lasts_as_long_as_it_was_given(alice_id: int) -> None:
    session = sessions.start(alice_id, client="Firefox", lifetime=DAY)
    assert session.expires_at - session.created_at == DAY
    assert session.seen_at == session.created_at


@pytest.mark.parametrize("session_id", [0, -1, 2**63 - 1])
def test_a_session_that_never_was_speaks_for_nobody(alice_id: int, session_id: int) -> None:
    with pytest.raises(AuthenticationFailed):
        sessions.resume(session_id)


def test_a_session_ends_by_itself(alice_id: int) -> None:
    session_id = begin(alice_id)
    change(session_id, expires_at=now())
    with pytest.raises(AuthenticationFailed):
        sessions.resume(session_id)
    assert sessions.list_own(Actor(alice_id)) == []


def test_a_new_session_clears_away_ones_own_that_have_expired(alice_id: int, bob_id: int) -> None:
    old, running, of_bob = begin(alice_id), begin(alice_id), begin(bob_id)
    for session_id in (old, of_bob):
        change(session_id, expires_at=now() - DAY)
    new = begin(alice_id)
    assert stored() == [running, of_bob, new]


def test_the_name_of_a_client_is_cut_to_what_fits(alice_id: int) -> None:
    begin(alice_id, client="ж" * (CLIENT_MOST + 50))
    begin(alice_id, client="")
    names = [each.client for each in sessions.list_own(Actor(alice_id))]
    assert names == ["", "ж" * CLIENT_MOST]


def test_use_is_noted_when_the_note_is_five_minutes_old(alice_id: int) -> None:
    session_id = begin(alice_id)
    old = now() - timedelta(minutes=5, seconds=1)
    change(session_id, seen_at=old)
    sessions.resume(session_id)
    noted = seen_at(session_id)
    assert noted > old + timedelta(minutes=5)
    sessions.resume(session_id)
    assert seen_at(session_id) == noted


def test_use_costs_no_write_until_then(alice_id: int, writes: list[str]) -> None:
    session_id = begin(alice_id)
    change(session_id, seen_at=now() - timedelta(minutes=4))
    before = seen_at(session_id)
    writes.clear()
    sessions.resume(session_id)
    assert writes == []
    assert seen_at(session_id) == before


def test_ones_own_are_listed_the_one_used_last_first(alice_id: int, bob_id: int) -> None:
    first, second = begin(alice_id), begin(alice_id)
    begin(bob_id)
    assert [each.id for each in sessions.list_own(Actor(alice_id))] == [second, first]
    change(second, seen_at=now() - DAY)
    assert [each.id for each in sessions.list_own(Actor(alice_id))] == [first, second]


def test_one_is_ended_and_no_other(alice_id: int) -> None:
    kept, ended = begin(alice_id), begin(alice_id)
    sessions.end(Actor(alice_id), ended)
    assert stored() == [kept]
    with pytest.raises(AuthenticationFailed):
        sessions.resume(ended)
    with pytest.raises(NotFound):
        sessions.end(Actor(alice_id), ended)


def test_anothers_is_not_ended(alice_id: int, bob_id: int) -> None:
    of_bob = begin(bob_id)
    with pytest.raises(NotFound):
        sessions.end(Actor(alice_id), of_bob)
    assert stored() == [of_bob]


def test_all_but_the_one_in_use_are_ended(alice_id: int, bob_id: int) -> None:
    mine, of_bob = begin(alice_id), begin(bob_id)
    begin(alice_id)
    begin(alice_id)
    sessions.end_others(Actor(alice_id, session_id=mine))
    assert stored() == [mine, of_bob]


def test_without_one_in_use_all_are_ended(alice_id: int, bob_id: int) -> None:
    begin(alice_id)
    of_bob = begin(bob_id)
    sessions.end_others(Actor(alice_id))
    assert stored() == [of_bob]


def test_a_closed_account_is_logged_out_for_good(alice_id: int) -> None:
    session_id = begin(alice_id)
    accounts.set_active("alice@example.com", active=False)
    with pytest.raises(AuthenticationFailed):
        sessions.resume(session_id)
    accounts.set_active("alice@example.com", active=True)
    with pytest.raises(AuthenticationFailed):
        sessions.resume(session_id)


def test_an_operators_new_password_ends_all(alice_id: int, bob_id: int) -> None:
    begin(alice_id)
    of_bob = begin(bob_id)
    accounts.set_password("alice@example.com", "another long road", rounds=4)
    assert stored() == [of_bob]
