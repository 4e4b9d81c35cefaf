"""The whole application, put together."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask.typing import ResponseReturnValue

from taskapp import cli, error_handlers, extensions, health, middleware, web
from taskapp.api import bulk, docs, export, history, labels, projects, tasks, trash
from taskapp.auth import account, identity, views
from taskapp.db import repeatable
from taskapp.rest import IdConverter

API = (
    *(views.bp, account.bp),
    *(tasks.bp, bulk.bp, trash.bp, projects.bp, projects.sections, labels.bp),
    *(history.changes, history.activity, history.acts, export.bp),
)


class TaskApp(Flask):
    """Flask, whose views are asked again when the database lost what they did.

    What a view leaves elsewhere bears that. The body and the form are read once and kept; the
    limits of failures count by the answer that is sent; a login and a notice come after a commit.
    """

    def dispatch_request(self) -> ResponseReturnValue:
        """Call the view."""
        return repeatable(super().dispatch_request)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The same: no view or hook here is a coroutine, which Flask looks for at each call."""
        return func


def create_app(config: Any) -> Flask:
    """An application of its own, with the settings that `config` has as attributes."""
    app = TaskApp("taskapp", instance_path=str(config.INSTANCE_DIR), static_folder=None)
    app.config.from_object(config)
    app.url_map.converters["id"] = IdConverter
    # An address has one spelling; another is not found, and not led astray by a redirect.
    app.url_map.merge_slashes = False
    middleware.init_app(app)
    extensions.init_app(app)
    identity.init_app(app)
    for bp in API:
        extensions.api.register_blueprint(bp)
        # A token is not sent by a browser on its own, as a cookie is.
        extensions.csrf.exempt(bp)
    app.register_blueprint(docs.bp)
    app.register_blueprint(web.bp)
    health.init_app(app)
    error_handlers.init_app(app)
    cli.init_app(app)
    return app
