"""taskapp: a task manager for many people.

Three doors - JSON (`auth`, `api`), HTML (`web`) and the command line (`cli`) - open onto one set
of use-cases (`services`), which are the only code that changes data.
"""

from typing import Any

from flask import Flask
from werkzeug.utils import import_string


def create_app(config: Any) -> Flask:
    """An application of its own, with the settings that `config` has as attributes."""
    # Imported when called: whoever imports one room of the package does not wait for all others.
    app: Flask = import_string("taskapp.factory.create_app")(config)
    return app
