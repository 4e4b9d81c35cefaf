"""What a browser calls itself, in words that people know."""

import re

# The first that is named counts: most of them name others too, to be served like those.
BROWSERS = {
    "Edge": r"Edg|EdgA|EdgiOS",
    "Opera": r"OPR|OPT",
    "Samsung Internet": r"SamsungBrowser",
    "Vivaldi": r"Vivaldi",
    "Firefox": r"Firefox|FxiOS",
    "Chromium": r"Chromium",
    "Chrome": r"Chrome|CriOS",
    "Safari": r"Safari",
}
SYSTEMS = {
    "iPhone": r"\(iPhone;",
    "iPad": r"\(iPad;",
    "Android": r"\bAndroid\b",
    "ChromeOS": r"\bCrOS\b",
    "Windows": r"\bWindows NT\b",
    "macOS": r"\bMacintosh\b",
    "Linux": r"\bLinux\b",
}
APPLE = ("iPhone", "iPad", "macOS")


def recognise(agent: str) -> str:
    """A User-Agent as "Firefox on Linux"; one that is not known as it was kept, which is short."""
    browser = _first(BROWSERS, agent, r"(?:^|\s)(?:{})/\d")
    system = _first(SYSTEMS, agent, "{}")
    # Elsewhere, whoever names nothing but Safari is another browser with the same engine.
    if browser and system and (browser != "Safari" or system in APPLE):
        return f"{browser} on {system}"
    return agent


def _first(known: dict[str, str], agent: str, pattern: str) -> str | None:
    return next((name for name, it in known.items() if re.search(pattern.format(it), agent)), None)
