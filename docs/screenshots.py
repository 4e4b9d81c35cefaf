"""Takes the README's three screenshots anew: python docs/screenshots.py [FOLDER]

The application runs as in production, on a database that is gone afterwards, with the data of
`flask demo`. It needs a Chromium that is installed, and shows the fonts of whoever runs it.
"""

import logging
import secrets
import sys
from base64 import b64decode, b64encode
from contextlib import contextmanager
from pathlib import Path
from struct import pack
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zlib import compress, crc32

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flask_migrate import upgrade

from config import Config
from taskapp import create_app
from taskapp.db import db, now
from taskapp.domain.actors import Actor
from taskapp.services import accounts, demo
from tests.servers.browser import chromium
from tests.servers.web import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

EMAIL, PASSWORD = "ada@example.com", secrets.token_urlsafe(16)
MORNING = 9
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
                take(page, folder / "today.png")
            with window(browser, address, DESK, dark=True) as page:
                open_board(page, "Moving house")
                take(page, folder / "board.png")
            with window(browser, address, PHONE, scale=2) as page:
                take(page, folder / "phone.png")


def fill(env: dict[str, str]) -> None:
    """Make an account with the demonstration, where the day has just begun."""
    app = create_app(Config.from_env(env))
    logging.disable(logging.INFO)
    with app.app_context():
        upgrade()
        user = accounts.sign_up(EMAIL, PASSWORD, rounds=4, time_zone=where_it_is_morning())
        demo.fill(Actor(user.id))
        db.engine.dispose()


def where_it_is_morning() -> str:
    """A time zone in which nothing that is due today is late yet."""
    east = (MORNING - now().hour + 12) % 24 - 12
    return f"Etc/GMT{-east:+d}" if east else "Etc/GMT"  # the sign means west


@contextmanager
def window(
    browser: "Browser", address: str, size: tuple[int, int], *, scale: int = 1, dark: bool = False
) -> "Iterator[Page]":
    """A window in which somebody has logged in and looks at what is to be done today."""
    context = browser.new_context(
        base_url=address,
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=scale,
        has_touch=scale > 1,
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto("/login?next=/today")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    page.wait_for_url("**/today")
    yield page
    context.close()


def open_board(page: "Page", name: str) -> None:
    """Show a project as a board."""
    page.get_by_role("navigation", name="Places").get_by_role("link", name=name).click()
    page.get_by_role("link", name="Board").click()
    page.locator(".board").wait_for()


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
