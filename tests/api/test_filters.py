"""Which tasks the list shows, and in which order: GET /api/{user_id}/tasks"""

import pytest

from ..callers import Caller, assert_problem


def titles(caller: Caller, query: str) -> list[str]:
    """The titles of the tasks that a query lets through, by title."""
    response = caller.get(f"/tasks?sort=title&{query}")
    assert response.status_code == 200, response.text
    return [each["title"] for each in response.json]


def test_by_place(alice: Caller) -> None:
    project = alice.add("/projects", name="House")["id"]
    section = alice.add("/sections", name="Hall", project_id=project)["id"]
    inside = alice.add_task("in", project_id=project)["id"]
    alice.add_task("hall", section_id=section)
    alice.add_task("below", parent_id=inside)
    alice.add_task("inbox")
    assert titles(alice, f"project={project}") == ["below", "hall", "in"]
    assert titles(alice, "project=inbox") == ["inbox"]
    assert titles(alice, f"section={section}") == ["hall"]
    assert titles(alice, f"project={project}&section=none") == ["below", "in"]
    assert titles(alice, f"parent={inside}") == ["below"]
    assert titles(alice, "parent=none") == ["hall", "in", "inbox"]
    assert titles(alice, f"project={project}&section={section}") == ["hall"]
    other = alice.add("/projects", name="Garden")["id"]
    for nowhere in ("inbox", other):
        assert titles(alice, f"project={nowhere}&section={section}") == []


def test_by_label_and_priority(alice: Caller) -> None:
    one, other = [alice.add("/labels", name=name)["id"] for name in ("one", "other")]
    alice.add_task("both", labels=[one, other], priority="high")
    alice.add_task("one", labels=[one], priority="low")
    alice.add_task("plain")
    assert titles(alice, f"label={one}") == ["both", "one"]
    assert titles(alice, f"label={other}") == ["both"]
    assert titles(alice, f"label={one}&priority=low") == ["one"]
    assert titles(alice, "priority=none") == ["plain"]


@pytest.mark.parametrize("name", ["project", "section", "parent", "label"])
def test_what_is_not_there_lets_nothing_through(alice: Caller, name: str) -> None:
    alice.add_task()
    for number in (987654321, 0, 2**63 - 1, 2**63, "000"):
        assert titles(alice, f"{name}={number}") == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("project=none", "type"),
        ("project=-1", "type"),
        ("project=1.0", "type"),
        ("project=true", "type"),
        ("project=", "type"),
        ("project=1%00", "type"),
        ("project=%D9%A1", "type"),
        (f"project={10**30}", "type"),
        ("section=inbox", "type"),
        ("parent=inbox", "type"),
        ("label=none", "type"),
        ("label=errand", "type"),
        ("priority=urgent", "choice"),
        ("priority=", "choice"),
        ("due_from=2026-02-30", "type"),
        ("due_from=1899-12-31", "range"),
        ("due_to=2026-02-06T00:00:00Z", "type"),
        ("started_by=9999-12-31", "range"),
        ("archived=1", "type"),
        ("completed=yes", "type"),
        ("sort=agenda", "choice"),
        ("sort=--rank", "choice"),
        ("due=2026-02-06", "unknown"),
        ("ids=1", "unknown"),
    ],
)
def test_a_query_of_the_wrong_shape_is_refused(alice: Caller, query: str, code: str) -> None:
    name = query.split("=", maxsplit=1)[0]
    assert_problem(alice.get(f"/tasks?{query}"), 422, "invalid", (name, code))


def test_by_the_day_on_which_it_is_due(alice: Caller) -> None:
    for day in ("2026-02-05", "2026-02-06", "2026-02-07"):
        alice.add_task(day, due_on=day)
    alice.add_task("midnight", due_at="2026-02-06T00:00:00Z")
    alice.add_task("late", due_at="2026-02-06T23:59:00Z")
    alice.add_task("never")
    on_the_sixth = ["2026-02-06", "late", "midnight"]
    assert titles(alice, "due_from=2026-02-06&due_to=2026-02-06") == on_the_sixth
    assert titles(alice, "due_to=2026-02-05") == ["2026-02-05"]
    assert titles(alice, "due_from=2026-02-07") == ["2026-02-07"]
    assert titles(alice, "due_from=2026-02-07&due_to=2026-02-05") == []


def test_in_the_order_of_completion_there_is_only_what_is_done(alice: Caller) -> None:
    a, b = alice.add_task("a")["id"], alice.add_task("b")["id"]
    alice.add_task("open")
    for task in (b, a):
        alice.patch(f"/tasks/{task}/complete")
    assert [each["id"] for each in alice.get("/tasks?sort=-completed_at").json] == [a, b]
    assert [each["id"] for each in alice.get("/tasks?sort=completed_at").json] == [b, a]


@pytest.mark.parametrize("sort", ["rank", "-rank", "due", "-due", "completed_at", "-title"])
def test_every_order_comes_page_by_page(alice: Caller, sort: str) -> None:
    for number in range(5):
        alice.add_task("same", due_on="2026-02-06", completed=True)
        alice.add_task(f"{number}", completed=True)
    whole = alice.get(f"/tasks?sort={sort}").json
    found, path = [], f"/tasks?sort={sort}&limit=3"
    while path:
        page = alice.get(path)
        found += page.json
        link = page.headers.get("Link", "")
        path = link.partition(">")[0].removeprefix("</api") if link else ""
    assert found == whole
    assert len({each["id"] for each in found}) == 10


def test_a_cursor_opens_with_the_same_filter_only(alice: Caller) -> None:
    project = alice.add("/projects", name="House")["id"]
    for title in "ab":
        alice.add_task(title, project_id=project)
    link = alice.get(f"/tasks?limit=1&project={project}").headers["Link"]
    cursor = link.split("cursor=")[1].split("&")[0].split(">")[0]
    fault = ("cursor", "cursor")
    for query in ("", "&project=inbox", f"&project={project}&priority=none"):
        refused = alice.get(f"/tasks?cursor={cursor}{query}")
        assert_problem(refused, 422, "invalid", fault)
    assert len(alice.get(f"/tasks?cursor={cursor}&project={project}").json) == 1
