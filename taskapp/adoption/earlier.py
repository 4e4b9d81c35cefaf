"""The earlier system's tables as SQLModel made them, and what of ours they have no place for."""

from dataclasses import dataclass

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    func,
    or_,
    select,
)

from taskapp.adoption.shape import OLD, TIMES, Shape
from taskapp.domain.errors import Conflict
from taskapp.models import Label, Project, Task, User

INTEGER_MOST = 2**31 - 1
# How hashes begin that the earlier system's plain bcrypt cannot read.
OUR_HASHES = "$bcrypt-sha256$%"

METADATA = MetaData()
Table(
    "user",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("email", String(255), unique=True, index=True, nullable=False),
    Column("hashed_password", String(255), nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("updated_at", DateTime, nullable=False),
)
Table(
    "task",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("title", String(200), nullable=False),
    Column("description", Text),
    Column("completed", Boolean, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("updated_at", DateTime, nullable=False),
    Column("user_id", Integer, ForeignKey("user.id"), nullable=False),
)
# Our own tables, when they are the ones to be read.
ZONED = Shape(frozenset(f"{table}.{time}" for table in OLD for time in TIMES), None, ())


@dataclass(frozen=True)
class Losses:
    """How much there is of what the earlier system has no place for."""

    accounts: int
    tasks: int
    in_trash: int
    subtasks: int
    dated: int
    projects: int
    labels: int
    new_hashes: int


def losses(connection: Connection) -> Losses:
    """Count it; raise Conflict when ids are greater than the earlier tables hold."""

    def count(thing: type[User | Task | Project | Label], *conditions: object) -> int:
        query = select(func.count()).select_from(thing).where(*conditions)  # type: ignore[arg-type]
        return connection.scalar(query) or 0

    for thing in (User, Task):
        if (greatest := connection.scalar(select(func.max(thing.id))) or 0) > INTEGER_MOST:
            raise Conflict(
                f"There is no way back: {thing.__tablename__} {greatest} has an id that the "
                f"earlier tables cannot hold ({INTEGER_MOST} at most)."
            )
    dated = or_(Task.due_on.is_not(None), Task.due_at.is_not(None), Task.start_on.is_not(None))
    in_use = Task.deleted_at.is_(None)
    return Losses(
        accounts=count(User),
        tasks=count(Task, in_use),
        in_trash=count(Task, ~in_use),
        subtasks=count(Task, in_use, Task.parent_id.is_not(None)),
        dated=count(Task, in_use, or_(dated, Task.priority != "none")),
        projects=count(Project),
        labels=count(Label),
        new_hashes=count(User, User.hashed_password.like(OUR_HASHES)),
    )
