"""How tests look at a rule that may refuse."""

from typing import Any

from taskapp.domain.rules import Refused, Rule


def attempt(rule: Rule, value: Any) -> tuple[Any, Refused | None]:
    """What the rule makes of the value, or how it refuses it."""
    try:
        return rule(value), None
    except Refused as refused:
        return None, refused
