"""The application as servers and the `flask` command find it."""

from config import Config
from taskapp import create_app

app = create_app(Config.from_env())
