"""Both systems give the same right answers; before that nothing is measured."""

import json
import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from benchmarks.compare.data import ORGANISED, READERS, SIZE, WRITERS, task_id
from benchmarks.compare.load import Failed, Request, ask
from benchmarks.compare.works import (
    BROWSERS,
    PAGE,
    Desk,
    complete,
    create,
    list_of,
    one,
    page,
    unchanged,
    update,
)

SHARED = ("id", "user_id", "title", "description", "completed")


def check(*desks: Desk) -> None:
    """Raise Failed unless all of these answer the same, and what they should."""
    for user in (*READERS[:3], *ORGANISED[:3]):
        _same(desks, partial(_task, user=user))
        _same(desks, partial(_list, user=user))
    for desk in desks:
        _check_list(desk)
        _check_strangers(desk)
        _check_writes(desk)
        _check_sign_up(desk)


def check_ours(desk: Desk) -> None:
    """The same for what the peer has not."""
    user = READERS[0]
    if (reply := ask(desk.system.url, unchanged(desk, user), 304)).data:
        raise Failed(f"A 304 has a body: {reply.data[:100]!r}")
    for each in BROWSERS:
        shown = ask(desk.system.url, page(desk, each), 200).data.decode()
        _expect(PAGE, len(set(re.findall('data-task="([0-9]+)"', shown))), "tasks on the page")
    tasks = _json(desk, list_of(desk, ORGANISED[0]))
    _expect({0, 1, 2}, {len(task["labels"]) for task in tasks}, "labels of a task")
    _expect({False, True}, {task["project_id"] is None for task in tasks}, "tasks in the Inbox")
    _expect({False, True}, {task["section_id"] is None for task in tasks}, "without a section")


def _check_list(desk: Desk) -> None:
    user = READERS[1]
    wanted = [task_id(desk.users, user, SIZE - before) for before in range(PAGE)]
    _expect(wanted, [task["id"] for task in _json(desk, list_of(desk, user))], "a list")


def _check_strangers(desk: Desk) -> None:
    mine = one(desk, READERS[0], 1)
    ask(desk.system.url, Request(mine.path), 401)
    stranger = Request(mine.path, headers=(desk.bearer(READERS[1]),))
    _expect(True, ask(desk.system.url, stranger).status in (403, 404), "a stranger is refused")


def _check_writes(desk: Desk) -> None:
    user, n = WRITERS[0], 7
    made = _json(desk, create(desk, user, "Write to Ada"), 201)
    _expect("Write to Ada", made["title"], "the title of what was created")
    _expect(made["id"], _json(desk, list_of(desk, user))[0]["id"], "the newest task")
    before = _json(desk, one(desk, user, n))["completed"]
    for expected in (not before, before):
        _expect(expected, _json(desk, complete(desk, user, n))["completed"], "complete's answer")
        _expect(expected, _json(desk, one(desk, user, n))["completed"], "what it has stored")
    _expect("Call Ada", _json(desk, update(desk, user, n, "Call Ada"))["title"], "update's answer")
    _expect("Call Ada", _json(desk, one(desk, user, n))["title"], "what it has stored")

    gone = replace(one(desk, user, 1), path=f"/api/{user}/tasks/{made['id']}")
    ask(desk.system.url, replace(gone, method="DELETE"), 204)
    ask(desk.system.url, gone, 404)


def _check_sign_up(desk: Desk) -> None:
    body = json.dumps({"email": "somebody-new@example.com", "password": secrets.token_urlsafe(16)})
    for path, status in (("signup", 201), ("login", 200), ("signup", 409)):
        ask(desk.system.url, Request(f"/api/auth/{path}", "POST", body=body), status)


def _json(desk: Desk, request: Request, status: int = 200) -> Any:
    return ask(desk.system.url, request, status).json


def _task(desk: Desk, user: int) -> dict[str, Any]:
    return _seen(_json(desk, one(desk, user, 500)))


def _list(desk: Desk, user: int) -> list[dict[str, Any]]:
    return [_seen(task) for task in _json(desk, list_of(desk, user))]


def _seen(task: dict[str, Any]) -> dict[str, Any]:
    return {name: task[name] for name in SHARED}


def _same(desks: tuple[Desk, ...], answer: Callable[[Desk], Any]) -> None:
    first, *others = desks
    wanted = answer(first)
    for desk in others:
        _expect(wanted, answer(desk), f"{desk.system.name} beside {first.system.name}")


def _expect(wanted: Any, got: Any, what: str) -> None:
    if wanted != got:
        raise Failed(f"{what}: not {wanted!r} but {got!r}")
