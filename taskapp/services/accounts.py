"""Accounts: signing up, proving who one is, and what one does with one's own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from taskapp.db import AnyRow, fetch, now, transaction
from taskapp.domain import emails, passwords, rules, settings
from taskapp.domain.actors import Actor, Door, Standing
from taskapp.domain.errors import AuthenticationFailed, Conflict, NotFound, PermissionDenied
from taskapp.models import LoginSession, User
from taskapp.services import agenda, standing

RULES: dict[str, rules.Rule] = {"email": emails.normalise, "password": passwords.check}
# What may be told of an account: all but the hash.
COLUMNS = [column for column in User.__table__.c if column.name != "hashed_password"]


def sign_up(email: str, password: str, *, rounds: int, time_zone: str = "UTC") -> User:
    """Create an account; raise RuleViolation, or Conflict when the address is taken."""
    given = {"email": email, "password": password, "time_zone": time_zone}
    values = rules.apply(RULES | settings.RULES, given)
    hashed, moment = passwords.make_hash(values.pop("password"), rounds), now()
    user = User(**values, hashed_password=hashed, created_at=moment, updated_at=moment)
    try:
        with transaction() as session:
            session.add(user)
    except IntegrityError:
        raise _taken() from None
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


def authenticate(
    user_id: int, *, through: Door = "cli", issued_at: datetime | None = None
) -> Actor:
    """The account of that id, as an actor; raise AuthenticationFailed unless it is active.

    Of what speaks for it, a token, tell when it was issued: the password must be the same since.
    """
    actor = Actor(user_id, through=through, standing=Standing(issued_at, is_sure=False))
    standing.confirm(actor)
    return actor


def show(actor: Actor) -> AnyRow:
    """What the actor may know of their own account; raise AuthenticationFailed if it is gone."""
    return _own(actor, *COLUMNS)


def change_settings(actor: Actor, changes: dict[str, Any]) -> AnyRow:
    """Change the settings named and no other; raise RuleViolation."""
    values = rules.apply(settings.RULES, changes)
    with transaction() as session:
        user = session.get_one(User, actor.id)
        moved = values.get("time_zone", user.time_zone) != user.time_zone
        for name, value in values.items():
            setattr(user, name, value)
        session.flush()
        if moved:
            agenda.move(actor, user.time_zone)
        return show(actor)


def change_email(actor: Actor, email: str, *, current_password: str, rounds: int) -> AnyRow:
    """Give one's account another address.

    Raise PermissionDenied for a wrong password, RuleViolation, or Conflict when it is taken.
    """
    values = rules.apply(RULES, {"email": email})
    _confirm(actor, current_password, rounds)
    try:
        with transaction() as session:
            session.execute(update(User).where(User.id == actor.id).values(values))
    except IntegrityError:
        raise _taken() from None
    return show(actor)


def change_password(actor: Actor, new_password: str, *, current_password: str, rounds: int) -> None:
    """Give one's account another password, and end every session and token but the actor's own.

    Raise PermissionDenied for a wrong password, or RuleViolation.
    """
    values = rules.apply({"new_password": passwords.check}, {"new_password": new_password})
    _confirm(actor, current_password, rounds)
    hashed = passwords.make_hash(values["new_password"], rounds)
    _change_password(actor.id, hashed, keep_session=actor.session_id)


def delete_own(actor: Actor, *, current_password: str, rounds: int) -> None:
    """Remove one's account with all that is its own; raise PermissionDenied."""
    _confirm(actor, current_password, rounds)
    with transaction() as session:
        session.execute(delete(User).where(User.id == actor.id))


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
        if not active:
            session.execute(delete(LoginSession).where(LoginSession.user_id == user.id))
        return find(email)


def set_password(email: str, password: str, *, rounds: int) -> None:
    """Give an account another password, for the operator; its sessions and tokens end."""
    values = rules.apply(RULES, {"password": password})
    _change_password(find(email).id, passwords.make_hash(values["password"], rounds))


def _taken() -> Conflict:
    message = "There is already an account with this e-mail address: log in instead."
    return Conflict(message, code="email_taken")


def _own(actor: Actor, *columns: Any) -> AnyRow:
    found = fetch(select(*columns).where(User.id == actor.id))
    if not found:  # deleted since the request was let in
        raise standing.unavailable()
    return found[0]


def _with_email(email: str, *more: Any) -> Sequence[AnyRow]:
    try:
        address = emails.normalise(email)
    except rules.Refused:
        return []
    return fetch(select(*COLUMNS, *more).where(User.email == address))


def _confirm(actor: Actor, password: str, rounds: int) -> None:
    stored = _own(actor, User.hashed_password).hashed_password
    if not passwords.verify(password, stored, rounds).right:
        raise PermissionDenied("This is not your password.", code="password_wrong")


def _replace_hash(user_id: int, new: str, *, old: str | None) -> None:
    """Store the same password's new hash, if the old one is still the stored one."""
    with transaction() as session:
        session.execute(
            update(User)
            .where(User.id == user_id, User.hashed_password == old)
            .values(hashed_password=new)
        )


def _change_password(user_id: int, hashed: str, *, keep_session: int | None = None) -> None:
    # A token knows its time in whole seconds: those of this second stay good.
    moment = now().replace(microsecond=0)
    change = update(User).where(User.id == user_id)
    others = delete(LoginSession).where(LoginSession.user_id == user_id)
    with transaction() as session:
        session.execute(change.values(hashed_password=hashed, credentials_changed_at=moment))
        session.execute(
            others if keep_session is None else others.where(LoginSession.id != keep_session)
        )
