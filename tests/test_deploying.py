"""What deploy/ and the files for containers say is true of this program."""

import http.client
import json
import re
import shutil
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import fields
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask_migrate import upgrade

from config import Config

from .callers import PASSWORD
from .conftest import NewApp, environment
from .servers.nginx import NAME, Proxy, nginx
from .servers.processes import free_port
from .servers.web import serve

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
GUESSES = 3
SETTINGS = {each.name for each in fields(Config)}
# What others read of the same files.
OTHERS = {"POSTGRES_PASSWORD", "POSTGRES_USER", "POSTGRES_DB", "PYTHONDONTWRITEBYTECODE"}


@pytest.fixture(scope="module")
def env(new_app: NewApp, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The settings of a server that stands behind one proxy."""
    folder = tmp_path_factory.mktemp("deployed")
    url = f"sqlite:///{folder / 'taskapp.db'}"
    with new_app(url).app_context():
        upgrade()
    return environment(url, folder) | {
        "TRUSTED_PROXIES": "1",
        "TRUSTED_HOSTS": f"{NAME},127.0.0.1",
        "LOGIN_LIMIT_PER_CLIENT": f"{GUESSES} per hour",
    }


@pytest.fixture(scope="module")
def proxy(env: dict[str, str]) -> Iterator[Proxy]:
    """nginx before the server."""
    with serve(env) as url, nginx(urlsplit(url).netloc) as started:
        yield started


def ask(
    port: int, path: str, method: str = "GET", body: Any = None, **headers: str
) -> tuple[http.client.HTTPResponse, str]:
    """One request over TLS."""
    context = ssl._create_unverified_context()  # noqa: S323 - the certificate is our own
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=context)
    sent = {"Host": NAME, "Content-Type": "application/json"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, None if body is None else json.dumps(body), sent)
    response = connection.getresponse()
    text = response.read().decode(errors="replace")
    connection.close()
    return response, text


# ---------------------------------------------------------------- nginx


def test_pages_come_through_nginx_over_tls(proxy: Proxy) -> None:
    response, text = ask(proxy.tls, "/login")
    assert response.status == 200
    assert "Log in" in text
    assert response.headers["Strict-Transport-Security"]
    assert "Secure" in response.headers["Set-Cookie"]


def test_who_comes_without_tls_is_led_to_it() -> None:
    plain = re.search(r"listen 80;.*?\}", (DEPLOY / "nginx.conf").read_text(), re.DOTALL)
    assert plain
    assert "return 308 https://$host$request_uri;" in plain[0]


def test_nobody_can_make_up_an_address_or_a_host(proxy: Proxy) -> None:
    wrong = {"email": "ada@example.com", "password": "a wrong guess"}
    statuses = [
        ask(
            proxy.tls,
            "/api/auth/login",
            "POST",
            wrong | {"email": f"person{number}@example.com"},
            X_Forwarded_For=f"192.0.2.{number}",
            X_Forwarded_Host="evil.example.com",
        )[0].status
        for number in range(GUESSES + 1)
    ]
    assert statuses == [401] * GUESSES + [429]


def test_a_request_has_one_name_in_both_logs(proxy: Proxy) -> None:
    response, _ = ask(proxy.tls, "/login", X_Request_ID="made-up-by-a-client")
    assert re.fullmatch("[0-9a-f]{32}", response.headers["X-Request-ID"])


def test_static_files_are_kept_by_nginx_and_nothing_else_is(proxy: Proxy) -> None:
    _, page = ask(proxy.tls, "/login")
    [sheet] = re.findall(r'href="(/static/[^"]+\.css)"', page)
    kept = [ask(proxy.tls, sheet)[0].headers["X-Cache"] for _ in range(2)]
    assert kept == ["MISS", "HIT"]
    for path in ("/login", "/api/openapi.json"):
        assert "X-Cache" not in ask(proxy.tls, path)[0].headers


def test_what_is_for_those_within_is_not_shown_outside(proxy: Proxy) -> None:
    for path in ("/metrics", "/readyz"):
        assert ask(proxy.tls, path)[0].status == 404


def test_a_body_that_is_too_large_is_refused_by_the_application(proxy: Proxy) -> None:
    body = {"email": "ada@example.com", "password": "x" * (2**20 + 1)}
    response, text = ask(proxy.tls, "/api/auth/signup", "POST", body)
    assert (response.status, json.loads(text)["code"]) == (413, "request_entity_too_large")


def test_clients_that_send_half_a_request_hold_no_thread_of_the_server(proxy: Proxy) -> None:
    head = f"POST /api/auth/login HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 100\r\n\r\n"
    context = ssl._create_unverified_context()  # noqa: S323 - the certificate is our own
    with ExitStack() as slow:
        for _ in range(5 * Config.WEB_THREADS):
            plain = slow.enter_context(socket.create_connection(("127.0.0.1", proxy.tls)))
            slow.enter_context(context.wrap_socket(plain)).sendall(head.encode() + b"{")
        assert ask(proxy.tls, "/login")[0].status == 200


def test_programs_get_a_problem_document_while_no_host_answers() -> None:
    with nginx(f"127.0.0.1:{free_port()}") as proxy:
        response, text = ask(proxy.tls, "/api/auth/login", "POST", {"password": PASSWORD})
    assert response.status == 503
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Retry-After"] == "2"
    problem = json.loads(text)
    assert (problem["status"], problem["code"]) == (503, "unavailable")


# ---------------------------------------------------------------- containers


def let_in() -> list[Path]:
    """The files that .dockerignore lets into the image, and their folders' contents."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    named = [line.removeprefix("!") for line in lines if line.startswith("!")]
    paths = [path for name in named for path in (ROOT / name, *(ROOT / name).rglob("*"))]
    files = [path.relative_to(ROOT) for path in paths if path.is_file()]
    return [file for file in files if "__pycache__" not in file.parts]


def test_what_is_let_into_the_image_is_enough_to_serve(env: dict[str, str], tmp_path: Path) -> None:
    for file in let_in():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    with serve(env, root=tmp_path) as url:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
        connection.request("GET", "/login", headers={"Host": NAME})
        assert connection.getresponse().status == 200
        connection.close()


def test_neither_settings_nor_tests_are_let_into_the_image() -> None:
    names = {file.parts[0] for file in let_in()}
    assert names >= {"config.py", "wsgi.py", "gunicorn.conf.py", "taskapp", "migrations"}
    assert not any(fnmatch(name, kind) for name in names for kind in (".*", "tests", "instance"))


@pytest.mark.parametrize("file", ["compose.yaml", "Dockerfile", "deploy/taskapp.service"])
def test_only_settings_that_there_are_are_made(file: str) -> None:
    text = re.sub(r"^\s*#.*$", "", (ROOT / file).read_text(), flags=re.MULTILINE)
    made = set(re.findall(r"\b([A-Z][A-Z_]{3,})(?:=|: )", text))
    made |= set(re.findall(r"\$\{([A-Z_]+)", text))
    ours = {name for name in made if not name.startswith(("PIP_", "PYTHON"))}
    assert ours <= SETTINGS | OTHERS | {"PATH", "HEALTHCHECK"}


def test_no_image_is_named_by_its_registry() -> None:
    for file in (ROOT / "Dockerfile", DEPLOY / "pgbouncer" / "Dockerfile", ROOT / "compose.yaml"):
        images = re.findall(r"(?:^FROM|image:) (\S+)", file.read_text(), re.MULTILINE)
        assert images
        assert not any("/" in image for image in images), file


# ---------------------------------------------------------------- systemd


@pytest.mark.parametrize("unit", sorted(DEPLOY.glob("*.service")), ids=lambda unit: unit.name)
def test_a_unit_runs_what_there_is(unit: Path, shared_app: Any) -> None:
    text = unit.read_text()
    commands = re.findall(r"\.venv/bin/(\S+)(?: (\w+))?", text)
    assert commands
    for program, command in commands:
        assert Path(sys.executable).with_name(program).exists()
        known = {*shared_app.cli.commands, "backup"}
        assert program != "flask" or command in known
    for line in ("NoNewPrivileges=yes", "ProtectSystem=strict", "User=taskapp"):
        assert line in text.splitlines()


# ---------------------------------------------------------------- the guide


def test_the_guide_names_only_what_there_is(shared_app: Any) -> None:
    text = (ROOT / "docs" / "deploy.md").read_text()
    files = set(re.findall(r"\b((?:deploy|docs|benchmarks)/[\w./-]+\w)(?![\w*])", text))
    assert files
    assert all((ROOT / file).exists() for file in files)
    made = set(re.findall(r"^\s*([A-Z_]{4,})=", text, re.MULTILINE))
    assert made >= {"SECRET_KEY", "DATABASE_URL", "DATABASE_MIGRATION_URL"}
    assert made <= SETTINGS | OTHERS
    commands = set(re.findall(r"flask (\w+)", text)) - {"command"}
    assert commands <= set(shared_app.cli.commands)
