"""taskapp.domain.emails"""

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from taskapp.domain.emails import EMAIL_MOST, normalise

from .refusals import attempt

# Letters that have one capital, and that this capital has in turn: otherwise (sharp s, long s, the
# two small sigmas) capitals are another spelling.
PAIRED = "".join(
    letter
    for letter in map(chr, range(0x61, 0x0600))
    if letter.isalpha()
    and letter != "\u03c3"
    and letter.upper().lower() == letter != letter.upper()
)
local_parts = st.text(PAIRED + "0123456789+_-'", min_size=1, max_size=40)
domains = st.sampled_from(["example.com", "bücher.example.com", "почта.рф", "例子.中国"])
addresses = st.builds("{}@{}".format, local_parts, domains)
wild = st.one_of(
    st.text(max_size=80),
    st.builds("{}@{}".format, st.text(max_size=80), st.text(max_size=80)),
    st.builds("{}@example.com".format, st.text(min_size=1, max_size=80)),
    st.builds("ada@{}.com".format, st.text(min_size=1, max_size=40)),
    st.emails(),
)


@given(wild)
@example("İ" * 64 + "@example.com")
@example("ada@example.com\0")
@example("ada@xn--\ud800.com")
@example("ada@" + "x" * 70 + ".com")
@example("Å@example.com")
@example("ada@İstanbul.com")
@example("ada@faß.de")
def test_an_address_is_refused_or_its_own_normal_form(text: str) -> None:
    address, refused = attempt(normalise, text)
    if refused:
        assert refused.code in ("email", "too_long")
        assert refused.message
        return
    assert normalise(address) == address
    assert len(address) <= EMAIL_MOST
    assert "\0" not in address
    address.encode()


@given(addresses)
def test_case_makes_no_difference(address: str) -> None:
    kept, _ = attempt(normalise, address)
    assume(kept)
    assert normalise(address.upper()) == kept
    assert normalise(address.swapcase()) == kept
    assert normalise(address.title()) == kept


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada@example.com", "ada+tasks@example.com"),
        ("ada.l@example.com", "adal@example.com"),
        ("ada@example.com", "ada@example.org"),
        ("ada@straße.de", "ada@strasse.de"),
        ("\u0430da@example.com", "ada@example.com"),  # a Cyrillic a
    ],
)
def test_these_are_different_addresses(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


def test_a_domain_is_kept_in_unicode_whichever_way_it_is_written() -> None:
    assert normalise("ada@xn--80a1acny.xn--p1ai") == normalise("ada@почта.рф") == "ada@почта.рф"


def test_no_mail_server_is_asked() -> None:
    assert normalise("ada@no-such-domain-anywhere.com") == "ada@no-such-domain-anywhere.com"
