"""taskapp.domain.passwords"""

import os
import sys
import threading
import warnings

import bcrypt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from taskapp.domain.passwords import HASHING_NICE, WRONG, Verdict, check, make_hash, verify
from taskapp.domain.rules import Refused

from .refusals import attempt

ROUNDS = 4
# What a password may be: any text but half of a surrogate pair.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=1024)
RIGHT, AGED = Verdict(right=True), Verdict(right=True, aged=True)
OURS = make_hash("a long and winding road", ROUNDS)
THEIRS = bcrypt.hashpw(b"a long and winding road", bcrypt.gensalt(ROUNDS)).decode()


def spoilt(hashed: str) -> st.SearchStrategy[str]:
    """The hash with a piece of it replaced; not its rounds, which could take hours."""
    after_rounds = hashed.rindex(f"{ROUNDS}$") + 2
    return st.builds(
        lambda at, length, text: hashed[:at] + text + hashed[at + length :],
        st.integers(after_rounds, len(hashed)),
        st.integers(0, 60),
        st.text(max_size=10),
    )


@settings(deadline=None)
@given(texts)
@example("")
@example("\0")
@example("x" * 71 + "\0" + "y")
@example("x" * 4095)
def test_a_hash_verifies_its_password_and_no_other(password: str) -> None:
    hashed = make_hash(password, ROUNDS)
    assert verify(password, hashed, ROUNDS) == RIGHT
    assert verify(password + "x", hashed, ROUNDS) == WRONG
    assert verify(password[:-1] + "\U0010ffff", hashed, ROUNDS) == WRONG
    assert len(hashed) <= 255
    assert hashed.isascii()


@settings(deadline=None)
@given(texts.filter(lambda text: "\0" not in text))
def test_a_hash_of_the_earlier_system_verifies_and_is_of_age(password: str) -> None:
    hashed = bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(ROUNDS)).decode()
    assert verify(password, hashed, ROUNDS) == AGED


@settings(deadline=None)
@given(
    st.one_of(
        st.text(max_size=100),
        st.builds("$2b$04${}".format, st.text("$0123456789abc./", max_size=60)),
        spoilt(OURS),
        spoilt(THEIRS),
    ),
    st.text(max_size=30),
)
@example("$2b$04$", "x")
@example("$2b$04$" + "." * 53, "x")
@example("$2x$04$" + "." * 53, "x")
@example("$2b$99$" + "." * 53, "x")
@example("$bcrypt-sha256$", "x")
@example("$bcrypt-sha256$v=2,t=2b,r=4$" + "." * 22 + "$" + "." * 31, "x")
@example("\ud800", "x")
@example("\0", "\ud800")
@example(OURS, "\ud800")
@example(THEIRS, "\ud800")
@example(THEIRS, "x\0y")
def test_no_stored_text_makes_verifying_fail(stored: str, password: str) -> None:
    with warnings.catch_warnings():
        # passlib tells of odd padding in old hashes, and goes on.
        warnings.filterwarnings("ignore", "encountered a bcrypt")
        assert verify(password, stored, ROUNDS) == WRONG


def test_without_a_stored_hash_every_password_is_wrong() -> None:
    assert verify("", None, ROUNDS) == WRONG
    assert verify("", "", ROUNDS) == WRONG


def test_a_hash_is_salted() -> None:
    assert make_hash("the same", ROUNDS) != make_hash("the same", ROUNDS)


@pytest.mark.parametrize("rounds", [4, 5, 6])
def test_a_hash_is_of_the_work_factor_asked_for(rounds: int) -> None:
    assert make_hash("x", rounds).startswith(f"$bcrypt-sha256$v=2,t=2b,r={rounds}$")


def test_a_hash_of_a_lower_work_factor_is_of_age() -> None:
    assert verify("x", make_hash("x", 4), 4) == RIGHT
    assert verify("x", make_hash("x", 4), 5) == AGED


@pytest.mark.parametrize("password", ["x2z4v6t8", "        ", "é" * 512, "\0" * 8, "🙂" * 256])
def test_a_password_may_be_chosen_and_is_kept_as_it_is(password: str) -> None:
    assert check(password) == password


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "too_short"),
        ("x2z4v6t", "too_short"),
        ("é" * 512 + "x", "too_long"),
        ("\ud800" * 8, "unstorable"),
        ("PassW0rd", "too_common"),
        ("12345678", "too_common"),
        ("11234567", "too_common"),  # the last on the list
    ],
)
def test_a_password_may_not_be_chosen(password: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        check(password)
    assert refused.value.code == code


@given(st.text(max_size=1100))
def test_any_text_is_chosen_as_it_is_or_refused(password: str) -> None:
    chosen, refused = attempt(check, password)
    assert chosen == password or (refused and refused.message)


@pytest.mark.skipif(sys.platform != "linux", reason="a thread's own priority is Linux's")
def test_hashing_steps_back_for_all_else() -> None:
    make_hash("a long and winding road", ROUNDS)
    hashing = [each.native_id for each in threading.enumerate() if "hashing" in each.name]
    assert hashing
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert {os.getpriority(os.PRIO_PROCESS, each or 0) for each in hashing} == {own + HASHING_NICE}
