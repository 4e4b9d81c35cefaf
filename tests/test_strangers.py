"""What is somebody's own is nobody else's: every route, and every place that names an id.

The cases are made from the application's own map and from the schemas of its bodies and queries.
A new route, or a new place for an id, fails here until the tables below say what it names.
"""

import ast
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from marshmallow import Schema, fields
from sqlalchemy import Table, select, update
from werkzeug.datastructures import MultiDict
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from taskapp import web
from taskapp.db import db, fetch, transaction
from taskapp.extensions import limiter
from taskapp.models import Event, LoginSession, User
from taskapp.rest import IdConverter
from taskapp.schemas.base import Identifier, QueryId

from .callers import Caller, make_caller
from .test_architecture import PUBLIC
from .web.browser import Browser

# Stands in every text of the owner's, and nowhere else.
SECRET = "Zwiebelkuchen"

# ---------------------------------------------------------------- what names what

# A parameter of a path: the kinds of thing whose id may stand there.
PATHS = {
    "task_id": ("task", "trashed task"),
    "project_id": ("project", "trashed project"),
    "section_id": ("section",),
    "label_id": ("label",),
    "act_id": ("act",),
    "session_id": ("session",),
}
# A member of a body, or a parameter of a query. What `after` names depends on what is moved.
NAMES = {
    "id": ("task", "trashed task"),
    "project_id": ("project", "trashed project"),
    "section_id": ("section",),
    "parent_id": ("task", "trashed task"),
    "labels": ("label",),
    "into": ("label",),
    "project": ("project", "trashed project"),
    "section": ("section",),
    "parent": ("task", "trashed task"),
    "task": ("task", "trashed task"),
    "label": ("label",),
    "since": ("act",),
    "cursor": ("cursor",),
}
AFTER = {
    "tasks": ("task",),
    "bulk": ("task",),
    "projects": ("project",),
    "sections": ("section",),
}
# A field of a form, or a parameter of a page's address.
FORMS = NAMES | {"ids": ("task", "trashed task"), "after": ("task",), "before": ("task",)}
FORMS |= {"to_label": ("label",)}
# What is called like an id. A name of that sort that no table has fails a test.
LIKE_AN_ID = re.compile(
    r"(.*_)?(ids?|acts?|after|before|cursor|into|label|labels|parent|project|section|since|tasks?)"
)
# Called like an id: the word of something to do, what finds a line of the log, names of labels.
NO_ID = {"act", "request_id", "new_labels"}

# Paths with parameters that are no ids: files, which are everybody's.
FILES = {"docs.vendor", "docs.own", "web.asset"}

# What a request has to send beside the id that is tried; $kind is an id of the caller's own.
BODIES: dict[str, Any] = {
    "account.change_email": {"email": "new@example.com", "current_password": "wrong"},
    "account.change_password": {"new_password": "sixteen wet owls", "current_password": "wrong"},
    "account.change_settings": {},
    "account.delete_account": {"current_password": "wrong"},
    "auth.log_in": {"email": "nobody@example.com", "password": "wrong"},
    "auth.sign_up": {"email": "carol@example.com", "password": "sixteen wet owls"},
    "bulk.change_matching": {"act": "update", "values": {"priority": "high"}},
    "bulk.run_operations": {"operations": [{"op": "update", "id": "$task", "values": {}}]},
    "labels.change_label": {"color": "red"},
    "labels.create_label": {"name": "mine"},
    "labels.merge_label": {"into": "$label"},
    "projects.change_project": {"color": "red"},
    "projects.create_project": {"name": "mine"},
    "projects.move_project": {"after": None},
    "sections.change_section": {"name": "mine"},
    "sections.create_section": {"name": "mine", "project_id": "$project"},
    "sections.move_section": {"after": None},
    "tasks.complete_task": {"completed": True},
    "tasks.create_task": {"title": "mine"},
    "tasks.move_task": {},
    "tasks.patch_task": {"title": "mine"},
    "tasks.put_task": {"title": "mine"},
}
MOVING = {"operations": [{"op": "move", "id": "$task", "values": {}}]}
# What forms send, each field wherever it is known.
TYPED = {
    "title": "mine",
    "name": "mine",
    "completed": "true",
    "version": "1",
    "color": "red",
    "current_password": "wrong",
    "subtasks": "complete",
}
DEEDS = ("complete", "reopen", "delete", "update", "move", "")
# The views that read what is to be done, all of them.
READ_DEEDS = {"web.change_many"}

# Members that are refused whatever they name, with another code than what is not there.
CODES = {("bulk.change_matching", "values/parent_id"): "single"}

# What is told to who names another's id in a query, where it is not an empty list.
QUERIES: dict[str, tuple[int, Any]] = {
    "cursor": (422, [("cursor", "cursor")]),
    "since": (200, ["events", "more", "position"]),
}

# Pages that tell who asks for what is not there no more than that, and lead them on.
GENTLE = {"web.undo"}


@dataclass(frozen=True)
class Place:
    """Where a request names an id: in its path, its query, or its body at a pointer."""

    where: str
    name: str

    @property
    def last(self) -> str:
        return [part for part in self.name.split("/") if not part.isdigit()][-1]


@dataclass(frozen=True)
class Route:
    """One method of one path."""

    rule: Rule
    method: str

    @property
    def endpoint(self) -> str:
        return str(self.rule.endpoint)

    @property
    def is_api(self) -> bool:
        return self.rule.rule.startswith("/api/")

    def path(self, ids: dict[str, int]) -> str:
        return re.sub(r"<[^:>]*:?(\w+)>", lambda m: str(ids[m[1]]), self.rule.rule)

    def names(self) -> list[str]:
        """The ids in its path, its owner's left out."""
        return sorted(self.rule.arguments - {"user_id"})


@dataclass(frozen=True)
class Case:
    """A route, and an id of another's at one of its places."""

    route: Route
    place: Place | None = None
    kind: str = ""

    def __str__(self) -> str:
        at = f", {self.kind} in {self.place.where} {self.place.name}" if self.place else ""
        return f"{self.route.method} {self.route.rule.rule}{at}"


def routes(app: Flask) -> list[Route]:
    """Everything that answers, files left out."""
    return [
        Route(rule, method)
        for rule in sorted(app.url_map.iter_rules(), key=lambda each: each.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if rule.endpoint not in FILES
    ]


def schemas_of(app: Flask, route: Route) -> Iterator[tuple[str, Schema]]:
    """What a route reads, and from where."""
    described: Any = getattr(app.view_functions[route.endpoint], "_apidoc", {})
    for each in described.get("arguments", {}).get("parameters", []):
        yield each["in"], each["schema"]


def places(app: Flask, route: Route) -> list[Place]:
    """Every place where a request of the API names an id."""
    found = [Place("path", name) for name in route.names()]
    for where, schema in schemas_of(app, route):
        found += [Place(where, name) for name in _ids_in(schema)]
    return found


def _ids_in(schema: Schema, path: str = "") -> Iterator[str]:
    for name, field in schema.fields.items():
        at = f"{path}/{name}".lstrip("/")
        several = isinstance(field, fields.List)
        one = cast(fields.List[Any], field).inner if several else field
        if isinstance(one, fields.Nested):
            yield from _ids_in(one.schema, f"{at}/0" if several else at)
        elif isinstance(one, Identifier | QueryId) or _is_called_like_an_id(name):
            yield at


def _is_called_like_an_id(name: str) -> bool:
    return name not in NO_ID and bool(LIKE_AN_ID.fullmatch(name))


def kinds_at(route: Route, place: Place) -> tuple[str, ...]:
    """What an id at a place may name; KeyError for a place that no table has."""
    if place.where == "path":
        return PATHS[place.last]
    if place.last == "after":
        return AFTER[route.endpoint.split(".")[0]]
    return NAMES[place.last]


def cases(app: Flask) -> list[Case]:
    """Every route of the API, with each kind of id at each of its places."""
    found = []
    for route in routes(app):
        if route.is_api:
            found += [
                Case(route, place, kind)
                for place in places(app, route)
                for kind in kinds_at(route, place)
            ]
            found.append(Case(route))
    # What a request does to the caller's own comes when nothing else is to be tried.
    return sorted(found, key=lambda case: (case.place is None, case.route.method == "DELETE"))


# ---------------------------------------------------------------- what people have


@dataclass(frozen=True)
class Estate:
    """Somebody with one of everything: `ids` by kind."""

    caller: Caller
    browser: Browser
    ids: dict[str, Any]


def make_estate(app: Flask, email: str, word: str) -> Estate:
    """Give somebody one of everything, each with that word in it."""
    caller = make_caller(app.test_client(), email)
    browser = Browser(app, f"{word} browser")
    browser.log_in(email)

    def new(kind: str, **body: Any) -> int:
        answer = caller.post(f"/{kind}", {"name": f"{word} {kind}", **body})
        assert answer.status_code == 201, answer.text
        number: int = answer.json["id"]
        return number

    label, project = new("labels"), new("projects")
    section = new("sections", project_id=project)
    gone = new("projects")
    caller.add_task(f"{word} in a project that goes", project_id=gone)
    assert caller.delete(f"/projects/{gone}").status_code == 204
    marks = {"labels": [label], "section_id": section, "description": f"{word}!"}
    task = caller.add_task(f"{word} task", due_on="2026-05-01", **marks)
    caller.add_task(f"{word} subtask", parent_id=task["id"])
    caller.add_task(f"{word} done", completed=True)
    trashed = caller.add_task(f"{word} in the trash", project_id=project)
    caller.delete(f"/tasks/{trashed['id']}")
    renamed = caller.patch(f"/tasks/{task['id']}", {"title": f"{word} again"})
    link = caller.get("/tasks?limit=1").headers["Link"]
    with app.app_context():
        sessions = select(LoginSession.id).where(LoginSession.user_id == caller.id)
        session = fetch(sessions)[0].id
    ids = {
        "user": caller.id,
        "task": task["id"],
        "trashed task": trashed["id"],
        "project": project,
        "trashed project": gone,
        "section": section,
        "label": label,
        "act": int(renamed.headers["X-Act-ID"]),
        "session": session,
        "cursor": link.split("cursor=")[1].split(">")[0],
    }
    return Estate(caller, browser, ids)


@pytest.fixture
def owner(app: Flask) -> Estate:
    """Alice, whose secret is in everything that she has."""
    return make_estate(app, "alice@example.com", SECRET)


@pytest.fixture
def stranger(app: Flask, owner: Estate) -> Estate:
    """Bob, who has one of everything too, none under the id of one of Alice's."""
    bob = make_estate(app, "bob@example.com", "Pretzel")
    shared = {kind for kind in owner.ids if owner.ids[kind] == bob.ids[kind]}
    assert not shared
    return bob


def tables() -> list[Table]:
    """All that the models store."""
    return list(db.metadata.sorted_tables)


def owners(app: Flask) -> dict[str, dict[int, int]]:
    """Whose each row is, by table and id."""
    with app.app_context():
        return {
            table.name: {row.id: row.user_id for row in fetch(select(table.c.id, table.c.user_id))}
            for table in tables()
            if "user_id" in table.c
        }


def snapshot(app: Flask, user_id: int) -> dict[str, list[tuple[Any, ...]]]:
    """All that is somebody's, to the last column."""
    whose = owners(app)
    kept: dict[str, list[tuple[Any, ...]]] = {}
    with app.app_context():
        for table in tables():
            rows = [row._mapping for row in fetch(select(table))]
            if "user_id" in table.c:
                mine = [row for row in rows if row["user_id"] == user_id]
            elif table.name == "user":
                mine = [row for row in rows if row["id"] == user_id]
            else:
                mine = [row for row in rows if user_id in _owners_of(table, row, whose)]
            kept[table.name] = sorted((tuple(row.values()) for row in mine), key=str)
    return kept


def _owners_of(table: Table, row: Any, whose: dict[str, dict[int, int]]) -> set[int]:
    """Whose the things are that a row points to."""
    found = set()
    for key in table.foreign_keys:
        target, column = key.column.table.name, key.parent.name
        if key.column.name == "id" and target in whose and row[column] is not None:
            found.add(whose[target][row[column]])
    return found


def crossings(app: Flask) -> list[str]:
    """Rows that point from one person's things to another's; there may be none."""
    whose, found = owners(app), []
    with app.app_context():
        for table in tables():
            for row in fetch(select(table)):
                values = row._mapping
                named = _owners_of(table, values, whose)
                named |= {values["user_id"]} if "user_id" in table.c else set()
                if len(named) > 1:
                    found.append(f"{table.name}: {dict(values)}")
    return found


# ---------------------------------------------------------------- how a request is made


def filled(template: Any, estate: Estate) -> Any:
    """A body with ids of somebody's own."""
    if isinstance(template, dict):
        return {name: filled(value, estate) for name, value in template.items()}
    if isinstance(template, list):
        return [filled(each, estate) for each in template]
    if isinstance(template, str) and template.startswith("$"):
        return estate.ids[template[1:]]
    return template


def put(body: Any, pointer: str, value: Any) -> Any:
    """The body with a value at a pointer."""
    body = deepcopy(body)
    *way, last = pointer.split("/")
    inner = body
    for part in way:
        inner = inner[int(part)] if part.isdigit() else inner.setdefault(part, {})
    inner[last] = [value] if last == "labels" else value
    return body


def send(
    client: FlaskClient, case: Case, caller: Estate, target: Estate, *, path_of: int, token: str
) -> TestResponse:
    """What the caller sends, with the target's id at the case's place, below somebody's path."""
    route, place = case.route, case.place
    ids = {name: caller.ids[PATHS[name][0]] for name in route.names()} | {"user_id": path_of}
    query: dict[str, Any] = {}
    template = BODIES.get(route.endpoint)
    if place is not None and route.endpoint == "bulk.run_operations" and place.last == "after":
        template = MOVING
    body = filled(template, caller)
    if place is not None and place.where == "path":
        ids[place.name] = target.ids[case.kind]
    elif place is not None and place.where == "query":
        query[place.name] = target.ids[case.kind]
        query |= {"limit": 1} if place.name == "cursor" else {}
    elif place is not None:
        body = put(body, place.name, target.ids[case.kind])
    sent: dict[str, Any] = {} if body is None else {"json": body}
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    limiter.reset()
    path = f"{route.path(ids)}?{urlencode(query)}".rstrip("?")
    return client.open(path, method=route.method, headers=headers, **sent)


def tells(response: TestResponse) -> bool:
    """Whether an answer tells anything of the owner's."""
    said = response.get_data(as_text=True) + str(response.headers)
    return SECRET in said or "alice@example.com" in said


def expected(case: Case) -> tuple[int, Any]:
    """How a stranger's request below her own path is answered: as if there were no such thing."""
    place = case.place
    if place is None:
        return 200, "whatever it is"
    if place.where == "path" or place.name == "operations/0/id":
        return 404, "not_found"
    if place.where == "query":
        return QUERIES.get(place.name, (200, "nothing"))
    code = CODES.get((case.route.endpoint, place.name), "no_such")
    return 422, [("/" + place.name.removeprefix("operations/0/"), code)]


def answered(case: Case, response: TestResponse) -> tuple[int, Any]:
    """How it was answered: the status, and the faults, the code, or what the body is."""
    said, status = cast(Any, response.get_json(silent=True)), response.status_code
    if case.place is None:
        return 200 if status < 500 else status, "whatever it is"
    if case.place.name.startswith("operations/0/") and status == 200:
        [said] = said["results"]
        status = said["status"]
    if said in ([], {"count": 0}):
        return status, "nothing"
    if "errors" in said:
        faults = [
            (each.get("pointer", each.get("parameter")), each["code"]) for each in said["errors"]
        ]
        return status, faults
    return status, said.get("code", sorted(said)) if isinstance(said, dict) else said


# ---------------------------------------------------------------- that nothing is forgotten


def test_every_path_says_whose_ids_stand_in_it(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint in FILES or rule.rule.startswith("/static/"):
            continue
        for name, converter in rule._converters.items():
            assert isinstance(converter, IdConverter), f"{rule}: {name} is read as it comes"
            assert name in PATHS or name == "user_id", f"{rule}: what does {name} name?"


def test_every_place_for_an_id_is_known_and_every_body_can_be_made(app: Flask) -> None:
    tried = 0
    for route in routes(app):
        if not route.is_api:
            continue
        for place in places(app, route):
            kinds = kinds_at(route, place)  # KeyError: say in NAMES or AFTER what it names
            tried += len(kinds)
        reads_body = any(where == "json" for where, _ in schemas_of(app, route))
        assert reads_body == (route.endpoint in BODIES), f"BODIES: {route.endpoint}"
    assert tried >= 90


def test_every_field_of_a_page_that_is_called_like_an_id_is_known() -> None:
    """Whatever a page reads by name, out of a form or an address, or declares as a field."""
    found = set()
    for module in Path(web.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                found |= {
                    each.value
                    for each in node.args[:1]
                    if node.func.attr in ("get", "getlist", "pop")
                    and isinstance(each, ast.Constant)
                }
            elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
                found.add(node.slice.value)
            elif isinstance(node, ast.AnnAssign | ast.Assign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if module.name.endswith("forms.py"):
                    found |= {each.id for each in targets if isinstance(each, ast.Name)}
    called = {name for name in map(str, found) if _is_called_like_an_id(name)}
    assert {"ids", "cursor"} <= called
    assert not called - FORMS.keys()


def test_the_views_that_read_what_is_to_be_done_are_known() -> None:
    found = set()
    for module in Path(web.__file__).parent.glob("*.py"):
        for function in ast.walk(ast.parse(module.read_text())):
            if isinstance(function, ast.FunctionDef):
                parts = [each for each in ast.walk(function) if isinstance(each, ast.Constant)]
                found |= {f"web.{function.name}" for each in parts if each.value == "act"}
    assert found == READ_DEEDS


# ---------------------------------------------------------------- the API


def test_nobody_in_particular_is_told_who_to_be(app: Flask, owner: Estate) -> None:
    before, wrong = snapshot(app, owner.caller.id), []
    for case in cases(app):
        if case.route.endpoint in PUBLIC:
            continue
        answer = send(app.test_client(), case, owner, owner, path_of=owner.caller.id, token="")
        if answer.status_code != 401 or tells(answer):
            wrong.append(f"{case}: {answer.status_code}")
    assert wrong == []
    assert snapshot(app, owner.caller.id) == before


def test_an_owner_who_is_deactivated_is_nobody(app: Flask, owner: Estate) -> None:
    with app.app_context(), transaction() as session:
        session.execute(update(User).values(is_active=False))
    before, wrong = snapshot(app, owner.caller.id), []
    for case in cases(app):
        if case.route.endpoint in PUBLIC:
            continue
        client, token = app.test_client(), owner.caller.token
        answer = send(client, case, owner, owner, path_of=owner.caller.id, token=token)
        if answer.status_code != 401 or tells(answer):
            wrong.append(f"{case}: {answer.status_code}")
    assert wrong == []
    assert snapshot(app, owner.caller.id) == before


def test_a_stranger_is_turned_away_from_anothers_path(
    app: Flask, owner: Estate, stranger: Estate
) -> None:
    before, wrong = snapshot(app, owner.caller.id), []
    for case in cases(app):
        if "user_id" not in case.route.rule.arguments:
            continue
        for target in (owner, stranger):
            caller = target if case.place is None else stranger
            answer = send(
                app.test_client(),
                case,
                caller,
                target,
                path_of=owner.caller.id,
                token=stranger.caller.token,
            )
            if answer.status_code != 403 or tells(answer):
                wrong.append(f"{case}: {answer.status_code}")
    assert wrong == []
    assert snapshot(app, owner.caller.id) == before


def test_a_stranger_finds_nothing_of_anothers_below_her_own_path(
    app: Flask, owner: Estate, stranger: Estate
) -> None:
    before, mine = snapshot(app, owner.caller.id), snapshot(app, stranger.caller.id)
    wrong: list[str] = []
    for case in cases(app):
        if case.place is None and mine:
            # Until here everything was refused, and so has done nothing to anybody.
            assert wrong == []
            assert snapshot(app, stranger.caller.id) == mine
            mine = {}
        answer = send(
            app.test_client(),
            case,
            stranger,
            owner,
            path_of=stranger.caller.id,
            token=stranger.caller.token,
        )
        if answered(case, answer) != expected(case) or tells(answer):
            wrong.append(f"{case}: {answer.status_code} {answer.text[:300]}")
        if "X-Act-ID" in answer.headers and case.place is not None:
            wrong.append(f"{case}: an act")
    assert wrong == []
    assert crossings(app) == []
    assert snapshot(app, owner.caller.id) == before


def test_all_operations_on_anothers_task_are_refused(
    app: Flask, owner: Estate, stranger: Estate
) -> None:
    before = snapshot(app, owner.caller.id)
    named = [owner.ids["task"], owner.ids["trashed task"]]
    operations = [
        {"op": op, "id": number}
        for op in ("update", "move", "complete", "reopen", "delete")
        for number in named
    ]
    answer = stranger.caller.post("/tasks/bulk", {"operations": operations})
    assert {each["code"] for each in answer.json["results"]} == {"not_found"}
    assert len(answer.json["results"]) == len(operations)
    for operation in operations:
        body = {"operations": [operation], "atomic": True}
        refused = stranger.caller.post("/tasks/bulk", body)
        assert refused.status_code == 404
        assert not tells(refused)
    assert snapshot(app, owner.caller.id) == before


def test_every_event_of_another_is_out_of_reach(
    app: Flask, owner: Estate, stranger: Estate
) -> None:
    with app.app_context():
        query = select(Event.id).where(Event.user_id == owner.caller.id)
        numbers = [row.id for row in fetch(query)]
    assert len(numbers) > 10
    before = snapshot(app, owner.caller.id)
    for number in numbers:
        assert stranger.caller.call("POST", f"/acts/{number}/undo").status_code == 404
        told = stranger.caller.get(f"/changes?since={number}")
        assert not tells(told)
        assert {each["actor_id"] for each in told.json["events"]} == {stranger.caller.id}
    assert snapshot(app, owner.caller.id) == before


def test_what_one_sent_under_a_key_is_not_answered_to_another(
    app: Flask, owner: Estate, stranger: Estate
) -> None:
    key = {"Idempotency-Key": "the-same-of-both"}
    first = owner.caller.post("/tasks", {"title": f"{SECRET} once"}, headers=key)
    assert first.status_code == 201
    before = snapshot(app, owner.caller.id)
    second = stranger.caller.post("/tasks", {"title": f"{SECRET} once"}, headers=key)
    assert second.status_code == 201
    assert "Idempotent-Replayed" not in second.headers
    assert second.json["user_id"] == stranger.caller.id
    beside = stranger.caller.post(f"/{owner.caller.id}/tasks", {"title": "x"}, headers=key)
    assert beside.status_code == 403
    assert snapshot(app, owner.caller.id) == before


# ---------------------------------------------------------------- the pages


@dataclass(frozen=True)
class Visit:
    """A page's route, the ids in its path, and what its form or address says."""

    route: Route
    ids: dict[str, int]
    fields: MultiDict[str, str]
    names_anothers: bool

    def __str__(self) -> str:
        return f"{self.route.method} {self.route.path(self.ids)} {dict(self.fields.lists())}"


def visits(app: Flask, owner: Estate, visitor: Estate) -> Iterator[Visit]:
    """Every page and form: with the owner's ids in the path, then in each field that names one."""
    for route in routes(app):
        if route.is_api:
            continue
        foreign = _alternatives(route, owner)
        for ids in foreign:
            yield Visit(route, ids, _said(), bool(ids))
        own = _alternatives(route, visitor)[0]
        for name, kinds in FORMS.items():
            for kind in kinds:
                said = _said()
                said.setlist(name, [str(owner.ids[kind])])
                for deed in DEEDS if route.endpoint in READ_DEEDS else [""]:
                    with_deed = said.copy()
                    if deed:
                        with_deed["act"] = deed
                    yield Visit(route, own, with_deed, names_anothers=False)


def _said() -> MultiDict[str, str]:
    return MultiDict(TYPED)


def _alternatives(route: Route, estate: Estate) -> list[dict[str, int]]:
    """The ids that may stand in a path: for each of its names the first kind, and each other."""
    first = {name: estate.ids[PATHS[name][0]] for name in route.names()}
    others = [
        first | {name: estate.ids[kind]} for name in route.names() for kind in PATHS[name][1:]
    ]
    return [first, *others]


def ask(browser: Browser, visit: Visit, csrf_token: str = "") -> TestResponse:
    """Open a page, or send its form."""
    limiter.reset()
    path = visit.route.path(visit.ids)
    if visit.route.method == "GET":
        browser.open(f"{path}?{urlencode(list(visit.fields.items(multi=True)))}")
    else:
        sent = visit.fields.copy()
        sent["csrf_token"] = csrf_token
        browser.open(path, visit.route.method, data=sent)
    return browser.response


def is_closed(visit: Visit, response: TestResponse) -> bool:
    """Whether a page asks who comes to log in first."""
    if visit.route.method == "GET":
        there = response.headers.get("Location", "").startswith("/login?next=")
        return response.status_code == 302 and there
    return response.status_code == 401


def test_a_visitor_finds_every_page_closed(app: Flask, owner: Estate) -> None:
    visitor = Browser(app)
    token = visitor.token()
    before, wrong = snapshot(app, owner.caller.id), []
    for visit in _first_of_each(visits(app, owner, owner)):
        answer = ask(visitor, visit, token)
        if visit.route.endpoint not in PUBLIC and not is_closed(visit, answer):
            wrong.append(f"{visit}: {answer.status_code}")
        if tells(answer):
            wrong.append(f"{visit}: tells")
    assert wrong == []
    assert snapshot(app, owner.caller.id) == before


def test_the_browser_of_an_owner_who_is_deactivated_finds_every_page_closed(
    app: Flask, owner: Estate
) -> None:
    token = owner.browser.token()
    with app.app_context(), transaction() as session:
        session.execute(update(User).values(is_active=False))
    before, wrong = snapshot(app, owner.caller.id), []
    for visit in _first_of_each(visits(app, owner, owner)):
        answer = ask(owner.browser, visit, token)
        if visit.route.endpoint not in PUBLIC and not is_closed(visit, answer):
            wrong.append(f"{visit}: {answer.status_code}")
        if tells(answer):
            wrong.append(f"{visit}: tells")
    assert wrong == []
    assert snapshot(app, owner.caller.id) == before


def test_a_stranger_finds_nothing_of_anothers_on_any_page(
    app: Flask, owner: Estate, stranger: Estate
) -> None:
    browser, token = stranger.browser, stranger.browser.token()
    before, wrong, tried = snapshot(app, owner.caller.id), [], 0
    for visit in visits(app, owner, stranger):
        if visit.route.endpoint in PUBLIC | {"web.log_out"}:
            continue
        answer = ask(browser, visit, token)
        if is_closed(visit, answer):  # something before has ended this very login
            browser.log_in(stranger.caller.email)
            token = browser.token()
            answer = ask(browser, visit, token)
        tried += 1
        gentle = answer.status_code == 303 and visit.route.endpoint in GENTLE
        if visit.names_anothers and answer.status_code != 404 and not gentle:
            wrong.append(f"{visit}: {answer.status_code}")
        if answer.status_code >= 500 or tells(answer):
            wrong.append(f"{visit}: {answer.status_code}, tells: {tells(answer)}")
    assert wrong == []
    assert tried > 100
    assert crossings(app) == []
    assert snapshot(app, owner.caller.id) == before


def _first_of_each(all_of_them: Iterator[Visit]) -> Iterator[Visit]:
    """One visit for each path: who is not let in says nothing worth varying."""
    seen = set()
    for visit in all_of_them:
        path = (visit.route.method, visit.route.path(visit.ids))
        if path not in seen:
            seen.add(path)
            yield visit


# ---------------------------------------------------------------- that this would be seen


def test_what_is_told_and_what_is_changed_is_seen(app: Flask, owner: Estate) -> None:
    before = snapshot(app, owner.caller.id)
    assert set(before) == {table.name for table in tables()}
    empty = {name for name, rows in before.items() if not rows}
    assert empty <= {"idempotency_key"}
    for table, rows in before.items():
        if table in ("task", "project", "section", "label", "event"):
            assert SECRET in str(rows), table
    assert tells(owner.caller.get("/tasks"))
    assert tells(owner.caller.get("/changes?since=0"))
    owner.browser.open("/trash")
    assert tells(owner.browser.response)
    owner.caller.patch(f"/tasks/{owner.ids['task']}", {"labels": []})
    assert snapshot(app, owner.caller.id)["task_label"] == []
