"""The header Idempotency-Key: a POST that bears one is done once, however often it is sent.

How that holds is in `services/idempotency.py`; here is how a request names its key, what makes two
requests the same, and what of an answer is kept. After draft-ietf-httpapi-idempotency-key-header.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, current_app, g, request
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from taskapp import keys
from taskapp.schemas.base import Coded
from taskapp.services import idempotency
from taskapp.services.idempotency import Answer, Request

IDEMPOTENCY_KEY = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
# Names what a request did, to undo it.
ACT_ID = "X-Act-ID"
# A string in quotes, as the draft has it (RFC 9651, 3.3.3), or the same without them where nothing
# in it needs them. A comma does: it is what two headers of that name would be joined by.
KEY_PATTERN = r'[!#-+\--~]{1,255}|"([ !#-\[\]-~]|\\["\\]){1,255}"'

_KEPT = ("Content-Type", "ETag", "Link", "Location", ACT_ID)

View = Callable[..., ResponseReturnValue]


class _Refused(Exception):
    """Takes an answer that is an error out of the transaction, which it undoes."""

    def __init__(self, response: Response) -> None:
        self.response = response
        super().__init__()


def done_once(view: View) -> View:
    """Let a view heed Idempotency-Key. What it does under a key stands in one transaction."""

    @wraps(view)
    def run(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        if IDEMPOTENCY_KEY not in request.headers:
            return view(*args, **kwargs)
        sent = _read_request()
        try:
            answer = idempotency.once(sent, lambda: _succeed(view(*args, **kwargs)), _keep)
        except _Refused as refused:
            return refused.response
        return _replay(answer) if isinstance(answer, Answer) else answer

    return run


def _read_request() -> Request:
    key = _read_key()
    marks, *others = (_mark(key, secret) for secret in keys.of_sessions())
    return Request(g.get("user_id"), *marks, others)


def _mark(key: str, secret: str) -> tuple[str, str]:
    """The key of the request, and its fingerprint under a secret."""
    if g.get("user_id") is None:
        # Strangers are told apart by where they come from, so that none is in another's way, nor
        # learns by trying whether this or that password was sent under a key.
        key = _digest(secret, (request.remote_addr or "").encode(), key.encode())
    body = request.get_data()  # kept for whoever reads it next
    target = request.method.encode(), request.path.encode(), request.query_string
    return key, _digest(secret, *target, body)


def _read_key() -> str:
    key = request.headers[IDEMPOTENCY_KEY].strip(" \t")
    if not re.fullmatch(KEY_PATTERN, key):
        message = Coded("Must be 1 to 255 printable characters of ASCII, in quotes.", "malformed")
        raise ValidationError({"headers": {IDEMPOTENCY_KEY: [message]}})
    return re.sub(r"\\(.)", r"\1", key[1:-1]) if key.startswith('"') else key


def _digest(secret: str, *parts: bytes) -> str:
    """Stands for the parts; what is in them, a password say, cannot be guessed from it."""
    own = hashlib.sha256(f"taskapp.idempotency {secret}".encode())
    digest = hmac.new(own.digest(), digestmod=hashlib.sha256)
    for part in parts:
        digest.update(b"%d:%b" % (len(part), part))
    return digest.hexdigest()


def _succeed(returned: ResponseReturnValue) -> Response:
    response = current_app.make_response(returned)
    if response.status_code >= 400:
        raise _Refused(response)
    return response


def _keep(response: Response) -> Answer:
    headers = {name: response.headers[name] for name in _KEPT if name in response.headers}
    return Answer(response.status_code, headers, response.get_data())


def _replay(answer: Answer) -> Response:
    response = Response(answer.body, answer.status, answer.headers)
    response.headers[REPLAYED] = "true"
    return response
