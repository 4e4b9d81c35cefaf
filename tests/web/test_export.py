"""Taking along all that is one's own, from the settings."""

import json

from ..callers import Caller
from .browser import Browser


def test_a_link_in_the_settings_hands_over_everything(alice: Caller, browser: Browser) -> None:
    task = alice.add_task("Write to Grace")
    browser.visit("/settings")
    [link] = [each for each in browser.page.all("a") if each.name.startswith("Download everything")]
    browser.open(link.get("href"))
    assert browser.status == 200
    assert browser.response.content_type == "application/json"
    assert browser.response.headers["Content-Disposition"].startswith("attachment; filename=")
    assert browser.response.headers["Cache-Control"] == "no-store"
    document = json.loads(browser.response.data)
    assert document["account"]["email"] == alice.email
    assert document["tasks"] == [task]


def test_the_script_leaves_that_link_to_the_browser(alice: Caller, browser: Browser) -> None:
    browser.visit("/settings")
    [link] = browser.page.all("a", href="/settings/export")
    assert "data-swap" not in link.attributes


def test_everybody_is_handed_their_own(
    alice: Caller, browser: Browser, bobs_browser: Browser
) -> None:
    alice.add_task("of Alice")
    bobs_browser.open("/settings/export")
    assert json.loads(bobs_browser.response.data)["tasks"] == []
    assert "Alice" not in bobs_browser.response.text
    assert alice.email not in bobs_browser.response.text
