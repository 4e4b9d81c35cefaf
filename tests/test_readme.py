"""The README is true: what it shows happens, and what it names is there."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from flask_migrate import upgrade

from .conftest import NewApp, NewDatabase, environment
from .servers.web import serve

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def block(language: str, holding: str) -> str:
    """The fenced block of that language that holds a text."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    [found] = [each for each in blocks if holding in each]
    return str(found)


def without_times(text: str) -> str:
    """A text in which every instant is the same, and every rank that is made from one."""
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "<instant>", text)
    return re.sub(r'"rank":"p\d{16}"', '"rank":"<rank>"', text)


def test_the_curl_session_gives_what_the_readme_shows(
    new_database: NewDatabase, new_app: NewApp, tmp_path: Path
) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    url = new_database()
    with new_app(url).app_context():
        upgrade()
    session = block("sh", "curl -s $api/auth/signup")
    with serve(environment(url, tmp_path)) as server:
        script = session.replace("http://127.0.0.1:8000", server)
        done = subprocess.run(
            ["sh", "-c", script], capture_output=True, text=True, timeout=60, check=True
        )
    assert without_times(done.stdout) == without_times(block("json", '"title":"Write to Grace"'))


def test_every_room_in_the_map_is_there() -> None:
    rows = re.findall(r"^\| (`.*?`) \|", README, re.MULTILINE)
    rooms = [name for row in rows for name in re.findall(r"`([^`]*)`", row) if not name.isupper()]
    assert len(rooms) > 15
    missing = [
        name
        for name in rooms
        if not (ROOT / name).exists() and not (ROOT / "taskapp" / name).exists()
    ]
    assert not missing


def test_every_verb_that_is_shown_is_in_the_makefile() -> None:
    verbs = set(re.findall(r"^make (\w+)|`make (\w+)", README, re.MULTILINE))
    makefile = (ROOT / "Makefile").read_text()
    for verb in {one or two for one, two in verbs}:
        assert re.search(rf"^{verb}:", makefile, re.MULTILINE), verb
