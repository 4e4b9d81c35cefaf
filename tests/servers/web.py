"""The application as it runs in production, on loopback.

Law: it sees the environment that the test names and nothing else of the developer's.
"""

import http.client
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from .processes import free_port, running

ROOT = Path(__file__).resolve().parents[2]
INHERITED = ("PATH", "HOME", "LANG")


@contextmanager
def serve(env: Mapping[str, str], root: Path = ROOT) -> Iterator[str]:
    """Yield the base URL, without a slash at the end, of gunicorn run in `root` with its config.

    It has answered one request for `/` by then, so an application that cannot boot raises here.
    HOST and PORT are chosen here; all other settings, INSTANCE_DIR for one, are the caller's.
    """
    port = free_port()
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    with (
        TemporaryDirectory(prefix="web-") as folder,
        running(
            [sys.executable, "-m", "gunicorn"],
            ready=partial(_answers, port),
            log=Path(folder) / "log",
            cwd=root,
            env={**inherited, **env, "HOST": "127.0.0.1", "PORT": str(port)},
        ),
    ):
        yield f"http://127.0.0.1:{port}"


def _answers(port: int) -> bool:
    """Any status will do: gunicorn listens long before the application has loaded."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
