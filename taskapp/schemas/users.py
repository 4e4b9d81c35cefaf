"""Accounts and tokens on the wire."""

from marshmallow import fields

from taskapp.domain import emails, passwords, settings
from taskapp.schemas.base import Flag, Moment, Schema, Text

EMAIL = "ada@example.com"
PASSWORD = "correct horse battery"  # noqa: S105 - an example to read


class SignUpSchema(Schema):
    """What a person gives to have an account."""

    email = Text(
        required=True,
        rule=emails.normalise,
        metadata={
            "format": "email",
            "maxLength": emails.EMAIL_MOST,
            "description": "One account per address, whatever its case. Stored normalised.",
        },
    )
    password = Text(
        required=True,
        rule=passwords.check,
        metadata={
            "format": "password",
            "minLength": passwords.PASSWORD_LEAST,
            "maxLength": passwords.PASSWORD_MOST_BYTES,
            "description": "8 characters to 1,024 bytes of any Unicode. "
            "The commonest passwords are refused.",
        },
    )
    example = {"email": EMAIL, "password": PASSWORD}


class LogInSchema(Schema):
    """What a person gives to be known."""

    email = Text(
        required=True,
        metadata={"pattern": "^[^\\u0000]*$", "description": "The address, in any case."},
    )
    password = Text(
        required=True,
        rule=passwords.text,
        metadata={
            "format": "password",
            "description": "As it was given at sign-up.",
        },
    )
    example = SignUpSchema.example


class SettingsSchema(Schema):
    """What a person may choose; absent members keep their value."""

    time_zone = Text(
        rule=settings.time_zone, metadata={"description": "A name of the IANA database."}
    )
    theme = Text(
        rule=settings.RULES["theme"],
        metadata={"enum": list(settings.THEMES), "description": "The colours of the pages."},
    )
    density = Text(
        rule=settings.RULES["density"],
        metadata={"enum": list(settings.DENSITIES), "description": "How close the rows stand."},
    )
    shortcuts = Flag(metadata={"description": "Whether single keys are shortcuts."})
    example = {"time_zone": "Europe/Berlin", "theme": "dark"}


class ConfirmSchema(Schema):
    """A password, so that only its owner does what cannot be undone."""

    current_password = Text(
        required=True,
        rule=passwords.text,
        metadata={"format": "password", "description": "The one that you log in with."},
    )
    example = {"current_password": PASSWORD}


class ChangeEmailSchema(ConfirmSchema):
    """Another address for an account."""

    email = SignUpSchema._declared_fields["email"]
    example = {"email": "ada@example.org", "current_password": PASSWORD}


class ChangePasswordSchema(ConfirmSchema):
    """Another password for an account."""

    new_password = SignUpSchema._declared_fields["password"]
    example = {"new_password": "staple the correct horse", "current_password": PASSWORD}


class SessionSchema(Schema):
    """A browser that is logged in."""

    id = fields.Integer(
        required=True, metadata={"format": "int64", "description": "Names it for logging it out."}
    )
    client = fields.String(required=True, metadata={"description": "What it says it is."})
    created_at = Moment(required=True, metadata={"description": "When it logged in."})
    seen_at = Moment(required=True, metadata={"description": "Exact to five minutes."})
    expires_at = Moment(required=True, metadata={"description": "When it is logged out."})
    example = {
        "id": 1,
        "client": "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0",
        "created_at": "2026-01-31T09:30:00.123456Z",
        "seen_at": "2026-02-01T08:00:00.654321Z",
        "expires_at": "2026-03-02T09:30:00.123456Z",
    }


class UserSchema(Schema):
    """An account, as its owner sees it."""

    id = fields.Integer(
        required=True,
        metadata={"format": "int64", "description": "Your part of the paths of your tasks."},
    )
    email = fields.String(
        required=True, metadata={"description": "In lower case, its domain in Unicode."}
    )
    is_active = Flag(
        required=True, metadata={"description": "Whether the account is open: only then it works."}
    )
    time_zone = fields.String(required=True, metadata={"description": "Where their day begins."})
    theme = fields.String(
        required=True,
        metadata={"enum": list(settings.THEMES), "description": "The colours of the pages."},
    )
    density = fields.String(
        required=True,
        metadata={"enum": list(settings.DENSITIES), "description": "How close the rows stand."},
    )
    shortcuts = Flag(
        required=True, metadata={"description": "Whether single keys are shortcuts on the pages."}
    )
    created_at = Moment(required=True, metadata={"description": "When it was created."})
    updated_at = Moment(required=True, metadata={"description": "When it last changed."})
    example = {
        "id": 1,
        "email": EMAIL,
        "is_active": True,
        "time_zone": "UTC",
        "theme": "system",
        "density": "comfortable",
        "shortcuts": True,
        "created_at": "2026-01-31T09:30:00.123456Z",
        "updated_at": "2026-01-31T09:30:00.123456Z",
    }


class TokenSchema(Schema):
    """An access token, and whose it is."""

    holds_secret = True

    access_token = fields.String(
        required=True, metadata={"description": "Send it as `Authorization: Bearer <token>`."}
    )
    token_type = fields.String(
        required=True, metadata={"enum": ["bearer"], "description": "RFC 6750."}
    )
    expires_in = fields.Integer(required=True, metadata={"description": "Seconds from now."})
    user = fields.Nested(
        UserSchema, required=True, metadata={"description": "Whom the token speaks for."}
    )
    example = {
        "access_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "token_type": "bearer",
        "expires_in": 3600,
        "user": UserSchema.example,
    }
