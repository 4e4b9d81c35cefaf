"""What is measured: for each kind of work the requests to each system, and the goals."""

import html
import json
import random
import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

import jwt

from benchmarks.compare.data import ORGANISED, PASSWORD, READERS, SIZE, WRITERS, email, task_id
from benchmarks.compare.load import Request, ask
from benchmarks.compare.systems import JWT_SECRET, System

PAGE = 50
# So many tasks of each person are asked for, or changed.
SPREAD = 50
BROWSERS = READERS[:4]


@dataclass
class Desk:
    """What clients of one system hold: tokens, cookies, and the versions that they have seen."""

    system: System
    users: int
    tokens: Mapping[int, str] = field(default_factory=dict)
    cookies: dict[int, str] = field(default_factory=dict)
    etags: dict[int, str] = field(default_factory=dict)

    def bearer(self, user: int) -> tuple[str, str]:
        """The header that says who is asking."""
        return "Authorization", f"Bearer {self.tokens[user]}"

    def cookie(self, user: int) -> tuple[str, str]:
        """The header of a browser that has logged in by the form."""
        if user not in self.cookies:
            self.cookies[user] = log_in_by_form(self.system.url, user)
        return "Cookie", self.cookies[user]

    def etag(self, user: int) -> tuple[str, str]:
        """The header of somebody who has the first page of the list already."""
        if user not in self.etags:
            self.etags[user] = ask(self.system.url, list_of(self, user), 200).headers["etag"]
        return "If-None-Match", self.etags[user]


def open_desk(system: System, users: int) -> Desk:
    """Log one person in, and sign tokens like theirs for all others: logging in takes its time."""
    login = log_in(READERS[0])
    claims = jwt.decode(
        ask(system.url, login, 200).json["access_token"], JWT_SECRET, algorithms=["HS256"]
    )
    tokens = {}
    for user in range(1, users + 1):
        own = {"sub": str(user)} | ({"jti": str(uuid.uuid4())} if "jti" in claims else {})
        tokens[user] = jwt.encode(claims | own, JWT_SECRET, algorithm="HS256")
    return Desk(system, users, tokens)


def log_in(user: int) -> Request:
    """A login with the right password."""
    body = json.dumps({"email": email(user), "password": PASSWORD})
    return Request("/api/auth/login", "POST", body=body)


def log_in_by_form(url: str, user: int) -> str:
    """The cookies of a browser after that, and after the first page that it was shown then."""
    page = ask(url, Request("/login"), 200)
    found = re.search('name="csrf_token"[^>]*value="([^"]+)"', page.data.decode())
    if found is None:
        raise RuntimeError("The login form has no CSRF token.")
    cookies = page.cookies
    form = {"email": email(user), "password": PASSWORD, "csrf_token": html.unescape(found[1])}
    headers = (_cookie(cookies), ("Content-Type", "application/x-www-form-urlencoded"))
    cookies |= ask(url, Request("/login", "POST", headers, urlencode(form)), 303).cookies
    # A browser keeps what makes the forms of all pages its own, and is not given it once more.
    cookies |= ask(url, Request("/tasks", headers=(_cookie(cookies),)), 200).cookies
    return _cookie(cookies)[1]


def _cookie(cookies: Mapping[str, str]) -> tuple[str, str]:
    return "Cookie", "; ".join(f"{name}={value}" for name, value in cookies.items())


# ---------------------------------------------------------------- single requests


def one(desk: Desk, user: int, n: int) -> Request:
    """Somebody's nth task."""
    return Request(_path(user, task_id(desk.users, user, n)), headers=(desk.bearer(user),))


def list_of(desk: Desk, user: int) -> Request:
    """The first page of somebody's list."""
    return Request(f"{_path(user)}?limit={PAGE}", headers=(desk.bearer(user),))


def unchanged(desk: Desk, user: int) -> Request:
    """The same, by somebody who has it already."""
    return Request(f"{_path(user)}?limit={PAGE}", headers=(desk.bearer(user), desk.etag(user)))


def create(desk: Desk, user: int, title: str) -> Request:
    """A new task."""
    body = json.dumps({"title": title, "description": "They answer **before noon** only."})
    return Request(_path(user), "POST", (desk.bearer(user),), body)


def complete(desk: Desk, user: int, n: int) -> Request:
    """Somebody's nth task, turned round."""
    path = _path(user, task_id(desk.users, user, n)) + "/complete"
    return Request(path, "PATCH", (desk.bearer(user),))


def update(desk: Desk, user: int, n: int, title: str) -> Request:
    """Another title for somebody's nth task."""
    path = _path(user, task_id(desk.users, user, n))
    return Request(path, "PUT", (desk.bearer(user),), json.dumps({"title": title}))


def page(desk: Desk, user: int) -> Request:
    """The page that a browser shows."""
    return Request("/tasks", headers=(desk.cookie(user), ("Accept", "text/html")))


def _path(user: int, task: int | None = None) -> str:
    return f"/api/{user}/tasks" if task is None else f"/api/{user}/tasks/{task}"


# ---------------------------------------------------------------- kinds of work

# The requests of one round, to send in turn; the word differs from round to round.
Make = Callable[[Desk, str], Sequence[Request]]


@dataclass(frozen=True)
class Goal:
    """What must hold: so many times the rate at least, and so much of the processor at most."""

    rate: float
    cpu: float | None = None


@dataclass(frozen=True)
class Work:
    """A kind of work; `status` is what each system answers to it."""

    name: str
    title: str
    make: Mapping[str, Make]
    goals: Mapping[str, Goal] = field(default_factory=dict)
    status: Mapping[str, str] = field(default_factory=dict)

    def status_of(self, system: str) -> str:
        """The only status that is right."""
        return self.status.get(system, "200")


def _spread(users: Iterable[int]) -> list[tuple[int, int]]:
    """Some tasks of each of these people, each time of another."""
    chosen = random.Random(1).sample(range(1, SIZE + 1), SPREAD)  # the same for both systems
    people = list(users)
    return [(user, n) for n in chosen for user in people]


def _gets(desk: Desk, _word: str) -> list[Request]:
    return [one(desk, user, n) for user, n in _spread(READERS)]


def _lists(desk: Desk, _word: str) -> list[Request]:
    return [list_of(desk, user) for user in READERS]


def _organised(desk: Desk, _word: str) -> list[Request]:
    return [list_of(desk, user) for user in ORGANISED]


def _unchanged(desk: Desk, _word: str) -> list[Request]:
    return [unchanged(desk, user) for user in READERS]


def _creates(desk: Desk, word: str) -> list[Request]:
    return [create(desk, user, f"Write to Grace ({word})") for user in WRITERS]


def _completes(desk: Desk, _word: str) -> list[Request]:
    return [complete(desk, user, n) for user, n in _spread(WRITERS)]


def _updates(desk: Desk, word: str) -> list[Request]:
    # Twice, with another title, so that each request changes something.
    return [
        update(desk, user, n, f"Call Grace about {each} ({word})")
        for each in ("the compiler", "the nanosecond")
        for user, n in _spread(WRITERS)
    ]


def _pages(desk: Desk, _word: str) -> list[Request]:
    return [page(desk, user) for user in BROWSERS]


def _both(make: Make) -> dict[str, Make]:
    return {"peer": make, "ours": make}


_CREATED = {"peer": "201", "ours": "201"}
_WRITES = {"peer": Goal(2.5, 0.40)}

WORKS = (
    Work(
        "get",
        "GET one task",
        _both(_gets) | {"hello": lambda _desk, _word: [Request("/")]},
        {"peer": Goal(3.0, 0.28), "hello": Goal(0.40)},
    ),
    Work("list", "list of 50 of 1,000", _both(_lists), {"peer": Goal(3.0, 0.25)}),
    Work(
        "organised",
        "the same with projects and labels in use",
        _both(_organised),
        {"peer": Goal(3.0, 0.25)},
    ),
    Work("create", "create", _both(_creates), _WRITES, _CREATED),
    Work("complete", "complete", _both(_completes), _WRITES),
    Work("update", "update", _both(_updates), _WRITES),
    Work(
        "unchanged",
        "304 on an unchanged list, against the list",
        {"peer": _lists, "ours": _unchanged},
        {"peer": Goal(6.0, 0.15)},
        {"ours": "304"},
    ),
    Work(
        "page",
        "HTML list page of 50 tasks, against the list as JSON",
        {"peer": _lists, "ours": _pages},
        {"peer": Goal(1.2, 0.80)},
    ),
)
