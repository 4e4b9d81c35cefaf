"""The document of the API (OpenAPI 3.1), made from the schemas that validate.

`Blueprint` documents by itself what is true of every operation: its name, who may call it, and
the problems that follow from what it reads.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar

import flask_smorest
from flask_smorest.spec.plugins import FlaskPlugin
from flask_smorest.utils import prepare_response

from taskapp.idempotency import ACT_ID, IDEMPOTENCY_KEY, KEY_PATTERN, REPLAYED, done_once
from taskapp.rest import MERGE_PATCH, PROBLEM, IdConverter, Parser
from taskapp.schemas.base import Moment
from taskapp.schemas.problems import ProblemSchema

View = TypeVar("View", bound=Callable[..., Any])

ABOUT = """\
Tasks of many people, each their own.

**To begin**, sign up (`POST /api/auth/signup`), log in (`POST /api/auth/login`), and send the token
with every other request: `Authorization: Bearer <token>`. Your tasks are below your own id, which
the login answers too. Another's id is 403, whether or not there is such an account.

**Errors** are problem documents (RFC 9457, `application/problem+json`). Programs read `status` and
`code`, which do not change; people read `detail`. A 422 names each fault in `errors`: a JSON
Pointer into the body, or the query's parameter. `request_id`, also in the header `X-Request-ID`,
finds the request in the server's log.

**Lists** come a page at a time. While there is more, `Link: <...>; rel="next"` is the next page;
follow it as it is, and do not put cursors together yourself.

**Versions.** `ETag` names the version of what was answered. Sent back as `If-None-Match` it spares
you what you have already (304); sent as `If-Match` it keeps you from overwriting what somebody else
has changed meanwhile (412).

**Undoing.** The answer to whatever you change below your own id bears `X-Act-ID`, the id of the act
that this was; `POST .../acts/{act_id}/undo` takes it back, as far as nothing has changed since.

**Following.** `GET .../changes` tells what has changed since you last asked, in its order, so that
you can keep a copy of everything without reading it all again.

**Trying again.** A POST whose answer was lost can be sent again safely, if it bears an
`Idempotency-Key` that you made up for it, a UUID say. Within 24 hours the same request under the
same key is done once: a repeat is answered as the first was, with `Idempotent-Replayed: true`.
Another request under that key is 422; while the first is still under way, a repeat is 409: try
again shortly. A request that was refused (4xx, 5xx) has done nothing, and may be corrected and sent
again under its key. Keys are each account's own; for sign-up, each network address's. Log-in takes
the header and heeds it not, since a token is never stored.

**JSON** is UTF-8, at most 1 MiB. Members that are not known here are refused. Instants are UTC, as
RFC 3339 writes them. Ids are whole numbers of up to 64 bits: read them without rounding.
"""


class Problem(NamedTuple):
    """What a status means here, and the code and detail of one that is typical."""

    meaning: str
    code: str
    detail: str


PROBLEMS = {
    400: Problem(
        "The request cannot be read: its body is not JSON, say.",
        "bad_request",
        "The body is not JSON: Expecting value: line 1 column 11 (char 10).",
    ),
    401: Problem(
        "It is not known who is calling: the token is missing or no longer good, or the password "
        "is wrong; the code says which.",
        "token_expired",
        "The token has expired; log in again.",
    ),
    403: Problem(
        "The path names another account than the token.",
        "permission_denied",
        "This belongs to another account.",
    ),
    404: Problem("There is no such thing here.", "not_found", "There is no such task."),
    409: Problem(
        "This contradicts what is stored, or a request with the same Idempotency-Key is still "
        "under way.",
        "email_taken",
        "There is already an account with this e-mail address: log in instead.",
    ),
    410: Problem(
        "What lies so far back is no longer kept.",
        "history_forgotten",
        "Changes of so long ago are no longer kept: read everything anew, then go on from now.",
    ),
    412: Problem(
        "It is no longer in a version that If-Match names; nothing was changed.",
        "stale_version",
        "This has changed since you read it. Read it again, then repeat your change.",
    ),
    413: Problem("The body is too large.", "request_entity_too_large", "The body is too large."),
    415: Problem(
        "The body is of another media type.",
        "unsupported_media_type",
        "Send the body as application/json.",
    ),
    422: Problem(
        "The values are not acceptable; `errors` names each fault.",
        "invalid",
        "Some values are not acceptable.",
    ),
    429: Problem(
        "Too many failures; wait as long as Retry-After says.",
        "too_many_failures",
        "Too many failures. Try again in 840 seconds.",
    ),
    500: Problem(
        "Something went wrong here; it is in the log under the request id.",
        "internal_error",
        "Something went wrong here. Report it with the request id.",
    ),
    503: Problem(
        "The database cannot be reached; try again after Retry-After.",
        "database_unavailable",
        "The database cannot be reached. Try again shortly.",
    ),
    507: Problem(
        "There is no room left on the database's disk; nothing was done.",
        "storage_full",
        "There is no room left to store anything. It was not done.",
    ),
}
_TEXT = {"type": "string"}
_SECONDS = {
    "schema": {"type": "integer", "minimum": 0},
    "description": "How many seconds to wait.",
    "required": True,
}
_HEADERS: dict[int, dict[str, Any]] = {
    401: {
        "WWW-Authenticate": {
            "schema": _TEXT,
            "description": "`Bearer`, and what is wrong with the token (RFC 6750).",
            "required": True,
        }
    },
    429: {"Retry-After": _SECONDS},
    503: {"Retry-After": _SECONDS},
}
_REQUEST_ID = {
    "X-Request-ID": {
        "schema": _TEXT,
        "description": "Names this request in the server's log.",
        "required": True,
    }
}


LOCATION = {
    "Location": {
        "schema": {"type": "string", "format": "uri-reference"},
        "description": "The path of what is new.",
        "required": True,
    }
}
_ETAG = {
    "ETag": {
        "schema": {"type": "string", "pattern": '^(W/)?"[^"]*"$'},
        "description": "Names this version (RFC 9110, 8.8.3).",
        "required": True,
    }
}
_REPLAYED = {
    REPLAYED: {
        "schema": {"type": "string", "const": "true"},
        "description": "Present when this is the answer to an earlier request with the same key.",
    }
}
_ACT = {
    ACT_ID: {
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
        "description": "Names what was done, to undo it; absent when nothing was.",
    }
}
_KEY = {
    # Without an example: Swagger UI would send it unasked.
    "in": "header",
    "name": IDEMPOTENCY_KEY,
    "schema": {"type": "string", "pattern": f"^({KEY_PATTERN})$"},
    "description": "Made up by you for this request, so that it can be sent again and is done "
    "once: up to 255 characters of ASCII, in quotes or without.",
}
_CONDITIONS = {
    "get": (
        "If-None-Match",
        "An ETag, quotes included: 304 without a body if nothing has changed since.",
    ),
    "write": (
        "If-Match",
        "An ETag, quotes included: 412 and no change if it has changed since.",
    ),
}
_IDS = {
    "user_id": "Your own id, as the login answers it.",
    "task_id": "The task's id.",
    "project_id": "The project's id.",
    "section_id": "The section's id.",
    "label_id": "The label's id.",
    "act_id": "The id of an act: from the header `X-Act-ID` of the answer, or of an event.",
    "session_id": "The id of a login, from the list of them.",
}


def public(view: View) -> View:
    """Open a view to callers without a token; every other one is closed."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def versioned(view: View) -> View:
    """Document that a view answers with an ETag, and heeds the condition of its method."""
    view._apidoc = {**getattr(view, "_apidoc", {}), "versioned": True}  # type: ignore[attr-defined]
    return view


def names_act(view: View) -> View:
    """Document that a view's answer names what it did."""
    view._apidoc = {**getattr(view, "_apidoc", {}), "act": True}  # type: ignore[attr-defined]
    return view


def _answers_secret(view: Any) -> bool:
    answers = getattr(view, "_apidoc", {}).get("response", {}).get("responses", {})
    return any(
        getattr(each.get("schema"), "holds_secret", False)
        for some in answers.values()
        for each in some
        if isinstance(each, dict)  # the others are names of problems
    )


class Blueprint(flask_smorest.Blueprint):
    """Operations on one resource."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what any blueprint takes."""
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(self._document_common)

    def arguments(self, schema: Any, **options: Any) -> Any:
        """Take what any blueprint takes; a schema is made once, and not anew for each request."""
        return super().arguments(schema() if isinstance(schema, type) else schema, **options)

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Any = None,
        *args: Any,
        **options: Any,
    ) -> None:
        """Take what any blueprint takes; what is posted is done once for each Idempotency-Key."""
        if "POST" in options.get("methods", ()) and not _answers_secret(view_func):
            view_func = done_once(view_func)
            view_func._apidoc = {**getattr(view_func, "_apidoc", {}), "once": True}
        super().add_url_rule(rule, endpoint, view_func, *args, **options)

    def _store_endpoint_docs(self, endpoint: str, obj: Any, *args: Any, **options: Any) -> None:
        words = obj.__name__.split("_")
        obj._apidoc = {
            **getattr(obj, "_apidoc", {}),
            "name": words[0] + "".join(word.title() for word in words[1:]),
            "public": getattr(obj, "is_public", False),
        }
        super()._store_endpoint_docs(endpoint, obj, *args, **options)

    def _document_common(
        self, doc: dict[str, Any], info: dict[str, Any], *, method: str, **_: Any
    ) -> dict[str, Any]:
        """Add to an operation what follows from how it is made."""
        doc["operationId"] = info["name"]
        statuses = {400, 500, 503} | ({507} if method != "get" else set())
        statuses |= self._document_callers(doc, info)
        if "requestBody" in doc:
            statuses |= self._document_body(doc["requestBody"]["content"], method)
        if info.get("versioned"):
            statuses |= self._document_etag(doc, method)
        if info.get("act"):
            self._document_success(doc, _ACT)
        if info.get("once"):
            statuses |= self._document_key(doc)
        for response in doc["responses"].values():
            if isinstance(response, dict):  # the others are names of problems, which have theirs
                response["headers"] = response.get("headers", {}) | _REQUEST_ID
        for status in statuses:
            doc["responses"].setdefault(status, HTTPStatus(status).name)
        doc["responses"] = dict(sorted(doc["responses"].items(), key=lambda each: int(each[0])))
        return doc

    def _document_callers(self, doc: dict[str, Any], info: dict[str, Any]) -> set[int]:
        statuses = set()
        if info["public"]:
            doc["security"] = []
        else:
            statuses |= {401}
        if "user_id" in (self.url_prefix or ""):
            statuses |= {403, 404}
        return statuses

    def _document_body(self, content: dict[str, Any], method: str) -> set[int]:
        if method == "patch":
            content[MERGE_PATCH] = dict(next(iter(content.values())))
        return {413, 415, 422}

    def _document_key(self, doc: dict[str, Any]) -> set[int]:
        doc.setdefault("parameters", []).append(dict(_KEY))
        self._document_success(doc, _REPLAYED)
        return {409, 422}

    def _document_success(self, doc: dict[str, Any], headers: dict[str, Any]) -> None:
        for status, response in doc["responses"].items():
            if int(status) < 400:
                response["headers"] = response.get("headers", {}) | headers

    def _document_etag(self, doc: dict[str, Any], method: str) -> set[int]:
        for status in {200, 201} & set(doc["responses"]):
            doc["responses"][status].setdefault("headers", {}).update(_ETAG)
        if method == "post" and 201 in doc["responses"]:
            return set()  # what is made has no version yet
        name, meaning = _CONDITIONS["get" if method == "get" else "write"]
        # Without an example: Swagger UI would send it unasked.
        header = {"in": "header", "name": name, "schema": _TEXT}
        doc.setdefault("parameters", []).append(header | {"description": meaning})
        if method == "get":
            doc["responses"][304] = {"description": "Unchanged; you have it.", "headers": _ETAG}
            return set()
        return {412}


class Paths(FlaskPlugin):
    """How a route of Flask becomes a path of the document."""

    def rule_to_params(self, rule: Any) -> list[dict[str, Any]]:
        """Say what each part of the path is."""
        return [each | {"description": _IDS[each["name"]]} for each in super().rule_to_params(rule)]


class Api(flask_smorest.Api):
    """The document. The error table answers for the API, so no handler is registered here."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self) -> None:
        """Make an empty document."""
        super().__init__(spec_kwargs={"flask_plugin": Paths()})
        self.register_converter(
            IdConverter, lambda _: {"type": "integer", "format": "int64", "minimum": 1}
        )
        self.register_field(Moment, "string", "date-time")

    def _init_spec(self, **options: Any) -> None:
        super()._init_spec(**options)
        self.spec.options["info"] = {"description": ABOUT}

    def _register_error_handlers(self) -> None:
        pass

    def _register_etag_headers(self) -> None:
        pass  # ours are in `_document_etag`

    def _register_pagination_header(self) -> None:
        pass  # our pages go by the Link header

    def _register_responses(self) -> None:
        for status, each in PROBLEMS.items():
            words = HTTPStatus(status)
            example = {
                **ProblemSchema.example,
                "title": words.phrase,
                "status": status,
                "detail": each.detail,
                "code": each.code,
            }
            if status != 422:
                del example["errors"]
            response = {
                "description": each.meaning,
                "schema": ProblemSchema,
                "example": example,
                "headers": _HEADERS.get(status, {}) | _REQUEST_ID,
            }
            prepare_response(response, self.spec, PROBLEM)
            self.spec.components.response(words.name, response, lazy=True)
