"""What becomes of one row of the earlier system: plain values in, plain values out."""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Any, NamedTuple

from taskapp.adoption.kinds import UNTITLED
from taskapp.domain import passwords, tasks
from taskapp.domain.rules import Refused

HASH_MOST = 255
CUT = "\u2026"
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
# Ranks hold microseconds since 1970 in sixteen digits.
LATEST = datetime(2286, 1, 1, tzinfo=UTC)
_CANONICAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}")
_TRUE = {"1", "t", "true", "y", "yes", "on"}


class OldUser(NamedTuple):
    """A row of `user`; times are text, and whether it is active is what the database says."""

    id: int
    email: str | None
    hashed_password: str | None
    is_active: Any
    created_at: str | None
    updated_at: str | None


class OldTask(NamedTuple):
    """A row of `task`, likewise; `owner` is None where user_id leads nowhere."""

    id: int
    user_id: int | None
    title: str | None
    description: str | None
    completed: Any
    created_at: str | None
    updated_at: str | None
    owner: int | None


_COMPARED: dict[type, tuple[str, ...]] = {
    OldUser: ("email", "hashed_password", "is_active"),
    OldTask: ("user_id", "title", "description", "completed"),
}


class Cleaned(NamedTuple):
    """The values that a row is to have, and the kinds of what had to be changed or said."""

    values: dict[str, Any]
    kinds: list[str]

    def also(self, kinds: list[str]) -> "Cleaned":
        """The same values, with kinds that the row alone does not tell."""
        return Cleaned(self.values, [*kinds, *self.kinds])


def clean_user(old: OldUser, address: str, moment: datetime) -> Cleaned:
    """The account with that address; `moment` is when it is adopted."""
    hashed, hash_kinds = _hash(old.hashed_password)
    active, state_kinds = read_state(old.is_active)
    created, updated, time_kinds = _times(old.created_at, old.updated_at, moment)
    values = {
        "id": old.id,
        "email": address,
        "hashed_password": hashed,
        "is_active": active,
        "created_at": created,
        "updated_at": updated,
    }
    return Cleaned(values, [*hash_kinds, *state_kinds, *time_kinds])


def clean_task(old: OldTask, user_id: int, moment: datetime) -> Cleaned:
    """The task as that account's own; `moment` is when it is adopted."""
    title, rest, title_kinds = _title(old.title)
    description, description_kinds = _description(rest, old.description)
    completed, state_kinds = read_state(old.completed)
    created, updated, time_kinds = _times(old.created_at, old.updated_at, moment)
    values = {
        "id": old.id,
        "user_id": user_id,
        "title": title,
        "description": description,
        "completed": completed,
        "created_at": created,
        "updated_at": updated,
    }
    return Cleaned(values, [*title_kinds, *description_kinds, *state_kinds, *time_kinds])


def is_same(old: OldUser | OldTask, values: dict[str, Any]) -> bool:
    """Whether the row has these values as it is, times aside, and needs no writing."""
    return all(getattr(old, name) == values[name] for name in _COMPARED[type(old)])


def _title(text: str | None) -> tuple[str, str, list[str]]:
    """The title, what of it goes to the description, and the kinds."""
    text = text or ""
    try:
        kept: str = tasks.title(text)
    except Refused:
        return _mended(text)
    return kept, "", [] if kept == text else ["title_space"]


def _mended(text: str) -> tuple[str, str, list[str]]:
    plain = "".join(" " if unicodedata.category(each) in ("Cc", "Cs") else each for each in text)
    kinds = [] if plain == text else ["title_control"]
    plain = plain.strip()
    if not plain:
        return UNTITLED, "", [*kinds, "title_blank"]
    if len(plain) <= tasks.TITLE_MOST:
        return plain, "", kinds
    most = tasks.TITLE_MOST - len(CUT)
    return plain[:most] + CUT, CUT + plain[most:], [*kinds, "title_long"]


def _description(rest: str, text: str | None) -> tuple[str | None, list[str]]:
    whole = f"{rest}\n\n{text}" if rest and text else rest or text
    try:
        return tasks.description(whole), []
    except Refused:
        storable = re.sub("[\0\ud800-\udfff]", "\ufffd", whole or "")
    kinds = [] if storable == whole else ["description_unstorable"]
    if len(storable) > tasks.DESCRIPTION_MOST:
        kinds.append("description_long")
    return storable, kinds


def _hash(stored: str | None) -> tuple[str, list[str]]:
    if not stored or len(stored) > HASH_MOST or not stored.isprintable():
        return passwords.UNUSABLE, ["no_password"]
    return stored, [] if passwords.is_known(stored) else ["unknown_hash"]


def read_state(raw: Any) -> tuple[bool, list[str]]:
    """Whether it is on, and the kinds. SQLite keeps whatever it is given in a boolean column."""
    if isinstance(raw, str):
        return raw.strip().lower() in _TRUE, []
    return bool(raw), ["state_unknown"] if raw is None else []


def _times(
    created: str | None, updated: str | None, moment: datetime
) -> tuple[datetime, datetime, list[str]]:
    first, last = _instant(created), _instant(updated)
    kinds = []
    if first is None or last is None:
        kinds = ["time_odd"]
    elif not (_CANONICAL.fullmatch(created or "") and _CANONICAL.fullmatch(updated or "")):
        kinds = ["time_spelling"]
    return first or last or moment, last or first or moment, kinds


def _instant(text: str | None) -> datetime | None:
    """Naive times are UTC: that is what the earlier system wrote."""
    try:
        read = datetime.fromisoformat(text or "")
        instant = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return instant if EARLIEST <= instant < LATEST else None
