"""taskapp beside the system that it replaces: throughput, waiting, processor and memory.

Starts PostgreSQL, both systems and a bare Flask application on loopback, fills both databases with
the same tasks, checks that both answer the same, and measures them in turn. It ends by itself and
leaves nothing behind. benchmarks/README.md says how to read the tables.
"""

import argparse
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.compare import report, systems
from benchmarks.compare.checks import check, check_ours
from benchmarks.compare.data import FEWEST, SIZE, fill_ours, fill_peer, people
from benchmarks.compare.load import find_wrk
from benchmarks.compare.measure import Plan, measure
from benchmarks.compare.works import WORKS, Desk, open_desk
from tests.servers.redis import redis

NAMES = [work.name for work in WORKS]
MINUTES_MOST = 40


def main() -> None:
    """Measure, and print tables."""
    options = read_options()
    find_wrk()
    chosen = [work for work in WORKS if work.name in options.works]
    with TemporaryDirectory(prefix="benchmark-") as name, ExitStack() as stack:
        folder = Path(name)
        server = stack.enter_context(systems.postgres())
        shared = stack.enter_context(redis())
        ours = systems.our_settings(folder, server.create("ours"), shared.url)
        peer = systems.peer_settings(server.create("peer"))
        prepare(ours, peer, options.users)
        started = (
            stack.enter_context(systems.peer(peer)),
            stack.enter_context(systems.ours(ours)),
            stack.enter_context(systems.ours(ours, "benchmarks.hello:app", "hello")),
        )
        desks = {each.name: open_desk(each, options.users) for each in started[:2]}
        check(*desks.values())
        check_ours(desks["ours"])
        print("Both give the same right answers.", flush=True)
        desks["hello"] = Desk(started[2], options.users)
        deadline = time.monotonic() + MINUTES_MOST * 60
        plan = Plan(options.rounds, options.seconds, options.warm, deadline)
        samples = measure(chosen, desks, server.pid, plan, folder)
    told = report.tables(chosen, samples)
    print(f"\n{told}")
    if options.out:
        options.out.write_text(f"{told}\n")


def read_options() -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(prog="benchmarks.compare", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100 people, 2 rounds of a second")
    parser.add_argument("--works", type=_works, default=NAMES, help=f"of {','.join(NAMES)}")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=int, help="of each work in each round")
    parser.add_argument("--users", type=int, help=f"with {SIZE:,} tasks each")
    parser.add_argument("--out", type=Path, help="a file for the tables")
    options = parser.parse_args()
    options.rounds = options.rounds or (2 if options.quick else 5)
    options.seconds = options.seconds or (1 if options.quick else 4)
    options.warm = 0.3 if options.quick else 0.5
    options.users = max(FEWEST, options.users or (FEWEST if options.quick else 1000))
    return options


def _works(names: str) -> list[str]:
    chosen = names.split(",")
    if unknown := set(chosen) - set(NAMES):
        raise argparse.ArgumentTypeError(f"there is no {', '.join(sorted(unknown))}")
    return chosen


def prepare(ours: dict[str, str], peer: dict[str, str], users: int) -> None:
    """Make the tables, and the rows in them."""
    begun = time.monotonic()
    systems.migrate(ours)
    systems.create_tables(peer)
    everybody = people(users)
    fill_peer(peer["DATABASE_URL"].replace("+asyncpg", ""), everybody)
    fill_ours(ours["DATABASE_URL"], everybody)
    took = time.monotonic() - begun
    print(f"{users * SIZE:,} tasks in each database, after {took:.0f} s", flush=True)


if __name__ == "__main__":
    main()
