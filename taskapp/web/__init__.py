"""The HTML door: pages and forms for people with a browser.

Every action is a link or a form that works without a script; scripts send the same forms.
"""

from taskapp.web import (
    accounts,
    activity,
    bulk,
    labels,
    navigation,
    projects,
    rows,
    sections,
    settings,
    site,
    tasks,
    trash,
    views,
)
from taskapp.web.blueprint import bp

__all__ = [
    "accounts",
    "activity",
    "bp",
    "bulk",
    "labels",
    "navigation",
    "projects",
    "rows",
    "sections",
    "settings",
    "site",
    "tasks",
    "trash",
    "views",
]
