"""add project, section, label and event, and what organises tasks"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateColumn

revision = "2026_11_22_organising"
down_revision = "2026_11_22_idempotency"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

ZERO = {"server_default": "0", "nullable": False}
IN_USE = "deleted_at IS NULL"
LISTS = {
    "ix_task_list_created_at": (["user_id", "created_at", "id"], IN_USE),
    "ix_task_list_completed": (["user_id", "completed", "created_at", "id"], IN_USE),
    "ix_task_list_updated_at": (["user_id", "updated_at", "id"], IN_USE),
    "ix_task_list_title": (["user_id", sa.text("lower(title)"), "id"], IN_USE),
    "ix_task_user_id_deleted_at_id": (["user_id", "deleted_at", "id"], None),
}
FURTHER = {
    "ix_task_list_inbox": (
        ["user_id", "completed", "rank", "id"],
        f"{IN_USE} AND parent_id IS NULL AND project_id IS NULL",
    ),
    "ix_task_list_project": (
        ["user_id", "project_id", "completed", "rank", "id"],
        f"{IN_USE} AND parent_id IS NULL AND project_id IS NOT NULL AND section_id IS NULL",
    ),
    "ix_task_list_section": (
        ["user_id", "section_id", "completed", "rank", "id"],
        f"{IN_USE} AND section_id IS NOT NULL",
    ),
    "ix_task_list_agenda": (
        ["user_id", "agenda", "id"],
        {"postgresql": f"{IN_USE} AND NOT completed", "sqlite": f"{IN_USE} AND completed = 0"},
    ),
    "ix_task_list_completed_at": (
        ["user_id", sa.text("coalesce(completed_at, created_at)"), "id"],
        {"postgresql": f"{IN_USE} AND completed", "sqlite": f"{IN_USE} AND completed = 1"},
    ),
    "ix_task_parent": (["parent_id", "rank", "id"], "parent_id IS NOT NULL"),
    "ix_task_project_id": (["project_id"], "project_id IS NOT NULL"),
    "ix_task_section_id": (["section_id"], "section_id IS NOT NULL"),
}
FORMER = ("id", "user_id", "title", "description", "completed", "version", "created_at")
FORMER += ("updated_at", "deleted_at")


def on_sqlite():
    return op.get_bind().dialect.name == "sqlite"


def now():
    # SQLite's CURRENT_TIMESTAMP leaves out the fraction, and would sort apart, being text.
    return sa.text("(strftime('%Y-%m-%d %H:%M:%f000', 'now'))") if on_sqlite() else sa.func.now()


def rank_now():
    """What is made now comes last: "p" and the microseconds since 1970, in sixteen digits."""
    if on_sqlite():
        micros = "1000 * CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)"
        return sa.text(f"('p' || printf('%016d', {micros}))")
    micros = "(extract(epoch from now()) * 1000000)::bigint"
    return sa.text(f"('p'::text || lpad(({micros})::text, 16, '0'))")


def rank_of_creation():
    """The same for rows that are there, in the order in which they were made."""
    if on_sqlite():
        # The stored text ends on six digits of a second's fraction, or on none; read with them, the
        # last half a millisecond of a second would be rounded up to the next.
        second = "strftime('%s', substr(created_at, 1, 19))"
        fraction = "substr(substr(created_at, 21) || '000000', 1, 6)"
        return f"'p' || printf('%010d', CAST({second} AS INTEGER)) || {fraction}"
    # Of intervals, not of instants, since only that is the same in every time zone.
    micros = "(extract(epoch from created_at - to_timestamp(0)) * 1000000)::bigint"
    return f"'p' || lpad(({micros})::text, 16, '0')"


def derived():
    """What follows from the rows that are there."""
    return {
        "completed_at": "CASE WHEN completed THEN updated_at END",
        "rank": rank_of_creation(),
    }


def id_and_owner():
    return [
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
    ]


def marks():
    return [
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", INSTANT, server_default=now(), nullable=False),
        sa.Column("updated_at", INSTANT, server_default=now(), nullable=False),
    ]


def keys(table):
    return [
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=f"fk_{table}_user_id_user", ondelete="CASCADE"
        ),
    ]


def color():
    return sa.Column("color", sa.String(16), server_default="grey", nullable=False)


def new_tables():
    op.create_table(
        "project",
        *id_and_owner(),
        sa.Column("name", sa.String(100), nullable=False),
        color(),
        sa.Column("rank", KEY, server_default=rank_now(), nullable=False),
        sa.Column("archived", sa.Boolean(), server_default=sa.false(), nullable=False),
        *marks(),
        sa.Column("deleted_at", INSTANT, nullable=True),
        *keys("project"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_project_user_id_rank_id", "project", ["user_id", "rank", "id"])
    op.create_table(
        "section",
        *id_and_owner(),
        sa.Column("project_id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("rank", KEY, server_default=rank_now(), nullable=False),
        *marks(),
        *keys("section"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name="fk_section_project_id_project", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_section_user_id_project_id_rank_id", "section", ["user_id", "project_id", "rank", "id"]
    )
    op.create_index("ix_section_project_id", "section", ["project_id"])
    op.create_table(
        "label",
        *id_and_owner(),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        color(),
        *marks(),
        *keys("label"),
        sa.UniqueConstraint("user_id", "key", name="uq_label_user_id_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "event",
        *id_and_owner(),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("through", sa.String(8), nullable=False),
        sa.Column("at", INSTANT, server_default=now(), nullable=False),
        sa.Column("first_id", sa.BigInteger(), nullable=True),
        sa.Column("undoes", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("thing_id", sa.BigInteger(), nullable=False),
        sa.Column("verb", sa.String(16), nullable=False),
        sa.Column("before", JSON, nullable=False),
        sa.Column("after", JSON, nullable=False),
        *keys("event"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_event_user_id_id", "event", ["user_id", "id"])
    op.create_index("ix_event_thing", "event", ["user_id", "kind", "thing_id", "id"])
    partial("ix_event_first_id", "event", ["first_id"], "first_id IS NOT NULL")


def labels_of_tasks():
    op.create_table(
        "task_label",
        sa.Column("label_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("task_id", BIG_ID, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("label_id", "task_id", name="pk_task_label"),
        sa.ForeignKeyConstraint(
            ["label_id"], ["label.id"], name="fk_task_label_label_id_label", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["task.id"], name="fk_task_label_task_id_task", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_task_label_task_id", "task_label", ["task_id"])


def former_columns():
    return [
        *id_and_owner(),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("completed", sa.Boolean(), server_default=sa.false(), nullable=False),
        *marks(),
        sa.Column("deleted_at", INSTANT, nullable=True),
    ]


def further_columns():
    depth = sa.Computed("coalesce(parent_depth + 1, 0)", persisted=True)
    return [
        sa.Column("completed_at", INSTANT, nullable=True),
        sa.Column("project_id", BIG_ID, nullable=True),
        sa.Column("section_id", BIG_ID, nullable=True),
        sa.Column("parent_id", BIG_ID, nullable=True),
        sa.Column("parent_depth", sa.SmallInteger(), nullable=True),
        sa.Column("depth", sa.SmallInteger(), depth, nullable=False),
        sa.Column("rank", KEY, server_default=rank_now(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("due_zone", sa.String(64), nullable=True),
        sa.Column("start_on", sa.Date(), nullable=True),
        sa.Column("agenda", KEY, server_default="~", nullable=False),
        sa.Column("subtasks_open", sa.Integer(), server_default="0", nullable=False),
        sa.Column("subtasks_done", sa.Integer(), server_default="0", nullable=False),
    ]


PARENT = {
    "columns": ["user_id", "parent_id", "parent_depth"],
    "refcolumns": ["task.user_id", "task.id", "task.depth"],
    "name": "fk_task_parent",
    "ondelete": "CASCADE",
    "onupdate": "CASCADE",
}
CHECKS = {
    "ck_task_parent": "(parent_id IS NULL) = (parent_depth IS NULL)",
    "ck_task_depth": "depth <= 7",
    "ck_task_due": "due_on IS NULL OR due_at IS NULL",
    "ck_task_due_zone": "(due_at IS NULL) = (due_zone IS NULL)",
}
UNIQUE = ("uq_task_user_id_id_depth", ["user_id", "id", "depth"])
PLACES = {
    "fk_task_project_id_project": ("project_id", "project"),
    "fk_task_section_id_section": ("section_id", "section"),
}


def partial(name, table, columns, where):
    said = where if isinstance(where, dict) else {"postgresql": where, "sqlite": where}
    conditions = {f"{dialect}_where": sql and sa.text(sql) for dialect, sql in said.items()}
    op.create_index(name, table, columns, **conditions)


def rebuild(*columns_and_constraints, more):
    """Make the table anew, since SQLite cannot alter it so; the rows stay what they are."""
    op.create_table("task_new", *columns_and_constraints, sqlite_autoincrement=True)
    into, values = ", ".join([*FORMER, *more]), ", ".join([*FORMER, *more.values()])
    op.execute(f"INSERT INTO task_new ({into}) SELECT {values} FROM task")  # noqa: S608 - our names
    # An id is never given twice, not even one of a task that is gone.
    op.execute("DELETE FROM sqlite_sequence WHERE name = 'task_new'")
    op.execute(
        "INSERT INTO sqlite_sequence (name, seq) "
        "SELECT 'task_new', seq FROM sqlite_sequence WHERE name = 'task'"
    )
    op.drop_table("task")
    op.rename_table("task_new", "task")


def rebuild_today():
    for name in LISTS:
        op.drop_index(name, "task")
    rebuild(
        *former_columns(),
        *further_columns(),
        sa.UniqueConstraint(*UNIQUE[1], name=UNIQUE[0]),
        sa.ForeignKeyConstraint(**PARENT),
        *(sa.CheckConstraint(sql, name=op.f(name)) for name, sql in CHECKS.items()),
        *keys("task"),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=name, ondelete="SET NULL")
            for name, (column, table) in PLACES.items()
        ),
        more=derived(),
    )
    make_indexes(LISTS)


def constrain():
    op.create_unique_constraint(UNIQUE[0], "task", UNIQUE[1])
    op.create_foreign_key(
        PARENT["name"],
        "task",
        "task",
        PARENT["columns"],
        ["user_id", "id", "depth"],
        ondelete="CASCADE",
        onupdate="CASCADE",
    )
    for name, (column, table) in PLACES.items():
        op.create_foreign_key(name, "task", table, [column], ["id"], ondelete="SET NULL")
    for name, sql in CHECKS.items():
        op.create_check_constraint(op.f(name), "task", sql)


def add_columns():
    """Add what is new in one statement, so that PostgreSQL writes the rows anew only once.

    What follows from the rows that are there is generated by it, and the generation then ended.
    """
    dialect = op.get_context().dialect
    said = []
    for column in further_columns():
        if column.name in derived():
            column.server_default = None
        spec = str(CreateColumn(column).compile(dialect=dialect))
        if column.name in derived():
            spec += f" GENERATED ALWAYS AS ({derived()[column.name]}) STORED"
        said.append(f"ADD COLUMN {spec}")
    op.execute(f"ALTER TABLE task {', '.join(said)}")
    for name in derived():
        op.execute(f"ALTER TABLE task ALTER COLUMN {name} DROP EXPRESSION")
    op.alter_column("task", "rank", server_default=rank_now())


def make_indexes(indexes):
    for name, (columns, where) in indexes.items():
        partial(name, "task", columns, where)


def upgrade() -> None:
    if not on_sqlite():
        # Whoever writes a task locks first it and then its owner. In another order we would wait
        # for them while they wait for us.
        op.execute("LOCK TABLE task IN ACCESS EXCLUSIVE MODE")
    new_tables()
    op.add_column("user", sa.Column("history_from", sa.BigInteger(), **ZERO))
    if on_sqlite():
        rebuild_today()
    else:
        add_columns()
        constrain()
    make_indexes(FURTHER)
    labels_of_tasks()


def downgrade() -> None:
    op.drop_table("task_label")
    for name in FURTHER:
        op.drop_index(name, "task")
    if on_sqlite():
        for name in LISTS:
            op.drop_index(name, "task")
        rebuild(*former_columns(), *keys("task"), more={})
        make_indexes(LISTS)
    else:
        for name in (*CHECKS, PARENT["name"], *PLACES, UNIQUE[0]):
            op.drop_constraint(op.f(name), "task")
        for column in reversed(further_columns()):
            op.drop_column("task", column.name)
    op.drop_column("user", "history_from")
    for table in ("event", "label", "section", "project"):
        op.drop_table(table)
