"""taskapp with one more address, whose answer the database takes a second for."""

from flask import Response
from sqlalchemy import func, select

from config import Config
from taskapp import create_app
from taskapp.db import fetch
from taskapp.openapi import public

app = create_app(Config.from_env())


@app.get("/sleep")
@public
def sleep() -> Response:
    """Wait for the database as any view does."""
    fetch(select(func.pg_sleep(1)))
    return Response("slept")
