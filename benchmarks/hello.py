"""Flask with nothing in it: what the server and the framework cost by themselves."""

from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello() -> str:
    """Say hello."""
    return "hello"
