"""The engine: how connections are made, kept, known to be alive, and bounded in time.

Law: whatever is done here works behind a pooler that lends a connection for one transaction.
Nothing is set for a session, no option is sent at the start, and statements are prepared in the
server only where a connection is seen to lead right to it; time limits travel with each
transaction's BEGIN, and a clock of our own stands behind them.
"""

import select
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import InvalidatePoolError

from taskapp import statements

# Execution options: what opens a transaction on SQLite, and that a single query needs none.
WRITE = {"begin": "BEGIN IMMEDIATE"}
ALONE = {"begin": ""}

# Seconds until a connection has to be made. A serverless database wakes up in less.
CONNECT_SECONDS = 5
# Seconds that an answer may take beyond the time that the server allows itself.
MARGIN_SECONDS = 2
# A connection that has been at rest for so long is asked whether it lives; for so long.
REST_SECONDS = 5
PING_SECONDS = 2

# Seconds that a migration stands in the way of everybody at most, while it waits for them.
MIGRATION_LOCK_SECONDS = 2

# How often a connection sends a statement before it is prepared: the server then plans it no more.
PREPARE_AFTER = 2

# Seconds that a writer of this process waits for its turn, before SQLite's own waiting begins.
TURN_SECONDS = 5

# What libpq is told, unless the URL says otherwise. None of it reaches the server.
LIBPQ = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    # Milliseconds that something sent may stay unacknowledged.
    "tcp_user_timeout": 20_000,
}

# The Greek sigmas; a word ends on the other one.
SIGMA, FINAL = "\u03c3", "\u03c2"

_seconds: ContextVar[int | None] = ContextVar("seconds", default=None)


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Give every statement inside so long instead of DATABASE_STATEMENT_SECONDS; 0 is for ever."""
    token = _seconds.set(seconds)
    try:
        yield
    finally:
        _seconds.reset(token)


def sqlalchemy_url(url: str, folder: Path) -> str:
    """The URL in SQLAlchemy's spelling; an empty one is SQLite in that folder, which is made."""
    if not url:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return f"sqlite:///{folder / 'taskapp.db'}"
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else url


def engine_options(url: str, *, pool_size: int, pool_seconds: int) -> dict[str, Any]:
    """What create_engine() is told for a database of that URL, which prepare() is given next."""
    bounds = {
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_timeout": pool_seconds,
        # An error's text goes to the log; what was sent to the database stays out of it.
        "hide_parameters": True,
    }
    if url.startswith("sqlite"):
        # Seconds that a writer waits for the write lock.
        return bounds | {"connect_args": {"timeout": 30}}
    return bounds | {
        # Serverless PostgreSQL sleeps after five idle minutes and drops its connections.
        "pool_recycle": 280,
        "pool_use_lifo": True,
        "connect_args": _connect_args(url),
        "isolation_level": "AUTOCOMMIT",
        # It would look for a type that nobody uses, at each start.
        "use_native_hstore": False,
    }


def _connect_args(url: str) -> dict[str, Any]:
    said = make_url(url).query
    ours = {name: value for name, value in LIBPQ.items() if name not in said}
    # A pooler in transaction mode cannot keep prepared statements; see _leads_to_server().
    # The driver begins nothing by itself: prepare() does, limits included.
    return ours | {"prepare_threshold": None, "autocommit": True}


def prepare(engine: Engine, *, statement_seconds: int, lock_seconds: int) -> None:
    """Teach an engine when to begin and how long to wait; SQLite, to keep its foreign keys too."""
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    else:
        _connect_with_patience(engine, statement_seconds)
        _begin_with_limits(engine, statement_seconds, lock_seconds)
        _look_before_lending(engine)


@contextmanager
def migrating(url: str) -> Iterator[Engine]:
    """An engine for migrations: they take their time, but wait for locks only shortly."""
    # One connection migrates, another keeps other hosts from it.
    with _for_once(url, connections=2, statement=0, lock=MIGRATION_LOCK_SECONDS) as engine:
        yield engine


@contextmanager
def asking(url: str) -> Iterator[Engine]:
    """An engine for a question, with a connection that nobody else waits for."""
    with _for_once(url, connections=1, statement=1, lock=1) as engine:
        yield engine


@contextmanager
def _for_once(url: str, *, connections: int, statement: int, lock: int) -> Iterator[Engine]:
    engine = create_engine(url, **engine_options(url, pool_size=connections, pool_seconds=1))
    prepare(engine, statement_seconds=statement, lock_seconds=lock)
    try:
        yield engine
    finally:
        engine.dispose()


# ---------------------------------------------------------------- SQLite


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower().replace(FINAL, SIGMA)


def _prepare_sqlite(engine: Engine) -> None:
    """Keep foreign keys, serve readers during a write, and begin when told: writers in turn.

    SQLite itself lets those who wait for its one writer look again now and then, ever more seldom.
    """

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        connection.create_function("folded", 1, _lower, deterministic=True)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")

    turn = Lock()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Any) -> None:
        begin = connection.get_execution_options().get("begin", "BEGIN")
        if begin == WRITE["begin"] and not connection.info.get("has_turn"):
            connection.info["has_turn"] = turn.acquire(timeout=TURN_SECONDS)
        if begin:
            connection.exec_driver_sql(begin)

    @event.listens_for(engine, "checkin")
    def _on_checkin(_connection: Any, record: Any) -> None:
        if record.info.pop("has_turn", False):
            turn.release()


# ---------------------------------------------------------------- PostgreSQL


def _connect_with_patience(engine: Engine, statement_seconds: int) -> None:
    """Let connections give up by themselves: a server that is paused or cut off says nothing."""
    patient = _patient(engine.dialect.loaded_dbapi)

    @event.listens_for(engine, "do_connect")
    def _on_do_connect(_dialect: Any, _record: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        connection = patient.connect(*args, **kwargs)
        if _leads_to_server(connection):
            connection.prepare_threshold = PREPARE_AFTER
        connection.statement_seconds, connection.patience = statement_seconds, None
        return connection


def _leads_to_server(connection: Any) -> bool:
    """Whether there is no pooler between.

    A pooler makes up the process id that a client is told for cancelling (PostgreSQL's protocol,
    BackendKeyData), since it lends one server process to many clients.
    """
    found = connection.execute("SELECT pg_backend_pid()").fetchone()[0]
    return bool(found == connection.info.backend_pid)


def _patient(driver: Any) -> Any:
    """The driver's connection, but one that waits for no answer for ever."""

    class TookTooLong(driver.OperationalError, TimeoutError):  # type: ignore[misc]
        """Nobody knows what became of it; and it is not to be tried once more."""

    class Patient(driver.Connection):  # type: ignore[misc]
        # Seconds that a statement may take in the server, unless within() says otherwise.
        statement_seconds = CONNECT_SECONDS
        # Seconds to wait for the next answer, if it is none to a statement.
        patience: float | None = CONNECT_SECONDS

        @classmethod
        def connect(cls, *args: Any, **kwargs: Any) -> Any:
            try:
                return super().connect(*args, **kwargs)
            except driver.errors.ConnectionTimeout as error:
                raise TookTooLong(str(error)) from None

        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            patience = timeout or self.patience or _patience(self.statement_seconds)
            try:
                return super().wait(gen, interval, patience)
            except driver.errors._WaitTimeout:
                if timeout is not None:
                    raise
                self._give_up()
                raise TookTooLong(f"no answer within {patience:g} seconds") from None

        def _give_up(self) -> None:
            # What still runs in the server would run on for nobody, and might hold locks.
            if driver.capabilities.has_cancel_safe():
                with suppress(driver.Error):
                    self.cancel_safe(timeout=1)
            self.close()

    return Patient


def _allowed(statement_seconds: int) -> int:
    given = _seconds.get()
    return statement_seconds if given is None else given


def _patience(statement_seconds: int) -> float | None:
    seconds = _allowed(statement_seconds)
    return seconds + MARGIN_SECONDS if seconds else None


def _begin_with_limits(engine: Engine, statement_seconds: int, lock_seconds: int) -> None:
    """Send the limits along with BEGIN, in one go."""

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Any) -> None:
        options = connection.get_execution_options()
        if options.get("begin") == "" or options.get("isolation_level") == "AUTOCOMMIT":
            return
        driver = connection.connection.driver_connection
        seconds = _allowed(statement_seconds)
        statements.run(
            connection,
            # Without autocommit, which whoever wants another isolation has left, it has begun.
            ("BEGIN; " if driver.autocommit else "")
            + f"SET LOCAL statement_timeout = {seconds * 1000}; "
            + f"SET LOCAL lock_timeout = {lock_seconds * 1000}",
        )


def _look_before_lending(engine: Engine) -> None:
    """Lend no connection that has died at rest, and every other of that age neither."""

    @event.listens_for(engine, "checkin")
    def _on_checkin(_connection: Any, record: Any) -> None:
        record.info["at_rest_since"] = monotonic()

    @event.listens_for(engine, "checkout")
    def _on_checkout(connection: Any, record: Any, _fairy: Any) -> None:
        since = record.info.pop("at_rest_since", None)
        if since is not None and not _is_alive(connection, monotonic() - since):
            raise InvalidatePoolError


def _is_alive(connection: Any, rested: float) -> bool:
    try:
        # A server that ends a session says so; one at rest has nothing else to say. It costs
        # microseconds, where asking would cost a round trip.
        watch = select.poll()
        watch.register(connection.fileno(), select.POLLIN)
        if watch.poll(0):
            return False
        if rested > REST_SECONDS:
            connection.patience = PING_SECONDS
            connection.execute(";")
            connection.patience = None
    except Exception:  # whatever the driver raises: the connection is given up
        return False
    return True
