"""An installed Chromium, driven by playwright.

Law: no browser is ever downloaded; where there is none, `find_chromium` says so and tests skip.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# The first is Debian's Chromium without windows, which others draw all the same to show nobody; a
# test takes half the time in it.
PLACES = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str | None:
    """CHROMIUM, when set, is the only one looked at: a wrong path is an error, not a skip."""
    if forced := os.environ.get("CHROMIUM"):
        if shutil.which(forced) is None:
            raise RuntimeError(f"CHROMIUM is {forced!r}, which is no program.")
        return forced
    installed = (str(place) for place in PLACES if place.is_file())
    return next(filter(None, (*installed, *map(shutil.which, NAMES))), None)


@contextmanager
def chromium() -> Iterator["Browser"]:
    """Headless; ask `find_chromium` first, as it is an error when there is none."""
    # Here, so that a run without browser tests neither needs playwright nor waits for it.
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    program = find_chromium()
    if program is None:
        raise RuntimeError("No Chromium found: install it, or set CHROMIUM to its path.")
    with TemporaryDirectory(prefix="home-") as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=FLAGS,
            # Chromium leaves crash reports and caches in its user's home, whatever its profile.
            env={**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home},
            # On Ctrl-C it is closed by leaving this block, not under the tests by playwright.
            handle_sigint=False,
        )
        try:
            yield browser
        finally:
            browser.close()
