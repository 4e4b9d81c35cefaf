"""What the services ask of the database: answered from indexes, in a fixed number of queries."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import event, text

from taskapp.db import db, transaction
from taskapp.domain import passwords
from taskapp.domain.actors import Actor
from taskapp.domain.errors import AuthenticationFailed
from taskapp.models import Task
from taskapp.services import accounts, idempotency, labels, projects, tasks
from taskapp.services.filters import ORDERS, Filter

from .callers import PASSWORD, Caller
from .conftest import NewApp, NewDatabase

only_postgresql = pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)

Statement = tuple[str, Any]

SORTS = [f"{sign}{name}" for sign in ("", "-") for name in ORDERS]
OTHERS, MINE = 1000, 1000


@contextmanager
def recorded() -> Iterator[list[Statement]]:
    """The statements that the application's engine executes, but for what begins a transaction."""
    statements: list[Statement] = []
    engine = db.engine

    @event.listens_for(engine, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, sql: str, values: Any, *_: Any) -> None:
        if not sql.startswith(("BEGIN", "SET LOCAL")):
            statements.append((sql, values))

    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


# ---------------------------------------------------------------- plans


@pytest.fixture(scope="module")
def crowd(new_database: NewDatabase, new_app: NewApp) -> Iterator[Actor]:
    """One of 1,001 people, with 1,000 tasks of theirs among 100,000 of others."""
    app = new_app(new_database())
    with app.app_context():
        upgrade()
        with db.engine.begin() as connection:
            connection.execute(
                text(
                    'INSERT INTO "user" (email, hashed_password) '
                    "SELECT 'user' || n || '@example.com', :hashed "
                    "FROM generate_series(0, :others) n"
                ),
                {"hashed": passwords.make_hash(PASSWORD, 4), "others": OTHERS},
            )
            mine = connection.scalar(
                text("""SELECT id FROM "user" WHERE email = 'user1000@example.com'""")
            )
            # Every hundredth row is mine, so that mine lie scattered over the whole table.
            connection.execute(
                text(
                    "INSERT INTO task (user_id, title, completed, created_at, updated_at, "
                    "completed_at, rank, agenda) "
                    "SELECT CASE WHEN n % 101 = 0 THEN :mine "
                    'ELSE (SELECT min(id) FROM "user") + n % :others END, '
                    "'Task ' || n * 7919 % 100003, n % 3 = 0, "
                    "now() - n * interval '1 minute', now() - n * 31 % 9973 * interval '1 hour', "
                    "CASE WHEN n % 3 = 0 THEN now() - n * 17 % 9973 * interval '1 hour' END, "
                    "'a' || n * 7907 % 100003, "
                    "(date '2026-01-01' + n * 13 % 3650)::text || 'T24:00' "
                    "FROM generate_series(1, 101 * :mine_count) n"
                ),
                {"mine": mine, "others": OTHERS, "mine_count": MINE},
            )
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text('ANALYZE "user", task'))
            counted = connection.scalar(text("SELECT count(*) FROM task"))
        assert counted == 101_000
        assert mine is not None
        yield Actor(mine)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan, but for what has an index of its own.

    That is the look-up of a row's labels, or its subtasks' count; and that of the account, which is
    asked for once.
    """
    if "One-Time Filter" not in plan:
        yield plan
    for below in plan.get("Plans", []):
        inside = [node for each in below.get("Plans", []) for node in nodes(each)]
        if below.get("Parent Relationship") == "SubPlan" and below["Node Type"] == "Aggregate":
            assert indexes(inside) in ({"ix_task_label_task_id"}, {"ix_task_parent"})
        elif below.get("Parent Relationship") == "InitPlan" and below.get("Alias") == "user":
            assert indexes([below]) <= {"pk_user"}  # a few accounts may as well be read at once
        else:
            yield from nodes(below)


def plans(statements: list[Statement], *settings: str) -> list[dict[str, Any]]:
    """The nodes of the plans of all statements; none reads a whole table."""
    found: list[dict[str, Any]] = []
    with db.engine.connect() as connection:
        for setting in settings:
            connection.execute(text(f"SET LOCAL {setting}"))
        for sql, values in statements:
            result = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {sql}", values)
            found += nodes(result.scalar_one()[0]["Plan"])
    assert found
    assert not kinds(found) & {"Seq Scan", "Parallel Seq Scan"}, found
    return found


def kinds(found: list[dict[str, Any]]) -> set[str]:
    """The kinds of these nodes."""
    return {node["Node Type"] for node in found}


def indexes(found: list[dict[str, Any]]) -> set[str]:
    """The indexes that these nodes read."""
    return {node["Index Name"] for node in found if "Index Name" in node}


INDEX_OF = {
    "created_at": "ix_task_list_created_at",
    "updated_at": "ix_task_list_updated_at",
    "title": "ix_task_list_title",
    "due": "ix_task_list_agenda",
    "completed_at": "ix_task_list_completed_at",
}
# The order by hand is that of one place, below; due is what is open, and completed what is done.
STATES: dict[str, set[bool | None]] = {
    "rank": set(),
    "due": {False},
    "completed_at": {None, True},
}
INBOX: dict[str, Any] = {"project": "inbox", "section": "none", "parent": "none"}
LISTS = [
    (sort, completed)
    for sort in SORTS
    for completed in (None, True, False)
    if completed in STATES.get(sort.removeprefix("-"), {None, True, False})
]


@only_postgresql
@pytest.mark.parametrize(("sort", "completed"), LISTS)
@pytest.mark.parametrize("limit", [1, 100, 500])
def test_every_page_of_every_list_is_read_from_an_index_in_its_order(
    crowd: Actor, sort: str, completed: bool | None, limit: int
) -> None:
    with recorded() as statements:
        page = tasks.list_page(crowd, Filter(completed), sort=sort, limit=limit)
        if page.end is not None:
            tasks.list_page(crowd, Filter(completed), sort=sort, limit=limit, after=page.end)
    is_done = completed or sort.endswith("completed_at")
    there = 333 if is_done else {None: 1000, False: 667}[completed]
    assert len(page.rows) == min(limit, there)
    assert len(statements) == 1 + (page.end is not None)

    key = sort.removeprefix("-")
    filtered = completed is not None and key == "created_at"
    index = "ix_task_list_completed" if filtered else INDEX_OF[key]
    # The index has the order: from it, tasks can be read one after another without sorting.
    found = plans(statements, "enable_bitmapscan = off", "enable_sort = off")
    assert (kinds(found), indexes(found)) == ({"Limit", "Index Scan"}, {index})

    # That is how a page is read, but for two cases in which PostgreSQL rightly thinks it quicker
    # to collect this one person's tasks and sort them: a page of half of all that they have; and
    # a filter beside an order by change or title, for which another index would cost every write
    # more than it would save.
    found = plans(statements)
    beside = completed is not None and not filtered and key not in STATES
    much = limit == 500 or (limit == 100 and key == "completed_at")  # of the 333 that are done
    if much or beside:
        assert kinds(found) <= {
            "Limit",
            "Index Scan",
            "Bitmap Heap Scan",
            "Bitmap Index Scan",
            "Sort",
            "Result",  # the labels are looked up after the sorting
        }
    else:
        assert (kinds(found), indexes(found)) == ({"Limit", "Index Scan"}, {index})


@only_postgresql
@pytest.mark.parametrize("sort", ["rank", "-rank"])
@pytest.mark.parametrize("completed", [True, False])
def test_what_stands_in_one_place_is_found_by_an_index(
    crowd: Actor, sort: str, completed: bool
) -> None:
    with recorded() as statements:
        page = tasks.list_page(crowd, Filter(completed, **INBOX), sort=sort)
    assert len(page.rows) == 100
    found = indexes(plans(statements))
    assert len(found) == 1
    assert found < {index.name for index in Task.__table__.indexes}


@only_postgresql
@pytest.mark.parametrize("sort", [sort for sort in SORTS if not sort.endswith("rank")])
def test_a_cursor_is_where_the_index_is_entered_and_not_a_filter(crowd: Actor, sort: str) -> None:
    filter_ = Filter(False if sort.endswith("due") else None)
    end = tasks.list_page(crowd, filter_, sort=sort, limit=250).end
    with recorded() as statements:
        tasks.list_page(crowd, filter_, sort=sort, limit=20, after=end)
    [scan] = [node for node in plans(statements) if node["Node Type"] == "Index Scan"]
    assert "ROW(" in scan["Index Cond"]
    assert "Filter" not in scan


@only_postgresql
@pytest.mark.parametrize("sort", ["created_at", "-created_at"])
@pytest.mark.parametrize("completed", [True, False, None])
def test_what_bears_a_label_is_found_by_an_index_in_its_order(
    crowd: Actor, sort: str, completed: bool | None
) -> None:
    label = labels.create(crowd, name="old").id
    with db.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO task_label (label_id, task_id, completed, created_at) "
                "SELECT :label, id, completed, created_at FROM task WHERE user_id = :mine "
                "ORDER BY created_at LIMIT 30"
            ),
            {"label": label, "mine": crowd.id},
        )
    filter_ = Filter(completed, label=label)
    with recorded() as statements:
        page = tasks.list_page(crowd, filter_, sort=sort, limit=5)
        tasks.list_page(crowd, filter_, sort=sort, limit=5, after=page.end)
    found = plans(statements, "enable_sort = off")
    with db.engine.begin() as connection:
        connection.execute(text("DELETE FROM label WHERE id = :id"), {"id": label})
    assert len(page.rows) == 5
    name = "created_at" if completed is None else "completed"
    assert indexes(found) == {f"ix_task_label_list_{name}", "pk_task"}
    assert not kinds(found) & {"Sort", "Bitmap Heap Scan"}


TASK_VERBS: dict[str, Callable[[Actor, int], Any]] = {
    "show": tasks.show,
    "update": lambda actor, task_id: tasks.update(actor, task_id, {"title": "changed"}),
    "complete": tasks.complete,
    "delete": tasks.delete,
}


@only_postgresql
@pytest.mark.parametrize("verb", TASK_VERBS)
def test_one_task_is_found_by_its_key(crowd: Actor, verb: str) -> None:
    task = tasks.create(crowd, title="one more")
    tasks.create(crowd, title="below", parent_id=task.id, completed=True)
    with recorded() as statements:
        TASK_VERBS[verb](crowd, task.id)
    if verb != "show":
        assert "FOR NO KEY UPDATE" in statements[0][0]
        with db.engine.begin() as connection:
            removed = connection.execute(text("DELETE FROM task WHERE id = :id"), {"id": task.id})
        assert removed.rowcount == 1
    found = plans(statements)
    account = set() if verb == "show" else {"pk_user"}
    below = {"ix_task_parent"} if verb in ("complete", "delete") else set()
    assert indexes(found) == {"pk_task"} | account | below
    assert "Sort" not in kinds(found)


@only_postgresql
def test_accounts_are_found_by_address_and_by_id(crowd: Actor) -> None:
    email = "user1000@example.com"
    with recorded() as by_address:
        accounts.log_in(email, PASSWORD, rounds=4)
        accounts.find(email)
        with pytest.raises(AuthenticationFailed):
            accounts.log_in("user1000@example.org", PASSWORD, rounds=4)
    assert indexes(plans(by_address)) == {"uq_user_email"}

    with recorded() as by_id:
        accounts.authenticate(crowd.id)
        accounts.show(crowd)
    assert indexes(plans(by_id)) == {"pk_user"}

    with recorded() as changes:
        accounts.set_active(email, active=False)
        accounts.set_password(email, PASSWORD, rounds=4)
    assert indexes(plans(changes)) == {"pk_user", "uq_user_email", "ix_login_session_user_id"}


@only_postgresql
def test_the_tasks_of_a_deleted_account_are_found_by_an_index(crowd: Actor) -> None:
    # What the foreign key does by itself, in PostgreSQL's own words.
    cascade = ("DELETE FROM ONLY task WHERE user_id = %(id)s", {"id": crowd.id})
    assert len(indexes(plans([cascade]))) == 1


@only_postgresql
@pytest.mark.parametrize("is_known", [True, False])
def test_a_key_is_found_by_an_index_among_all_that_are_kept(crowd: Actor, is_known: bool) -> None:
    user_id = crowd.id if is_known else None
    with db.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO idempotency_key (user_id, key, fingerprint, expires_at) "
                'SELECT CASE WHEN n % 10 > 0 THEN (SELECT min(id) FROM "user") + n % :others END, '
                "n, '', now() + n * interval '1 second' FROM generate_series(1, 20000) n"
            ),
            {"others": OTHERS},
        )
        connection.execute(text("ANALYZE idempotency_key"))
    request = idempotency.Request(user_id, "k1", "")
    with recorded() as statements:
        for _ in range(2):
            idempotency.once(request, lambda: None, lambda _: idempotency.Answer(204, {}, b""))
    with db.engine.begin() as connection:
        connection.execute(text("DELETE FROM idempotency_key WHERE key = 'k1'"))
    claiming = ["DELETE", "INSERT"]
    assert [sql.split()[0] for sql, _ in statements] == [*claiming, "UPDATE", *claiming, "SELECT"]
    found = plans(statements)
    with db.engine.begin() as connection:
        connection.execute(text("DELETE FROM idempotency_key"))
    by_key = "uq_idempotency_key_user_id_key" if is_known else "ix_idempotency_key_public"
    by_end = "ix_idempotency_key_user_id_expires_at"
    assert indexes(found) == {"pk_idempotency_key", by_key, by_end}


# ---------------------------------------------------------------- how many queries

OWN = "/<id:user_id>"

# Each but the first two begins with the look-up of the account that the token speaks for, unless
# that is part of the first query. What changes something locks the account, reads what it is about,
# writes it, and writes its event.
QUERIES = {
    ("POST", "/auth/signup"): 1,
    ("POST", "/auth/login"): 1,
    ("GET", "/auth/me"): 2,
    ("PATCH", "/auth/me"): 4,
    ("GET", "/tasks"): 1,
    ("POST", "/tasks"): 3,
    ("GET", "/tasks/{task}"): 1,
    ("PUT", "/tasks/{task}"): 4,
    ("PATCH", "/tasks/{task}"): 4,
    ("PATCH", "/tasks/{task}/complete"): 4,
    ("DELETE", "/tasks/{task}"): 4,
    ("POST", "/tasks/{task}/move"): 4,
    ("GET", "/tasks/{task}/subtasks"): 3,
    ("POST", "/tasks/bulk"): 4,
    ("POST", "/tasks/matching"): 6,
    ("GET", "/trash"): 2,
    ("POST", "/trash/empty"): 12,
    ("POST", "/trash/{trashed}/restore"): 6,
    ("DELETE", "/trash/{trashed}"): 6,
    ("GET", "/trash/projects"): 2,
    ("POST", "/trash/projects/{trashed_project}/restore"): 9,
    ("DELETE", "/trash/projects/{trashed_project}"): 11,
    ("GET", "/projects"): 2,
    ("POST", "/projects"): 4,
    ("GET", "/projects/{project}"): 2,
    ("PATCH", "/projects/{project}"): 5,
    ("DELETE", "/projects/{project}"): 8,
    ("POST", "/projects/{project}/move"): 6,
    ("GET", "/sections"): 2,
    ("POST", "/sections"): 5,
    ("GET", "/sections/{section}"): 2,
    ("PATCH", "/sections/{section}"): 5,
    ("DELETE", "/sections/{section}"): 8,
    ("POST", "/sections/{section}/move"): 7,
    ("GET", "/labels"): 2,
    ("POST", "/labels"): 4,
    ("GET", "/labels/{label}"): 2,
    ("PATCH", "/labels/{label}"): 5,
    ("DELETE", "/labels/{label}"): 9,
    ("POST", "/labels/{label}/merge"): 11,
    ("GET", "/changes"): 2,
    ("GET", "/changes?since=0"): 3,
    ("GET", "/activity"): 2,
    ("POST", "/acts/{act}/undo"): 10,
    ("GET", "/export"): 9,
}
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/auth/signup"): {"email": "eve@example.com", "password": PASSWORD},
    ("POST", "/auth/login"): {"email": "alice@example.com", "password": PASSWORD},
    ("PATCH", "/auth/me"): {"theme": "dark"},
    ("POST", "/tasks"): {"title": "x"},
    ("PUT", "/tasks/{task}"): {"title": "changed"},
    ("PATCH", "/tasks/{task}"): {"title": "changed"},
    ("POST", "/tasks/{task}/move"): {},
    ("POST", "/tasks/bulk"): {"operations": [{"op": "create", "values": {"title": "x"}}]},
    ("POST", "/tasks/matching"): {"act": "update", "values": {"priority": "high"}},
    ("POST", "/projects"): {"name": "x"},
    ("PATCH", "/projects/{project}"): {"name": "changed"},
    ("POST", "/projects/{project}/move"): {"after": None},
    ("POST", "/sections"): {"name": "x", "project_id": 0},
    ("PATCH", "/sections/{section}"): {"name": "changed"},
    ("POST", "/sections/{section}/move"): {"after": None},
    ("POST", "/labels"): {"name": "x"},
    ("PATCH", "/labels/{label}"): {"name": "changed"},
    ("POST", "/labels/{label}/merge"): {"into": 0},
}


def fill(actor: Actor, rows: int) -> dict[str, int]:
    """Make so many of everything, bound up with one another; one id of each, and of an act."""
    made: dict[str, int] = {}
    with transaction():
        made["project"] = projects.create(actor, name="House").id
        made["trashed_project"] = projects.create(actor, name="Old").id
        for number in range(rows):
            name = f"{number}"
            section = projects.create_section(actor, project_id=made["project"], name=name)
            label = labels.create(actor, name=name)
            marks = {"section_id": section.id, "labels": [label.id], "due_on": date(2026, 2, 6)}
            task = tasks.create(actor, title=name, **marks)
            tasks.create(actor, title=name, project_id=made["trashed_project"])
            trashed = tasks.delete(actor, tasks.create(actor, title=name).id)
            made |= {"section": section.id, "label": label.id, "task": task.id}
            made |= {"trashed": trashed.id, "act": actor.acts[-1]}
        projects.delete(actor, made["trashed_project"])
        made["other label"] = labels.create(actor, name="other").id
    return made


@pytest.mark.parametrize("rows", [2, 50])
@pytest.mark.parametrize(("method", "path"), QUERIES)
def test_a_request_makes_as_many_queries_however_much_there_is(
    app: Flask, alice: Caller, method: str, path: str, rows: int
) -> None:
    with app.app_context():
        ids = fill(Actor(alice.id), rows)
    body = BODIES.get((method, path))
    if body and "project_id" in body:
        body = body | {"project_id": ids["project"]}
    if body and "into" in body:
        body = {"into": ids["other label"]}
    with app.app_context(), recorded() as statements:
        response = alice.call(method, path.format(**ids), json=body)
    assert response.status_code in (200, 201, 204), response.text
    if (method, path) == ("GET", "/tasks"):
        assert len(response.json or []) == rows
    response.close()
    assert len(statements) == QUERIES[method, path], statements


@pytest.mark.parametrize(
    ("path", "nothing", "queries"),
    [
        ("/tasks/{task}", {"title": "0", "due_on": "2026-02-06", "completed": False}, 2),
        ("/projects/{project}", {"name": "House"}, 3),
        ("/sections/{section}", {"name": "0"}, 4),
        ("/labels/{label}", {"name": "0"}, 3),
    ],
)
def test_a_change_that_changes_nothing_writes_nothing(
    app: Flask, alice: Caller, path: str, nothing: dict[str, Any], queries: int
) -> None:
    with app.app_context():
        ids = fill(Actor(alice.id), 1)
    with app.app_context(), recorded() as statements:
        answer = alice.patch(path.format(**ids), nothing)
    assert answer.status_code == 200
    assert "X-Act-ID" not in answer.headers
    assert [sql.split()[0] for sql, _ in statements] == ["SELECT"] * queries


def test_a_page_reads_one_task_more_than_it_shows_and_no_more(app: Flask, alice: Caller) -> None:
    for number in range(9):
        alice.add_task(f"{number}")
    with app.app_context(), recorded() as statements:
        assert len(alice.get("/tasks?limit=5").json or []) == 5
    assert "LIMIT 6" in statements[-1][0]


def test_every_endpoint_has_its_number_of_queries(app: Flask) -> None:
    served = {
        (method, re.sub("<.*?>", "{}", rule.rule.removeprefix("/api").replace(OWN, "")))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(f"/api{OWN}")
        or rule.endpoint.startswith("auth.")
        or rule.rule == "/api/auth/me"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    counted = {(method, re.sub("{.*?}|[?].*", _blank, path)) for method, path in QUERIES}
    assert served == counted


def _blank(match: re.Match[str]) -> str:
    return "" if match[0].startswith("?") else "{}"
