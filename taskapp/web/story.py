"""What happened, in plain sentences: an event of the history as people would tell it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

# What things are called, by kind and id: {("project", 7): "Moving house"}.
Names = Mapping[tuple[str, int], str]

_VERBS = {
    "created": "Added",
    "deleted": "Moved to the trash:",
    "restored": "Restored",
    "removed": "Deleted",
}
_NOUNS = {"task": "", "project": "project ", "section": "section ", "label": "label "}
_PLACES = ("project_id", "section_id", "parent_id")
_SWITCHES = (("completed", "completed", "reopened"), ("archived", "archived", "opened again"))
_WORDS = {"description": "description", "priority": "priority", "color": "colour"}
_DATES = {"due date": ("due_on", "due_at"), "start date": ("start_on",)}
_FOR_GOOD = {("task", "removed"), ("project", "removed")}
# A part of a sentence, made of its subject, and of " of" the subject.
_Clause = Callable[[str, str], str]


def sentence(event: Any, names: Names, zone_name: str = "UTC") -> str:
    """An event in a sentence without a full stop: "Moved “X” to Moving house".

    `names` tells what other things are called, and tasks as well; a task that it does not know is
    "this task", as on its own page. Instants are told in the time zone named.
    """
    subject = _subject(event, names)
    if event.verb != "updated":
        where = _into(event, names) if event.verb == "created" else ""
        for_good = " for good" if (event.kind, event.verb) in _FOR_GOOD else ""
        return f"{_VERBS[event.verb]} {subject}{where}{for_good}"
    first, *others = [*_clauses(event, names, zone_name)] or [_act("changed")]
    told = ", ".join([first(subject, f" of {subject}"), *(each("it", "") for each in others)])
    return told[0].upper() + told[1:]


def _subject(event: Any, names: Names) -> str:
    word = "title" if event.kind == "task" else "name"
    # What is renamed is called by its old name: the new one follows.
    name = event.before.get(word) or event.after.get(word)
    name = name or names.get((event.kind, event.thing_id))
    return f"{_NOUNS[event.kind]}“{name}”" if name else f"this {event.kind}"


def _clauses(event: Any, names: Names, zone_name: str) -> Iterator[_Clause]:
    after = event.after
    for field, yes, no in _SWITCHES:
        if field in after:
            yield _act(yes if after[field] else no)
    for field in after.keys() & {"title", "name"}:
        yield _renamed(after[field])
    if after.keys() & set(_PLACES):
        yield _moved(_place(event, names))
    elif "rank" in after:
        yield _act("put in another place:")
    yield from _marks(event, zone_name)
    if "labels" in after:
        yield from _labelled(event.before["labels"], after["labels"], names)


def _marks(event: Any, zone_name: str) -> Iterator[_Clause]:
    before, after = event.before, event.after
    for field, word in _WORDS.items():
        if field in after:
            # Nobody reads a whole description in a sentence.
            told = (None, None) if field == "description" else (before[field], after[field])
            yield _changed(word, *told)
    for word, fields in _DATES.items():
        if after.keys() & set(fields):
            yield _changed(
                word, *(_day(each, fields, event, zone_name) for each in (before, after))
            )


def _act(verb: str) -> _Clause:
    return lambda subject, _: f"{verb} {subject}"


def _renamed(name: str) -> _Clause:
    return lambda subject, _: f"renamed {subject} to “{name}”"


def _moved(place: str) -> _Clause:
    return lambda subject, _: f"moved {subject} {place}"


def _changed(what: str, old: str | None, new: str | None) -> _Clause:
    """From something to something else, from nothing, to nothing; or that alone, if both are."""
    if old and new:
        return lambda _, of: f"changed {what}{of} from {old} to {new}"
    if new:
        return lambda _, of: f"set {what}{of} to {new}"
    if old:
        return lambda _, of: f"removed {what}{of}, which was {old}"
    return lambda _, of: f"changed {what}{of}"


def _labelled(old: list[int], new: list[int], names: Names) -> Iterator[_Clause]:
    def named(ids: list[int]) -> str:
        known = [names.get(("label", id_)) for id_ in ids]
        words = ", ".join(f"“{name}”" if name else "that is gone" for name in known)
        return f"{'label' if len(ids) == 1 else 'labels'} {words}"

    if gone := [id_ for id_ in old if id_ not in new]:
        yield _act(f"took {named(gone)} off")
    if added := [id_ for id_ in new if id_ not in old]:
        yield _act(f"gave {named(added)} to")


def _into(event: Any, names: Names) -> str:
    """Where something was added, if that is worth telling."""
    places = {name: event.after.get(name) for name in _PLACES}
    if not any(places.values()):
        return ""
    return " " + _place(event, names).replace("to ", "in ", 1)


def _place(event: Any, names: Names) -> str:
    """Where something went: the closest of the places that it was given."""
    after = event.after
    if after.get("parent_id"):
        parent = names.get(("task", after["parent_id"]))
        return f"below “{parent}”" if parent else "below another task"
    if after.get("section_id"):
        section = names.get(("section", after["section_id"]), "a section that is gone")
        project = names.get(("project", after.get("project_id") or 0))
        return f"to {project} / {section}" if project else f"to {section}"
    if "project_id" in after:
        if after["project_id"] is None:
            return "to the inbox"
        return f"to {names.get(('project', after['project_id']), 'a project that is gone')}"
    if "section_id" in after:
        return "out of its section"
    return "out of the task above"


def _day(
    values: Mapping[str, Any], fields: tuple[str, ...], event: Any, zone_name: str
) -> str | None:
    """The day, and the time if there is one, that values tell of: "5 Dec", "5 Dec 2027, 09:30"."""
    text = next((values[name] for name in fields if values.get(name)), None)
    if text is None:
        return None
    zone = ZoneInfo(zone_name)
    timed = "T" in text
    moment = datetime.fromisoformat(text).astimezone(zone) if timed else date.fromisoformat(text)
    year = "" if moment.year == event.at.astimezone(zone).year else f" {moment.year}"
    time = f", {moment:%H:%M}" if timed else ""
    return f"{moment.day} {moment:%b}{year}{time}"
