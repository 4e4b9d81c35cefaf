"""Text by people who mean harm, wherever it can appear: it is text, and nothing else."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from .conftest import PHONE, NewVisitor, offline
from .visitors import PASSWORD, Visitor

expect = pytest.importorskip("playwright.sync_api").expect

if TYPE_CHECKING:
    from playwright.sync_api import Dialog, Locator, Page

ELSEWHERE = "https://elsewhere.example"
HURT = "window.hurt=1"
OVERRIDE, ISOLATE, POP = "\u202e", "\u2067", "\u2069"
SHORT = [
    f"<script>{HURT}</script>",
    f'"><img src=x onerror="{HURT}">',
    f"'\"`> onmouseover={HURT} autofocus onfocus={HURT} x='\"",
    f"</title></textarea></option></select><svg onload={HURT}>",
    f"<iframe src=\"javascript:parent.{HURT}\"></iframe><base href='{ELSEWHERE}'>",
    f"<form action={ELSEWHERE}><button>Save</button><input name=csrf_token>",
    f"<meta http-equiv=refresh content='0;url={ELSEWHERE}'><!--",
    "{{ 7*7 }} {% raw %} ${7*7} #{7*7} <%= 7*7 %> {{ config }} %s %(title)s {0}",
    "&lt;script&gt; &amp;quot; &#106; \\u003cscript\\u003e %3Cscript%3E",
    f"{OVERRIDE}gpj.exe{ISOLATE}",
    f"{POP}{POP}{OVERRIDE}gpj.exe",
    "\u05e9\u05dc\u05d5\u05dd (a) \u202a\u202b\u2066",
    "W" * 200,
    "\u0e01\u0e49" * 100,
    "a\u0335\u0336\u0337\u0338\u0489" * 20,
    f"[press]( javascript:{HURT} ) ![x]({ELSEWHERE}/x.png)",
]
# Where each takes several pages.
FEW = SHORT[::2]
MARKDOWN = [
    f"[press](javascript:{HURT})",
    f"[press](JaVaScRiPt:{HURT})",
    f"[press](&#106;avascript&colon;{HURT})",
    f"[press](java&Tab;script:{HURT})",
    f"[press](\x01javascript:{HURT})",
    f"[press](<java\tscript:{HURT}>)",
    f"[press](javascript&#x3a;//%0a{HURT})",
    f"[press](vbscript:{HURT})",
    f"[press](data:text/html,<script>opener.{HURT}</script>)",
    "[press](data:image/png;base64,iVBORw0KGgo=)",
    f"[press](blob:{ELSEWHERE}/1) [press](file:///etc/passwd) [press](ws://elsewhere.example)",
    "[press](//elsewhere.example/x) [press](/\\elsewhere.example) [press](../logout) [press](#top)",
    f"<javascript:{HURT}> <vbscript:{HURT}> <data:text/html,x> <{ELSEWHERE}/<b>>",
    f'javascript:{HURT} {ELSEWHERE}/"onmouseover="{HURT} www.elsewhere.example',
    f"[a [b]({ELSEWHERE}) c](javascript:{HURT}) [![x]({ELSEWHERE}/y.png)](javascript:{HURT})",
    f"[press][1] ![press][1]\n\n[1]: javascript:{HURT}",
    f'[press]({ELSEWHERE} "x\\" onmouseover={HURT} style=\\"position:fixed")',
    f"![x]({ELSEWHERE}/z.png) ![x](javascript:{HURT}) ![x](/tasks)",
    f'```<script>"onload={HURT}\n<script>{HURT}</script>\n```',
    f"<a href=javascript:{HURT}>press</a> <a href='{ELSEWHERE}' ping='{ELSEWHERE}'>press</a>",
    f"<style>@import '{ELSEWHERE}';*{{display:none}}</style><link rel=stylesheet href={ELSEWHERE}>",
    f"<svg><a xlink:href=javascript:{HURT}>x</a></svg><math><mtext><img onerror={HURT}>",
    f"<p style=position:fixed;inset:0>over it all</p><details open ontoggle={HURT}>",
    f"| <img src=x onerror={HURT}> | {'W' * 200} |\n|---|---|\n| {'-' * 200} | `{'W' * 200}` |",
    "> " * 60 + "deep",
    "".join(f"{'  ' * depth}- deep\n" for depth in range(60)),
    "1" * 300 + ". a list\n\n999999999. another",
    f"# {'W' * 200}\n\n{ELSEWHERE}/{'w' * 200}\n\n{OVERRIDE}reversed",
]
# What text on a page has done that text must not do. Nothing can have been brought along by it: the
# script of pages is in their heads.
FAULTS = """() => {
    const foreign = `:is(img, iframe, frame, object, embed, base, style, meta[http-equiv], audio,
        video, math, form[action^=http], [style], [ping], [srcdoc], [background]),
        :is(main, #notices) :is(script, link, meta)`;
    const all = [...document.querySelectorAll("*")];
    const wide = document.documentElement.scrollWidth > innerWidth;
    const isHandled = each => each.getAttributeNames().some(name => /^on/.test(name));
    const found = {
        "ran": "hurt" in window ? [document.documentElement] : [],
        "brought along": all.filter(each => each.matches(foreign)),
        "would run": all.filter(isHandled),
        "leads astray": all.filter(each => each.matches("a[href], area[href]")
            && !/^(https?|mailto|tel):$/.test(each.protocol)),
        "is too wide": wide
            ? all.filter(each => each.getBoundingClientRect().right > innerWidth + 1) : [],
    };
    return Object.entries(found).filter(([, some]) => some.length)
        .map(([fault, some]) => [fault, some.map(each => each.outerHTML.slice(0, 120))]);
}"""
# Whether what follows a title in a notice stands after it.
IN_ORDER = """notice => {
    const nodes = document.createTreeWalker(notice, NodeFilter.SHOW_TEXT);
    const places = [];
    for (let node; (node = nodes.nextNode()); )
        for (const at of [...node.data].keys())
            if ("“”".includes(node.data[at])) {
                const range = new Range();
                range.setStart(node, at);
                range.setEnd(node, at + 1);
                places.push(range.getBoundingClientRect().x);
            }
    return places.at(0) < places.at(-1);
}"""


@pytest.fixture
def width() -> int:
    """Where long words hurt most."""
    return PHONE


@pytest.fixture(params=[False, True], ids=["without script", "with script"])
def with_script(request: pytest.FixtureRequest) -> bool:
    """Both."""
    return bool(request.param)


@pytest.fixture
def page(owner: Visitor) -> Iterator["Page"]:
    """The owner's page; no dialog opens on it."""
    opened: list[str] = []

    def note(dialog: "Dialog") -> None:
        opened.append(dialog.message)
        dialog.dismiss()

    owner.page.on("dialog", note)
    owner.page.emulate_media(reduced_motion="reduce")
    yield owner.page
    assert opened == []


def faults(page: "Page") -> dict[str, list[str]]:
    """What the text on the page has done that text must not do, and where."""
    return dict(page.evaluate(FAULTS))


def open_edit(owner: Visitor, *, in_row: bool) -> "Locator":
    """Open the form of the first task in the list, there or on a page of its own."""
    owner.page.locator("#rows .task").first.hover()
    owner.page.get_by_role("link", name="Edit").first.click()
    form = owner.page.locator(".task form.edit" if in_row else "form.edit")
    form.wait_for()
    return form


def test_titles_are_text_in_lists(owner: Visitor, page: "Page") -> None:
    owner.have(*SHORT)
    owner.open("/tasks")
    assert owner.titles.all_text_contents() == SHORT[::-1]
    assert faults(page) == {}
    page.locator(".bulk .all input").check()
    assert faults(page) == {}
    owner.choose("Delete")
    expect(owner.titles).to_have_count(0)
    owner.open("/trash")
    assert owner.titles.all_text_contents() == SHORT[::-1]
    for summary in page.locator("summary").all():
        summary.press("Enter")  # what another one has opened may lie over it
        assert faults(page) == {}


def test_titles_are_text_while_they_are_edited(
    owner: Visitor, page: "Page", with_script: bool
) -> None:
    [id_] = owner.have("harmless")
    for title in FEW:
        owner.call("PATCH", f"/tasks/{id_}", {"title": title, "description": title})
        owner.open("/tasks")
        form = open_edit(owner, in_row=with_script)
        expect(form.get_by_label("Title")).to_have_value(title)
        expect(form.get_by_label("Description")).to_have_value(title)
        assert faults(page) == {}
        other = f"x{title[1:]}"
        owner.call("PATCH", f"/tasks/{id_}", {"title": other, "description": other})
        form.get_by_role("button", name="Save").click()
        expect(owner.heading).to_have_text("This task has changed meanwhile")
        expect(owner.content.get_by_label("Title")).to_have_value(title)
        assert page.locator("p.stored.differs").text_content() == other
        assert faults(page) == {}
        owner.press("Save your version")
        expect(owner.heading).not_to_have_text("This task has changed meanwhile")
        owner.open(f"/tasks/{id_}")
        assert owner.heading.text_content() == title
        assert page.title() == f"{title} - taskapp"
        assert faults(page) == {}
        owner.open(f"/tasks/{id_}/edit")
        assert page.title() == f"Edit {title} - taskapp"
        owner.fill("Title", title + "x" * 200)
        owner.press("Save")
        expect(page.locator("#errors")).to_be_visible()
        expect(owner.content.get_by_label("Title")).to_have_value(title + "x" * 200)
        assert faults(page) == {}


def test_titles_are_text_in_notices(owner: Visitor, page: "Page") -> None:
    owner.have(*FEW)
    owner.open("/tasks")
    for title in reversed(FEW):
        page.locator(".task .check").first.click()
        expect(owner.notices).to_contain_text("Completed")
        assert f"Completed “{title}”." in (owner.notices.text_content() or "")
        assert faults(page) == {}
        page.get_by_role("button", name="Undo").click()
        expect(owner.notices).to_contain_text("Undone.")
        owner.page.locator("#rows .task").first.hover()
        page.locator(".task [data-act=delete]").first.click()
        expect(owner.notices).to_contain_text("Moved")
        assert f"Moved “{title}” to the trash." in (owner.notices.text_content() or "")
        assert faults(page) == {}
    owner.open("/trash")
    for left, title in enumerate(FEW[::-1], 1):
        page.get_by_role("button", name="Restore").last.click()
        expect(owner.titles).to_have_count(len(FEW) - left)
        assert f"Restored “{title}”." in (owner.notices.text_content() or "")
        assert faults(page) == {}


@pytest.mark.parametrize("title", [f"{OVERRIDE}gpj.exe", f"{POP}{OVERRIDE}gpj.exe"], ids=ascii)
def test_a_title_does_not_turn_around_the_words_beside_it(
    owner: Visitor, page: "Page", title: str
) -> None:
    owner.have("gpj.exe", title)
    owner.open("/tasks")
    reversed_, plain = (
        row.locator("> *").evaluate_all("all => all.map(each => each.getBoundingClientRect().x)")
        for row in page.locator(".task").all()
    )
    assert reversed_ == plain
    page.locator(".task .check").first.click()
    expect(owner.notices).to_contain_text("Completed")
    assert owner.notices.locator("p").evaluate(IN_ORDER)
    owner.open(f"/tasks?q={title}!")
    expect(page.locator(".empty")).to_contain_text("Nothing found")
    assert page.locator(".empty p").first.evaluate(IN_ORDER)


def test_descriptions_do_nothing(owner: Visitor, page: "Page") -> None:
    [id_] = owner.have("Read")
    for text in [*SHORT, *MARKDOWN]:
        owner.call("PATCH", f"/tasks/{id_}", {"description": text})
        owner.open(f"/tasks/{id_}")
        expect(page.locator(".prose")).to_have_count(1)
        assert faults(page) == {}, text
        for link in page.locator(".prose a").all():
            assert "noopener" in (link.get_attribute("rel") or "")
    owner.call("PATCH", f"/tasks/{id_}", {"description": "\n\n".join(MARKDOWN)})
    for path in (f"/tasks/{id_}", f"/tasks/{id_}/edit", "/tasks"):
        owner.open(path)
        assert faults(page) == {}


def test_words_to_search_for_are_text(owner: Visitor, page: "Page", with_script: bool) -> None:
    for words in [*FEW, *(each[:200] for each in MARKDOWN[::2] if "\n" not in each[:200])]:
        owner.open("/tasks")
        page.locator("#q").fill(words)
        if not with_script:
            page.locator("#q").press("Enter")
        expect(page.locator(".empty")).to_contain_text("Nothing found")
        # Some of it is white space, or a character that no field takes.
        said = page.locator(".empty bdi").text_content() or ""
        assert said == page.locator("#q").input_value().strip()
        assert faults(page) == {}


def test_what_is_refused_is_text(owner: Visitor, page: "Page", with_script: bool) -> None:
    for title in FEW:
        owner.open("/tasks")
        page.locator("#title").fill(title + "x" * 200)
        page.locator("#title").press("Enter")
        expect(page.locator("#errors")).to_be_focused()
        expect(page.locator("#title")).to_have_value(title + "x" * 200)
        assert faults(page) == {}
        page.locator("#add [name=csrf_token]").evaluate("each => each.value = ''")
        page.locator("#add").evaluate("form => form.submit()")
        expect(owner.heading).to_have_text("This form was open for too long")
        assert faults(page) == {}
        if with_script:
            owner.open("/tasks")
            with offline(owner):
                page.locator("#title").fill(title)
                page.locator("#title").press("Enter")
                expect(owner.notices).to_contain_text("Not done")
                assert f"Add: {title}." in (owner.notices.text_content() or "")
                assert faults(page) == {}


def test_addresses_are_text(
    owner: Visitor, page: "Page", new_visitor: NewVisitor, with_script: bool
) -> None:
    guest = new_visitor()
    for path, button in [("/signup", "Sign up"), ("/login", "Log in")]:
        for email in SHORT[:4]:  # more would be too many failures
            guest.open(path)
            guest.fill("E-mail address", email)
            guest.fill("Password", PASSWORD)
            guest.press(button)
            expect(guest.page.locator("#errors")).to_be_visible()
            assert faults(guest.page) == {}
    odd = "!#$%&'*+-/=?^_`{|}~{{7*7}}"
    for name in (odd, f"{'w' * 64}", "\u05e9\u05dc\u05d5\u05dd"):
        email = f"{name}@{'w' * 60}.{'x' * 60}.{with_script:d}.example.com"
        owner.open("/settings/email")
        owner.fill("New e-mail address", email)
        owner.fill("Your password", PASSWORD)
        owner.press("Change it")
        expect(owner.notices).to_contain_text("Your e-mail address is changed.")
        assert page.locator("a[href$=email] small").text_content() == email
        assert faults(page) == {}


def test_names_of_browsers_and_paths_are_text(
    owner: Visitor, page: "Page", new_visitor: NewVisitor
) -> None:
    names = [each for each in FEW if each.isascii()]
    other = new_visitor()
    other.email = owner.email
    for name in names:
        other.page.context.clear_cookies()
        other.page.set_extra_http_headers({"User-Agent": name})
        other.log_in()
        expect(other.heading).to_have_text("Open tasks")
    owner.open("/settings/sessions")
    assert set(names) <= set(owner.content.locator("li bdi").all_text_contents())
    assert faults(page) == {}
    for text in FEW:
        for path in (
            *("/nowhere/", "/tasks?show=", "/tasks?sort=", "/tasks?cursor=", "/trash?cursor="),
            *("/tasks/1/edit?back=", "/tasks/1/edit?back=/"),
        ):
            owner.open(path + quote(text))
            assert faults(page) == {}


@pytest.mark.parametrize(
    "goal", [f"javascript:{HURT}", f"//{ELSEWHERE[8:]}", ELSEWHERE, *SHORT[:3]]
)
def test_no_address_leads_elsewhere(owner: Visitor, goal: str) -> None:
    [id_] = owner.have("Write to Grace")
    owner.open(f"/tasks/{id_}/edit?back={quote(goal)}")
    assert faults(owner.page) == {}
    owner.content.get_by_role("link", name="Cancel").click()
    expect(owner.heading).to_have_text("Write to Grace")
    owner.log_out()
    owner.open(f"/login?next={quote(goal)}")
    assert faults(owner.page) == {}
    owner.fill("E-mail address", owner.email)
    owner.fill("Password", owner.password)
    owner.press("Log in")
    expect(owner.heading).to_have_text("Open tasks")
