"""Access tokens as anybody with a key could make them, without the library that checks them."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any, Final

ABSENT: Final = object()
_DIGESTS = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def encode(part: bytes) -> str:
    """Base64 as tokens write it (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def decode(part: str) -> Any:
    """The JSON in a segment of a token."""
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def claims(user_id: int, **changes: Any) -> dict[str, Any]:
    """The claims of a good token, but for the changes."""
    now = int(time.time())
    good = {
        "sub": str(user_id),
        "type": "access",
        "iss": "taskapp",
        "iat": now,
        "nbf": now,
        "exp": now + 600,
        "jti": "8d0b5b0c",
        "fresh": False,
    }
    return {name: value for name, value in (good | changes).items() if value is not ABSENT}


def sign(
    payload: Mapping[str, Any] | bytes,
    key: str,
    *,
    alg: Any = "HS256",
    by: str = "HS256",
    **header: Any,
) -> str:
    """A token that names the algorithm `alg` and is signed by another, if need be."""
    head = json.dumps({"typ": "JWT", "alg": alg, **header}).encode()
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    text = f"{encode(head)}.{encode(body)}"
    signature = hmac.new(key.encode(), text.encode(), _DIGESTS[by]).digest()
    return f"{text}.{encode(signature)}"


def unsigned(payload: Mapping[str, Any], alg: Any) -> str:
    """A token without a signature."""
    head = json.dumps({"typ": "JWT", "alg": alg}).encode()
    return f"{encode(head)}.{encode(json.dumps(payload).encode())}."
