"""Whatever people write is shown as they wrote it, and does nothing, wherever it appears"""

import re

import pytest
from flask import Flask

from ..callers import Caller
from .browser import Browser
from .markup import Element

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script src=//evil.example></script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe src='javascript:alert(1)'>",
    "<style>*{display:none}</style>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0;//evil.example>",
    "<form action=//evil.example><button>Save</button></form>",
    '" autofocus onfocus="alert(1)',
    "' autofocus onfocus='alert(1)",
    '"><script>alert(1)</script>',
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</pre></bdi></main><script>alert(1)</script>",
    "<!-- --><![CDATA[",
    "&lt;b&gt; &amp; &#60;script&#62; &nbsp; &quot;",
    "{{7*7}} {% raw %} ${7*7} #{7*7} {{ config }}",
    "[x](javascript:alert(1)) [x](JaVaScRiPt:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:x) [x](&#106;avascript:alert(1)) [x](java&#09;script:alert(1))",
    "![x](https://evil.example/x.png) ![x](javascript:alert(1))",
    "<javascript:alert(1)> <data:text/html,x> javascript:alert(1)",
    "[x]: javascript:alert(1)",
    '[a](https://e.example "\\" onmouseover=alert(1) x=\\"")',
    '[a](<https://e.example/" onclick="alert(1)>)',
    "`<script>alert(1)</script>` **<b onclick=x>**",
    "\u202egnp.exe \u2066over\u202d",
    "\u200f\u061c\u2067 x",
    "w" * 200,
    "Z\u0351\u036b\u0343\u036a\u0302A\u0334\u0335" * 5,
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "\\x3cscript\\x3e \\u003cscript\\u003e",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "' OR 1=1 --",
]
ids = pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:40])

# All that the pages are made of; what somebody wrote adds nothing to it.
SVG = {"svg", "path", "circle", "rect", "line", "polyline", "polygon", "ellipse", "symbol", "use"}
FRAME = {"html", "head", "body", "meta", "title", "link", "script", "header", "nav", "main"}
FLOW = {"div", "section", "article", "p", "span", "a", "ul", "ol", "li", "h1", "h2", "h3", "h4"}
FLOW |= {"h5", "h6", "dl", "dt", "dd", "bdi", "time", "small", "strong", "em", "code", "kbd", "pre"}
FLOW |= {"details", "summary", "br", "hr", "blockquote", "table", "thead", "tbody", "tr", "th"}
FLOW |= {"td", "s", "del", "footer", "aside", "dialog", "template", "output", "b", "i", "mark"}
FORM = {"form", "input", "button", "label", "textarea", "select", "option", "fieldset", "legend"}
KNOWN = SVG | FRAME | FLOW | FORM | {"wbr", "optgroup", "noscript"}
URLS = ("href", "src", "action", "formaction", "poster", "data", "xlink:href", "background")
BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
# Text in these cannot turn what is around it.
APART = {"bdi", "title", "textarea", "pre", "option"}


def assert_harmless(page: Element) -> None:
    """There is nothing in a page that could run, load from elsewhere, or lead astray."""
    assert page.all("html")
    for each in page.walk():
        assert each.tag in KNOWN, each.tag
        assert each.tag != "use" or each.get("href").startswith("#icon-"), each.attributes
        for name, value in each.attributes.items():
            assert not name.startswith("on"), (each.tag, name)
            assert name not in ("style", "srcdoc", "srcset", "http-equiv", "ping"), name
            if name in URLS:
                assert_own_or_plain(each, value)
    assert [each.get("src") for each in page.all("script")] == [
        each.get("src") for each in page.one("head").all("script")
    ]
    assert all(each.get("src").startswith("/static/") for each in page.all("script"))
    assert all(not each.text for each in page.all("script"))
    for inside, text in page.strings():
        if BIDI.search(text):
            around = list(inside.around())
            assert any(each.tag in APART or each.get("dir") for each in around), text


def assert_own_or_plain(element: Element, url: str) -> None:
    """An address is of this site; a link may also lead to the web, telling nothing."""
    said = re.sub("[\x00-\x20]", "", url).lower().replace("\\", "/")
    if said.startswith("#") or (said.startswith("/") and not said.startswith("//")):
        return
    assert element.tag == "a", (element.tag, url)
    scheme = re.match("[a-z][a-z0-9+.-]*:", said)
    assert scheme is None or scheme[0] in ("http:", "https:", "mailto:", "tel:"), url
    assert {"noopener", "noreferrer"} <= set(element.get("rel").split())


def squeezed(text: str) -> str:
    """A text, white space made single, as it is compared."""
    return " ".join(text.split())


@ids
def test_in_a_title_it_is_shown_as_it_is_on_every_page(
    alice: Caller, browser: Browser, text: str
) -> None:
    task_id = alice.add_task(text, description="plain")["id"]

    browser.visit("/tasks")
    assert_harmless(browser.page)
    assert browser.titles() == [squeezed(text)]
    names = [each.get("aria-label") for each in browser.page.one(id="rows").walk()]
    assert f"Delete “{text}”" in names

    browser.visit(f"/tasks/{task_id}")
    assert_harmless(browser.page)
    assert browser.page.one("h1").text == squeezed(text)
    assert squeezed(text) in browser.page.one("title").text

    browser.visit(f"/tasks/{task_id}/edit")
    assert_harmless(browser.page)
    assert browser.value("title") == text

    alice.patch(f"/tasks/{task_id}", {"description": "elsewhere"})
    browser.press("Save", title=text[:199] + "!")
    assert browser.status == 409
    assert_harmless(browser.page)
    assert squeezed(text) in browser.page.one("section", aria_labelledby="stored").text

    browser.visit("/tasks")
    browser.press(f"Delete “{text}”")
    browser.visit("/trash")
    assert_harmless(browser.page)
    assert browser.titles() == [squeezed(text)]


@ids
def test_in_a_notice_it_is_shown_as_it_is(alice: Caller, browser: Browser, text: str) -> None:
    alice.add_task(text)
    browser.visit("/tasks?show=all")
    browser.press(f"Complete “{text}”")
    [notice] = browser.notices()
    assert squeezed(text) in notice
    assert_harmless(browser.page)

    browser.press(f"Delete “{text}”")
    browser.visit("/trash")
    browser.press("Restore")
    assert squeezed(text) in browser.notices()[-1]
    assert_harmless(browser.page)


@ids
def test_in_a_description_it_does_nothing(alice: Caller, browser: Browser, text: str) -> None:
    task_id = alice.add_task("plain", description=f"{text}\n\n- {text}\n\n> {text}")["id"]
    browser.visit(f"/tasks/{task_id}")
    assert browser.status == 200
    assert_harmless(browser.page)
    [written] = browser.page.all("div", class_="prose")
    assert "49" not in written.text.replace("7*7", "")
    assert not browser.page.all("img")

    browser.visit(f"/tasks/{task_id}/edit")
    assert_harmless(browser.page)
    assert browser.value("description") == f"{text}\n\n- {text}\n\n> {text}"

    alice.patch(f"/tasks/{task_id}", {"description": text})
    browser.press("Save", description=f"{text}!")
    assert browser.status == 409
    assert_harmless(browser.page)
    assert browser.value("description") == f"{text}!"
    assert squeezed(text) in browser.page.one("section", aria_labelledby="stored").text


@ids
def test_in_a_search_it_is_shown_as_it_is(browser: Browser, text: str) -> None:
    browser.visit("/tasks", query_string={"q": text, "show": "all"})
    assert browser.status == 200
    assert_harmless(browser.page)
    assert squeezed(text) in browser.page.one(id="results").text
    assert squeezed(text) in browser.page.one("title").text
    assert browser.value("q") == text


@ids
def test_as_the_name_of_a_browser_it_is_shown_as_it_is(
    app: Flask, alice: Caller, text: str
) -> None:
    name = text.encode().decode("latin-1")  # as headers are read
    browser = Browser(app, re.sub("[\x00-\x1f\x7f]", "", name))
    browser.log_in(alice.email)
    browser.visit("/settings/sessions")
    assert browser.status == 200
    assert_harmless(browser.page)
    assert squeezed(browser.name) in browser.page.one("main").text


@ids
def test_in_a_form_that_is_given_back_it_is_shown_as_it_is(browser: Browser, text: str) -> None:
    browser.visit("/tasks")
    browser.press("Add", title=(text + " ") * 201)
    assert browser.status == 422
    assert_harmless(browser.page)

    fields = {"title": text, "description": text, text: text}
    assert browser.open("/tasks", "POST", data=fields) == 400
    assert_harmless(browser.page)
    assert squeezed(text) in browser.page.one("dl").text


@ids
def test_as_an_address_it_does_nothing(visitor: Browser, text: str) -> None:
    for path, query in (("/login", {"email": text, "next": text}), ("/", {text: text})):
        visitor.open(path, query_string=query)
        assert visitor.status == 200
        assert_harmless(visitor.page)
    visitor.log_in(text, "x")
    assert visitor.status == 401
    assert_harmless(visitor.page)
    assert visitor.value("email") == text


def test_links_of_all_kinds_in_a_description_open_safely(alice: Caller, browser: Browser) -> None:
    text = (
        "https://example.com/a?b=c&d www.example.org <https://example.net> "
        "[named](http://example.com) [relative](/trash) [to one's own](#x) me@example.com"
    )
    task_id = alice.add_task("plain", description=text)["id"]
    browser.visit(f"/tasks/{task_id}")
    assert_harmless(browser.page)
    links = {each.text: each.get("href") for each in browser.page.one("article").all("a")}
    assert links["https://example.com/a?b=c&d"] == "https://example.com/a?b=c&d"
    assert links["https://example.net"] == "https://example.net"
    assert links["named"] == "http://example.com"
    assert links["me@example.com"] == "mailto:me@example.com"
