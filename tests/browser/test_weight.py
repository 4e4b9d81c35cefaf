"""How much a page weighs, and how a long list goes on."""

import random
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import NewVisitor
from .visitors import Visitor

expect = pytest.importorskip("playwright.sync_api").expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

MOST_BYTES = 40_000
MOST_REQUESTS = 6
WORDS = """about after again agree apples ask before bicycle bill birthday book borrow bread bring
buy call chapter choose clean coffee collect compare dentist doctor draft dress early evening
fetch figures find flat flowers forward garden Grace Ada Amina Hedy Mary heating holiday hotel
insurance invoice kitchen landlord lamp leak letter library look meeting mend minutes monday
move notes number offer order paint parcel passport photos plan plumber present price print
question read receipt remember rent reply report return roof room saturday school send shoes
sister slides station stamps summer talk tax thank the tickets train translate tuesday umbrella
visit wash week weekend window winter with write yearly"""
# What a browser with a window asks for besides, and a headless one does not.
ALSO_ASKED = "link[rel=icon], link[rel=manifest]"


class Wire:
    """What came over the wire into a page."""

    def __init__(self, page: "Page") -> None:
        """Listen, from here on."""
        self.page = page
        self.urls: dict[str, str] = {}
        self.bytes: dict[str, int] = {}
        self.kept: set[str] = set()
        self.plain: set[str] = set()
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._asked)
        session.on("Network.requestServedFromCache", self._found)
        session.on("Network.responseReceived", self._answered)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")

    def fetch(self, path: str) -> None:
        """Open a page, and whatever belongs to it."""
        for known in (self.urls, self.bytes, self.kept, self.plain):
            known.clear()
        self.page.goto(path)
        also = self.page.locator(ALSO_ASKED).evaluate_all("all => all.map(each => each.href)")
        missing = sorted(set(also) - set(self.urls.values()))
        self.page.evaluate(
            """urls => Promise.all(urls.map(async url => {
                await (await fetch(url)).arrayBuffer();
            }))""",
            missing,
        )
        self.page.wait_for_load_state("networkidle")

    def asked_for(self, part: str) -> set[str]:
        """The requests for addresses with that in them."""
        return {id_ for id_, url in self.urls.items() if part in url}

    def _asked(self, event: dict[str, Any]) -> None:
        # What the style sheet of the browser itself brings along comes over no wire.
        if not event["request"]["url"].startswith("data:"):
            self.urls[event["requestId"]] = event["request"]["url"]

    def _found(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self.urls:
            self.kept.add(event["requestId"])

    def _answered(self, event: dict[str, Any]) -> None:
        response, id_ = event["response"], event["requestId"]
        if response.get("fromDiskCache"):
            self.kept.add(id_)
        if not {"content-encoding", "Content-Encoding"} & set(response["headers"]):
            self.plain.add(id_)

    def _finished(self, event: dict[str, Any]) -> None:
        self.bytes[event["requestId"]] = event["encodedDataLength"]


@pytest.fixture
def wire(owner: Visitor, new_visitor: NewVisitor) -> Wire:
    """A browser that was never here, of somebody with fifty tasks like people's."""
    chance, words = random.Random(50), WORDS.split()
    for _ in range(50):
        title = " ".join(chance.choices(words, k=chance.randint(2, 9)))
        description = " ".join(chance.choices(words, k=20)) if chance.random() < 0.3 else None
        owner.call("POST", "/tasks", {"title": title.capitalize(), "description": description})
    newcomer = new_visitor()
    [url] = {owner.page.url}
    cookies: Any = owner.page.context.cookies(url)
    newcomer.page.context.add_cookies(cookies)
    return Wire(newcomer.page)


def test_a_first_visit_is_light(wire: Wire) -> None:
    wire.fetch("/tasks")

    assert wire.page.locator("#rows .task").count() == 50
    weights = {url: wire.bytes[id_] for id_, url in wire.urls.items()}
    assert len(weights) <= MOST_REQUESTS, weights
    assert sum(weights.values()) < MOST_BYTES, weights
    assert not wire.kept
    too_short_to_win = {id_ for id_, size in wire.bytes.items() if size < 1500}
    assert {wire.urls[id_] for id_ in wire.plain - too_short_to_win} == set()


def test_a_second_visit_finds_the_files_in_the_cache(wire: Wire) -> None:
    wire.fetch("/tasks")
    files = {wire.urls[id_] for id_ in wire.asked_for("/static/")}
    assert {url.rpartition("/")[2] for url in files} >= {"app.css", "app.js", "icon.svg"}
    wire.fetch("/tasks?show=all")

    again = wire.asked_for("/static/")
    assert {wire.urls[id_] for id_ in again} == files
    assert again <= wire.kept
    assert [wire.urls[id_] for id_ in set(wire.urls) - wire.kept] == [wire.page.url]


# A long list

TITLES = [f"task {number}" for number in range(130)]


@pytest.fixture
def with_script(request: pytest.FixtureRequest) -> bool:
    """They run, unless the test says otherwise."""
    return getattr(request, "param", True)


@pytest.fixture
def long_list(owner: Visitor) -> Visitor:
    """Somebody with more than two pages of tasks."""
    owner.have(*TITLES)
    return owner


@pytest.mark.parametrize("with_script", [False], indirect=True)
def test_more_leads_through_all_tasks_without_a_script(long_list: Visitor) -> None:
    more = long_list.page.get_by_role("link", name="More")
    for sort, expected in {"-created_at": TITLES[::-1], "title": sorted(TITLES)}.items():
        seen: list[str] = []
        long_list.open(f"/tasks?sort={sort}")
        for size in (50, 50, 30):
            if seen:
                more.click()
            expect(long_list.titles).to_have_count(size)
            expect(long_list.titles.first).to_have_text(expected[len(seen)])
            seen += long_list.titles.all_text_contents()
        expect(more).to_have_count(0)
        assert seen == expected

    # What is added meanwhile neither repeats a task nor hides one.
    long_list.open("/tasks")
    long_list.have("added meanwhile")
    more.click()
    expect(long_list.titles.first).to_have_text("task 79")


def test_more_brings_all_tasks_with_the_script(long_list: Visitor) -> None:
    page = long_list.page
    more = page.get_by_role("link", name="More")
    for is_scrolled in (True, False):
        if not is_scrolled:
            page.add_init_script(
                "window.IntersectionObserver = class { observe() {} unobserve() {} }"
            )
        long_list.open("/tasks")
        for expected in (50, 100, 130):
            expect(long_list.titles).to_have_count(expected)
            if expected < 130:
                page.mouse.wheel(0, 100_000) if is_scrolled else more.click()
        expect(more).to_have_count(0)
        assert long_list.titles.all_text_contents() == TITLES[::-1]
