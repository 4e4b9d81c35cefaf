"""GET /api/{user_id}/activity: what happened"""

import pytest

from ..callers import Caller, assert_problem


def test_what_happened_is_told_the_last_first(alice: Caller) -> None:
    task = alice.add_task("a")["id"]
    alice.patch(f"/tasks/{task}/complete")
    project = alice.add("/projects", name="House")["id"]
    alice.delete(f"/tasks/{task}")
    told = [(each["kind"], each["thing_id"], each["verb"]) for each in alice.get("/activity").json]
    assert told == [
        ("task", task, "deleted"),
        ("project", project, "created"),
        ("task", task, "updated"),
        ("task", task, "created"),
    ]


def test_it_is_the_same_that_the_changes_tell(alice: Caller) -> None:
    alice.add_task("a")
    alice.add("/labels", name="errand")
    events = alice.get("/changes?since=0").json["events"]
    assert alice.get("/activity").json == events[::-1]


def test_one_tasks_story_is_told_even_when_it_is_gone(alice: Caller) -> None:
    task, other = alice.add_task("a")["id"], alice.add_task("b")["id"]
    project = alice.add("/projects", name="House")["id"]
    alice.patch(f"/tasks/{task}", {"project_id": project})
    alice.delete(f"/tasks/{task}")
    alice.delete(f"/trash/{task}")
    story = alice.get(f"/activity?task={task}").json
    assert [each["verb"] for each in story] == ["removed", "deleted", "updated", "created"]
    assert [each["verb"] for each in alice.get(f"/activity?task={other}").json] == ["created"]


def test_it_comes_page_by_page_whatever_happens_meanwhile(alice: Caller) -> None:
    task = alice.add_task("a")["id"]
    for number in range(6):
        alice.patch(f"/tasks/{task}", {"title": f"{number}"})
    whole = alice.get(f"/activity?task={task}").json
    found, path = [], f"/activity?task={task}&limit=3"
    while path:
        page = alice.get(path)
        found += page.json
        alice.patch(f"/tasks/{task}/complete")
        link = page.headers.get("Link", "")
        path = link.partition(">")[0].removeprefix("</api") if link else ""
    assert found == whole
    assert len(found) == 7


def test_what_has_not_changed_is_not_sent_again(alice: Caller) -> None:
    alice.add_task()
    seen = {"If-None-Match": alice.get("/activity").headers["ETag"]}
    assert alice.get("/activity", headers=seen).status_code == 304
    alice.add_task()
    assert alice.get("/activity", headers=seen).status_code == 200


def test_of_anothers_task_or_none_there_is_nothing_to_tell(alice: Caller, bob: Caller) -> None:
    for number in (bob.add_task()["id"], 987654321, 0, 2**63 - 1):
        answer = alice.get(f"/activity?task={number}")
        assert (answer.status_code, answer.json) == (200, [])


def test_a_cursor_opens_ones_own_story_only(alice: Caller, bob: Caller) -> None:
    task = alice.add_task()["id"]
    alice.add_task()
    bob.add_task()
    link = alice.get("/activity?limit=1").headers["Link"]
    cursor = link.split("cursor=")[1].split(">", maxsplit=1)[0]
    fault = ("cursor", "cursor")
    for caller, path in (
        (alice, f"/activity?task={task}&cursor={cursor}"),
        (alice, f"/tasks?cursor={cursor}"),
        (alice, f"/trash?cursor={cursor}"),
        (bob, f"/activity?cursor={cursor}"),
        (alice, f"/activity?cursor={cursor}x"),
    ):
        assert_problem(caller.get(path), 422, "invalid", fault)


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("task=x", ("task", "type")),
        ("task=-1", ("task", "type")),
        ("task=inbox", ("task", "type")),
        ("limit=0", ("limit", "range")),
        ("kind=task", ("kind", "unknown")),
    ],
)
def test_a_query_of_the_wrong_shape_is_refused(
    alice: Caller, query: str, fault: tuple[str, str]
) -> None:
    assert_problem(alice.get(f"/activity?{query}"), 422, "invalid", fault)
