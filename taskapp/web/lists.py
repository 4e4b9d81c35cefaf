"""What a list's address says: which tasks, in which order, from where on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from flask import url_for

from taskapp.domain.tasks import WORDS_MOST
from taskapp.services.filters import Filter

SHOWN = {"open": False, "done": True, "all": None}
SORTS = {
    "-created_at": "Newest first",
    "created_at": "Oldest first",
    "-updated_at": "Last changed first",
    "title": "By title",
}
PAGE_SIZE = 50


@dataclass(frozen=True)
class View:
    """The tasks that somebody looks at. What an address says wrongly is as if it were not said."""

    show: str = "open"
    q: str = ""
    sort: str = "-created_at"

    @classmethod
    def said_by(cls, args: Mapping[str, str]) -> Self:
        """Read an address or the fields of a form."""
        show, sort = args.get("show", ""), args.get("sort", "")
        return cls(
            show=show if show in SHOWN else cls.show,
            q=args.get("q", "").replace("\0", "").strip()[:WORDS_MOST],
            sort=sort if sort in SORTS else cls.sort,
        )

    @property
    def filter(self) -> Filter:
        """Which tasks these are."""
        return Filter(completed=SHOWN[self.show], q=self.q)

    def fields(self) -> dict[str, str]:
        """What has to be said, since it is not so anyway."""
        plain = asdict(View())
        return {name: value for name, value in asdict(self).items() if value != plain[name]}

    def but(self, **changes: Any) -> "View":
        """A view that differs in this."""
        return replace(self, **changes)

    def url(self, **more: str) -> str:
        """Its address."""
        query = self.fields() | more
        path = url_for("web.list_tasks")
        return f"{path}?{urlencode(query)}" if query else path
