"""How templates show things: icons, instants in a person's time zone, Markdown."""

import re
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import nh3
from flask import Blueprint
from lucide.jinja import lucide
from markdown_it import MarkdownIt
from markupsafe import Markup

from taskapp.auth.identity import current_browser
from taskapp.web import days
from taskapp.web.agents import recognise
from taskapp.web.story import Names, sentence

# The icons of the rows of lists: a page has their shapes once, and refers to them.
SYMBOLS = (
    *("check", "text-align-start", "corner-down-right", "calendar", "list-tree", "pencil"),
    *("trash-2", "grip-vertical", "arrow-up", "arrow-down", "arrow-left", "arrow-right"),
    "folder-input",
)
# What Markdown makes of plain text; anything else that somebody wrote as HTML is shown as text.
TAGS = {
    *("a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr"),
    *("li", "ol", "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
_markdown = MarkdownIt("js-default", {"linkify": True, "html": False, "breaks": True})
_markdown.disable("image")


def add_to(bp: Blueprint) -> None:
    """Let templates use them."""
    bp.add_app_template_filter(markdown)
    bp.add_app_template_filter(local)
    bp.add_app_template_filter(instant)
    bp.add_app_template_filter(recognise)
    bp.add_app_template_filter(days.due, "due")
    bp.add_app_template_filter(days.recently, "recently")
    bp.add_app_template_filter(day, "day")
    bp.add_app_template_filter(count, "up_to")
    bp.add_app_template_filter(icon)
    bp.add_app_template_filter(symbol)
    bp.add_app_template_global(symbols)
    bp.add_app_template_global(tell)


def markdown(text: str | None) -> Markup:
    """Markdown as HTML that cannot do anything; links open without telling where from."""
    tokens = _markdown.parse(text or "")
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            # The page has its one h1 already.
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
    html = nh3.clean(
        _markdown.renderer.render(tokens, _markdown.options, {}),
        tags=TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(html)  # noqa: S704 - nh3 has just cleaned it


def local(moment: datetime) -> str:
    """An instant as the one who is logged in says it, in their zone: 31 Jan 2026, 10:30."""
    here = moment.astimezone(ZoneInfo(current_browser().account.time_zone))
    return f"{here.day} {here:%b %Y, %H:%M}"


def day(value: date) -> str:
    """A day as the one who is logged in says it: Today, Wed 25 Nov."""
    return days.heading(value, days.today())


def count(number: int, most: int) -> str:
    """A number, or that it is as many and more."""
    return str(number) if number < most else f"{most - 1}+"


def tell(event: Any, names: Names) -> str:
    """What happened to a task, on its own page."""
    told = sentence(event, names, current_browser().account.time_zone)
    return told.replace(" of this task", "")


def instant(moment: datetime) -> str:
    """An instant for machines, and for those who want it exactly."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


@cache
def icon(name: str) -> Markup:
    """An icon of the Lucide set; what it stands for has to be said in words beside it."""
    attributes = {"aria-hidden": "true", "focusable": "false", "class": "icon"}
    return Markup(lucide(name, size=20, **attributes))  # noqa: S704 - from the package


def symbol(name: str) -> Markup:
    """The same icon by its name alone: its shape is in symbols(), which the page has to have."""
    if name not in SYMBOLS:
        raise ValueError(f"{name} is none of the symbols")
    use = '<svg class="icon" aria-hidden="true" focusable="false"><use href="#icon-{}"/></svg>'
    return Markup(use).format(name)  # noqa: S704 - of ours


@cache
def symbols() -> Markup:
    """The shapes of all icons that symbol() names."""
    shapes = [(name, re.sub(r"\s*</?svg[^>]*>\s*|\n\s*", "", lucide(name))) for name in SYMBOLS]
    each = [
        f'<symbol id="icon-{name}" viewBox="0 0 24 24">{shape}</symbol>' for name, shape in shapes
    ]
    return Markup("".join(each))  # noqa: S704 - from the package
