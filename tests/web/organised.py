"""Projects, sections and labels that are there before a test begins, made through the API."""

from typing import Any

from ..callers import Caller


def make(caller: Caller, kind: str, name: str, **more: Any) -> int:
    """The id of a new project, section or label."""
    answer = caller.post(f"/{caller.id}/{kind}", {"name": name, **more})
    assert answer.status_code == 201, answer.text
    id_: int = answer.json["id"]
    return id_


def names(caller: Caller, kind: str) -> list[str]:
    """What the caller's projects, sections or labels are called, in their order."""
    return [each["name"] for each in caller.get(f"/{caller.id}/{kind}").json]


def titles(caller: Caller, **where: Any) -> list[str]:
    """The titles of the caller's open tasks in a place, in the order of their ranks."""
    query = "&".join(f"{name}={value}" for name, value in where.items())
    rows = caller.get(f"/tasks?sort=rank&completed=false&{query}").json
    return [row["title"] for row in rows]
