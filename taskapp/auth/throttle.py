"""Limits on failures: guessing passwords, and asking which addresses have accounts.

Only what fails is counted. The counts are kept apart from the database, so that rolling back
what failed does not forget that it did. Whoever is let through waits for a turn to hash.
"""

import hashlib
from collections.abc import Callable
from typing import Any

from flask import Response, current_app, g, request
from werkzeug.exceptions import HTTPException

from taskapp import metrics
from taskapp.auth.turns import in_turn
from taskapp.domain import emails, rules
from taskapp.extensions import client_address, limiter
from taskapp.openapi import View
from taskapp.rest import parse_json

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def limit_failed_logins(view: View) -> View:
    """Answer 429 after too many failures for one e-mail address, or from one client."""
    per_client = _limit("LOGIN_LIMIT_PER_CLIENT", client_address, failure=401)
    per_address = _limit("LOGIN_LIMIT_PER_ADDRESS", _address_given, failure=401)
    decorated: View = per_client(per_address(in_turn(view)))
    return decorated


def limit_taken_addresses(view: View) -> View:
    """Answer 429 to a client that has tried too many addresses that have accounts already."""
    decorated: View = _limit("SIGNUP_LIMIT_PER_CLIENT", client_address, failure=409)(in_turn(view))
    return decorated


def limit_wrong_passwords(view: View) -> View:
    """Answer 429 to somebody logged in who guesses at the account's password."""
    decorated: View = _limit("LOGIN_LIMIT_PER_ADDRESS", _own_account, failure=403)(in_turn(view))
    return decorated


def _limit(setting: str, key: Callable[[], str], *, failure: int) -> Any:
    def failed(response: Response) -> bool:
        has_failed = response.status_code == failure
        # Every wrong password is counted for an address, whatever else it is counted for.
        if has_failed and setting == "LOGIN_LIMIT_PER_ADDRESS":
            metrics.login_failures.inc()
        return has_failed

    return limiter.shared_limit(
        lambda: str(current_app.config[setting]), scope=setting, key_func=key, deduct_when=failed
    )


def _own_account() -> str:
    return f"account {g.user_id}"


def _address_given() -> str:
    """A stand-in for the address in the body, whatever its spelling; never fails, never tells."""
    try:
        body = request.get_data()  # kept for whoever reads it next
        sent = request.form if request.mimetype in FORMS else parse_json(body)
        address = emails.normalise(sent["email"])
    except (HTTPException, rules.Refused, TypeError, LookupError, AttributeError):
        # Not one for all of them: somebody's typing mistakes would count against everybody's.
        return f"unreadable from {client_address()}"
    return hashlib.sha256(address.encode(errors="replace")).hexdigest()
