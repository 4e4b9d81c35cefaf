"""The extensions, unbound, how each is set up, and settings that several doors pass on."""

import ipaddress
import re
from datetime import timedelta
from typing import Any

from flask import Flask, Request, Response, current_app, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_caching import Cache
from flask_compress import Compress
from flask_cors import CORS
from flask_jwt_extended import JWTManager
from flask_limiter import Limiter
from flask_login import LoginManager, decode_cookie, encode_cookie
from flask_wtf import CSRFProtect
from itsdangerous import SignatureExpired, TimestampSigner, URLSafeTimedSerializer
from werkzeug.middleware.proxy_fix import ProxyFix

from taskapp import keys, metrics, shared
from taskapp.db import MIGRATIONS, close_session, db
from taskapp.engine import engine_options, prepare, sqlalchemy_url
from taskapp.idempotency import ACT_ID, REPLAYED
from taskapp.migrate import Migrate
from taskapp.openapi import Api


def client_address() -> str:
    """Who is limited: an IPv4 address, or the /64 network that one IPv6 customer is given."""
    said = request.remote_addr or ""
    # Some proxies add the port (RFC 7239, section 6), with brackets around an IPv6 address.
    bare = re.fullmatch(r"\[(.*)\](?::\d+)?|(\d+(?:\.\d+){3}):\d+", said)
    try:
        address = ipaddress.ip_address((bare[1] or bare[2]) if bare else said)
    except ValueError:
        return said or "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))


def bcrypt_rounds() -> int:
    """The work factor, for whichever door takes a password."""
    rounds: int = current_app.config["BCRYPT_ROUNDS"]
    return rounds


def trash_kept() -> timedelta:
    """How long what was deleted can be had back."""
    return timedelta(days=current_app.config["TRASH_DAYS"])


def history_kept() -> timedelta:
    """How long it is known what happened."""
    return timedelta(days=current_app.config["HISTORY_DAYS"])


class _LoginManager(LoginManager):
    """One that looks at the session only after a login was asked for, made or ended.

    Its parent looks at it after every request; each answer would vary by the cookie, so that a
    cache that many share would keep a file once for each of them.
    """

    def _update_remember_cookie(self, response: Response) -> Response:
        if "_login_user" not in g:
            return response
        answer: Response = super()._update_remember_cookie(response)
        return answer

    def _load_user_from_remember_cookie(self, cookie: str) -> Any:
        """Its parent knows one secret; what another one has signed is signed anew for it."""
        if not cookie.isascii():  # comparing it would raise
            return None
        for secret in keys.of_sessions():
            if (login := decode_cookie(cookie, secret)) is not None:
                return super()._load_user_from_remember_cookie(encode_cookie(login))
        return None


class _Limiter(Limiter):
    """One that leaves the views alone that have no limit.

    Here limits stand above views, which look at them; its parent looks before each request too.
    """

    def _check_request_limit(
        self, callable_name: str | None = None, in_middleware: bool = True
    ) -> None:
        if not in_middleware:
            super()._check_request_limit(callable_name, in_middleware)


class _Signer(TimestampSigner):
    """One that bears that another host's clock is ahead; its parent takes that for a forgery."""

    def unsign(self, signed_value: Any, max_age: int | None = None, *_: Any, **__: Any) -> Any:
        """Give the value and when it was signed; raise SignatureExpired when it is too old."""
        value, signed_at = super().unsign(signed_value, return_timestamp=True)
        if max_age is not None and self.get_timestamp() - signed_at.timestamp() > max_age:
            raise SignatureExpired("too old", payload=value, date_signed=signed_at)
        return value, signed_at


class _Sessions(SecureCookieSessionInterface):
    """Sessions in cookies, whichever host has signed them; the API has none."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session that a request brings, or an empty one."""
        if request.path.startswith("/api/"):
            return self.session_class()
        return super().open_session(app, request)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """What reads and writes them."""
        serializer = super().get_signing_serializer(app)
        if serializer is not None:
            serializer.signer = _Signer
        return serializer


# How far the clocks of two hosts may be apart, and half a minute more: a token that one has just
# issued is good on the other, though it says that it is from the future.
CLOCKS_APART = timedelta(seconds=90)

# What a page of another origin may read of an answer, beside what any may.
EXPOSED = ["ETag", REPLAYED, "Link", "Location", "Retry-After", ACT_ID, "X-Request-ID"]

migrate = Migrate()
jwt = JWTManager()
limiter = _Limiter(key_func=client_address)
api = Api()
csrf = CSRFProtect()
login_manager = _LoginManager()
# Each login is a row that can be ended, so the cookie need not be tied to a network address.
login_manager.session_protection = None
compress = Compress()
cache = Cache()


def init_app(app: Flask) -> None:
    """Translate our settings into those of the extensions, and bind them."""
    settings = app.config
    settings.update(_derived(settings))
    app.session_interface = _Sessions()
    db.init_app(app)
    with app.app_context():
        prepare(
            db.engine,
            statement_seconds=settings["DATABASE_STATEMENT_SECONDS"],
            lock_seconds=settings["DATABASE_LOCK_SECONDS"],
        )
        metrics.watch(db.engine)
    # Registered later than the extension's own, it runs before that.
    app.teardown_appcontext(close_session)
    migrate.init_app(app, db, directory=str(MIGRATIONS))
    jwt.init_app(app)
    limiter.init_app(app)
    csrf.init_app(app)
    # Its own look-up for templates would ask the database on error pages too.
    login_manager.init_app(app, add_context_processor=False)
    compress.init_app(app)
    cache.init_app(app)
    api.init_app(app)
    api.spec.components.security_scheme(
        "bearer",
        {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The access_token that logging in answers.",
        },
    )
    if settings["CORS_ORIGINS"]:
        CORS(
            app,
            resources={r"/api/.*": {"origins": list(settings["CORS_ORIGINS"])}},
            expose_headers=EXPOSED,
            max_age=timedelta(hours=1),
        )
    if proxies := settings["TRUSTED_PROXIES"]:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies
        )


def _derived(settings: Any) -> dict[str, Any]:
    url = sqlalchemy_url(settings["DATABASE_URL"], settings["INSTANCE_DIR"])
    tls = settings["APP_ENV"] == "production"
    return {
        "SQLALCHEMY_DATABASE_URI": url,
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "poolclass": metrics.CountedPool,
            **engine_options(
                url,
                pool_size=settings["DATABASE_POOL_SIZE"] or settings["WEB_THREADS"],
                pool_seconds=settings["DATABASE_POOL_SECONDS"],
            ),
        },
        "MAX_CONTENT_LENGTH": settings["MAX_BODY_BYTES"],
        "TRUSTED_HOSTS": list(settings["TRUSTED_HOSTS"]) or None,
        "JWT_ALGORITHM": "HS256",
        "JWT_DECODE_ALGORITHMS": ["HS256"],
        "JWT_ENCODE_ISSUER": settings["JWT_ISSUER"],
        "JWT_DECODE_ISSUER": settings["JWT_ISSUER"],
        "JWT_ACCESS_TOKEN_EXPIRES": timedelta(seconds=settings["ACCESS_TOKEN_SECONDS"]),
        "JWT_DECODE_LEEWAY": CLOCKS_APART,
        "RATELIMIT_STORAGE_URI": "memory://",
        "RATELIMIT_STRATEGY": "moving-window",
        # Nothing personal may be put into it: see taskapp/shared.py.
        "CACHE_TYPE": "SimpleCache",
        "CACHE_DEFAULT_TIMEOUT": shared.KEPT_SECONDS,
        **(shared.settings(settings["REDIS_URL"]) if settings["REDIS_URL"] else {}),
        # A cookie goes over TLS only, but for a developer's machine, and to no other site.
        **dict.fromkeys(("SESSION_COOKIE_SECURE", "REMEMBER_COOKIE_SECURE"), tls),
        **dict.fromkeys(("SESSION_COOKIE_SAMESITE", "REMEMBER_COOKIE_SAMESITE"), "Lax"),
        # The last one signs.
        "WTF_CSRF_SECRET_KEY": [*settings["SECRET_KEY_FALLBACKS"], settings["SECRET_KEY"]],
        # A form is good for as long as the session: a limit would refuse what a host whose clock
        # is ahead has signed.
        "WTF_CSRF_TIME_LIMIT": None,
        "SESSION_COOKIE_NAME": "taskapp",
        "REMEMBER_COOKIE_NAME": "taskapp_remember",
        "REMEMBER_COOKIE_DURATION": timedelta(days=settings["REMEMBER_DAYS"]),
        "COMPRESS_ALGORITHM": "gzip",
        "API_TITLE": "taskapp",
        "API_VERSION": "1",
        "OPENAPI_VERSION": "3.1.0",
        "API_SPEC_OPTIONS": {
            "security": [{"bearer": []}],
            "servers": [{"url": "/"}],
        },
    }
