"""Does the list of tasks answer as fast for 10,000 tasks as for 50?

Starts the application as in production on loopback, with an account of each size, and asks for
the same pages of both in turn, so that whatever else the machine does slows both alike. It ends
by itself and leaves nothing behind. benchmarks/README.md has the figures.
"""

import argparse
import gzip
import http.client
import json
import logging
import re
import secrets
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode, urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psycopg
from flask_migrate import upgrade
from psycopg.sql import SQL, Identifier
from sqlalchemy import insert, text

from config import Config
from taskapp import create_app
from taskapp.db import db, now, transaction
from taskapp.models import Task
from taskapp.services import accounts
from taskapp.web.lists import PAGE_SIZE, SORTS
from tests.servers.postgres import postgres
from tests.servers.web import ROOT, serve

SIZES = (50, 10_000)
DEEP = 150
WARM_UP = 10
SECONDS_MOST = 300
PASSWORD = secrets.token_urlsafe(16)
RARE = "heliotrope"


@dataclass
class Account:
    """Somebody with so many tasks, at a browser and with a token."""

    size: int
    address: str
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""
    user_id: int = 0

    @property
    def email(self) -> str:
        """The address that logs in."""
        return f"has-{self.size}@example.com"

    def log_in(self) -> None:
        """By the login form; and for a token, by the API."""
        login = {"email": self.email, "password": PASSWORD}
        found = re.search('name="csrf_token"[^>]*value="([^"]+)"', self.read("/login"))
        if found is None:
            raise RuntimeError("The login form has no CSRF token.")
        form = login | {"csrf_token": unescape(found[1])}
        self.ask("/login", urlencode(form), "application/x-www-form-urlencoded")
        answer = json.loads(self.ask("/api/auth/login", json.dumps(login), "application/json"))
        self.token, self.user_id = answer["access_token"], answer["user"]["id"]

    def ask(self, path: str, body: str | None = None, kind: str = "") -> bytes:
        """The body of an answer that is no error, as it came over the wire.

        Each time over a new connection: the server ends one that was idle for two seconds.
        """
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Accept-Encoding": "gzip", "Content-Type": kind, "Cookie": cookies}
        if path.startswith("/api/"):
            headers = {"Content-Type": kind, "Authorization": f"Bearer {self.token}"}
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=30)
        with closing(connection):
            connection.request("GET" if body is None else "POST", path, body, headers)
            response = connection.getresponse()
            data = response.read()
        if response.status not in (200, 303):
            raise RuntimeError(f"{path} answered {response.status}: {data[:300]!r}")
        for cookie in response.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.split(";", 1)[0].partition("=")
            self.cookies[name] = value
        return data

    def read(self, path: str) -> str:
        """A page's text."""
        data = self.ask(path)
        return (gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data).decode()

    def walk(self, path: str) -> Iterator[tuple[str, list[int]]]:
        """Every page that "More" leads to: its path, and the tasks on it."""
        onwards: str | None = path
        while onwards is not None:
            html = self.read(onwards)
            yield onwards, [int(number) for number in re.findall('data-task="([0-9]+)"', html)]
            more = re.search('href="([^"]+)" data-append', html)
            onwards = unescape(more[1]) if more else None


# What is measured: how it is called, and its path for an account.
Paths = dict[str, Callable[[Account], str]]


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--database",
        default="sqlite",
        help="sqlite; postgresql, which starts a server; or the URL of a PostgreSQL server, "
        "on which a database is made and removed",
    )
    parser.add_argument("--rounds", type=int, default=300, help="how often each page is asked for")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="benchmark-") as folder, database(options.database) as url:
        env = {"APP_ENV": "development", "INSTANCE_DIR": folder, "DATABASE_URL": url}
        fill(env)
        with serve(env) as address:
            measure([Account(size, address) for size in SIZES], max(2, options.rounds))


@contextmanager
def database(wish: str) -> Iterator[str]:
    """The URL of an empty database; an empty URL is SQLite in the instance folder."""
    if wish == "sqlite":
        yield ""
    elif wish == "postgresql":
        with postgres() as server, database(server) as url:
            yield url
    else:
        name = f"benchmark_{secrets.token_hex(4)}"
        with psycopg.connect(wish, autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        try:
            yield urlsplit(wish)._replace(path=f"/{name}").geturl()
        finally:
            with psycopg.connect(wish, autocommit=True) as connection:
                connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def fill(env: dict[str, str]) -> None:
    """Make the accounts. All 50 tasks of the small one are open, so both first pages are full."""
    app = create_app(Config.from_env(env))
    logging.disable(logging.INFO)
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        for size in SIZES:
            user = accounts.sign_up(f"has-{size}@example.com", PASSWORD, rounds=4)
            with transaction() as session:
                session.execute(insert(Task), list(rows(user.id, size)))
        # PostgreSQL does this by itself, a minute after so many rows were written.
        if db.engine.dialect.name == "postgresql":
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))
        db.engine.dispose()


def rows(user_id: int, size: int) -> Iterator[dict[str, object]]:
    """Tasks of believable length; five in each account have a word that no other has."""
    moment = now()
    for number in range(size):
        created = moment - timedelta(minutes=7 * number)
        word = f" {RARE}" if number % (size // 5) == 0 else ""
        yield {
            "user_id": user_id,
            "title": f"Task {number * 7919 % 100_003}: call somebody about the matter{word}",
            "description": "They answer **before noon** only." if number % 2 else None,
            "completed": size > PAGE_SIZE and number % 3 == 0,
            "created_at": created,
            "updated_at": created + timedelta(minutes=number % 5),
        }


def measure(people: list[Account], rounds: int) -> None:
    """Ask for every page of every account in turn, and print what came out."""
    deep: dict[int, str] = {}
    for each in people:
        each.log_in()
        deep[each.size] = walked(each)
    paths: Paths = {
        "first page, `/tasks`": lambda _: "/tasks",
        "by title, `/tasks?show=all&sort=title`": lambda _: "/tasks?show=all&sort=title",
        f"page {DEEP} by “More” (for 50: the only one)": lambda account: deep[account.size],
        "search, five tasks found": lambda _: f"/tasks?show=all&q={RARE}",
        "API, `GET /api/{id}/tasks?limit=50`": lambda a: f"/api/{a.user_id}/tasks?limit=50",
    }
    taken: dict[tuple[str, int], list[float]] = {
        (name, each.size): [] for name in paths for each in people
    }
    deadline, done = time.monotonic() + SECONDS_MOST, 0
    for number in range(WARM_UP + rounds):
        if time.monotonic() > deadline:
            break
        for name, path in paths.items():
            for each in people if number % 2 else reversed(people):
                begun = time.perf_counter()
                each.ask(path(each))
                if number >= WARM_UP:
                    taken[name, each.size].append((time.perf_counter() - begun) * 1000)
        done = number + 1
    show(list(paths), taken, max(0, done - WARM_UP))


def walked(account: Account) -> str:
    """The deep page's path. In every order, "More" shows each task once and leaves none out."""
    for sort in SORTS:
        pages = list(account.walk(f"/tasks?show=all&sort={sort}"))
        seen = [number for _, numbers in pages for number in numbers]
        if len(seen) != account.size or len(set(seen)) != account.size:
            raise RuntimeError(f"{sort}: {len(seen)} shown, {len(set(seen))} different: {account}")
    print(f"{account.size:,} tasks: in each of {len(SORTS)} orders, every task was shown once")
    pages = list(account.walk("/tasks?show=all"))
    return pages[min(DEEP, len(pages)) - 1][0]


def show(names: list[str], taken: dict[tuple[str, int], list[float]], rounds: int) -> None:
    """A table in Markdown."""
    small, large = SIZES
    print(f"\n{rounds} rounds; milliseconds, median (95th percentile)\n")
    print(f"| | {small:,} tasks | {large:,} tasks | ratio of medians |\n|---|---|---|---|")
    for name in names:
        few, many = taken[name, small], taken[name, large]
        ratio = statistics.median(many) / statistics.median(few)
        print(f"| {name} | {figures(few)} | {figures(many)} | {ratio:.2f} |")


def figures(values: list[float]) -> str:
    """The median and the 95th percentile."""
    percentile = statistics.quantiles(values, n=20, method="inclusive")[-1]
    return f"{statistics.median(values):.1f} ({percentile:.1f})"


if __name__ == "__main__":
    main()
