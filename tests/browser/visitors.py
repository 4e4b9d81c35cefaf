"""Somebody at a browser: what people do on the pages, in their words."""

import re
import secrets
from html import unescape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

PASSWORD = "seven tall green lamps"
# Where they are, by their clock.
ZONE = "Europe/Berlin"


class Visitor:
    """A person with one window."""

    def __init__(self, page: "Page") -> None:
        """Sit down."""
        self.page = page
        self.email = f"{secrets.token_hex(6)}@example.com"
        self.password = PASSWORD
        self._token = ""
        self._id = 0

    # What is seen

    @property
    def notices(self) -> "Locator":
        """Where the pages say what happened."""
        return self.page.locator("#notices")

    @property
    def content(self) -> "Locator":
        """What the page is about."""
        return self.page.locator("#content")

    @property
    def heading(self) -> "Locator":
        """What the page is called."""
        return self.page.locator("h1")

    @property
    def titles(self) -> "Locator":
        """The titles of the tasks in the list."""
        return self.page.locator("#rows .task .title")

    def row(self, title: str) -> "Locator":
        """The task with that title in the list."""
        return self.page.locator("#rows .task").filter(
            has=self.page.locator(".title", has_text=title)
        )

    @property
    def focused(self) -> "Locator":
        """What has the focus."""
        return self.page.locator(":focus")

    @property
    def path(self) -> str:
        """The address, without the host."""
        shown: str = self.page.evaluate("location.pathname + location.search")
        return shown

    # What is done

    def open(self, path: str) -> None:
        """Type an address."""
        self.page.goto(path)

    def sign_up(self) -> None:
        """Make an account."""
        self.open("/signup")
        self.fill("E-mail address", self.email)
        self.fill("Password", self.password)
        self.press("Sign up")
        self.page.wait_for_url("**/welcome")

    def join(self) -> None:
        """Make an account as well, by the same form, but without waiting for pages to be shown."""
        found = re.search(
            'name="csrf_token"[^>]*value="([^"]+)"', self.page.request.get("/signup").text()
        )
        assert found
        form = {"email": self.email, "password": self.password, "time_zone": ZONE}
        answer = self.page.request.post("/signup", form={"csrf_token": unescape(found[1]), **form})
        assert answer.url.endswith("/welcome"), answer.text()

    def log_in(self, *, remember: bool = False) -> None:
        """Log in with what one signed up with."""
        self.open("/login")
        self.fill("E-mail address", self.email)
        self.fill("Password", self.password)
        if remember:
            self.page.get_by_label("Keep me logged in").check()
        self.press("Log in")

    def navigation(self) -> "Locator":
        """Come to all of the navigation; on a narrow screen it is a sheet behind a button."""
        if not (side := self.page.locator("#side")).is_visible():
            self.page.get_by_role("button", name="Menu").click()
        return side

    def go(self, name: str) -> None:
        """Go to a place by the navigation."""
        self.navigation().get_by_role("link", name=name, exact=True).click()

    def log_out(self) -> None:
        """Leave by the navigation."""
        self.navigation().get_by_role("button", name="Log out").click()

    def fill(self, label: str, text: str) -> None:
        """Type into a field of the content."""
        self.content.get_by_label(label, exact=True).fill(text)

    def press(self, name: str) -> None:
        """Press a button of the content."""
        self.content.get_by_role("button", name=name, exact=True).click()

    def add(self, *titles: str) -> None:
        """Add tasks by the field at the top; each is in the list before the next is typed."""
        for title in titles:
            self.page.locator("#title").fill(title)
            self.page.locator("#title").press("Enter")
            self.row(title).wait_for()

    def complete(self, title: str) -> None:
        """Tick the circle of a task."""
        self.row(title).locator(".check").click()

    def delete(self, title: str) -> None:
        """Move a task to the trash."""
        self.row(title).hover()
        self.row(title).get_by_role("button", name="Delete").click()

    def edit(self, title: str) -> None:
        """Change a task where it stands."""
        self.row(title).hover()
        self.row(title).get_by_role("link", name="Edit").click()

    def tick(self, *titles: str) -> None:
        """Select tasks."""
        for title in titles:
            self.row(title).locator(".select").check()

    def choose(self, name: str) -> None:
        """Do something with those that are selected."""
        self.page.locator(".bulk").get_by_role("button", name=name, exact=True).click()

    # What happens elsewhere: a program of theirs, by the API

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send a request of the API; `path` is what comes after the account."""
        if not self._token:
            login = {"email": self.email, "password": self.password}
            answer = self.page.request.post("/api/auth/login", data=login).json()
            self._token, self._id = answer["access_token"], answer["user"]["id"]
        url = f"/api/{self._id}{path}"
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = self.page.request.fetch(url, method=method, headers=headers, data=body)
        assert answer.ok, answer.text()
        return answer.json() if answer.body() else None

    def have(self, *titles: str) -> list[int]:
        """Have tasks already; their ids."""
        return [self.call("POST", "/tasks", {"title": title})["id"] for title in titles]
