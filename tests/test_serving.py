"""How gunicorn serves here: what it refuses to start on, logs, counts, and takes from clients."""

import http.client
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask_migrate import upgrade
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from serving import door
from serving.balance import ENDING, LEAD, LEAVE_SECONDS, MOVE_SECONDS, Board, Share
from serving.intake import HEAD_MOST, Intake
from serving.start import METRICS_FOLDER, bury, usable_processors
from taskapp.db import transaction
from taskapp.readiness import SENTENCES

from .callers import PASSWORD
from .conftest import NewApp, NewDatabase, environment
from .faults.load import ask
from .servers.web import ROOT, WebServer, serving

TOKEN = "a token for the metrics and for nothing else"


def until(happens: Callable[[], Any]) -> None:
    """Ask again and again, for a minute at most."""
    deadline = time.monotonic() + 60
    while not happens():
        assert time.monotonic() < deadline


@pytest.fixture(scope="module")
def migrated(new_database: NewDatabase, new_app: NewApp) -> str:
    """The URL of a database with today's schema."""
    url = new_database()
    with new_app(url).app_context():
        upgrade()
    return url


@pytest.fixture(scope="module")
def server(migrated: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """Two workers on a database, for clients that are quick or slow."""
    env = environment(migrated, tmp_path_factory.mktemp("server")) | {
        "WEB_WORKERS": "2",
        "WEB_THREADS": "2",
        "WEB_SLOW_SECONDS": "1",
        "METRICS_TOKEN": TOKEN,
    }
    with serving(env) as started:
        yield started


def connect(server: WebServer) -> socket.socket:
    """A connection on which anything may be sent."""
    parts = urlsplit(server.url)
    return socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=30)


def answers(connection: socket.socket) -> bytes:
    """All that comes until the server closes."""
    received = b""
    while data := connection.recv(65536):
        received += data
    return received


# ---------------------------------------------------------------- the start


def start(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run gunicorn until it ends, which it is expected to do by itself."""
    return subprocess.run(
        [sys.executable, "-m", "gunicorn"],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **env},
        timeout=60,
    )


def test_a_schema_that_is_behind_is_refused_in_one_sentence(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    ended = start(environment(new_database(), tmp_path) | {"PORT": "1"})
    assert ended.returncode == 1
    assert ended.stderr == f"{SENTENCES['behind']}\n"
    assert "flask db upgrade" in ended.stderr
    assert ended.stdout == ""


def test_a_wrong_setting_is_refused_in_one_sentence(tmp_path: Path) -> None:
    ended = start(environment("sqlite:///x", tmp_path) | {"WEB_THREADS": "many"})
    assert ended.returncode == 1
    assert ended.stderr == "WEB_THREADS must be a whole number, not 'many'.\n"


def test_a_schema_of_a_newer_release_is_served_with_a_warning(
    new_database: NewDatabase, new_app: NewApp, tmp_path: Path
) -> None:
    url = new_database()
    with new_app(url).app_context():
        upgrade()
        with transaction() as session:
            session.execute(text("UPDATE alembic_version SET version_num = 'from_the_future'"))
    with serving(environment(url, tmp_path)) as server:
        assert ask(f"{server.url}/readyz").body == {"status": "ready", "database": "ahead"}
        assert SENTENCES["ahead"] in [line["message"] for line in server.lines]


def test_a_database_that_is_not_there_is_waited_for(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/missing/taskapp.db"
    with serving(environment(url, tmp_path)) as server:
        assert ask(f"{server.url}/healthz").kind == "200"
        said = [line["message"] for line in server.lines]
        assert said.index("the database does not answer: OperationalError") < said.index(
            SENTENCES["unreachable"]
        )
        assert ask(f"{server.url}/readyz").kind == "503"
        (tmp_path / "missing").mkdir()
        until(lambda: ask(f"{server.url}/readyz").body["database"] == "behind")


def test_there_are_as_many_workers_as_the_settings_say(tmp_path: Path) -> None:
    code = "import runpy; print(runpy.run_path('gunicorn.conf.py')['workers'])"

    def workers(url: str, **more: str) -> str:
        env = environment(url, tmp_path) | more
        return subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **env},
        ).stdout.strip()

    redis = "redis://127.0.0.1:1/0"
    assert workers("postgresql://x/y", REDIS_URL=redis) == str(usable_processors())
    assert workers("sqlite:///x", REDIS_URL=redis) == "1"
    assert workers("postgresql://x/y") == "1"
    assert workers("postgresql://x/y", WEB_WORKERS="3") == "3"


# ---------------------------------------------------------------- the log


def test_every_line_but_the_greeting_is_json_and_tells_nobodys_secret(server: WebServer) -> None:
    body = {"email": "ada@example.com", "password": PASSWORD}
    ask(f"{server.url}/api/auth/signup?secret=hush", "POST", body)
    ask(f"{server.url}/api/auth/login?secret=hush", "POST", body)
    for raw in (
        b"GET /hush?secret=hush HTTP/9.9\r\n\r\n",
        b"GET /ha sh?secret=hush HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization : hush\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nCookie: hush\0\r\n\r\n",
        b"POST /login?hush HTTP/1.1\r\nHost: x\r\nContent-Length: hush\r\n\r\npassword=hush",
        b"GET /" + b"hush" * 2000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"hush" * HEAD_MOST,
    ):
        with closing(connect(server)) as connection:
            connection.sendall(raw)
            said = answers(connection)
        assert re.match(rb"HTTP/1.1 4\d\d ", said), raw
        assert json.loads(said.partition(b"\r\n\r\n")[2])["request_id"] in server.log.read_text()

    written = server.log.read_text()
    for private in ("hush", PASSWORD, "ada@example", "Traceback"):
        assert private not in written
    refused = [line for line in server.lines if line["message"] == "a request was refused"]
    assert {line["status"] for line in refused} == {400, 414, 431}
    assert all(line["client"] == "127.0.0.1" and line["reason"] for line in refused)
    assert {line["level"] for line in server.lines} == {"INFO", "WARNING"}


# ---------------------------------------------------------------- what is counted


def counted(server: WebServer) -> dict[str, float]:
    """What /metrics tells, by name; the requests are those for /healthz."""
    answer = ask(f"{server.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(answer.body)
        for sample in family.samples
        if sample.labels.get("route") in (None, "/healthz")
    }


def test_whichever_worker_is_asked_tells_of_all_and_of_those_that_are_gone(
    server: WebServer,
) -> None:
    before = counted(server).get("taskapp_requests_total", 0)
    for _ in range(20):
        ask(f"{server.url}/healthz")
    assert {counted(server)["taskapp_requests_total"] for _ in range(10)} == {before + 20}
    # Each worker has two threads; the second may begin later than the first answers.
    until(lambda: counted(server)["taskapp_pool_size"] == 2 * 2)
    killed = server.workers[0]
    os.kill(killed, signal.SIGKILL)
    until(lambda: killed not in server.workers and len(server.workers) == 2)
    until(lambda: counted(server)["taskapp_pool_size"] == 2 * 2)
    assert counted(server)["taskapp_pool_in_use"] == 0
    assert {counted(server)["taskapp_requests_total"] for _ in range(10)} == {before + 20}


COUNTING = """
import os, sys
from prometheus_client import Counter, Gauge, Histogram
Counter("things", "", ["kind"]).labels(sys.argv[1]).inc(2)
Histogram("took", "", buckets=[1, 2]).observe(1.5)
Gauge("alive", "", multiprocess_mode="livesum").set(1)
print(os.getpid())
"""


def test_what_the_dead_have_counted_is_kept_in_one_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(METRICS_FOLDER, str(tmp_path))
    for kind in ("a", "b", "a"):
        ended = subprocess.run(
            [sys.executable, "-c", COUNTING, kind], check=True, capture_output=True, text=True
        )
        bury(int(ended.stdout))
    bury(int(ended.stdout))  # twice is once
    assert {each.name for each in tmp_path.iterdir()} == {
        "lock",
        "counter_dead.db",
        "histogram_dead.db",
    }
    everybody = CollectorRegistry()
    MultiProcessCollector(everybody, path=str(tmp_path))  # type: ignore[no-untyped-call]
    assert everybody.get_sample_value("things_total", {"kind": "a"}) == 4
    assert everybody.get_sample_value("things_total", {"kind": "b"}) == 2
    assert everybody.get_sample_value("took_sum") == 4.5
    assert everybody.get_sample_value("took_bucket", {"le": "1.0"}) == 0
    assert everybody.get_sample_value("took_bucket", {"le": "2.0"}) == 3
    assert everybody.get_sample_value("alive") is None


# ---------------------------------------------------------------- who takes whom


def holders(server: WebServer, clients: list[socket.socket]) -> list[int]:
    """How many of these connections each worker has."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    here = f":{urlsplit(server.url).port:04X}"
    theirs = {f":{client.getsockname()[1]:04X}" for client in clients}
    ends = [row for row in rows if row[1].endswith(here) and row[2][-5:] in theirs]
    wanted = {f"socket:[{row[9]}]" for row in ends}
    return [len(wanted & opened_by(pid)) for pid in server.workers]


def opened_by(pid: int) -> set[str]:
    """What a process has open."""
    found = set()
    with suppress(FileNotFoundError):  # it has ended
        for each in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # it has closed that one
                found.add(str(each.readlink()))
    return found


@contextmanager
def come(server: WebServer, count: int) -> Iterator[list[HTTPConnection]]:
    """So many clients, one after another, who stay after they have been answered."""
    address = urlsplit(server.url)
    with ExitStack() as stack:
        clients = [
            stack.enter_context(closing(HTTPConnection(str(address.hostname), address.port)))
            for _ in range(count)
        ]
        for client in clients:
            ask_again(client)
        yield clients


def ask_again(client: HTTPConnection) -> None:
    """As browsers do: over the same connection, or over a new one if the server has closed it."""
    client.request("GET", "/healthz")
    assert client.getresponse().read()


def held(server: WebServer, clients: list[HTTPConnection]) -> list[int]:
    """How many of these clients each worker has."""
    return holders(server, [client.sock for client in clients if client.sock])


def both_take(server: WebServer) -> bool:
    """Whether each worker has begun to take clients."""
    with come(server, 4) as clients:
        return len(found := held(server, clients)) == 2 and all(found)


def test_a_worker_with_more_clients_leaves_who_comes_to_another_for_a_moment() -> None:
    board = Board()
    mine, other = board.take(), board.take()
    share = Share(board)
    board.say(mine, 1)
    board.say(other, 0)
    assert share.leaves(1, 10)
    assert share.leaves_for(10) == pytest.approx(LEAVE_SECONDS)
    after = 10 + LEAVE_SECONDS
    assert not share.leaves_for(after)
    assert not share.leaves(1, after)  # nobody else has taken it
    assert share.leaves(2, after)  # the next one
    board.say(mine, 2)
    board.say(other, 2)
    assert not share.leaves(2, 20)


def test_a_worker_far_ahead_of_another_asks_a_client_now_and_then_to_come_again() -> None:
    board = Board()
    share = Share(board)
    board.say(board.take(), 0)
    assert share.moves(LEAD + 1, 10)
    assert not share.moves(LEAD + 1, 10 + MOVE_SECONDS / 2)
    assert share.moves(LEAD + 1, 10 + MOVE_SECONDS)
    assert not share.moves(LEAD, 20)


def test_new_clients_go_to_the_worker_that_has_fewer(server: WebServer) -> None:
    until(lambda: both_take(server))
    other = server.workers[1]
    os.kill(other, signal.SIGSTOP)
    with ExitStack() as stack:
        stack.callback(os.kill, other, signal.SIGCONT)
        first = stack.enter_context(come(server, 20))
        # Some are asked to come again, in vain.
        assert held(server, first)[0] >= 15
        os.kill(other, signal.SIGCONT)

        # Most of them, not all: the other one is not always in time. It would be half of them else.
        taken = 0
        for _ in range(5):
            with come(server, 20) as second:
                taken += held(server, second)[1]
        assert taken >= 65


def test_clients_that_stay_are_shared_out_anew_with_a_new_worker(server: WebServer) -> None:
    killed = server.workers[0]
    os.kill(killed, signal.SIGKILL)
    until(lambda: killed not in server.workers)
    with come(server, 20) as clients:  # the other one takes them

        def is_even() -> bool:
            for client in clients:
                ask_again(client)
            found = held(server, clients)
            return len(found) == 2 and min(found) >= 8

        until(is_even)


def test_a_worker_that_stands_still_is_not_waited_for(server: WebServer) -> None:
    until(lambda: len(server.workers) == 2)
    os.kill(server.workers[0], signal.SIGSTOP)
    with ExitStack() as stack:
        stack.callback(os.kill, server.workers[0], signal.SIGCONT)
        clients = [stack.enter_context(connect(server)) for _ in range(20)]
        for client in clients:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        for client in clients:
            assert answers(client).startswith(b"HTTP/1.1 200")


# ---------------------------------------------------------------- slow clients


@pytest.fixture(params=["127.0.0.1", "::1"])
def listener(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    """A socket that clients connect to."""
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.create_server((request.param, 0), family=family) as made:
        made.setblocking(False)
        yield made


def comes_in(listener: socket.socket) -> bool:
    """Whether somebody new gets into the queue; on one machine that is known within a second."""
    with socket.socket(listener.family) as client:
        client.setblocking(False)
        with suppress(BlockingIOError):
            client.connect(listener.getsockname())
        return client in select.select([], [client], [], 1)[1]


def test_a_shut_door_lets_nobody_in_and_serves_those_who_are(listener: socket.socket) -> None:
    with socket.create_connection(listener.getsockname()[:2]) as client:
        assert comes_in(listener)
        door.shut(listener)
        assert not comes_in(listener)
        taken, _ = listener.accept()
        with taken:
            client.sendall(b"?")
            assert taken.recv(1) == b"?"
            taken.sendall(b"!")
            assert client.recv(1) == b"!"
    door.unshut(listener)
    assert comes_in(listener)


def test_workers_that_are_ended_by_hand_leave_the_door_open_to_the_next(server: WebServer) -> None:
    old = set(server.workers)
    for worker in old:
        os.kill(worker, signal.SIGTERM)
    until(lambda: len(server.workers) == 2 and not old & set(server.workers))
    assert ask(f"{server.url}/healthz").kind == "200"


def test_workers_end_together_when_none_takes_anybody_and_none_begins_to() -> None:
    board = Board()
    old, other = board.take(), board.take()
    board.say(old, 3)
    board.say(other, ENDING)
    assert not board.is_ending()
    board.say(old, ENDING)
    assert board.is_ending()
    new = board.take()  # by a reload
    assert not board.is_ending()
    board.leave(new)
    board.leave(other)
    assert board.is_ending()


def test_half_a_request_on_every_thread_and_more_stops_nobody(server: WebServer) -> None:
    halves = (
        b"",
        b"GET /",
        b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf",
        b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\nhalf",
        b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
        b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",
    )
    with ExitStack() as stack:
        connections = [stack.enter_context(connect(server)) for _ in range(5) for _ in halves]
        for number, connection in enumerate(connections):
            connection.sendall(halves[number % len(halves)])
        assert {ask(f"{server.url}/healthz").kind for _ in range(20)} == {"200"}
        ends = [answers(connection) for connection in connections]
    assert ends[0] == b""  # who said nothing is told nothing
    for said, status in zip(ends[1:6], (408, 408, 413, 408, 408), strict=True):
        assert f"HTTP/1.1 {status} ".encode() in said
        assert b'"request_id"' in said or status == 413
    assert ends[5].startswith(b"HTTP/1.1 100 Continue\r\n\r\n")


def test_a_request_that_comes_byte_by_byte_is_answered(server: WebServer) -> None:
    body = json.dumps({"email": "nobody@example.com", "password": PASSWORD}).encode()
    head = "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    for raw in (
        f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body,
        f"{head}Transfer-Encoding: chunked\r\n\r\n".encode()
        + b"".join(b"%x;a=b\r\n%s\r\n" % (len(part), part) for part in (body[:20], body[20:]))
        + b"0\r\nX-Sum: 1\r\n\r\n",
    ):
        with closing(connect(server)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for number in range(len(raw)):
                connection.sendall(raw[number : number + 1])
            response = http.client.HTTPResponse(connection)
            response.begin()
            assert response.status == 401, response.read()


def test_requests_sent_one_after_another_without_waiting_are_answered_in_turn(
    server: WebServer,
) -> None:
    one = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    post = b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
    last = b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with closing(connect(server)) as connection:
        connection.sendall(one + post + one * 3 + one[:10])
        connection.sendall(one[10:] + last)
        said = answers(connection)
    statuses = re.findall(rb"HTTP/1.1 (\d+)", said)
    assert statuses == [b"200", b"415", b"200", b"200", b"200", b"200", b"404"]


def test_an_answer_comes_in_one_go(server: WebServer) -> None:
    with closing(connect(server)) as connection:
        for _ in range(3):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            said = connection.recv(65536)
            head, _, body = said.partition(b"\r\n\r\n")
            length = re.search(rb"Content-Length: (\d+)", head)
            assert length
            assert len(body) == int(length[1]) > 0


def test_a_request_that_begins_at_once_and_ends_later_is_answered(server: WebServer) -> None:
    """A thread stays with a connection for a moment; what is not there by then, the loop awaits."""
    one = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    post = b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
    with closing(connect(server)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(one)
        for request in (one, post, one, post, one):
            for cut in range(1, len(request), 7):
                assert connection.recv(65536).startswith(b"HTTP/1.1")
                connection.sendall(request[:cut])
                ask(f"{server.url}/healthz")
                connection.sendall(request[cut:])
        assert connection.recv(65536).startswith(b"HTTP/1.1")


def test_a_client_that_goes_after_its_answer_takes_no_thread_along(server: WebServer) -> None:
    for _ in range(20):
        with closing(connect(server)) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    assert {ask(f"{server.url}/healthz", patience=5).kind for _ in range(10)} == {"200"}


def test_who_asks_for_leave_to_send_is_given_it_once(server: WebServer) -> None:
    head = b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
    with closing(connect(server)) as connection:
        connection.sendall(head + b"Connection: close\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert re.findall(rb"HTTP/1.1 (\d+)", answers(connection)) == [b"415"]


def test_a_client_that_keeps_its_end_open_keeps_nobody_waiting(server: WebServer) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    connections = [connect(server) for _ in range(20)]
    for connection in connections:
        connection.sendall(request)
    # gunicorn by itself would wait two seconds for each, and serve nobody meanwhile.
    assert {ask(f"{server.url}/healthz", patience=5).kind for _ in range(10)} == {"200"}
    assert {answers(connection)[:12] for connection in connections} == {b"HTTP/1.1 200"}
    for connection in connections:
        connection.close()


# ---------------------------------------------------------------- where a request ends

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"
WHOLE = [
    HEAD + b"\r\n",
    HEAD + b"Content-Length: 3\r\n\r\nabc",
    HEAD + b"content-length:\t3 \r\n\r\nabc",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    HEAD + b"Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n3;x=y\r\n\r\n0\r\n"
    + b"0A \r\n0\r\n\r\n0\r\n\r\n\r\n0\r\na: b\r\n\r\n",
]


@pytest.mark.parametrize("whole", WHOLE)
def test_a_request_is_whole_with_its_last_byte_and_not_before(whole: bytes) -> None:
    intake = Intake(0, 1000)
    for number in range(len(whole) - 1):
        assert not intake.add(whole[number : number + 1])
    assert intake.add(whole[-1:])
    assert bytes(intake.data) == whole
    for cut in range(1, len(whole)):
        two = Intake(0, 1000)
        assert not two.add(whole[:cut])
        assert two.add(whole[cut:] + b"GET /next")
        assert not two.is_cut


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 1001\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nnone\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n" + b"x" * 70_000,
    ],
)
def test_a_body_that_is_too_large_or_broken_is_not_waited_for(rest: bytes) -> None:
    intake = Intake(0, 1000)
    assert intake.add(HEAD + rest)
    assert intake.is_cut


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 3\r\nContent-Length: 4\r\n\r\n",
        b"Content-Length: three\r\n\r\n",
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"Transfer-Encoding: gzip\r\n\r\n",
    ],
)
def test_what_is_refused_for_its_head_is_handed_on_with_its_head(rest: bytes) -> None:
    assert Intake(0, 1000).add(HEAD + rest)


def test_a_head_without_an_end_is_too_long_at_some_time() -> None:
    intake = Intake(0, 1000)
    assert not intake.add(b"x" * HEAD_MOST)
    assert not intake.is_too_long
    assert not intake.add(b"x")
    assert intake.is_too_long
