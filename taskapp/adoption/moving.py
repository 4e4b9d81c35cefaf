"""The adoption itself, and the way back: each is one transaction."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, text

from taskapp.adoption import copies, earlier, shape
from taskapp.adoption.addresses import Decisions
from taskapp.adoption.survey import Change, Findings, survey
from taskapp.db import looking, now, remaking
from taskapp.domain.errors import Conflict
from taskapp.domain.passwords import UNUSABLE


def inspect(decisions: Decisions, migrations: str) -> Findings:
    """What adopting would do; nothing is changed. Raise Conflict if nothing can be adopted."""
    with looking() as connection:
        found = shape.recognise(connection, ScriptDirectory(migrations))
        return survey(connection, found, decisions, now(), lambda *_: None)


def adopt(decisions: Decisions, migrations: str, record: Path) -> Findings:
    """Make the earlier system's tables into ours; raise Conflict, having changed nothing.

    What rows were and have become, where that differs, is written to the file `record`.
    """
    script = ScriptDirectory(migrations)
    with _kept(record) as file, remaking() as connection:
        found = shape.recognise(connection, script)
        copies.lock(connection)
        copies.set_aside(connection, found)
        findings = survey(connection, found, decisions, now(), _keeping(connection, file))
        if findings.undecided:
            raise Conflict(f"Decisions are missing: {', '.join(sorted(findings.undecided))}.")
        _add_newcomer(connection, findings)
        _make_ours(connection, script)
        # The record is on the disk before the change is.
        file.flush()
        os.fsync(file.fileno())
    return findings


def look_back(migrations: str) -> earlier.Losses:
    """What the earlier system's tables cannot hold; raise Conflict if these are not ours."""
    with looking() as connection:
        shape.require_newest(connection, ScriptDirectory(migrations))
        return earlier.losses(connection)


def go_back(migrations: str) -> earlier.Losses:
    """Bring the tables back into the earlier system's shape; raise Conflict, changing nothing."""
    script = ScriptDirectory(migrations)
    with remaking() as connection:
        shape.require_newest(connection, script)
        copies.lock(connection)
        lost = earlier.losses(connection)
        with Operations.context(MigrationContext.configure(connection)):
            for revision in _after_first(script):
                revision.module.downgrade()
        copies.set_aside(connection, earlier.ZONED)
        times = "{}" if connection.dialect.name == "sqlite" else "{} AT TIME ZONE 'UTC'"
        copies.remake(connection, lambda: earlier.METADATA.create_all(connection), times)
        connection.execute(text(f"DROP TABLE {shape.VERSION}"))
    return lost


def _make_ours(connection: Connection, script: ScriptDirectory) -> None:
    connection.execute(text(f"DROP TABLE IF EXISTS {shape.VERSION}"))
    first, *further = reversed(list(script.walk_revisions()))
    context = MigrationContext.configure(connection)
    with Operations.context(context):
        copies.remake(connection, first.module.upgrade)
        for revision in further:
            revision.module.upgrade()
    context.stamp(script, "head")


def _after_first(script: ScriptDirectory) -> Iterator[Script]:
    """The newest first."""
    return (each for each in script.walk_revisions() if each.down_revision)


def _add_newcomer(connection: Connection, found: Findings) -> None:
    if found.newcomer is None:
        return
    user_id, address = found.newcomer
    moment = now()
    values = {
        "id": user_id,
        "email": address,
        "hashed_password": UNUSABLE,
        "is_active": False,
        "created_at": moment,
        "updated_at": moment,
    }
    connection.execute(copies.ASIDE["user"].insert(), values)


def _keeping(connection: Connection, file: TextIO) -> Callable[[str, list[Change]], None]:
    def keep(name: str, changes: list[Change]) -> None:
        for old, values in changes:
            file.write(_line(name, old._asdict(), values))
        if changes:
            copies.write_aside(connection, name, [values for _, values in changes])

    return keep


def _line(name: str, old: dict[str, Any], values: dict[str, Any]) -> str:
    differing = [key for key in values if _plain(values[key]) != old[key]]
    return (
        json.dumps(
            {
                "table": name,
                "id": old["id"],
                "was": {key: old[key] for key in differing},
                "is": {key: _plain(values[key]) for key in differing},
            },
            default=repr,
        )
        + "\n"
    )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ", "microseconds")
    return value


@contextmanager
def _kept(record: Path) -> Iterator[TextIO]:
    """A new file that only its owner reads, and that goes when the change does."""
    opened = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            yield file
        if record.stat().st_size == 0:
            record.unlink()
    except BaseException:
        record.unlink()
        raise
