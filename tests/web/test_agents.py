"""What browsers call themselves, in words that people know"""

import pytest

from taskapp.web.agents import recognise

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
BLINK = "AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X)"
IPAD = "Mozilla/5.0 (iPad; CPU OS 16_7 like Mac OS X)"
ANDROID = "Mozilla/5.0 (Linux; Android 10; K)"
LINUX = "Mozilla/5.0 (X11; Linux x86_64"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (f"{LINUX}; rv:146.0) Gecko/20100101 Firefox/146.0", "Firefox on Linux"),
        (f"{WINDOWS}; rv:146.0) Gecko/20100101 Firefox/146.0", "Firefox on Windows"),
        (
            "Mozilla/5.0 (Android 15; Mobile; rv:146.0) Gecko/146.0 Firefox/146.0",
            "Firefox on Android",
        ),
        (f"{IPHONE} {WEBKIT} FxiOS/146.0 Mobile/15E148 Safari/604.1", "Firefox on iPhone"),
        (f"{ANDROID} {BLINK} Chrome/142.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        (f"{MAC}_15_7) {BLINK} Chrome/142.0.0.0 Safari/537.36", "Chrome on macOS"),
        (
            f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {BLINK} Chrome/142.0.0.0 Safari/537.36",
            "Chrome on ChromeOS",
        ),
        (f"{IPAD} {WEBKIT} CriOS/142.0.7444.77 Mobile/15E148 Safari/604.1", "Chrome on iPad"),
        (f"{WINDOWS}) {BLINK} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0", "Edge on Windows"),
        (
            f"{ANDROID} {BLINK} Chrome/142.0.0.0 Mobile Safari/537.36 EdgA/142.0.0.0",
            "Edge on Android",
        ),
        (f"{LINUX}) {BLINK} Chrome/142.0.0.0 Safari/537.36 OPR/124.0.0.0", "Opera on Linux"),
        (
            f"{ANDROID} {BLINK} SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36",
            "Samsung Internet on Android",
        ),
        (f"{MAC}_15_7) {WEBKIT} Version/26.1 Safari/605.1.15", "Safari on macOS"),
        (f"{IPHONE} {WEBKIT} Version/26.1 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        (f"{IPAD} {WEBKIT} Version/16.6 Mobile/15E148 Safari/604.1", "Safari on iPad"),
    ],
)
def test_a_browser_is_called_as_people_call_it(agent: str, name: str) -> None:
    assert recognise(agent) == name


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "curl/8.5.0",
        "Firefox",
        "python-requests/2.32.5",
        "Mozilla/5.0 (compatible; Googlebot/2.1)",
        "Linux Firefox",
        "<b>Firefox</b>",
    ],
)
def test_one_that_is_not_known_is_shown_as_it_is(agent: str) -> None:
    assert recognise(agent) == agent


def test_another_browser_with_the_engine_of_safari_is_not_called_that() -> None:
    web = f"{LINUX}) {WEBKIT} Version/26.0 Safari/605.1.15"
    assert recognise(web) == web
