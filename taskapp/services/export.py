"""Export: all that is somebody's own, for them to take along."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Protocol

from taskapp.db import AnyRow, fetch, snapshot
from taskapp.domain.actors import Actor
from taskapp.models import Section
from taskapp.services import accounts, history, labels, projects, tasks, trash
from taskapp.services.paging import Page, Position
from taskapp.services.records import own

BATCH = 500


@dataclass(frozen=True)
class Everything:
    """All of an account. Each list is read as one goes through it, a batch at a time."""

    account: AnyRow
    lists: dict[str, Iterable[AnyRow]]


class _Ask(Protocol):
    def __call__(self, *, limit: int, after: Position | None) -> Page: ...


@contextmanager
def everything(actor: Actor, *, keep: timedelta) -> Iterator[Everything]:
    """All that is the actor's as it is at one moment, to be read inside.

    The trash as far as it can be had back, which is what `keep` says. Raise AuthenticationFailed
    when the account is gone.
    """
    with snapshot():
        sections = own("section", actor).order_by(Section.project_id, Section.rank, Section.id)
        yield Everything(
            accounts.show(actor),
            {
                "projects": projects.list_all(actor),
                # Those of projects in the trash as well.
                "sections": fetch(sections),
                "labels": labels.list_all(actor),
                "tasks": _all(partial(tasks.list_page, actor, sort="created_at")),
                "trashed_projects": trash.list_projects(actor, keep=keep),
                "trashed_tasks": _all(partial(trash.list_page, actor, keep=keep)),
                "activity": _all(partial(history.activity, actor)),
            },
        )


def _all(ask: _Ask) -> Iterator[AnyRow]:
    """The rows of a list, page after page."""
    after: Position | None = None
    while True:
        page = ask(limit=BATCH, after=after)
        yield from page.rows
        if page.end is None:
            return
        after = page.end
