"""config.py, and the table of it in the README."""

import os
import re
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

import config
from config import Config, ConfigError

ROOT = Path(__file__).resolve().parents[1]
FIELDS = fields(Config)
SECRETS = {"SECRET_KEY": "s" * 32, "JWT_SECRET_KEY": "j" * 32}


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No setting in the environment, and a folder of our own as the project's."""
    for each in FIELDS:
        monkeypatch.delenv(each.name, raising=False)
    monkeypatch.setattr(config, "ROOT", tmp_path)
    return tmp_path


def with_secrets(**more: Any) -> Config:
    given: dict[str, Any] = SECRETS | more
    return Config(**given)


def development(folder: Path, **more: str) -> Config:
    return Config.from_env({"APP_ENV": "development", "INSTANCE_DIR": str(folder), **more})


def wanted_table() -> str:
    """The README's table of the settings, as the code has them."""
    rows = [f"| `{each.name}` | {_shown(each)} | {each.metadata['meaning']} |" for each in FIELDS]
    return "\n".join(["| Variable | Default | Meaning |", "|---|---|---|", *rows])


def _shown(setting: Any) -> str:
    if setting.name == "INSTANCE_DIR":
        return "`instance`"
    return f"`{setting.default}`" if setting.default not in ("", ()) else "-"


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def test_the_readme_lists_every_setting_as_it_is() -> None:
    readme = (ROOT / "README.md").read_text()
    table = re.search(r"^\| *Variable *\| *Default *\| *Meaning *\|\n(\|.*\n)+", readme, re.M)
    found = [_cells(row) for row in table[0].splitlines()[2:]] if table else []
    wanted = [_cells(row) for row in wanted_table().splitlines()[2:]]
    assert sorted(found) == sorted(wanted), f"README.md wants this table:\n\n{wanted_table()}\n"


def test_every_setting_says_what_it_means_in_one_line() -> None:
    for each in FIELDS:
        assert re.fullmatch(r"[^|\n]{10,100}", each.metadata["meaning"]), each.name


def test_the_defaults_are_those_of_production() -> None:
    given = Config.from_env(SECRETS)
    assert given == with_secrets()
    assert (given.APP_ENV, given.HOST, given.PORT) == ("production", "127.0.0.1", 8000)
    assert (given.BCRYPT_ROUNDS, given.ACCESS_TOKEN_SECONDS) == (12, 3600)
    assert (given.MAX_BODY_BYTES, given.TRUSTED_PROXIES) == (2**20, 0)
    assert (given.TRUSTED_HOSTS, given.CORS_ORIGINS) == ((), ())
    assert given.INSTANCE_DIR == ROOT / "instance"


def test_a_setting_is_parsed_into_its_type(environ: Path) -> None:
    given = Config.from_env(
        SECRETS
        | {
            "PORT": "9000",
            "TRUSTED_HOSTS": "a.example.com, b.example.com,,",
            "CORS_ORIGINS": "https://c.example.com",
            "INSTANCE_DIR": "elsewhere",
            "LOGIN_LIMIT_PER_ADDRESS": "5 per minute; 20 per hour",
            "DATABASE_URL": "postgres://somebody@localhost/tasks",
            "REDIS_URL": "redis://localhost/0",
            "LOG_LEVEL": "DEBUG",
            "UNKNOWN": "ignored",
        }
    )
    assert given.PORT == 9000
    assert given.TRUSTED_HOSTS == ("a.example.com", "b.example.com")
    assert given.CORS_ORIGINS == ("https://c.example.com",)
    assert given.INSTANCE_DIR.relative_to(environ) == Path("elsewhere")
    assert given.LOGIN_LIMIT_PER_ADDRESS == "5 per minute; 20 per hour"
    assert given.DATABASE_URL == "postgres://somebody@localhost/tasks"
    assert given.REDIS_URL == "redis://localhost/0"
    assert given.LOG_LEVEL == "DEBUG"


def test_an_absolute_instance_folder_stays_where_it_is(tmp_path: Path) -> None:
    given = Config.from_env(SECRETS | {"INSTANCE_DIR": str(tmp_path)})
    assert str(given.INSTANCE_DIR) == str(tmp_path)


def test_an_empty_variable_is_as_good_as_none() -> None:
    empty = {each.name: "" for each in FIELDS if each.name not in SECRETS}
    assert Config.from_env(SECRETS | empty) == with_secrets()


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("APP_ENV", "prod", "one of development, production, not 'prod'"),
        ("LOG_LEVEL", "debug", "one of DEBUG, INFO, WARNING, ERROR, not 'debug'"),
        ("PORT", "http", "a whole number, not 'http'"),
        ("PORT", "8000.0", "a whole number, not '8000.0'"),
        ("PORT", "0x10", "a whole number, not '0x10'"),
        ("PORT", "0", "at least 1, not 0"),
        ("PORT", "65536", "at most 65535, not 65536"),
        ("BCRYPT_ROUNDS", "3", "at least 4, not 3"),
        ("BCRYPT_ROUNDS", "21", "at most 20, not 21"),
        ("ACCESS_TOKEN_SECONDS", "0", "at least 1, not 0"),
        ("ACCESS_TOKEN_SECONDS", "an hour", "a whole number, not 'an hour'"),
        ("DATABASE_POOL_SIZE", "-1", "at least 0, not -1"),
        ("DATABASE_POOL_SECONDS", "0", "at least 1, not 0"),
        ("DATABASE_STATEMENT_SECONDS", "0", "at least 1, not 0"),
        ("DATABASE_LOCK_SECONDS", "0", "at least 1, not 0"),
        ("MAX_BODY_BYTES", "1023", "at least 1024, not 1023"),
        ("TRUSTED_PROXIES", "-1", "at least 0, not -1"),
        ("TRUSTED_PROXIES", "11", "at most 10, not 11"),
        ("TRUSTED_PROXIES", "yes", "a whole number, not 'yes'"),
        ("WEB_WORKERS", "-1", "at least 0, not -1"),
        ("METRICS_TOKEN", "short", "at least 32 characters"),
        ("WEB_THREADS", "0", "at least 1, not 0"),
        ("LOGIN_LIMIT_PER_ADDRESS", "often", "a rate like '10 per minute', not 'often'"),
        ("LOGIN_LIMIT_PER_CLIENT", "10", "a rate like '10 per minute', not '10'"),
        ("SIGNUP_LIMIT_PER_CLIENT", "10 per eon", "a rate like '10 per minute', not '10 per eon'"),
        ("DATABASE_URL", "mysql://root:hunter2@db/x", "begin with postgresql:// or sqlite:///"),
        ("DATABASE_MIGRATION_URL", "db:5432", "begin with postgresql:// or sqlite:///"),
        ("SECRET_KEY", "short", "at least 32 characters"),
        ("JWT_SECRET_KEY", "x" * 31, "at least 32 characters"),
        ("JWT_SECRET_KEY", SECRETS["SECRET_KEY"], "differ from SECRET_KEY"),
        ("SECRET_KEY_FALLBACKS", f"{'f' * 32},short", "at least 32 characters"),
        ("JWT_SECRET_KEY_FALLBACKS", "x" * 31, "at least 32 characters"),
    ],
)
def test_a_wrong_value_is_refused_with_its_name_and_the_remedy(
    name: str, value: str, remedy: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        Config.from_env(SECRETS | {name: value})
    message = str(refused.value)
    assert message.startswith(f"{name} must ")
    assert remedy in message
    assert "hunter2" not in message
    assert not any(secret in message for secret in (*SECRETS.values(), "x" * 31))


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("SECRET_KEY_FALLBACKS", SECRETS["JWT_SECRET_KEY"]),
        ("JWT_SECRET_KEY_FALLBACKS", SECRETS["SECRET_KEY"]),
    ],
)
def test_no_secret_serves_sessions_and_tokens_not_even_an_old_one(name: str, secret: str) -> None:
    with pytest.raises(ConfigError, match="JWT_SECRET_KEY must differ from SECRET_KEY"):
        Config.from_env(SECRETS | {name: f"{'f' * 32}, {secret}"})


def test_a_config_made_directly_is_checked_too() -> None:
    with pytest.raises(ConfigError, match="PORT must be at least 1"):
        with_secrets(PORT=0)
    with pytest.raises(ConfigError, match="LOGIN_LIMIT_PER_CLIENT must be a rate"):
        with_secrets(LOGIN_LIMIT_PER_CLIENT="")


@pytest.mark.parametrize("missing", [["SECRET_KEY"], ["JWT_SECRET_KEY"], list(SECRETS)])
def test_production_refuses_to_start_without_secrets(tmp_path: Path, missing: list[str]) -> None:
    given = {name: value for name, value in SECRETS.items() if name not in missing}
    with pytest.raises(ConfigError) as refused:
        Config.from_env(given | {"INSTANCE_DIR": str(tmp_path / "instance")})
    message = str(refused.value)
    assert message.startswith(f"{missing[0]} is not set. Set {' and '.join(missing)} to secrets")
    assert "cp .env.example .env" in message
    assert not (tmp_path / "instance").exists()


def test_a_server_with_a_wrong_setting_ends_on_one_sentence(tmp_path: Path) -> None:
    ended = run_python("import wsgi", {"INSTANCE_DIR": str(tmp_path), "PORT": "many"})
    assert ended.returncode == 1
    assert ended.stderr == "PORT must be a whole number, not 'many'.\n"


def test_development_makes_its_secrets_once(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "instance"
    first = development(folder)
    assert len(first.SECRET_KEY) >= 32
    assert len(first.JWT_SECRET_KEY) >= 32
    assert first.SECRET_KEY != first.JWT_SECRET_KEY
    assert development(folder) == first
    assert development(tmp_path / "another").SECRET_KEY != first.SECRET_KEY
    assert {path.name for path in folder.iterdir()} == {"secret_key", "jwt_secret_key"}
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_development_makes_only_the_secret_that_is_missing(tmp_path: Path) -> None:
    given = development(tmp_path, JWT_SECRET_KEY="j" * 32)
    assert given.JWT_SECRET_KEY == "j" * 32
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("kept", ["", "\n", "short"])
def test_a_kept_secret_that_is_too_short_is_refused(tmp_path: Path, name: str, kept: str) -> None:
    (tmp_path / name.lower()).write_text(kept)
    with pytest.raises(ConfigError, match=f"^{name} "):
        development(tmp_path)


def test_threads_that_start_at_once_get_the_same_secrets(tmp_path: Path) -> None:
    together = Barrier(16)

    def start(_: int) -> Config:
        together.wait(10)
        return development(tmp_path)

    with ThreadPoolExecutor(16) as pool:
        configs = list(pool.map(start, range(16)))
    assert all(each == configs[0] for each in configs)


def test_processes_that_start_at_once_get_the_same_secrets(tmp_path: Path) -> None:
    code = "from config import Config; c = Config.from_env(); print(c.SECRET_KEY, c.JWT_SECRET_KEY)"
    env = {"APP_ENV": "development", "INSTANCE_DIR": str(tmp_path)}
    with ThreadPoolExecutor(6) as pool:
        ended = list(pool.map(lambda _: run_python(code, env), range(6)))
    assert {each.stdout for each in ended} == {ended[0].stdout}
    assert len(ended[0].stdout.split()) == 2


def test_the_env_file_is_read_and_the_environment_wins(
    environ: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["# a comment", "PORT=9001", 'HOST="0.0.0.0"', "JWT_ISSUER", "LOG_LEVEL="]
    lines += [f"{name}={value}" for name, value in SECRETS.items()]
    (environ / ".env").write_text("\n".join(lines))
    monkeypatch.setenv("PORT", "9002")
    monkeypatch.setenv("WEB_WORKERS", "3")

    given = Config.from_env()

    assert given == with_secrets(PORT=9002, HOST="0.0.0.0", WEB_WORKERS=3)  # noqa: S104


def test_the_env_file_does_not_leak_into_the_environment(environ: Path) -> None:
    (environ / ".env").write_text("".join(f"{name}={value}\n" for name, value in SECRETS.items()))
    Config.from_env()
    assert "SECRET_KEY" not in os.environ


def test_without_an_env_file_the_environment_is_enough(
    environ: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    assert Config.from_env() == with_secrets()


def test_the_example_of_an_env_file_makes_a_development_config(environ: Path) -> None:
    example = (ROOT / ".env.example").read_text()
    (environ / ".env").write_text(f"{example}\nINSTANCE_DIR={environ}\n")
    assert Config.from_env().APP_ENV == "development"


def test_no_secret_is_shown(tmp_path: Path) -> None:
    given = with_secrets(
        DATABASE_URL="postgresql://somebody:hunter2@localhost/tasks",
        DATABASE_MIGRATION_URL="postgresql://owner:hunter2@localhost/tasks",
        REDIS_URL="redis://:hunter2@localhost/0",
        SECRET_KEY_FALLBACKS=("hunter2" * 5,),
        JWT_SECRET_KEY_FALLBACKS=("hunter2" * 6,),
    )
    assert "hunter2" not in repr(given) + str(given)
    assert not any(secret in repr(given) for secret in SECRETS.values())
    assert "PORT=8000" in repr(given)


def test_a_config_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        with_secrets().PORT = 1  # type: ignore[misc]


def test_the_package_never_imports_the_config() -> None:
    ended = run_python("import sys, taskapp; print('config' in sys.modules)", {})
    assert ended.stdout == "False\n", ended.stderr


def run_python(code: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **env},
    )
