"""Idempotency-Key: what is posted twice under one key is done once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, text, update
from werkzeug.exceptions import ImATeapot

from taskapp.auth.identity import current_actor
from taskapp.db import db, fetch, now, transaction
from taskapp.domain.actors import Actor
from taskapp.domain.errors import Conflict, NotFound
from taskapp.extensions import csrf
from taskapp.models import IdempotencyKey, Task, User
from taskapp.openapi import Blueprint
from taskapp.services import idempotency, tasks

from ..callers import PASSWORD, Answer, Caller, assert_problem
from ..conftest import NewApp
from ..test_indexes import recorded

REPLAYED = "Idempotent-Replayed"
KEPT = ("Content-Type", "ETag", "Location", "Link", "X-Act-ID")


def keyed(key: str = "k1") -> dict[str, str]:
    """The header."""
    return {"Idempotency-Key": key}


def post_task(caller: Caller, key: str = "k1", title: str = "Write to Grace") -> Answer:
    """Create a task under a key."""
    return caller.post("/tasks", {"title": title}, headers=keyed(key))


def titles(caller: Caller) -> list[str]:
    """What the caller's tasks are called, sorted."""
    return sorted(task["title"] for task in caller.get("/tasks?limit=500").json)


def assert_replay(answer: Answer, first: Answer) -> None:
    """The answer is what the first was, and says that it is a repeat."""
    assert first.status_code < 400, first.text
    assert REPLAYED not in first.headers
    assert answer.headers[REPLAYED] == "true"
    assert (answer.status_code, answer.data) == (first.status_code, first.data)
    assert [answer.headers.get(name) for name in KEPT] == [first.headers.get(name) for name in KEPT]
    assert answer.headers["X-Request-ID"] != first.headers["X-Request-ID"]


@pytest.fixture
def stored(app: Flask) -> Callable[[], list[Any]]:
    """Reads the rows of all keys."""

    def read() -> list[Any]:
        with app.app_context():
            return list(fetch(select(IdempotencyKey.__table__).order_by(IdempotencyKey.id)))

    return read


@pytest.fixture
def set_row(app: Flask) -> Callable[..., None]:
    """Changes columns of the row of every key."""

    def change(**values: Any) -> None:
        with app.app_context(), transaction() as session:
            session.execute(update(IdempotencyKey).values(**values))

    return change


IN_FLIGHT = {"status": None, "headers": None, "body": None}


# ---------------------------------------------------------------- the same again


def test_a_repeat_is_answered_as_the_first_was_and_does_nothing(alice: Caller) -> None:
    first = post_task(alice)
    assert (first.headers["ETag"], first.status_code) == ('"1"', 201)
    assert first.headers["Location"] == f"/api/{alice.id}/tasks/{first.json['id']}"
    for _ in range(3):
        assert_replay(post_task(alice), first)
    assert titles(alice) == ["Write to Grace"]


def test_a_repeat_tells_what_was_answered_then_whatever_became_of_it(alice: Caller) -> None:
    first = post_task(alice)
    alice.delete(f"/tasks/{first.json['id']}")
    assert_replay(post_task(alice), first)
    assert titles(alice) == []


def test_every_post_with_a_token_is_done_once(alice: Caller) -> None:
    task = alice.add_task()
    alice.delete(f"/tasks/{task['id']}")
    restore = f"/trash/{task['id']}/restore"
    for path in (restore, "/trash/empty", "/auth/me/sessions/end"):
        first = alice.call("POST", path, headers=keyed(path))
        assert_replay(alice.call("POST", path, headers=keyed(path)), first)
    assert titles(alice) == ["Write to Grace"]


def test_every_post_of_what_organises_is_done_once_and_its_repeat_names_the_same_act(
    alice: Caller,
) -> None:
    here = f"/tasks/{alice.add_task()['id']}"
    house, garden = (alice.post("/projects", {"name": each}).json["id"] for each in "HG")
    hall = alice.post("/sections", {"project_id": house, "name": "Hall"}).json["id"]
    attic = alice.post("/sections", {"project_id": house, "name": "Attic"}).json["id"]
    red, blue = (alice.post("/labels", {"name": each}).json["id"] for each in ("red", "blue"))
    act = alice.patch(here, {"title": "Call Grace", "labels": [red]}).headers["X-Act-ID"]
    update = {"act": "update", "values": {"priority": "high"}}
    acts = set()
    for number, (path, body) in enumerate(
        [
            ("/projects", {"name": "Office"}),
            (f"/projects/{garden}/move", {"after": None}),
            ("/sections", {"project_id": house, "name": "Cellar"}),
            (f"/sections/{attic}/move", {"after": None}),
            ("/labels", {"name": "green"}),
            (f"{here}/move", {"section_id": hall}),
            ("/tasks/matching", update),
            ("/tasks/bulk", {"operations": [{"op": "create", "values": {"title": "Another"}}]}),
            (f"/labels/{red}/merge", {"into": blue}),
            (f"/acts/{act}/undo", None),
        ]
    ):
        sent = {} if body is None else {"json": body}
        first = alice.call("POST", path, headers=keyed(f"{number}"), **sent)
        before = alice.get("/changes").json["position"]
        assert_replay(alice.call("POST", path, headers=keyed(f"{number}"), **sent), first)
        assert alice.get("/changes").json["position"] == before
        acts.add(first.headers["X-Act-ID"])
    assert len(acts) == 10


def test_what_changed_nothing_names_no_act_and_nor_does_its_repeat(alice: Caller) -> None:
    act = post_task(alice).headers["X-Act-ID"]
    alice.post(f"/acts/{act}/undo", None)
    again = [alice.call("POST", f"/acts/{act}/undo", headers=keyed("k2")) for _ in range(2)]
    assert_replay(again[1], again[0])
    assert again[0].json == {"count": 0}
    assert "X-Act-ID" not in again[0].headers


def test_what_was_deleted_in_between_is_not_restored_again(alice: Caller) -> None:
    here = f"/tasks/{alice.add_task()['id']}"
    alice.delete(here)
    restore = here.replace("tasks", "trash") + "/restore"
    first = alice.call("POST", restore, headers=keyed())
    alice.delete(here)
    assert_replay(alice.call("POST", restore, headers=keyed()), first)
    assert alice.get(here).status_code == 404


def test_without_the_header_every_post_is_another(alice: Caller, stored: Any) -> None:
    assert [alice.add_task("x")["title"] for _ in range(2)] == ["x", "x"]
    assert titles(alice) == ["x", "x"]
    assert stored() == []


def test_other_methods_take_no_notice_of_the_header(alice: Caller, stored: Any) -> None:
    here = f"/tasks/{alice.add_task()['id']}"
    for _ in range(2):
        assert alice.patch(f"{here}/complete", headers=keyed()).status_code == 200
        assert alice.get(here, headers=keyed("")).status_code == 200
    assert alice.get(here).json["completed"] is False
    assert stored() == []


# ---------------------------------------------------------------- another request


def test_another_body_under_the_same_key_is_refused(alice: Caller) -> None:
    first = post_task(alice, title="one")
    fault = ("Idempotency-Key", "reused")
    assert_problem(post_task(alice, title="two"), 422, "key_reused", fault)
    assert_replay(post_task(alice, title="one"), first)
    assert titles(alice) == ["one"]


@pytest.mark.parametrize("path", ["/trash/empty", "/tasks?x=1"])
def test_another_path_or_query_under_the_same_key_is_refused(alice: Caller, path: str) -> None:
    assert alice.post("/tasks", {"title": "x"}, headers=keyed()).status_code == 201
    again = alice.post(path, {"title": "x"}, headers=keyed())
    assert_problem(again, 422, "key_reused", ("Idempotency-Key", "reused"))
    assert titles(alice) == ["x"]


def test_the_same_key_of_another_person_is_another_key(alice: Caller, bob: Caller) -> None:
    first = post_task(alice, title="hers")
    second = post_task(bob, title="his")
    assert (first.status_code, second.status_code) == (201, 201)
    assert_replay(post_task(alice, title="hers"), first)
    assert_replay(post_task(bob, title="his"), second)
    assert (titles(alice), titles(bob)) == (["hers"], ["his"])


def test_a_stranger_learns_nothing_from_a_key(alice: Caller, bob: Caller) -> None:
    first = post_task(alice)
    path = f"/{alice.id}/tasks"
    answer = bob.post(path, {"title": "Write to Grace"}, headers=keyed())
    assert_problem(answer, 403, "permission_denied")
    nobody = alice.client.post(f"/api{path}", json={"title": "Write to Grace"}, headers=keyed())
    assert_problem(nobody, 401, "token_missing")
    assert_replay(post_task(alice), first)


# ---------------------------------------------------------------- errors are not kept


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"json": {"title": ""}}, 422),
        ({"json": {"name": "x"}}, 422),
        ({"data": "{", "content_type": "application/json"}, 400),
        ({"data": "{}", "content_type": "text/plain"}, 415),
        ({"data": "x" * 2_000_000, "content_type": "application/json"}, 413),
    ],
)
def test_what_was_refused_may_be_corrected_under_its_key(
    alice: Caller, stored: Any, sent: dict[str, Any], status: int
) -> None:
    for _ in range(2):
        assert alice.call("POST", "/tasks", headers=keyed(), **sent).status_code == status
        assert stored() == []
    assert post_task(alice).status_code == 201
    assert titles(alice) == ["Write to Grace"]


def test_what_was_not_found_may_be_found_later(alice: Caller) -> None:
    here = f"/tasks/{alice.add_task()['id']}"
    restore = here.replace("tasks", "trash") + "/restore"
    assert alice.call("POST", restore, headers=keyed()).status_code == 404
    alice.delete(here)
    assert alice.call("POST", restore, headers=keyed()).status_code == 200


def test_a_wrong_password_is_no_answer_for_good(alice: Caller, stored: Any) -> None:
    wrong, right = ({"current_password": each} for each in ("not this one", PASSWORD))
    path = "/auth/me/delete"
    assert alice.post(path, wrong, headers=keyed()).status_code == 403
    assert alice.post(path, right, headers=keyed("k2")).status_code == 204
    # The key went with the account.
    assert stored() == []
    assert_problem(alice.get("/auth/me"), 401, "account_unavailable")


def fail_by_domain_error() -> Any:
    raise NotFound


def fail_by_status() -> Any:
    return "no", 418


def fail_by_http_exception() -> Any:
    raise ImATeapot


def fail_unexpectedly() -> Any:
    raise ZeroDivisionError


def fail_by_constraint() -> Any:
    with transaction() as session:
        session.add(Task(user_id=2**62, title="nobody's"))


FAILURES = {
    fail_by_domain_error: 404,
    fail_by_status: 418,
    fail_by_http_exception: 418,
    fail_unexpectedly: 500,
    fail_by_constraint: 409,
}


@pytest.fixture
def failing_app(app: Flask, new_app: NewApp) -> Flask:
    """The application, with routes that create a task, and then fail in all the ways there are."""
    failing: Any = Blueprint("failing", __name__, url_prefix="/api/failing")

    def create_and_fail(name: str) -> Any:
        tasks.create(current_actor(), title="half")
        return {each.__name__: each for each in FAILURES}[name]()

    failing.route("/<name>", methods=["POST"])(create_and_fail)
    another = new_app(app.config["DATABASE_URL"], JWT_SECRET_KEY=app.config["JWT_SECRET_KEY"])
    another.register_blueprint(failing)
    csrf.exempt(failing)
    return another


@pytest.mark.parametrize(("fail", "status"), FAILURES.items())
def test_whatever_fails_undoes_what_was_done_before_it(
    failing_app: Flask, alice: Caller, stored: Any, fail: Any, status: int
) -> None:
    there = replace(alice, client=failing_app.test_client())
    answer = there.call("POST", f"/failing/{fail.__name__}", headers=keyed())
    assert answer.status_code == status
    assert titles(alice) == []
    assert stored() == []


def test_an_answer_that_is_stored_stays_though_no_news_of_it_came(
    app: Flask, alice: Caller, stored: Any
) -> None:
    """The connection dies after the commit, before the database can say so."""
    sent = idempotency.Request(alice.id, "k1", "f")

    def lose_the_news(*_: object) -> None:
        raise ConnectionResetError

    def work() -> int:
        task = tasks.create(Actor(alice.id), title="done")
        event.listen(db.session(), "after_transaction_end", lose_the_news, once=True)
        return int(task.id)

    def keep(task_id: int) -> idempotency.Answer:
        return idempotency.Answer(201, {}, b"%d" % task_id)

    with app.app_context(), pytest.raises(ConnectionResetError):
        idempotency.once(sent, work, keep)
    with app.app_context():
        answer = idempotency.once(sent, work, keep)
    assert titles(alice) == ["done"]
    [task] = alice.get("/tasks").json
    assert answer == (201, {}, b"%d" % task["id"])


# ---------------------------------------------------------------- under way


def test_a_repeat_while_the_first_is_under_way_is_told_to_wait(alice: Caller, set_row: Any) -> None:
    post_task(alice)
    set_row(**IN_FLIGHT, expires_at=now() + timedelta(seconds=60))
    assert_problem(post_task(alice), 409, "request_in_flight")
    other = post_task(alice, title="another")
    assert_problem(other, 422, "key_reused", ("Idempotency-Key", "reused"))
    assert titles(alice) == ["Write to Grace"]


def test_an_attempt_is_under_way_for_its_client_to_be_told(alice: Caller, app: Flask) -> None:
    """From within the first, as it commits nothing yet: what a second sees."""
    seen = []

    def look(_connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
        if sql.startswith("INSERT INTO task "):
            [row] = fetch(select(IdempotencyKey.__table__))
            seen.append((row.status, row.expires_at - now()))

    with app.app_context():
        event.listen(db.engine, "after_cursor_execute", look)
        try:
            post_task(alice)
        finally:
            event.remove(db.engine, "after_cursor_execute", look)
    [(status, left)] = seen
    assert status is None
    assert timedelta(seconds=30) < left <= idempotency.LEASE


def test_a_claim_that_is_over_can_be_taken(alice: Caller, stored: Any, set_row: Any) -> None:
    post_task(alice)
    [before] = stored()
    set_row(**IN_FLIGHT, expires_at=now())
    second = post_task(alice, title="Another is fine, for nothing is known of the first")
    assert second.status_code == 201
    assert REPLAYED not in second.headers
    [after] = stored()
    assert after.id > before.id


def test_who_has_lost_the_claim_meanwhile_does_nothing(alice: Caller, app: Flask) -> None:
    """The first is held up so long that its claim ends; a second comes, and then the first goes on.

    What stands in the database when the first comes to store its answer is what the second left.
    """
    sent = idempotency.Request(alice.id, "k1", "f")
    empty = idempotency.Answer(204, {}, b"")

    def be_overtaken() -> None:
        tasks.create(Actor(alice.id), title="a zombie's")
        with transaction() as session:
            session.execute(update(IdempotencyKey).values(id=IdempotencyKey.id + 1))

    with app.app_context(), pytest.raises(Conflict):
        idempotency.once(sent, be_overtaken, lambda _: empty)
    assert titles(alice) == []


# ---------------------------------------------------------------- 24 hours


def test_an_answer_is_kept_for_24_hours_from_the_first_on(alice: Caller, stored: Any) -> None:
    before = now()
    post_task(alice)
    [row] = stored()
    day = timedelta(hours=24)
    assert before + day <= row.expires_at <= now() + day
    post_task(alice)
    assert stored() == [row]


def test_after_that_the_key_is_as_new(alice: Caller, stored: Any, set_row: Any) -> None:
    post_task(alice, title="one")
    set_row(expires_at=now() - timedelta(seconds=1))
    second = post_task(alice, title="two")
    assert second.status_code == 201
    assert_replay(post_task(alice, title="two"), second)
    assert titles(alice) == ["one", "two"]
    assert len(stored()) == 1


def test_who_uses_a_key_has_the_old_ones_removed(
    alice: Caller, bob: Caller, stored: Any, set_row: Any
) -> None:
    for number in range(3):
        post_task(alice, f"old {number}".replace(" ", "-"))
    post_task(bob, "his")
    set_row(expires_at=now())
    post_task(alice, "new")
    assert [(row.user_id, row.key) for row in stored()] == [(bob.id, "his"), (alice.id, "new")]


def test_the_daily_job_removes_everybodys_old_keys_and_no_other(
    alice: Caller, bob: Caller, runner: FlaskCliRunner, stored: Any, set_row: Any
) -> None:
    post_task(alice)
    sign_up(alice.client)
    set_row(expires_at=now())
    post_task(bob)
    result = runner.invoke(args=["jobs", "run"])
    assert result.exit_code == 0
    assert "Removed 2 idempotency keys." in result.output
    assert [row.user_id for row in stored()] == [bob.id]


# ---------------------------------------------------------------- what a key looks like


@pytest.mark.parametrize(
    "key",
    [
        "1",
        "8e03978e-40d5-43dd-bc93-6894a57f9324",
        '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
        "x" * 255,
        f'"{"x" * 255}"',
        '"' + '\\"' * 255 + '"',
        r'"a \"quoted\", and a \\ too"',
        "!#$%&'()*+-./:;<=>?@[\\]^_`{|}~",
    ],
)
def test_a_key_is_printable_ascii_in_quotes_or_without(alice: Caller, key: str) -> None:
    first = post_task(alice, key)
    assert_replay(post_task(alice, key), first)


@pytest.mark.parametrize(
    "key",
    [
        "",
        " ",
        '"',
        '""',
        "x" * 256,
        f'"{"x" * 256}"',
        "a, b",
        "a,b",
        "a b",
        "é",
        '"é"',
        "a\tb",
        "a\x7f",
        '"a',
        'a"',
        '"a\\b"',
        '"a"b"',
        '"a";x=1',
    ],
)
def test_anything_else_is_refused_and_the_header_named(
    alice: Caller, stored: Any, key: str
) -> None:
    answer = post_task(alice, key)
    problem = assert_problem(answer, 422, "invalid", ("Idempotency-Key", "malformed"))
    assert problem["errors"][0].keys() == {"header", "code", "message"}
    assert titles(alice) == []
    assert stored() == []


def test_a_key_sent_twice_is_no_key(alice: Caller) -> None:
    headers = [("Authorization", f"Bearer {alice.token}"), *[("Idempotency-Key", "k1")] * 2]
    answer = alice.client.post(f"/api/{alice.id}/tasks", json={"title": "x"}, headers=headers)
    assert_problem(answer, 422, "invalid", ("Idempotency-Key", "malformed"))


def test_quotes_are_not_part_of_the_key(alice: Caller) -> None:
    first = post_task(alice, "k1")
    assert_replay(post_task(alice, '"k1"'), first)


# ---------------------------------------------------------------- without a token


def sign_up(client: FlaskClient, **more: Any) -> Any:
    """Sign Eve up under a key."""
    body = {"email": "eve@example.com", "password": PASSWORD} | more
    return client.post("/api/auth/signup", json=body, headers=keyed())


def test_who_signs_up_twice_has_one_account_and_is_not_told_it_is_taken(
    client: FlaskClient, app: Flask
) -> None:
    first = sign_up(client)
    assert first.status_code == 201
    assert_replay(sign_up(client), first)
    with app.app_context():
        assert len(fetch(select(User.id))) == 1


@pytest.mark.parametrize("more", [{"password": "not the same at all"}, {"email": "e@example.com"}])
def test_only_who_knows_all_that_was_sent_is_told_of_the_account(
    client: FlaskClient, more: dict[str, str]
) -> None:
    sign_up(client)
    answer = sign_up(client, **more)
    assert_problem(answer, 422, "key_reused", ("Idempotency-Key", "reused"))


def test_a_stranger_elsewhere_cannot_try_passwords_by_a_key(client: FlaskClient) -> None:
    sign_up(client)
    client.environ_base["REMOTE_ADDR"] = "198.51.100.7"
    for password in (PASSWORD, "not the same at all"):
        # Which counts against the one who tries.
        assert_problem(sign_up(client, password=password), 409, "email_taken")


def test_a_taken_address_is_no_answer_for_good(client: FlaskClient, alice: Caller) -> None:
    assert_problem(sign_up(client, email=alice.email), 409, "email_taken")
    assert sign_up(client).status_code == 201


def test_logging_in_takes_no_notice_of_the_header(
    client: FlaskClient, alice: Caller, stored: Any
) -> None:
    for password, status in ((PASSWORD, 200), (PASSWORD, 200), ("wrong", 401)):
        body = {"email": alice.email, "password": password}
        answer = client.post("/api/auth/login", json=body, headers=keyed())
        assert answer.status_code == status
        assert REPLAYED not in answer.headers
    assert stored() == []


def test_nothing_secret_is_stored(client: FlaskClient, alice: Caller, stored: Any) -> None:
    sign_up(client)
    post_task(alice)
    wrong = {"current_password": "mistyped secret"}
    alice.post("/auth/me/delete", wrong, headers=keyed("k2"))
    kept = repr(stored())
    for secret in (PASSWORD, "mistyped", "access_token", alice.token, "$2b$", "bcrypt"):
        assert secret not in kept


def test_what_stands_for_a_request_differs_from_one_installation_to_the_next(
    app: Flask, alice: Caller, monkeypatch: Any
) -> None:
    """Or a password in it could be guessed from the row, without this installation's secret."""
    post_task(alice)
    monkeypatch.setitem(app.config, "SECRET_KEY", "another secret, as long as it has to be")
    answer = post_task(alice)
    assert_problem(answer, 422, "key_reused", ("Idempotency-Key", "reused"))


# ---------------------------------------------------------------- every route


def test_no_post_below_api_can_forget_the_key(app: Flask, alice: Caller) -> None:
    """A malformed key is refused everywhere, before anything else is looked at."""
    refused = set()
    for rule in app.url_map.iter_rules():
        if "POST" in (rule.methods or set()) and rule.rule.startswith("/api/"):
            ids = dict.fromkeys(rule.arguments, 1) | {"user_id": alice.id}
            built = rule.build({name: ids[name] for name in rule.arguments})
            assert built
            answer = alice.call("POST", built[1].removeprefix("/api"), headers=keyed(""))
            if "malformed" in answer.text:
                refused.add(rule.endpoint)
            else:
                assert rule.endpoint == "auth.log_in"
    assert len(refused) >= 6


def test_the_document_names_the_header_wherever_it_is_heeded(client: FlaskClient) -> None:
    document = client.get("/api/openapi.json").get_json()
    assert "Idempotency-Key" in document["info"]["description"]
    for path in document["paths"].values():
        for method, operation in path.items():
            if method == "parameters":
                continue
            parameters = {each["name"]: each for each in operation.get("parameters", [])}
            heeds = method == "post" and operation["operationId"] != "logIn"
            assert ("Idempotency-Key" in parameters) == heeds
            if heeds:
                assert not parameters["Idempotency-Key"].get("required")
                assert "example" not in parameters["Idempotency-Key"]
                assert {"409", "422"} <= operation["responses"].keys()


# ---------------------------------------------------------------- what it costs


def test_a_key_costs_four_statements(app: Flask, alice: Caller) -> None:
    """Asking at the door who calls, removing what is over, claiming, storing the answer."""
    with app.app_context(), recorded() as without:
        alice.add_task()
    with app.app_context(), recorded() as first:
        assert post_task(alice).status_code == 201
    with app.app_context(), recorded() as repeat:
        assert post_task(alice).headers[REPLAYED] == "true"
    assert [len(each) for each in (without, first, repeat)] == [3, 7, 4]


# ---------------------------------------------------------------- any sequence


calls = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y", ""])), max_size=12)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls)
def test_however_requests_are_repeated_each_is_done_once(
    alice: Caller, app: Flask, sequence: list[tuple[str, str]]
) -> None:
    """The first title that is acceptable has the key; an empty one is refused and has none."""
    with app.app_context(), transaction() as session:
        session.execute(text("DELETE FROM task"))
        session.execute(text("DELETE FROM idempotency_key"))
    accepted: dict[str, tuple[str, Answer]] = {}
    for key, title in sequence:
        answer = post_task(alice, key, title)
        if key in accepted:
            owner, first = accepted[key]
            if title == owner:
                assert_replay(answer, first)
            else:
                assert_problem(answer, 422, "key_reused", ("Idempotency-Key", "reused"))
        elif title:
            assert answer.status_code == 201
            accepted[key] = title, answer
        else:
            assert_problem(answer, 422, "invalid", ("/title", "blank"))
    assert titles(alice) == sorted(title for title, _ in accepted.values())
