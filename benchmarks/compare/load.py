"""Requests that are prepared, and sent by wrk."""

import http.client
import json
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SCRIPT = Path(__file__).with_name("rotate.lua")
JSON = "application/json"
# wrk counts what takes longer as an error.
TIMEOUT = "30s"


class Failed(RuntimeError):
    """What was measured gave wrong answers, or none: there are no figures to be had of it."""


@dataclass(frozen=True)
class Request:
    """What a client sends."""

    path: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""

    def raw(self, host: str) -> bytes:
        """It as it goes over the wire."""
        headers = [("Host", host), *self.headers]
        if self.body:
            headers += [("Content-Type", JSON), ("Content-Length", str(len(self.body.encode())))]
        elif self.method != "GET":
            headers.append(("Content-Length", "0"))
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{k}: {v}" for k, v in headers)]
        return "\r\n".join([*lines, "", self.body]).encode()


@dataclass(frozen=True)
class Reply:
    """What a server answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def json(self) -> Any:
        """Its body."""
        return json.loads(self.data)

    @property
    def cookies(self) -> dict[str, str]:
        """What it sets."""
        pairs = (line.split(";", 1)[0] for line in self.headers.get("set-cookie", "").split("\n"))
        return dict(pair.split("=", 1) for pair in pairs if pair)


@dataclass(frozen=True)
class Count:
    """What came of so many requests; milliseconds, but for `seconds`."""

    requests: int
    seconds: float
    bytes: int
    p50: float
    p99: float
    most: float
    refused: int
    broken: int
    statuses: dict[str, int]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def ask(url: str, request: Request, expected: int | None = None) -> Reply:
    """Send one request, over a connection of its own; raise Failed for another status."""
    headers = ({"Content-Type": JSON} if request.body else {}) | dict(request.headers)
    with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)) as connection:
        connection.request(request.method, request.path, request.body or None, headers)
        response = connection.getresponse()
        data = response.read()
    told: dict[str, str] = {}
    for name, value in response.getheaders():
        key = name.lower()
        told[key] = f"{told[key]}\n{value}" if key in told else value
    if expected is not None and response.status != expected:
        raise Failed(
            f"{request.method} {url}{request.path} answered {response.status}, "
            f"not {expected}: {data[:300]!r}"
        )
    return Reply(response.status, told, data)


def find_wrk() -> str:
    """The program that makes the load."""
    if found := shutil.which("wrk"):
        return found
    raise SystemExit(
        "wrk is missing, which sends the requests. Install it and start again; "
        "Debian, Ubuntu: apt-get install wrk"
    )


class Load:
    """wrk, with requests that it sends in turn over so many connections."""

    def __init__(
        self, folder: Path, url: str, requests: Sequence[Request], name: str = "requests"
    ) -> None:
        """Prepare the requests; loads of the same name are not for the same time."""
        self._url = url
        self._file = folder / name
        host = urlsplit(url).netloc
        with self._file.open("wb") as file:
            for each in requests:
                raw = each.raw(host)
                file.write(b"%d\n%b" % (len(raw), raw))

    def warm(self, connections: int, seconds: float) -> Count:
        """Send for so long, or until there are answers; count their statuses.

        Raise Failed for a bad one.
        """
        for patience in (seconds, 10 * seconds):
            process = self._start(connections, 60, "statuses")
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGINT)
            if (count := self._end(process, fewest=0)).requests:
                return count
        raise Failed(f"{self._url} does not answer within {10 * seconds:.0f} s")

    def run(self, connections: int, seconds: int) -> Count:
        """Send for so many seconds; raise Failed if a request failed."""
        return self._end(self._start(connections, seconds))

    @contextmanager
    def meanwhile(self, connections: int) -> Iterator[list[Count]]:
        """Send until the block ends; what came of it, if only little, is in the list after that."""
        counts: list[Count] = []
        process = self._start(connections, 600)
        try:
            yield counts
        finally:
            process.send_signal(signal.SIGINT)
            counts.append(self._end(process, fewest=0))

    def _start(self, connections: int, seconds: int, *more: str) -> subprocess.Popen[str]:
        options = ["-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout", TIMEOUT]
        return subprocess.Popen(
            [find_wrk(), *options, "-s", SCRIPT, self._url, "--", self._file, *more],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _end(self, process: subprocess.Popen[str], fewest: int = 1) -> Count:
        said, _ = process.communicate(timeout=120)
        found = [line for line in said.splitlines() if line.startswith("{")]
        if process.returncode or not found:
            raise Failed(f"wrk ended with status {process.returncode}; it said:\n{said}")
        count = Count(**json.loads(found[-1]))
        bad = [each for each in count.statuses if each[0] != "2" and each != "304"]
        if count.refused or count.broken or bad or count.requests < fewest:
            raise Failed(f"Requests to {self._url} failed: {count}")
        return count
