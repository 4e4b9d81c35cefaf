"""The form of a backup: compressed lines of JSON that tell by themselves whether they are whole.

    {"format": "taskapp-backup", "version": 1, "revision": "...", "made_at": "..."}
    {"table": "user", "columns": {"id": "integer", "email": "text", ...}}
    [1, "ada@example.com", ...]                                   a line for each row
    {"rows": {"user": 1, ...}, "last_ids": {"user": 7, ...}}
    {"sha256": "..."}                                             of all the lines above

A table comes after those that it refers to. Instants are RFC 3339 in UTC, days as well, bytes are
in Base64. Both directions hold a few rows at a time in memory, however many there are.
"""

import hashlib
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from gzip import GzipFile
from typing import IO, Any

import orjson

from taskapp.domain.errors import DomainError

FORMAT, VERSION = "taskapp-backup", 1
# More than any row takes: what is longer is no line of ours.
LINE_MOST = 64 * 1024 * 1024
# Stronger compression takes twice the time for a tenth of the size.
_LEVEL = 5
_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE

Columns = dict[str, str]
Rows = list[list[Any]]


class Unusable(DomainError):
    """A file is no backup, is not whole, or does not fit the database, which is as it was."""

    code = "unusable"
    message = "This backup is damaged or cut short. Nothing of it was kept."


def _foreign() -> Unusable:
    return Unusable("This is no backup of taskapp, or only a piece of one. Nothing was changed.")


# JSON has no word for these; all other values go as they are.
_FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "instant": datetime.fromisoformat,
    "day": date.fromisoformat,
    "bytes": b64decode,
}
KINDS = {"integer", "boolean", "text", "json", *_FROM_TEXT}


def encode(columns: Columns, rows: Sequence[Sequence[Any]]) -> Rows:
    """The values of rows as a backup has them."""
    encoded = [list(row) for row in rows]
    for place, kind in enumerate(columns.values()):
        if kind == "bytes":
            for row in encoded:
                row[place] = None if row[place] is None else b64encode(row[place]).decode()
    return encoded


def decode(columns: Columns, rows: Rows) -> list[dict[str, Any]]:
    """The same rows by column, as a database takes them; raise Unusable."""
    try:
        for place, kind in enumerate(columns.values()):
            if convert := _FROM_TEXT.get(kind):
                for row in rows:
                    row[place] = None if row[place] is None else convert(row[place])
    except (TypeError, ValueError):
        raise Unusable from None
    return [dict(zip(columns, row, strict=True)) for row in rows]


class Writer:
    """Writes a backup line by line."""

    def __init__(self, out: IO[bytes], **head: Any) -> None:
        """Begin with what is to be known before the rows."""
        # Without the time and the name of the file: the same rows make the same bytes.
        self._packed = GzipFile("", "wb", _LEVEL, out, mtime=0)
        self._hash = hashlib.sha256()
        self._rows: dict[str, int] = {}
        self._columns: Columns = {}
        self._add({"format": FORMAT, "version": VERSION} | head)

    def open(self, table: str, columns: Columns) -> None:
        """Go on with the rows of a table."""
        self._columns = columns
        self._rows[table] = 0
        self._add({"table": table, "columns": columns})

    def add(self, table: str, rows: Sequence[Sequence[Any]]) -> int:
        """Write rows of the table opened last; return how many it has by now."""
        self._add(*encode(self._columns, rows))
        self._rows[table] += len(rows)
        return self._rows[table]

    def finish(self, last_ids: dict[str, int]) -> dict[str, int]:
        """Write what proves the file whole; return how many rows each table has."""
        self._add({"rows": self._rows, "last_ids": last_ids})
        self._add({"sha256": self._hash.hexdigest()})
        self._packed.close()
        return self._rows

    def _add(self, *lines: Any) -> None:
        data = b"".join(orjson.dumps(line, option=_OPTIONS) for line in lines)
        self._hash.update(data)
        self._packed.write(data)


class Reader:
    """Reads a backup; raises Unusable, at the latest at its end, unless it is whole."""

    def __init__(self, file: IO[bytes]) -> None:
        """Read what is to be known before the rows."""
        self._lines = _lines(file)
        try:
            first = next(self._lines, None)
        except Unusable:
            raise _foreign() from None
        self.head = _checked_head(first)
        self.rows: dict[str, int] = {}
        self.last_ids: dict[str, int] = {}

    def batches(self, most: int) -> Iterator[tuple[str, Columns, Rows]]:
        """The rows, so many at a time: of which table, in which columns, and their values."""
        try:
            yield from self._batches(most)
        except (KeyError, TypeError, AttributeError):  # whole, and yet not written by us
            raise Unusable from None

    def _batches(self, most: int) -> Iterator[tuple[str, Columns, Rows]]:
        table, end = "", None
        columns: Columns = {}
        rows: Rows = []
        for line in self._lines:
            if isinstance(line, list):
                if len(line) != len(columns):
                    raise Unusable
                self.rows[table] += 1
                rows.append(line)
            if rows and (len(rows) == most or isinstance(line, dict)):
                yield table, columns, rows
                rows = []
            if isinstance(line, dict) and "table" in line:
                table, columns = line["table"], dict(line["columns"])
                self.rows[table] = 0
            elif isinstance(line, dict):
                end = line
        if end is None or end["rows"] != self.rows:
            raise Unusable
        self.last_ids = dict(end["last_ids"])


def _lines(file: IO[bytes]) -> Iterator[Any]:
    """All lines but the last, which is compared with them."""
    digest, told = hashlib.sha256(), ""
    try:
        with GzipFile(fileobj=file) as unpacked:
            for data in iter(lambda: unpacked.readline(LINE_MOST), b""):
                line = orjson.loads(data)
                if told or not data.endswith(b"\n"):
                    raise Unusable
                if isinstance(line, dict) and "sha256" in line:
                    told = line["sha256"]
                    continue
                digest.update(data)
                yield line
    except (OSError, EOFError, ValueError, zlib.error):
        raise Unusable from None
    if told != digest.hexdigest():
        raise Unusable


def _checked_head(head: Any) -> dict[str, Any]:
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise _foreign()
    if head.get("version") != VERSION:
        raise Unusable(
            f"This backup is of version {head.get('version')} of its format, and this release "
            f"knows version {VERSION} only: restore it with a newer one. Nothing was changed."
        )
    return head
