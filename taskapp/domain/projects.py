"""What projects, their sections and labels may be called, and how they look."""

import unicodedata

from taskapp.domain.rules import Rule, any_value, line, one_of

NAME_MOST = 100
COLORS = ("grey", "red", "orange", "yellow", "green", "teal", "blue", "violet", "pink")

name = line(NAME_MOST, "Give it a name.")


def label_key(text: str) -> str:
    """What two labels of one person may not share: the name, whatever its case and spelling."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


RULES: dict[str, Rule] = {
    "name": name,
    "color": one_of(*COLORS),
    "archived": any_value,
    "project_id": any_value,
}
