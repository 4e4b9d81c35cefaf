"""How rules on values are applied. A rule takes a value and returns it cleaned, or refuses it."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from taskapp.domain.errors import Fault, RuleViolation

Rule = Callable[[Any], Any]

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Refused(ValueError):
    """A value breaks a rule."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


def apply(rules: Mapping[str, Rule], values: Mapping[str, Any]) -> dict[str, Any]:
    """Each value as its field's rule leaves it; raise RuleViolation with all that is refused."""
    cleaned, faults = {}, []
    for field, value in values.items():
        try:
            cleaned[field] = rules[field](value)
        except Refused as refused:
            faults.append(Fault(field, refused.code, refused.message))
    if faults:
        raise RuleViolation(*faults)
    return cleaned


def any_value(value: Any) -> Any:
    """The rule that there is none: whatever is of the right type will do."""
    return value


def storable(text: str) -> str:
    """The text, if PostgreSQL can hold it: no NUL, no half of a surrogate pair."""
    if _UNSTORABLE.search(text):
        raise Refused(
            "unstorable",
            "Contains a NUL or half of a surrogate pair, which cannot be stored; remove it.",
        )
    return text


def one_of(*choices: str) -> Rule:
    """The rule that a text is one of the choices."""

    def check(text: str) -> str:
        if text not in choices:
            raise Refused("choice", f"Must be one of {', '.join(choices)}.")
        return text

    return check


def line(most: int, blank: str) -> Rule:
    """The rule that a text is one line of 1 to `most` characters, white space around it removed.

    `blank` is said to whoever leaves it empty.
    """

    def check(text: str) -> str:
        text = storable(text).strip()
        if not text:
            raise Refused("blank", blank)
        if len(text) > most:
            raise Refused("too_long", f"Has {len(text)} characters; shorten it to {most} at most.")
        if _CONTROL.search(text):
            raise Refused(
                "control_character",
                "Contains a line break or another control character; remove it.",
            )
        return text

    return check
