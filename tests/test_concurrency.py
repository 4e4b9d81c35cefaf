"""Many at once: nothing is lost, nothing is overwritten unseen, and nobody is turned away."""

import json
import os
import secrets
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select, update

from taskapp.db import fetch, now, transaction
from taskapp.domain.actors import Actor
from taskapp.domain.errors import Conflict
from taskapp.models import IdempotencyKey, Task, User
from taskapp.services import accounts, tasks

from .callers import PASSWORD, Caller
from .conftest import NewApp, NewDatabase, environment
from .servers.web import serve


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Do the work in so many threads, which begin together; what each returned."""
    barrier = Barrier(count, timeout=30)

    def begin(number: int) -> Any:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


@pytest.fixture
def another_alice(app: Flask, alice: Caller) -> Callable[[], Caller]:
    """Makes Alice again, at a device of her own."""
    return lambda: replace(alice, client=app.test_client())


def test_forty_turns_of_one_task_are_all_counted(
    alice: Caller, another_alice: Callable[[], Caller]
) -> None:
    path = f"/tasks/{alice.add_task()['id']}"

    def turn(_number: int) -> list[tuple[int, bool]]:
        device = another_alice()
        answers = [device.patch(f"{path}/complete") for _ in range(4)]
        return [(each.status_code, (each.json or {})["completed"]) for each in answers]

    answers = [each for answers in at_once(10, turn) for each in answers]

    assert [status for status, _ in answers] == [200] * 40
    assert sum(completed for _, completed in answers) == 20  # each turn saw the one before
    shown = alice.get(path)
    assert (shown.json or {})["completed"] is False
    assert shown.headers["ETag"] == '"41"'


def test_forty_and_one_turns_leave_a_task_done(
    alice: Caller, another_alice: Callable[[], Caller]
) -> None:
    path = f"/tasks/{alice.add_task()['id']}"
    at_once(8, lambda _: [another_alice().patch(f"{path}/complete") for _ in range(5)])
    shown = alice.patch(f"{path}/complete")
    assert (shown.json or {})["completed"] is True
    assert shown.headers["ETag"] == '"42"'


def test_eight_writers_at_once_lose_nothing_and_see_no_error(
    alice: Caller, another_alice: Callable[[], Caller]
) -> None:
    shared = f"/tasks/{alice.add_task()['id']}"

    def write(number: int) -> list[int]:
        device, statuses = another_alice(), []
        for turn in range(10):
            task = device.add_task(f"{number}.{turn}")
            own = f"/tasks/{task['id']}"
            statuses += [
                device.patch(own, {"description": f"{number}.{turn}"}).status_code,
                device.patch(shared, {"description": f"{number}.{turn}"}).status_code,
                device.get("/tasks?limit=5").status_code,
            ]
            if turn % 2:
                statuses.append(device.delete(own).status_code - 4)
        return statuses

    statuses = at_once(8, write)
    assert {each for some in statuses for each in some} == {200}
    listed = alice.get("/tasks?limit=500").json or []
    found = {task["title"]: task["description"] for task in listed}
    kept = {f"{number}.{turn}" for number in range(8) for turn in range(0, 10, 2)}
    assert {title: found[title] for title in kept} == {title: title for title in kept}
    assert len(listed) == len(kept) + 1
    assert alice.get(shared).headers["ETag"] == '"81"'


def test_services_called_by_threads_of_their_own_lose_nothing(app: Flask, alice: Caller) -> None:
    def write(number: int) -> list[int]:
        with app.app_context():
            return [tasks.create(Actor(alice.id), title=f"{number}").id for _ in range(10)]

    ids = [task_id for some in at_once(8, write) for task_id in some]
    assert len(set(ids)) == 80
    assert {task["id"] for task in alice.get("/tasks?limit=500").json or []} == set(ids)


def test_of_writers_who_name_the_same_version_one_is_heard(
    alice: Caller, another_alice: Callable[[], Caller]
) -> None:
    created = alice.add_task()
    path = f"/tasks/{created['id']}"
    seen = {"If-Match": alice.get(path).headers["ETag"]}

    def write(number: int) -> tuple[int, int]:
        response = another_alice().put(path, {"title": f"{number}"}, headers=seen)
        return response.status_code, number

    answers = at_once(8, write)
    assert sorted(status for status, _ in answers) == [200] + [412] * 7
    [winner] = [number for status, number in answers if status == 200]
    assert (alice.get(path).json or {})["title"] == f"{winner}"
    assert alice.get(path).headers["ETag"] == '"2"'


def test_of_those_who_delete_the_version_they_saw_one_succeeds(
    alice: Caller, another_alice: Callable[[], Caller]
) -> None:
    path = f"/tasks/{alice.add_task()['id']}"
    seen = {"If-Match": alice.get(path).headers["ETag"]}
    statuses = at_once(8, lambda _: another_alice().delete(path, headers=seen).status_code)
    assert sorted(statuses) == [204] + [404] * 7


def test_a_change_and_a_deletion_of_the_same_version_never_both_succeed(
    alice: Caller, another_alice: Callable[[], Caller]
) -> None:
    for _ in range(10):
        path = f"/tasks/{alice.add_task()['id']}"
        seen = {"If-Match": alice.get(path).headers["ETag"]}

        def write(number: int, path: str = path, seen: dict[str, str] = seen) -> int:
            device = another_alice()
            if number:
                return device.delete(path, headers=seen).status_code
            return device.patch(path, {"title": "changed"}, headers=seen).status_code

        changed, deleted = at_once(2, write)
        assert (changed, deleted) in [(200, 412), (404, 204)]
        assert alice.get(path).status_code == (200 if changed == 200 else 404)


def count_up(device: Caller, path: str) -> int:
    """Add one to the number in a description, as often as it takes; how often it took."""
    for attempt in range(1, 10_000):
        read = device.get(path)
        number = int((read.json or {})["description"]) + 1
        seen = {"If-Match": read.headers["ETag"]}
        written = device.patch(path, {"description": f"{number}"}, headers=seen)
        if written.status_code == 200:
            return attempt
        assert written.status_code == 412
    raise AssertionError("never heard")


def test_reading_changing_and_trying_again_loses_no_increment(
    alice: Caller, another_alice: Callable[[], Caller]
) -> None:
    path = f"/tasks/{alice.add_task(description='0')['id']}"
    at_once(6, lambda _: [count_up(another_alice(), path) for _ in range(5)])
    shown = alice.get(path)
    assert (shown.json or {})["description"] == "30"
    assert shown.headers["ETag"] == '"31"'


def test_of_those_who_sign_up_with_one_address_one_has_the_account(app: Flask) -> None:
    def sign_up(number: int) -> int:
        email = "ada@example.com" if number % 2 else "ADA@Example.com"
        with app.app_context():
            try:
                return accounts.sign_up(email, PASSWORD, rounds=4).id
            except Conflict:
                return 0

    ids = at_once(8, sign_up)
    assert ids.count(0) == 7
    with app.app_context():
        assert [user.id for user in accounts.list_all()] == [max(ids)]


# ---------------------------------------------------------------- several processes


@pytest.fixture
def server(new_database: NewDatabase, new_app: NewApp, tmp_path: Path) -> Iterator[str]:
    """The address of four server processes on one database."""
    url = new_database()
    with new_app(url).app_context():
        upgrade()
    env = {
        "APP_ENV": "production",
        "DATABASE_URL": url,
        "INSTANCE_DIR": str(tmp_path),
        "SECRET_KEY": secrets.token_hex(),
        "JWT_SECRET_KEY": secrets.token_hex(),
        "BCRYPT_ROUNDS": "4",
        "WEB_WORKERS": "4",
        "WEB_THREADS": "4",
    }
    with serve(env) as address:
        yield address


def ask(method: str, url: str, token: str = "", body: Any = None) -> tuple[int, Any]:
    """One request over a connection of its own, so that any process may get it."""
    request = urllib.request.Request(url, method=method)
    request.add_header("Authorization", f"Bearer {token}")
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.status, json.load(response)


def test_eight_writers_on_four_processes_lose_nothing_and_see_no_error(server: str) -> None:
    body = {"email": "ada@example.com", "password": PASSWORD}
    ask("POST", f"{server}/api/auth/signup", body=body)
    _, login = ask("POST", f"{server}/api/auth/login", body=body)
    token, here = login["access_token"], f"{server}/api/{login['user']['id']}/tasks"
    _, shared = ask("POST", here, token, {"title": "shared"})

    def write(number: int) -> set[int]:
        statuses = set()
        for turn in range(10):
            status, task = ask("POST", here, token, {"title": f"{number}.{turn}"})
            change = {"description": f"{number}.{turn}"}
            statuses |= {
                status - 1,
                ask("PUT", f"{here}/{task['id']}", token, change)[0],
                ask("PATCH", f"{here}/{shared['id']}/complete", token)[0],
                ask("GET", f"{here}?limit=3", token)[0],
            }
        return statuses

    assert set.union(*at_once(8, write)) == {200}
    _, listed = ask("GET", f"{here}?limit=500", token)
    assert len(listed) == 81
    assert all(
        task["description"] == task["title"] for task in listed if task["id"] != shared["id"]
    )
    request = urllib.request.Request(
        f"{here}/{shared['id']}", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        assert response.headers["ETag"] == '"81"'
        assert json.load(response)["completed"] is False


# ---------------------------------------------------------------- one key


def post(url: str, body: Any, key: str, token: str = "") -> tuple[int, Any]:
    """POST under a key, over a connection of its own; an error is an answer too."""
    request = urllib.request.Request(url, json.dumps(body).encode())
    request.add_header("Authorization", f"Bearer {token}")
    request.add_header("Content-Type", "application/json")
    request.add_header("Idempotency-Key", key)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def send_again(*request: Any) -> Callable[[int], tuple[int, Any]]:
    """What each of several threads does that send the same."""
    return lambda _: post(*request)


def log_in(address: str) -> tuple[str, str]:
    """Sign Ada up and log her in: her token, and where her tasks are."""
    body = {"email": "ada@example.com", "password": PASSWORD}
    ask("POST", f"{address}/api/auth/signup", body=body)
    _, login = ask("POST", f"{address}/api/auth/login", body=body)
    return login["access_token"], f"{address}/api/{login['user']['id']}/tasks"


def test_of_eight_at_once_under_one_key_one_is_heard_by_all(server: str) -> None:
    token, here = log_in(server)
    for turn in range(10):
        same = send_again(here, {"title": f"{turn}"}, f"{turn}", token)
        answers = at_once(8, same)
        done = [body for status, body in answers if status == 201]
        assert done == [done[0]] * len(done)
        others = [(status, body["code"]) for status, body in answers if status != 201]
        assert others == [(409, "request_in_flight")] * len(others)
        assert same(0) == (201, done[0])
    listed = ask("GET", f"{here}?sort=created_at", token)[1]
    assert [task["title"] for task in listed] == [f"{turn}" for turn in range(10)]


def test_of_eight_who_take_over_a_claim_that_is_over_one_succeeds(
    alice: Caller, another_alice: Callable[[], Caller], app: Flask
) -> None:
    sent: Any = {"json": {"title": "once"}, "headers": {"Idempotency-Key": "k1"}}
    alice.call("POST", "/tasks", **sent)
    with app.app_context(), transaction() as session:
        session.execute(update(Task).values(title="of the first attempt"))
        end_claim(session)
    answers = at_once(8, lambda _: another_alice().call("POST", "/tasks", **sent))
    assert {each.status_code for each in answers} <= {201, 409}
    assert len({each.data for each in answers if each.status_code == 201}) == 1
    found = [task["title"] for task in alice.get("/tasks").json]
    assert sorted(found) == ["of the first attempt", "once"]


def end_claim(session: Any) -> None:
    """Make of every key one whose attempt has not come to an end in time."""
    over = {"status": None, "headers": None, "body": None, "expires_at": now()}
    session.execute(update(IdempotencyKey).values(over))


class Killed:
    """A server that can be killed with all its processes, on a database to look into."""

    def __init__(self, url: str, app: Flask, folder: Path) -> None:
        self.url, self.app = url, app
        self.pid = folder / "pid"
        self.env = environment(url, folder) | {"GUNICORN_CMD_ARGS": f"--pid {self.pid}"}

    def kill(self) -> None:
        """End it as a lost machine would; whoever has started it collects the remains."""
        os.killpg(int(self.pid.read_text()), signal.SIGKILL)
        self.pid.unlink()

    def rows(self, model: Any) -> list[Any]:
        """What there is in a table."""
        with self.app.app_context():
            return list(fetch(select(model.__table__)))

    def end_claims(self) -> None:
        """Let a minute pass."""
        with self.app.app_context(), transaction() as session:
            end_claim(session)


@pytest.fixture
def mortal(new_database: NewDatabase, new_app: NewApp, tmp_path: Path) -> Killed:
    """A server to be killed, and another to take its place."""
    url = new_database()
    app = new_app(url)
    with app.app_context():
        upgrade()
    return Killed(url, app, tmp_path)


def until(happens: Callable[[], Any]) -> None:
    """Ask again and again, for a minute at most."""
    deadline = time.monotonic() + 60
    while not happens():
        assert time.monotonic() < deadline


def test_a_server_killed_at_work_leaves_nothing_and_the_key_is_free_in_a_while(
    mortal: Killed,
) -> None:
    body = {"email": "ada@example.com", "password": PASSWORD}
    endless = mortal.env | {"BCRYPT_ROUNDS": "20"}  # its password is still being hashed
    with ThreadPoolExecutor(1) as pool, serve(endless) as address:
        lost = pool.submit(post, f"{address}/api/auth/signup", body, "k1")
        until(lambda: mortal.rows(IdempotencyKey))
        mortal.kill()
        assert isinstance(lost.exception(), OSError)

    with serve(mortal.env) as address:
        status, problem = post(f"{address}/api/auth/signup", body, "k1")
        assert (status, problem["code"]) == (409, "request_in_flight")
        assert mortal.rows(User) == []
        mortal.end_claims()
        status, first = post(f"{address}/api/auth/signup", body, "k1")
        assert status == 201
        assert post(f"{address}/api/auth/signup", body, "k1") == (201, first)
        assert [user.id for user in mortal.rows(User)] == [first["id"]]


@pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
def test_a_server_killed_between_effect_and_commit_has_no_effect(mortal: Killed) -> None:
    """Locks hold the request up: before it writes the task, then before it stores the answer."""

    def waits_for(table: str) -> Callable[[], Any]:
        query = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
        return lambda: watch.execute(query, [table]).fetchone()

    with (
        psycopg.connect(mortal.url, autocommit=True, prepare_threshold=None) as watch,
        psycopg.connect(mortal.url) as tasks_lock,
        psycopg.connect(mortal.url) as keys_lock,
        ThreadPoolExecutor(1) as pool,
        serve(mortal.env) as address,
    ):
        token, here = log_in(address)
        path = here.removeprefix(address)
        tasks_lock.execute("LOCK TABLE task IN SHARE MODE")
        lost = pool.submit(post, here, {"title": "once"}, "k1", token)
        until(waits_for("task"))
        keys_lock.execute("LOCK TABLE idempotency_key IN SHARE MODE")
        tasks_lock.rollback()
        until(waits_for("idempotency_key"))
        mortal.kill()
        assert isinstance(lost.exception(), OSError)

    with serve(mortal.env) as address:
        here = address + path
        status, problem = post(here, {"title": "once"}, "k1", token)
        assert (status, problem["code"]) == (409, "request_in_flight")
        mortal.end_claims()
        status, first = post(here, {"title": "once"}, "k1", token)
        assert status == 201
        assert post(here, {"title": "once"}, "k1", token) == (201, first)
        assert [task.id for task in mortal.rows(Task)] == [first["id"]]


@pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
def test_who_comes_back_to_life_after_another_took_over_has_no_effect(mortal: Killed) -> None:
    """The first hangs until its claim is over, and goes on when the second has been answered."""
    with (
        psycopg.connect(mortal.url) as lock,
        ThreadPoolExecutor(2) as pool,
        serve(mortal.env) as address,
    ):
        token, here = log_in(address)
        lock.execute("LOCK TABLE task IN SHARE MODE")
        zombie = pool.submit(post, here, {"title": "once"}, "k1", token)
        until(lambda: mortal.rows(IdempotencyKey))
        [claim] = mortal.rows(IdempotencyKey)
        mortal.end_claims()
        second = pool.submit(post, here, {"title": "once"}, "k1", token)
        until(lambda: [row for row in mortal.rows(IdempotencyKey) if row.id > claim.id])
        lock.rollback()
        assert zombie.result()[0] == 409
        status, task = second.result()
        assert status == 201
        assert [each.id for each in mortal.rows(Task)] == [task["id"]]
