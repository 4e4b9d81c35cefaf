"""The database: what every table shares, and the one place that commits, and that tries again.

Changes happen inside `with transaction():`. Reads go through `fetch()`, which joins an open
transaction and otherwise leaves none behind. What the database lost, `repeatable()` does again.
"""

import logging
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar
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
    column,
    create_engine,
    event,
    inspect,
    select,
    table,
)
from sqlalchemy.engine import Row
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeDecorator

from taskapp import metrics, statements
from taskapp.engine import ALONE, FINAL, SIGMA, WRITE, within
from taskapp.statements import Kept

Result = TypeVar("Result")

# A row of any query.
AnyRow = Row[*tuple[Any, ...]]

log = logging.getLogger("taskapp")

NOTHING: Mapping[str, Any] = MappingProxyType({})

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


class folded(FunctionElement[str]):  # noqa: N801 - it reads as a function of the database
    """A text without regard to case, for comparing; the end of a word, in Greek, included."""

    name = "folded"
    type = String()
    inherit_cache = True


@compiles(folded)
def _fold(element: folded, compiler: Any, **kwargs: Any) -> str:
    # Greek writes its sigma otherwise at the end of a word, and lower() may or may not.
    return f"replace(lower({compiler.process(element.clauses, **kwargs)}), '{FINAL}', '{SIGMA}')"


@compiles(folded, "sqlite")
def _fold_on_sqlite(element: folded, compiler: Any, **kwargs: Any) -> str:
    # SQLite's own lower() knows ASCII only; engine.py adds this one.
    return f"folded({compiler.process(element.clauses, **kwargs)})"


class fits_folded(FunctionElement[Any]):  # noqa: N801 - it reads as a function of the database
    """Whether a text is LIKE a pattern, escaped by "/", without regard to case as with folded."""

    # Were it Boolean, SQLite would be asked for "(...) = 1", and then computes all of it each time.
    type = NullType()
    inherit_cache = True


@compiles(fits_folded)
def _fit(element: fits_folded, compiler: Any, **kwargs: Any) -> str:
    text, pattern = (compiler.process(folded(each), **kwargs) for each in element.clauses)
    return f"{text} LIKE {pattern} ESCAPE '/'"


@compiles(fits_folded, "sqlite")
def _fit_on_sqlite(element: fits_folded, compiler: Any, **kwargs: Any) -> str:
    # Its LIKE folds ASCII by itself, at a third of what calling Python for each row takes; what
    # has other characters has more bytes than characters.
    text, pattern = (compiler.process(each, **kwargs) for each in element.clauses)
    fits = f"LIKE folded({pattern}) ESCAPE '/'"
    has_more = f"length({text}) <> length(CAST({text} AS BLOB))"
    return f"({text} {fits} OR {has_more} AND folded({text}) {fits})"


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
    session.info["open"] = None
    try:
        session.info["open"] = session.connection(execution_options=WRITE)
        yield session
        session.flush()
        # From here on nobody can say that it did not happen.
        if attempts := _attempts.get():
            attempts.committed = True
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
def snapshot() -> Iterator[Session]:
    """Read all that is read inside as it is at one moment, whatever others change meanwhile.

    fetch() joins it. Nothing can be changed: the database refuses to.
    """
    session = db.session()
    if is_open():
        raise RuntimeError("a snapshot cannot begin inside a transaction()")
    session.rollback()
    session.expire_all()
    session.info["open"] = None
    on_sqlite = db.engine.dialect.name == "sqlite"
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    try:
        connection = session.connection(execution_options={} if on_sqlite else options)
        session.info["open"] = connection
        with _query_only(connection) if on_sqlite else nullcontext():
            yield session
    finally:
        session.rollback()
        del session.info["open"]


@contextmanager
def _query_only(connection: Connection) -> Iterator[None]:
    """Let a connection of SQLite change nothing."""
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA query_only = ON")
    try:
        yield
    finally:
        driver.execute("PRAGMA query_only = OFF")


@contextmanager
def looking() -> Iterator[Connection]:
    """A connection that can change nothing, not even the way in which SQLite keeps its file.

    A file that is not there is as empty as one can be, and is not made.
    """
    if db.engine.dialect.name != "sqlite":
        settled = {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
        with within(0), db.engine.execution_options(**settled).connect() as connection:
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
    engine = db.engine.execution_options(**WRITE)
    with within(0), engine.connect() as connection:
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
    if "open" not in session.info:
        raise RuntimeError(STRAY)


def is_open() -> bool:
    """Whether the caller stands inside `with transaction():`."""
    # Not db.session(), which would make one for whoever only asks.
    return db.session.registry.has() and "open" in db.session().info


def fetch(
    statement: Select[*tuple[Any, ...]] | Kept, values: Mapping[str, Any] = NOTHING
) -> Sequence[AnyRow]:
    """The rows of one query; inside a transaction() with what it has written so far.

    Outside it changes nothing, and so it is done again as under `repeatable()`, always.
    """
    if is_open():
        session = db.session()
        # What waits to be written goes first.
        session.flush()
        return _send(session.info["open"], statement, values)

    def read() -> Sequence[AnyRow]:
        with reader().connect() as connection:
            return _send(connection, statement, values)

    return _try(read, _attempts.get() or Attempts(), is_read=True)


def _send(
    connection: Connection,
    statement: Select[*tuple[Any, ...]] | Kept,
    values: Mapping[str, Any],
) -> Sequence[AnyRow]:
    if isinstance(statement, Kept):
        return statements.send(connection, statement, values)
    return connection.execute(statement, dict(values)).all()


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
    """The engine for single queries, which are spared a BEGIN and a ROLLBACK around each."""
    return _alone(db.engine)


@lru_cache(maxsize=16)
def _alone(engine: Engine) -> Engine:
    return engine.execution_options(**ALONE)


# ---------------------------------------------------------------- trying again

ATTEMPTS = 3
# Seconds before the second attempt, at most; four times as long before the third.
PAUSE = 0.05
# Of those that wait for one another the database picks one to fail (deadlock, serialisation);
# and of a server that stops, some say why.
PASSING = {"40001", "40P01", "57P01", "57P02", "57P03"}


@dataclass
class Attempts:
    """How often something may be tried yet, and whether it has begun to commit."""

    left: int = ATTEMPTS - 1
    committed: bool = False


_attempts: ContextVar[Attempts | None] = ContextVar("attempts", default=None)


def repeatable(work: Callable[[], Result]) -> Result:
    """Do `work`, and again if the database lost it before any commit in it began; thrice at most.

    Lost is what ended with its connection, as the victim of a deadlock, or because others changed
    the same. Each attempt has a session of its own. Inside another's work it leaves that to them.
    """
    if _attempts.get():
        return work()
    attempts = Attempts()
    token = _attempts.set(attempts)
    try:
        return _try(work, attempts, is_read=False)
    finally:
        _attempts.reset(token)


def _try(work: Callable[[], Result], attempts: Attempts, *, is_read: bool) -> Result:
    while True:
        try:
            return work()
        except DBAPIError as error:
            lost = _is_passing(error) and (is_read or not attempts.committed)
            if not lost or not attempts.left:
                raise
            log.warning("the database lost what was asked; trying again", exc_info=error)
        metrics.repeats.inc()
        if not is_read:
            close_session()
        attempts.left -= 1
        # Those that hindered one another shall not meet again.
        time.sleep(random.uniform(0, PAUSE if attempts.left else 4 * PAUSE))  # noqa: S311


def _is_passing(error: DBAPIError) -> bool:
    # Whoever has waited for long shall not wait three times as long. SQLite has no such state.
    if isinstance(error.orig, TimeoutError) or not hasattr(error.orig, "sqlstate"):
        return False
    state = getattr(error.orig, "sqlstate", None)
    # Without a state it was not the server that spoke: there is no connection, or none any more.
    unreached = state is None and isinstance(error, OperationalError)
    return state in PASSING or error.connection_invalidated or unreached


# ---------------------------------------------------------------- the schema that is there

VERSION = table("alembic_version", column("version_num", String()))
MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"
# As migrations/script.py.mako writes them.
_REVISION = re.compile(r"""^revision = ["'](.+)["']$""", re.M)
_FOLLOWED = re.compile(r"^down_revision = (.+)$", re.M)


def migration_state(engine: Engine | None = None) -> Literal["current", "behind", "ahead"]:
    """How the database's schema stands to this code's; raises what the database raises.

    It is ahead when it was migrated by a later release, whose revisions are unknown here.
    """
    known, heads = revisions()
    asked = reader() if engine is None else engine.execution_options(**ALONE)
    with asked.connect() as connection:
        if not inspect(connection).has_table(VERSION.name):
            return "behind"
        found = set(connection.scalars(select(VERSION.c.version_num)))
    if found - known:
        return "ahead"
    return "current" if found == heads else "behind"


@cache
def revisions(folder: Path = MIGRATIONS) -> tuple[frozenset[str], frozenset[str]]:
    """The revisions that there are, and the last ones.

    Read as texts: Alembic, which would import them all, is for migrating, and serving spares it.
    """
    texts = [file.read_text() for file in (folder / "versions").glob("*.py")]
    known = {name for each in texts for name in _REVISION.findall(each)}
    followed = " ".join(line for each in texts for line in _FOLLOWED.findall(each))
    return frozenset(known), frozenset(known - set(re.split("[\"']", followed)))
