"""What has to be done from time to time."""

import time

import click
from flask import current_app
from flask.cli import AppGroup

from taskapp import metrics
from taskapp.db import repeatable
from taskapp.engine import within
from taskapp.extensions import history_kept, trash_kept
from taskapp.services import history, idempotency, trash

jobs = AppGroup("jobs", help="Do what has to be done from time to time.")


@jobs.command("run")
def run_jobs() -> None:
    """Remove for good what has been kept for long enough. Run it once a day."""
    with within(0):  # after a long pause there may be much to remove
        removed = {
            "tasks from the trash": repeatable(lambda: trash.expire(keep=trash_kept())),
            "events from the history": repeatable(lambda: history.prune(keep=history_kept())),
            "idempotency keys": repeatable(idempotency.expire),
        }
    for what, count in removed.items():
        click.echo(f"Removed {count} {what}.")
    try:
        metrics.record_jobs(current_app.config["INSTANCE_DIR"], removed, time.time())
    except OSError as error:
        click.echo(f"The servers' metrics will not tell of it: {error}", err=True)
