"""Forms of what tasks are put in order with: projects, sections and labels."""

from typing import Any

from wtforms import HiddenField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from taskapp.domain.projects import COLORS
from taskapp.rest import read_id
from taskapp.web.forms import Form

_NEEDED = InputRequired("Fill this in.")
_COLORS = [SelectChoice(color, color.title()) for color in COLORS]


def _name(label: str) -> StringField:
    return StringField(label, [_NEEDED], render_kw={"autocomplete": "off"})


class _VersionedForm(Form):
    """A form of something that has changed, perhaps, since the page showed it."""

    version = HiddenField()

    def values(self) -> dict[str, Any]:
        """What was filled in."""
        return {name: value for name, value in super().values().items() if name != "version"}

    def versions_seen(self) -> set[int]:
        """The version that the page showed; none if it is not said."""
        return {read_id(self.version.data or "")}


class AddProjectForm(Form):
    """A new project."""

    name = _name("New project")
    color = RadioField("Colour", choices=_COLORS, default=COLORS[0])


class ProjectForm(_VersionedForm):
    """What a project is called, and its colour."""

    name = _name("Name")
    color = RadioField("Colour", choices=_COLORS)


class AddSectionForm(Form):
    """A new section of a project."""

    name = _name("New section")


class SectionForm(_VersionedForm):
    """What a section is called."""

    name = _name("Name")


class AddLabelForm(Form):
    """A new label."""

    name = _name("New label")
    color = RadioField("Colour", choices=_COLORS, default=COLORS[0])


class LabelForm(_VersionedForm):
    """What a label is called, and its colour."""

    name = _name("Name")
    color = RadioField("Colour", choices=_COLORS)


class MergeForm(Form):
    """Which label stays."""

    into = SelectField("Give its tasks this label instead", coerce=read_id)


class AddToProjectForm(Form):
    """A new task in a project, in one of its sections or in none."""

    title = StringField(
        "New task", [_NEEDED], render_kw={"autocomplete": "off", "placeholder": "Add a task"}
    )
    section_id = HiddenField(filters=[lambda said: read_id(said) or None if said else None])
