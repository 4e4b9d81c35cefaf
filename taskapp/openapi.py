"""The document of the API (OpenAPI 3.1), made from the schemas that validate.

`Blueprint` documents by itself what is true of every operation: its name, who may call it, and
the problems that follow from what it reads.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

import flask_smorest
from flask_smorest.utils import prepare_response

from taskapp.rest import MERGE_PATCH, PROBLEM, IdConverter, Parser
from taskapp.schemas.problems import ProblemSchema

View = TypeVar("View", bound=Callable[..., Any])

PROBLEMS = {
    400: "The body is not JSON, or the request makes no sense.",
    401: "The token is missing or no longer good; the code says which.",
    403: "The path names another account than the token.",
    404: "There is no such thing here.",
    409: "This contradicts what is stored.",
    412: "The task is no longer in a version that If-Match names.",
    413: "The body is too large.",
    415: "The body is of another media type.",
    422: "The values are not acceptable; `errors` names each fault.",
    429: "Too many failures; wait as long as Retry-After says.",
    503: "The database cannot be reached; try again after Retry-After.",
}
_HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "RFC 6750."}},
    429: {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}},
    503: {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}},
}


LOCATION = {"Location": {"schema": {"type": "string"}, "description": "The path of what is new."}}
_ETAG = {"schema": {"type": "string"}, "description": "Names this version (RFC 9110, 8.8.3)."}
_CONDITIONS = {
    "get": ("If-None-Match", "An ETag: 304 without a body if nothing has changed since."),
    "write": ("If-Match", "An ETag: 412 and no change if the task has changed since."),
}


def public(view: View) -> View:
    """Open a view to callers without a token; every other one is closed."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def versioned(view: View) -> View:
    """Document that a view answers with an ETag, and heeds the condition of its method."""
    view._apidoc = {**getattr(view, "_apidoc", {}), "versioned": True}  # type: ignore[attr-defined]
    return view


class Blueprint(flask_smorest.Blueprint):
    """Operations on one resource."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what any blueprint takes."""
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(self._document_common)

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
        statuses = {503}
        if info["public"]:
            doc["security"] = []
        else:
            statuses |= {401}
        if "user_id" in (self.url_prefix or ""):
            statuses |= {403}
        if "requestBody" in doc:
            statuses |= {400, 413, 415, 422}
            if method == "patch":
                content = doc["requestBody"]["content"]
                content[MERGE_PATCH] = dict(next(iter(content.values())))
        if info.get("versioned"):
            statuses |= self._document_etag(doc, method)
        for status in statuses:
            doc["responses"].setdefault(status, HTTPStatus(status).name)
        return doc

    def _document_etag(self, doc: dict[str, Any], method: str) -> set[int]:
        for status in {200, 201} & set(doc["responses"]):
            doc["responses"][status].setdefault("headers", {})["ETag"] = _ETAG
        if method == "post":
            return set()
        name, meaning = _CONDITIONS["get" if method == "get" else "write"]
        header = {"in": "header", "name": name, "schema": {"type": "string"}}
        doc.setdefault("parameters", []).append(header | {"description": meaning})
        if method == "get":
            doc["responses"][304] = {"description": "Unchanged.", "headers": {"ETag": _ETAG}}
            return set()
        return {412}


class Api(flask_smorest.Api):
    """The document. The error table answers for the API, so no handler is registered here."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self) -> None:
        """Make an empty document."""
        super().__init__()
        self.register_converter(IdConverter, lambda _: {"type": "integer", "format": "int64"})

    def _register_error_handlers(self) -> None:
        pass

    def _register_responses(self) -> None:
        for status, meaning in PROBLEMS.items():
            words = HTTPStatus(status)
            example = {
                **ProblemSchema.example,
                "title": words.phrase,
                "status": status,
                "detail": meaning,
                "code": words.name.lower(),
            }
            if status != 422:
                del example["errors"]
            response = {
                "description": meaning,
                "schema": ProblemSchema,
                "example": example,
                "headers": _HEADERS.get(status, {}),
            }
            prepare_response(response, self.spec, PROBLEM)
            self.spec.components.response(words.name, response, lazy=True)
