"""What goes wrong is told on a page of the site, with the request's id"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest
from flask import Flask
from sqlalchemy import Engine, event

from taskapp.db import db
from taskapp.openapi import public

from ..callers import Caller
from ..conftest import NewApp
from .browser import Browser


def fail() -> NoReturn:
    """A view that breaks."""
    raise RuntimeError("a secret detail of what broke")


def assert_error_page(browser: Browser, status: int, heading: str) -> None:
    """The page is one of the site's, and names the request."""
    assert browser.status == status
    headers = browser.response.headers
    page = browser.page
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert page.one("h1").text == heading
    assert str(status) in page.one("main").text
    assert headers["X-Request-ID"] in page.one("main").text
    assert page.one("link", rel="stylesheet").get("href").startswith("/static/")
    assert page.one("a", class_="brand").get("href") == "/"
    assert "Traceback" not in browser.response.text
    assert "secret detail" not in browser.response.text


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """What a database is asked meanwhile."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def twin(app: Flask, new_app: NewApp) -> Callable[..., Flask]:
    """Makes another application that takes the same cookies, on the same database or another."""
    secret = app.config["SECRET_KEY"]

    def make(url: str = app.config["DATABASE_URL"], **more: object) -> Flask:
        return new_app(url, SECRET_KEY=secret, **more)

    return make


@pytest.fixture
def nowhere(app: Flask, tmp_path: Path) -> str:
    """The URL of a database that is gone."""
    if app.config["DATABASE_URL"].startswith("sqlite"):
        return f"sqlite:///{tmp_path / 'gone' / 'taskapp.db'}"
    return "postgresql://nobody@127.0.0.1:1/gone"


def moved(browser: Browser, app: Flask) -> Browser:
    """The same browser, with its cookies, in front of another application."""
    other = Browser(app, browser.name)
    cookie = browser.client.get_cookie("taskapp")
    assert cookie
    other.client.set_cookie("taskapp", cookie.decoded_value, secure=True)
    return other


@pytest.mark.parametrize("path", ["/nothing", "/tasks/x", "/tasks/1/", "/static/x", "/%00", "/é"])
def test_404(visitor: Browser, browser: Browser, path: str) -> None:
    for each in (visitor, browser):
        each.open(path)
        assert_error_page(each, 404, "There is nothing here")


def test_404_of_a_task(browser: Browser) -> None:
    browser.open("/tasks/999999999")
    assert_error_page(browser, 404, "There is nothing here")
    assert browser.page.all("a", href="/trash"), "the frame knows who is logged in"


@pytest.mark.parametrize(("method", "path"), [("GET", "/logout"), ("DELETE", "/tasks")])
def test_405(browser: Browser, method: str, path: str) -> None:
    browser.open(path, method)
    assert_error_page(browser, 405, "This cannot be done here")
    assert "POST" in browser.response.headers["Allow"]


def test_413(browser: Browser) -> None:
    fields = {"csrf_token": browser.token(), "title": "x" * 1_048_576}
    browser.open("/tasks", "POST", data=fields)
    assert_error_page(browser, 413, "This is too much")


def test_the_longest_description_of_any_alphabet_fits(alice: Caller, browser: Browser) -> None:
    text = "🙂" * 10_000
    task_id = alice.add_task()["id"]
    assert browser.post(f"/tasks/{task_id}/edit", title="x", description=text, version="1") == 303
    assert alice.get(f"/tasks/{task_id}").json["description"] == text


def test_400_of_a_host_that_is_not_served(twin: Callable[..., Flask]) -> None:
    browser = Browser(twin(TRUSTED_HOSTS=("tasks.example",)))
    browser.open("/")
    assert browser.status == 400
    assert browser.response.headers["Content-Type"] == "text/html; charset=utf-8"


def test_500_and_nothing_of_what_broke(twin: Callable[..., Flask], browser: Browser) -> None:
    app = twin()
    app.add_url_rule("/fail", "fail", fail)
    broken = moved(browser, app)
    broken.open("/fail")
    assert_error_page(broken, 500, "Something broke")


def test_500_does_not_ask_the_database(twin: Callable[..., Flask], browser: Browser) -> None:
    app = twin()
    app.add_url_rule("/fail", "fail", public(fail))
    broken = moved(browser, app)
    with app.app_context():
        engine = db.engine
    with statements(engine) as seen:
        broken.open("/fail")
    assert_error_page(broken, 500, "Something broke")
    assert seen == []


@pytest.mark.parametrize("path", ["/tasks", "/", "/login", "/help", "/settings/sessions", "/trash"])
def test_503_while_the_database_is_gone(
    twin: Callable[..., Flask], browser: Browser, nowhere: str, path: str
) -> None:
    broken = moved(browser, twin(nowhere))
    broken.open(path)
    assert_error_page(broken, 503, "Out of reach for a moment")
    assert int(broken.response.headers["Retry-After"]) > 0


def test_503_of_a_form(twin: Callable[..., Flask], visitor: Browser, nowhere: str) -> None:
    broken = Browser(twin(nowhere))
    broken.log_in("alice@example.com")
    assert_error_page(broken, 503, "Out of reach for a moment")


@pytest.mark.parametrize(("method", "path"), [("GET", "/nothing"), ("POST", "/tasks")])
def test_another_error_while_the_database_is_gone_is_not_a_500(
    twin: Callable[..., Flask], browser: Browser, nowhere: str, method: str, path: str
) -> None:
    """A page that is not there, a form without its token: neither needs the database."""
    broken = moved(browser, twin(nowhere))
    assert broken.open(path, method) in (400, 404, 503)


def test_what_needs_no_database_is_served_without_one(
    twin: Callable[..., Flask], nowhere: str
) -> None:
    broken = Browser(twin(nowhere))
    for path in ("/", "/login", "/signup", "/help", "/manifest.webmanifest"):
        assert broken.open(path) == 200
    broken.open("/")
    assert broken.open(broken.page.one("link", rel="stylesheet").get("href")) == 200


def test_an_error_is_a_fragment_when_a_fragment_was_asked_for(browser: Browser) -> None:
    browser.open("/nothing", headers={"X-Fragment": "1"})
    assert browser.status == 404
    assert not browser.page.all("html")
    assert browser.page.one("h1").text == "There is nothing here"
