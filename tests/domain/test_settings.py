"""What a person may choose for themselves."""

import pytest

from taskapp.domain import rules
from taskapp.domain.errors import RuleViolation
from taskapp.domain.settings import DENSITIES, RULES, THEMES


def faults(**values: object) -> list[tuple[str, str]]:
    """Each field that is refused, and the code of the refusal."""
    try:
        rules.apply(RULES, values)
    except RuleViolation as error:
        return [(fault.field, fault.code) for fault in error.faults]
    return []


@pytest.mark.parametrize(
    "name", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+12"]
)
def test_a_time_zone_of_the_iana_database_is_kept_as_it_is(name: str) -> None:
    assert rules.apply(RULES, {"time_zone": name}) == {"time_zone": name}


@pytest.mark.parametrize(
    "name",
    ["", "Mars/Olympus", "europe/berlin", " UTC", "UTC\0", "+02:00", "../UTC", "/etc/localtime"],
)
def test_anything_else_is_no_time_zone(name: str) -> None:
    assert faults(time_zone=name) == [("time_zone", "choice")]


@pytest.mark.parametrize("theme", THEMES)
def test_a_theme_is_one_of_three(theme: str) -> None:
    assert faults(theme=theme) == []


@pytest.mark.parametrize("density", DENSITIES)
def test_a_density_is_one_of_two(density: str) -> None:
    assert faults(density=density) == []


@pytest.mark.parametrize("field", ["theme", "density"])
@pytest.mark.parametrize("value", ["", "Dark", "COMPACT", "dark ", "none"])
def test_another_word_is_refused(field: str, value: str) -> None:
    assert faults(**{field: value}) == [(field, "choice")]


def test_all_that_is_wrong_is_named_at_once() -> None:
    wrong = faults(time_zone="x", theme="x", density="x", shortcuts=False)
    assert wrong == [("time_zone", "choice"), ("theme", "choice"), ("density", "choice")]
