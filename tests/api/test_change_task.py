"""PUT and PATCH /api/{user_id}/tasks/{task_id}, which change what is sent and nothing else."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from ..callers import Caller, assert_problem

METHODS = ["PUT", "PATCH"]


@pytest.fixture(params=METHODS)
def method(request: pytest.FixtureRequest) -> str:
    """Both behave alike."""
    name: str = request.param
    return name


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Call Grace"},
        {"description": "Now."},
        {"description": ""},
        {"description": None},
        {"completed": True},
        {"title": "Call Grace", "description": None, "completed": True},
    ],
)
def test_members_sent_change_and_the_others_keep_their_value(
    alice: Caller, method: str, changes: dict[str, Any]
) -> None:
    before = alice.add_task(description="About it.")
    path = f"/tasks/{before['id']}"

    response = alice.call(method, path, json=changes)

    assert response.status_code == 200
    after = response.json
    marks = {"updated_at": after["updated_at"]}
    if "completed" in changes:
        marks["completed_at"] = after["updated_at"]
    assert after == before | changes | marks
    assert after["updated_at"] > before["updated_at"]
    found = alice.get(path)
    assert found.json == after
    assert found.headers["ETag"] == response.headers["ETag"]


@pytest.mark.parametrize(
    "nothing", [{}, {"title": "Write to Grace"}, {"title": " Write to Grace ", "completed": False}]
)
def test_what_is_so_already_is_no_change(
    alice: Caller, method: str, nothing: dict[str, Any]
) -> None:
    before = alice.add_task("Write to Grace")
    path = f"/tasks/{before['id']}"
    etag = alice.get(path).headers["ETag"]

    response = alice.call(method, path, json=nothing)

    assert response.json == before
    assert response.headers["ETag"] == etag


def test_a_merge_patch_says_so_in_its_media_type(alice: Caller) -> None:
    path = f"/tasks/{alice.add_task()['id']}"
    body: dict[str, Any] = {
        "data": '{"title": "Call Grace"}',
        "content_type": "application/merge-patch+json",
    }

    assert alice.call("PATCH", path, **body).json["title"] == "Call Grace"
    assert_problem(alice.call("PUT", path, **body), 415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"title": None}, ("/title", "null")),
        ({"title": ""}, ("/title", "blank")),
        ({"completed": None}, ("/completed", "null")),
        ({"completed": "false"}, ("/completed", "type")),
        ({"id": 1}, ("/id", "unknown")),
        ({"user_id": 1}, ("/user_id", "unknown")),
        ({"created_at": "2026-01-01T00:00:00Z"}, ("/created_at", "unknown")),
        ({"version": 1}, ("/version", "unknown")),
        (None, ("", "type")),
        ([{"title": "x"}], ("", "type")),
    ],
)
def test_a_body_of_the_wrong_shape_changes_nothing(
    alice: Caller, method: str, body: object, fault: tuple[str, str]
) -> None:
    task = alice.add_task()
    path = f"/tasks/{task['id']}"
    response = alice.call(method, path, data=json.dumps(body), content_type="application/json")
    assert_problem(response, 422, "invalid", fault)
    assert alice.get(path).json == task


def test_a_change_that_is_wrong_in_part_changes_nothing(alice: Caller, method: str) -> None:
    task = alice.add_task()
    path = f"/tasks/{task['id']}"
    response = alice.call(method, path, json={"completed": True, "title": "x" * 201})
    assert_problem(response, 422, "invalid", ("/title", "too_long"))
    assert alice.get(path).json == task


@pytest.mark.parametrize("condition", ["{etag}", '"other", {etag}', "*"])
def test_a_change_goes_through_when_if_match_names_the_version(
    alice: Caller, method: str, condition: str
) -> None:
    path = f"/tasks/{alice.add_task()['id']}"
    etag = alice.get(path).headers["ETag"]
    headers = {"If-Match": condition.format(etag=etag)}
    response = alice.call(method, path, json={"title": "Call Grace"}, headers=headers)
    assert response.status_code == 200
    assert response.headers["ETag"] != etag


@pytest.mark.parametrize("condition", ['"0"', '"other"', '"१"', "W/{etag}", "garbage", '""'])
def test_a_change_is_refused_when_if_match_does_not(
    alice: Caller, method: str, condition: str
) -> None:
    task = alice.add_task()
    path = f"/tasks/{task['id']}"
    headers = {"If-Match": condition.format(etag=alice.get(path).headers["ETag"])}
    response = alice.call(method, path, json={"title": "Call Grace"}, headers=headers)
    assert_problem(response, 412, "stale_version")
    assert alice.get(path).json == task


def test_the_second_of_two_writers_is_told(alice: Caller, method: str) -> None:
    path = f"/tasks/{alice.add_task()['id']}"
    seen = {"If-Match": alice.get(path).headers["ETag"]}
    assert alice.call(method, path, json={"title": "One"}, headers=seen).status_code == 200
    second = alice.call(method, path, json={"title": "Two"}, headers=seen)
    assert_problem(second, 412, "stale_version")
    assert alice.get(path).json["title"] == "One"


def test_an_anonymous_caller_is_refused(client: FlaskClient, alice: Caller, method: str) -> None:
    path = f"/api/{alice.id}/tasks/{alice.add_task()['id']}"
    response = client.open(path, method=method, json={"title": "Mine"})
    assert_problem(response, 401, "token_missing")


def test_a_stranger_changes_nothing_by_either_path(alice: Caller, bob: Caller, method: str) -> None:
    task = alice.add_task()
    body = {"title": "Mine"}
    theirs = bob.call(method, f"/{alice.id}/tasks/{task['id']}", json=body)
    assert_problem(theirs, 403, "permission_denied")
    own = bob.call(method, f"/tasks/{task['id']}", json=body)
    assert_problem(own, 404, "not_found")
    assert alice.get(f"/tasks/{task['id']}").json == task


def test_a_task_that_is_not_there_is_not_found(alice: Caller, method: str) -> None:
    response = alice.call(method, "/tasks/987654321", json={"title": "Call Grace"})
    assert_problem(response, 404, "not_found")
