"""Does the database work more for one person, the more tasks it holds, or the more they have?

Fills a PostgreSQL database step by step with up to ten million tasks, keeps a copy of each step,
adds accounts of 10 to 1,000,000 tasks at the last, and asks the services for the first page, a page
far down, a new task and a completed one. Every statement that they send is explained, and the time
and the blocks that it took are added up. It ends by itself and leaves nothing behind.
benchmarks/README.md has the figures.
"""

import argparse
import logging
import math
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psycopg
from flask import Flask
from flask_migrate import upgrade
from psycopg.sql import SQL, Identifier
from sqlalchemy import Connection, event, text

from config import Config
from taskapp import create_app
from taskapp.db import db, transaction
from taskapp.domain.actors import Actor
from taskapp.engine import within
from taskapp.services import tasks
from taskapp.services.paging import Position
from tests.crowds import TODAY, settle
from tests.servers.postgres import postgres_server
from tests.servers.web import ROOT

MOST = 10_000_000
STEPS = (1_000, 10_000, 100_000, 1_000_000, MOST)
# What most people have, and what the others have who come with the last step.
USUAL = 1_000
OTHERS = (10, 100, 10_000, 100_000, 1_000_000)
PAGE, FAR = 50, 1_000
GOAL = 1.3
IN_A_ROW = 3
FAR_DOWN = "page far down"
IN_ALL, IN_ONE = "tasks in all", "tasks of the account"

# A vacuum or a checkpoint in the middle would be measured with it.
SETTINGS = {
    "autovacuum": "off",
    "checkpoint_timeout": "1d",
    "max_wal_size": "16GB",
    "max_wal_senders": "0",
    "shared_buffers": "512MB",
    "wal_level": "minimal",
}


@dataclass
class Cost:
    """What some statements cost: milliseconds, and blocks looked at, by table and index."""

    planning: float = 0
    execution: float = 0
    blocks: Counter[str] = field(default_factory=Counter)

    @property
    def time(self) -> float:
        """Both: the service lets nothing be prepared, so that every statement is planned."""
        return self.planning + self.execution


@dataclass(frozen=True)
class Person:
    """Somebody who is measured: their account, and the database that it is in."""

    app: Flask
    in_all: int
    size: int
    actor: Actor
    project: int
    label: int
    # The page far down: its number, and after which place it begins.
    page: int
    after: Position | None
    # Open tasks in the project that bear the label.
    open: Sequence[int]


def main() -> None:
    """Fill, measure, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--most", type=int, default=MOST, choices=STEPS, help="how many tasks in the end"
    )
    parser.add_argument("--rounds", type=int, default=50, help="how often each is asked for")
    options = parser.parse_args()
    steps = [each for each in STEPS if each <= options.most]
    logging.disable(logging.INFO)
    with TemporaryDirectory(prefix="benchmark-") as folder, postgres_server(SETTINGS) as server:
        with within(0):
            people = list(fill(folder, server.url, steps))
            groups = {
                IN_ALL: [each for each in people if each.size == USUAL],
                IN_ONE: [each for each in people if each.app is people[-1].app],
            }
            # Reading comes first: what is taken back leaves traces in the indexes.
            read, written = (
                {of: measure(group, some, options.rounds) for of, group in groups.items()}
                for some in (READS, WRITES)
            )
        for of, group in groups.items():
            tell(of, group, [a | b for a, b in zip(read[of], written[of], strict=True)])
        for app in {id(each.app): each.app for each in people}.values():
            with app.app_context():
                db.engine.dispose()


# ---------------------------------------------------------------- filling


def fill(folder: str, url: str, steps: Sequence[int]) -> Iterator[Person]:
    """Let one database grow, copy it at each step, and name those who are to be measured there."""
    stored = 0
    growing = _open(folder, url, "growing", "CREATE DATABASE {new}")
    with growing.app_context():
        upgrade(directory=str(ROOT / "migrations"))
    for step in steps:
        begun = time.monotonic()
        is_last = step == steps[-1]
        sizes = [each for each in OTHERS if each <= step // 10] if is_last else []
        sizes += [USUAL] * round((step - stored - sum(sizes)) / USUAL)
        with growing.app_context():
            added = _add(sizes)
            stored = _ask("SELECT count(*) FROM task")
            size = _ask("SELECT pg_database_size(current_database())")
            db.engine.dispose()
        copy = "ALTER DATABASE growing RENAME TO {new}"
        if not is_last:
            copy = "CREATE DATABASE {new} TEMPLATE growing STRATEGY file_copy"
        app = _open(folder, url, f"with_{step}", copy)
        with app.app_context():
            yield from [_person(app, stored, *each) for each in sorted(added.items())]
        print(
            f"{stored:,} tasks, {size / 1e9:.2f} GB, stored in {time.monotonic() - begun:.0f} s",
            flush=True,
        )


def _open(folder: str, url: str, name: str, how: str) -> Flask:
    """An application with a database of its own."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SQL(how).format(new=Identifier(name)))
    address = urlsplit(url)._replace(path=f"/{name}").geturl()
    env = {"APP_ENV": "development", "INSTANCE_DIR": folder, "DATABASE_URL": address}
    return create_app(Config.from_env(env))


def _ask(sql: str, **values: Any) -> Any:
    with db.engine.connect() as connection:
        return connection.execute(text(sql), values).scalar_one()


def _person(app: Flask, in_all: int, size: int, user_id: int) -> Person:
    actor = Actor(user_id)
    page = min(FAR, math.ceil(size / PAGE))
    before = tasks.list_page(actor, limit=PAGE * (page - 1)) if page > 1 else None
    return Person(
        app,
        in_all,
        size,
        actor,
        _ask("SELECT id FROM project WHERE user_id = :user", user=user_id),
        _ask("SELECT id FROM label WHERE user_id = :user", user=user_id),
        page,
        before.end if before else None,
        _ask(_OPEN, user=user_id),
    )


# In no order that anything else has.
_OPEN = """
SELECT array_agg(id) FROM (SELECT id FROM task JOIN task_label ON task_id = id
WHERE user_id = :user AND NOT task.completed AND project_id IS NOT NULL
ORDER BY md5(id::text) LIMIT 50) drawn
"""
# Their project holds half of the tasks, and their label is borne by half; a quarter is done. The
# rows come in an order drawn by lot: a page's rows are scattered in a small database as in a large
# one.
_NEWCOMERS = """
CREATE TEMPORARY TABLE newcomer ON COMMIT DROP AS
SELECT 'person-' || (SELECT count(*) FROM "user") + number || '@example.com' AS email, size
FROM unnest(CAST(:sizes AS int[])) WITH ORDINALITY AS one (size, number);
INSERT INTO "user" (email, hashed_password) SELECT email, '!' FROM newcomer;
CREATE TEMPORARY TABLE account ON COMMIT DROP AS
SELECT id AS user_id, size FROM newcomer JOIN "user" USING (email);
INSERT INTO project (user_id, name, rank) SELECT user_id, 'Work', 'p1' FROM account;
INSERT INTO label (user_id, name, key) SELECT user_id, 'Important', 'important' FROM account;
SELECT setseed(0.5);
INSERT INTO task (user_id, title, description, completed, created_at, updated_at, completed_at,
project_id, rank, due_on, agenda, labels)
SELECT user_id, 'Task ' || n * 7919 % 1000003 || ' to do',
CASE WHEN n % 2 = 0 THEN 'They answer **before noon** only.' END, n % 4 = 1,
now() - (size - n) * interval '1 minute', now() - n * 31 % size * interval '1 minute',
CASE WHEN n % 4 = 1 THEN now() - n * 37 % size * interval '1 minute' END,
CASE WHEN n % 4 > 1 THEN project.id END, 'p1' || lpad((n * 43 % 1000003)::text, 15, '0'),
current_date + (n % 365)::int, current_date + (n % 365)::int || 'T24:00',
CASE WHEN n % 2 = 0 THEN label.id::text ELSE '' END
FROM account JOIN project USING (user_id) JOIN label USING (user_id),
generate_series(CAST(1 AS bigint), size) n
ORDER BY random();
INSERT INTO task_label (label_id, task_id, completed, created_at)
SELECT label.id, task.id, completed, task.created_at FROM account
JOIN label USING (user_id) JOIN task USING (user_id) WHERE description IS NOT NULL ORDER BY task.id;
INSERT INTO event (user_id, actor_id, through, at, kind, thing_id, verb, before, after)
SELECT user_id, user_id, 'api', created_at, 'task', id, 'created', '{}',
jsonb_build_object('title', title, 'rank', rank, 'completed', completed, 'due_on', due_on)
FROM account JOIN task USING (user_id) ORDER BY id
"""
_CHOSEN = """
SELECT size, percentile_disc(0.5) WITHIN GROUP (ORDER BY user_id) AS user_id
FROM account GROUP BY size
"""
_FILLED = ["task", "task_label", "event"]
_CONSTRAINTS = """
SELECT conrelid::regclass::text AS owner, quote_ident(conname) AS name, contype::text AS kind,
pg_get_constraintdef(oid) AS said FROM pg_constraint
WHERE contype IN ('f', 'p', 'u')
AND (conrelid = ANY(CAST(:filled AS regclass[])) OR confrelid = ANY(CAST(:filled AS regclass[])))
ORDER BY contype <> 'f', oid
"""
_INDEXES = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS said FROM pg_index
WHERE indrelid = ANY(CAST(:filled AS regclass[]))
AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
ORDER BY indexrelid
"""


def _add(sizes: list[int]) -> dict[int, int]:
    """Let people come with so many tasks each; return one of each size, from their middle."""
    with db.engine.begin() as connection:
        connection.execute(text("SET LOCAL maintenance_work_mem = '2GB'"))
        connection.execute(text("SET LOCAL work_mem = '512MB'"))
        with _bare(connection):
            for sql in _NEWCOMERS.split(";\n"):
                connection.execute(text(sql), {"sizes": sizes})
        chosen = connection.execute(text(_CHOSEN)).all()
    settle()
    return {row.size: row.user_id for row in chosen}


@contextmanager
def _bare(connection: Connection) -> Iterator[None]:
    """The tables without keys and indexes, which are made anew at the end; rows go in faster."""
    filled = {"filled": _FILLED}
    constraints = connection.execute(text(_CONSTRAINTS), filled).all()
    indexes = connection.execute(text(_INDEXES), filled).all()
    for each in constraints:
        connection.exec_driver_sql(f"ALTER TABLE {each.owner} DROP CONSTRAINT {each.name}")
    for each in indexes:
        connection.exec_driver_sql(f"DROP INDEX {each.name}")
    yield
    made = [f"ALTER TABLE {one.owner} ADD CONSTRAINT {one.name} {one.said}" for one in constraints]
    # Foreign keys were dropped first; they need the indexes of what they refer to.
    foreign = sum(each.kind == "f" for each in constraints)
    for sql in [*made[foreign:], *(each.said for each in indexes), *made[:foreign]]:
        connection.exec_driver_sql(sql)


# ---------------------------------------------------------------- measuring


def _first(person: Person, _number: int) -> object:
    return tasks.list_page(person.actor, limit=PAGE)


def _far(person: Person, _number: int) -> object:
    return tasks.list_page(person.actor, limit=PAGE, after=person.after)


def _create(person: Person, _number: int) -> object:
    return tasks.create(
        person.actor,
        title="Call the dentist",
        description="They answer **before noon** only.",
        project_id=person.project,
        labels=[person.label],
        due_on=TODAY,
    )


def _complete(person: Person, number: int) -> object:
    return tasks.complete(person.actor, person.open[number % len(person.open)], True)


Do = Callable[[Person, int], object]
READS: dict[str, Do] = {"first page": _first, FAR_DOWN: _far}
WRITES: dict[str, Do] = {"create": _create, "complete": _complete}


class _TakeBackError(Exception):
    """Nothing went wrong: what was done is to be as if it had not been."""


# Of the project's own tables, their indexes and sequences, by whatever this transaction did. What
# EXPLAIN says with BUFFERS is the same, but leaves out foreign keys and does not say where.
_BLOCKS = """
SELECT relname, pg_stat_get_xact_blocks_fetched(oid) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('i', 'r', 'S')
"""


@contextmanager
def explained() -> Iterator[Cost]:
    """What all statements cost that are sent inside.

    Each is explained just before it is really sent, with its parameters, on its connection and in
    its transaction; what EXPLAIN ANALYZE has changed is taken back. What it calls execution has
    triggers and foreign keys in it.
    """
    cost = Cost()
    engine = db.engine

    @event.listens_for(engine, "before_cursor_execute")
    def explain(_connection: Any, cursor: Any, sql: str, values: Any, *_: Any) -> None:
        if sql.startswith(("BEGIN", "SET LOCAL")):
            return
        driver: psycopg.Connection[Any] = cursor.connection
        with driver.transaction(force_rollback=True):
            before = Counter(dict(driver.execute(_BLOCKS).fetchall()))
            asked: Any = f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}"
            [[[told]]] = driver.execute(asked, values).fetchall()
            after = Counter(dict(driver.execute(_BLOCKS).fetchall()))
        cost.planning += told["Planning Time"]
        cost.execution += told["Execution Time"]
        cost.blocks += after - before

    try:
        yield cost
    finally:
        event.remove(engine, "before_cursor_execute", explain)


def cost_of(person: Person, do: Do, number: int) -> Cost:
    """What it costs to do something for somebody, which is taken back."""
    with person.app.app_context(), explained() as cost:
        if do in READS.values():
            do(person, number)
        else:
            with suppress(_TakeBackError), transaction():
                do(person, number)
                raise _TakeBackError
    return cost


# By what is done: what it cost when others had just done theirs, and what it cost when it was done
# for the third time in a row.
Costs = dict[str, tuple[Cost, Cost]]


def measure(group: Sequence[Person], some: Mapping[str, Do], rounds: int) -> list[Costs]:
    """Do some things for each of a group, in turn; return the medians.

    So whatever else the machine does slows all alike.
    """
    taken = [{name: list[list[Cost]]() for name in some} for _ in group]
    for number in range(0, rounds * IN_A_ROW, IN_A_ROW):
        for person, costs in zip(group, taken, strict=True):
            for name, do in some.items():
                row = [cost_of(person, do, number + nth) for nth in range(IN_A_ROW)]
                costs[name].append(row)
    return [
        {
            name: (median([row[0] for row in rows]), median([row[-1] for row in rows]))
            for name, rows in costs.items()
        }
        for costs in taken
    ]


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    by_blocks = sorted(costs, key=lambda each: each.blocks.total())
    return Cost(
        statistics.median(each.planning for each in costs),
        statistics.median(each.execution for each in costs),
        by_blocks[len(costs) // 2].blocks,
    )


# ---------------------------------------------------------------- telling


# What is told of them: the third time, but for the last.
Pick = Callable[[tuple[Cost, Cost]], float]
FIGURES: dict[str, tuple[Pick, str]] = {
    "blocks": (lambda costs: costs[1].blocks.total(), "{:,}"),
    "database time, ms": (lambda costs: costs[1].time, "{:.2f}"),
    "of it execution, ms": (lambda costs: costs[1].execution, "{:.2f}"),
    "after others, ms": (lambda costs: costs[0].time, "{:.2f}"),
}


def tell(of: str, people: Sequence[Person], costs: Sequence[Costs]) -> None:
    """Print a table of a group, and where blocks were added beyond the goal."""
    added = []
    print(f"\n| | {of} | {' | '.join(FIGURES)} |\n|---|---|{'---|' * len(FIGURES)}")
    for name in READS | WRITES:
        # A page that is not full costs less, and is nothing to compare with.
        full = [name in WRITES or each.size >= PAGE for each in people]
        least = costs[full.index(True)][name]
        for person, is_full, each in zip(people, full, costs, strict=True):
            size = f"{person.in_all if of == IN_ALL else person.size:,}"
            what = f"page {person.page:,}" if name == FAR_DOWN else name
            what += "" if is_full else f", {person.size} rows"
            print(f"| {what} | {size} | {' | '.join(_figures(each[name], least, is_full))} |")
            if is_full and each[name][1].blocks.total() > GOAL * least[1].blocks.total():
                added.append(f"- {what}, {size}: {_more(each[name][1], least[1])}")
    print("", *added, sep="\n")


def _figures(costs: tuple[Cost, Cost], least: tuple[Cost, Cost], is_full: bool) -> Iterator[str]:
    """The columns, each with its ratio; that is bold beyond the goal."""
    for pick, form in FIGURES.values():
        ratio = f"{pick(costs) / pick(least):.2f}"
        ratio = f"**{ratio}**" if float(ratio) > GOAL else ratio
        yield form.format(pick(costs)) + (f" ({ratio})" if is_full else "")


def _more(cost: Cost, least: Cost) -> str:
    """Which tables and indexes more blocks were looked at of, the most first."""
    more = (cost.blocks - least.blocks).most_common()
    return ", ".join(f"{name} {cost.blocks[name]} (+{count})" for name, count in more)


if __name__ == "__main__":
    main()
