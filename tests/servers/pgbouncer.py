"""A PgBouncer for the tests, which lends a connection of PostgreSQL for one transaction.

Law: it forgives nothing. No start-up parameter is ignored, and what a session leaves in its
connection another one finds. It lives in one folder, and listens on a socket in it only.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg.conninfo import conninfo_to_dict

from .postgres import account, hand_over
from .processes import running

PORT = 6432
SETTINGS = """
[databases]
* = {server}

[pgbouncer]
pool_mode = transaction
listen_addr =
listen_port = {port}
unix_socket_dir = {folder}
auth_type = any
max_client_conn = 1000
default_pool_size = 20
# The tests make many databases; those that are over must not keep the server's connections.
server_idle_timeout = 5
autodb_idle_timeout = 10
"""


@contextmanager
def pgbouncer(server: str) -> Iterator[str]:
    """Yield a URL that leads to the same server; put in another database as you like."""
    wanted = conninfo_to_dict(server)
    name = wanted.pop("dbname", "postgres")
    with TemporaryDirectory(prefix="bouncer-", dir="/tmp") as place:
        folder, identity = Path(place), account()
        words = " ".join(f"{key}={value}" for key, value in wanted.items())
        settings = SETTINGS.format(server=words, port=PORT, folder=folder)
        (folder / "pgbouncer.ini").write_text(settings)
        hand_over(folder, identity)
        url = f"postgresql://{wanted['user']}@/{name}?host={folder}&port={PORT}"
        with running(
            [find_program(), folder / "pgbouncer.ini"],
            ready=partial(_answers, url),
            log=folder / "log",
            cwd=folder,
            env={"LC_ALL": "C.UTF-8"},
            identity=identity,
        ):
            yield url


def find_program() -> Path:
    """The installed one; on Debian it is not on everybody's PATH."""
    if found := shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin"):
        return Path(found)
    raise RuntimeError("No PgBouncer found: install pgbouncer.")


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
