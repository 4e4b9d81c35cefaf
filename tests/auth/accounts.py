"""What tests of accounts do behind the application's back, and how they watch bcrypt."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bcrypt
import pytest
from flask import Flask
from sqlalchemy import Row, select, update

from taskapp.db import fetch, transaction
from taskapp.models import User


def stored(app: Flask, email: str) -> Row[Any]:
    """The account's row, the hash included."""
    with app.app_context():
        return fetch(select(*User.__table__.columns).where(User.email == email))[0]


def store(app: Flask, email: str, **values: Any) -> None:
    """Write straight into the account's row."""
    with app.app_context(), transaction() as session:
        session.execute(update(User).where(User.email == email).values(**values))


def plain_hash(password: str, rounds: int = 4) -> str:
    """A `$2b$` hash as the earlier system made it, of the 72 bytes that bcrypt reads."""
    return bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(rounds)).decode()


@contextmanager
def watched_bcrypt(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Fills a list with the work factor of each bcrypt that is computed inside."""
    costs: list[int] = []

    def watch(name: str) -> None:
        real = getattr(bcrypt, name)

        def call(password: bytes, salt: bytes) -> Any:
            costs.append(int(salt.split(b"$")[2]))
            return real(password, salt)

        patch.setattr(bcrypt, name, call)

    with monkeypatch.context() as patch:
        watch("hashpw")
        watch("checkpw")
        yield costs
