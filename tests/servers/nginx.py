"""nginx with the example of deploy/, on loopback.

Law: of the example only addresses and paths are changed; all that it writes is in one folder.
"""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from .processes import free_port, running

EXAMPLE = Path(__file__).parents[2] / "deploy" / "nginx.conf"
NAME = "tasks.example.com"
AROUND = """
daemon off;
{user}
pid {folder}/pid;
error_log {folder}/log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/taskapp.conf;
}}
"""


@dataclass(frozen=True)
class Proxy:
    """The ports of the two addresses."""

    plain: int
    tls: int


@contextmanager
def nginx(upstream: str) -> Iterator[Proxy]:
    """Yield it before the server at `upstream`, a host and a port."""
    proxy = Proxy(free_port(), free_port())
    with TemporaryDirectory(prefix="nginx-", dir="/tmp") as name:
        folder = Path(name)
        _certify(folder)
        (folder / "taskapp.conf").write_text(_adapted(folder, proxy, upstream))
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user=user))
        with running(
            [_find_program(), "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "log"],
            ready=lambda: _listens(proxy.tls),
            log=folder / "output",
            cwd=folder,
            env={},
        ):
            yield proxy


def _adapted(folder: Path, proxy: Proxy, upstream: str) -> str:
    text = EXAMPLE.read_text()
    for example, here in {
        "server 127.0.0.1:8000": f"server {upstream}",
        "listen 80;": f"listen 127.0.0.1:{proxy.plain};",
        "listen 443 ssl": f"listen 127.0.0.1:{proxy.tls} ssl",
        f"/etc/letsencrypt/live/{NAME}": str(folder),
        "/var/cache/nginx/taskapp": f"{folder}/cache",
    }.items():
        assert example in text, example
        text = text.replace(example, here)
    return text


def _certify(folder: Path) -> None:
    subject = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    files = ["-keyout", f"{folder}/privkey.pem", "-out", f"{folder}/fullchain.pem"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    subprocess.run(
        ["openssl", "req", "-x509", *kind, *subject, *files], check=True, capture_output=True
    )


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _find_program() -> Path:
    """The installed one; on Debian it is not on everybody's PATH."""
    if found := shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin"):
        return Path(found)
    raise RuntimeError("No nginx found: install nginx.")
