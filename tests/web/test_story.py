"""What happened, in sentences"""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from taskapp.web.story import sentence

NAMES = {
    ("task", 1): "Pay rent",
    ("task", 2): "Papers",
    ("project", 7): "Moving house",
    ("section", 8): "Kitchen",
    ("label", 3): "urgent",
    ("label", 4): "phone",
}


def tell(
    verb: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    *,
    kind: str = "task",
    thing_id: int = 1,
    zone: str = "UTC",
) -> str:
    """An event of November 2026, told."""
    event = SimpleNamespace(
        kind=kind,
        thing_id=thing_id,
        verb=verb,
        before=before or {},
        after=after or {},
        at=datetime(2026, 11, 22, 12, tzinfo=UTC),
    )
    return sentence(event, NAMES, zone)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"completed": False}, {"completed": True}, "Completed “Pay rent”"),
        ({"completed": True}, {"completed": False}, "Reopened “Pay rent”"),
        ({"title": "Old"}, {"title": "New"}, "Renamed “Old” to “New”"),
        ({"description": None}, {"description": "x"}, "Changed description of “Pay rent”"),
        ({"rank": "a"}, {"rank": "b"}, "Put in another place: “Pay rent”"),
        (
            {"priority": "none"},
            {"priority": "high"},
            "Changed priority of “Pay rent” from none to high",
        ),
        (
            {"project_id": None, "rank": "a"},
            {"project_id": 7, "rank": "b"},
            "Moved “Pay rent” to Moving house",
        ),
        ({"project_id": 7}, {"project_id": None}, "Moved “Pay rent” to the inbox"),
        ({"project_id": 7}, {"project_id": 9}, "Moved “Pay rent” to a project that is gone"),
        ({"section_id": None}, {"section_id": 8}, "Moved “Pay rent” to Kitchen"),
        ({"section_id": 8}, {"section_id": None}, "Moved “Pay rent” out of its section"),
        (
            {"project_id": None, "section_id": None},
            {"project_id": 7, "section_id": 8},
            "Moved “Pay rent” to Moving house / Kitchen",
        ),
        ({"parent_id": None}, {"parent_id": 2}, "Moved “Pay rent” below “Papers”"),
        ({"parent_id": 2}, {"parent_id": None}, "Moved “Pay rent” out of the task above"),
        (
            {"due_on": "2026-12-03"},
            {"due_on": "2026-12-05"},
            "Changed due date of “Pay rent” from 3 Dec to 5 Dec",
        ),
        ({"due_on": None}, {"due_on": "2027-01-05"}, "Set due date of “Pay rent” to 5 Jan 2027"),
        (
            {"due_on": "2026-12-03"},
            {"due_on": None},
            "Removed due date of “Pay rent”, which was 3 Dec",
        ),
        ({"start_on": None}, {"start_on": "2026-12-01"}, "Set start date of “Pay rent” to 1 Dec"),
        ({"labels": [4]}, {"labels": [3, 4]}, "Gave label “urgent” to “Pay rent”"),
        ({"labels": [3, 4]}, {"labels": []}, "Took labels “urgent”, “phone” off “Pay rent”"),
        ({"due_zone": "UTC"}, {"due_zone": "Asia/Tokyo"}, "Changed “Pay rent”"),
    ],
)
def test_a_change_is_told(before: dict[str, Any], after: dict[str, Any], told: str) -> None:
    assert tell("updated", before, after) == told


def test_several_changes_are_told_in_one_sentence() -> None:
    before = {"title": "Old", "priority": "none", "due_on": None, "completed": False}
    after = {"title": "New", "priority": "low", "due_on": "2026-12-05", "completed": True}
    told = tell("updated", before, after)
    assert told == (
        "Completed “Old”, renamed it to “New”, changed priority from none to low, "
        "set due date to 5 Dec"
    )


def test_an_instant_is_told_in_ones_own_time_zone() -> None:
    before = {"due_on": "2026-12-03", "due_at": None, "due_zone": None}
    after = {"due_on": None, "due_at": "2026-12-31T20:30:00Z", "due_zone": "Asia/Tokyo"}
    told = tell("updated", before, after, zone="Asia/Tokyo")
    assert told == "Changed due date of “Pay rent” from 3 Dec to 1 Jan 2027, 05:30"


@pytest.mark.parametrize(
    ("verb", "kind", "told"),
    [
        ("created", "task", "Added “X”"),
        ("deleted", "task", "Moved to the trash: “X”"),
        ("restored", "task", "Restored “X”"),
        ("removed", "task", "Deleted “X” for good"),
        ("created", "project", "Added project “X”"),
        ("removed", "project", "Deleted project “X” for good"),
        ("removed", "section", "Deleted section “X”"),
        ("restored", "label", "Restored label “X”"),
    ],
)
def test_coming_and_going_is_told(verb: str, kind: str, told: str) -> None:
    fields = {"title": "X"} if kind == "task" else {"name": "X"}
    assert tell(verb, {}, fields, kind=kind) == told


def test_a_new_task_is_told_with_its_place() -> None:
    assert tell("created", {}, {"title": "X", "project_id": 7}) == "Added “X” in Moving house"
    assert tell("created", {}, {"title": "X", "parent_id": 2}) == "Added “X” below “Papers”"


def test_projects_are_archived_and_opened_again() -> None:
    archived = {"archived": True}
    told = tell("updated", {"archived": False}, archived, kind="project", thing_id=7)
    assert told == "Archived project “Moving house”"
    told = tell("updated", archived, {"archived": False}, kind="project", thing_id=7)
    assert told == "Opened again project “Moving house”"


def test_a_task_on_its_own_page_needs_no_name() -> None:
    told = tell("updated", {"completed": False}, {"completed": True}, thing_id=9)
    assert told == "Completed this task"
