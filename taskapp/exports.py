"""All of an account as one JSON document: to a file, or as a download, whichever door asks for it.

It is written a row at a time, whole, before any of it is sent. So however slowly it is fetched, no
connection to the database is held meanwhile, and what fails on the way is an error and no half.
"""

from collections.abc import Iterator
from datetime import timedelta
from tempfile import SpooledTemporaryFile
from typing import IO

from flask import Response

from taskapp.db import now
from taskapp.domain.actors import Actor
from taskapp.rest import JSON, dump, render
from taskapp.schemas.export import ABOUT, FORMAT, LISTS, VERSION
from taskapp.schemas.users import UserSchema
from taskapp.services import export

# What is larger is kept in a temporary file, not in memory.
MEMORY_MOST = 1024 * 1024


def write(actor: Actor, out: IO[bytes], *, keep: timedelta) -> None:
    """Write the document, as schemas.export describes it, one row a line."""
    with export.everything(actor, keep=keep) as found:
        head = {"format": FORMAT, "version": VERSION, "about": ABOUT, "exported_at": now()}
        head["account"] = render(found.account, UserSchema)
        out.write(dump(head).removesuffix(b"}\n"))
        for name, schema in LISTS.items():
            out.write(b',\n"%s":[' % name.encode())
            separator = b"\n"
            for row in found.lists[name]:
                out.write(separator + dump(render(row, schema)).removesuffix(b"\n"))
                separator = b",\n"
            out.write(b"]")
        out.write(b"}\n")


def download(actor: Actor, *, keep: timedelta) -> Response:
    """The document as a file for a browser or a program to keep."""
    file = SpooledTemporaryFile(MEMORY_MOST)  # noqa: SIM115 - it is closed with the response
    try:
        write(actor, file, keep=keep)
    except BaseException:
        file.close()
        raise
    response = Response(content_type=JSON)
    response.content_length = file.tell()
    response.headers["Content-Disposition"] = (
        f'attachment; filename="taskapp-{now():%Y-%m-%d}.json"'
    )
    file.seek(0)
    response.response = _chunks(file)
    response.call_on_close(file.close)
    return response


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while data := file.read(65536):
            yield data
