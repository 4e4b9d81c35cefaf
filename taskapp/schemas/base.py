"""Fields and messages that all schemas share: strict types, and a code beside each message."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Self

from marshmallow import Schema as MarshmallowSchema
from marshmallow import ValidationError, fields

from taskapp.domain import dates
from taskapp.domain.rules import Refused, Rule, storable

ID_MOST = 2**63 - 1
_ID_DIGITS = len(str(ID_MOST))
_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)

# No control character, and something other than white space.
_LINE = "[^\\u0000-\\u001f\\u007f-\\u009f]*"
LINE_PATTERN = f"^{_LINE}[^\\s\\u0000-\\u001f\\u007f-\\u009f]{_LINE}$"

# As marshmallow declares them; every one here is Coded.
Messages = dict[str, str | list[Any] | dict[Any, Any]]


class Coded(str):
    """A message for people that carries a code for programs."""

    code: str

    def __new__(cls, message: str, code: str = "invalid") -> Self:
        """Make a message; the code never changes, the message may be reworded."""
        self = super().__new__(cls, message)
        self.code = code
        return self

    def format(self, *args: object, **kwargs: object) -> "Coded":
        """Keep the code where marshmallow fills in a message."""
        return Coded(super().format(*args, **kwargs), self.code)


class Schema(MarshmallowSchema):
    """A JSON object in which every member is known.

    `example` stands in the documentation. `without_body` is what a request that sends no body
    stands for; None if it has to send one. An answer that `holds_secret` is never stored.
    """

    example: Mapping[str, Any] = {}
    without_body: Mapping[str, Any] | None = None
    holds_secret: bool = False

    error_messages: dict[str, str] = {
        "type": Coded("Must be a JSON object.", "type"),
        "unknown": Coded("Is not known here; remove it.", "unknown"),
    }


class _Strict:
    default_error_messages: Messages = {
        "required": Coded("Is missing.", "required"),
        "null": Coded("Must not be null.", "null"),
        "invalid": Coded("Has the wrong type.", "type"),
    }


class Text(_Strict, fields.String):
    """A string; `rule` is the domain's word on its value."""

    default_error_messages: Messages = {"invalid": Coded("Must be a string.", "type")}

    def __init__(self, *, rule: Rule = storable, **kwargs: Any) -> None:
        """Take the rule beside what any field takes."""
        super().__init__(validate=obeys(rule), **kwargs)


class Flag(_Strict, fields.Boolean):
    """true or false, and nothing that merely looks like it."""

    default_error_messages: Messages = {"invalid": Coded("Must be true or false.", "type")}

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Inner(_Strict, fields.Nested):
    """An object within another."""


class QueryFlag(Flag):
    """The words true and false, in a URL."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if value not in ("true", "false"):
            raise self.make_error("invalid", input=value)
        return bool(value == "true")


class QueryInteger(_Strict, fields.Integer):
    """A whole number in plain digits, in a URL, from `least` to `most`."""

    default_error_messages: Messages = {
        "invalid": Coded("Must be a whole number.", "type"),
        "range": Coded("Must be from {least} to {most}.", "range"),
    }

    def __init__(self, *, least: int, most: int, **kwargs: Any) -> None:
        """Take the bounds, both allowed, beside what any field takes."""
        self.least, self.most = least, most
        bounds = {"minimum": least, "maximum": most}
        super().__init__(metadata=bounds | kwargs.pop("metadata", {}), **kwargs)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        if not re.fullmatch("-?[0-9]{1,20}", value):
            raise self.make_error("invalid", input=value)
        if not self.least <= int(value) <= self.most:
            raise self.make_error("range", least=self.least, most=self.most)
        return int(value)


class Identifier(_Strict, fields.Integer):
    """An id, as a JSON number."""

    default_error_messages: Messages = {
        "invalid": Coded("Must be a whole number.", "type"),
        "range": Coded("Is nobody's id.", "no_such"),
    }

    def __init__(self, **kwargs: Any) -> None:
        """Take what any field takes."""
        bounds = {"format": "int64", "minimum": 1, "maximum": ID_MOST}
        super().__init__(metadata=bounds | kwargs.pop("metadata", {}), **kwargs)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        if not 0 < value <= ID_MOST:
            raise self.make_error("range", input=value)
        return value


class QueryId(_Strict, fields.Field[int | str]):
    """An id in a URL, or one of the words that stand for something else."""

    default_error_messages: Messages = {"invalid": Coded("Must be an id{words}.", "type")}

    def __init__(self, *words: str, **kwargs: Any) -> None:
        """Take the words beside what any field takes."""
        self.words = words
        said: dict[str, Any] = {"type": "integer", "minimum": 0, "maximum": 10**_ID_DIGITS - 1}
        if words:
            pattern = f"^({'|'.join(words)}|[0-9]{{1,{_ID_DIGITS}}})$"
            said = {"type": "string", "pattern": pattern}
        super().__init__(metadata=said | kwargs.pop("metadata", {}), **kwargs)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int | str:
        if value in self.words:
            return str(value)
        if not re.fullmatch(f"[0-9]{{1,{_ID_DIGITS}}}", value):
            raise self.make_error("invalid", words="".join(f" or {each}" for each in self.words))
        return number if (number := int(value)) <= ID_MOST else 0


class Day(_Strict, fields.Date):
    """A day of the calendar, as RFC 3339 writes it: 2026-01-31."""

    default_error_messages: Messages = {
        "invalid": Coded("Must be a day: 2026-01-31.", "type"),
        "format": Coded("Must be a day: 2026-01-31.", "type"),
    }

    def __init__(self, *, rule: Rule = dates.day, **kwargs: Any) -> None:
        """Take the rule beside what any field takes."""
        super().__init__(validate=obeys(rule), **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> date:
        if not isinstance(value, str) or not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise self.make_error("invalid", input=value)
        day: date = super()._deserialize(value, *args, **kwargs)
        return day


class Moment(_Strict, fields.Field[datetime]):
    """An instant, as RFC 3339 writes it in UTC: 2026-01-31T09:30:00.123456Z.

    With another offset from UTC it is understood too.
    """

    default_error_messages: Messages = {
        "invalid": Coded("Must be an instant: 2026-01-31T09:30:00Z.", "type")
    }

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> datetime:
        if not isinstance(value, str) or not _INSTANT.fullmatch(value):
            raise self.make_error("invalid", input=value)
        try:
            return datetime.fromisoformat(value.upper())
        except ValueError:
            raise self.make_error("invalid", input=value) from None

    def _serialize(self, value: datetime | None, *_: Any, **__: Any) -> str | None:
        if value is None:
            return None
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def obeys(rule: Rule) -> Callable[[Any], None]:
    """A marshmallow validator that asks a rule of the domain."""

    def validate(value: Any) -> None:
        try:
            rule(value)
        except Refused as refused:
            raise ValidationError([Coded(refused.message, refused.code)]) from None

    return validate
