"""People in front of their browsers. Alice and Bob are logged in; a visitor is nobody yet."""

import pytest
from flask import Flask

from ..callers import Caller
from .browser import Browser


@pytest.fixture
def visitor(app: Flask) -> Browser:
    """A browser of somebody without an account."""
    return Browser(app)


@pytest.fixture
def browser(app: Flask, alice: Caller) -> Browser:
    """Alice's browser, logged in."""
    mine = Browser(app)
    mine.be(alice.id)
    return mine


@pytest.fixture
def bobs_browser(app: Flask, bob: Caller) -> Browser:
    """Bob's, logged in."""
    his = Browser(app, "Chromium")
    his.be(bob.id)
    return his
