"""Every setting: its name in the environment, type, default and meaning.

A field of `Config` is a setting, read from the environment variable of the same name. `.env`
beside this file is read too; the environment wins over it. The package never imports this module:
the factory is given a `Config`.
"""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Self

from dotenv import dotenv_values
from limits import parse_many

ROOT = Path(__file__).resolve().parent
WEAKEST_SECRET = 32
SECRETS = ("SECRET_KEY", "JWT_SECRET_KEY")
DATABASES = ("DATABASE_URL", "DATABASE_MIGRATION_URL")
FALLBACKS = ("SECRET_KEY_FALLBACKS", "JWT_SECRET_KEY_FALLBACKS")


class ConfigError(SystemExit):
    """A setting is missing or wrong; the message names the variable and the remedy.

    It is a SystemExit so that a server or a command that cannot start ends on that one sentence.
    """


def setting(default: Any, meaning: str, **checks: Any) -> Any:
    """A field of `Config`; `checks` are `one_of`, `least`, `most`, `rate` and `secret`."""
    return field(
        default=default,
        repr=not checks.get("secret"),
        metadata={"meaning": meaning, **checks},
    )


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of one application, checked. Build it directly in tests, from_env() elsewhere."""

    APP_ENV: str = setting(
        "production",
        "`development` makes its own secrets and keeps them; `production` wants real ones",
        one_of=("development", "production"),
    )
    INSTANCE_DIR: Path = setting(
        ROOT / "instance", "Folder of the SQLite database and of the development secrets"
    )
    DATABASE_URL: str = setting(
        "",
        "`postgresql://...` or `sqlite:///...`; empty is SQLite in the instance folder",
        secret=True,
    )
    DATABASE_MIGRATION_URL: str = setting(
        "", "The same database without a pooler between, for `flask db`", secret=True
    )
    DATABASE_POOL_SIZE: int = setting(
        0, "Connections a process keeps; 0 is one for each of its threads", least=0
    )
    DATABASE_POOL_SECONDS: int = setting(
        3, "How long a request waits for a connection; beyond it 503", least=1
    )
    DATABASE_STATEMENT_SECONDS: int = setting(
        15, "How long PostgreSQL may take for one statement; beyond it 503", least=1
    )
    DATABASE_LOCK_SECONDS: int = setting(
        5, "How long PostgreSQL lets a statement wait for others; beyond it 503", least=1
    )
    SECRET_KEY: str = setting("", "Signs sessions, forms and cursors; 32 characters", secret=True)
    SECRET_KEY_FALLBACKS: tuple[str, ...] = setting(
        (), "Other SECRET_KEYs whose signatures are accepted, separated by commas", secret=True
    )
    JWT_SECRET_KEY: str = setting("", "Signs access tokens; another 32 characters", secret=True)
    JWT_SECRET_KEY_FALLBACKS: tuple[str, ...] = setting(
        (), "Other JWT_SECRET_KEYs whose tokens are accepted, separated by commas", secret=True
    )
    JWT_ISSUER: str = setting("taskapp", "The `iss` of the tokens given and accepted")
    ACCESS_TOKEN_SECONDS: int = setting(3600, "How long an access token is good for", least=1)
    LOGIN_HOURS: int = setting(24, "How long a browser stays logged in", least=1)
    REMEMBER_DAYS: int = setting(30, "The same for those who ask to be kept logged in", least=1)
    BCRYPT_ROUNDS: int = setting(
        12, "Work factor of password hashes: each step doubles the time", least=4, most=20
    )
    LOGIN_LIMIT_PER_ADDRESS: str = setting(
        "10 per 15 minutes", "Failed logins allowed for one e-mail address", rate=True
    )
    LOGIN_LIMIT_PER_CLIENT: str = setting(
        "100 per hour", "Failed logins allowed from one client address", rate=True
    )
    SIGNUP_LIMIT_PER_CLIENT: str = setting(
        "100 per hour", "Sign-ups with a taken address allowed from one client", rate=True
    )
    TRASH_DAYS: int = setting(30, "How long a deleted task can be restored", least=0)
    HISTORY_DAYS: int = setting(365, "How long it is kept what happened, to undo and sync", least=1)
    REDIS_URL: str = setting(
        "",
        "`redis://...` shares limits and documentation between processes; empty is memory",
        secret=True,
    )
    MAX_BODY_BYTES: int = setting(1_048_576, "Largest request body; beyond it 413", least=1024)
    TRUSTED_PROXIES: int = setting(
        0, "Proxies in front whose X-Forwarded-* headers are believed", least=0, most=10
    )
    TRUSTED_HOSTS: tuple[str, ...] = setting(
        (), "Host names served, separated by commas; empty is any"
    )
    CORS_ORIGINS: tuple[str, ...] = setting(
        (), "Origins whose pages may call the API, separated by commas; empty is none"
    )
    LOG_LEVEL: str = setting(
        "INFO", "Least level that is logged", one_of=("DEBUG", "INFO", "WARNING", "ERROR")
    )
    HOST: str = setting("127.0.0.1", "Address that the server listens on")
    PORT: int = setting(8000, "Port that the server listens on", least=1, most=65535)
    WEB_WORKERS: int = setting(
        0, "Server processes; 0 is one a processor with PostgreSQL and Redis, and else 1", least=0
    )
    WEB_THREADS: int = setting(8, "Threads in each server process", least=1)
    WEB_MAX_REQUESTS: int = setting(
        100_000, "Requests after which a server process is replaced; 0 is never", least=0
    )
    WEB_SLOW_SECONDS: int = setting(
        10, "How long a client may take to send a request, and more for a large one", least=1
    )
    WEB_KEEPALIVE_SECONDS: int = setting(
        15, "How long a connection waits for its next request; more than a proxy waits", least=1
    )
    WEB_GRACEFUL_SECONDS: int = setting(
        30, "How long a server that is stopped may finish what is running", least=1
    )
    METRICS_TOKEN: str = setting(
        "", "Bearer token that /metrics wants, 32 characters; empty closes it", secret=True
    )

    def __post_init__(self) -> None:
        for each in fields(self):
            _check(each.name, getattr(self, each.name), each.metadata)
        sessions = {self.SECRET_KEY, *self.SECRET_KEY_FALLBACKS} - {""}
        if not sessions.isdisjoint((self.JWT_SECRET_KEY, *self.JWT_SECRET_KEY_FALLBACKS)):
            raise ConfigError("JWT_SECRET_KEY must differ from SECRET_KEY; make it another secret.")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Settings from `environ`, by default the process's environment over `.env`.

        Raises ConfigError for a value that does not parse and, outside development, for a missing
        secret; in development missing secrets are made once and kept in the instance folder.
        """
        if environ is None:
            dotenv = dotenv_values(ROOT / ".env")
            environ = {k: v for k, v in dotenv.items() if v is not None} | dict(os.environ)
        given = {
            each.name: _parse(each.name, environ[each.name], each.type)
            for each in fields(cls)
            if environ.get(each.name)
        }
        config = cls(**given)
        missing = [name for name in SECRETS if not getattr(config, name)]
        if missing and config.APP_ENV == "production":
            raise ConfigError(
                f"{missing[0]} is not set. Set {' and '.join(missing)} to secrets of at least "
                f"{WEAKEST_SECRET} characters, or choose development: cp .env.example .env"
            )
        kept: dict[str, Any] = {name: _kept(config.INSTANCE_DIR, name) for name in missing}
        return replace(config, **kept)


def _parse(name: str, text: str, type_: Any) -> Any:
    if type_ is int:
        try:
            return int(text)
        except ValueError:
            raise ConfigError(f"{name} must be a whole number, not {text!r}.") from None
    if type_ == tuple[str, ...]:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return ROOT / text if type_ is Path else text


def _check(name: str, value: Any, checks: Mapping[str, Any]) -> None:
    if "one_of" in checks and value not in checks["one_of"]:
        raise ConfigError(f"{name} must be one of {', '.join(checks['one_of'])}, not {value!r}.")
    if "least" in checks and value < checks["least"]:
        raise ConfigError(f"{name} must be at least {checks['least']}, not {value}.")
    if "most" in checks and value > checks["most"]:
        raise ConfigError(f"{name} must be at most {checks['most']}, not {value}.")
    if "rate" in checks:
        try:
            parse_many(value)
        except ValueError:
            raise ConfigError(
                f"{name} must be a rate like '10 per minute', not {value!r}."
            ) from None
    single = (*SECRETS, "METRICS_TOKEN")
    given = (value,) if name in single else value if name in FALLBACKS else ()
    if any(0 < len(secret) < WEAKEST_SECRET for secret in given):
        raise ConfigError(f"{name} must have at least {WEAKEST_SECRET} characters.")
    if name in DATABASES and value and not value.startswith(("sqlite:", "postgres")):
        raise ConfigError(f"{name} must begin with postgresql:// or sqlite:///.")


def _kept(folder: Path, name: str) -> str:
    """The development secret of that name, made at the first call; mode 0600."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / name.lower()
    if not file.exists():
        with NamedTemporaryFile("w", dir=folder) as draft:  # created with mode 0600
            draft.write(secrets.token_urlsafe(48))
            draft.flush()
            # Two processes may start at once: the first link decides, and is never half written.
            with suppress(FileExistsError):
                os.link(draft.name, file)
    kept = file.read_text().strip()
    if len(kept) < WEAKEST_SECRET:
        raise ConfigError(f"{name} in {file} is too short; remove the file to have it made anew.")
    return kept
