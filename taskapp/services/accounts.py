"""Accounts: signing up, proving who one is, and what an operator does to them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from taskapp.db import AnyRow, fetch, now, transaction
from taskapp.domain import emails, passwords, rules
from taskapp.domain.actors import Actor
from taskapp.domain.errors import AuthenticationFailed, Conflict, NotFound
from taskapp.models import User

RULES: dict[str, rules.Rule] = {"email": emails.normalise, "password": passwords.check}
# What may be told of an account: all but the hash.
COLUMNS = (User.id, User.email, User.is_active, User.created_at, User.updated_at)


def sign_up(email: str, password: str, *, rounds: int) -> User:
    """Create an account; raise RuleViolation, or Conflict when the address is taken."""
    values = rules.apply(RULES, {"email": email, "password": password})
    hashed, moment = passwords.make_hash(values["password"], rounds), now()
    user = User(email=values["email"], hashed_password=hashed, created_at=moment, updated_at=moment)
    try:
        with transaction() as session:
            session.add(user)
    except IntegrityError:
        raise Conflict(
            "There is already an account with this e-mail address: log in instead.",
            code="email_taken",
        ) from None
    return user


def log_in(email: str, password: str, *, rounds: int) -> AnyRow:
    """The active account with that address and password; else raise AuthenticationFailed.

    Nothing tells an unknown address, a wrong password and a deactivated account apart, the time
    included. A hash of an old kind is replaced by one of today's.
    """
    found = _with_email(email, User.hashed_password)
    stored = found[0].hashed_password if found else None
    verdict = passwords.verify(password, stored, rounds)
    if not verdict.right or not found[0].is_active:
        raise AuthenticationFailed
    if verdict.aged:
        _replace_hash(found[0].id, passwords.make_hash(password, rounds), old=stored)
    return _with_email(email)[0] if verdict.aged else found[0]


def authenticate(user_id: int) -> Actor:
    """The account of that id, as an actor; raise AuthenticationFailed unless it is active."""
    if not fetch(select(User.id).where(User.id == user_id, User.is_active)):
        raise AuthenticationFailed
    return Actor(user_id)


def show(actor: Actor) -> AnyRow:
    """What the actor may know of their own account."""
    return fetch(select(*COLUMNS).where(User.id == actor.id))[0]


def find(email: str) -> AnyRow:
    """The account with that address, for the operator; raise NotFound."""
    found = _with_email(email)
    if not found:
        raise NotFound(f"There is no account with the e-mail address {email}.")
    return found[0]


def list_all() -> Sequence[AnyRow]:
    """Every account, oldest first, for the operator."""
    return fetch(select(*COLUMNS).order_by(User.id))


def set_active(email: str, *, active: bool) -> AnyRow:
    """Open or close an account, for the operator. A closed one is refused from the next request."""
    with transaction() as session:
        user = find(email)
        session.execute(
            update(User)
            .where(User.id == user.id, User.is_active != active)
            .values(is_active=active)
        )
        return find(email)


def set_password(email: str, password: str, *, rounds: int) -> None:
    """Give an account another password, for the operator."""
    values = rules.apply(RULES, {"password": password})
    _replace_hash(find(email).id, passwords.make_hash(values["password"], rounds))


def _with_email(email: str, *more: Any) -> Sequence[AnyRow]:
    try:
        address = emails.normalise(email)
    except rules.Refused:
        return []
    return fetch(select(*COLUMNS, *more).where(User.email == address))


def _replace_hash(user_id: int, new: str, *, old: str | None = None) -> None:
    """Store a hash; with `old`, only if that is still the stored one."""
    change = update(User).where(User.id == user_id).values(hashed_password=new)
    with transaction() as session:
        session.execute(change if old is None else change.where(User.hashed_password == old))
