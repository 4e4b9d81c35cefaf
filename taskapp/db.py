"""The database: the engine's set-up, what every table shares, and the one place that commits.

Changes happen inside `with transaction():`. Reads go through `fetch()`, which joins an open
transaction and otherwise leaves none behind.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    create_engine,
    event,
)
from sqlalchemy.engine import Row
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

# A row of any query.
AnyRow = Row[*tuple[Any, ...]]

log = logging.getLogger("taskapp")

STRAY = "objects were changed outside `with transaction():`"

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """What the models derive from."""

    metadata = MetaData(naming_convention=NAMING)

    if TYPE_CHECKING:
        __table__: ClassVar[Table]


# A committed object keeps its values: rendering it must not need the database a second time,
# which could fail after the change is stored.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

if TYPE_CHECKING:

    class Model(Base):
        """The type checker's view of `db.Model`, which is made at run time."""

        __abstract__ = True
else:
    Model = db.Model

# A text that sorts byte by byte, as it does in Python, whatever the language of the database.
Key = String().with_variant(String(collation="C"), "postgresql")

# SQLite counts rows in 64 bits too, but only a column declared INTEGER is its row id.
BigId = BigInteger().with_variant(Integer(), "sqlite")


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant, in databases that keep time zones and in those that do not."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive instant, which would mean another moment on another machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive datetime is no instant: {value!r}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Make what the database gives back aware, and UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Greek writes its sigma otherwise at the end of a word, and lower() may or may not.
SIGMA, FINAL = "\u03c3", "\u03c2"


class folded(FunctionElement[str]):  # noqa: N801 - it reads as a function of the database
    """A text without regard to case, for comparing; the end of a word, in Greek, included."""

    name = "folded"
    type = String()
    inherit_cache = True


@compiles(folded)
def _fold(element: folded, compiler: Any, **kwargs: Any) -> str:
    return f"replace(lower({compiler.process(element.clauses, **kwargs)}), '{FINAL}', '{SIGMA}')"


@compiles(folded, "sqlite")
def _fold_on_sqlite(element: folded, compiler: Any, **kwargs: Any) -> str:
    # SQLite's own lower() knows ASCII only; prepare() adds this one.
    return f"folded({compiler.process(element.clauses, **kwargs)})"


class database_now(FunctionElement[datetime]):  # noqa: N801 - it reads as a function of the database
    """This instant, told by the database; for rows that come from elsewhere than this program."""

    type = DateTime(timezone=True)
    inherit_cache = True


@compiles(database_now)
def _database_now(_element: database_now, _compiler: Any, **_: Any) -> str:
    return "now()"


@compiles(database_now, "sqlite")
def _database_now_on_sqlite(_element: database_now, _compiler: Any, **_: Any) -> str:
    # Its CURRENT_TIMESTAMP leaves out the fraction, and would sort apart from ours, being text.
    return "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))"


class database_rank(FunctionElement[str]):  # noqa: N801 - it reads as a function of the database
    """The rank of what is made now (see domain.ranks.at), told by the database."""

    type = String()
    inherit_cache = True


@compiles(database_rank)
def _database_rank(_element: database_rank, _compiler: Any, **_: Any) -> str:
    micros = "(extract(epoch from now()) * 1000000)::bigint"
    return f"('p'::text || lpad(({micros})::text, 16, '0'))"


@compiles(database_rank, "sqlite")
def _database_rank_on_sqlite(_element: database_rank, _compiler: Any, **_: Any) -> str:
    micros = "1000 * CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)"
    return f"('p' || printf('%016d', {micros}))"


def now() -> datetime:
    """This instant, UTC."""
    return datetime.now(UTC)


@contextmanager
def transaction() -> Iterator[Session]:
    """Commit what is done inside, or none of it when an exception leaves the block.

    A block inside another joins it: its changes are sent at its end, and the outermost commits
    them. On SQLite the write lock is taken at once, so that writers wait for one another instead
    of failing half way.
    """
    session = db.session()
    if is_open():
        yield session
        # What the database has to say about it - an id, a refusal - the block's caller expects.
        session.flush()
        return
    if session.new or session.dirty or session.deleted:
        raise RuntimeError(STRAY)
    # Somebody may have read through the session (in `flask shell`, say): that snapshot ends here.
    session.rollback()
    session.expire_all()
    session.info["open"] = True
    try:
        session.connection(execution_options={"begin": "BEGIN IMMEDIATE"})
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        del session.info["open"]


@contextmanager
def savepoint() -> Iterator[None]:
    """A part of a transaction() that may fail alone: what raises takes back only what it did."""
    with db.session().begin_nested():
        yield


@contextmanager
def looking() -> Iterator[Connection]:
    """A connection that can change nothing, not even the way in which SQLite keeps its file.

    A file that is not there is as empty as one can be, and is not made.
    """
    if db.engine.dialect.name != "sqlite":
        settled = {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
        with db.engine.execution_options(**settled).connect() as connection:
            yield connection
        return
    file = Path(db.engine.url.database or "")
    address = f"file:{quote(str(file.resolve()))}?mode=ro&uri=true"
    engine = create_engine(f"sqlite:///{address if file.is_file() else ''}")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def remaking() -> Iterator[Connection]:
    """One transaction in which tables may be dropped and made anew; its end commits it.

    SQLite's foreign keys rest meanwhile, since dropping a table would delete what refers to it.
    They are checked before it commits.
    """
    on_sqlite = db.engine.dialect.name == "sqlite"
    engine = db.engine.execution_options(begin="BEGIN IMMEDIATE")
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        if on_sqlite:
            # Through the driver, since the pragma does nothing once a transaction has begun.
            driver.execute("PRAGMA foreign_keys = OFF")
        try:
            with connection.begin():
                yield connection
                if on_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise RuntimeError("a row refers to one that is not there")
        finally:
            if on_sqlite:
                driver.execute("PRAGMA foreign_keys = ON")


@event.listens_for(db.session, "before_flush")
def _refuse_stray_changes(session: Session, *_: object) -> None:
    # A query flushes by itself; what it would send from outside would be rolled back in silence.
    if not session.info.get("open"):
        raise RuntimeError(STRAY)


def is_open() -> bool:
    """Whether the caller stands inside `with transaction():`."""
    return bool(db.session().info.get("open"))


def fetch(statement: Select[*tuple[Any, ...]]) -> Sequence[AnyRow]:
    """The rows of one query; inside a transaction() with what it has written so far."""
    if is_open():
        return db.session.execute(statement).all()
    with reader().connect() as connection:
        return connection.execute(statement).all()


def close_session(_error: BaseException | None = None) -> None:
    """Close the session at the end of a request or command, and bear that its connection died.

    The answer is made by then, and its change stored. Raised from here, outside every error
    handler, the death would turn that answer into a 500.
    """
    try:
        db.session.remove()
    except DBAPIError:
        log.warning("the database connection died after the answer was made", exc_info=True)
        db.session.registry.clear()


def reader() -> Engine:
    """The engine for single queries: PostgreSQL is spared a BEGIN and a ROLLBACK around each."""
    if db.engine.dialect.name == "sqlite":
        return db.engine
    return db.engine.execution_options(isolation_level="AUTOCOMMIT")


def sqlalchemy_url(url: str, folder: Path) -> str:
    """The URL in SQLAlchemy's spelling; an empty one is SQLite in that folder, which is made."""
    if not url:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return f"sqlite:///{folder / 'taskapp.db'}"
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else url


def engine_options(url: str, pool_size: int) -> dict[str, Any]:
    """What create_engine() is told for a database of that URL."""
    bounds = {
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_timeout": 5,
        # An error's text goes to the log; what was sent to the database stays out of it.
        "hide_parameters": True,
    }
    if url.startswith("sqlite"):
        # Seconds that a writer waits for the write lock.
        return bounds | {"connect_args": {"timeout": 30}}
    return bounds | {
        "pool_pre_ping": True,
        # Serverless PostgreSQL sleeps after five idle minutes and drops its connections.
        "pool_recycle": 280,
        "pool_use_lifo": True,
        # A pooler in transaction mode cannot keep prepared statements.
        "connect_args": {"prepare_threshold": None, "connect_timeout": 5},
    }


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower().replace(FINAL, SIGMA)


def prepare(engine: Engine) -> None:
    """Make SQLite keep its foreign keys, serve readers while it writes, and begin when told."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        connection.create_function("folded", 1, _lower, deterministic=True)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Any) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))
