"""What the requests that come most often cost, told without a clock."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from flask import Flask

from taskapp.db import db

from .callers import Caller

# How many functions of Python answering calls at most, on SQLite and on PostgreSQL: as many as were
# counted, and one in twenty more. Whoever needs others says what for.
MOST = {
    "show": (790, 860),
    "list": (1460, 1370),
    "unchanged": (1490, 1400),
    "create": (1370, 1590),
    "update": (1430, 1720),
    "complete": (1490, 1770),
}


@contextmanager
def counted(app: Flask) -> Iterator[list[int]]:
    """How many functions were called for each request that is answered meanwhile."""
    counts: list[int] = []
    answer = app.wsgi_app

    def count(environ: Any, start_response: Any) -> Any:
        counts.append(0)

        def note(_frame: FrameType, event: str, _argument: Any) -> None:
            counts[-1] += event == "call"

        sys.setprofile(note)
        try:
            return answer(environ, start_response)
        finally:
            sys.setprofile(None)

    app.wsgi_app = count  # type: ignore[method-assign]
    try:
        yield counts
    finally:
        app.wsgi_app = answer  # type: ignore[method-assign]


@pytest.fixture
def requests(alice: Caller) -> dict[str, Callable[[], Any]]:
    """Requests that can be sent again and again."""
    ids = [alice.add_task(f"Task {number}")["id"] for number in range(60)]
    path, numbers = f"/tasks/{ids[0]}", iter(range(1000))
    etag = alice.get("/tasks?limit=50").headers["ETag"]
    return {
        "show": lambda: alice.get(path),
        "list": lambda: alice.get("/tasks?limit=50"),
        "unchanged": lambda: alice.get("/tasks?limit=50", headers={"If-None-Match": etag}),
        "create": lambda: alice.post("/tasks", {"title": "x"}),
        "update": lambda: alice.put(path, {"title": f"{next(numbers)}"}),
        "complete": lambda: alice.patch(f"/tasks/{ids[next(numbers)]}/complete"),
    }


@pytest.mark.parametrize("name", MOST)
def test_answering_calls_no_more_functions_than_it_did(
    app: Flask, requests: dict[str, Callable[[], Any]], name: str
) -> None:
    for _ in range(5):  # what is made once is made
        requests[name]()
    with counted(app) as counts:
        for _ in range(5):
            assert requests[name]().status_code < 400
    with app.app_context():
        most = dict(zip(("sqlite", "postgresql"), MOST[name], strict=True))[db.engine.dialect.name]
    assert 0.8 * most < min(counts) <= most, counts
