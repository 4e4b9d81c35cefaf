"""The activity, as a page"""

from datetime import timedelta

from flask import Flask
from sqlalchemy import update

from taskapp.db import now, transaction
from taskapp.models import Event

from ..callers import Caller
from .browser import Browser
from .markup import Element
from .organised import make


def told(page: Element) -> list[str]:
    """What the page tells, sentence by sentence."""
    deeds = page.all("li", class_="deed")
    return [each.text for deed in deeds for each in deed.all("p", dir="auto")]


def test_when_nothing_has_happened_the_page_says_so(browser: Browser) -> None:
    browser.visit("/activity")
    assert "Nothing has happened yet" in browser.page.text


def test_what_happened_is_told_the_last_first_and_through_which_door(
    alice: Caller, browser: Browser
) -> None:
    house = make(alice, "projects", "House")
    kitchen = make(alice, "sections", "Kitchen", project_id=house)
    urgent = make(alice, "labels", "urgent")
    task = alice.add_task("Pay rent")["id"]
    alice.patch(f"/tasks/{task}", {"section_id": kitchen})
    alice.patch(f"/tasks/{task}", {"labels": [urgent]})
    browser.visit("/tasks")
    browser.press("Complete “Pay rent”")
    browser.visit("/activity")
    assert told(browser.page) == [
        "Completed “Pay rent”",
        "Gave label “urgent” to “Pay rent”",
        "Moved “Pay rent” to House / Kitchen",
        "Added “Pay rent”",
        "Added label “urgent”",
        "Added section “Kitchen” in House",
        "Added project “House”",
    ]
    first, second, *_ = browser.page.all("li", class_="deed")
    assert "on a page" in first.text
    assert "through the API" in second.text
    assert [each.text for each in browser.page.all("h2", class_="further")] == ["Today"]


def test_what_is_gone_is_told_by_its_last_name(alice: Caller, browser: Browser) -> None:
    urgent = make(alice, "labels", "urgent")
    task = alice.add_task("Pay rent", labels=[urgent])["id"]
    alice.patch(f"/tasks/{task}", {"labels": []})
    alice.delete(f"/{alice.id}/labels/{urgent}")
    alice.delete(f"/tasks/{task}")
    alice.delete(f"/trash/{task}")
    browser.visit("/activity")
    assert told(browser.page) == [
        "Deleted “Pay rent” for good",
        "Moved to the trash: “Pay rent”",
        "Deleted label “urgent”",
        "Took label “urgent” off “Pay rent”",
        "Added “Pay rent”",
        "Added label “urgent”",
    ]


def test_each_act_is_undone_and_undoing_is_told(alice: Caller, browser: Browser) -> None:
    task = alice.add_task("Pay rent")["id"]
    alice.patch(f"/tasks/{task}", {"title": "Pay the rent"})
    alice.patch(f"/tasks/{task}", {"priority": "high"})
    browser.visit("/activity")
    browser.press("Undo: Renamed “Pay rent” to “Pay the rent”")
    assert browser.path == "/activity"
    assert browser.notices() == ["Undone. Renamed “Pay the rent” to “Pay rent”."]
    assert told(browser.page)[0] == "Renamed “Pay the rent” to “Pay rent”"
    assert "taking something back" in browser.page.all("li", class_="deed")[0].text
    shown = alice.get(f"/tasks/{task}").json
    assert (shown["title"], shown["priority"]) == ("Pay rent", "high")


def test_a_large_act_is_one_entry_that_unfolds(alice: Caller, browser: Browser) -> None:
    house = make(alice, "projects", "House")
    for number in range(5):
        alice.add_task(f"task {number}", project_id=house)
    alice.delete(f"/{alice.id}/projects/{house}")
    browser.visit("/activity")
    deed = browser.page.all("li", class_="deed")[0]
    assert deed.all("p")[0].text == "Moved to the trash: project “House”"
    assert len(deed.all("p", dir="auto")) == 6
    assert deed.one("summary").text == "and 3 more"
    browser.press("Undo: Moved to the trash: project “House”")
    [said] = browser.notices()
    assert said.startswith("Undone. Restored ")
    assert said.endswith(", and 5 more.")
    assert len(alice.get("/tasks").json) == 5


def test_days_have_headings_in_ones_own_time_zone(
    app: Flask, alice: Caller, browser: Browser
) -> None:
    alice.patch("/auth/me", {"time_zone": "Pacific/Kiritimati"})
    for title in ("old", "before", "new"):
        alice.add_task(title)
    browser.visit("/activity")
    ids = [int(each.get("id").removeprefix("act-")) for each in browser.page.all("li", id=True)]
    with app.app_context(), transaction() as session:
        for id_, days in zip(ids, (0, 1, 400), strict=True):
            query = update(Event).where(Event.id == id_)
            session.execute(query.values(at=now() - timedelta(days=days)))
    browser.visit("/activity")
    today, yesterday, long_ago = [each.text for each in browser.page.all("h2", class_="further")]
    assert (today, yesterday) == ("Today", "Yesterday")
    day = (now() + timedelta(hours=14) - timedelta(days=400)).date()
    assert long_ago == f"{day:%A}, {day.day} {day:%B} {day.year}"


def test_earlier_leads_through_all_of_it(alice: Caller, browser: Browser) -> None:
    for number in range(110):
        alice.add_task(str(number))
    browser.visit("/activity")
    found = told(browser.page)
    while browser.page.all(id="more"):
        browser.click("Earlier")
        found += told(browser.page)
    assert found == [f"Added “{number}”" for number in reversed(range(110))]


def test_others_see_nothing_of_it(alice: Caller, bob: Caller, bobs_browser: Browser) -> None:
    alice.add_task("of Alice")
    bob.add_task("of Bob")
    bobs_browser.visit("/activity")
    assert told(bobs_browser.page) == ["Added “of Bob”"]
