"""Whether an account may act: it is there, it is open, and its password is that of the token.

Asking costs as much as what most requests come for, so what reads or writes an account's things
asks along, in its own statement; `confirm()` asks alone, and says what is wrong.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, or_, select

from taskapp.db import AnyRow, BigId, Instant, fetch
from taskapp.domain.actors import Actor
from taskapp.domain.errors import AuthenticationFailed
from taskapp.models import User
from taskapp.statements import Kept

# Whose things a statement is about, and since when their password has to be the same.
OWNER = bindparam("owner_id", type_=BigId)
SINCE = bindparam("since", type_=Instant)

# That the account may act; in a statement that reads it is asked once, however many rows there are.
_STANDS: ColumnElement[bool] = (
    select(User.id)
    .where(
        User.id == OWNER,
        User.is_active,
        or_(User.credentials_changed_at.is_(None), User.credentials_changed_at <= SINCE),
    )
    .exists()
)

_ACCOUNT = Kept(select(User.is_active, User.credentials_changed_at).where(User.id == OWNER))


def stands(asks: bool) -> list[ColumnElement[bool]]:
    """The condition of a statement about OWNER that asks whether they may act, or none."""
    return [_STANDS] if asks else []


def fetch_own(
    actor: Actor,
    query: Callable[[bool], Select[*tuple[Any, ...]] | Kept],
    values: Mapping[str, Any],
) -> Sequence[AnyRow]:
    """The rows of a statement about OWNER, made with stands(asks); raise AuthenticationFailed.

    Two statements, for one that is told what is known would be planned each time that it is sent:
    it costs so much less when there is nothing to ask.
    """
    if actor.standing.is_sure:
        return fetch(query(False), {**values, "owner_id": actor.id})
    known = {"owner_id": actor.id, "since": actor.standing.issued_at}
    found = fetch(query(True), {**values, **known})
    if found:
        actor.standing.is_sure = True
    else:
        confirm(actor)
    return found


def confirm(actor: Actor) -> None:
    """Raise AuthenticationFailed unless it is known, or the database says, that the actor may."""
    if actor.standing.is_sure:
        return
    check(actor, *fetch(_ACCOUNT, {"owner_id": actor.id}))


def unavailable() -> AuthenticationFailed:
    """That there is no such account, or no more."""
    message = "The account that this token speaks for is closed or gone."
    return AuthenticationFailed(message, code="account_unavailable")


def check(actor: Actor, *found: AnyRow) -> None:
    """The same of the account's row, if there is one: `is_active`, `credentials_changed_at`."""
    if not found or not found[0].is_active:
        raise unavailable()
    issued_at, changed_at = actor.standing.issued_at, found[0].credentials_changed_at
    if issued_at and changed_at and changed_at > issued_at:
        raise AuthenticationFailed(
            "The password has been changed since this token was issued; log in again.",
            code="token_revoked",
        )
    actor.standing.is_sure = True
