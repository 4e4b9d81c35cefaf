"""Requests made up from the document, by schemathesis, with all of its checks in all of its phases.

It calls as Alice: her id and her tasks' ids stand in most paths. What is made up is the same in
every run. The application is asked through a socket of this process, since the probes of
schemathesis for missing tokens fail where it calls an application directly.
"""

import string
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from itertools import count
from threading import Thread
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import strategies as st
from schemathesis.engine import events, from_schema
from werkzeug.serving import make_server

from taskapp.db import transaction
from taskapp.domain.actors import Actor
from taskapp.domain.dates import EARLIEST, LATEST
from taskapp.services import labels, projects, tasks

from ..callers import make_caller
from ..conftest import NewApp

EACH = 100
PHASES = {"examples", "coverage", "fuzzing", "stateful"}
LEAST_CALLS = 700
# For each operation, besides those that the document itself asks for. PostgreSQL, which is stricter
# about what it takes, is given all; they begin with the same ones on both.
EXAMPLES = {"sqlite": 10, "postgresql": 30}

# The library that checks addresses is stricter than JSON Schema's "email": it refuses names that
# are reserved (.test, .example) and labels that look like punycode.
EMAILS = st.builds(
    "{}@{}.{}".format,
    st.text(string.ascii_letters + string.digits + "+_-", min_size=1, max_size=30),
    st.text(string.ascii_lowercase, min_size=1, max_size=30),
    st.sampled_from(["com", "org", "de", "co.uk"]),
)
# JSON Schema counts characters where the rule counts bytes, and has no list of common passwords.
PASSWORDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=12, max_size=200
).filter(lambda text: not text.isascii() or len(set(text)) > 6)

# It has no bounds for days and instants either, nor a list of time zones.
DAYS = st.dates(EARLIEST, LATEST)
INSTANTS = st.datetimes(
    datetime.combine(EARLIEST, time(12)), datetime.combine(LATEST, time(0)), timezones=st.just(UTC)
)
ZONE = "Europe/Berlin"

SETTINGS: dict[str, Any] = {
    "seed": 1,
    "generation": {"deterministic": True, "database": "none"},
    "phases": {"stateful": {"generation": {"max-examples": 10}, "max-steps": 10}},
    "continue-on-failure": True,
    "checks": {
        # An If-Match or If-None-Match that is made up fits by chance only, and says so.
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "304", "401", "403", "404", "409", "412"]
        },
        # What is wrong is told before any version is compared.
        "negative_data_rejection": {
            "expected-statuses": ["400", "401", "403", "404", "405", "409", "415", "422"]
        },
    },
}


@pytest.fixture(scope="module", autouse=True)
def formats() -> None:
    """What stands for an address and for a password."""
    schemathesis.openapi.format("email", EMAILS)
    schemathesis.openapi.format("password", PASSWORDS)
    schemathesis.openapi.format("date", DAYS.map(date.isoformat))
    schemathesis.openapi.format("date-time", INSTANTS.map(datetime.isoformat))


@pytest.fixture
def patient_app(app: Flask, new_app: NewApp) -> Flask:
    """An application that bears thousands of failed logins, on the database of `app`."""
    limits = ("LOGIN_LIMIT_PER_ADDRESS", "LOGIN_LIMIT_PER_CLIENT", "SIGNUP_LIMIT_PER_CLIENT")
    rates = dict.fromkeys(limits, "1000000 per minute")
    return new_app(app.config["DATABASE_URL"], LOG_LEVEL="ERROR", **rates)


@pytest.fixture
def address(patient_app: Flask) -> Iterator[str]:
    """Where that application listens."""
    server = make_server("127.0.0.1", 0, patient_app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def described(patient_app: Flask, address: str) -> Any:
    """Its document, and what is needed to call it as Alice."""
    alice = make_caller(patient_app.test_client(), "alice@example.com")
    with patient_app.app_context():
        there = make_things(Actor(alice.id))
    headers = {"Authorization": f"Bearer {alice.token}"}
    dialect = patient_app.config["DATABASE_URL"].partition(":")[0]
    generation = SETTINGS["generation"] | {"max-examples": EXAMPLES[dialect]}
    settings = SETTINGS | {"headers": headers, "generation": generation}
    config = schemathesis.Config.from_dict(settings)
    schema = schemathesis.openapi.from_url(f"{address}/api/openapi.json", config=config)
    numbers = count()

    @schema.hook
    def map_path_parameters(_context: Any, path_parameters: Any) -> Any:
        """Lead where something is, unless the id is wrong on purpose."""
        for name, value in (path_parameters or {}).items():
            if isinstance(value, int) and 0 < value < 2**63:
                # Bodies name the last of each, which no path may delete.
                choices = [alice.id] if name == "user_id" else there.get(name, [1])[: EACH - 1]
                path_parameters[name] = choices[value % len(choices)]
        return path_parameters

    @schema.hook
    def map_case(_context: Any, case: Any) -> Any:
        """Where all should be right, make up no cursor, for they are sealed, and no key twice."""
        if case.meta and case.meta.generation.mode.is_positive:
            if case.query:
                case.query.pop("cursor", None)
            if case.headers and "Idempotency-Key" in case.headers:
                case.headers["Idempotency-Key"] = f"key-{next(numbers)}"
            case.body = what_can_be(case.body, there)
        return case

    return schema


def make_things(actor: Actor) -> dict[str, list[int]]:
    """The ids of a hundred of each, by the names that paths and bodies have for them."""
    found: dict[str, list[int]] = {name: [] for name in ("task_id", "project_id", "section_id")}
    found["label_id"] = []
    with transaction():
        for number in range(EACH):
            project = projects.create(actor, name=f"Project {number}").id
            found["project_id"].append(project)
            section = projects.create_section(actor, project_id=project, name="Section")
            found["section_id"].append(section.id)
            found["label_id"].append(labels.create(actor, name=f"Label {number}").id)
            found["task_id"].append(tasks.create(actor, title=f"Task {number}").id)
    return found


def what_can_be(body: Any, there: dict[str, list[int]]) -> Any:
    """A body whose members go together, and name only what is there: no schema can say that."""
    if not isinstance(body, dict):
        return body
    members: dict[str, Any] = {
        "project_id": there["project_id"][-1],
        "into": there["label_id"][-1],
        "after": None,
        "due_zone": ZONE,
        "time_zone": ZONE,
        "operations": [_operation(each, there) for each in body.get("operations", [])],
    }
    left_out = {"parent_id", "section_id", "labels"}
    if body.get("due_on") or not body.get("due_at"):
        left_out |= {"due_at", "due_zone"}
    if "act" in body:
        if body["act"] == "update":
            body = {"values": {}} | body
        else:
            left_out |= {"values"}
    return {
        name: members.get(name, what_can_be(value, there))
        for name, value in body.items()
        if name not in left_out
    }


def _operation(operation: dict[str, Any], there: dict[str, list[int]]) -> dict[str, Any]:
    values = {"title": "x"} | what_can_be(operation.get("values") or {}, there)
    takes = {"create": {"title", "description"}, "update": {"title"}, "move": {"after"}}
    fitting = {k: v for k, v in values.items() if k in takes.get(operation["op"], ())}
    rest = {k: v for k, v in operation.items() if k != "id"}
    named = {} if operation["op"] == "create" else {"id": there["task_id"][0]}
    return rest | named | {"values": fitting}


# The longest of its values are long to print, and Hypothesis says so when it does.
@pytest.mark.filterwarnings("ignore:Generating overly large repr")
def test_every_operation_does_what_the_document_says(described: Any) -> None:
    faults, calls = [], Counter[str]()
    for event in from_schema(described).execute():
        if isinstance(event, events.NonFatalError):
            faults.append(f"{event.label}: {event.info.format()}")
        elif isinstance(event, events.FatalError):
            raise event.exception
        elif isinstance(event, events.ScenarioFinished):
            calls[event.phase.value] += len(event.recorder.cases)
            faults += _faults(event.recorder)
    assert not faults, "\n\n".join(faults)
    assert set(calls) == PHASES
    assert calls.total() > LEAST_CALLS


def _faults(recorder: Any) -> list[str]:
    """What the checks of some calls found, what was answered, and how to see it again."""
    return [
        f"{check.name}: {failed.failure.title}\n{failed.failure.message}\n{failed.code_sample}\n"
        f"{_answer(recorder.interactions[case_id].response)}"
        for case_id, checks in recorder.checks.items()
        for check in checks
        if (failed := check.failure_info)
        and not _is_beyond_schemas(check.name, recorder.interactions[case_id])
    ]


# What no schema can say: that a thing is there still, and in use, and what goes with what.
BEYOND_SCHEMAS = {
    *("no_such", "archived", "unfit", "elsewhere"),
    *("done", "cycle", "too_deep", "same", "single"),
}


def _is_beyond_schemas(check: str, interaction: Any) -> bool:
    """Whether a check asked for more than a schema tells."""
    response, request = interaction.response, interaction.request
    if check == "positive_data_acceptance" and response and response.status_code == 422:
        return {fault["code"] for fault in response.json()["errors"]} <= BEYOND_SCHEMAS
    # A wrong body that was left out altogether is none where a body need not be sent.
    is_bare = request.uri.partition("?")[0].endswith("/complete") and not request.body
    return check == "negative_data_rejection" and is_bare


def _answer(response: Any) -> str:
    return f"{response.status_code} {response.text[:500]}" if response else "no answer"
