"""Settings, one's address and password, and the end of an account"""

from datetime import UTC, datetime

import pytest
from flask import Flask

from taskapp.models import Task

from ..callers import PASSWORD, Caller
from .browser import Browser
from .stored import change, snapshot

OTHER = "staple the correct horse"
GUARDED = [
    ("/settings/email", "Change it", {"email": "new@example.com"}),
    ("/settings/password", "Change it", {"new_password": OTHER}),
    ("/settings/delete", "Delete everything", {}),
]


def test_settings_show_what_is_stored(alice: Caller, browser: Browser) -> None:
    alice.patch("/auth/me", {"time_zone": "Asia/Kolkata", "theme": "dark", "shortcuts": False})
    browser.visit("/settings")
    assert browser.value("time_zone") == "Asia/Kolkata"
    assert browser.value("theme") == "dark"
    assert browser.value("density") == "comfortable"
    assert "checked" not in browser.field("shortcuts")[0].attributes
    assert alice.email in browser.page.one("main").text


def test_theme_density_and_shortcuts_are_on_every_page_from_then_on(
    alice: Caller, browser: Browser
) -> None:
    browser.visit("/settings")
    html = browser.page.one("html")
    assert (html.get("data-theme"), html.get("data-density")) == ("system", "comfortable")
    assert "data-shortcuts" in html.attributes

    browser.press("Save", theme="dark", density="compact", shortcuts=False)

    assert browser.path == "/settings"
    assert browser.notices() == ["Your settings are saved."]
    for path in ("/settings", "/tasks", "/trash", "/help", "/nothing"):
        html = browser.visit(path).one("html")
        assert (html.get("data-theme"), html.get("data-density")) == ("dark", "compact")
        assert "data-shortcuts" not in html.attributes
    stored = alice.get("/auth/me").json
    assert (stored["theme"], stored["density"], stored["shortcuts"]) == ("dark", "compact", False)


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("UTC", "31 Jan 2026, 23:30"),
        ("Pacific/Kiritimati", "1 Feb 2026, 13:30"),
        ("America/St_Johns", "31 Jan 2026, 20:00"),
        ("Asia/Kathmandu", "1 Feb 2026, 05:15"),
    ],
)
def test_times_are_shown_in_the_persons_zone(
    app: Flask, alice: Caller, browser: Browser, zone: str, shown: str
) -> None:
    moment = datetime(2026, 1, 31, 23, 30, 5, 123456, UTC)
    task_id = alice.add_task()["id"]
    change(app, Task, task_id, created_at=moment, updated_at=moment)
    browser.visit("/settings")
    browser.press("Save", time_zone=zone)
    time, *_ = browser.visit(f"/tasks/{task_id}").all("time")
    assert time.text == shown
    assert time.get("datetime") == "2026-01-31T23:30:05Z"
    assert "2026-01-31T23:30:05Z" in time.get("title")


def test_summer_time_is_kept(app: Flask, alice: Caller, browser: Browser) -> None:
    alice.patch("/auth/me", {"time_zone": "Europe/Berlin"})
    task_id = alice.add_task()["id"]
    for month, shown in ((1, "1 Jan 2026, 13:00"), (7, "1 Jul 2026, 14:00")):
        moment = datetime(2026, month, 1, 12, tzinfo=UTC)
        change(app, Task, task_id, created_at=moment, updated_at=moment)
        assert browser.visit(f"/tasks/{task_id}").all("time")[0].text == shown


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("time_zone", "Mars/Olympus"),
        ("time_zone", ""),
        ("time_zone", "UTC\0"),
        ("theme", "pink"),
        ("theme", "<b>"),
        ("theme", False),
        ("density", "Compact"),
        ("density", False),
    ],
)
def test_a_setting_that_cannot_be_is_refused_beside_its_field(
    app: Flask, browser: Browser, field: str, value: str | bool
) -> None:
    before = snapshot(app)
    browser.visit("/settings")
    browser.press("Save", **{field: value})
    assert browser.status == 422
    assert snapshot(app) == before
    [link] = browser.page.one(id="errors").all("a")
    target = link.get("href").removeprefix("#")
    assert browser.page.all(id=target), f"the summary leads to #{target}, which is not there"
    invalid = browser.page.that(lambda each: each.get("aria-invalid") == "true")
    assert invalid, "no field is marked as wrong"
    for each in invalid:
        tied = [browser.page.one(id=name) for name in each.get("aria-describedby").split()]
        assert any(message.text for message in tied)


def test_only_zones_that_everybody_has_are_offered(browser: Browser) -> None:
    browser.visit("/settings")
    zones = {
        each.get("value") for each in browser.page.one("select", name="time_zone").all("option")
    }
    assert {"UTC", "Europe/Berlin", "America/New_York"} <= zones
    assert "localtime" not in zones


def test_the_address_is_changed(alice: Caller, browser: Browser, visitor: Browser) -> None:
    browser.visit("/settings/email")
    browser.press("Change it", email="New@Example.com", current_password=PASSWORD)
    assert (browser.status, browser.path) == (200, "/settings")
    assert "new@example.com" in browser.page.one("main").text
    visitor.log_in("new@example.com")
    assert visitor.status == 200
    visitor.log_in(alice.email)
    assert visitor.status == 401


@pytest.mark.parametrize(
    ("email", "password", "status", "wrong"),
    [
        ("bob@example.com", PASSWORD, 409, "email"),
        ("BOB@example.com", PASSWORD, 409, "email"),
        ("no address", PASSWORD, 422, "email"),
        ("", PASSWORD, 422, "email"),
        ("new@example.com", "", 422, "current_password"),
        ("new@example.com", "not-hers", 403, "current_password"),
    ],
)
def test_an_address_that_will_not_do_is_kept_and_said(
    *,
    app: Flask,
    bob: Caller,
    browser: Browser,
    email: str,
    password: str,
    status: int,
    wrong: str,
) -> None:
    before = snapshot(app)
    browser.visit("/settings/email")
    browser.press("Change it", email=email, current_password=password)
    assert browser.status == status
    assert browser.value("email") == email
    assert browser.value("current_password") == ""
    invalid = browser.page.all("input", aria_invalid="true")
    assert [each.get("name") for each in invalid] == [wrong]
    assert snapshot(app) == before


def test_another_password_logs_other_browsers_out_and_not_this_one(
    app: Flask, alice: Caller, browser: Browser, bobs_browser: Browser
) -> None:
    other, kept = Browser(app, "Other"), Browser(app, "Kept")
    other.log_in(alice.email)
    kept.log_in(alice.email, remember=True)

    browser.visit("/settings/password")
    browser.press("Change it", current_password=PASSWORD, new_password=OTHER)

    assert (browser.status, browser.path) == (200, "/settings")
    assert browser.notices()
    assert not other.is_logged_in()
    assert not kept.is_logged_in()
    assert browser.is_logged_in()
    assert bobs_browser.is_logged_in()
    other.log_in(alice.email)
    assert other.status == 401
    other.log_in(alice.email, OTHER)
    assert other.status == 200


@pytest.mark.parametrize(
    ("new", "password", "status", "wrong"),
    [
        ("short", PASSWORD, 422, "new_password"),
        ("password1", PASSWORD, 422, "new_password"),
        ("", PASSWORD, 422, "new_password"),
        ("é" * 600, PASSWORD, 422, "new_password"),
        (OTHER, "not-hers", 403, "current_password"),
        (OTHER, "", 422, "current_password"),
    ],
)
def test_a_password_that_will_not_do_is_refused_and_not_shown(
    *, app: Flask, browser: Browser, new: str, password: str, status: int, wrong: str
) -> None:
    before = snapshot(app)
    browser.visit("/settings/password")
    browser.press("Change it", current_password=password, new_password=new)
    assert browser.status == status
    invalid = browser.page.all("input", aria_invalid="true")
    assert [each.get("name") for each in invalid] == [wrong]
    assert browser.value("new_password") == browser.value("current_password") == ""
    assert snapshot(app) == before
    assert browser.is_logged_in()


def test_a_deleted_account_is_gone_with_all_that_is_in_it(
    app: Flask, alice: Caller, bob: Caller, browser: Browser
) -> None:
    alice.add_task()
    kept = bob.add_task()
    other = Browser(app, "Other")
    other.log_in(alice.email, remember=True)

    browser.visit("/settings/delete")
    browser.press("Delete everything", current_password=PASSWORD)

    assert (browser.status, browser.path) == (200, "/")
    assert browser.notices() == ["Your account is deleted."]
    assert not browser.is_logged_in()
    assert not other.is_logged_in()
    stored = snapshot(app)
    assert [row[0] for row in stored["user"]] == [bob.id]
    assert [row[0] for row in stored["task"]] == [kept["id"]]
    assert stored["login_session"] == []
    browser.log_in(alice.email)
    assert browser.status == 401


@pytest.mark.parametrize("password", ["", "not-hers", PASSWORD.upper()])
def test_an_account_is_deleted_with_the_right_password_only(
    app: Flask, browser: Browser, password: str
) -> None:
    before = snapshot(app)
    browser.visit("/settings/delete")
    browser.press("Delete everything", current_password=password)
    assert browser.status == (403 if password else 422)
    assert browser.page.one(id="errors").text
    assert snapshot(app) == before
    assert browser.is_logged_in()


@pytest.mark.parametrize(("path", "button", "fields"), GUARDED)
def test_guessing_at_the_password_is_limited(
    app: Flask, browser: Browser, path: str, button: str, fields: dict[str, str]
) -> None:
    for _ in range(10):
        browser.visit("/settings/delete")
        browser.press("Delete everything", current_password="not-hers")
        assert browser.status == 403
    before = snapshot(app)
    browser.visit(path)
    browser.press(button, current_password=PASSWORD, **fields)
    assert browser.status == 429
    assert browser.page.one("h1").text == "Not so fast"
    assert snapshot(app) == before
