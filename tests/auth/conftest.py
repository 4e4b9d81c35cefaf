"""Applications with settings of their own, on the shared database."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from taskapp.extensions import limiter

from ..conftest import NewApp

Variant = Callable[..., Flask]


@pytest.fixture
def variant(app: Flask, new_app: NewApp) -> Iterator[Variant]:
    """Makes an application on the shared database, with the settings named.

    There is one limiter in a process, and the last application made gives it its store: give the
    shared application back its own afterwards.
    """
    kept = {k: dict(v) if type(v) is dict else v for k, v in vars(limiter).items()}

    def make(**settings: Any) -> Flask:
        return new_app(app.config["DATABASE_URL"], **settings)

    yield make
    vars(limiter).clear()
    vars(limiter).update(kept)
