"""Logins of browsers: each can be seen and ended by the one whose it is."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import bindparam, delete, select, update

from taskapp.db import AnyRow, BigId, Instant, fetch, now, transaction
from taskapp.domain.actors import Actor
from taskapp.domain.errors import AuthenticationFailed, NotFound
from taskapp.models import LoginSession, User
from taskapp.models.login_session import CLIENT_MOST
from taskapp.services import accounts
from taskapp.statements import Kept

# How much older than the truth `seen_at` may be: a write for every page would be too dear.
SEEN_EVERY = timedelta(minutes=5)

_ACCOUNT = Kept(
    select(*accounts.COLUMNS, LoginSession.seen_at.label("seen_at"))
    .join(LoginSession, LoginSession.user_id == User.id)
    .where(
        LoginSession.id == bindparam("session_id", type_=BigId),
        LoginSession.expires_at > bindparam("moment", type_=Instant),
        User.is_active,
    )
)


def start(user_id: int, *, client: str, lifetime: timedelta) -> LoginSession:
    """A new session for somebody who has just proved who they are; their expired ones go."""
    moment = now()
    session = LoginSession(
        user_id=user_id,
        client=client[:CLIENT_MOST],
        created_at=moment,
        seen_at=moment,
        expires_at=moment + lifetime,
    )
    with transaction() as database:
        database.execute(
            delete(LoginSession).where(
                LoginSession.user_id == user_id, LoginSession.expires_at <= moment
            )
        )
        database.add(session)
    return session


def resume(session_id: int) -> tuple[Actor, AnyRow]:
    """Who acts through a session, and their account; raise AuthenticationFailed once it ended."""
    moment = now()
    found = fetch(_ACCOUNT, {"session_id": session_id, "moment": moment})
    if not found:
        raise AuthenticationFailed
    if moment - found[0].seen_at > SEEN_EVERY:
        with transaction() as database:
            database.execute(
                update(LoginSession).where(LoginSession.id == session_id).values(seen_at=moment)
            )
    return Actor(found[0].id, session_id, "web"), found[0]


def list_own(actor: Actor) -> Sequence[AnyRow]:
    """The actor's sessions that have not ended, the one used last first."""
    return fetch(
        select(LoginSession.__table__)
        .where(LoginSession.user_id == actor.id, LoginSession.expires_at > now())
        .order_by(LoginSession.seen_at.desc(), LoginSession.id.desc())
    )


def end(actor: Actor, session_id: int) -> None:
    """End one of the actor's sessions; raise NotFound."""
    with transaction() as database:
        query = delete(LoginSession).where(
            LoginSession.id == session_id, LoginSession.user_id == actor.id
        )
        if not database.connection().execute(query).rowcount:
            raise NotFound("There is no such session.")


def end_others(actor: Actor) -> None:
    """End all of the actor's sessions but the one through which they act."""
    others = delete(LoginSession).where(LoginSession.user_id == actor.id)
    if actor.session_id is not None:
        others = others.where(LoginSession.id != actor.session_id)
    with transaction() as database:
        database.execute(others)
