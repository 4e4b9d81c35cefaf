"""The application as servers and the `flask` command find it."""

import sys

from flask import Flask

from config import Config
from taskapp import cli, create_app

config = Config.from_env()
if sys.argv[1:] == ["--help"]:
    # To list the commands takes no more than their names; the whole would take four times as long.
    app = Flask("taskapp")
    cli.init_app(app)
else:
    app = create_app(config)
