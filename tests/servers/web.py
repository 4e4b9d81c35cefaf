"""The application as it runs in production, on loopback.

Law: it sees the environment that the test names and nothing else of the developer's.
"""

import http.client
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .processes import free_port, running

ROOT = Path(__file__).resolve().parents[2]
INHERITED = ("PATH", "HOME", "LANG")


@dataclass(frozen=True)
class WebServer:
    """gunicorn as it runs: `url` has no slash at the end, `log` is what it has printed."""

    url: str
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def workers(self) -> list[int]:
        """The ids of its worker processes, the oldest first."""
        pid = self.process.pid
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What it has logged; every line but the greeting is JSON."""
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line not in self._greeting()]

    def memory(self) -> int:
        """Bytes that its workers have in memory, those that they share counted for each."""
        pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.workers]
        return sum(pages) * resource.getpagesize()

    def reload(self) -> None:
        """Let other workers take the place of these; returns at once."""
        self.process.send_signal(signal.SIGHUP)

    def stop(self) -> int:
        """Let it finish what is running and end; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def _greeting(self) -> list[str]:
        lines = self.log.read_text().splitlines()
        begin = lines.index(f"taskapp is at {self.url} (stop it with Ctrl-C)")
        return lines[begin : begin + 3]


@contextmanager
def serving(
    env: Mapping[str, str], root: Path = ROOT, arguments: Sequence[str] = ()
) -> Iterator[WebServer]:
    """Yield gunicorn, run in `root` with its config and these arguments besides.

    It has answered one request for `/` by then, so an application that cannot boot raises here.
    HOST and PORT are chosen here; all other settings, INSTANCE_DIR for one, are the caller's.
    """
    port = free_port()
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    with TemporaryDirectory(prefix="web-") as folder:
        log = Path(folder) / "log"
        with running(
            [sys.executable, "-m", "gunicorn", *arguments],
            ready=partial(_answers, port),
            log=log,
            cwd=root,
            # What a server that is killed leaves behind goes with the folder.
            env={**inherited, "TMPDIR": folder, **env, "HOST": "127.0.0.1", "PORT": str(port)},
        ) as process:
            yield WebServer(f"http://127.0.0.1:{port}", log, process)


@contextmanager
def serve(env: Mapping[str, str], root: Path = ROOT) -> Iterator[str]:
    """The same, for those who want no more than its base URL."""
    with serving(env, root) as server:
        yield server.url


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
