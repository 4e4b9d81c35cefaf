"""What belongs to the site as a whole: its files, its manifest, its help."""

from flask import Response, jsonify, redirect, url_for
from werkzeug import Response as BaseResponse

from taskapp.openapi import public
from taskapp.web import assets
from taskapp.web.blueprint import bp, page

# Each key, and what it does; the script reads them from the help sheet.
KEYS = (
    (
        "Tasks",
        (
            ("q", "Add a task"),
            ("/", "Search"),
            ("j", "Next task"),
            ("k", "Previous task"),
            ("x", "Select"),
            ("e or Space", "Complete, or open again"),
            ("Enter", "Open"),
            ("1 2 3", "Priority: high, medium, low"),
            ("4", "No priority"),
            ("t", "Due today"),
            ("d", "Edit, at the due date"),
            ("Shift J", "Move down"),
            ("Shift K", "Move up"),
            ("#", "Delete"),
            ("z", "Undo"),
        ),
    ),
    (
        "Places",
        (
            ("g i", "Inbox"),
            ("g t", "Today"),
            ("g u", "Upcoming"),
            ("g c", "Completed"),
            ("g p", "Projects"),
            ("g l", "Labels"),
            ("g o", "Open tasks"),
            ("g d", "Done"),
            ("g a", "All tasks"),
            ("g y", "Activity"),
            ("g r", "Trash"),
            ("g s", "Settings"),
            ("?", "This help"),
        ),
    ),
)


@bp.get("/static/<release>/<name>")
@public
def asset(release: str, name: str) -> Response:
    """A script, a style sheet or an icon."""
    return assets.send(release, name)


@bp.get("/favicon.ico")
@public
def favicon() -> BaseResponse:
    """The icon, for those who ask without reading the page."""
    return redirect(assets.url_of("icon.svg"))


@bp.get("/manifest.webmanifest")
@public
def manifest() -> Response:
    """What a phone needs to know to install this."""
    response = jsonify(
        name="taskapp",
        short_name="taskapp",
        id="/tasks",
        start_url=url_for("web.list_tasks"),
        display="standalone",
        background_color="#f7f6f3",
        theme_color="#2f6f5e",
        icons=[
            {"src": assets.url_of("icon.svg"), "sizes": "any", "type": "image/svg+xml"},
            {"src": assets.url_of("icon-192.png"), "sizes": "192x192", "type": "image/png"},
            {"src": assets.url_of("icon-512.png"), "sizes": "512x512", "type": "image/png"},
        ],
    )
    response.mimetype = "application/manifest+json"
    response.cache_control.public = True
    response.cache_control.max_age = 3600
    return response


@bp.get("/help")
@public
def show_help() -> Response:
    """Show the keys."""
    return page("web/help.html", groups=KEYS)
