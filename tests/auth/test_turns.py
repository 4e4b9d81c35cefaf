"""Hashing passwords takes turns: some threads hash, a few wait, and the rest serve others."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from werkzeug.exceptions import ServiceUnavailable

from taskapp.auth.turns import NAME, Turns

from ..callers import PASSWORD, assert_problem
from ..conftest import NewApp


@pytest.mark.parametrize(("threads", "at_once"), [(1, 1), (2, 1), (3, 1), (8, 4), (64, 32)])
def test_half_of_the_threads_have_their_turn(threads: int, at_once: int) -> None:
    turns, together = Turns(threads), Barrier(at_once, timeout=30)

    def go(_: int) -> int:
        with turns:
            return together.wait()  # all of them are inside

    with ThreadPoolExecutor(at_once) as pool:
        assert len(set(pool.map(go, range(at_once)))) == at_once


def test_who_waits_has_a_turn_when_another_ends_theirs() -> None:
    turns = Turns(4)

    def go() -> str:
        with turns:
            return "went"

    with ThreadPoolExecutor(1) as pool, turns:
        with turns:
            third = pool.submit(go)
        assert third.result(30) == "went"


def test_who_waits_for_too_long_or_with_too_many_is_turned_away_and_takes_nothing() -> None:
    turns = Turns(4, patience=0.01)
    for _ in range(9):
        with turns, turns, pytest.raises(ServiceUnavailable):
            turns.__enter__()
    alone = Turns(1)
    for _ in range(9):
        with alone, pytest.raises(ServiceUnavailable):
            alone.__enter__()


def test_whoever_fails_ends_the_turn_too() -> None:
    turns = Turns(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), turns:
            raise ZeroDivisionError
    with turns:
        pass


@pytest.fixture
def full(app: Flask, new_app: NewApp) -> Flask:
    """An application in which all turns are taken."""
    busy = new_app(app.config["DATABASE_URL"], WEB_THREADS=1)
    turns = busy.extensions[NAME] = Turns(1)
    turns.__enter__()
    return busy


@pytest.mark.parametrize("path", ["/api/auth/login", "/api/auth/signup"])
def test_one_too_many_is_asked_to_come_again(full: Flask, path: str) -> None:
    body = {"email": "ada@example.com", "password": PASSWORD}
    refused = full.test_client().post(path, json=body)
    assert_problem(refused, 503, "service_unavailable")
    assert refused.headers["Retry-After"] == "1"


def test_others_are_served_meanwhile(full: Flask) -> None:
    client = full.test_client()
    assert client.get("/login").status_code == 200
    assert client.get("/api/auth/me").status_code == 401
    full.extensions[NAME].__exit__()
    body = {"email": "nobody@example.com", "password": PASSWORD}
    assert client.post("/api/auth/login", json=body).status_code == 401
