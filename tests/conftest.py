"""What every test may ask for.

Each test that touches the database runs twice, on SQLite and on PostgreSQL, with the settings
that ship. Alice and Bob have accounts; to what Alice owns, Bob is a stranger.
"""

import gc
import os
import secrets
import signal
import sqlite3
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from flask_migrate import upgrade
from psycopg.sql import SQL, Identifier
from sqlalchemy import Engine, delete, event

from config import Config
from taskapp import create_app
from taskapp.db import db, transaction
from taskapp.extensions import limiter
from taskapp.models import IdempotencyKey, User

from .callers import Caller, make_caller
from .servers.pgbouncer import pgbouncer
from .servers.postgres import postgres

# How long an example takes says nothing on a machine that does other things too.
hypothesis.settings.register_profile("taskapp", deadline=None)
hypothesis.settings.load_profile("taskapp")

# Hundreds of applications are kept to the end; to look for rubbish among them takes long.
gc.set_threshold(200_000, 20, 50)

# A run that is ended by its surroundings takes its servers along, as one ended by Ctrl-C does.
signal.signal(signal.SIGTERM, signal.default_int_handler)


@event.listens_for(Engine, "connect")
def _sqlite_need_not_reach_the_disk(connection: Any, _record: object) -> None:
    """What PostgreSQL's fsync=off is: no test pulls the plug, and each commit waited for a disk."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


NewDatabase = Callable[[], str]
NewApp = Callable[..., Flask]


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: each waits now and then, for servers and for browsers."""
    return (os.cpu_count() or 1) + 1


# Modules that go again, many times, where others go once.
REPEATING = {
    *("test_concurrency", "test_hostile_text", "test_indexes", "test_malformed", "test_repeatable"),
    *("test_scale", "test_schemathesis", "test_strangers", "test_upgrades"),
}


def says_nothing_new(item: pytest.Item) -> bool:
    """Whether what a test covers is covered by others too."""
    if item.path.parent.name in ("browser", "properties"):  # a browser's server is a process apart
        return True
    return "postgresql" in item.name.partition("[")[2] or item.path.stem in REPEATING


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Measure coverage once, fixtures included: it doubles the time of a test."""
    measuring = getattr(item.config.pluginmanager.getplugin("_cov"), "cov_controller", None)
    if measuring is None or not says_nothing_new(item):
        return (yield)
    measuring.pause()
    try:
        return (yield)
    finally:
        measuring.resume()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server for the whole run."""
    with postgres() as url:
        yield url


@pytest.fixture(scope="session")
def pooled_url(postgres_url: str) -> Iterator[str]:
    """How applications reach that server: with TEST_PGBOUNCER set through a pooler."""
    if not os.environ.get("TEST_PGBOUNCER"):
        yield postgres_url
        return
    with pgbouncer(postgres_url) as url:
        yield url


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def new_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NewDatabase]:
    """Makes an empty database and returns its URL."""
    if request.param == "sqlite":
        yield lambda: f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'taskapp.db'}"
        return
    server: str = request.getfixturevalue("postgres_url")
    pooled: str = request.getfixturevalue("pooled_url")
    made: list[str] = []

    def make() -> str:
        made.append(f"test_{secrets.token_hex(4)}")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(made[-1])))
        return urlsplit(pooled)._replace(path=f"/{made[-1]}").geturl()

    yield make
    with psycopg.connect(server, autocommit=True) as connection:
        for name in made:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture(scope="session")
def new_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewApp]:
    """Makes an application on a database, with production's settings but for those named."""
    made: list[Flask] = []

    def make(url: str, **more: Any) -> Flask:
        made.append(create_app(settings(url, tmp_path_factory.mktemp("instance"), **more)))
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


def settings(url: str, folder: Path, **more: Any) -> Config:
    """The settings of production, but for quick hashes."""
    defaults: dict[str, Any] = {
        "SECRET_KEY": secrets.token_hex(),
        "JWT_SECRET_KEY": secrets.token_hex(),
        "BCRYPT_ROUNDS": 4,
        # Some tests bring forty clients into one process, where a server has threads for fewer.
        "WEB_THREADS": 64,
    }
    return Config(DATABASE_URL=url, INSTANCE_DIR=folder, **defaults | more)


def environment(url: str, folder: Path) -> dict[str, str]:
    """The same, as a server that is started finds them in its environment."""
    return {
        "APP_ENV": "production",
        "SECRET_KEY": secrets.token_hex(),
        "JWT_SECRET_KEY": secrets.token_hex(),
        "INSTANCE_DIR": str(folder),
        "DATABASE_URL": url,
        "BCRYPT_ROUNDS": "4",
    }


@pytest.fixture(scope="session")
def shared_app(new_database: NewDatabase, new_app: NewApp) -> Flask:
    """An application on a database with today's schema, that the tests share."""
    app = new_app(new_database())
    with app.app_context():
        upgrade()
    return app


@pytest.fixture
def app(shared_app: Flask) -> Flask:
    """An application without accounts, tasks, or counted failures."""
    with shared_app.app_context(), transaction() as session:
        session.execute(delete(User))
        session.execute(delete(IdempotencyKey))  # those of nobody in particular
    limiter.reset()
    return shared_app


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    """For tests that call services: what `flask shell` gives."""
    with app.app_context():
        yield


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client without an account."""
    return app.test_client()


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    """The command line."""
    return app.test_cli_runner()


@pytest.fixture
def alice(client: FlaskClient) -> Caller:
    """Somebody with an account and a token."""
    return make_caller(client, "alice@example.com")


@pytest.fixture
def bob(client: FlaskClient) -> Caller:
    """A stranger to Alice."""
    return make_caller(client, "bob@example.com")
