"""People who call the API with a token, and how tests read what it answers."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from taskapp.auth.identity import issue_token
from taskapp.db import now, transaction
from taskapp.domain import passwords
from taskapp.models import User

PASSWORD = "a long and winding road"
# What is each caller's own begins so.
OWN = (
    *("/tasks", "/projects", "/sections", "/labels", "/trash"),
    *("/changes", "/activity", "/acts", "/export"),
)


class Answer(TestResponse):
    """What a test client answers, whose JSON the type checker lets be read."""

    json: Any


@dataclass
class Caller:
    """An account, its token, and a client that sends it.

    Paths are below /api; one that begins with one of OWN is the caller's own.
    """

    client: FlaskClient
    id: int
    email: str
    token: str
    headers: dict[str, str] = field(default_factory=dict)

    def call(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **kwargs: Any
    ) -> Answer:
        """Send one request."""
        path = f"/api/{self.id}{path}" if path.startswith(OWN) else f"/api{path}"
        sent = {"Authorization": f"Bearer {self.token}"} | (headers or {})
        return cast(Answer, self.client.open(path, method=method, headers=sent, **kwargs))

    def get(self, path: str, **kwargs: Any) -> Answer:
        """GET a path."""
        return self.call("GET", path, **kwargs)

    def post(self, path: str, json: Any, **kwargs: Any) -> Answer:
        """POST JSON to a path."""
        return self.call("POST", path, json=json, **kwargs)

    def put(self, path: str, json: Any, **kwargs: Any) -> Answer:
        """PUT JSON to a path."""
        return self.call("PUT", path, json=json, **kwargs)

    def patch(self, path: str, json: Any = None, **kwargs: Any) -> Answer:
        """PATCH a path, with JSON or without a body."""
        return self.call("PATCH", path, **({} if json is None else {"json": json}) | kwargs)

    def delete(self, path: str, **kwargs: Any) -> Answer:
        """DELETE a path."""
        return self.call("DELETE", path, **kwargs)

    def add(self, path: str, **body: Any) -> dict[str, Any]:
        """Create something and return it as it was answered."""
        response = self.post(path, body)
        assert response.status_code == 201, response.text
        thing: dict[str, Any] = response.json
        return thing

    def add_task(self, title: str = "Write to Grace", **more: Any) -> dict[str, Any]:
        """Create a task and return it as it was answered."""
        return self.add("/tasks", title=title, **more)


def make_caller(client: FlaskClient, email: str) -> Caller:
    """Give somebody an account and a token.

    Nearly every test begins so. Signing up and logging in have tests of their own; asking for both
    each time, with a password to hash and to check, would take longer than many a test.
    """
    app, moment = client.application, now()
    times = {"created_at": moment, "updated_at": moment}
    with app.app_context():
        hashed = _hash(app.config["BCRYPT_ROUNDS"])
        user = User(email=email, hashed_password=hashed, **times)
        with transaction() as session:
            session.add(user)
        return Caller(client, user.id, email, issue_token(user.id))


@cache
def _hash(rounds: int) -> str:
    return passwords.make_hash(PASSWORD, rounds)


def come_in(client: FlaskClient, email: str) -> Caller:
    """Sign somebody up, and log them in."""
    body = {"email": email, "password": PASSWORD}
    assert client.post("/api/auth/signup", json=body).status_code == 201
    answer = client.post("/api/auth/login", json=body).json
    assert answer is not None
    return Caller(client, answer["user"]["id"], email, answer["access_token"])


def assert_problem(
    response: TestResponse, status: int, code: str, *faults: tuple[str, str]
) -> dict[str, Any]:
    """The answer is a whole problem document with that status and code, and just those faults.

    A fault is where it is, a JSON Pointer or the name of a query parameter or header, and its
    code.
    """
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    problem: dict[str, Any] = response.get_json()
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["request_id"] == response.headers["X-Request-ID"]
    assert problem.keys() >= {"type", "title", "detail", "instance"}
    found = [
        (
            next(each[where] for where in ("pointer", "parameter", "header") if where in each),
            each["code"],
        )
        for each in problem.get("errors", [])
    ]
    assert sorted(found) == sorted(faults)
    assert all(each["message"] for each in problem.get("errors", []))
    return problem
