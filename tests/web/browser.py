"""A browser without a script: it follows links and redirects, fills forms in and sends them."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from flask import Flask, session
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from taskapp.auth.identity import begin_login

from ..callers import PASSWORD
from .markup import Element, parse

SITE = "https://localhost"
# Who stays in a field unless somebody types another.
Typed = str | bool | Iterable[str | int]


class Browser:
    """Somebody's browser, and the page that it shows."""

    def __init__(self, app: Flask, name: str = "Firefox") -> None:
        """Start one without cookies, under the name that it gives of itself."""
        self.client = app.test_client()
        self.name = name
        self.path = "/"
        self.response: TestResponse
        self.page = Element("")

    def open(self, path: str, method: str = "GET", **kwargs: Any) -> int:
        """Ask for an address as it is, redirects not followed; return the status."""
        headers = {"User-Agent": self.name, "Referer": SITE + self.path}
        headers |= kwargs.pop("headers", {})
        self.response = self.client.open(
            path, method=method, base_url=SITE, headers=headers, buffered=True, **kwargs
        )
        plain = "Content-Encoding" not in self.response.headers
        html = plain and self.response.mimetype == "text/html" and not 300 <= self.status < 400
        self.page = parse(self.response.text) if html else Element("")
        return self.status

    def visit(self, path: str, **kwargs: Any) -> Element:
        """Show an address, wherever it leads."""
        self.open(path, **kwargs)
        return self._follow(path)

    def press(self, name: str, /, **typed: Typed) -> Element:
        """Press a button after typing into its form's fields, and see what comes."""
        button = self.button(name)
        form = self._form_of(button)
        fields = self._fields(form)
        for field, value in typed.items():
            assert self.field(field, form), f"there is no field {field}"
            _fill(fields, field, value)
        if "name" in button.attributes:
            fields.add(button.get("name"), button.get("value"))
        path = urljoin(self.path, button.get("formaction") or form.get("action") or self.path)
        if form.get("method") == "post":
            self.open(path, "POST", data=fields)
        else:
            path = f"{path.split('?')[0]}?{urlencode(list(fields.items(multi=True)))}"
            self.open(path)
        return self._follow(path)

    def click(self, text: str) -> Element:
        """Follow the first link of that name."""
        links = [each for each in self.page.all("a", href=True) if each.name == text]
        assert links, f"no link {text!r} in: {self.page.text}"
        return self.visit(urljoin(self.path, links[0].get("href")))

    def log_in(self, email: str, password: str = PASSWORD, **typed: Typed) -> Element:
        """Come in through the front door."""
        self.visit("/login")
        return self.press("Log in", email=email, password=password, **typed)

    def be(self, user_id: int) -> None:
        """Be logged in already, without having seen a page.

        Many tests begin so, and three pages more would take longer than most of what they do.
        """
        app, headers = self.client.application, {"User-Agent": self.name}
        with (
            self.client.session_transaction(base_url=SITE) as kept,
            app.test_request_context("/login", base_url=SITE, headers=headers),
        ):
            begin_login(user_id, remember=False)
            kept.update(session)

    def post(self, path: str, **fields: Typed) -> int:
        """Send a form made by hand, with a good token; return the status, redirects not followed.

        The token stands on any page, so that it is fetched from the one for everybody.
        """
        sent = MultiDict({"csrf_token": self.token()})
        for field, value in fields.items():
            _fill(sent, field, value)
        return self.open(path, "POST", data=sent)

    def token(self) -> str:
        """A CSRF token that this browser may send."""
        self.visit("/login")
        form = self._form_of(self.button("Log in"))
        return form.one("input", name="csrf_token").get("value")

    def button(self, name: str) -> Element:
        """The button of that name."""
        found = [each for each in self.page.all("button") if each.name == name]
        assert found, f"no button {name!r} in: {self.page.text}"
        return found[0]

    def field(self, name: str, form: Element | None = None) -> list[Element]:
        """The fields of that name, of a form or of the page."""
        fields = self.page.all(name=name) if form is None else self._controls(form)
        tags = ("input", "textarea", "select")
        return [each for each in fields if each.tag in tags and each.get("name") == name]

    def value(self, name: str) -> str:
        """What stands in the field of that name, the same in each form that has one."""
        [value] = set(self._fields(self.page).getlist(name))
        return value

    def notices(self) -> list[str]:
        """What the page tells of what was done."""
        return [each.text for each in self.page.one(id="notices").all("p")]

    def titles(self) -> list[str]:
        """The titles of the tasks that the page lists."""
        rows = self.page.all("li", data_task=True)
        return [row.that(lambda each: "title" in each.get("class").split())[0].text for row in rows]

    @property
    def status(self) -> int:
        """The status of the last answer."""
        return self.response.status_code

    def is_logged_in(self) -> bool:
        """Whether the site knows who this is."""
        return self.open("/trash") == 200

    def _follow(self, path: str) -> Element:
        self.path = path
        for _ in range(5):
            if not 300 <= self.status < 400:
                return self.page
            target = urljoin(SITE + self.path, self.response.headers["Location"])
            assert target.startswith(SITE + "/"), f"led off the site, to {target}"
            self.path = urlsplit(target)._replace(scheme="", netloc="").geturl()
            self.open(self.path)
        raise AssertionError("redirected in a circle")

    def _form_of(self, control: Element) -> Element:
        if owner := control.get("form"):
            return self.page.one("form", id=owner)
        return next(each for each in control.around() if each.tag == "form")

    def _controls(self, form: Element) -> list[Element]:
        elsewhere = self.page.all(form=form.get("id")) if form.get("id") else []
        return [each for each in form.walk() if "form" not in each.attributes] + elsewhere

    def _fields(self, form: Element) -> MultiDict[str, str]:
        fields: MultiDict[str, str] = MultiDict()
        for each in self._controls(form):
            name = each.get("name")
            if not name:
                continue
            if each.tag == "textarea":
                text = "".join(text for _, text in each.strings())
                fields.add(name, text.replace("\r\n", "\n").removeprefix("\n"))
            elif each.tag == "select":
                chosen = each.all("option", selected=True) or each.all("option")
                fields.add(name, chosen[0].get("value"))
            elif each.tag == "input" and _is_sent(each):
                fields.add(name, each.get("value"))
        return fields


def _is_sent(field: Element) -> bool:
    kind = field.get("type")
    return kind not in ("checkbox", "radio") or "checked" in field.attributes


def _fill(fields: MultiDict[str, str], name: str, value: Typed) -> None:
    if value is False:
        fields.poplist(name)
    elif isinstance(value, str | bool):
        fields.setlist(name, [value if isinstance(value, str) else "y"])
    else:
        fields.setlist(name, [str(each) for each in value])
