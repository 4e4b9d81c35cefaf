"""One person with many tasks, alone on the server: how long each page and call takes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.compare.load import Failed, Load, Request, ask
from benchmarks.compare.measure import Plan
from benchmarks.compare.processes import cpu_seconds
from benchmarks.compare.works import Desk

MOST_MS = 20
WARM = 0.5


@dataclass(frozen=True)
class Taken:
    """What one kind of request took, and of that the server's processor; milliseconds."""

    title: str
    p50: float
    p99: float
    cpu: float


def walk(desk: Desk, user: int, plan: Plan) -> list[Taken]:
    """Ask for each page and make each call, one after the other."""
    taken = []
    for title, requests in (*_pages(desk, user), *_calls(desk, user)):
        load = Load(plan.folder, desk.system.url, requests)
        statuses = load.warm(1, WARM).statuses
        if set(statuses) - {"200", "201"}:
            raise Failed(f"{title}: answered {statuses}")
        before = cpu_seconds(desk.system.pid)
        count = load.run(1, plan.seconds)
        cpu = (cpu_seconds(desk.system.pid) - before) / count.requests * 1000
        taken.append(Taken(title, count.p50, count.p99, cpu))
    return taken


def _pages(desk: Desk, user: int) -> list[tuple[str, Sequence[Request]]]:
    project, label = (_get(desk, user, kind)[0]["id"] for kind in ("projects", "labels"))
    newest = _get(desk, user, "tasks")[0]["id"]
    paths = {
        "page: open tasks": "/tasks",
        "page: all tasks by title": "/tasks?show=all&sort=title",
        "page: search": "/tasks?show=all&q=12345",
        "page: Inbox": "/inbox",
        "page: Today": "/today",
        "page: Upcoming": "/upcoming",
        "page: Completed": "/completed",
        "page: a project": f"/projects/{project}",
        "page: a label": f"/labels/{label}",
        "page: a task": f"/tasks/{newest}",
    }
    headers = (desk.cookie(user), ("Accept", "text/html"))
    return [(title, [Request(path, headers=headers)]) for title, path in paths.items()]


def _calls(desk: Desk, user: int) -> list[tuple[str, Sequence[Request]]]:
    headers = (desk.bearer(user),)
    root = f"/api/{user}/tasks"
    ones = [f"{root}/{task['id']}" for task in _get(desk, user, "tasks?limit=100")]
    titles = [json.dumps({"title": f"Call Grace {time}"}) for time in ("soon", "later")]
    made = json.dumps({"title": "Write to Grace"})
    return [
        ("call: list of 50", [Request(f"{root}?limit=50", headers=headers)]),
        ("call: search", [Request(f"{root}?limit=50&q=12345", headers=headers)]),
        ("call: GET one", [Request(one, headers=headers) for one in ones]),
        ("call: create", [Request(root, "POST", headers, made)]),
        ("call: complete", [Request(f"{one}/complete", "PATCH", headers) for one in ones]),
        ("call: update", [Request(one, "PUT", headers, each) for each in titles for one in ones]),
    ]


def _get(desk: Desk, user: int, what: str) -> Any:
    request = Request(f"/api/{user}/{what}", headers=(desk.bearer(user),))
    return ask(desk.system.url, request, 200).json
