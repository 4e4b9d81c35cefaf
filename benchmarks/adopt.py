"""How long does it take to adopt the earlier system's database, and does it lose anything?

SQLModel makes the database, as the earlier system did; `flask adopt` runs on it as a process of its
own; then every row is compared, column by column, with what was written. It ends by itself and
leaves nothing behind. benchmarks/README.md has the figures.
"""

import argparse
import os
import resource
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import (
    Column,
    DateTime,
    Engine,
    MetaData,
    Table,
    create_engine,
    insert,
    select,
)

from taskapp.engine import sqlalchemy_url
from tests.earlier import BEGUN, Earlier, OldTask, OldUser
from tests.servers.postgres import postgres

ROOT = Path(__file__).resolve().parents[1]
SECONDS_MOST = 60
BATCH = 5000
HASH = "$2b$12$eImiTXuWVxfM37uY4JANjQ.pIeVWGRVs/Ir2s6pIr6o7u7wDGdvWS"

Row = dict[str, object]


def user(number: int) -> Row:
    """The account of that number; every hundredth is spelled otherwise than we do."""
    made = BEGUN + timedelta(minutes=number)
    return {
        "id": number * 2,
        "email": f"{'Person' if number % 100 == 0 else 'person'}{number}@example.com",
        "hashed_password": HASH,
        "is_active": number % 50 != 0,
        "created_at": made,
        "updated_at": made + timedelta(microseconds=number),
    }


def task(number: int, users: int) -> Row:
    """The task of that number; every thousandth has a title with blanks around it."""
    made = BEGUN + timedelta(seconds=number, microseconds=number * 977)
    title = f"Задача {number} 🙂"
    return {
        "id": number * 3,
        "title": f" {title} " if number % 1000 == 0 else title,
        "description": None if number % 2 else f"What {number} is about.\r\n" * (number % 20),
        "completed": number % 3 == 0,
        "created_at": made,
        "updated_at": made + timedelta(minutes=number % 90),
        "user_id": 2 * (1 + number % users),
    }


def expected(row: Row) -> Row:
    """What is to become of a row."""
    changed = {name: str(row[name]).strip() for name in ("title",) if name in row}
    return row | changed | {"email": str(row["email"]).lower()} if "email" in row else row | changed


def fill(engine: Engine, users: int, tasks: int) -> None:
    """Write all rows through the earlier system's tables."""
    Earlier.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(OldUser), [user(n) for n in range(1, users + 1)])
        for start in range(1, tasks + 1, BATCH):
            numbers = range(start, min(start + BATCH, tasks + 1))
            connection.execute(insert(OldTask), [task(n, users) for n in numbers])


def adopt(url: str, folder: Path, *options: str) -> tuple[float, float]:
    """Run the command; return its seconds, and the most memory of any so far in MiB."""
    environment = {
        "PATH": os.environ["PATH"],
        "APP_ENV": "development",
        "INSTANCE_DIR": str(folder),
        "DATABASE_URL": url,
    }
    began = time.monotonic()
    command = [sys.executable, "-m", "flask", "adopt", *options]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=ROOT, env=environment
    )
    seconds = time.monotonic() - began
    if done.returncode != 0:
        raise SystemExit(f"flask adopt {' '.join(options)} failed:\n{done.stdout}{done.stderr}")
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def plain(value: object) -> object:
    """A time as the earlier system would have written it."""
    if isinstance(value, datetime) and value.tzinfo:
        return (value - (value.utcoffset() or timedelta())).replace(tzinfo=None)
    return value


def differing(engine: Engine, name: str, rows: Iterator[Row]) -> tuple[int, int]:
    """How many rows there are in the table, and how many of them are not what they have to be."""
    columns = list((OldUser if name == "user" else OldTask).model_fields)
    types = Earlier.metadata.tables[name].c
    aware = engine.dialect.name != "sqlite"
    table = Table(
        name,
        MetaData(),
        *(
            Column(each, DateTime(timezone=aware) if each.endswith("_at") else types[each].type)
            for each in columns
        ),
    )
    seen = wrong = 0
    query = select(*(table.c[column] for column in columns)).order_by(table.c.id)
    with engine.connect() as connection:
        for found in connection.execution_options(yield_per=BATCH).execute(query).mappings():
            wanted = expected(next(rows))
            seen += 1
            wrong += any(plain(found[each]) != wanted[each] for each in columns)
    return seen, wrong + sum(1 for _ in rows)


@contextmanager
def database(choice: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database, which goes at the end."""
    if choice == "sqlite":
        yield f"sqlite:///{folder / 'old.db'}"
        return
    with postgres() as server:
        name = f"adopt_{secrets.token_hex(4)}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def main() -> None:
    """Measure, compare, and fail if anything is lost or takes too long."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    options.add_argument("--users", type=int, default=1000)
    options.add_argument("--tasks", type=int, default=200_000)
    chosen = options.parse_args()
    with TemporaryDirectory() as name, database(chosen.database, Path(name)) as url:
        folder = Path(name)
        engine = create_engine(sqlalchemy_url(url, folder))
        fill(engine, chosen.users, chosen.tasks)
        engine.dispose()
        looked, _ = adopt(url, folder, "--dry-run")
        seconds, memory = adopt(url, folder, "--yes")
        engine = create_engine(sqlalchemy_url(url, folder))
        users, wrong_users = differing(engine, "user", map(user, range(1, chosen.users + 1)))
        numbers = range(1, chosen.tasks + 1)
        tasks, wrong_tasks = differing(
            engine, "task", (task(number, chosen.users) for number in numbers)
        )
        engine.dispose()
        back, _ = adopt(url, folder, "--back", "--yes")
    print(f"{chosen.database}: {users} accounts and {tasks} tasks, each compared in every column")
    print(f"rows lost or different: {wrong_users + wrong_tasks}")
    print(f"dry run {looked:.1f} s, adoption {seconds:.1f} s (most memory {memory:.0f} MiB),")
    print(f"and back {back:.1f} s")
    if wrong_users + wrong_tasks or seconds > SECONDS_MOST:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
