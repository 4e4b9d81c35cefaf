"""Do all views answer as fast for 1,000,000 tasks as for 100,000, on page 1,000 as on page 1?

Fills a database with ten accounts of 100,000 tasks and one of a million, asks the services for the
first and the thousandth page of every view, and prints how long each took. It ends by itself and
leaves nothing behind. benchmarks/README.md has the figures.
"""

import argparse
import logging
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flask_migrate import upgrade
from sqlalchemy import text

from benchmarks.list_page import database
from config import Config
from taskapp import create_app
from taskapp.db import db
from taskapp.engine import within
from taskapp.services import tasks
from taskapp.services.filters import Filter
from tests.crowds import PAGE, TODAY, VIEWS, Account, View, add_account, end_of, settle
from tests.servers.web import ROOT

# The largest first, so that all others were busy after it.
SIZES = {"sqlite": (100_000,), "postgresql": (1_000_000, *(100_000,) * 10)}
PAGES = 1000
COUNTS = {
    "count of the Inbox": Filter(project="inbox", parent="none"),
    "count of Today": Filter(completed=False, due_to=TODAY, started_by=TODAY, archived=False),
}


def main() -> None:
    """Fill, measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--database",
        default="postgresql",
        help="sqlite; postgresql, which starts a server; or the URL of a PostgreSQL server, "
        "on which a database is made and removed",
    )
    parser.add_argument("--rounds", type=int, default=20, help="how often each page is asked for")
    options = parser.parse_args()
    kind = "sqlite" if options.database == "sqlite" else "postgresql"
    with TemporaryDirectory(prefix="benchmark-") as folder, database(options.database) as url:
        env = {"APP_ENV": "development", "INSTANCE_DIR": folder, "DATABASE_URL": url}
        app = create_app(Config.from_env(env))
        logging.disable(logging.INFO)
        with app.app_context():
            people = fill(SIZES[kind])
            # The large one, and one of the others.
            measure(people[:1] + people[5:6], max(2, options.rounds))
            db.engine.dispose()


def fill(sizes: tuple[int, ...]) -> list[Account]:
    """Make the accounts; say how long that took."""
    begun = time.monotonic()
    upgrade(directory=str(ROOT / "migrations"))
    people = []
    for number, size in enumerate(sizes):
        with within(0), db.engine.begin() as connection:
            people.append(add_account(connection, f"has-{number}@example.com", size))
    if db.engine.dialect.name == "postgresql":
        with within(0):
            settle()
    with db.engine.connect() as connection:
        rows = connection.scalar(text("SELECT count(*) FROM task"))
    print(f"{rows:,} tasks stored in {time.monotonic() - begun:.0f} s\n")
    return people


def measure(people: list[Account], rounds: int) -> None:
    """Ask for every view of every account, and print what came out."""
    print(f"Pages of {PAGE} rows; milliseconds, median of {rounds}\n")
    names = [f"{each.size:,} tasks: page {page:,}" for each in people for page in (1, PAGES)]
    print(f"| | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
    for view in VIEWS:
        figures = [taken(view, each, page, rounds) for each in people for page in (1, PAGES)]
        print(f"| {view.name} | {' | '.join(figures)} |")
    for name, filter_ in COUNTS.items():
        counted = [timed(partial(tasks.count, each.actor, filter_), rounds) for each in people]
        print(f"| {name}, up to {tasks.COUNT_MOST:,} | {' | | '.join(counted)} | |")


def taken(view: View, account: Account, page: int, rounds: int) -> str:
    """How long a page takes, and how many rows it has."""
    after = end_of(view, account, PAGE * (page - 1)) if page > 1 else None
    found = view.ask(account, PAGE, after)
    if len(found.rows) != PAGE:
        raise RuntimeError(f"{view.name} of {account}: page {page} has {len(found.rows)} rows")
    return timed(partial(view.ask, account, PAGE, after), rounds)


def timed(do: Callable[[], object], rounds: int) -> str:
    """The median of some rounds, in milliseconds."""
    seconds = []
    for _ in range(rounds):
        begun = time.perf_counter()
        do()
        seconds.append(time.perf_counter() - begun)
    return f"{statistics.median(seconds) * 1000:.1f}"


if __name__ == "__main__":
    main()
