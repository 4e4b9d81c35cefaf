"""What is shared through Redis, and what becomes of it while Redis is lost."""

import gzip
import logging
import pickle
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from taskapp import shared
from taskapp.api.docs import release
from taskapp.shared import Counts, Documents, Line

from .auth.conftest import Variant, variant
from .auth.test_throttle import LIMITS, assert_limited, exhaust, log_in
from .callers import PASSWORD, Caller, assert_problem
from .servers.redis import RedisServer, redis

__all__ = ["variant"]  # a fixture
WINDOW = ("key", 3, 60)


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """A Redis that each test may stop."""
    with redis() as started:
        yield started


@pytest.fixture
def redis_server(server: RedisServer) -> RedisServer:
    """An empty one, which runs."""
    server.stop()
    server.start()
    return server


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """What looks like a Redis that hangs: it can be reached, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a lost Redis be tried again at once."""
    monkeypatch.setattr(shared, "PAUSE_SECONDS", 0.0)


def url_of(listener: socket.socket) -> str:
    return f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


def callers_of(listener: socket.socket) -> int:
    """How many have called since it was asked last."""
    listener.settimeout(0)
    number = 0
    while True:
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return number
        number += 1


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log tells of Redis."""
    return [each.message for each in caplog.records if each.message.startswith("Redis")]


def test_a_redis_that_hangs_holds_one_request_up_and_no_other(
    variant: Variant, alice: Caller, silent: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    client = variant(**LIMITS, REDIS_URL=url_of(silent)).test_client()
    exhaust(client)
    assert_limited(log_in(client))
    assert client.get("/api/openapi.json").status_code == 200
    assert callers_of(silent) == 1
    assert told(caplog) == ["Redis is lost: this process counts and keeps by itself"]


def test_that_redis_is_lost_and_back_is_told_once(
    redis_server: RedisServer, impatient: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "taskapp")
    line = Line(0)
    counts = Counts("", url=redis_server.url, line=line)
    for _ in range(3):
        counts.get_moving_window(*WINDOW)
    assert told(caplog) == []
    redis_server.stop()
    for _ in range(3):
        counts.acquire_entry(*WINDOW)
    assert told(caplog) == ["Redis is lost: this process counts and keeps by itself"]
    redis_server.start()
    for _ in range(3):
        counts.get_moving_window(*WINDOW)
    assert told(caplog)[1:] == ["Redis is back: counts are shared again"]


def test_limits_are_shared_again_when_redis_is_back(
    variant: Variant, alice: Caller, bob: Caller, redis_server: RedisServer, impatient: None
) -> None:
    first = variant(**LIMITS, REDIS_URL=redis_server.url).test_client()
    redis_server.stop()
    exhaust(first)
    assert_limited(log_in(first))
    redis_server.start()
    # What was counted meanwhile is not forgotten.
    assert_limited(log_in(first))
    exhaust(first, "bob@example.com")
    second = variant(**LIMITS, REDIS_URL=redis_server.url).test_client()
    assert_limited(log_in(second, "bob@example.com"))


def test_a_redis_that_takes_no_writes_opens_no_door(
    variant: Variant, alice: Caller, redis_server: RedisServer
) -> None:
    """It is full, or a replica: reading it tells that nobody has failed yet."""
    Redis.from_url(redis_server.url).config_set("maxmemory", "1")
    client = variant(**LIMITS, REDIS_URL=redis_server.url).test_client()
    assert log_in(client, password=PASSWORD).status_code == 200
    exhaust(client)
    assert_limited(log_in(client))


def test_counts_can_be_read_and_forgotten_with_and_without_redis(
    redis_server: RedisServer,
) -> None:
    counts = Counts("", url=redis_server.url, line=Line(0))
    for _ in range(2):
        assert [counts.incr("n", 60), counts.incr("n", 60), counts.get("n")] == [1, 2, 2]
        assert counts.get_expiry("n") > 0
        counts.clear("n")
        assert counts.get("n") == 0
        counts.acquire_entry(*WINDOW)
        counts.reset()
        assert counts.get_moving_window(*WINDOW)[1] == 0
        assert counts.check()
        redis_server.stop()


def test_the_documentation_is_made_once_for_all_hosts(
    variant: Variant, client: FlaskClient, redis_server: RedisServer
) -> None:
    document = client.get("/api/openapi.json").data
    first, second = (variant(REDIS_URL=redis_server.url).test_client() for _ in range(2))
    assert first.get("/api/openapi.json").data == document
    kept = Redis.from_url(redis_server.url)
    [name] = kept.keys()
    assert name == f"taskapp:openapi {release()}".encode()
    assert gzip.decompress(kept.get(name)) == document  # type: ignore[arg-type]
    assert 0 < kept.ttl(name) <= shared.KEPT_SECONDS
    kept.set(name, gzip.compress(b"{}"))
    assert second.get("/api/openapi.json").data == b"{}"


def test_the_documentation_is_answered_while_redis_is_lost(
    variant: Variant, client: FlaskClient, redis_server: RedisServer
) -> None:
    there = variant(REDIS_URL=redis_server.url).test_client()
    redis_server.stop()
    for _ in range(2):
        assert there.get("/api/openapi.json").data == client.get("/api/openapi.json").data


class Bomb:
    """Whoever unpickles it calls something."""

    def __reduce__(self) -> Any:
        return pytest.fail, ("was unpickled",)


def test_what_is_in_redis_is_read_as_bytes_and_never_run(redis_server: RedisServer) -> None:
    documents = Documents(redis_server.url, Line(0))
    Redis.from_url(redis_server.url).set("taskapp:page", b"!" + pickle.dumps(Bomb()))
    assert documents.get("page")[:1] == b"!"


def test_nothing_of_a_person_is_kept_in_redis(
    variant: Variant, alice: Caller, redis_server: RedisServer
) -> None:
    client = variant(**LIMITS, REDIS_URL=redis_server.url).test_client()
    body = {"email": alice.email, "password": PASSWORD}
    token = client.post("/api/auth/login", json=body).get_json()["access_token"]
    client.get(f"/api/{alice.id}/tasks", headers={"Authorization": f"Bearer {token}"})
    assert_problem(log_in(client, alice.email), 401, "credentials_wrong")
    for path in ("/", "/login", "/api/docs", "/api/openapi.json"):
        client.get(path)
    kept = Redis.from_url(redis_server.url)
    names = sorted(name.decode() for name in kept.keys())  # type: ignore[union-attr]  # noqa: SIM118
    assert [name.split(" ")[0].split("/")[0] for name in names] == [
        "LIMITS:LIMITER",
        "LIMITS:LIMITER",
        "taskapp:openapi",
    ]
    assert not any(alice.email in name for name in names)
