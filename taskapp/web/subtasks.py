"""Asking what is to become of open subtasks when what they belong to is completed."""

from flask import Response, request

from taskapp.domain.errors import Conflict
from taskapp.services.completion import SUBTASKS, Subtasks
from taskapp.web.blueprint import page


def said() -> Subtasks | None:
    """What somebody has answered."""
    return next((each for each in SUBTASKS if each == request.form.get("subtasks")), None)


def ask(error: Conflict, action: str, back: str, titles: tuple[str, ...] = ()) -> Response:
    """Show the question, with all that was sent; `back` is where somebody goes who gives up."""
    fields = [each for each in request.form.items(multi=True) if each[0] != "csrf_token"]
    context = {"action": action, "fields": fields, "back": back, "titles": titles}
    return page("web/subtasks.html", 409, error=error, **context)
