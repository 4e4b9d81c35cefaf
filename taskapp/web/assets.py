"""Scripts, styles and icons, under addresses that change with them: to be kept for a year."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Response, send_from_directory

from taskapp.web.addresses import url_for

FOLDER = Path(__file__).with_name("static")
YEAR = 31_536_000


@cache
def fingerprint() -> str:
    """Changes with any of the files; scripts name one another, so they have one for all."""
    digest = hashlib.blake2b(digest_size=8)
    for file in sorted(FOLDER.iterdir()):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


def url_of(name: str) -> str:
    """The address of a file."""
    return url_for("web.asset", release=fingerprint(), name=name)


def send(release: str, name: str) -> Response:
    """A file, to be kept for a year if it is asked for by today's address."""
    fresh = release == fingerprint()
    response = send_from_directory(FOLDER, name, max_age=YEAR if fresh else 0)
    # Read here, since what is streamed is not compressed.
    response.direct_passthrough = False
    response.make_sequence()
    if fresh:
        response.cache_control.public = True
        response.cache_control.immutable = True
    return response
