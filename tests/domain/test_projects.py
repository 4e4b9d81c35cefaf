"""taskapp.domain.projects"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskapp.domain.errors import RuleViolation
from taskapp.domain.projects import COLORS, NAME_MOST, RULES, label_key
from taskapp.domain.rules import apply


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Errand", "ERRAND"),
        ("Straße", "STRASSE"),
        ("café", "cafe\u0301"),
        ("CAFÉ", "cafe\u0301"),
        ("ΟΔΟΣ", "οδος"),
    ],
)
def test_a_label_is_the_same_whatever_its_case_and_spelling(one: str, other: str) -> None:
    assert label_key(one) == label_key(other)


@pytest.mark.parametrize(("one", "other"), [("cafe", "café"), ("a b", "ab"), ("a", "b")])
def test_other_words_are_other_labels(one: str, other: str) -> None:
    assert label_key(one) != label_key(other)


@given(st.text(max_size=20))
def test_a_key_is_its_own_key(text: str) -> None:
    assert label_key(label_key(text)) == label_key(text)


def test_names_are_cleaned_and_colours_kept() -> None:
    assert apply(RULES, {"name": " House "}) == {"name": "House"}
    assert apply(RULES, {"name": "🏠" * NAME_MOST}) == {"name": "🏠" * NAME_MOST}
    for color in COLORS:
        assert apply(RULES, {"color": color}) == {"color": color}


@pytest.mark.parametrize(
    ("values", "faults"),
    [
        ({"name": " "}, {("name", "blank")}),
        ({"name": "x" * (NAME_MOST + 1)}, {("name", "too_long")}),
        ({"name": "a\nb"}, {("name", "control_character")}),
        ({"name": "a\0"}, {("name", "unstorable")}),
        ({"color": "Grey"}, {("color", "choice")}),
        ({"name": "", "color": ""}, {("name", "blank"), ("color", "choice")}),
    ],
)
def test_every_fault_is_named(values: dict[str, Any], faults: set[tuple[str, str]]) -> None:
    with pytest.raises(RuleViolation) as refused:
        apply(RULES, values)
    assert {(each.field, each.code) for each in refused.value.faults} == faults
