"""The systems that are compared, started on loopback as in production."""

import http.client
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import psycopg
from psycopg.sql import SQL, Identifier

from tests.servers.postgres import Postgres, children
from tests.servers.processes import free_port, running
from tests.servers.web import INHERITED, ROOT, serving

WORKERS = 2
PEER_PYTHON = ROOT / ".venv-peer" / "bin" / "python"
JWT_SECRET = secrets.token_urlsafe(48)
# As a server is set up whose data matter and fit in memory; the same for both.
SERVER = {
    "listen_addresses": "127.0.0.1",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "1GB",
    "max_wal_size": "4GB",
}


@dataclass(frozen=True)
class System:
    """One that is running: where, as which process, and which of its processes serve."""

    name: str
    url: str
    pid: int
    workers: Callable[[], list[int]]


@dataclass(frozen=True)
class Server:
    """PostgreSQL: its address, and its process."""

    url: str
    pid: int

    def create(self, name: str) -> str:
        """The URL of a new database."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def version(self) -> str:
        """Which one it is."""
        with psycopg.connect(self.url) as connection:
            return str(connection.info.parameter_status("server_version")).split()[0]


@contextmanager
def postgres() -> Iterator[Server]:
    """A server of one's own on loopback, which keeps what it has committed."""
    port = str(free_port())
    with TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:
        server = Postgres(Path(folder), SERVER | {"port": port})
        server.url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        try:
            server.start()
            pid = int((Path(folder) / "data" / "postmaster.pid").read_text().split()[0])
            yield Server(server.url, pid)
        finally:
            server.stop()


# ---------------------------------------------------------------- ours


def our_settings(folder: Path, database: str, redis: str = "") -> dict[str, str]:
    """What production wants; everything else is as it is by default."""
    return {
        "APP_ENV": "production",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "JWT_SECRET_KEY": JWT_SECRET,
        "METRICS_TOKEN": secrets.token_urlsafe(48),
        "DATABASE_URL": database,
        "REDIS_URL": redis,
        "INSTANCE_DIR": str(folder),
        "WEB_WORKERS": str(WORKERS),
    }


def migrate(settings: dict[str, str]) -> None:
    """Make our tables."""
    program = Path(sys.executable).with_name("flask")
    _call([program, "db", "upgrade"], settings)


@contextmanager
def ours(settings: dict[str, str], app: str = "", name: str = "ours") -> Iterator[System]:
    """taskapp, or another application under the same server."""
    with (
        serving(settings, arguments=[app] if app else []) as server,
        _telling(server.log),
    ):
        yield System(name, server.url, server.process.pid, lambda: server.workers)


# ---------------------------------------------------------------- the peer


def peer_settings(database: str) -> dict[str, str]:
    """What the peer wants."""
    url = urlsplit(database)._replace(scheme="postgresql+asyncpg").geturl()
    return {"DATABASE_URL": url, "JWT_SECRET_KEY": JWT_SECRET}


def find_peer() -> None:
    """Tell how to get the peer if it is not there."""
    if not PEER_PYTHON.exists():
        raise SystemExit(
            "What taskapp is compared with is missing: `make bench` installs it into .venv-peer; "
            "by hand: python -m venv .venv-peer && .venv-peer/bin/pip install -r "
            "requirements-peer.txt"
        )


def create_tables(settings: dict[str, str]) -> None:
    """Make the peer's tables."""
    _call([PEER_PYTHON, "-m", "benchmarks.peer.database"], settings)


@contextmanager
def peer(settings: dict[str, str]) -> Iterator[System]:
    """The system that is replaced, under uvicorn as its documentation has it."""
    port = free_port()
    command: list[str | Path] = [
        PEER_PYTHON,
        "-m",
        "uvicorn",
        "benchmarks.peer.main:app",
        "--port",
        str(port),
    ]
    command += ["--workers", str(WORKERS), "--no-access-log", "--log-level", "warning"]
    command += ["--loop", "uvloop", "--http", "httptools"]
    with (
        TemporaryDirectory(prefix="peer-") as folder,
        running(
            command,
            ready=partial(_answers, port),
            log=Path(folder) / "log",
            cwd=ROOT,
            env=inherited() | settings,
        ) as process,
        _telling(Path(folder) / "log"),
    ):
        workers = partial(_spawned, process.pid)
        yield System("peer", f"http://127.0.0.1:{port}", process.pid, workers)


def _spawned(parent: int) -> list[int]:
    """uvicorn's workers; besides them, Python has a process that only cleans up."""
    return [
        pid
        for pid in sorted(children(parent))
        if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


def _answers(port: int) -> bool:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        try:
            connection.request("GET", "/openapi.json")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False


@contextmanager
def _telling(log: Path) -> Iterator[None]:
    """Add the end of a server's log to whatever goes wrong meanwhile."""
    try:
        yield
    except Exception as error:
        error.add_note(f"A server has logged:\n{log.read_text(errors='replace')[-2000:]}")
        raise


def inherited() -> dict[str, str]:
    """What every process needs of the environment; nothing else of the developer's."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ}


def _call(command: list[str | Path], settings: dict[str, str]) -> None:
    done = subprocess.run(
        command, check=False, cwd=ROOT, env=inherited() | settings, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{command} failed; it said:\n{done.stdout}{done.stderr}")
