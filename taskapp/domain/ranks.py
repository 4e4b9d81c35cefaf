"""Ranks: texts that order things by hand, between any two of which there is room for another.

They are keys of fractional indexing (D. Greenspan, "Implementing Fractional Indexing", 2020), to be
compared byte by byte. What is new gets the key of its instant, and so comes last without a look at
the others.
"""

from datetime import UTC, datetime

from fractional_indexing import generate_key_between, generate_n_keys_between

# Beyond this length the things of a place are ranked anew.
RANK_MOST = 120

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# "p" announces sixteen digits; decimal ones are among those that a key may have.
_HEAD, _DIGITS = "p", 16


def at(moment: datetime, place: int = 0) -> str:
    """The rank of what is made at an instant, the `place`th of several."""
    since = moment - _EPOCH
    micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return f"{_HEAD}{micros + place:0{_DIGITS}d}"


def between(before: str | None, after: str | None) -> str:
    """A rank between two, of which one may be absent: then it comes last, or first."""
    key: str = generate_key_between(before, after)
    return key


def spread(count: int) -> list[str]:
    """So many short ranks in ascending order, before all that at() gives."""
    keys: list[str] = generate_n_keys_between(None, None, count)
    return keys
