"""What it was measured on, and with."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.compare.systems import PEER_PYTHON

OURS = ("flask", "werkzeug", "sqlalchemy", "psycopg", "gunicorn", "orjson", "marshmallow")
PEER = ("fastapi", "starlette", "pydantic", "sqlmodel", "sqlalchemy", "asyncpg", "uvicorn")
PEER_MORE = ("uvloop", "httptools")


def describe(database: str, *, peer: bool) -> str:
    """A list of facts, in Markdown."""
    facts = {
        "when": f"{datetime.now(UTC):%-d %B %Y, %H:%M} UTC",
        "machine": f"{os.cpu_count()} processors, {_word('cpuinfo', 'model name')}, "
        f"{int(_word('meminfo', 'MemTotal').split()[0]) / 2**20:.0f} GiB, "
        f"Linux {platform.release()}, load {os.getloadavg()[0]:.1f} at the end",
        "database": database,
        "Python": platform.python_version(),
        "ours": _list({name: version(name) for name in OURS}),
    }
    if peer:
        facts["peer"] = _list(_versions_of_peer())
    return "\n".join(f"- {name}: {fact}" for name, fact in facts.items())


def _versions_of_peer() -> dict[str, str]:
    names = [*PEER, *PEER_MORE]
    program = "import importlib.metadata as m, json, sys; " + (
        "print(json.dumps({name: m.version(name) for name in sys.argv[1:]}))"
    )
    said = subprocess.check_output([PEER_PYTHON, "-c", program, *names], text=True)
    found: dict[str, str] = json.loads(said)
    return found


def _list(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in versions.items())


def _word(file: str, name: str) -> str:
    for line in Path("/proc", file).read_text().splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return "0 unknown"
