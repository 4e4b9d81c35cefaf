"""Projects and their sections. Another's is NotFound, as one that is not."""

from collections.abc import Collection, Sequence
from typing import Any

from taskapp.db import AnyRow, fetch
from taskapp.domain import rules
from taskapp.domain.actors import Actor
from taskapp.domain.errors import Fault, NotFound, RuleViolation
from taskapp.domain.projects import RULES
from taskapp.models import Project, Section, Task
from taskapp.services import placing
from taskapp.services.records import TABLES, Act, Kind, act, check_version, own
from taskapp.services.tasks import discard

_ORDER = (Project.rank, Project.id)


def create(actor: Actor, *, name: str, **more: Any) -> AnyRow:
    """A new project of the actor's, the last of them; raise RuleViolation."""
    values = rules.apply(RULES, {"name": name, **more})
    with act(actor) as doing:
        return doing.add("project", {"rank": doing.new_rank()} | values)


def show(actor: Actor, project_id: int) -> AnyRow:
    """One project of the actor's; raise NotFound."""
    return _show("project", actor, project_id)


def list_all(actor: Actor, *, archived: bool | None = None) -> Sequence[AnyRow]:
    """The actor's projects in their order; only those archived, or not, if that is said."""
    query = own("project", actor).where(Project.deleted_at.is_(None)).order_by(*_ORDER)
    return fetch(query if archived is None else query.where(Project.archived == archived))


def update(
    actor: Actor,
    project_id: int,
    changes: dict[str, Any],
    *,
    seen: Collection[int] | None = None,
) -> AnyRow:
    """Change the fields named; raise RuleViolation, NotFound or StaleVersion."""
    values = rules.apply(RULES, changes)
    with act(actor) as doing:
        project = _hold(doing, "project", project_id, seen)
        doing.change("project", [project], values)
        return doing.one("project", project_id) or project


def move(
    actor: Actor, project_id: int, after: int | None, *, seen: Collection[int] | None = None
) -> AnyRow:
    """Put a project after another, or first; raise NotFound, RuleViolation or StaleVersion."""
    scope = [Project.deleted_at.is_(None)]
    return _move("project", actor, project_id, scope, after, seen=seen)


def shift(actor: Actor, project_id: int, by: int) -> AnyRow:
    """Put a project one place up (-1) or down (1) among those in use, or archived; raise NotFound.

    The first goes no further up, and the last no further down.
    """
    with act(actor) as doing:
        project = _hold(doing, "project", project_id)
        scope = [Project.deleted_at.is_(None), Project.archived == project.archived]
        rank = placing.rank_beside(doing, "project", scope, project, by)
        doing.change("project", [project], {"rank": rank})
        return _hold(doing, "project", project_id)


def delete(actor: Actor, project_id: int, *, seen: Collection[int] | None = None) -> AnyRow:
    """Move a project and its tasks to the trash, from where trash.restore_project() takes them.

    Raise NotFound or StaleVersion.
    """
    with act(actor) as doing:
        project = _hold(doing, "project", project_id, seen)
        inside = own("task", actor).where(Task.project_id == project_id, Task.deleted_at.is_(None))
        discard(doing, fetch(inside))
        doing.change("project", [project], {"deleted_at": doing.moment}, "deleted")
        return project


def create_section(actor: Actor, *, project_id: int, name: str) -> AnyRow:
    """A new section, the last of its project; raise RuleViolation."""
    values = rules.apply(RULES, {"project_id": project_id, "name": name})
    with act(actor) as doing:
        _check_project(doing, project_id)
        return doing.add("section", {"rank": doing.new_rank()} | values)


def show_section(actor: Actor, section_id: int) -> AnyRow:
    """One section of the actor's; raise NotFound."""
    return _show("section", actor, section_id)


def list_sections(actor: Actor, project_id: int | None = None) -> Sequence[AnyRow]:
    """The sections of one of the actor's projects, or of all, in their order."""
    query = own("section", actor).where(Section.project_id.in_(_in_use(actor)))
    if project_id is not None:
        query = query.where(Section.project_id == project_id)
    return fetch(query.order_by(Section.project_id, Section.rank, Section.id))


def update_section(
    actor: Actor,
    section_id: int,
    changes: dict[str, Any],
    *,
    seen: Collection[int] | None = None,
) -> AnyRow:
    """Change the fields named; raise RuleViolation, NotFound or StaleVersion.

    A section that goes to another project takes its tasks along.
    """
    values = rules.apply(RULES, changes)
    with act(actor) as doing:
        section = _hold(doing, "section", section_id, seen)
        if values.get("project_id", section.project_id) != section.project_id:
            _check_project(doing, values["project_id"])
            values["rank"] = doing.new_rank()
            inside = own("task", actor).where(Task.section_id == section_id)
            for task in fetch(inside):
                placed = {"project_id": values["project_id"]}
                doing.change("task", [task], placed)
                placing.follow(doing, task, placed)
        doing.change("section", [section], values)
        return doing.one("section", section_id) or section


def move_section(
    actor: Actor, section_id: int, after: int | None, *, seen: Collection[int] | None = None
) -> AnyRow:
    """Put a section after another of its project, or first; raise as move() does."""
    with act(actor):
        section = show_section(actor, section_id)
        scope = [Section.project_id == section.project_id]
        return _move("section", actor, section_id, scope, after, seen=seen)


def shift_section(actor: Actor, section_id: int, by: int) -> AnyRow:
    """Put a section one place up (-1) or down (1) in its project, as shift() does."""
    with act(actor) as doing:
        section = _hold(doing, "section", section_id)
        scope = [Section.project_id == section.project_id]
        rank = placing.rank_beside(doing, "section", scope, section, by)
        doing.change("section", [section], {"rank": rank})
        return _hold(doing, "section", section_id)


def delete_section(actor: Actor, section_id: int, *, seen: Collection[int] | None = None) -> AnyRow:
    """Remove a section; its tasks stay in the project. Raise NotFound or StaleVersion."""
    with act(actor) as doing:
        section = _hold(doing, "section", section_id, seen)
        inside = own("task", actor).where(Task.section_id == section_id)
        doing.change("task", fetch(inside), {"section_id": None})
        doing.remove("section", [section])
        return section


def _in_use(actor: Actor) -> Any:
    return own("project", actor).with_only_columns(Project.id).where(Project.deleted_at.is_(None))


def _show(kind: Kind, actor: Actor, id_: int) -> AnyRow:
    query = own(kind, actor).where(TABLES[kind].c.id == id_)
    if kind == "project":
        query = query.where(Project.deleted_at.is_(None))
    else:
        query = query.where(Section.project_id.in_(_in_use(actor)))
    found = fetch(query)
    if not found:
        raise NotFound(f"There is no such {kind}.")
    return found[0]


def _hold(doing: Act, kind: Kind, id_: int, seen: Collection[int] | None = None) -> AnyRow:
    row = doing.one(kind, id_) if kind == "project" else _show(kind, doing.actor, id_)
    if row is None or getattr(row, "deleted_at", None) is not None:
        raise NotFound(f"There is no such {kind}.")
    check_version(row, seen)
    return row


def _move(
    kind: Kind,
    actor: Actor,
    id_: int,
    scope: list[Any],
    after: int | None,
    *,
    seen: Collection[int] | None,
) -> AnyRow:
    with act(actor) as doing:
        row = _hold(doing, kind, id_, seen)
        rank = placing.rank_after(doing, kind, scope, after, id_)
        doing.change(kind, [row], {"rank": rank})
        return doing.one(kind, id_) or row


def _check_project(doing: Act, project_id: int) -> None:
    try:
        show(doing.actor, project_id)
    except NotFound:
        message = "There is no such project of yours."
        raise RuleViolation(Fault("project_id", "no_such", message)) from None
