"""Every address of the pages, from the application's own map, so that none is forgotten."""

import re
from dataclasses import dataclass

from flask import Flask

PUBLIC = {"web.home", "web.show_help", "web.show_log_in", "web.show_sign_up"}
FILES = {"web.asset", "web.favicon", "web.manifest"}
DOWNLOADS = {"web.download_export"}


@dataclass(frozen=True)
class Route:
    """One view, and its address with places for ids."""

    endpoint: str
    path: str
    is_own: bool  # it names something that belongs to somebody

    def at(self, number: int) -> str:
        """Its address with that id."""
        return self.path.format(number)


def pages(app: Flask) -> list[Route]:
    """What shows a page, files left out."""
    return [each for each in _routes(app, "GET") if each.endpoint not in FILES | DOWNLOADS]


def actions(app: Flask) -> list[Route]:
    """What changes something."""
    found = _routes(app, "POST")
    assert len(found) >= 18, "some of the forms are missing"
    return found


def _routes(app: Flask, method: str) -> list[Route]:
    rules = [
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("web.") and method in (rule.methods or ())
    ]
    paths = {rule.endpoint: re.sub("<[^>]*>", "{}", rule.rule) for rule in rules}
    return [Route(endpoint, path, "{}" in path) for endpoint, path in sorted(paths.items())]
