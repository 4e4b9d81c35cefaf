"""Whether requests could be served."""

import sys

import click
from flask import current_app
from flask.cli import with_appcontext

from taskapp.readiness import SENTENCES, probe


@click.command("ready")
@with_appcontext
def tell_readiness() -> None:
    """Say whether the database answers, and has the schema of this release.

    Ends with 1 when it has not, and with 2 when it does not answer.
    """
    state = probe(current_app.config["SQLALCHEMY_DATABASE_URI"])
    click.echo(SENTENCES[state])
    sys.exit({"behind": 1, "unreachable": 2}.get(state, 0))
