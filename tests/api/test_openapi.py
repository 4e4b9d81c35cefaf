"""The document at /api/openapi.json: whole, true, and without gaps.

Every test goes through every operation, so that a new one fails here until it is documented.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import jsonschema_rs
import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from taskapp.rest import PROBLEM

from ..callers import Answer, Caller
from ..conftest import NewApp

Document = dict[str, Any]

METHODS = ("get", "put", "post", "delete", "patch")
PUBLIC = {"signUp", "logIn"}
# What leads to the documentation is no part of the API.
NOT_DOCUMENTED = {
    "/api/openapi.json",
    "/api/docs",
    "/api/redoc",
    "/api/docs/vendor/<release>/<name>",
    "/api/docs/static/<name>",
}
INPUTS = {
    *("SignUp", "LogIn", "TaskCreate", "TaskChange", "Completion", "Move"),
    *("Bulk", "Operation", "OperationValues", "Matching", "Marks"),
    *("ProjectCreate", "ProjectChange", "SectionCreate", "SectionChange", "Order"),
    *("LabelCreate", "LabelChange", "Merge"),
}


class Operation(NamedTuple):
    """One method of one path, with the parameters of both."""

    path: str
    method: str
    said: dict[str, Any]
    parameters: list[dict[str, Any]]

    def __repr__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    def has_body(self) -> bool:
        return "requestBody" in self.said

    def is_conditional(self) -> str | None:
        names = {each["name"] for each in self.parameters} & {"If-Match", "If-None-Match"}
        return names.pop() if names else None


@pytest.fixture(scope="module")
def described_app(new_app: NewApp, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An application whose document is read; its database is never asked."""
    return new_app(f"sqlite:///{tmp_path_factory.mktemp('document') / 'taskapp.db'}")


@pytest.fixture(scope="module")
def document(described_app: Flask) -> Document:
    """The document, as a client gets it."""
    answer: Document = json.loads(described_app.test_client().get("/api/openapi.json").data)
    return answer


@pytest.fixture(scope="module")
def operations(document: Document) -> list[Operation]:
    """Everything that the document promises."""
    return list(_operations(document))


def _operations(document: Document) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if said := item.get(method):
                parameters = item.get("parameters", []) + said.get("parameters", [])
                yield Operation(path, method, said, parameters)


def _responses(document: Document, operation: Operation) -> Iterator[tuple[int, dict[str, Any]]]:
    for status, response in operation.said["responses"].items():
        if reference := response.get("$ref"):
            yield int(status), document["components"]["responses"][reference.rsplit("/", 1)[1]]
        else:
            yield int(status), response


def _validator(document: Document, schema: dict[str, Any]) -> Any:
    return jsonschema_rs.Draft202012Validator(
        schema | {"components": document["components"]}, validate_formats=True
    )


def _expected_statuses(operation: Operation) -> set[int]:
    """What an operation can answer follows from what it reads."""
    statuses = {400, 500, 503}
    if operation.method != "get":
        statuses |= {507}
    if operation.said.get("security") != []:
        statuses |= {401}
    if "{user_id}" in operation.path:
        statuses |= {403, 404}
    if operation.has_body():
        statuses |= {413, 415, 422}
    if any(each["in"] == "query" for each in operation.parameters):
        statuses |= {422}
    if any(each["name"] == "Idempotency-Key" for each in operation.parameters):
        statuses |= {409, 422}
    statuses |= {"If-Match": {412}, "If-None-Match": {304}}.get(
        operation.is_conditional() or "", set()
    )
    own: dict[str, set[int]] = {
        "signUp": {201, 409, 429},
        "logIn": {200, 401, 429},
        "createTask": {201},
        "putTask": {200, 409},
        "patchTask": {200, 409},
        "completeTask": {200, 409},
        "deleteTask": {204},
        "emptyTrash": {204},
        "purgeTask": {204},
        "purgeProject": {204},
        "createProject": {201},
        "deleteProject": {204},
        "createSection": {201},
        "deleteSection": {204},
        "createLabel": {201, 409},
        "changeLabel": {200, 409},
        "deleteLabel": {204},
        "listChanges": {200, 410},
        "changeEmail": {200, 403, 409, 429},
        "changePassword": {200, 403, 429},
        "deleteAccount": {204, 403, 429},
        "endSessions": {204},
        "endSession": {204, 404},
    }
    return statuses | own.get(operation.said["operationId"], {200})


def test_the_document_is_valid_openapi_3_1(document: Document) -> None:
    assert document["openapi"].startswith("3.1.")
    assert [error.message for error in OPENAPI_31_VALIDATOR.iter_errors(document)] == []


def test_every_schema_is_valid_json_schema(document: Document) -> None:
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate(
            schema | {"$schema": "https://json-schema.org/draft/2020-12/schema"}
        )


def test_every_reference_leads_somewhere_and_every_component_is_used(document: Document) -> None:
    references = set(re.findall(r'"\$ref": "#/components/(\w+/\w+)"', json.dumps(document)))
    components = {
        f"{kind}/{name}"
        for kind in ("schemas", "responses")
        for name in document["components"][kind]
    }
    assert references == components


def test_the_document_says_what_a_newcomer_asks(document: Document) -> None:
    info = document["info"]
    assert info["title"] == "taskapp"
    assert info["version"]
    for word in ("Authorization: Bearer", "problem", "RFC 9457", "Link", "ETag", "If-Match"):
        assert word in info["description"]
    assert document["servers"] == [{"url": "/"}]


def test_every_tag_has_a_description_and_every_operation_a_tag(
    document: Document, operations: list[Operation]
) -> None:
    described = {tag["name"] for tag in document["tags"] if tag["description"]}
    assert {tag for each in operations for tag in each.said["tags"]} == described


def test_every_operation_has_a_name_a_summary_and_a_description(
    operations: list[Operation],
) -> None:
    names = [each.said["operationId"] for each in operations]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch("[a-z]+[A-Za-z]*", name)] == []
    assert [each for each in operations if not each.said.get("summary")] == []
    assert [each for each in operations if not each.said.get("description")] == []


def test_every_operation_wants_the_token_unless_it_is_public(
    document: Document, operations: list[Operation]
) -> None:
    scheme = document["components"]["securitySchemes"]["bearer"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    assert document["security"] == [{"bearer": []}]
    opened = {each.said["operationId"] for each in operations if "security" in each.said}
    assert opened == PUBLIC
    assert all(each.said.get("security", []) == [] for each in operations)


def test_every_operation_names_the_statuses_that_it_can_answer(
    document: Document, operations: list[Operation]
) -> None:
    for each in operations:
        assert {status for status, _ in _responses(document, each)} == _expected_statuses(each), (
            each
        )


def test_every_response_has_a_description_and_the_request_id(
    document: Document, operations: list[Operation]
) -> None:
    for each in operations:
        for status, response in _responses(document, each):
            assert response["description"], (each, status)
            assert "X-Request-ID" in response["headers"], (each, status)


def test_every_response_names_its_headers(document: Document, operations: list[Operation]) -> None:
    by_status = {
        201: {"Location"},
        304: {"ETag"},
        401: {"WWW-Authenticate"},
        429: {"Retry-After"},
        503: {"Retry-After"},
    }
    for each in operations:
        for status, response in _responses(document, each):
            headers = set(response["headers"])
            assert headers >= by_status.get(status, set()), (each, status)
            if each.said["tags"] == ["tasks"] and status in (200, 201):
                assert "ETag" in headers, each
            if each.said["operationId"] == "listTasks" and status == 200:
                assert "Link" in headers
            for header in response["headers"].values():
                assert header["description"]
                assert header["schema"]["type"]


def test_every_answer_to_a_change_of_what_is_ones_own_names_its_act(
    document: Document, operations: list[Operation]
) -> None:
    for each in operations:
        is_write = "{user_id}" in each.path and each.method != "get"
        for status, response in _responses(document, each):
            named = "X-Act-ID" in response["headers"]
            assert named is (is_write and status < 400), (each, status)


def test_every_error_is_a_problem_document_with_a_matching_example(
    document: Document, operations: list[Operation]
) -> None:
    for each in operations:
        for status, response in _responses(document, each):
            if status >= 400:
                ((media_type, content),) = response["content"].items()
                assert media_type == PROBLEM
                assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
                assert content["example"]["status"] == status


def test_every_answer_with_a_body_and_every_body_sent_has_a_valid_example(
    document: Document, operations: list[Operation]
) -> None:
    for each in operations:
        bodies = [response for _, response in _responses(document, each)]
        if each.has_body():
            bodies.append(each.said["requestBody"])
        for body in bodies:
            for content in body.get("content", {}).values():
                _validator(document, content["schema"]).validate(content["example"])


def test_every_parameter_is_described_and_its_example_is_valid(
    operations: list[Operation],
) -> None:
    for each in operations:
        named = re.findall(r"{(\w+)}", each.path)
        assert [one["name"] for one in each.parameters if one["in"] == "path"] == named
        for parameter in each.parameters:
            assert parameter["description"], (each, parameter["name"])
            schema = parameter["schema"]
            assert schema["type"]
            jsonschema_rs.meta.validate(schema)
            example = parameter.get("example", schema.get("default"))
            if example is not None:
                jsonschema_rs.Draft202012Validator(schema).validate(example)


def test_every_member_of_every_schema_is_described_and_has_a_type(document: Document) -> None:
    for name, schema in document["components"]["schemas"].items():
        for member, said in schema["properties"].items():
            assert said.get("description"), (name, member)
            assert "type" in said or "$ref" in json.dumps(said), (name, member)


def test_no_schema_takes_members_that_it_does_not_name(document: Document) -> None:
    schemas = document["components"]["schemas"]
    assert schemas.keys() >= INPUTS
    assert [
        name for name, each in schemas.items() if each["additionalProperties"] is not False
    ] == []


def test_a_patch_may_be_sent_as_a_merge_patch(operations: list[Operation]) -> None:
    for each in operations:
        if each.has_body():
            patch = {"application/merge-patch+json"} if each.method == "patch" else set()
            assert set(each.said["requestBody"]["content"]) == {"application/json"} | patch


def test_a_body_may_only_be_left_out_where_that_has_a_meaning(operations: list[Operation]) -> None:
    optional = {
        each.said["operationId"]
        for each in operations
        if each.has_body() and not each.said["requestBody"]["required"]
    }
    assert optional == {"completeTask"}


def test_every_route_below_api_is_in_the_document_and_the_reverse(
    described_app: Flask, operations: list[Operation]
) -> None:
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in described_app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and rule.rule not in NOT_DOCUMENTED
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes == {(each.path, each.method) for each in operations}


def test_what_is_not_in_the_document_is_there_all_the_same(described_app: Flask) -> None:
    assert {rule.rule for rule in described_app.url_map.iter_rules()} >= NOT_DOCUMENTED


def test_the_command_line_writes_the_same_document(
    runner: FlaskCliRunner, client: FlaskClient
) -> None:
    written = runner.invoke(args=["openapi"])
    assert written.exit_code == 0
    assert written.stdout_bytes == client.get("/api/openapi.json").data


def test_who_has_the_document_is_not_sent_it_again(client: FlaskClient) -> None:
    first = client.get("/api/openapi.json")
    again = client.get("/api/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_what_the_api_answers_is_what_the_document_says(
    alice: Caller, bob: Caller, document: Document, operations: list[Operation]
) -> None:
    task = alice.add_task()
    alice.add_task("Another")
    here = f"/tasks/{task['id']}"
    tag = alice.get(here).headers["ETag"]
    old = {"If-Match": '"0"'}
    answers = [
        (
            "signUp",
            201,
            alice.post("/auth/signup", {"email": "e@example.com", "password": "p" * 9}),
        ),
        ("signUp", 409, alice.post("/auth/signup", {"email": alice.email, "password": "x" * 9})),
        ("logIn", 401, alice.post("/auth/login", {"email": alice.email, "password": "wrong"})),
        ("showMe", 200, alice.get("/auth/me")),
        ("showMe", 401, alice.client.get("/api/auth/me")),
        ("createTask", 201, alice.post("/tasks", {"title": "Third"})),
        (
            "createTask",
            400,
            alice.call("POST", "/tasks", data="{", content_type="application/json"),
        ),
        ("createTask", 413, alice.post("/tasks", {"title": "x" * 2_000_000})),
        ("createTask", 415, alice.call("POST", "/tasks", data="{}", content_type="text/plain")),
        ("createTask", 422, alice.post("/tasks", {"title": ""})),
        ("listTasks", 200, alice.get("/tasks?limit=1")),
        ("listTasks", 403, bob.get(f"/{alice.id}/tasks")),
        ("listTasks", 422, alice.get("/tasks?limit=0")),
        ("showTask", 200, alice.get(here)),
        ("showTask", 304, alice.get(here, headers={"If-None-Match": tag})),
        ("showTask", 404, bob.get(here)),
        ("putTask", 200, alice.put(here, {"title": "Put"})),
        ("putTask", 412, alice.put(here, {"title": "Put again"}, headers=old)),
        ("patchTask", 200, alice.patch(here, {"description": None})),
        ("completeTask", 200, alice.patch(f"{here}/complete")),
        ("deleteTask", 412, alice.delete(here, headers=old)),
        ("deleteTask", 204, alice.delete(here)),
        *_answers_of_what_organises(alice),
    ]
    said = {each.said["operationId"]: dict(_responses(document, each)) for each in operations}
    for name, status, answer in answers:
        assert answer.status_code == status, (name, answer.text)
        response = said[name][status]
        for header, about in response["headers"].items():
            if about.get("required"):
                value = answer.headers[header]
                value = int(value) if about["schema"]["type"] == "integer" else value
                jsonschema_rs.Draft202012Validator(about["schema"]).validate(value)
        content = response.get("content")
        if content is None:
            assert answer.data == b"", name
        else:
            assert answer.content_type in content, name
            _validator(document, content[answer.content_type]["schema"]).validate(answer.json)


def _answers_of_what_organises(alice: Caller) -> Iterator[tuple[str, int, Answer]]:
    project = alice.post("/projects", {"name": "House", "color": "teal"})
    yield "createProject", 201, project
    house, garden = project.json["id"], alice.post("/projects", {"name": "Garden"}).json["id"]
    yield "listProjects", 200, alice.get("/projects?archived=false")
    yield "showProject", 200, alice.get(f"/projects/{house}")
    yield "changeProject", 200, alice.patch(f"/projects/{house}", {"name": "Home"})
    yield "moveProject", 200, alice.post(f"/projects/{house}/move", {"after": garden})
    yield "moveProject", 422, alice.post(f"/projects/{house}/move", {"after": house})
    section = alice.post("/sections", {"project_id": house, "name": "Hall"})
    yield "createSection", 201, section
    hall = section.json["id"]
    yield "listSections", 200, alice.get(f"/sections?project={house}")
    yield "showSection", 200, alice.get(f"/sections/{hall}")
    yield "changeSection", 200, alice.patch(f"/sections/{hall}", {"name": "Attic"})
    yield "moveSection", 200, alice.post(f"/sections/{hall}/move", {"after": None})
    label = alice.post("/labels", {"name": "errand"})
    yield "createLabel", 201, label
    yield "createLabel", 409, alice.post("/labels", {"name": "ERRAND"})
    errand, other = label.json["id"], alice.post("/labels", {"name": "other"}).json["id"]
    yield "listLabels", 200, alice.get("/labels")
    yield "showLabel", 200, alice.get(f"/labels/{errand}")
    yield "changeLabel", 200, alice.patch(f"/labels/{errand}", {"color": "red"})
    yield "changeLabel", 409, alice.patch(f"/labels/{errand}", {"name": "other"})
    due = {"due_at": "2026-02-06T15:00:00Z", "start_on": "2026-02-01", "priority": "high"}
    parent = alice.add_task("Move", section_id=hall, labels=[errand], **due)["id"]
    child = alice.add_task("Pack", parent_id=parent)["id"]
    yield "listTasks", 200, alice.get(f"/tasks?project={house}&sort=due&due_to=2026-02-06")
    yield "listSubtasks", 200, alice.get(f"/tasks/{parent}/subtasks")
    yield "completeTask", 409, alice.patch(f"/tasks/{parent}/complete")
    yield "moveTask", 200, alice.post(f"/tasks/{child}/move", {"parent_id": None})
    operations = [{"op": "complete", "id": child}, {"op": "complete", "id": 2**62}]
    yield "runOperations", 200, alice.post("/tasks/bulk", {"operations": operations})
    atomic = {"atomic": True, "operations": operations}
    yield "runOperations", 404, alice.post("/tasks/bulk", atomic)
    update = {"act": "update", "values": {"due_on": "2026-02-07"}}
    changed = alice.post(f"/tasks/matching?project={house}", update)
    yield "changeMatching", 200, changed
    yield "undoAct", 200, alice.post(f"/acts/{changed.headers['X-Act-ID']}/undo", None)
    yield "undoAct", 404, alice.post(f"/acts/{2**62}/undo", None)
    yield "mergeLabel", 200, alice.post(f"/labels/{other}/merge", {"into": errand})
    yield "deleteLabel", 204, alice.delete(f"/labels/{errand}")
    yield "deleteSection", 204, alice.delete(f"/sections/{hall}")
    yield "deleteProject", 204, alice.delete(f"/projects/{house}")
    yield "listTrash", 200, alice.get("/trash")
    yield "listTrashedProjects", 200, alice.get("/trash/projects")
    yield "restoreProject", 200, alice.call("POST", f"/trash/projects/{house}/restore")
    yield "purgeProject", 404, alice.delete(f"/trash/projects/{house}")
    yield "exportEverything", 200, alice.get("/export")
    yield "listActivity", 200, alice.get("/activity?limit=500")
    yield "listChanges", 200, alice.get("/changes?since=0&limit=500")
