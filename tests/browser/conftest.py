"""A server, a browser, and somebody who sits before it.

A page that logs an error, or asks another host for anything, fails its test.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from flask_migrate import upgrade

from ..conftest import NewApp
from ..servers.browser import chromium, find_chromium
from ..servers.web import serve
from .visitors import ZONE, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Request

DESK, PHONE = 1280, 390
NewVisitor = Callable[[], Visitor]


@pytest.fixture(scope="session")
def server(new_app: NewApp, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The application, as it runs for people.

    What a browser sees is the same on every database; the forms behind it are tested on both.
    """
    url = f"sqlite:///{tmp_path_factory.mktemp('browser') / 'taskapp.db'}"
    with new_app(url).app_context():
        upgrade()
    env = {
        "APP_ENV": "development",
        "DATABASE_URL": url,
        "INSTANCE_DIR": str(tmp_path_factory.mktemp("instance")),
        "BCRYPT_ROUNDS": "4",
    }
    with serve(env) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """An installed Chromium."""
    if find_chromium() is None:
        pytest.skip("there is no Chromium on this machine (CHROMIUM may name one)")
    with chromium() as running:
        yield running


@pytest.fixture
def width() -> int:
    """How wide the window is; a test may say otherwise."""
    return DESK


@pytest.fixture
def with_script() -> bool:
    """Whether scripts run; a module may say otherwise."""
    return True


@pytest.fixture
def with_finger() -> bool:
    """Whether somebody touches the screen, and has no mouse; a test may say otherwise."""
    return False


@pytest.fixture
def new_visitor(
    browser: "Browser", server: str, width: int, with_script: bool, with_finger: bool
) -> Iterator[NewVisitor]:
    """Makes people without an account, each with a browser of their own."""
    faults: list[str] = []
    contexts: list[BrowserContext] = []

    def make() -> Visitor:
        context = browser.new_context(
            base_url=server,
            viewport={"width": width, "height": 800},
            java_script_enabled=with_script,
            has_touch=with_finger,
            is_mobile=with_finger,
            timezone_id=ZONE,
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        context.on("request", lambda request: faults.extend(_foreign(request, server)))
        context.on("console", lambda message: faults.extend(_logged(message)))
        context.on("weberror", lambda error: faults.append(str(error.error)))
        return Visitor(context.new_page())

    yield make
    for context in contexts:
        context.close()
    assert not faults


@pytest.fixture
def visitor(new_visitor: NewVisitor) -> Visitor:
    """Somebody without an account."""
    return new_visitor()


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    """Somebody with an account, on an empty list."""
    visitor.join()
    visitor.open("/tasks")
    return visitor


def _foreign(request: "Request", server: str) -> Iterator[str]:
    if urlsplit(request.url).netloc != urlsplit(server).netloc:
        yield f"asked for {request.url}"


def _logged(message: "ConsoleMessage") -> Iterator[str]:
    # Chromium logs each status that is an error, and a server that is gone: pages handle those.
    is_status = message.text.startswith("Failed to load resource")
    if is_status and "/static/" not in message.location["url"]:
        return
    if message.type in ("error", "warning"):
        yield f"logged {message.text} at {message.location}"


@contextmanager
def offline(visitor: Visitor) -> Iterator[None]:
    """No server can be reached meanwhile."""
    visitor.page.context.set_offline(True)
    try:
        yield
    finally:
        visitor.page.context.set_offline(False)
