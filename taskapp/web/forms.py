"""Forms: what a page sends. They check shape; what a value may be is asked of the use-cases."""

from collections.abc import Iterable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from taskapp.domain import settings
from taskapp.domain.emails import EMAIL_MOST
from taskapp.domain.errors import Fault
from taskapp.domain.passwords import PASSWORD_LEAST

_NEEDED = InputRequired("Fill this in.")


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

    title = StringField(
        "New task",
        [_NEEDED],
        render_kw={"autocomplete": "off", "placeholder": "What needs doing?", "data-key": "q"},
    )


class TaskForm(Form):
    """Changing a task; `version` is the one that the page showed."""

    title = StringField("Title", [_NEEDED], render_kw={"autocomplete": "off"})
    description = TextAreaField(
        "Description",
        description="Markdown: **bold**, - lists, `code`, https://links.",
        filters=[lambda text: text.replace("\r\n", "\n") if text else None],
        render_kw={"rows": 8},
    )
    version = HiddenField()

    def changes(self) -> dict[str, Any]:
        """What the task is to be."""
        return {"title": self.title.data, "description": self.description.data or None}

    def versions_seen(self) -> set[int]:
        """The version that the page showed; none if it is not said."""
        said = self.version.data or ""
        return {int(said)} if said.isdecimal() and len(said) < 20 else set()


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
