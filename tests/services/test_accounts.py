"""taskapp/services/accounts.py"""

import bcrypt
import pytest
from sqlalchemy import select, update

from taskapp.db import fetch, transaction
from taskapp.domain.actors import Actor
from taskapp.domain.errors import AuthenticationFailed, Conflict, NotFound, RuleViolation
from taskapp.models import User
from taskapp.services import accounts

from ..callers import PASSWORD

OTHER = "another long password"


def stored_hash(email: str) -> str:
    """What stands in the database."""
    [(stored,)] = fetch(select(User.hashed_password).where(User.email == email))
    return str(stored)


def log_in(email: str = "ada@example.com", password: str = PASSWORD) -> Actor:
    """Prove who one is."""
    return Actor(accounts.log_in(email, password, rounds=4).id)


def test_a_new_account_is_active_and_its_password_hashed(context: None) -> None:
    user = accounts.sign_up(" Ada@Example.COM ", PASSWORD, rounds=4)
    assert (user.email, user.is_active) == ("ada@example.com", True)
    assert user.created_at == user.updated_at
    assert user.hashed_password.startswith("$bcrypt-sha256$")
    assert PASSWORD not in stored_hash("ada@example.com")


def test_an_address_has_one_account_whatever_its_case(ada: Actor) -> None:
    with pytest.raises(Conflict) as refused:
        accounts.sign_up("ADA@example.com", OTHER, rounds=4)
    assert refused.value.code == "email_taken"
    assert [user.id for user in accounts.list_all()] == [ada.id]
    assert log_in() == ada


def test_every_fault_of_a_sign_up_is_named(context: None) -> None:
    with pytest.raises(RuleViolation) as refused:
        accounts.sign_up("nobody", "short", rounds=4)
    faults = [(fault.field, fault.code) for fault in refused.value.faults]
    assert faults == [("email", "email"), ("password", "too_short")]
    assert accounts.list_all() == []


def test_the_right_password_is_let_in_whatever_the_address_case(ada: Actor) -> None:
    assert log_in("ADA@Example.com") == ada


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ada@example.com", OTHER),
        ("ada@example.com", ""),
        ("ada@example.com", PASSWORD.upper()),
        ("ada@example.com", "\ud800"),
        ("ada@example.com", PASSWORD + "\0"),
        ("eve@example.com", PASSWORD),
        ("nobody", PASSWORD),
        ("", ""),
    ],
)
def test_all_else_is_turned_away_in_the_same_words(ada: Actor, email: str, password: str) -> None:
    with pytest.raises(AuthenticationFailed) as refused:
        log_in(email, password)
    assert refused.value.message == AuthenticationFailed.message
    assert refused.value.code == AuthenticationFailed.code


@pytest.mark.parametrize("stored", ["", "!", "$2b$04$broken", "$bcrypt-sha256$v=2,t=2b,r=4$x$y"])
def test_a_broken_hash_is_a_failed_login(ada: Actor, stored: str) -> None:
    with transaction() as session:
        session.execute(update(User).values(hashed_password=stored))
    with pytest.raises(AuthenticationFailed):
        log_in()


@pytest.mark.parametrize("password", [PASSWORD, "é" * 40])
def test_a_plain_bcrypt_hash_is_accepted_and_replaced_at_login(ada: Actor, password: str) -> None:
    old = bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode()
    with transaction() as session:
        session.execute(update(User).values(hashed_password=old))
    assert log_in(password=password) == ada
    new = stored_hash("ada@example.com")
    assert new.startswith("$bcrypt-sha256$")
    assert log_in(password=password) == ada
    assert stored_hash("ada@example.com") == new


def test_a_hash_of_another_work_factor_is_replaced_at_login(ada: Actor) -> None:
    accounts.log_in("ada@example.com", PASSWORD, rounds=5)
    assert ",r=5$" in stored_hash("ada@example.com")


def test_a_failed_login_replaces_no_hash(ada: Actor) -> None:
    before = stored_hash("ada@example.com")
    with pytest.raises(AuthenticationFailed):
        accounts.log_in("ada@example.com", OTHER, rounds=5)
    assert stored_hash("ada@example.com") == before


def test_only_accounts_that_are_there_and_active_may_act(ada: Actor) -> None:
    assert accounts.authenticate(ada.id) == ada
    with pytest.raises(AuthenticationFailed):
        accounts.authenticate(ada.id + 1000)
    accounts.set_active("ada@example.com", active=False)
    with pytest.raises(AuthenticationFailed):
        accounts.authenticate(ada.id)


def test_what_is_told_of_an_account_never_holds_the_hash(ada: Actor) -> None:
    told = [accounts.show(ada), accounts.find("ada@example.com"), *accounts.list_all()]
    told.append(accounts.set_active("ada@example.com", active=True))
    for row in told:
        assert "email" in row._asdict()
        assert "hashed_password" not in row._asdict()
        assert (row.id, row.email) == (ada.id, "ada@example.com")


def test_the_operator_sees_every_account_the_oldest_first(ada: Actor, eve: Actor) -> None:
    accounts.set_active("ada@example.com", active=False)
    listed = [(user.id, user.is_active) for user in accounts.list_all()]
    assert listed == [(ada.id, False), (eve.id, True)]


def test_an_account_is_found_by_its_address_in_any_spelling(ada: Actor, eve: Actor) -> None:
    assert accounts.find(" ADA@EXAMPLE.com").id == ada.id


@pytest.mark.parametrize("email", ["grace@example.com", "nobody", "", "\ud800@example.com", "%"])
def test_an_address_without_an_account_is_not_found(ada: Actor, email: str) -> None:
    with pytest.raises(NotFound):
        accounts.find(email)
    with pytest.raises(NotFound):
        accounts.set_active(email, active=False)
    with pytest.raises(NotFound):
        accounts.set_password(email, OTHER, rounds=4)
    assert log_in() == ada


def test_a_closed_account_is_shut_out_until_it_is_opened(ada: Actor, eve: Actor) -> None:
    assert accounts.set_active("Ada@example.com", active=False).is_active is False
    with pytest.raises(AuthenticationFailed):
        log_in()
    assert log_in("eve@example.com") == eve
    assert accounts.set_active("ada@example.com", active=True).is_active is True
    assert log_in() == ada


def test_updated_at_moves_when_an_account_changes_and_only_then(ada: Actor) -> None:
    def moment() -> object:
        return accounts.show(ada).updated_at

    seen = [moment()]
    accounts.set_active("ada@example.com", active=True)  # it is already
    log_in()
    assert moment() == seen[0]
    accounts.set_active("ada@example.com", active=False)
    seen.append(moment())
    accounts.set_password("ada@example.com", OTHER, rounds=4)
    seen.append(moment())
    assert sorted(set(seen), key=str) == seen
    assert accounts.show(ada).created_at == seen[0]


def test_a_new_password_takes_the_place_of_the_old_one(ada: Actor, eve: Actor) -> None:
    accounts.set_password("ADA@example.com", OTHER, rounds=4)
    with pytest.raises(AuthenticationFailed):
        log_in()
    assert log_in(password=OTHER) == ada
    assert log_in("eve@example.com") == eve


def test_a_password_that_may_not_be_chosen_changes_nothing(ada: Actor) -> None:
    with pytest.raises(RuleViolation) as refused:
        accounts.set_password("ada@example.com", "password1", rounds=4)
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [
        ("password", "too_common")
    ]
    assert log_in() == ada
