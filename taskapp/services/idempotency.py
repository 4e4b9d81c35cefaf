"""Requests that are done once, however often they are sent.

An attempt first claims the key, in a transaction of its own; the unique constraint decides whose
it is. Then its effect and its answer are committed together, and only if the claim still stands.
Whoever finds the key taken finds the answer, or an attempt under way. One that is killed leaves
nothing but its claim, which ends by itself.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from taskapp.db import AnyRow, fetch, now, transaction
from taskapp.domain.errors import Conflict, KeyReused
from taskapp.models import IdempotencyKey, User

# How long an attempt holds its key without an answer: longer than any request takes, and a minute
# more, by which the clock of the host that asks may be ahead.
LEASE = timedelta(seconds=120)
# How long an answer is kept, from the claim on.
KEPT = timedelta(hours=24)

_KEYS = IdempotencyKey.__table__.c

Result = TypeVar("Result")


@dataclass(frozen=True)
class Request:
    """Who sends what under which key; nobody in particular when `user_id` is None.

    `others` are keys and fingerprints under which the same request may have been stored, too.
    """

    user_id: int | None
    key: str
    fingerprint: str
    others: Sequence[tuple[str, str]] = ()

    @property
    def marks(self) -> list[tuple[str, str]]:
        """All the keys and fingerprints that may stand for it."""
        return [(self.key, self.fingerprint), *self.others]


class Answer(NamedTuple):
    """What a request was answered, as far as it is kept."""

    status: int
    headers: dict[str, str]
    body: bytes


def once(
    request: Request, work: Callable[[], Result], keep: Callable[[Result], Answer]
) -> Result | Answer:
    """What `work` returns, which `keep` puts into a form to be stored; or what is stored of it.

    Raise KeyReused when the key came with something else before, or Conflict while another
    attempt holds it. When `work` raises, all that it did is undone, and the key is free again.
    """
    moment = now()
    try:
        claim = _claim(request, moment)
    except (IntegrityError, _Taken):
        return _recall(request)
    try:
        with transaction():
            result = work()
            _store(request, claim, keep(result), until=moment + KEPT)
    except BaseException:
        # When the database is gone, the claim ends by itself; the first error is the one to tell.
        with suppress(SQLAlchemyError):
            _release(claim)
        raise
    return result


def expire() -> int:
    """Remove the keys that nobody can use any more; return how many."""
    return _remove(_KEYS.expires_at <= now())


class _Taken(Exception):
    """The request was stored under another of its keys."""


def _claim(request: Request, moment: datetime) -> int:
    """Hold the key for one attempt; raise IntegrityError or _Taken if somebody does."""
    row = IdempotencyKey(
        user_id=request.user_id,
        key=request.key,
        fingerprint=request.fingerprint,
        expires_at=moment + LEASE,
    )
    with transaction() as session:
        # All of this person's that are over, so that there are never many, whoever else tidies up.
        _remove(_KEYS.user_id == request.user_id, _KEYS.expires_at <= moment)
        if any(key != request.key for key, _ in request.others) and _find(request):
            raise _Taken
        session.add(row)
    return row.id


def _recall(request: Request) -> Answer:
    found = _find(request)
    if not found:  # given back since the claim was refused
        raise _in_flight()
    if (found[0].key, found[0].fingerprint) not in request.marks:
        raise KeyReused
    if found[0].status is None:
        raise _in_flight()
    return Answer(found[0].status, found[0].headers, found[0].body)


def _find(request: Request) -> Sequence[AnyRow]:
    columns = (_KEYS.key, _KEYS.fingerprint, _KEYS.status, _KEYS.headers, _KEYS.body)
    named = {key for key, _ in request.marks}
    return fetch(select(*columns).where(_KEYS.user_id == request.user_id, _KEYS.key.in_(named)))


def _store(request: Request, claim: int, answer: Answer, *, until: datetime) -> None:
    """Put the answer beside the effect; raise Conflict when the claim has been lost meanwhile."""
    query = update(IdempotencyKey).where(_KEYS.id == claim)
    with transaction() as session:
        stored = session.connection().execute(query.values(expires_at=until, **answer._asdict()))
        # The key of somebody who has deleted their account went with it, and needs no answer.
        if not stored.rowcount and not _is_gone(request.user_id):
            raise _in_flight()


def _is_gone(user_id: int | None) -> bool:
    return user_id is not None and not fetch(select(User.id).where(User.id == user_id))


def _release(claim: int) -> None:
    # A commit of which no news came may have happened all the same: then there is an answer.
    _remove(_KEYS.id == claim, _KEYS.status.is_(None))


def _remove(*where: ColumnElement[bool]) -> int:
    """Remove rows, but for those that others are about to change; never wait for them."""
    free = select(_KEYS.id).where(*where).with_for_update(skip_locked=True)
    with transaction() as session:
        gone = delete(IdempotencyKey).where(_KEYS.id.in_(free))
        return session.connection().execute(gone).rowcount


def _in_flight() -> Conflict:
    message = "A request with this Idempotency-Key is still under way. Try again shortly."
    return Conflict(message, code="request_in_flight")
