"""Does it stay up? Memory, database connections and errors at three quarters of the highest load.

Starts PostgreSQL and the application as in production, on loopback; finds the highest rate with
more and more clients; then keeps to a part of it for so many minutes and prints what it sees
every ten seconds. `--minutes 0` only finds the rate. It ends by itself, with status 1 if a request
failed or memory grew, and leaves nothing behind. benchmarks/README.md has the figures.
"""

import argparse
import http.client
import json
import secrets
import statistics
import sys
import time
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Lock, Thread
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from prometheus_client.parser import text_string_to_metric_families

from tests.faults.load import ask
from tests.servers.pgbouncer import pgbouncer
from tests.servers.postgres import postgres
from tests.servers.web import WebServer, serving

DATABASES = ("postgresql", "pgbouncer", "sqlite")
CLIENTS = (1, 2, 4, 8, 16)
RAMP_SECONDS = 6
REPORT_SECONDS = 10
TASKS = 200
PASSWORD = secrets.token_urlsafe(16)
METRICS_TOKEN = secrets.token_hex()
# How much larger than after the first fifth of the time the workers may be in the last fifth.
GROWTH_MOST = 1.1
# A method, a path and a body.
Errand = tuple[str, str, str | None]


@dataclass
class Seen:
    """What became of the requests; `statuses` counts them, whatever is no answer by its name."""

    statuses: Counter[str] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def add(self, status: str, took: float) -> None:
        """Keep one."""
        with self.lock:
            self.statuses[status] += 1
            self.milliseconds.append(took * 1000)

    def take(self) -> list[float]:
        """How long the requests took since it was last asked."""
        with self.lock:
            taken, self.milliseconds = self.milliseconds, []
            return taken

    @property
    def failed(self) -> int:
        """How many got no answer, or one that is an error."""
        return sum(n for status, n in self.statuses.items() if not status.startswith("2"))


@dataclass
class Person:
    """Somebody with an account, and tasks to look at."""

    address: str
    path: str
    token: str

    def go_round(self) -> Generator[Errand, int | None, None]:
        """What they do, again and again: mostly they look; what they add, they remove."""
        while True:
            for _ in range(4):
                yield "GET", f"{self.path}?limit=50", None
            made = yield "POST", self.path, json.dumps({"title": "Write to Grace"})
            one = f"{self.path}/{made}"
            yield "GET", one, None
            yield "PATCH", f"{one}/complete", None
            yield "GET", f"{self.path}?completed=false", None
            yield "DELETE", one, None


def main() -> None:
    """Find the highest load, keep to a part of it, and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--part", type=float, default=0.75, help="of the highest load")
    parser.add_argument("--rate", type=float, help="requests a second, instead of finding it")
    parser.add_argument("--database", choices=DATABASES, default="postgresql")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=8)
    options = parser.parse_args()
    with (
        database(options.database) as url,
        started(url, options.workers, options.threads) as server,
    ):
        people = [sign_up(server, number) for number in range(max(CLIENTS))]
        highest = options.rate / options.part if options.rate else ramp(server, people)
        if options.minutes:
            sys.exit(not soak(server, people, highest * options.part, options.minutes * 60))


@contextmanager
def database(kind: str) -> Iterator[str]:
    """The URL of an empty database; for SQLite none, since that lies in the instance folder."""
    if kind == "sqlite":
        yield ""
        return
    with postgres() as direct:
        if kind == "postgresql":
            yield direct
            return
        with pgbouncer(direct) as url:
            yield url


@contextmanager
def started(url: str, workers: int, threads: int) -> Iterator[WebServer]:
    """The application on such a database."""
    with TemporaryDirectory(prefix="soak-") as folder:
        env = {
            "APP_ENV": "development",
            "INSTANCE_DIR": folder,
            "DATABASE_URL": url,
            "WEB_WORKERS": str(workers),
            "WEB_THREADS": str(threads),
            "METRICS_TOKEN": METRICS_TOKEN,
            "LOG_LEVEL": "WARNING",
        }
        migrate(env)
        with serving(env) as server:
            yield server


def migrate(env: dict[str, str]) -> None:
    """Make the tables."""
    # After the settings are known; and in this process, which has nothing else to do with them.
    from flask_migrate import upgrade  # noqa: PLC0415

    from config import Config  # noqa: PLC0415
    from taskapp import create_app  # noqa: PLC0415

    app = create_app(Config.from_env(env))
    with app.app_context():
        upgrade()
        app.extensions["sqlalchemy"].engine.dispose()


def sign_up(server: WebServer, number: int) -> Person:
    """Somebody new, with tasks."""
    body = {"email": f"person-{number}@example.com", "password": PASSWORD}
    ask(f"{server.url}/api/auth/signup", "POST", body)
    login = ask(f"{server.url}/api/auth/login", "POST", body).body
    path = f"/api/{login['user']['id']}/tasks"
    person = Person(server.url, path, login["access_token"])
    bearer = {"Authorization": f"Bearer {person.token}"}
    creates = [{"op": "create", "values": {"title": f"Task {each}"}} for each in range(TASKS)]
    for begin in range(0, TASKS, 100):
        operations = {"operations": creates[begin : begin + 100]}
        reply = ask(f"{server.url}{path}/bulk", "POST", operations, bearer)
        if reply.kind != "200":
            raise RuntimeError(f"{reply.kind}: {str(reply.body)[:300]}")
    return person


@contextmanager
def load(people: list[Person], seen: Seen, rate: float | None = None) -> Iterator[None]:
    """All of them go round until the block ends; together, with a rate, so often a second."""
    over, turns, began = Event(), count(), time.monotonic()

    def go(person: Person) -> None:
        connection = http.client.HTTPConnection(urlsplit(person.address).netloc, timeout=60)
        with closing(connection):
            errands, made = person.go_round(), None
            while not over.is_set():
                if rate and over.wait(max(0, began + next(turns) / rate - time.monotonic())):
                    break
                made = send(connection, person, errands.send(made), seen)

    threads = [Thread(target=go, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def send(
    connection: http.client.HTTPConnection,
    person: Person,
    errand: Errand,
    seen: Seen,
) -> int | None:
    """One request; the id of what it answers, if it is one thing."""
    method, path, body = errand
    headers = {"Authorization": f"Bearer {person.token}", "Content-Type": "application/json"}
    began, answered = time.monotonic(), b""
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        answered, status = response.read(), str(response.status)
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        status = type(error).__name__
    seen.add(status, time.monotonic() - began)
    thing = json.loads(answered) if answered[:1] == b"{" else {}
    return thing.get("id")


def ramp(server: WebServer, people: list[Person]) -> float:
    """The highest rate that more and more clients come to."""
    rates = []
    for clients in CLIENTS:
        seen, began = Seen(), time.monotonic()
        with load(people[:clients], seen):
            time.sleep(RAMP_SECONDS)
        rates.append(seen.statuses.total() / (time.monotonic() - began))
        took = sorted(seen.take())
        print(
            f"{clients:>3} clients: {rates[-1]:6.0f} requests a second, {seen.failed} failed, "
            f"median {statistics.median(took):.1f} ms, p99 {took[int(len(took) * 0.99)]:.0f} ms, "
            f"MiB of each worker: {', '.join(f'{each:.0f}' for each in memory_of(server))}",
            flush=True,
        )
    return max(rates)


def soak(server: WebServer, people: list[Person], rate: float, seconds: float) -> bool:
    """Keep to a rate for so long; whether memory stayed flat and no request failed."""
    print(f"{seconds / 60:g} minutes at {rate:.0f} requests a second")
    print("| s | requests/s | failed | median, p99 ms | MiB of each worker | pool: used, waiting |")
    print("|--:|--:|--:|--:|--:|--:|")
    seen, began, memory = Seen(), time.monotonic(), []
    with load(people, seen, rate):
        while (elapsed := time.monotonic() - began) < seconds:
            time.sleep(min(REPORT_SECONDS, seconds - elapsed + 0.01))
            memory.append(sum(memory_of(server)))
            tell(server, seen, time.monotonic() - began)
    fifth = max(1, len(memory) // 5)
    early, late = statistics.mean(memory[fifth : 2 * fifth]), statistics.mean(memory[-fifth:])
    print(
        f"{seen.statuses.total()} requests: {dict(seen.statuses)}; {seen.failed} failed; "
        f"workers {early:.0f} MiB early, {late:.0f} MiB late"
    )
    return seen.failed == 0 and late < early * GROWTH_MOST


def memory_of(server: WebServer) -> list[float]:
    """MiB of memory that each worker has, the oldest first."""
    return [
        int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 2**20
        for pid in server.workers
    ]


def tell(server: WebServer, seen: Seen, elapsed: float) -> None:
    """Print a row."""
    took = sorted(seen.take()) or [0.0]
    bearer = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    told = ask(f"{server.url}/metrics", headers=bearer).body
    pool = {
        family.name.removeprefix("taskapp_pool_"): family.samples[0].value
        for family in text_string_to_metric_families(told)
        if family.name.startswith("taskapp_pool_")
    }
    print(
        f"| {elapsed:.0f} | {len(took) / REPORT_SECONDS:.0f} | {seen.failed} "
        f"| {statistics.median(took):.1f}, {took[int(len(took) * 0.99)]:.0f} "
        f"| {', '.join(f'{each:.1f}' for each in memory_of(server))} "
        f"| {pool['in_use']:.0f}, {pool['waiting']:.0f} of {pool['size']:.0f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
