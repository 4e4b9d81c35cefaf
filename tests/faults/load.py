"""Steady traffic while something breaks, and what became of it.

Law: loopback only, and bounded: whoever begins a `Load` ends it, and no request waits longer than
`PATIENCE` seconds. What failed is counted by kind, and never hidden by trying again.
"""

import http.client
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import urlsplit

# Seconds after which a request counts as one that hangs.
PATIENCE = 60
HUNG = "hung"


@dataclass(frozen=True)
class Reply:
    """What became of one request: a status, or the name of what went wrong on the way."""

    kind: str
    began: float
    seconds: float
    body: Any = None

    @property
    def ended(self) -> float:
        """When it was over, by the monotonic clock."""
        return self.began + self.seconds


@dataclass
class Load:
    """The replies so far; `kinds` counts them, `longest` is the longest wait in seconds."""

    replies: list[Reply] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)
    _over: Event = field(default_factory=Event)

    def add(self, reply: Reply) -> None:
        """Keep a reply."""
        with self._lock:
            self.replies.append(reply)

    def since(self, moment: float) -> list[Reply]:
        """The replies to what was asked after a moment of the monotonic clock."""
        with self._lock:
            return [each for each in self.replies if each.began >= moment]

    def wait_for(self, kind: str, since: float, seconds: float = PATIENCE) -> float:
        """When the first request asked after `since` had ended with `kind`; raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            ended = [each.ended for each in self.since(since) if each.kind == kind]
            if ended:
                return min(ended)
            self._over.wait(0.01)
        raise TimeoutError(f"no {kind} within {seconds} seconds")

    @property
    def kinds(self) -> Counter[str]:
        """How many replies there were of each kind."""
        return Counter(each.kind for each in self.since(0))

    @property
    def longest(self) -> float:
        """The longest wait, in seconds."""
        return max((each.seconds for each in self.since(0)), default=0)


@contextmanager
def load(work: Callable[[int], Reply], clients: int) -> Iterator[Load]:
    """So many clients, each of which calls `work(number)` again and again until the block ends."""
    running = Load()

    def go_on(number: int) -> None:
        while not running._over.is_set():
            running.add(work(number))

    threads = [Thread(target=go_on, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield running
    finally:
        running._over.set()
        for thread in threads:
            thread.join()


def ask(
    url: str,
    method: str = "GET",
    json_body: Any = None,
    headers: dict[str, str] | None = None,
    patience: float = PATIENCE,
) -> Reply:
    """One request over a connection of its own."""
    parts = urlsplit(url)
    body = None if json_body is None else json.dumps(json_body)
    sent = ({"Content-Type": "application/json"} if body else {}) | (headers or {})
    began = time.monotonic()
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=patience)
    try:
        connection.request(method, f"{parts.path}?{parts.query}".rstrip("?"), body, sent)
        response = connection.getresponse()
        text = response.read()
        kind = str(response.status)
    except TimeoutError:
        kind, text = HUNG, b""
    except (OSError, http.client.HTTPException) as error:
        kind, text = type(error).__name__, b""
    finally:
        connection.close()
    seconds = time.monotonic() - began
    return Reply(kind, began, seconds, _read(text))


def _read(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.decode(errors="replace")
