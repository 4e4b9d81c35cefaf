"""taskapp.domain.tasks"""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from taskapp.domain.rules import Refused, storable
from taskapp.domain.tasks import DESCRIPTION_MOST, TITLE_MOST, description, title

from .refusals import attempt

texts = st.one_of(
    st.text(max_size=220),
    st.builds(
        "{}{}{}".format, st.text(" \t\n\x1c\u3000"), st.text(max_size=200), st.text(" \x85\u2029")
    ),
)


@given(texts)
@example("\x1c title \x1f")
@example("\u2028")
@example(" " + "x" * 200 + " ")
@example(" " + "x" * 201 + " ")
def test_a_title_is_refused_or_its_own_clean_form(text: str) -> None:
    cleaned, refused = attempt(title, text)
    if refused:
        assert refused.code in ("blank", "too_long", "control_character", "unstorable")
        assert refused.message
        return
    assert title(cleaned) == cleaned
    assert cleaned == text.strip()
    assert 1 <= len(cleaned) <= TITLE_MOST
    assert storable(cleaned) == cleaned
    cleaned.encode()


@given(st.text(max_size=300))
def test_a_description_is_kept_as_it_is_or_refused(text: str) -> None:
    kept, refused = attempt(description, text)
    assert refused.code == "unstorable" if refused else kept == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "blank"),
        (" \t\n\u3000", "blank"),
        ("x" * (TITLE_MOST + 1), "too_long"),
        ("two\nlines", "control_character"),
        ("a\tb", "control_character"),
        ("a\x7fb", "control_character"),
        ("a\x9fb", "control_character"),
        ("a\0b", "unstorable"),
        ("\0", "unstorable"),
        ("a\udc00", "unstorable"),
    ],
)
def test_these_are_no_titles(text: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        title(text)
    assert refused.value.code == code


def test_the_longest_title_and_description_are_kept() -> None:
    assert title("🙂" * TITLE_MOST) == "🙂" * TITLE_MOST
    assert description("\n" * DESCRIPTION_MOST) == "\n" * DESCRIPTION_MOST


def test_a_description_of_one_character_more_is_refused() -> None:
    with pytest.raises(Refused, match="10001 characters; shorten it to 10000"):
        description("x" * (DESCRIPTION_MOST + 1))


def test_a_description_may_be_missing() -> None:
    assert description(None) is None
    assert description("") == ""
