"""taskapp.domain.rules"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskapp.domain.errors import RuleViolation
from taskapp.domain.rules import Refused, apply, storable

from .refusals import attempt


def capital(text: str) -> str:
    if not text:
        raise Refused("empty", "Say something.")
    return text.upper()


RULES = {"first": capital, "second": capital}


def test_each_value_is_cleaned_by_its_rule() -> None:
    assert apply(RULES, {"first": "a", "second": "b"}) == {"first": "A", "second": "B"}


def test_a_value_that_is_absent_stays_absent() -> None:
    assert apply(RULES, {"second": "b"}) == {"second": "B"}
    assert apply(RULES, {}) == {}


def test_every_refusal_is_told_at_once() -> None:
    with pytest.raises(RuleViolation) as violation:
        apply(RULES, {"first": "", "second": ""})
    faults = violation.value.faults
    assert [(fault.field, fault.code) for fault in faults] == [
        ("first", "empty"),
        ("second", "empty"),
    ]
    assert {fault.message for fault in faults} == {"Say something."}


def test_a_value_without_a_rule_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        apply(RULES, {"third": "c"})


@given(st.text())
def test_what_is_storable_is_utf_8_without_nul(text: str) -> None:
    stored, refused = attempt(storable, text)
    if refused:
        assert refused.code == "unstorable"
        assert "\0" in text or any("\ud800" <= each <= "\udfff" for each in text)
    else:
        assert stored == text
        assert b"\0" not in text.encode()
