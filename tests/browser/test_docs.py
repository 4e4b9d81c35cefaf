"""Swagger UI and ReDoc, drawn by Chromium from the server that ships, with the network closed."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from flask_migrate import upgrade

from ..callers import PASSWORD
from ..conftest import NewApp, environment
from ..servers.web import serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request, Response, Route

# What makes the page wider than the window, the outermost first.
BEYOND_THE_EDGE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
    [...document.querySelectorAll("body *")]
        .filter(each => each.getBoundingClientRect().right > innerWidth + 1)
        .map(each => `${each.tagName}.${each.className}`)"""
WIDTHS = {"wide": 1280, "narrow": 390}


@pytest.fixture(scope="module")
def site(new_app: NewApp, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """gunicorn with the configuration that ships."""
    folder = tmp_path_factory.mktemp("site")
    url = f"sqlite:///{folder / 'taskapp.db'}"
    with new_app(url).app_context():
        upgrade()
    with serve(environment(url, folder)) as base:
        yield base


class Watch:
    """What a page asked for, and what it complained about."""

    def __init__(self, page: "Page", base: str) -> None:
        self.host = urlsplit(base).netloc
        self.foreign: list[str] = []
        self.complaints: list[str] = []
        self.failures: list[str] = []
        page.route("**/*", self._let_through)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("response", self._see)

    def _let_through(self, route: "Route", request: "Request") -> None:
        address = urlsplit(request.url)
        if address.scheme in ("data", "blob") or address.netloc == self.host:
            route.continue_()
            return
        self.foreign.append(request.url)
        route.abort()

    def _hear(self, message: "object") -> None:
        kind, text = getattr(message, "type", ""), getattr(message, "text", "")
        if kind in ("error", "warning"):
            self.complaints.append(f"{kind}: {text}")

    def _see(self, response: "Response") -> None:
        if response.status >= 400:
            self.failures.append(f"{response.status} {response.url}")

    def assert_quiet(self, but_for: str = "") -> None:
        """Nothing was asked of another host, nothing failed, and the console holds no more."""
        assert self.foreign == []
        assert self.failures == []
        complaints = [each for each in self.complaints if not but_for or but_for not in each]
        assert complaints == []


@pytest.fixture(params=WIDTHS)
def page(request: pytest.FixtureRequest, browser: "Browser") -> Iterator["Page"]:
    """A new window without memory."""
    context = browser.new_context(viewport={"width": WIDTHS[request.param], "height": 900})
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def watch(page: "Page", site: str) -> Watch:
    """An eye on that window."""
    return Watch(page, site)


def _shoot(page: "Page", folder: Path, name: str) -> None:
    page.screenshot(path=folder / f"{name}.png", full_page=False)


def _assert_fits(page: "Page") -> None:
    """Nobody has to scroll sideways."""
    assert page.evaluate(BEYOND_THE_EDGE) == []


def _token(page: "Page", site: str) -> tuple[str, int]:
    account = {"email": f"{secrets.token_hex(4)}@example.com", "password": PASSWORD}
    assert page.request.post(f"{site}/api/auth/signup", data=account).status == 201
    answer = page.request.post(f"{site}/api/auth/login", data=account).json()
    return answer["access_token"], answer["user"]["id"]


@pytest.mark.parametrize("path", ["docs", "redoc"])
def test_a_page_of_the_documentation_has_a_strict_policy(
    page: "Page", site: str, path: str
) -> None:
    answer = page.request.get(f"{site}/api/{path}")
    policy = answer.headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert "unsafe" not in policy
    assert "http" not in policy


def test_swagger_ui_creates_and_lists_tasks(
    page: "Page", site: str, watch: Watch, tmp_path: Path
) -> None:
    token, user_id = _token(page, site)
    page.goto(f"{site}/api/docs")
    page.locator("#operations-tasks-createTask").wait_for()
    document = page.request.get(f"{site}/api/openapi.json").json()
    operations = sum(len(path.keys() - {"parameters"}) for path in document["paths"].values())
    assert page.locator(".opblock").count() == operations
    _assert_fits(page)
    _shoot(page, tmp_path, "swagger-top")
    page.get_by_role("button", name="Authorize").first.click()
    page.get_by_label("auth-bearer-value").fill(token)
    _shoot(page, tmp_path, "swagger-authorize")
    page.locator(".auth-btn-wrapper .authorize").click()
    page.locator(".auth-btn-wrapper .btn-done").click()

    create = page.locator("#operations-tasks-createTask")
    create.locator(".opblock-summary-control").click()
    create.locator("input[placeholder='user_id']").fill(str(user_id))
    create.locator("textarea.body-param__text").fill('{"title": "Drawn by hand"}')
    create.locator("button.execute").click()
    create.locator(".live-responses-table .response-col_status", has_text="201").wait_for()
    assert "Drawn by hand" in create.locator(".live-responses-table").inner_text()
    assert "etag" in create.locator(".live-responses-table").inner_text()
    create.locator(".live-responses-table").scroll_into_view_if_needed()
    _shoot(page, tmp_path, "swagger-201")

    listing = page.locator("#operations-tasks-listTasks")
    listing.locator(".opblock-summary-control").click()
    listing.locator("input[placeholder='user_id']").fill(str(user_id))
    listing.locator("button.execute").click()
    listing.locator(".live-responses-table .response-col_status", has_text="200").wait_for()
    assert "Drawn by hand" in listing.locator(".live-responses-table").inner_text()
    listing.locator(".live-responses-table").scroll_into_view_if_needed()
    _shoot(page, tmp_path, "swagger-200")
    _assert_fits(page)
    watch.assert_quiet()


# ReDoc wants to draw its maker's logo from its maker's host. The policy forbids it before anything
# is sent (no request is seen), and what is left is the text: our style sheet writes the name.
LOGO = "Loading the image 'https://cdn.redoc.ly/redoc/logo-mini"


def test_redoc_shows_operations_and_schemas_and_finds_them(
    page: "Page", site: str, watch: Watch, tmp_path: Path
) -> None:
    page.goto(f"{site}/api/redoc")
    page.get_by_text("Tasks of many people, each their own.").wait_for()
    _assert_fits(page)
    _shoot(page, tmp_path, "redoc-top")

    page.get_by_text("Loading...").wait_for(state="hidden")  # the index of the search
    page.keyboard.press("Control+k")
    page.get_by_placeholder("Search docs...").fill("delete")
    found = page.get_by_test_id("search-dialog").get_by_text("/api/{user_id}/tasks/{task_id}").first
    found.wait_for()
    _shoot(page, tmp_path, "redoc-search")
    found.click()
    page.get_by_role("heading", name="Delete a task").wait_for()

    page.goto(f"{site}/api/redoc#/tasks/createtask")
    page.reload()
    page.get_by_role("heading", name="Create a task").wait_for()
    page.get_by_text("One line. White space around it is removed.").first.wait_for()
    page.get_by_text("Your own id, as the login answers it.").first.wait_for()
    _assert_fits(page)
    _shoot(page, tmp_path, "redoc-operation")
    watch.assert_quiet(but_for=LOGO)
