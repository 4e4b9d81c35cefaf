"""taskapp beside the system that it replaces: throughput, waiting, processor and memory.

Starts PostgreSQL, both systems and a bare Flask application on loopback, fills both databases with
the same tasks, checks that both answer the same, and measures them in turn. It ends by itself and
leaves nothing behind. A goal that is missed is told; what fails ends it with status 1.
benchmarks/README.md says how to read the tables.
"""

import argparse
import sqlite3
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.compare import machine, report, systems
from benchmarks.compare.checks import check, check_ours
from benchmarks.compare.data import (
    FEWEST,
    LARGE_SIZE,
    SIZE,
    People,
    fill_ours,
    fill_peer,
    people,
)
from benchmarks.compare.load import find_wrk
from benchmarks.compare.measure import Findings, Plan, measure
from benchmarks.compare.once import Once, command, hold, start
from benchmarks.compare.single import walk
from benchmarks.compare.works import WORKS, Desk, open_desk
from tests.servers.redis import redis

# Besides the kinds of work.
MORE = ("logins", "hold", "start", "commands", "single")
NAMES = [*(work.name for work in WORKS), *MORE]
# After which no other round is begun; what comes before and after the rounds is bounded by itself.
SECONDS_MOST, QUICK_SECONDS_MOST = 2400, 105


def main() -> None:
    """Measure, and print tables."""
    options = read_options()
    find_wrk()
    with TemporaryDirectory(prefix="benchmark-") as name:
        compare = beside_nobody if options.database == "sqlite" else beside_the_peer
        told = "\n\n".join(each for each in compare(options, Path(name)) if each)
    print(f"\n{told}")
    if options.out:
        options.out.write_text(f"{told}\n")


def read_options() -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(prog="benchmarks.compare", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100 people, 2 rounds of a second")
    parser.add_argument(
        "--works", type=_names, default=NAMES, help=f"some of {','.join(NAMES)}, with commas"
    )
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=int, help="of each work in each round")
    parser.add_argument("--users", type=int, help=f"with {SIZE:,} tasks each")
    parser.add_argument("--database", choices=("postgresql", "sqlite"), default="postgresql")
    parser.add_argument("--out", type=Path, help="a file for the tables")
    options = parser.parse_args()
    few = options.quick or options.database == "sqlite"
    options.rounds = options.rounds or (2 if options.quick else 5)
    options.seconds = options.seconds or (1 if options.quick else 4)
    options.users = max(FEWEST, options.users or (FEWEST if few else 1000))
    options.deadline = time.monotonic() + (QUICK_SECONDS_MOST if options.quick else SECONDS_MOST)
    options.times = 1 if options.quick else 5
    options.chosen = [work for work in WORKS if work.name in options.works]
    return options


def _names(names: str) -> list[str]:
    chosen = names.split(",")
    if unknown := set(chosen) - set(NAMES):
        raise argparse.ArgumentTypeError(f"there is no {', '.join(sorted(unknown))}")
    return chosen


def plan_of(options: argparse.Namespace, folder: Path, database: int | None = None) -> Plan:
    """How long it may take."""
    warm = 0.2 if options.quick else 0.5
    return Plan(options.rounds, options.seconds, warm, options.deadline, folder, database)


def beside_the_peer(options: argparse.Namespace, folder: Path) -> list[str]:
    """Both on one PostgreSQL, and bare Flask."""
    systems.find_peer()
    with ExitStack() as stack:
        server = stack.enter_context(systems.postgres())
        shared = stack.enter_context(redis())
        ours = systems.our_settings(folder, server.create("ours"), shared.url)
        peer = systems.peer_settings(server.create("peer"))
        everybody = people(options.users)
        fill(ours, everybody, peer)
        once = measure_once(options, ours, peer)
        started = (
            stack.enter_context(systems.peer(peer)),
            stack.enter_context(systems.ours(ours)),
        )
        desks = {each.name: open_desk(each, options.users) for each in started}
        check(*desks.values())
        check_ours(desks["ours"])
        print("Both give the same right answers.", flush=True)
        if any("hello" in work.make for work in options.chosen):
            hello = stack.enter_context(systems.ours(ours, "benchmarks.hello:app", "hello"))
            desks["hello"] = Desk(hello, options.users)
        plan = plan_of(options, folder, server.pid)
        found = measure(options.chosen, desks, plan, logins="logins" in options.works)
        said = f"PostgreSQL {server.version()}, fsync and synchronous_commit on, over TCP"
    rows = f"{options.users * SIZE:,} tasks of {options.users:,} people in each"
    return [machine.describe(f"{said}; {rows}", peer=True), *tables(options, found, once)]


def beside_nobody(options: argparse.Namespace, folder: Path) -> list[str]:
    """Ours alone, on SQLite, in one process; and somebody with many tasks."""
    ours = systems.our_settings(folder, f"sqlite:///{folder}/taskapp.db") | {"WEB_WORKERS": "1"}
    everybody = people(options.users, large=True)
    fill(ours, everybody)
    once = measure_once(options, ours)
    with systems.ours(ours) as system:
        desk = open_desk(system, len(everybody.sizes))
        check(desk)
        check_ours(desk)
        plan = plan_of(options, folder)
        large = max(everybody.sizes)
        taken = walk(desk, large, plan) if "single" in options.works else []
        found = measure(options.chosen, {"ours": desk}, plan, logins="logins" in options.works)
    rows = f"{sum(everybody.sizes.values()):,} tasks of {len(everybody.sizes):,} people"
    said = machine.describe(f"SQLite {sqlite3.sqlite_version}, one process; {rows}", peer=False)
    return [said, report.single(taken, LARGE_SIZE), *tables(options, found, once)]


def tables(options: argparse.Namespace, found: Findings, once: Once) -> list[str]:
    """All that was found."""
    return [
        report.heading(found),
        report.ratios(options.chosen, found.samples),
        report.others(found, once, goals=options.database != "sqlite"),
        report.figures(options.chosen, found.samples),
    ]


def measure_once(
    options: argparse.Namespace, ours: dict[str, str], peer: dict[str, str] | None = None
) -> Once:
    """What needs a server of its own, or none; before those that stay are started."""
    once, begun = Once(), time.monotonic()
    if "start" in options.works:
        start(once, partial(systems.ours, ours), "/healthz", options.times)
        if peer:
            start(once, partial(systems.peer, peer), "/openapi.json", 1)
    if "hold" in options.works and peer:
        hold(once, ours, options.times)
    if "commands" in options.works:
        command(once, ours, options.times)
    print(f"what is measured by itself: {time.monotonic() - begun:.0f} s", flush=True)
    return once


def fill(ours: dict[str, str], everybody: People, peer: dict[str, str] | None = None) -> None:
    """Make the tables, and the rows in them."""
    begun = time.monotonic()
    systems.migrate(ours)
    fill_ours(ours["DATABASE_URL"], everybody)
    if peer:
        systems.create_tables(peer)
        fill_peer(peer["DATABASE_URL"].replace("+asyncpg", ""), everybody)
    count, took = sum(everybody.sizes.values()), time.monotonic() - begun
    print(f"{count:,} tasks stored after {took:.0f} s", flush=True)


if __name__ == "__main__":
    main()
