"""Statements that are sent often: compiled once, and given to the driver as they are.

SQLAlchemy says what a statement is and how its values are written and read; on its way to the
database it costs three times what the driver does. Whatever is sent now and then goes that way, by
`connection.execute()`; what every request sends goes this one, and fails with the same errors.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from sqlalchemy import BindParameter, Connection, Dialect, TypeDecorator
from sqlalchemy.engine import Row, result_tuple
from sqlalchemy.sql.visitors import replacement_traverse
from sqlalchemy.types import TypeEngine

Change = Callable[[Any], Any]


class Kept:
    """A statement whose parameters are named; build it once, at import or under a cache."""

    def __init__(
        self, statement: Any, *, finds_many: bool = False, says_values: bool = False
    ) -> None:
        """Keep a SELECT, which may find many rows, or another, be it with RETURNING.

        The values that it has already are sent along as parameters, or stand in its text: then a
        server that plans it for good knows them. Let no text say what somebody has typed.
        """
        self.statement = _spelled_out(statement) if says_values else statement
        self.finds_many = finds_many
        self._written: dict[str, _Written] = {}

    def written(self, dialect: Dialect) -> "_Written":
        """The statement as a database wants it."""
        found = self._written.get(dialect.name)
        if found is None:
            found = self._written[dialect.name] = _write(self, dialect)
        return found


def _spelled_out(statement: Any) -> Any:
    def replace(element: Any, **_: Any) -> Any:
        has_value = isinstance(element, BindParameter) and not element.required
        return element.render_literal_execute() if has_value else None

    return replacement_traverse(statement, {}, replace)


@dataclass(frozen=True)
class _Written:
    text: str
    # What has a value of its own, and how those of others are written.
    values: dict[str, Any]
    writers: list[tuple[str, Change]]
    # In which order they go, where they have no names.
    order: list[str] | None
    # Whether it tells rows, whether all in one, and how these are read.
    tells: bool
    is_gathered: bool
    make: Callable[[Sequence[Any]], Row[*tuple[Any, ...]]]
    # Whether they keep what is nothing: most often that is all there is in a column.
    readers: list[tuple[int, Change, bool]]

    def parameters(self, given: Mapping[str, Any]) -> Any:
        values = {**self.values, **given}
        for name, write in self.writers:
            values[name] = write(values[name])
        return values if self.order is None else tuple(values[name] for name in self.order)

    def rows(self, found: Sequence[Sequence[Any]]) -> list[Row[*tuple[Any, ...]]]:
        each = orjson.loads(found[0][0]) if self.is_gathered else found
        columns: list[Sequence[Any]] = list(zip(*each, strict=True))
        if columns:
            for place, read, keeps_none in self.readers:
                column = columns[place]
                if not (keeps_none and column.count(None) == len(column)):
                    columns[place] = [read(value) for value in column]
        return list(map(self.make, zip(*columns, strict=True)))


def _write(kept: Kept, dialect: Dialect) -> _Written:
    statement = kept.statement
    compiled = statement.compile(dialect=dialect)
    if any(bind.expanding for bind in compiled.binds.values()):
        raise TypeError("a list of values makes another statement for each length")
    if getattr(compiled, "prefetch", ()):
        raise TypeError(f"Python's defaults are to be given: {compiled.prefetch}")
    named = {name: bind.value for name, bind in compiled.binds.items()}
    state = compiled.construct_expanded_state(named)
    types = {name: bind.type.dialect_impl(dialect) for name, bind in compiled.binds.items()}
    writers = {name: types[name].bind_processor(dialect) for name in state.parameters}
    told = statement.exported_columns
    readers = [_reader(each.type, dialect) for each in told]
    is_gathered = kept.finds_many and dialect.name == "sqlite"
    return _Written(
        _gathered(state.statement, len(told)) if is_gathered else state.statement,
        dict(state.parameters),
        [(name, write) for name, write in writers.items() if write],
        list(state.positiontup) if state.positiontup is not None else None,
        bool(told),
        is_gathered,
        result_tuple([each.key for each in told]),
        [(place, read, read(None) is None) for place, read in enumerate(readers) if read],
    )


def _gathered(text: str, columns: int) -> str:
    """All rows as one, in JSON, in their order.

    For each row SQLite's driver lets go of Python's lock, and waits until another thread does.
    """
    names = ", ".join(f"c{number}" for number in range(columns))
    rows = f"json_group_array(json_array({names}))"
    return f"WITH found ({names}) AS ({text}) SELECT {rows} FROM found"  # noqa: S608 - ours


def _reader(type_: TypeEngine[Any], dialect: Dialect) -> Change | None:
    """How a type's values are read, if they are not what the driver gives."""
    own = type_.dialect_impl(dialect)
    if isinstance(own, TypeDecorator) and not own.impl_instance.result_processor(dialect, None):
        # What SQLAlchemy makes of it calls this, and does nothing else.
        return partial(own.process_result_value, dialect=dialect)
    return own.result_processor(dialect, None)


def send(
    connection: Connection, kept: Kept, values: Mapping[str, Any]
) -> list[Row[*tuple[Any, ...]]]:
    """Send a statement with its parameters' values; return what it finds, or RETURNING tells."""
    written = kept.written(connection.dialect)
    with _sent(connection, written.text, written.parameters(values)) as cursor:
        return written.rows(cursor.fetchall()) if written.tells else []


def run(connection: Connection, text: str) -> None:
    """Send SQL that has no parameters and tells nothing."""
    with _sent(connection, text, None):
        pass


@contextmanager
def _sent(connection: Connection, text: str, parameters: Any) -> Iterator[Any]:
    if connection._echo:
        connection._log_info(text)
    driver: Any = connection.connection.driver_connection
    cursor = None
    try:
        cursor = driver.cursor()
        told = (connection, cursor, text, parameters, None, False)
        for listener in connection.dispatch.before_cursor_execute:
            listener(*told)
        cursor.execute(text, *([] if parameters is None else [parameters]))
        for listener in connection.dispatch.after_cursor_execute:
            listener(*told)
        yield cursor
    except connection.dialect.loaded_dbapi.Error as error:
        # As connection.execute() does: it gives up a connection that has died, and raises.
        connection._handle_dbapi_exception(error, text, None, cursor, None)
    finally:
        if cursor is not None:
            cursor.close()
