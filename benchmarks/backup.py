"""How long do backing up, restoring and exporting take, and does their memory stay the same?

Fills a database with accounts of so many tasks, backs it up, restores that into a database of the
other kind, compares every row, backs that up again, and exports the largest account. Each command
runs by itself, as an operator runs it, and its peak memory is told. It ends by itself and leaves
nothing behind. benchmarks/README.md has the figures.
"""

import argparse
import hashlib
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Table, func, select

from benchmarks.list_page import database
from config import Config
from taskapp import create_app
from taskapp.db import db, snapshot
from taskapp.engine import within
from taskapp.services.backup import LEFT_OUT
from tests.crowds import add_account
from tests.servers.web import ROOT

ACCOUNTS = 4
EMAIL = "has-0@example.com"
COMMAND = (sys.executable, "-m", "flask")


def main() -> None:
    """Go there and back, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=200_000, help="how many tasks in all")
    parser.add_argument("--from", dest="source", default="sqlite", choices=["sqlite", "postgresql"])
    options = parser.parse_args()
    target = "postgresql" if options.source == "sqlite" else "sqlite"
    logging.disable(logging.INFO)
    with (
        TemporaryDirectory(prefix="benchmark-") as folder,
        database("postgresql") as url,
    ):
        places = {"sqlite": f"sqlite:///{folder}/taskapp.db", "postgresql": url}
        source, there = (env(folder, places[kind]) for kind in (options.source, target))
        fill(source, options.tasks)
        file, export = Path(folder) / "taskapp.backup", Path(folder) / "export.json"
        with application(there):
            upgrade(directory=str(ROOT / "migrations"))
        rows = counted(source)
        print(f"{rows:,} rows, {options.source} to {target}\n")
        print("| | seconds | rows a second | peak memory, MB |\n|---|---|---|---|")
        run("`flask --help`, for comparison", source, 0, "--help")
        run(f"back up {options.source}", source, rows, "backup", str(file))
        run("check the file", source, rows, "restore", "--check", str(file))
        run(f"restore into {target}", there, rows, "restore", str(file))
        run(f"back up {target}", there, rows, "backup", str(file) + "2")
        run("export one account", there, 0, "export", EMAIL, str(export))
        size, taken = file.stat().st_size / 2**20, export.stat().st_size / 2**20
        print(f"\nThe backup has {size:.1f} MB, the export of a {ACCOUNTS}th {taken:.1f} MB.")
        if fingerprints(source) != fingerprints(there):
            raise RuntimeError("The two databases differ.")
        print("Every row of every table is the same in both.")


def env(folder: str, url: str) -> dict[str, str]:
    """The settings of an application on a database."""
    return {"APP_ENV": "development", "INSTANCE_DIR": folder, "DATABASE_URL": url}


@contextmanager
def application(settings: dict[str, str]) -> Iterator[Flask]:
    """The context of an application, whose connections end with it."""
    app = create_app(Config.from_env(settings))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def fill(settings: dict[str, str], count: int) -> None:
    """Make the accounts, the first of which is exported."""
    begun = time.monotonic()
    with application(settings):
        upgrade(directory=str(ROOT / "migrations"))
        for number in range(ACCOUNTS):
            with within(0), db.engine.begin() as connection:
                add_account(connection, f"has-{number}@example.com", count // ACCOUNTS)
    print(f"{count:,} tasks stored in {time.monotonic() - begun:.0f} s")


def run(name: str, settings: dict[str, str], rows: int, *command: str) -> None:
    """Run a command, and print what it cost."""
    begun = time.monotonic()
    child = subprocess.Popen(
        [*COMMAND, *command],
        cwd=ROOT,
        env=os.environ | settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    said = child.stderr.read() if child.stderr else b""
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{name} failed: {said.decode()}")
    seconds = time.monotonic() - begun
    speed = f"{rows / seconds:,.0f}" if rows else ""
    print(f"| {name} | {seconds:.1f} | {speed} | {used.ru_maxrss / 1024:.0f} |", flush=True)


def tables() -> list[Table]:
    """What is backed up."""
    return [each for each in db.metadata.sorted_tables if each.name not in LEFT_OUT]


def counted(settings: dict[str, str]) -> int:
    """How many rows there are."""
    with application(settings), snapshot() as session:
        counts = [session.scalar(select(func.count()).select_from(each)) for each in tables()]
        return sum(map(int, filter(None, counts)))


def fingerprints(settings: dict[str, str]) -> dict[str, tuple[int, str]]:
    """How many rows each table has, and the hash of all their values in order."""
    found = {}
    with application(settings), snapshot() as session:
        for table in tables():
            digest, count = hashlib.sha256(), 0
            query = select(table).order_by(*table.primary_key.columns)
            for row in session.execute(query.execution_options(yield_per=1000)):
                digest.update(repr([canonical(each) for each in row]).encode())
                count += 1
            found[table.name] = (count, digest.hexdigest())
    return found


def canonical(value: Any) -> Any:
    """A value whose members have no order of their own."""
    return sorted(value.items()) if isinstance(value, dict) else value


if __name__ == "__main__":
    main()
