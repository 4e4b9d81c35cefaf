"""The browsers in which one is logged in, as a page"""

from datetime import UTC, datetime

from flask import Flask

from taskapp.models import LoginSession

from ..callers import Caller
from .browser import Browser
from .stored import change, session_of


def shown(browser: Browser) -> list[str]:
    """What the page says of each browser, the one used last first."""
    browser.visit("/settings/sessions")
    return [each.text for each in browser.page.one("main").all("li")]


def another(app: Flask, caller: Caller, name: str) -> Browser:
    """Another browser in which somebody has logged in."""
    browser = Browser(app, name)
    browser.log_in(caller.email, remember=True)
    return browser


def test_the_one_in_use_is_marked_and_has_no_button(browser: Browser) -> None:
    [mine] = shown(browser)
    assert "Firefox" in mine
    assert "This one." in mine
    assert browser.page.one("main").all("button") == []


def test_each_is_shown_with_its_times(app: Flask, alice: Caller, browser: Browser) -> None:
    other = another(app, alice, "Chromium")
    alice.patch("/auth/me", {"time_zone": "Asia/Tokyo"})
    moment = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    change(app, LoginSession, session_of(app, other), seen_at=moment, created_at=moment)
    mine, theirs = shown(browser)
    assert "Firefox" in mine
    assert "Chromium" in theirs
    assert "1 Feb 2026, 08:30" in theirs
    assert "This one." not in theirs


def test_one_is_ended(app: Flask, alice: Caller, browser: Browser) -> None:
    other, kept = another(app, alice, "Chromium"), another(app, alice, "Safari")
    shown(browser)
    form = browser.page.one("form", action=f"/settings/sessions/{session_of(app, other)}/end")
    token = form.one("input", name="csrf_token").get("value")
    browser.open(form.get("action"), "POST", data={"csrf_token": token})
    assert browser.response.headers["Location"] == "/settings/sessions"
    assert len(shown(browser)) == 2
    assert browser.notices() == ["That browser is logged out."]
    assert not other.is_logged_in()
    assert kept.is_logged_in()


def test_all_others_are_ended(
    app: Flask, alice: Caller, browser: Browser, bobs_browser: Browser
) -> None:
    others = [another(app, alice, "Chromium"), another(app, alice, "Safari")]
    shown(browser)
    browser.press("Log all others out")
    assert browser.notices() == ["Every other browser is logged out."]
    assert len(shown(browser)) == 1
    assert not any(each.is_logged_in() for each in others)
    assert bobs_browser.is_logged_in()


def test_one_that_says_nothing_of_itself_is_called_something(app: Flask, alice: Caller) -> None:
    [mine] = shown(another(app, alice, ""))
    assert "A browser that does not say what it is" in mine


def test_one_is_called_as_people_call_it_and_keeps_what_it_said(app: Flask, alice: Caller) -> None:
    said = "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0"
    mine = another(app, alice, said)
    [shown_as] = shown(mine)
    assert shown_as.startswith("Firefox on Linux ")
    assert mine.page.one("bdi", title=said).text == "Firefox on Linux"


def test_nobody_sees_anothers(alice: Caller, browser: Browser, bobs_browser: Browser) -> None:
    assert len(shown(browser)) == len(shown(bobs_browser)) == 1


def test_ending_ones_own_login_by_hand_leads_to_the_login(app: Flask, browser: Browser) -> None:
    browser.post(f"/settings/sessions/{session_of(app, browser)}/end")
    browser.visit("/settings/sessions")
    assert browser.page.one("h1").text == "Log in"
