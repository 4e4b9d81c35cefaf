"""Reads every row of the earlier system, and finds what is odd about it and what it becomes."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from taskapp.adoption import addresses, copies, rules
from taskapp.adoption.addresses import Decisions, Settlement
from taskapp.adoption.rules import Cleaned, OldTask, OldUser
from taskapp.adoption.shape import Shape

EXAMPLES = 3
SHOWN = 60
TABLE_OF: dict[type, str] = {OldUser: "user", OldTask: "task"}
NAMES = {"user": "account", "task": "task"}
# What of a row is shown as an example of a kind; for the others its id says enough.
COLUMNS = {
    "address_spelling": "email",
    "address_given": "email",
    "same_address": "email",
    "bad_address": "email",
    "title_blank": "title",
    "title_long": "title",
    "description_long": "description",
    "title_control": "title",
    "title_space": "title",
    "without_owner": "user_id",
    "merged": "user_id",
}
# Of these, how long they are.
LENGTHS = ("title_long", "description_long")
# Each is decided by the decision of its name.
TO_DECIDE = ("same_address", "bad_address", "without_owner")

# A row as it was, and the values that it is to have.
Change = tuple[OldUser | OldTask, dict[str, Any]]
Keep = Callable[[str, list[Change]], None]


@dataclass
class Findings:
    """What was found: how often each kind, with a few examples."""

    shape: Shape
    accounts: int = 0
    tasks: int = 0
    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    examples: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    undecided: set[str] = field(default_factory=set)
    # The address and id of an account that is made for tasks without an owner.
    newcomer: tuple[int, str] | None = None

    def note(self, old: OldUser | OldTask, cleaned: Cleaned, said: str) -> None:
        """Count the kinds of one row; `said` is more about it than its values tell."""
        table = TABLE_OF[type(old)]
        for kind in cleaned.kinds:
            self.counts[table][kind] += 1
            if len(examples := self.examples[table, kind]) < EXAMPLES:
                examples.append(_example(table, kind, old, cleaned.values) + said)


def survey(
    connection: Connection, shape: Shape, decisions: Decisions, moment: datetime, keep: Keep
) -> Findings:
    """Look at every row, and hand to `keep` what is to change, table by table and by batches."""
    found = Findings(shape)
    walk = _Walk(connection, _settle(connection, shape, decisions), decisions, found, moment, keep)
    walk.accounts()
    walk.tasks()
    if walk.settled.newcomer and walk.settled.heir and found.counts["task"]["without_owner"]:
        found.newcomer = (walk.settled.heir, walk.settled.newcomer)
    found.undecided = {
        kind
        for kind in TO_DECIDE
        if any(counts[kind] for counts in found.counts.values()) and not getattr(decisions, kind)
    }
    return found


def _settle(connection: Connection, shape: Shape, decisions: Decisions) -> Settlement:
    claims = (
        (old.id, old.email, not rules.read_state(old.is_active)[0])
        for old in copies.users(connection, shape)
    )
    return addresses.settle(claims, decisions, copies.last_id(connection, "user") + 1)


@dataclass
class _Walk:
    """One walk over all rows."""

    connection: Connection
    settled: Settlement
    decisions: Decisions
    found: Findings
    moment: datetime
    keep: Keep

    def accounts(self) -> None:
        for batch in copies.user_batches(self.connection, self.found.shape):
            changes: list[Change] = []
            for old in batch:
                address, kinds = _address(old, self.settled, self.decisions)
                cleaned = rules.clean_user(old, address, self.moment)
                if self.settled.merge and old.id in self.settled.losers:
                    cleaned.values["is_active"] = False
                keeper = self.settled.losers.get(old.id)
                said = f" (account {keeper.id} keeps it)" if keeper else ""
                _note(self.found, old, cleaned.also(kinds), changes, said)
            self.found.accounts += len(batch)
            self.keep("user", changes)

    def tasks(self) -> None:
        for batch in copies.task_batches(self.connection, self.found.shape):
            changes: list[Change] = []
            for old in batch:
                owner, kinds = _owner(old, self.settled)
                cleaned = rules.clean_task(old, owner, self.moment)
                _note(self.found, old, cleaned.also(kinds), changes)
            self.found.tasks += len(batch)
            self.keep("task", changes)


def _address(old: OldUser, settled: Settlement, decisions: Decisions) -> tuple[str, list[str]]:
    if old.id in settled.bad:
        return addresses.placeholder(old.id), ["bad_address"]
    if old.id in settled.losers:
        return addresses.placeholder(old.id), ["same_address"]
    address = addresses.wanted(old.id, old.email, decisions) or ""
    if old.id in decisions.addresses:
        return address, ["address_given"]
    return address, [] if address == old.email else ["address_spelling"]


def _owner(old: OldTask, settled: Settlement) -> tuple[int, list[str]]:
    if old.owner is None:
        return settled.heir or 0, ["without_owner"]
    owner = settled.owner(old.owner)
    return owner, [] if owner == old.owner else ["merged"]


def _note(
    found: Findings,
    old: OldUser | OldTask,
    cleaned: Cleaned,
    changes: list[Change],
    said: str = "",
) -> None:
    if cleaned.kinds:
        found.note(old, cleaned, said)
    if not rules.is_same(old, cleaned.values) or {"time_odd", "time_spelling"} & {*cleaned.kinds}:
        changes.append((old, cleaned.values))


def _example(table: str, kind: str, old: Any, values: dict[str, Any]) -> str:
    row = f"{NAMES[table]} {old.id}"
    if kind not in COLUMNS:
        return row
    before, after = getattr(old, COLUMNS[kind]), values[COLUMNS[kind]]
    if kind in LENGTHS:
        return f"{row} ({len(before):,} characters): {_short(before)}"
    # What waits for a decision becomes nothing yet.
    return f"{row}: {_short(before)} -> {_short(after)}" if after else f"{row}: {_short(before)}"


def _short(value: Any) -> str:
    if value is None:
        return "nothing"
    shown = ascii(value) if not isinstance(value, str) or not value.isprintable() else f"{value!r}"
    return shown if len(shown) <= SHOWN else f"{shown[: SHOWN - 1]}\u2026"
