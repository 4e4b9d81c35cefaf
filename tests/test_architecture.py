"""The house keeps its own rules: who calls whom, who commits, who is let in without a token."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.engine import Row
from werkzeug.routing import Rule

from taskapp.db import db, transaction
from taskapp.domain.actors import Actor
from taskapp.domain.tasks import PRIORITIES
from taskapp.models import Label, Project, Section, Task, User
from taskapp.rest import dump, render, render_all
from taskapp.schemas.base import Day, Moment, Schema
from taskapp.schemas.history import EventSchema
from taskapp.schemas.projects import (
    LabelSchema,
    ProjectSchema,
    SectionSchema,
    TrashedProjectSchema,
)
from taskapp.schemas.tasks import TaskSchema, TrashedTaskSchema
from taskapp.schemas.users import SessionSchema, UserSchema
from taskapp.services import accounts, history, labels, projects, tasks, trash

from .callers import PASSWORD, Caller, assert_problem
from .conftest import NewApp, environment

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "taskapp").rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in MODULES]

SAFE = {"GET", "HEAD", "OPTIONS"}

# Who is served without a token. A route that is not here has to ask for one.
PUBLIC = {
    "auth.log_in",
    "auth.sign_up",
    "docs.openapi",
    "docs.own",
    "docs.redoc",
    "docs.swagger",
    "docs.vendor",
    "health.show_health",
    "health.show_metrics",
    "health.show_readiness",
    "web.asset",
    "web.favicon",
    "web.home",
    "web.log_in",
    "web.manifest",
    "web.show_help",
    "web.show_log_in",
    "web.show_sign_up",
    "web.sign_up",
}


# ---------------------------------------------------------------- modules


def test_the_import_contracts_hold() -> None:
    program = str(Path(sys.executable).with_name("lint-imports"))
    command = [program, "--no-cache", "--no-logo"]
    result = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
    assert " 0 broken" in result.stdout


@pytest.mark.parametrize("module", MODULES, ids=NAMES)
def test_every_module_says_what_it_is_for(module: Path) -> None:
    assert ast.get_docstring(ast.parse(module.read_text()))


def named(module: Path, *names: str) -> set[str]:
    """Which of these attributes a module speaks of, however it came by the object."""
    return {
        node.attr
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in names
    }


def test_only_db_py_commits_and_rolls_back() -> None:
    verbs = ("commit", "rollback", "begin", "begin_nested", "savepoint")
    ending = {name for name, module in zip(NAMES, MODULES, strict=True) if named(module, *verbs)}
    assert ending == {"taskapp/db.py"}


def test_no_import_hides_in_a_function() -> None:
    hidden = [
        f"{name}:{inner.lineno}"
        for name, module in zip(NAMES, MODULES, strict=True)
        for outer in ast.walk(ast.parse(module.read_text()))
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(outer)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


# What takes long to import, or much memory, and is for one command or for one way to run it.
SELDOM = {
    *("alembic", "flask_migrate", "psycopg", "redis", "zxcvbn"),
    *("taskapp.adoption", "taskapp.cli.developing", "taskapp.services.backup"),
}


def imported_by(code: str, folder: Path) -> set[str]:
    """Which modules a fresh interpreter has imported after this."""
    ended = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(f"sqlite:///{folder / 'taskapp.db'}", folder),
    )
    return set(ended.stdout.split())


def test_importing_the_package_imports_none_of_its_rooms(tmp_path: Path) -> None:
    imported = imported_by("import taskapp", tmp_path)
    assert {name for name in imported if name.startswith("taskapp")} == {"taskapp"}
    assert "flask" in imported
    assert not imported & {"marshmallow", "sqlalchemy", "wtforms"}


def test_serving_imports_nothing_that_is_seldom_needed(tmp_path: Path) -> None:
    imported = imported_by("import wsgi; wsgi.app.test_client().get('/login')", tmp_path)
    assert "taskapp.web.accounts" in imported
    assert imported & SELDOM == set()


def test_what_is_seldom_needed_goes_by_these_names() -> None:
    assert {name for name in SELDOM if not find_spec(name)} == set()


def test_asking_for_the_schema_at_the_start_imports_no_door(tmp_path: Path) -> None:
    imported = imported_by("import taskapp.readiness", tmp_path)
    assert "taskapp.db" in imported
    assert not imported & {"taskapp.api", "taskapp.auth", "taskapp.factory", "taskapp.web"}


def test_the_doors_never_touch_the_session() -> None:
    doors = [path for path in MODULES if path.parent.name in ("api", "auth", "web")]
    assert doors
    assert not [path.name for path in doors if named(path, "session", "engine", "execute")]


# ---------------------------------------------------------------- routes


@pytest.fixture(scope="module")
def routes(new_app: NewApp, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An application to ask for its routes; no database is needed to be turned away."""
    return new_app(f"sqlite:///{tmp_path_factory.mktemp('none')}/missing/taskapp.db")


def path_of(rule: Rule) -> str:
    """A path that the rule matches."""
    with_values = {name: 1 if name.endswith("_id") else "x" for name in rule.arguments}
    built = rule.build(with_values)
    assert built
    return built[1]


def test_every_route_that_is_not_public_turns_away_who_has_no_token(routes: Flask) -> None:
    client, asked = routes.test_client(), set()
    for rule in routes.url_map.iter_rules():
        if rule.endpoint in PUBLIC:
            continue
        for method in (rule.methods or set()) - {"OPTIONS"}:  # which Flask answers by itself
            response = client.open(path_of(rule), method=method)
            asked.add((rule.endpoint, method))
            if rule.endpoint.startswith("web."):
                # A form without its token is refused before it is asked whose it is.
                led_to_login = response.headers.get("Location", "").startswith("/login")
                assert led_to_login or response.status_code in (400, 401), f"{method} {rule.rule}"
                continue
            assert response.status_code == 401, f"{method} {rule.rule}"
            assert response.headers["WWW-Authenticate"].startswith("Bearer")
            if method != "HEAD":
                assert_problem(response, 401, "token_missing")
    assert len(asked) >= 10


def test_the_public_list_names_only_routes_that_there_are(routes: Flask) -> None:
    assert {rule.endpoint for rule in routes.url_map.iter_rules()} >= PUBLIC


def test_no_public_route_asks_for_a_token(routes: Flask) -> None:
    client = routes.test_client()
    for rule in routes.url_map.iter_rules():
        if rule.endpoint in PUBLIC:
            for method in rule.methods or set():
                response = client.open(path_of(rule), method=method)
                assert response.status_code != 401, f"{method} {rule.rule}"


def test_what_a_route_answers_to_options_is_flasks_own(routes: Flask) -> None:
    client = routes.test_client()
    for rule in routes.url_map.iter_rules():
        response = client.options(path_of(rule))
        assert (response.status_code, response.data) == (200, b""), rule.rule
        assert {*response.headers["Allow"].split(", ")} >= (rule.methods or set())


def test_no_view_answers_to_safe_and_unsafe_methods_alike(routes: Flask) -> None:
    methods: dict[str, set[str]] = {}
    for rule in routes.url_map.iter_rules():
        methods.setdefault(rule.endpoint, set()).update((rule.methods or set()) - {"OPTIONS"})
    assert not [name for name, some in methods.items() if some & SAFE and some - SAFE]


def test_no_two_unsafe_methods_share_a_view(routes: Flask) -> None:
    for rule in routes.url_map.iter_rules():
        assert len((rule.methods or set()) - SAFE) <= 1, rule


# ---------------------------------------------------------------- what is answered

ids = st.integers(1, 2**63 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50)
instants = st.datetimes(timezones=st.just(UTC)) | st.datetimes(timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)
days = st.dates()
counts = st.integers(0, 1000)
Members = dict[str, st.SearchStrategy[Any]]
THING: Members = {
    "id": ids,
    "user_id": ids,
    "name": texts,
    "created_at": instants,
    "updated_at": instants,
}
TASK: Members = {
    "id": ids,
    "user_id": ids,
    "title": texts,
    "description": st.none() | texts,
    "completed": st.booleans(),
    "completed_at": st.none() | instants,
    "priority": st.sampled_from(PRIORITIES),
    "labels": st.lists(ids, max_size=5),
    "project_id": st.none() | ids,
    "section_id": st.none() | ids,
    "parent_id": st.none() | ids,
    "depth": st.integers(0, 7),
    "rank": texts,
    "due_on": st.none() | days,
    "due_at": st.none() | instants,
    "due_zone": st.none() | texts,
    "start_on": st.none() | days,
    "subtasks_open": counts,
    "subtasks_done": counts,
    "created_at": instants,
    "updated_at": instants,
}
PROJECT: Members = THING | {"color": texts, "archived": st.booleans(), "rank": texts}
FIELDS = st.dictionaries(texts, st.none() | texts | st.booleans() | st.lists(ids, max_size=3))
MEMBERS: dict[type[Schema], Members] = {
    TaskSchema: TASK,
    TrashedTaskSchema: TASK | {"deleted_at": instants},
    ProjectSchema: PROJECT,
    TrashedProjectSchema: PROJECT | {"deleted_at": instants},
    SectionSchema: THING | {"project_id": ids, "rank": texts},
    LabelSchema: THING | {"color": texts},
    SessionSchema: {
        "id": ids,
        "client": texts,
        "created_at": instants,
        "seen_at": instants,
        "expires_at": instants,
    },
    EventSchema: {
        "id": ids,
        "act": ids,
        "at": instants,
        "actor_id": ids,
        "through": texts,
        "undoes": st.none() | ids,
        "kind": texts,
        "thing_id": ids,
        "verb": texts,
        "before": FIELDS,
        "after": FIELDS,
    },
    UserSchema: {
        "id": ids,
        "email": texts,
        "is_active": st.booleans(),
        "time_zone": texts,
        "theme": texts,
        "density": texts,
        "shortcuts": st.booleans(),
        "created_at": instants,
        "updated_at": instants,
    },
}


def assert_equal_on_the_wire(thing: Any, schema: type[Schema]) -> None:
    """The fast path writes what marshmallow would write."""
    fast = json.loads(dump(render(thing, schema)))
    assert fast == json.loads(json.dumps(schema().dump(thing)))
    assert fast.keys() == MEMBERS[schema].keys()


ROWS = [schema for schema in MEMBERS if schema is not UserSchema]


@pytest.mark.parametrize("schema", ROWS)
@given(data=st.data())
def test_a_row_is_rendered_as_its_schema_says(schema: type[Schema], data: st.DataObject) -> None:
    values = data.draw(st.fixed_dictionaries(MEMBERS[schema]))
    assert_equal_on_the_wire(SimpleNamespace(**values, version=1), schema)


NULLABLE: dict[type[Schema], set[str]] = {
    TaskSchema: {
        *("description", "completed_at", "project_id", "section_id", "parent_id"),
        *("due_on", "due_at", "due_zone", "start_on"),
    },
    EventSchema: {"undoes"},
}
NULLABLE[TrashedTaskSchema] = NULLABLE[TaskSchema]


@pytest.mark.parametrize("schema", ROWS)
def test_what_may_be_null_is_rendered_so_and_nothing_else_may(schema: type[Schema]) -> None:
    nullable = {name for name, field in schema._declared_fields.items() if field.allow_none}
    assert nullable == NULLABLE.get(schema, set())
    values = {name: schema.example[name] for name in MEMBERS[schema]}
    for name, field in schema._declared_fields.items():
        if isinstance(field, Moment | Day) and values[name] is not None:
            values[name] = field.deserialize(values[name])
    assert_equal_on_the_wire(SimpleNamespace(**values | dict.fromkeys(nullable)), schema)


def test_every_schema_whose_rows_are_rendered_is_among_them() -> None:
    rendered = {
        node.args[1].id
        for module in MODULES
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("render", "answer_one", "answer_all", "answer_page")
        and isinstance(node.args[1], ast.Name)
    }
    assert rendered - {"schema"} == {schema.__name__ for schema in MEMBERS}


@given(st.fixed_dictionaries(MEMBERS[UserSchema]))
def test_an_account_is_rendered_as_its_schema_says(values: dict[str, Any]) -> None:
    assert_equal_on_the_wire(User(**values, hashed_password="!"), UserSchema)


INSTANTS = [
    datetime(2026, 1, 31, 9, 30, tzinfo=UTC),
    datetime(2026, 1, 31, 9, 30, 0, 120000, UTC),
    datetime(1, 1, 1, tzinfo=UTC),
]


def set_creation(instant: datetime) -> None:
    """Let all things have been made at an instant."""
    with transaction() as session:
        for table in (Task, Project, Section, Label):
            session.execute(update(table).values(created_at=instant))


def assert_all_equal_on_the_wire(things: Iterable[Any], schema: type[Schema]) -> None:
    """The same of several things, of which there is one at least."""
    things = list(things)
    assert things
    for thing in things:
        assert_equal_on_the_wire(thing, schema)
        if isinstance(thing, Row):  # as lists have it
            assert render_all([thing, thing], schema) == [render(thing, schema)] * 2


@pytest.fixture
def ada(context: None) -> Actor:
    """Somebody with an account."""
    return Actor(accounts.sign_up("ada@example.com", PASSWORD, rounds=4).id)


@pytest.mark.parametrize("instant", INSTANTS)
def test_what_the_database_gives_back_is_rendered_so_too(context: None, instant: datetime) -> None:
    user = accounts.sign_up("ada@example.com", PASSWORD, rounds=4)
    created = tasks.create(Actor(user.id), title="Жук", description=None, completed=True)
    due = {"due_at": datetime(2026, 2, 6, 9, 30, tzinfo=UTC), "start_on": date(2026, 2, 1)}
    changed = tasks.update(Actor(user.id), tasks.create(Actor(user.id), title="x").id, due)
    set_creation(instant)
    listed = tasks.list_page(Actor(user.id)).rows
    shown = tasks.show(Actor(user.id), created.id)
    assert_all_equal_on_the_wire([created, changed, shown, *listed], TaskSchema)
    found = db.session.scalars(select(User)).one()
    assert_all_equal_on_the_wire([user, accounts.show(Actor(user.id)), found], UserSchema)


@pytest.mark.parametrize("instant", INSTANTS)
def test_so_is_what_organises_tasks_and_what_happened(ada: Actor, instant: datetime) -> None:
    project = projects.create(ada, name="Дом")
    section = projects.create_section(ada, project_id=project.id, name="Зал")
    label = labels.create(ada, name="a")
    task = tasks.create(ada, title="x", section_id=section.id, labels=[label.id])
    assert (task.project_id, task.labels) == (project.id, [label.id])
    set_creation(instant)
    assert_all_equal_on_the_wire([task, *tasks.list_page(ada).rows], TaskSchema)
    assert_all_equal_on_the_wire([project, *projects.list_all(ada)], ProjectSchema)
    assert_all_equal_on_the_wire([section, *projects.list_sections(ada)], SectionSchema)
    assert_all_equal_on_the_wire([label, *labels.list_all(ada)], LabelSchema)
    projects.delete(ada, project.id)
    keep = timedelta(days=30)
    assert_all_equal_on_the_wire(trash.list_page(ada, keep=keep).rows, TrashedTaskSchema)
    assert_all_equal_on_the_wire(trash.list_projects(ada, keep=keep), TrashedProjectSchema)
    assert_all_equal_on_the_wire(history.changes(ada, 0).events, EventSchema)


def test_the_api_answers_with_what_the_schema_documents(alice: Caller) -> None:
    task = alice.add_task(description="a\nb")
    assert task.keys() == MEMBERS[TaskSchema].keys()
    for path, schema in (
        ("/projects", ProjectSchema),
        ("/labels", LabelSchema),
    ):
        assert alice.post(path, {"name": "x"}).json.keys() == MEMBERS[schema].keys()
    assert alice.get("/activity").json[0].keys() == MEMBERS[EventSchema].keys()
    assert (alice.get("/auth/me").json or {}).keys() == MEMBERS[UserSchema].keys()
