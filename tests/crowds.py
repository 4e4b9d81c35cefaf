"""Accounts with many tasks, made by the database itself, and the views that have to serve them.

Every view of an account holds an eighth of its tasks or more, and what one view shows lies
scattered among what the others show.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from taskapp.db import db
from taskapp.domain.actors import Actor
from taskapp.services import history, tasks, trash
from taskapp.services.filters import Filter
from taskapp.services.paging import Page, Position

TODAY = datetime.now(UTC).date()
TOMORROW = TODAY + timedelta(days=1)
KEEP = timedelta(days=30)


@dataclass(frozen=True)
class Account:
    """Somebody with many tasks, and where most of them are."""

    actor: Actor
    size: int
    project: int
    section: int
    label: int
    # What only the older half of their tasks bears.
    old: int
    # A task with fifty subtasks, which is also what every fourth event tells of.
    task: int


PAGE = 10  # so that the thousandth page is there in an account of 100,000 tasks


# How a view's page is asked for: whose, how long, after which place.
Ask = Callable[[Account, int, Position | None], Page]


@dataclass(frozen=True)
class View:
    """What somebody looks at, a page at a time, and the indexes that it may be read from."""

    name: str
    ask: Ask
    indexes: frozenset[str]


def _tasks(sort: str, **more: Any) -> Ask:
    """A list of tasks; "own" stands for the account's project and so on, "old" for that label."""

    def ask(account: Account, limit: int, after: Position | None) -> Page:
        names = {k: {"own": k, "old": "old"}.get(v) for k, v in more.items()}
        said = more | {k: getattr(account, name) for k, name in names.items() if name}
        return tasks.list_page(account.actor, Filter(**said), sort=sort, limit=limit, after=after)

    return ask


def _trash(account: Account, limit: int, after: Position | None) -> Page:
    return trash.list_page(account.actor, keep=KEEP, limit=limit, after=after)


def _changes(account: Account, limit: int, after: Position | None) -> Page:
    found = history.changes(account.actor, after[1] if after else 0, limit=limit)
    return Page(found.events, ("", found.position) if found.more else None)


def _activity(account: Account, limit: int, after: Position | None) -> Page:
    return history.activity(account.actor, limit=limit, after=after)


def _activity_of_a_task(account: Account, limit: int, after: Position | None) -> Page:
    return history.activity(account.actor, task_id=account.task, limit=limit, after=after)


def _view(name: str, index: str, ask: Ask, *more: str) -> View:
    return View(name, ask, frozenset({index, *more}))


def _views_of_a_label(name: str, label: str) -> list[View]:
    index = "ix_task_label_list_{}".format
    return [
        _view(f"{name}, newest first", index("created_at"), _tasks("-created_at", label=label)),
        _view(f"{name}, oldest first", index("created_at"), _tasks("created_at", label=label)),
        _view(
            f"{name}: open tasks, newest first",
            index("completed"),
            _tasks("-created_at", label=label, completed=False),
            # Where most of its tasks are open.
            index("created_at"),
        ),
    ]


_HERE: dict[str, Any] = {"completed": False, "parent": "none"}
_AGENDA: dict[str, Any] = {"completed": False, "archived": False}

VIEWS = [
    _view("all, newest first", "ix_task_list_created_at", _tasks("-created_at")),
    _view("all, oldest first", "ix_task_list_created_at", _tasks("created_at")),
    _view("all, last changed first", "ix_task_list_updated_at", _tasks("-updated_at")),
    _view("all, by title", "ix_task_list_title", _tasks("title")),
    _view(
        "open, newest first",
        "ix_task_list_completed",
        _tasks("-created_at", completed=False),
        # For somebody most of whose tasks are open.
        "ix_task_list_created_at",
    ),
    _view("done, newest first", "ix_task_list_completed", _tasks("-created_at", completed=True)),
    _view("Inbox", "ix_task_list_inbox", _tasks("rank", project="inbox", **_HERE)),
    _view(
        "Today",
        "ix_task_list_agenda",
        _tasks("due", due_to=TODAY, started_by=TODAY, **_AGENDA),
    ),
    _view("Upcoming", "ix_task_list_agenda", _tasks("due", due_from=TOMORROW, **_AGENDA)),
    _view(
        "a section, or a column of a board",
        "ix_task_list_section",
        _tasks("rank", project="own", section="own", **_HERE),
    ),
    _view(
        "a project's tasks without a section",
        "ix_task_list_project",
        _tasks("rank", project="own", section="none", **_HERE),
    ),
    *_views_of_a_label("a label", "own"),
    *_views_of_a_label("a label that only old tasks bear", "old"),
    _view("Completed", "ix_task_list_completed_at", _tasks("-completed_at", completed=True)),
    _view("Trash", "ix_task_user_id_deleted_at_id", _trash),
    _view("changes", "ix_event_user_id_id", _changes),
    _view("activity", "ix_event_user_id_id", _activity),
    _view("activity of a task", "ix_event_thing", _activity_of_a_task),
]


def end_of(view: View, account: Account, rows: int) -> Position:
    """The place after that many rows of a view."""
    page = view.ask(account, rows, None)
    if page.end is None:
        raise ValueError(f"{view.name} has no more than {len(page.rows)} rows")
    return page.end


# ---------------------------------------------------------------- filling

_SERIES = (
    "WITH RECURSIVE series (n) AS "
    "(SELECT CAST(1 AS BIGINT) UNION ALL SELECT n + 1 FROM series WHERE n < :{})"
)
# So many seconds ago; the day after so many days; and a rank, for a number.
_AGO = {
    "postgresql": "now() - ({}) * interval '1 second'",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', 'now', '-' || ({}) || ' seconds')",
}
_DAY = {"postgresql": "(current_date + ({})::int)", "sqlite": "date('now', ({}) || ' days')"}
_RANK = {"postgresql": "'p1' || lpad(({})::text, 15, '0')", "sqlite": "'p1' || printf('%015d', {})"}
# How the properties of the nth task follow from n: by numbers that have no factor in common.
_INBOX, _BARE, _MAIN = (f"n / 4 % 20 < {most}" for most in (6, 12, 18))
_DUE = "CASE WHEN n / 7 % 20 < 9 THEN -(n % 31) ELSE 1 + n % 365 END"
_UNDATED = "n / 7 % 20 > 17"
# Half of the tasks bear the first label, every tenth another, the older half one of its own.
_LABELS = "ltrim({} || {} || {}, ',')".format(
    *(
        f"CASE WHEN {holds} THEN ',' || CAST({label} AS text) ELSE '' END"
        for holds, label in (
            ("n / 4 % 2 = 0", ":label"),
            ("n % 10 = 0", ":label + 1 + n % 9"),
            ("n <= :size / 2", ":old"),
        )
    )
)


def _words(dialect: str) -> dict[str, str]:
    """What SQL says otherwise in another database."""
    ago, day, rank = (each[dialect] for each in (_AGO, _DAY, _RANK))
    return {
        "series": _SERIES.format("size"),
        "three": _SERIES.format("three"),
        "eleven": _SERIES.format("eleven"),
        "twenty": _SERIES.format("twenty"),
        "fifty": _SERIES.format("fifty"),
        "true": "true" if dialect == "postgresql" else "1",
        "false": "false" if dialect == "postgresql" else "0",
        "created": ago.format("60 * (:size - n)"),
        "updated": ago.format("n * 31 % 999983"),
        "done": ago.format("n * 37 % 999983"),
        "deleted": ago.format("n * 41 % 1999993"),
        "rank": rank.format("n * 43 % 1000003"),
        "due": day.format(_DUE),
        "labels": _LABELS,
        "inbox": _INBOX,
        "bare": _BARE,
        "main": _MAIN,
        "undated": _UNDATED,
    }


# Of the twenty projects the last two are archived; each has three sections.
_PLACES = """
INSERT INTO project (user_id, name, archived, rank) {twenty}
SELECT :user, 'Project ' || n, CASE WHEN n > 18 THEN {true} ELSE {false} END, {rank} FROM series;
INSERT INTO section (user_id, project_id, name, rank) {three}
SELECT :user, id, 'Section ' || n, {rank} FROM series, project WHERE user_id = :user;
INSERT INTO label (user_id, name, key) {eleven}
SELECT :user, 'Label ' || n, 'label ' || n FROM series
"""
# Half are open, a quarter done, a quarter deleted, in turn. Of each, three tenths are in the Inbox,
# as many in a project and in no section, as many in a section of that; nine of ten are due, half of
# these up to today.
_TASKS = """
INSERT INTO task (user_id, title, description, completed, created_at, updated_at, completed_at,
deleted_at, project_id, section_id, rank, priority, due_on, labels, agenda)
{series} SELECT :user, 'Task ' || (n * 7919 % 1000003) || ' to do',
CASE WHEN n % 2 = 0 THEN 'They answer **before noon** only.' END,
CASE WHEN n % 4 = 2 THEN {true} ELSE {false} END, {created}, {updated},
CASE WHEN n % 4 = 2 THEN {done} END, CASE WHEN n % 4 = 3 THEN {deleted} END,
CASE WHEN {inbox} THEN NULL WHEN {main} THEN :project ELSE :project + 1 + n / 80 % 19 END,
CASE WHEN NOT ({bare}) AND {main} THEN :section END, {rank}, n % 4,
CASE WHEN NOT ({undated}) THEN {due} END, {labels},
CASE WHEN {undated} THEN '~' ELSE {due} || 'T24:00' END FROM series
"""
_SUBTASKS = """
INSERT INTO task (user_id, title, parent_id, parent_depth, project_id) {fifty}
SELECT :user, 'Step ' || n, :task, 0, (SELECT project_id FROM task WHERE id = :task) FROM series;
UPDATE task SET subtasks_open = 50 WHERE id = :task
"""
_LABELS_OF_TASKS = """
INSERT INTO task_label (label_id, task_id, completed, created_at)
SELECT label.id, task.id, completed, task.created_at
FROM task JOIN label ON label.user_id = task.user_id
WHERE task.user_id = :user AND ',' || labels || ',' LIKE '%,' || label.id || ',%'
"""
# One for each task, and every fourth of the same task.
_EVENTS = """
INSERT INTO event (user_id, actor_id, through, kind, thing_id, verb, before, after)
SELECT :user, :user, 'web', 'task', CASE WHEN id % 4 = 0 THEN :task ELSE id END, 'updated',
'{{"title": "a"}}', '{{"title": "b"}}' FROM task WHERE user_id = :user ORDER BY id
"""
_FIRST = {
    "project": "SELECT min(id) FROM project WHERE user_id = :user",
    "section": "SELECT min(id) FROM section WHERE project_id = :project",
    "label": "SELECT min(id) FROM label WHERE user_id = :user",
    "old": "SELECT max(id) FROM label WHERE user_id = :user",
}
_LAST_TASK = (
    "SELECT max(id) FROM task WHERE user_id = :user AND deleted_at IS NULL AND NOT completed"
)


def add_account(connection: Connection, email: str, size: int, hashed: str = "!") -> Account:
    """An account with so many tasks; half of them open, a quarter done, a quarter deleted."""
    words = _words(connection.dialect.name)
    said: dict[str, Any] = {"size": size, "email": email, "hashed": hashed}
    said |= {"three": 3, "eleven": 11, "twenty": 20, "fifty": 50}

    def run(script: str) -> None:
        for sql in script.split(";\n"):
            connection.execute(text(sql.format(**words)), said)

    def ask(sql: str) -> int:
        found: int = connection.execute(text(sql), said).scalar_one()
        return found

    run('INSERT INTO "user" (email, hashed_password) VALUES (:email, :hashed)')
    said["user"] = ask('SELECT id FROM "user" WHERE email = :email')
    run(_PLACES)
    for name, sql in _FIRST.items():
        said[name] = ask(sql)
    run(_TASKS)
    said["task"] = ask(_LAST_TASK)
    run(_SUBTASKS + ";\n" + _LABELS_OF_TASKS + ";\n" + _EVENTS)
    places = {name: said[name] for name in ("size", "task", *_FIRST)}
    return Account(Actor(said["user"]), **places)


def settle() -> None:
    """What PostgreSQL does by itself a while after so much was written."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name == "postgresql":
            # First it waits for what the server itself is doing in any of the tables: as long as
            # that goes on, no row that is newer is known to be everybody's to see.
            connection.execute(text("VACUUM"))
            connection.execute(text("VACUUM ANALYZE"))
        else:
            connection.execute(text("ANALYZE"))
