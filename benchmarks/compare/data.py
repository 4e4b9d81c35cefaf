"""The same people and tasks for both: rows of one person lie scattered among those of all others.

Everything that a task is follows from whose it is, and the how manieth of theirs.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import count
from typing import Any

import bcrypt
import psycopg
from psycopg.sql import SQL, Identifier

from taskapp.domain.passwords import make_hash

SIZE = 1000
LARGE_SIZE = 100_000
PASSWORD = "correct horse battery staple"
ROUNDS = 12
# Who does what, by their ids; nobody writes where somebody reads.
READERS = range(1, 33)
WRITERS = range(33, 65)
ORGANISED = range(65, 97)  # in taskapp they have projects, sections and labels
LOGGING_IN = range(97, 101)
FEWEST = LOGGING_IN.stop - 1

PROJECTS, SECTIONS, LABELS = 3, 2, 5
STEP = timedelta(minutes=7)

Row = Sequence[Any]
PEER_USER = ("email", "hashed_password", "is_active", "created_at", "updated_at")
OUR_USER = ("email", "hashed_password")
PEER_TASK = ("user_id", "title", "description", "completed", "created_at", "updated_at")
OUR_TASK = (
    *(*PEER_TASK, "completed_at", "rank", "priority"),
    *("project_id", "section_id", "due_on", "agenda", "labels"),
)
TASK_LABEL = ("label_id", "task_id", "completed", "created_at")


def task_id(users: int, user: int, n: int) -> int:
    """The id of somebody's nth task, of those that everybody has as many of."""
    return (n - 1) * users + user


def email(user: int) -> str:
    """The address of an account."""
    return f"person-{user}@example.com"


@dataclass(frozen=True)
class People:
    """How many tasks everybody has, by their ids; `moment` is when they made the last."""

    sizes: Mapping[int, int]
    moment: datetime

    @cached_property
    def organised(self) -> dict[int, int]:
        """Those who have projects and labels, numbered."""
        larger = (user for user, size in self.sizes.items() if size > SIZE)
        return {user: number for number, user in enumerate((*ORGANISED, *larger))}

    def users(self, columns: Sequence[str], hashed: str) -> Iterator[Row]:
        """Everybody, with the same password, since hashing takes its time."""
        for user in self.sizes:
            yield (email(user), hashed, True, self.moment, self.moment)[: len(columns)]

    def places(self) -> Iterator[tuple[str, Sequence[str], Sequence[Row]]]:
        """The tables of places and labels, with their rows."""
        projects = [(u, f"Project {n}", _rank(n)) for u in self.organised for n in range(PROJECTS)]
        sections = [
            (row[0], project, f"Section {n}", _rank(n))
            for project, row in enumerate(projects, 1)
            for n in range(SECTIONS)
        ]
        labels = [(u, f"Label {n}", f"label {n}") for u in self.organised for n in range(LABELS)]
        yield "project", ("user_id", "name", "rank"), projects
        yield "section", ("user_id", "project_id", "name", "rank"), sections
        yield "label", ("user_id", "name", "key"), labels

    def tasks(self) -> Iterator[Row]:
        """Everybody's first, then everybody's second, and so on; with more columns for ours."""
        for user, n, created in self._each():
            done = n % 3 == 0
            description = None if n % 2 else "They answer **before noon** only."
            title = f"Task {n}: call somebody about the matter"
            rank = _rank(int(created.timestamp() * 1_000_000))
            yield (
                *(user, title, description, done, created, created),
                *(created if done else None, rank, *self._marks(user, n)),
                ",".join(map(str, sorted(self._labels(user, n)))),
            )

    def labels_of_tasks(self) -> Iterator[Row]:
        """None, one or two for each task, in turn."""
        for task, (user, n, created) in zip(count(1), self._each(), strict=False):
            for label in self._labels(user, n):
                yield label, task, n % 3 == 0, created

    def _labels(self, user: int, n: int) -> list[int]:
        if user not in self.organised:
            return []
        first = self.organised[user] * LABELS + 1
        return [first + (n + 2 * other) % LABELS for other in range(n % 3)]

    def _each(self) -> Iterator[tuple[int, int, datetime]]:
        most = max(self.sizes.values())
        for n in range(1, most + 1):
            for user, size in self.sizes.items():
                if n <= size:
                    yield user, n, self.moment - (size - n) * STEP - timedelta(milliseconds=user)

    def _marks(self, user: int, n: int) -> tuple[int, int | None, int | None, Any, str]:
        """Priority, project, section, and when it is due."""
        if user not in self.organised:
            return 0, None, None, None, "~"
        project = self.organised[user] * PROJECTS + n % 4 if n % 4 else None
        section = (project - 1) * SECTIONS + n % 3 if project and n % 3 else None
        due = (self.moment + timedelta(days=n % 60)).date() if n % 5 < 2 else None
        return n % 4, project, section, due, f"{due}T24:00" if due else "~"


def people(users: int, *, large: bool = False) -> People:
    """So many; and one more with many more tasks."""
    sizes = dict.fromkeys(range(1, users + 1), SIZE)
    if large:
        sizes[users + 1] = LARGE_SIZE
    return People(sizes, datetime.now(UTC).replace(minute=0, second=0, microsecond=0))


def fill_peer(url: str, people: People) -> None:
    """Make the rows of the peer's database."""
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(ROUNDS)).decode()
    with psycopg.connect(url) as connection:
        # Its columns hold instants without a time zone, which are UTC.
        _copy(connection, "user", PEER_USER, map(_naive, people.users(PEER_USER, hashed)))
        tasks = (_naive(row[: len(PEER_TASK)]) for row in people.tasks())
        _copy(connection, "task", PEER_TASK, tasks)
    _settle(url)


def fill_ours(url: str, people: People) -> None:
    """Make the same rows, and besides them projects, sections and labels for some."""
    tables = [
        ("user", OUR_USER, people.users(OUR_USER, make_hash(PASSWORD, ROUNDS))),
        *people.places(),
        ("task", OUR_TASK, people.tasks()),
        ("task_label", TASK_LABEL, people.labels_of_tasks()),
    ]
    if url.startswith("sqlite:///"):
        _fill_sqlite(url.removeprefix("sqlite:///"), tables)
        return
    with psycopg.connect(url) as connection:
        for table in tables:
            _copy(connection, *table)
    _settle(url)


def _copy(
    connection: psycopg.Connection[Any], table: str, columns: Sequence[str], rows: Iterable[Row]
) -> None:
    names = SQL(", ").join(map(Identifier, columns))
    statement = SQL("COPY {} ({}) FROM STDIN").format(Identifier(table), names)
    with connection.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _settle(url: str) -> None:
    """What PostgreSQL does by itself a while after so much was written."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _fill_sqlite(file: str, tables: Iterable[tuple[str, Sequence[str], Iterable[Row]]]) -> None:
    connection = sqlite3.connect(file)
    with connection:
        for table, columns, rows in tables:
            marks = ", ".join("?" * len(columns))
            statement = f'INSERT INTO "{table}" ({", ".join(columns)}) VALUES ({marks})'
            connection.executemany(statement, map(_texts, rows))
    connection.execute("ANALYZE")
    connection.close()


def _naive(row: Row) -> Row:
    return [each.replace(tzinfo=None) if isinstance(each, datetime) else each for each in row]


def _texts(row: Row) -> Row:
    """A row as SQLite keeps it, which has no type for instants and days."""
    return [
        f"{each:%Y-%m-%d %H:%M:%S.%f}"
        if isinstance(each, datetime)
        else (each.isoformat() if hasattr(each, "isoformat") else each)
        for each in row
    ]


def _rank(number: int) -> str:
    return f"p{number:016d}"
