"""Takes the README's three screenshots anew: python docs/screenshots.py [FOLDER]

The application runs as in production, on a database that is gone afterwards, with the data of
`flask demo`. It needs a Chromium that is installed, and shows the fonts of whoever runs it.
"""

import logging
import secrets
import sys
from base64 import b64decode, b64encode
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from struct import pack
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zlib import compress, crc32
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flask_migrate import upgrade
from sqlalchemy import select

from config import Config
from taskapp import create_app
from taskapp.db import db, transaction
from taskapp.domain.actors import Actor
from taskapp.models import Task
from taskapp.services import accounts, demo
from tests.servers.browser import chromium
from tests.servers.web import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

EMAIL, PASSWORD = "ada@example.com", secrets.token_urlsafe(16)
ZONE = "Europe/Berlin"
# When the newest task was written down, and how many hours before it each of the others.
NEWEST = datetime(2026, 11, 20, 9, 42, tzinfo=ZoneInfo(ZONE))
HOURS_BEFORE = (0, 0.4, 15.2, 17.9, 21.3, 24.6, 40.1, 46.8, 63.5, 70.2, 88.7, 96.3, 112.4, 137.9)
DESK, PHONE = (1280, 800), (390, 844)
# The width, height and pixels of a PNG, as the browser reads it.
PIXELS = """async (png) => {
  const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
  const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  const url = await new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.readAsDataURL(new Blob([data]));
  });
  return [image.width, image.height, url.split(",")[1]];
}"""


def main() -> None:
    """Start, show, and leave three files in the folder."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="screenshots-") as instance:
        env = {"APP_ENV": "development", "INSTANCE_DIR": instance}
        fill(env)
        with serve(env) as address, chromium() as browser:
            with window(browser, address, DESK) as page:
                take(page, folder / "list-light.png")
            with window(browser, address, DESK, dark=True) as page:
                complete(page, "Return the borrowed drill")
                select_rows(page, "Call the dentist", "Plan the team lunch", "Repair the bicycle")
                take(page, folder / "list-dark.png")
                page.get_by_role("button", name="Undo").click()
                page.get_by_text("Undone.").wait_for()
            with window(browser, address, PHONE, scale=2) as page:
                choose_compact(page)
                take(page, folder / "list-phone.png")


def fill(env: dict[str, str]) -> None:
    """Make an account with the demonstration's tasks, written down over some days."""
    app = create_app(Config.from_env(env))
    logging.disable(logging.INFO)
    with app.app_context():
        upgrade()
        user = accounts.sign_up(EMAIL, PASSWORD, rounds=4, time_zone=ZONE)
        demo.fill(Actor(user.id))
        with transaction() as session:
            newest_first = session.scalars(select(Task).order_by(Task.id.desc()))
            for number, task in enumerate(newest_first):
                hours = HOURS_BEFORE[number] if number < len(HOURS_BEFORE) else 24.3 * number
                task.created_at = task.updated_at = NEWEST - timedelta(hours=hours)
        db.engine.dispose()


@contextmanager
def window(
    browser: "Browser", address: str, size: tuple[int, int], *, scale: int = 1, dark: bool = False
) -> "Iterator[Page]":
    """A window in which somebody has logged in and looks at the list."""
    context = browser.new_context(
        base_url=address,
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=scale,
        has_touch=scale > 1,
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        timezone_id=ZONE,
    )
    page = context.new_page()
    page.goto("/login?next=/tasks")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    page.wait_for_url("**/tasks")
    yield page
    context.close()


def complete(page: "Page", title: str) -> None:
    """Tick a task, and wait for the notice that offers Undo."""
    page.get_by_role("button", name=f"Complete “{title}”").click()
    page.get_by_role("button", name="Undo").wait_for()


def select_rows(page: "Page", *titles: str) -> None:
    """Tick the boxes of tasks."""
    for title in titles:
        page.locator(".task", has_text=title).locator(".select").check()


def choose_compact(page: "Page") -> None:
    """Ask for more rows on a screen, and return to the list."""
    page.goto("/settings")
    page.get_by_label("Compact").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Your settings are saved.").wait_for()
    page.goto("/tasks")


def take(page: "Page", file: Path) -> None:
    """Photograph what the window shows, with nothing focused and nothing pointed at."""
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(1, page.viewport_size["height"] - 1 if page.viewport_size else 0)
    page.wait_for_load_state("networkidle")
    picture = page.screenshot(animations="disabled", caret="hide")
    file.write_bytes(packed(page, picture))


def packed(page: "Page", picture: bytes) -> bytes:
    """The same pixels, in a PNG that is a quarter smaller than Chromium's.

    Chromium filters each line, which is good for photographs and bad for text on plain ground.
    """
    blank = page.context.new_page()
    width, height, encoded = blank.evaluate(PIXELS, b64encode(picture).decode())
    blank.close()
    pixels = bytearray(b64decode(encoded))
    del pixels[3::4]  # opacity
    line = 3 * width
    lines = b"".join(b"\0" + pixels[at : at + line] for at in range(0, len(pixels), line))
    header = pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        pack(">I", len(data)) + kind + data + pack(">I", crc32(kind + data)) for kind, data in parts
    )


if __name__ == "__main__":
    main()
