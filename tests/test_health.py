"""Whether all is well, as told to those who watch; and what they are told of what was counted."""

import re
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from flask_migrate import downgrade, upgrade
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from taskapp import metrics
from taskapp.db import db, transaction
from taskapp.readiness import SENTENCES

from .callers import PASSWORD, Caller, assert_problem
from .conftest import NewApp, NewDatabase

TOKEN = "a token for the metrics and for nothing else"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def unmigrated(new_database: NewDatabase, new_app: NewApp) -> Flask:
    """An application on a database without a table."""
    return new_app(new_database())


@pytest.fixture
def nowhere(new_app: NewApp, tmp_path: Path) -> Flask:
    """An application whose database cannot be reached."""
    return new_app(f"sqlite:///{tmp_path}/missing/taskapp.db")


def measured(app: Flask, new_app: NewApp, **more: Any) -> FlaskClient:
    """A client of an application on the same database, with an open /metrics."""
    return new_app(app.config["DATABASE_URL"], METRICS_TOKEN=TOKEN, **more).test_client()


def scrape(client: FlaskClient) -> Samples:
    """What /metrics tells, by name and labels."""
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    """One of them; what was never counted is 0."""
    return samples.get((f"taskapp_{name}", frozenset(labels.items())), 0)


# ---------------------------------------------------------------- well or not


def test_the_process_is_well_without_a_database(nowhere: Flask) -> None:
    answer = nowhere.test_client().get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_an_application_on_todays_schema_is_ready(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"status": "ready", "database": "current"})


def test_one_on_an_empty_database_is_not(unmigrated: Flask) -> None:
    answer = unmigrated.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"status": "not ready", "database": "behind"}


def test_one_that_lacks_the_last_migration_is_not_until_it_has_it(
    unmigrated: Flask, new_app: NewApp
) -> None:
    with unmigrated.app_context():
        upgrade()
        downgrade()
    assert unmigrated.test_client().get("/readyz").status_code == 503
    with unmigrated.app_context():
        upgrade()
    later = new_app(unmigrated.config["DATABASE_URL"]).test_client()
    assert later.get("/readyz").status_code == 200


def test_one_on_the_schema_of_a_newer_release_is_ready(unmigrated: Flask) -> None:
    with unmigrated.app_context():
        upgrade()
        with transaction() as session:
            session.execute(text("UPDATE alembic_version SET version_num = 'from_the_future'"))
    answer = unmigrated.test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"status": "ready", "database": "ahead"})


def test_one_that_does_not_reach_its_database_is_not(nowhere: Flask) -> None:
    answer = nowhere.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"status": "not ready", "database": "unreachable"}


def test_connections_that_are_all_in_use_say_nothing_about_the_database(
    app: Flask, new_app: NewApp
) -> None:
    busy = new_app(app.config["DATABASE_URL"], DATABASE_POOL_SIZE=1)
    with busy.app_context(), db.engine.connect():
        assert busy.test_client().get("/readyz").status_code == 200


def test_many_who_ask_at_once_are_told_by_one_question(app: Flask, new_app: NewApp) -> None:
    asked = new_app(app.config["DATABASE_URL"])
    first = asked.test_client().get("/readyz").json
    with asked.app_context():
        asked.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"connect_args": {"no_such": "argument"}}
    assert asked.test_client().get("/readyz").json == first


def test_a_database_that_hangs_is_asked_once_and_keeps_nobody(new_app: NewApp) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/nothing"
        client = new_app(url).test_client()
        for _ in range(3):
            answer = client.get("/readyz")
            assert answer.status_code == 503
            assert answer.json == {"status": "not ready", "database": "unreachable"}
        assert client.get("/healthz").status_code == 200
        silent.accept()[0].close()
        silent.settimeout(0)
        with pytest.raises(BlockingIOError):
            silent.accept()


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_nobody_keeps_what_is_true_for_a_moment(client: FlaskClient, path: str) -> None:
    assert client.get(path).headers["Cache-Control"] == "no-store"
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405


def test_the_operator_is_told_in_a_sentence(
    app: Flask, runner: FlaskCliRunner, unmigrated: Flask, nowhere: Flask
) -> None:
    for of, status, state in (
        (app, 0, "current"),
        (unmigrated, 1, "behind"),
        (nowhere, 2, "unreachable"),
    ):
        result = of.test_cli_runner().invoke(args=["ready"])
        assert result.exit_code == status
        assert result.output.endswith(f"{SENTENCES[state]}\n")  # type: ignore[index]
        assert "Traceback" not in result.output


# ---------------------------------------------------------------- what was counted


def test_without_a_token_of_its_own_there_are_no_metrics(client: FlaskClient) -> None:
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer"}):
        assert client.get("/metrics", headers=headers).status_code == 404


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer x", f"Bearer {TOKEN}x", f"Basic {TOKEN}"])
def test_the_metrics_are_for_who_has_the_token(
    app: Flask, new_app: NewApp, alice: Caller, given: str
) -> None:
    client = measured(app, new_app)
    refused = client.get("/metrics", headers={"Authorization": given})
    assert_problem(refused, 401, "token_wrong")
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="metrics"'
    own = client.get("/metrics", headers={"Authorization": f"Bearer {alice.token}"})
    assert own.status_code == 401


def test_requests_are_counted_by_the_template_of_their_route(
    app: Flask, new_app: NewApp, alice: Caller
) -> None:
    client = measured(app, new_app)
    before = scrape(client)
    for _ in range(3):
        alice.get("/tasks")
    alice.get("/tasks/999")
    after = scrape(client)

    def more(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    listed, shown = "/api/<id:user_id>/tasks", "/api/<id:user_id>/tasks/<id:task_id>"
    assert more("requests_total", method="GET", route=listed, status="200") == 3
    assert more("requests_total", method="GET", route=shown, status="404") == 1
    assert more("request_seconds_count", route=listed) == 3
    assert more("request_seconds_bucket", route=listed, le="+Inf") == 3
    assert more("request_seconds_sum", route=listed) > 0


def test_what_a_client_makes_up_makes_no_series(app: Flask, new_app: NewApp) -> None:
    client = measured(app, new_app)
    scrape(client)
    before = len(scrape(client))
    for number in range(20):
        client.open(f"/made/up/{number}", method=f"MADE{number}")
        client.get(f"/api/made/up/{number}?made=up")
    after = scrape(client)
    assert len(after) - before <= 20  # a handful of counters, and one histogram
    assert value(after, "requests_total", method="unknown", route="unknown", status="404") >= 20
    assert not [key for key in after if "made" in str(key).lower()]


def test_failed_logins_and_throttled_ones_are_counted(app: Flask, new_app: NewApp) -> None:
    client = measured(app, new_app, LOGIN_LIMIT_PER_ADDRESS="2 per hour")
    before = scrape(client)
    body = {"email": "nobody@example.com", "password": PASSWORD}
    answers = [client.post("/api/auth/login", json=body).status_code for _ in range(4)]
    assert answers == [401, 401, 429, 429]
    after = scrape(client)
    assert value(after, "login_failures_total") - value(before, "login_failures_total") == 2
    assert value(after, "throttled_total") - value(before, "throttled_total") == 2


def test_connections_are_counted_while_they_are_in_use(app: Flask, new_app: NewApp) -> None:
    used = new_app(app.config["DATABASE_URL"], DATABASE_POOL_SIZE=3, METRICS_TOKEN=TOKEN)
    client = used.test_client()
    before = value(scrape(client), "pool_in_use")
    with used.app_context():
        first, second = db.engine.connect(), db.engine.connect()
        assert value(scrape(client), "pool_in_use") == before + 2
        first.invalidate()
        first.close()
        assert value(scrape(client), "pool_in_use") == before + 1
        second.close()
    found = scrape(client)
    assert value(found, "pool_in_use") == before
    assert value(found, "pool_waiting") == 0
    assert value(found, "pool_size") == 3


def test_what_the_jobs_did_is_told_by_the_servers_that_share_their_folder(
    app: Flask, new_app: NewApp
) -> None:
    working = new_app(app.config["DATABASE_URL"], METRICS_TOKEN=TOKEN)
    client, before = working.test_client(), time.time()
    assert value(scrape(client), "jobs_last_run_seconds") == 0
    result = working.test_cli_runner().invoke(args=["jobs", "run"])
    assert result.exit_code == 0
    removed = int(re.findall(r"Removed (\d+) idempotency keys", result.output)[0])
    found = scrape(client)
    assert value(found, "jobs_last_run_seconds") >= before - 1
    assert value(found, "jobs_removed", what="idempotency keys") == removed


def test_jobs_run_where_nothing_can_be_noted(app: Flask, new_app: NewApp, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    blocked = new_app(app.config["DATABASE_URL"])
    blocked.config["INSTANCE_DIR"] = tmp_path / "file" / "below"
    result = blocked.test_cli_runner().invoke(args=["jobs", "run"])
    assert result.exit_code == 0
    assert "metrics will not tell" in result.output


def test_the_metrics_name_no_person(app: Flask, new_app: NewApp, alice: Caller) -> None:
    alice.add_task("A private matter")
    answer = measured(app, new_app).get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert "alice" not in answer.text
    assert "private" not in answer.text
    assert metrics.UNKNOWN in answer.text
