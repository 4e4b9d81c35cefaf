"""Forms: what a page sends. They check shape; what a value may be is asked of the use-cases."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, Self

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    Field,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional, ValidationError

from taskapp.domain import settings
from taskapp.domain.dates import EARLIEST, LATEST
from taskapp.domain.emails import EMAIL_MOST
from taskapp.domain.errors import Fault
from taskapp.domain.passwords import PASSWORD_LEAST
from taskapp.domain.tasks import PRIORITIES
from taskapp.rest import read_id
from taskapp.web.days import today, zone

_NEEDED = InputRequired("Fill this in.")
DAY = {"min": EARLIEST.isoformat(), "max": LATEST.isoformat()}
# What the rules call the fields of a task that a form has under another name.
FIELD_OF = {
    "due_at": "due_on",
    "project_id": "place",
    "section_id": "place",
    "parent_id": "place",
    "name": "new_labels",
}


def _choices(words: Iterable[str]) -> list[SelectChoice]:
    return [SelectChoice(word, word.title()) for word in words]


class Form(FlaskForm):
    """A form that can show the faults that a use-case finds."""

    def show(self, *faults: Fault) -> None:
        """Put each fault beside its field; one of another field stands above the form."""
        for fault in faults:
            field = self._fields.get(fault.field)
            (field.errors if field else self.form_errors).append(fault.message)

    def values(self) -> dict[str, Any]:
        """What was filled in, by the names that use-cases know."""
        return {name: value for name, value in self.data.items() if name != "csrf_token"}

    def faults(self) -> Iterable[tuple[Field | None, str]]:
        """Each fault, with its field."""
        for message in self.form_errors:
            yield None, message
        for field in self:
            for message in field.errors:
                yield field, message


class SignUpForm(Form):
    """Making an account."""

    email = EmailField(
        "E-mail address",
        [_NEEDED],
        render_kw={"autocomplete": "username", "maxlength": EMAIL_MOST},
    )
    password = PasswordField(
        "Password",
        [_NEEDED],
        description=f"At least {PASSWORD_LEAST} characters; a few words are best.",
        render_kw={"autocomplete": "new-password", "minlength": PASSWORD_LEAST},
    )
    # Guessed by the script: a name that is not known here is no reason to turn anybody away.
    time_zone = HiddenField(
        default="UTC",
        filters=[lambda name: name if name in settings.TIME_ZONES else "UTC"],
        render_kw={"data-time-zone": ""},
    )


class LogInForm(Form):
    """Proving who one is."""

    email = EmailField("E-mail address", [_NEEDED], render_kw={"autocomplete": "username"})
    password = PasswordField("Password", [_NEEDED], render_kw={"autocomplete": "current-password"})
    remember = BooleanField("Keep me logged in")


class AddTaskForm(Form):
    """A new task, in one line."""

    title = StringField("New task", [_NEEDED])


class TaskForm(Form):
    """Changing a task; `version` is the one that the page showed.

    A field that was not sent is left as it is.
    """

    title = StringField("Title", [_NEEDED], render_kw={"autocomplete": "off"})
    description = TextAreaField(
        "Description",
        description="Markdown: **bold**, - lists, `code`, https://links.",
        filters=[lambda text: text.replace("\r\n", "\n") if text else None],
        render_kw={"rows": 4},
    )
    place = StringField("Project")
    priority = RadioField("Priority", choices=_choices(reversed(PRIORITIES)), validate_choice=False)
    due_on = DateField("Due date", [Optional()], render_kw=DAY)
    due_time = TimeField("Time", [Optional()])
    start_on = DateField(
        "Start date",
        [Optional()],
        description="Until then it is out of Today and Upcoming.",
        render_kw=DAY,
    )
    labels = SelectMultipleField(
        "Labels",
        coerce=lambda said: read_id(str(said)),
        # An empty one comes along, to tell that the form had a choice.
        filters=[lambda ids: [id_ for id_ in ids or [] if id_]],
        validate_choice=False,
    )
    new_labels = StringField(
        "New labels",
        description="Names, with commas between them.",
        render_kw={"autocomplete": "off"},
    )
    version = HiddenField()

    @classmethod
    def of(cls, task: Any) -> Self:
        """The form as it shows a task."""
        at = task.due_at.astimezone(zone()) if task.due_at else None
        form = cls(
            formdata=None,
            obj=task,
            place=name_place(task),
            due_on=at.date() if at else task.due_on,
            due_time=at.time() if at else None,
        )
        # Fields read what they show from `obj` first.
        form.due_on.data = at.date() if at else task.due_on
        return form

    def validate_due_time(self, field: Field) -> None:
        """A time belongs to a day."""
        if field.data is not None and not (self.due_on.data or self.due_on.errors):
            raise ValidationError("Say the day as well.")

    def show(self, *faults: Fault) -> None:
        """Put the faults beside the fields that they come from."""
        super().show(
            *(replace(each, field=FIELD_OF.get(each.field, each.field)) for each in faults)
        )

    def changes(self, task: Any) -> dict[str, Any]:
        """What the task is to be, of what was sent."""
        shown = type(self).of(task)
        changes: dict[str, Any] = {
            name: self[name].data or (None if name != "title" else "")
            for name in ("title", "description", "priority", "start_on")
            if self[name].raw_data
        }
        if self.labels.raw_data:
            changes["labels"] = self.labels.data
        if self.place.data and self.place.data != shown.place.data:
            changes |= read_place(self.place.data) or {"project_id": 0}
        due = (self.due_on.data, self.due_time.data)
        # The same clock may show two instants: what was not touched keeps its own.
        if self.due_on.raw_data and due != (shown.due_on.data, shown.due_time.data):
            changes |= _due(*due)
        return changes

    def compare(
        self, stored: "TaskForm", names: Mapping[tuple[str, int], str]
    ) -> Iterator[tuple[str, str, bool, bool]]:
        """Each field of what is stored: its label, its text, whether it differs, and is long."""
        for field in stored:
            if field.name in ("csrf_token", "version", "new_labels"):
                continue
            mine, theirs = self[field.name].data or "", field.data or ""
            text = _words(field.name, field.data, names)
            yield field.label.text, text, mine != theirs, field.name == "description"

    def add_labels(self) -> list[str]:
        """The names of labels that were typed."""
        return [name.strip() for name in (self.new_labels.data or "").split(",") if name.strip()]

    def versions_seen(self) -> set[int]:
        """The version that the page showed; none if it is not said."""
        said = self.version.data or ""
        return {int(said)} if said.isdecimal() and len(said) < 20 else set()


class MoveForm(Form):
    """Where a task is to go."""

    place = StringField("Move to", [_NEEDED])


def name_place(task: Any) -> str:
    """Where a task is, as the choice of places calls it."""
    if task.section_id:
        return f"s{task.section_id}"
    return f"p{task.project_id}" if task.project_id else "inbox"


def read_place(said: str) -> dict[str, Any] | None:
    """Where a choice of places leads: the Inbox, a project, a section, below a task; or nowhere."""
    kind, id_ = said[:1], read_id(said[1:])
    if said == "inbox":
        return {"project_id": None, "section_id": None}
    if kind == "p" and id_:
        return {"project_id": id_, "section_id": None}
    if kind == "s" and id_:
        return {"section_id": id_}
    return {"parent_id": id_} if kind == "t" and id_ else None


def due_words(said: str) -> dict[str, Any]:
    """When something is due that is put off by one word; nothing for any other word."""
    day = {"today": today(), "tomorrow": today() + timedelta(days=1), "none": None}
    if said not in day:
        return {}
    return {"due_on": day[said]} if day[said] else {"due_on": None, "due_at": None}


def _words(name: str, value: Any, names: Mapping[tuple[str, int], str]) -> str:
    """What a field of a task holds, in words."""
    if name == "labels":
        return ", ".join(names.get(("label", id_), "") for id_ in value or [])
    if name == "place" and value != "inbox":
        kind = "section" if value.startswith("s") else "project"
        return names.get((kind, int(value[1:])), "")
    if name in ("place", "priority"):
        return str(value).title()
    return f"{value:%H:%M}" if isinstance(value, time) else str(value or "")


def _due(day: date | None, at: time | None) -> dict[str, Any]:
    if day and at:
        return {"due_at": datetime.combine(day, at, zone())}
    return {"due_on": day} if day else {"due_on": None, "due_at": None}


class SettingsForm(Form):
    """What a person may choose."""

    time_zone = SelectField(
        "Time zone", choices=[SelectChoice(each) for each in sorted(settings.TIME_ZONES)]
    )
    theme = RadioField("Theme", choices=_choices(settings.THEMES))
    density = RadioField("Density", choices=_choices(settings.DENSITIES))
    shortcuts = BooleanField("Single keys are shortcuts")


class ConfirmForm(Form):
    """A password, so that only its owner goes on."""

    current_password = PasswordField(
        "Your password", [_NEEDED], render_kw={"autocomplete": "current-password"}
    )


class ChangeEmailForm(ConfirmForm):
    """Another address."""

    email = EmailField("New e-mail address", [_NEEDED], render_kw={"autocomplete": "email"})


class ChangePasswordForm(ConfirmForm):
    """Another password."""

    new_password = PasswordField(
        "New password",
        [_NEEDED],
        description=f"At least {PASSWORD_LEAST} characters; a few words are best.",
        render_kw={"autocomplete": "new-password", "minlength": PASSWORD_LEAST},
    )
