"""What a person may choose for themselves."""

from zoneinfo import available_timezones

from taskapp.domain.rules import Refused, Rule, any_value, one_of

# Names that mean the zone of whatever machine this is, or none, are no answer to "where are you".
TIME_ZONES = frozenset(available_timezones() - {"Factory", "localtime"})
THEMES = ("system", "light", "dark")
DENSITIES = ("comfortable", "compact")


def time_zone(name: str) -> str:
    """A name of the IANA time zone database."""
    if name not in TIME_ZONES:
        raise Refused("choice", "Is no time zone; use a name like Europe/Berlin.")
    return name


RULES: dict[str, Rule] = {
    "time_zone": time_zone,
    "theme": one_of(*THEMES),
    "density": one_of(*DENSITIES),
    "shortcuts": any_value,
}
