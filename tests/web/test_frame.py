"""What surrounds the pages: headers, fragments, files, the manifest, and what all of it costs"""

import gzip
import json
import struct
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask

from taskapp.db import db
from taskapp.web import assets

from ..callers import Caller
from .browser import Browser
from .markup import parse
from .routes import FILES, pages
from .test_errors import statements

FOLDER = Path(assets.__file__).with_name("static")
DIRECTIVES = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}


def address_of(file: str, browser: Browser) -> str:
    """Where a file is today."""
    browser.open("/help")
    return browser.page.one("link", rel="stylesheet").get("href").replace("app.css", file)


def test_every_page_is_for_nobody_else_and_runs_nothing_foreign(
    app: Flask, alice: Caller, browser: Browser, visitor: Browser
) -> None:
    task_id = alice.add_task()["id"]
    for who in (browser, visitor):
        for route in pages(app):
            who.open(route.at(task_id))
            headers = who.response.headers
            assert headers["Cache-Control"] == "no-store", route
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "same-origin"
            assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert headers["Strict-Transport-Security"].startswith("max-age=")
            assert "Server" not in headers or "/" not in headers["Server"]
            policy = headers["Content-Security-Policy"]
            assert "unsafe" not in policy
            assert "http" not in policy
            assert "*" not in policy
            if who.status == 200:
                assert set(policy.split("; ")) >= DIRECTIVES, route


def test_no_page_has_a_script_or_style_inside_it_or_asks_another_host(
    app: Flask, alice: Caller, browser: Browser
) -> None:
    task_id = alice.add_task()["id"]
    for route in pages(app):
        browser.open(route.at(task_id))
        for each in browser.page.walk():
            assert "style" not in each.attributes, route
            assert not any(name.startswith("on") for name in each.attributes), route
            assert each.tag != "style"
            assert each.tag != "script" or (each.get("src") and not each.text)
            for name in ("src", "href"):
                if each.tag != "a" and name in each.attributes:
                    url = each.get(name)
                    assert url.startswith(("/", "#")), (route, url)
                    assert not url.startswith("//")


def test_a_page_asks_for_six_files_at_most(alice: Caller, browser: Browser) -> None:
    alice.add_task()
    browser.visit("/tasks")
    links = [link.get("rel") for link in browser.page.all("link")]
    # That icon is asked for when somebody puts the page on a phone's home screen.
    links.remove("apple-touch-icon")
    assert len(links) + len(browser.page.all("script")) <= 5


def test_ids_stand_once_and_labels_lead_to_fields(
    app: Flask, alice: Caller, browser: Browser, visitor: Browser
) -> None:
    task_id = alice.add_task("a", description="b")["id"]
    alice.add_task("c")
    alice.delete(f"/tasks/{alice.add_task('d')['id']}")
    for who in (browser, visitor):
        for route in pages(app):
            who.open(route.at(task_id))
            ids = [each.get("id") for each in who.page.all(id=True)]
            assert len(ids) == len(set(ids)), route
            for name in ("for", "aria-describedby", "aria-labelledby", "form"):
                for each in who.page.walk():
                    assert set(each.get(name).split()) <= set(ids), (route, each.attributes)
            for each in who.page.all("use"):
                assert each.get("href").removeprefix("#") in ids, route
            for each in who.page.all("button"):
                filled_by_script = any("hidden" in around.attributes for around in each.around())
                assert each.name or filled_by_script, route
            for form in who.page.all("form", method="post"):
                assert form.all("input", name="csrf_token"), route


def test_a_fragment_is_title_notices_content_and_what_the_places_say_now(
    app: Flask, alice: Caller, browser: Browser
) -> None:
    task_id = alice.add_task()["id"]
    for route in pages(app):
        # A page of an error names its request, another each time.
        if route.endpoint == "web.home" or browser.open(route.at(task_id)) != 200:
            continue
        whole, main = browser.page, browser.response.text.split("<main")[1].split("</main>")[0]
        browser.open(route.at(task_id), headers={"X-Fragment": "1"})
        part = browser.page
        tags = [each.tag for each in part.children if not isinstance(each, str)]
        assert tags == ["title", "div", "main", "nav", "nav"], route
        for place in ("side", "bar"):
            assert part.one(id=place).text == whole.one(id=place).text
        assert part.one("title").text == whole.one("title").text
        assert part.one(id="notices").get("role") == "status"
        assert part.one("main").text == parse(f"<main{main}</main>").text, route
        assert "X-Fragment" in browser.response.headers["Vary"]
        assert "Content-Security-Policy" in browser.response.headers


def test_a_fragment_brings_the_notice_and_its_undo_along(alice: Caller, browser: Browser) -> None:
    task_id = alice.add_task()["id"]
    browser.post(f"/tasks/{task_id}/delete")
    browser.open("/tasks", headers={"X-Fragment": "1"})
    assert browser.notices() == ["Moved “Write to Grace” to the trash."]
    assert browser.button("Undo").name == "Undo"
    browser.open("/tasks", headers={"X-Fragment": "1"})
    assert browser.notices() == []


def test_a_file_is_kept_for_a_year_under_todays_address(visitor: Browser) -> None:
    for file in FOLDER.iterdir():
        assert visitor.open(address_of(file.name, visitor)) == 200, file
        headers = visitor.response.headers
        assert {each.strip() for each in headers["Cache-Control"].split(",")} == {
            "public",
            "max-age=31536000",
            "immutable",
        }
        assert visitor.response.data == file.read_bytes()
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in headers


def test_a_file_is_the_same_for_everybody(browser: Browser, visitor: Browser) -> None:
    paths = [address_of(file.name, visitor) for file in FOLDER.iterdir()]
    for who in (browser, visitor):
        for path in [*paths, "/static/old/app.css", "/favicon.ico", "/manifest.webmanifest"]:
            who.open(path)
            assert "Cookie" not in who.response.headers.get("Vary", ""), path
            assert "Set-Cookie" not in who.response.headers, path
        who.open("/help")
        assert "Cookie" in who.response.headers["Vary"]


def test_a_file_is_of_the_type_that_browsers_want(visitor: Browser) -> None:
    for name, kind in (("app.css", "text/css"), ("app.js", "text/javascript")):
        visitor.open(address_of(name, visitor))
        assert visitor.response.mimetype == kind


@pytest.mark.parametrize("release", ["0" * 16, "x", "%00"])
def test_under_another_address_a_file_is_not_kept(visitor: Browser, release: str) -> None:
    status = visitor.open(f"/static/{release}/app.css")
    cache = visitor.response.headers["Cache-Control"]
    assert status == 404 or ("immutable" not in cache and "31536000" not in cache)


@pytest.mark.parametrize(
    "name", ["nothing.css", "..%2fassets.py", "%2e%2e%2fassets.py", "....//x", "%00", "."]
)
def test_no_other_file_is_served(visitor: Browser, name: str) -> None:
    path = address_of("app.css", visitor).replace("app.css", name)
    assert visitor.open(path) == 404


def test_an_unchanged_file_is_not_sent_again(visitor: Browser) -> None:
    path = address_of("app.css", visitor)
    visitor.open(path)
    etag = visitor.response.headers["ETag"]
    assert visitor.open(path, headers={"If-None-Match": etag}) == 304


def test_pages_and_files_are_compressed_when_asked(alice: Caller, browser: Browser) -> None:
    for number in range(20):
        alice.add_task(f"task {number}")
    for path in ("/tasks", address_of("app.css", browser)):
        browser.open(path)
        plain = browser.response.data
        browser.open(path, headers={"Accept-Encoding": "gzip"})
        headers = browser.response.headers
        assert "Content-Encoding" not in headers or headers["Content-Encoding"] == "gzip"
        if len(plain) > 1000:
            assert headers["Content-Encoding"] == "gzip", path
            assert "Accept-Encoding" in headers["Vary"]
            assert len(browser.response.data) < len(plain)
            if path != "/tasks":  # which has another token each time
                assert gzip.decompress(browser.response.data) == plain


def test_the_manifest_names_icons_that_are_there(visitor: Browser) -> None:
    visitor.open("/help")
    visitor.open(visitor.page.one("link", rel="manifest").get("href"))
    assert visitor.response.mimetype == "application/manifest+json"
    assert "max-age" in visitor.response.headers["Cache-Control"]
    manifest = json.loads(visitor.response.text)
    assert {"name", "short_name", "start_url", "display", "icons"} <= manifest.keys()
    assert manifest["display"] == "standalone"
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}
    for icon in manifest["icons"]:
        assert visitor.open(icon["src"]) == 200, icon
        assert visitor.response.mimetype == icon["type"]
        if icon["type"] == "image/png":
            data = visitor.response.data
            assert data.startswith(b"\x89PNG\r\n\x1a\n")
            size = "{}x{}".format(*struct.unpack(">II", data[16:24]))
            assert size == icon["sizes"]


def test_the_icon_is_found_without_reading_the_page(visitor: Browser) -> None:
    visitor.open("/favicon.ico")
    path = urlsplit(visitor.response.headers["Location"]).path
    assert visitor.open(path) == 200
    assert visitor.response.mimetype == "image/svg+xml"


def test_files_are_for_everybody(app: Flask) -> None:
    for endpoint in FILES:
        assert getattr(app.view_functions[endpoint], "is_public", False)


def test_twenty_sections_take_no_more_queries_than_one(
    app: Flask, alice: Caller, browser: Browser
) -> None:
    project = alice.add("/projects", name="Home")["id"]

    def add(number: int) -> None:
        section = alice.add("/sections", name=f"{number}", project_id=project)["id"]
        alice.add_task(f"task {number}", project_id=project, section_id=section)

    def asked() -> list[str]:
        with app.app_context():
            engine = db.engine
        with statements(engine) as seen:
            browser.visit(f"/projects/{project}?view=board")
        return [each for each in seen if not each.startswith(("BEGIN", "COMMIT"))]

    add(0)
    one = len(asked())
    for number in range(1, 20):
        add(number)
    assert len(asked()) == one <= 5
    assert browser.titles() == [f"task {number}" for number in range(20)]


@pytest.mark.parametrize("path", ["/tasks?show=all", "/tasks?q=task&show=all", "/trash"])
def test_fifty_tasks_take_no_more_queries_than_one(
    app: Flask, alice: Caller, browser: Browser, path: str
) -> None:
    def add(number: int) -> None:
        alice.add_task(f"task {number}", description="x")
        alice.delete(f"/tasks/{alice.add_task('trashed')['id']}")

    def asked() -> int:
        with app.app_context():
            engine = db.engine
        with statements(engine) as seen:
            browser.visit(path)
        return len([each for each in seen if not each.startswith(("BEGIN", "COMMIT"))])

    add(0)
    one = asked()
    for number in range(1, 50):
        add(number)
    assert asked() == one <= 4
    assert len(browser.titles()) == 50


def test_a_page_of_50_tasks_with_its_style_and_scripts_weighs_less_than_40_kb(
    alice: Caller, browser: Browser
) -> None:
    for number in range(50):
        title = f"Write to Grace about chapter {number} of the compiler book"
        alice.add_task(title, description=f"Before {number}.")
    files = [each.name for each in FOLDER.iterdir() if each.suffix in (".css", ".js")]
    weights = {}
    for path in ["/tasks", *(address_of(name, browser) for name in files)]:
        browser.open(path, headers={"Accept-Encoding": "gzip"})
        assert browser.status == 200
        weights[path] = len(browser.response.data)
    assert sum(weights.values()) < 40_000, weights
