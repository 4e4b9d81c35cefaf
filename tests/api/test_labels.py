"""/api/{user_id}/labels"""

from typing import Any

import pytest
from flask import Flask

from ..callers import Caller, assert_problem
from ..ids import level


def label(caller: Caller, name: str) -> int:
    """The id of a new label."""
    id_: int = caller.add("/labels", name=name)["id"]
    return id_


def test_a_new_label_is_answered_whole_and_found_where_it_says(alice: Caller) -> None:
    response = alice.post("/labels", {"name": " errand ", "color": "orange"})
    assert response.status_code == 201
    made = response.json
    assert (made["name"], made["color"], made["user_id"]) == ("errand", "orange", alice.id)
    assert response.headers["Location"] == f"/api/{alice.id}/labels/{made['id']}"
    assert int(response.headers["X-Act-ID"]) > 0
    found = alice.get(f"/labels/{made['id']}")
    assert found.json == made
    for path in (f"/labels/{made['id']}", "/labels"):
        seen = {"If-None-Match": alice.get(path).headers["ETag"]}
        assert alice.get(path, headers=seen).status_code == 304


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, ("/name", "required")),
        ({"name": ""}, ("/name", "blank")),
        ({"name": "x" * 101}, ("/name", "too_long")),
        ({"name": ["x"]}, ("/name", "type")),
        ({"name": "x", "color": "#fff"}, ("/color", "choice")),
        ({"name": "x", "key": "y"}, ("/key", "unknown")),
    ],
)
def test_a_label_of_the_wrong_shape_is_refused_where_it_is_wrong(
    alice: Caller, body: Any, fault: tuple[str, str]
) -> None:
    assert_problem(alice.post("/labels", body), 422, "invalid", fault)
    assert alice.get("/labels").json == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("errand", "ERRAND"), ("Straße", "STRASSE"), ("caf\u00e9", "CAFE\u0301"), ("a", " a ")],
)
def test_no_two_labels_have_the_same_name_whatever_the_case(
    alice: Caller, one: str, other: str
) -> None:
    first, second = label(alice, one), label(alice, "another")
    refused = alice.post("/labels", {"name": other})
    assert_problem(refused, 409, "name_taken")
    assert "X-Act-ID" not in refused.headers
    assert_problem(alice.patch(f"/labels/{second}", {"name": other}), 409, "name_taken")
    assert alice.get(f"/labels/{second}").json["name"] == "another"
    renamed = alice.patch(f"/labels/{first}", {"name": other})
    assert (renamed.status_code, renamed.json["name"]) == (200, other.strip())


def test_a_name_of_anothers_is_free(alice: Caller, bob: Caller) -> None:
    label(bob, "errand")
    label(alice, "errand")


def test_a_name_of_a_removed_label_is_free(alice: Caller) -> None:
    alice.delete(f"/labels/{label(alice, 'errand')}")
    label(alice, "Errand")


def test_labels_come_by_name(alice: Caller) -> None:
    for name in ("beta", "Alpha", "gamma"):
        label(alice, name)
    assert [each["name"] for each in alice.get("/labels").json] == ["Alpha", "beta", "gamma"]


def test_members_that_are_absent_keep_their_value(alice: Caller) -> None:
    before = alice.add("/labels", name="errand", color="red")
    path = f"/labels/{before['id']}"
    after = alice.patch(path, {"color": "blue"}).json
    assert after == before | {"color": "blue", "updated_at": after["updated_at"]}
    assert_problem(alice.patch(path, {"name": None}), 422, "invalid", ("/name", "null"))
    assert_problem(alice.patch(path, {"color": None}), 422, "invalid", ("/color", "null"))
    assert "X-Act-ID" not in alice.patch(path, {}).headers


def test_a_version_that_has_passed_is_not_overwritten(alice: Caller) -> None:
    made = alice.post("/labels", {"name": "errand"})
    path, seen = f"/labels/{made.json['id']}", {"If-Match": made.headers["ETag"]}
    assert alice.patch(path, {"name": "chore"}, headers=seen).status_code == 200
    assert_problem(alice.patch(path, {"name": "x"}, headers=seen), 412, "stale_version")
    assert_problem(alice.delete(path, headers=seen), 412, "stale_version")
    assert alice.get(path).json["name"] == "chore"


def test_a_task_bears_labels_each_once_in_the_order_of_their_ids(alice: Caller) -> None:
    one, two = label(alice, "one"), label(alice, "two")
    task = alice.add_task(labels=[two, one, two])
    assert task["labels"] == [one, two]
    path = f"/tasks/{task['id']}"
    assert alice.patch(path, {"title": "x"}).json["labels"] == [one, two]
    assert alice.patch(path, {"labels": [two]}).json["labels"] == [two]
    same = alice.patch(path, {"labels": [two, two]})
    assert "X-Act-ID" not in same.headers
    assert alice.patch(path, {"labels": []}).json["labels"] == []


@pytest.mark.parametrize(
    ("labels", "fault"),
    [
        (None, ("/labels", "null")),
        ("1", ("/labels", "type")),
        ({"1": 1}, ("/labels", "type")),
        ([1.0], ("/labels/0", "type")),
        ([None], ("/labels/0", "null")),
        ([True], ("/labels/0", "type")),
        (["1"], ("/labels/0", "type")),
        ([[1]], ("/labels/0", "type")),
        ([0], ("/labels/0", "no_such")),
        ([-1], ("/labels/0", "no_such")),
        ([2**63], ("/labels/0", "no_such")),
        ([987654321], ("/labels", "no_such")),
        (list(range(1, 52)), ("/labels", "too_many")),
    ],
)
def test_a_task_bears_nothing_else(alice: Caller, labels: Any, fault: tuple[str, str]) -> None:
    task = alice.add_task()
    body = {"labels": labels}
    assert_problem(alice.post("/tasks", {"title": "x"} | body), 422, "invalid", fault)
    assert_problem(alice.patch(f"/tasks/{task['id']}", body), 422, "invalid", fault)
    assert alice.get("/tasks").json == [task]


def test_one_label_of_anothers_among_ones_own_is_refused(alice: Caller, bob: Caller) -> None:
    mine, theirs = label(alice, "mine"), label(bob, "theirs")
    task = alice.add_task(labels=[mine])
    refused = alice.patch(f"/tasks/{task['id']}", {"labels": [mine, theirs]})
    assert_problem(refused, 422, "invalid", ("/labels", "no_such"))
    assert alice.get(f"/tasks/{task['id']}").json == task


def test_a_removed_label_is_gone_from_all_tasks(alice: Caller) -> None:
    one, two = label(alice, "one"), label(alice, "two")
    task = alice.add_task(labels=[one, two])["id"]
    trashed = alice.add_task(labels=[one])["id"]
    alice.delete(f"/tasks/{trashed}")
    response = alice.delete(f"/labels/{one}")
    assert response.status_code == 204
    assert int(response.headers["X-Act-ID"]) > 0
    assert alice.get(f"/tasks/{task}").json["labels"] == [two]
    assert alice.call("POST", f"/trash/{trashed}/restore").json["labels"] == []
    assert_problem(alice.get(f"/labels/{one}"), 404, "not_found")


def test_a_label_is_merged_into_another(alice: Caller) -> None:
    one, two, three = label(alice, "one"), label(alice, "two"), label(alice, "three")
    both = alice.add_task("both", labels=[one, two])["id"]
    first = alice.add_task("first", labels=[one, three])["id"]
    neither = alice.add_task("neither")
    merged = alice.post(f"/labels/{one}/merge", {"into": two})
    assert merged.status_code == 200
    assert merged.json == alice.get(f"/labels/{two}").json
    assert_problem(alice.get(f"/labels/{one}"), 404, "not_found")
    assert alice.get(f"/tasks/{both}").json["labels"] == [two]
    assert alice.get(f"/tasks/{first}").json["labels"] == [two, three]
    assert alice.get(f"/tasks/{neither['id']}").json == neither
    undone = alice.call("POST", f"/acts/{merged.headers['X-Act-ID']}/undo")
    assert undone.json == {"count": 3}
    assert alice.get(f"/tasks/{both}").json["labels"] == [one, two]
    assert alice.get(f"/tasks/{first}").json["labels"] == [one, three]


@pytest.mark.parametrize(
    ("into", "code"),
    [(0, "no_such"), (987654321, "no_such"), (2**63, "no_such"), ("1", "type"), (None, "null")],
)
def test_a_label_is_merged_into_nothing_else(alice: Caller, into: Any, code: str) -> None:
    one = label(alice, "one")
    refused = alice.post(f"/labels/{one}/merge", {"into": into})
    assert_problem(refused, 422, "invalid", ("/into", code))
    assert alice.get(f"/labels/{one}").status_code == 200


def test_a_label_is_not_merged_into_itself_or_anothers(alice: Caller, bob: Caller) -> None:
    one, of_bob = label(alice, "one"), label(bob, "theirs")
    path = f"/labels/{one}/merge"
    assert_problem(alice.post(path, {"into": one}), 422, "invalid", ("/into", "same"))
    assert_problem(alice.post(path, {"into": of_bob}), 422, "invalid", ("/into", "no_such"))
    assert_problem(alice.post(path, {}), 422, "invalid", ("/into", "required"))
    assert alice.get(f"/labels/{one}").status_code == 200


@pytest.mark.parametrize(
    ("method", "below"), [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/merge")]
)
def test_what_is_not_there_or_anothers_is_not_found(
    alice: Caller, bob: Caller, method: str, below: str
) -> None:
    mine, of_bob = label(alice, "mine"), bob.add("/labels", name="theirs")
    bodies: dict[str, Any] = {"PATCH": {"json": {"name": "x"}}, "POST": {"json": {"into": mine}}}
    for number in (of_bob["id"], 987654321, 0, 2**63):
        refused = alice.call(method, f"/labels/{number}{below}", **bodies.get(method, {}))
        assert_problem(refused, 404, "not_found")
    assert bob.get(f"/labels/{of_bob['id']}").json == of_bob


@pytest.mark.parametrize("kind", ["/labels", "/projects", "/sections"])
def test_what_is_new_takes_no_labels_from_a_task_of_the_same_number(
    app: Flask, alice: Caller, bob: Caller, kind: str
) -> None:
    project = bob.add("/projects", name="Bob's")["id"]
    more = {"project_id": project} if kind == "/sections" else {}
    labels = [label(alice, "mine")]
    with app.app_context():
        level("task", kind[1:-1])
    ids = [alice.add_task(labels=labels)["id"] for _ in range(3)]
    assert [bob.add(kind, name=f"another {id_}", **more)["id"] for id_ in ids] == ids
    assert [each["labels"] for each in alice.get("/tasks").json] == [labels] * 3
