"""What is around us breaks: the disk is full, Redis goes away, clocks are apart."""

import http.client
import os
import re
import resource
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import pytest
from flask_migrate import upgrade
from redis import Redis

from ..auth.forging import decode
from ..callers import PASSWORD
from ..conftest import NewApp, environment
from ..servers.redis import RedisServer, redis
from ..servers.web import serve
from .clock import shifted
from .conftest import Figures
from .load import HUNG, Reply, ask, load

MEGABYTE = 2**20
GUESSES = 5
WORKERS = 2
MINUTE = 60


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """An empty Redis, which the test may stop."""
    with redis() as server:
        yield server


def migrated(new_app: NewApp, folder: Path) -> str:
    """The URL of a database with today's schema, in a folder."""
    url = f"sqlite:///{folder / 'taskapp.db'}"
    with new_app(url).app_context():
        upgrade()
    return url


def sign_up(site: str, email: str = "ada@example.com") -> tuple[str, dict[str, str]]:
    """Somebody new: the address of their tasks, and the headers that they send."""
    assert ask(f"{site}/api/auth/signup", "POST", credentials(email)).kind == "201"
    return log_in(site, email)


def log_in(site: str, email: str = "ada@example.com") -> tuple[str, dict[str, str]]:
    """The same of somebody who has an account."""
    answer = ask(f"{site}/api/auth/login", "POST", credentials(email)).body
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    return f"{site}/api/{answer['user']['id']}/tasks", bearer


def credentials(email: str, password: str = PASSWORD) -> dict[str, str]:
    return {"email": email, "password": password}


# ---------------------------------------------------------------- the disk


class Disk:
    """A small file system in memory, or, where none can be mounted, a bound on files' sizes."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder, self._size = folder, size
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        self.is_mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
        self.kind = "tmpfs" if self.is_mounted else "RLIMIT_FSIZE"

    def fill(self) -> None:
        """Leave no room."""
        if not self.is_mounted:
            largest = max(file.stat().st_size for file in self.folder.iterdir())
            self._bound(largest + 16 * 1024)
            return
        with (self.folder / "ballast").open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                return

    def empty(self) -> None:
        """Make room again."""
        if self.is_mounted:
            (self.folder / "ballast").unlink()
        else:
            self._bound(resource.RLIM_INFINITY)

    def _bound(self, size: int) -> None:
        """Bound the files of each process that was told of the folder."""
        told = f"{self.folder}".encode()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                concerned = told in (process / "environ").read_bytes()
            except OSError:
                continue
            if concerned and int(process.name) != os.getpid():
                hard = resource.RLIM_INFINITY
                resource.prlimit(int(process.name), resource.RLIMIT_FSIZE, (size, hard))


@contextmanager
def disk(folder: Path, size: int) -> Iterator[Disk]:
    """Yield it empty; it goes with the block."""
    folder.mkdir()
    small = Disk(folder, size)
    try:
        yield small
    finally:
        if small.is_mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_under_sqlite_is_told_and_nothing_is_lost(
    new_app: NewApp, tmp_path: Path, figures: Figures
) -> None:
    numbers, acknowledged = count(), []
    with disk(tmp_path / "disk", 8 * MEGABYTE) as small:
        refusal = "507" if small.is_mounted else "503"
        url = migrated(new_app, small.folder)
        with serve(environment(url, tmp_path)) as site:
            tasks, bearer = sign_up(site)

            def write(_client: int) -> Reply:
                body = {"title": f"task {next(numbers)}", "description": "x" * 2000}
                reply = ask(tasks, "POST", body, bearer)
                if reply.kind == "201":
                    acknowledged.append(body["title"])
                return reply

            with load(write, clients=4) as seen:
                when(lambda: seen.kinds["201"] >= 50)
                small.fill()
                full = time.monotonic()
                first = seen.wait_for(refusal, since=full)
                when(lambda: seen.kinds[refusal] >= 50)
                reading = ask(tasks, headers=bearer)
                small.empty()
                free = time.monotonic()
                recovered = seen.wait_for("201", since=free)
                when(lambda: seen.kinds["201"] >= 100)
            last = [each for each in seen.replies if each.began > recovered]
            told = next(each.body for each in seen.replies if each.kind == refusal)
        with sqlite3.connect(small.folder / "taskapp.db") as database:
            sound = database.execute("PRAGMA integrity_check").fetchall()
            stored = [title for (title,) in database.execute("SELECT title FROM task")]
        figures(
            "disk full under SQLite",
            seen,
            how=small.kind,
            acknowledged=len(acknowledged),
            stored=len(stored),
            told_after=f"{first - full:.2f} s",
            serving_again_after=f"{recovered - free:.2f} s",
        )
    assert set(seen.kinds) == {"201", refusal}
    assert told["code"] == ("storage_full" if small.is_mounted else "database_unavailable")
    assert reading.kind == "200"
    assert sound == [("ok",)]
    assert sorted(stored) == sorted(acknowledged)
    assert {each.kind for each in last} <= {"201"}


# ---------------------------------------------------------------- Redis


def test_redis_that_stops_starts_and_hangs_lets_people_in_and_no_attacker(
    new_app: NewApp, tmp_path: Path, redis_server: RedisServer, figures: Figures
) -> None:
    strangers = count()
    env = environment(migrated(new_app, tmp_path), tmp_path) | {
        "REDIS_URL": redis_server.url,
        "LOGIN_LIMIT_PER_ADDRESS": f"{GUESSES} per hour",
        "LOGIN_LIMIT_PER_CLIENT": "1000000 per hour",
        "WEB_WORKERS": f"{WORKERS}",
    }
    with serve(env) as site:
        sign_up(site)
        sign_up(site, "victim@example.com")
        address = f"{site}/api/auth/login"

        def come(client: int) -> Reply:
            """Ada comes in; somebody guesses at one account; somebody tries ever new addresses."""
            stranger = credentials(f"stranger{next(strangers)}@example.com", "wrong")
            bodies = [credentials("ada@example.com"), credentials("victim@example.com", "wrong")]
            reply = ask(address, "POST", [*bodies, stranger][client])
            return Reply(f"{WHO[client]} {reply.kind}", reply.began, reply.seconds)

        with load(come, clients=3) as seen:
            seen.wait_for("attacker 429", since=0)
            redis_server.stop()
            stopped = time.monotonic()
            for _ in range(3):
                seen.wait_for("ada 200", since=time.monotonic())
            limited = seen.wait_for("attacker 429", since=stopped)
            redis_server.start()
            started = time.monotonic()
            shared = when(lambda: Redis.from_url(redis_server.url).keys("LIMITS*") != [])
            with redis_server.hanging():
                hung = time.monotonic()
                while time.monotonic() < hung + 8:
                    seen.wait_for("ada 200", since=time.monotonic())
            back = time.monotonic()
            seen.wait_for("ada 200", since=back)
            seen.wait_for("attacker 429", since=back)
    during = [each for each in seen.replies if hung <= each.began < back]
    figures(
        "Redis stopped, started, hanging for 8 s",
        seen,
        limited_alone_after=f"{limited - stopped:.2f} s",
        shared_again_after=f"{shared - started:.2f} s",
        log_ins_while_it_hung=len(during),
        of_these_slower_than_half_a_second=sum(each.seconds >= 0.5 for each in during),
    )
    kinds = Counter(each.kind for each in seen.replies)
    assert set(kinds) == {"ada 200", "attacker 401", "attacker 429", "stranger 401"}
    # As many for all while there is Redis, and as many for each process while there is none.
    assert kinds["attacker 401"] <= GUESSES * (2 + WORKERS)
    assert not any(HUNG in kind for kind in kinds)


WHO = ("ada", "attacker", "stranger")


def when(holds: Callable[[], bool], seconds: float = 30) -> float:
    """The moment at which something holds; raise TimeoutError."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)
    return time.monotonic()


# ---------------------------------------------------------------- clocks


def test_two_hosts_whose_clocks_are_a_minute_apart_accept_what_the_other_gave(
    new_app: NewApp, tmp_path: Path, figures: Figures
) -> None:
    url = migrated(new_app, tmp_path)
    here = environment(url, tmp_path) | {"TRUSTED_PROXIES": "1"}
    there = here | {"PYTHONPATH": shifted(tmp_path, MINUTE)}
    with serve(here) as behind, serve(there) as ahead:
        sites = behind, ahead
        sign_up(behind)
        apart = clock(ahead) - clock(behind)

        def cross(client: int) -> Reply:
            """Log in here, use the token there; the other client the other way round."""
            first, second = sites[client], sites[1 - client]
            tasks, bearer = log_in(first)
            bearer |= {"Idempotency-Key": f"{client}-{time.monotonic()}"}
            tasks = tasks.replace(first, second)
            reply = ask(tasks, "POST", {"title": "Write to Grace"}, bearer)
            again = ask(tasks.replace(second, first), "POST", {"title": "Write to Grace"}, bearer)
            same = reply.body == again.body
            return Reply(f"{reply.kind} {again.kind} {same}", reply.began, reply.seconds)

        with load(cross, clients=2) as seen:
            while len(seen.since(0)) < 40:
                seen.wait_for("201 201 True", since=time.monotonic())
        pages = [Visitor(sites[n], sites[1 - n]).come_in_and_out() for n in (0, 1)]
        changed = change_password(ahead, behind)
    figures(
        "clocks a minute apart",
        seen,
        pages=" ".join(str(each) for each in pages),
        password_changed_ahead_then_logged_in_behind=changed,
    )
    assert MINUTE - 2 < apart < MINUTE + 2
    assert set(seen.kinds) == {"201 201 True"}
    assert pages == [[200, 303, 200]] * 2
    assert changed == "200"


def clock(site: str) -> float:
    """How far a host's clock is ahead of the true one, as the tokens say that it gives out."""
    _, bearer = log_in(site)
    issued_at: int = decode(bearer["Authorization"].split(".")[1])["iat"]
    return issued_at - time.time()


def change_password(ahead: str, behind: str) -> str:
    """Change it where the clock is ahead; what a token that is then got behind is answered."""
    _, bearer = log_in(ahead)
    new = {"current_password": PASSWORD, "new_password": PASSWORD + "!"}
    assert ask(f"{ahead}/api/auth/me/password", "PUT", new, bearer).kind == "200"
    body = credentials("ada@example.com", PASSWORD + "!")
    token = ask(f"{behind}/api/auth/login", "POST", body).body["access_token"]
    return ask(f"{behind}/api/auth/me", headers={"Authorization": f"Bearer {token}"}).kind


class Visitor:
    """A browser, some of whose requests reach one host and some another."""

    def __init__(self, first: str, second: str) -> None:
        self._sites, self._cookies = (first, second), dict[str, str]()

    def come_in_and_out(self) -> list[int]:
        """A form from the first host, sent to the second, and a page of the first: the statuses."""
        shown, page = self._ask(0, "GET", "/login")
        token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page)[0]
        form = {"email": "ada@example.com", "password": PASSWORD, "csrf_token": token}
        came, _ = self._ask(1, "POST", "/login", urlencode(form))
        return [shown, came, self._ask(0, "GET", "/tasks")[0]]

    def _ask(self, site: int, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        parts = urlsplit(self._sites[site])
        headers = {
            "Host": "tasks.example.com",
            "Referer": "https://tasks.example.com/",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "192.0.2.1",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
        }
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
        connection.request(method, quote(path), body, headers)
        response = connection.getresponse()
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self._cookies[key] = rest.partition(";")[0]
        text = response.read().decode()
        connection.close()
        return response.status, text
