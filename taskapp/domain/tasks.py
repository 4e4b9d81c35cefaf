"""What a task's words and marks may be."""

from typing import Any

from taskapp.domain import dates
from taskapp.domain.rules import Refused, Rule, any_value, line, one_of, storable

TITLE_MOST = 200
DESCRIPTION_MOST = 10_000
WORDS_MOST = 200
LABELS_MOST = 50
# How far below a task of its own a subtask may be.
DEPTH_MOST = 7
# The least urgent first.
PRIORITIES = ("none", "low", "medium", "high")

title = line(TITLE_MOST, "Give the task a title.")


def description(text: str | None) -> str | None:
    """Any text of up to 10,000 characters, kept as it is, or nothing."""
    if text is not None and len(storable(text)) > DESCRIPTION_MOST:
        raise Refused(
            "too_long", f"Has {len(text)} characters; shorten it to {DESCRIPTION_MOST} at most."
        )
    return text


def words(text: str) -> str:
    """What to search for, within reason."""
    if len(storable(text)) > WORDS_MOST:
        raise Refused("too_long", f"Has {len(text)} characters; {WORDS_MOST} at most.")
    return text


def labels(ids: list[int]) -> list[int]:
    """Which labels a task bears, each once, in the order of their ids."""
    if len(ids) > LABELS_MOST:
        raise Refused("too_many", f"Has {len(ids)} labels; {LABELS_MOST} at most.")
    return sorted(set(ids))


def at_most(most: int) -> Rule:
    """The rule that a list has so many items at the most."""

    def check(items: list[Any]) -> list[Any]:
        if len(items) > most:
            raise Refused("too_many", f"Has {len(items)} items; {most} at most.")
        return items

    return check


RULES: dict[str, Rule] = {
    "title": title,
    "description": description,
    "completed": any_value,
    "priority": one_of(*PRIORITIES),
    "labels": labels,
    "project_id": any_value,
    "section_id": any_value,
    "parent_id": any_value,
    **dates.RULES,
}
