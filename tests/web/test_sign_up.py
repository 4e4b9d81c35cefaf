"""Signing up"""

import pytest
from flask import Flask

from ..callers import PASSWORD, Caller
from .browser import Browser
from .stored import snapshot


def test_who_signs_up_is_logged_in_and_welcomed(visitor: Browser) -> None:
    visitor.visit("/")
    visitor.click("Sign up")
    visitor.press("Sign up", email="Ada@Example.com", password=PASSWORD)
    assert (visitor.status, visitor.path) == (200, "/welcome")
    assert visitor.page.one("h1").text == "Welcome"
    visitor.press("Add", title="The first thing")
    assert visitor.titles() == ["The first thing"]
    assert "ada@example.com" in visitor.visit("/settings").text


def test_the_login_is_a_new_session(visitor: Browser) -> None:
    visitor.visit("/signup")
    before = visitor.client.get_cookie("taskapp")
    visitor.press("Sign up", email="ada@example.com", password=PASSWORD)
    after = visitor.client.get_cookie("taskapp")
    assert before
    assert after
    assert before.value != after.value
    assert visitor.client.get_cookie("taskapp_remember") is None


@pytest.mark.parametrize(
    ("said", "kept"),
    [("Europe/Berlin", "Europe/Berlin"), ("Mars/Olympus", "UTC"), ("", "UTC"), ("<b>", "UTC")],
)
def test_the_time_zone_that_the_script_guessed_is_kept_if_it_is_one(
    visitor: Browser, said: str, kept: str
) -> None:
    visitor.visit("/signup")
    visitor.press("Sign up", email="ada@example.com", password=PASSWORD, time_zone=said)
    visitor.visit("/settings")
    assert visitor.value("time_zone") == kept


@pytest.mark.parametrize(
    ("email", "password", "status", "field"),
    [
        ("ada@example.com", "", 422, "password"),
        ("ada@example.com", "short", 422, "password"),
        ("ada@example.com", "password1", 422, "password"),
        ("ada@example.com", "é" * 600, 422, "password"),
        ("", PASSWORD, 422, "email"),
        ("no address", PASSWORD, 422, "email"),
        ("a@b.example\0", PASSWORD, 422, "email"),
        ("alice@example.com", PASSWORD, 409, "email"),
        ("ALICE@EXAMPLE.COM", PASSWORD, 409, "email"),
    ],
)
def test_what_will_not_do_is_said_beside_its_field(
    *,
    app: Flask,
    alice: Caller,
    visitor: Browser,
    email: str,
    password: str,
    status: int,
    field: str,
) -> None:
    before = snapshot(app)
    visitor.visit("/signup")

    visitor.press("Sign up", email=email, password=password)

    assert visitor.status == status
    [wrong] = visitor.page.all("input", aria_invalid="true")
    assert wrong.get("name") == field
    tied = [visitor.page.one(id=each) for each in wrong.get("aria-describedby").split()]
    assert any("error" in each.get("class") and each.text for each in tied)
    summary = visitor.page.one(id="errors")
    assert summary.get("role") == "alert"
    assert [link.get("href") for link in summary.all("a")] == [f"#{wrong.get('id')}"]
    assert visitor.value("email") == email
    assert visitor.value("password") == ""
    assert snapshot(app) == before
    assert not visitor.is_logged_in()


def test_every_empty_field_is_named_at_once(visitor: Browser) -> None:
    visitor.visit("/signup")
    visitor.press("Sign up")
    assert len(visitor.page.one(id="errors").all("a")) == 2


def test_asking_which_addresses_are_taken_is_limited(alice: Caller, visitor: Browser) -> None:
    visitor.visit("/signup")
    for _ in range(100):
        visitor.press("Sign up", email=alice.email, password=PASSWORD)
        assert visitor.status == 409
    visitor.press("Sign up", email=alice.email, password=PASSWORD)
    assert visitor.status == 429
    assert int(visitor.response.headers["Retry-After"]) > 0
    assert visitor.page.one("h1").text == "Not so fast"
