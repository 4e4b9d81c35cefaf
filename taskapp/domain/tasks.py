"""What a task's words may be."""

import re

from taskapp.domain.rules import Refused, Rule, any_value, storable

TITLE_MOST = 200
DESCRIPTION_MOST = 10_000
WORDS_MOST = 200

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def title(text: str) -> str:
    """One line of 1 to 200 characters, without the white space around it."""
    text = storable(text).strip()
    if not text:
        raise Refused("blank", "Give the task a title.")
    if len(text) > TITLE_MOST:
        raise Refused(
            "too_long", f"Has {len(text)} characters; shorten it to {TITLE_MOST} at most."
        )
    if _CONTROL.search(text):
        raise Refused(
            "control_character", "Contains a line break or another control character; remove it."
        )
    return text


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


RULES: dict[str, Rule] = {"title": title, "description": description, "completed": any_value}
