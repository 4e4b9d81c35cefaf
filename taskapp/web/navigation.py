"""The navigation around every page: drawn from all that it shows, and remembered by that."""

from functools import lru_cache
from typing import NamedTuple

from flask import current_app, g, request
from jinja2.environment import TemplateModule
from markupsafe import Markup

from taskapp.db import AnyRow
from taskapp.web.blueprint import bp, overview

# As many are remembered, each of ten kilobytes or so.
DRAWN_KEPT = 512


class Shown(NamedTuple):
    """All that the navigation shows, and which page it is on."""

    # The path below which the site is.
    root: str
    path: str
    endpoint: str
    inbox: int
    today: int
    projects: tuple[AnyRow, ...]
    labels: tuple[AnyRow, ...]


class Drawn(NamedTuple):
    """Its parts: places, projects and labels; what stands below them; and the bar of a phone."""

    places: Markup
    last: Markup
    bar: Markup


@bp.app_template_global()
def navigation() -> Drawn:
    """The navigation of the page, but for what is sent with a form."""
    if "navigation" not in g:
        known = overview()
        shown = Shown(
            request.root_path,
            request.path,
            request.endpoint or "",
            known.inbox,
            known.today,
            tuple(known.projects.values()),
            tuple(known.labels.values()),
        )
        g.navigation = _draw(_module(), shown)
    drawn: Drawn = g.navigation
    return drawn


def _module() -> TemplateModule:
    return current_app.jinja_env.get_template("web/_navigation.html").module


@lru_cache(maxsize=DRAWN_KEPT)
def _draw(module: TemplateModule, shown: Shown) -> Drawn:
    parts = (getattr(module, name)(shown) for name in Drawn._fields)
    return Drawn(*parts)
