"""How the database stands to this release: what a probe asks, a start, and an operator."""

import logging
from typing import Literal

from sqlalchemy.exc import SQLAlchemyError

from taskapp.db import migration_state
from taskapp.engine import asking

State = Literal["current", "ahead", "behind", "unreachable"]

SENTENCES: dict[State, str] = {
    "current": "The database has the schema of this release.",
    "ahead": "The database has been migrated by a newer release; this one goes on serving.",
    "behind": "The database lacks migrations of this release: run `flask db upgrade`, then start.",
    "unreachable": "The database does not answer.",
}

log = logging.getLogger("taskapp")


def probe(url: str) -> State:
    """How the schema of a database compares with this release's; `url` as SQLAlchemy spells it.

    Over a connection of its own: a pool of which all are in use says nothing about the database.
    """
    try:
        with asking(url) as engine:
            return migration_state(engine)
    except SQLAlchemyError as error:
        log.warning("the database does not answer: %s", type(error).__name__)
        return "unreachable"
