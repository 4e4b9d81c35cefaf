"""A page as a tree of elements, as far as tests need to look into one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source"}


@dataclass
class Element:
    """An element: its name, attributes, and what is in it."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    parent: "Element | None" = None
    children: list["Element | str"] = field(default_factory=list)

    def get(self, name: str, default: str = "") -> str:
        """The value of an attribute."""
        return self.attributes.get(name, default)

    def walk(self) -> Iterator["Element"]:
        """All elements below, in their order."""
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.walk()

    def strings(self) -> Iterator[tuple["Element", str]]:
        """All pieces of text below, each with the element around it."""
        for child in self.children:
            if isinstance(child, Element):
                yield from child.strings()
            else:
                yield self, child

    def around(self) -> Iterator["Element"]:
        """The element, and those that it is in, from within."""
        yield self
        if self.parent:
            yield from self.parent.around()

    @property
    def text(self) -> str:
        """Its text, white space made single."""
        return " ".join("".join(text for _, text in self.strings()).split())

    @property
    def name(self) -> str:
        """What it is called by those who hear it."""
        return self.get("aria-label") or self.text

    def all(self, tag: str = "", **wanted: str | bool) -> list["Element"]:
        """The elements below of that tag and with those attributes; `_` stands for `-`."""
        return [each for each in self.walk() if tag in ("", each.tag) and _has(each, wanted)]

    def one(self, tag: str = "", **wanted: str | bool) -> "Element":
        """The only element below of that kind."""
        [found] = self.all(tag, **wanted)
        return found

    def that(self, holds: Callable[["Element"], bool]) -> list["Element"]:
        """The elements below of which something holds."""
        return [each for each in self.walk() if holds(each)]


def _has(element: Element, wanted: dict[str, str | bool]) -> bool:
    for name, value in wanted.items():
        found = element.attributes.get(name.rstrip("_").replace("_", "-"))
        if (found is not None) != value if isinstance(value, bool) else found != value:
            return False
    return True


@dataclass
class _Tag:
    """What a tag that begins an element says, and whether it ends it too."""

    name: str
    attributes: dict[str, str]
    ends: bool = False


# Most tags stand in a page many times and on every page: each is read once, by its text.
_KNOWN: dict[str, _Tag] = {}
_KNOWN_MOST = 10_000


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.open = Element("")
        self._read: list[_Tag] = []

    def updatepos(self, i: int, j: int) -> int:
        """Nobody asks for the line."""
        return j

    def parse_starttag(self, i: int) -> int:
        """Read a tag, unless it is known, and return where it ends."""
        end = self.rawdata.find(">", i) + 1
        text = self.rawdata[i:end]
        if known := _KNOWN.get(text):
            self._begin(known)
            return end
        self._read.clear()
        found = super().parse_starttag(i)
        if len(_KNOWN) >= _KNOWN_MOST:
            _KNOWN.clear()
        # What follows a script's tag is read in another way.
        if found == end and self._read and self._read[0].name not in self.CDATA_CONTENT_ELEMENTS:
            [_KNOWN[text]] = self._read
        return found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._begin(_read(tag, attrs))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._begin(_read(tag, attrs, ends=True))

    def _begin(self, tag: _Tag) -> None:
        self._read.append(tag)
        element = Element(tag.name, tag.attributes, self.open)
        self.open.children.append(element)
        if tag.name not in _VOID and not tag.ends:
            self.open = element

    def handle_endtag(self, tag: str) -> None:
        assert self.open.tag == tag, f"</{tag}> ends <{self.open.tag}>"
        assert self.open.parent
        self.open = self.open.parent

    def handle_data(self, data: str) -> None:
        self.open.children.append(data)


def _read(tag: str, attrs: list[tuple[str, str | None]], *, ends: bool = False) -> _Tag:
    attributes = {name: value or "" for name, value in attrs}
    assert len(attributes) == len(attrs), f"an attribute stands twice in <{tag}>: {attrs}"
    return _Tag(tag, attributes, ends)


def parse(html: str) -> Element:
    """The tree of a page, in which every element that is opened is closed."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    assert builder.open is builder.root, f"<{builder.open.tag}> is not closed"
    return builder.root
