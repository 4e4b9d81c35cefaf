"""Accounts and tokens on the wire."""

from marshmallow import fields

from taskapp.domain import emails, passwords
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
    created_at = Moment(required=True, metadata={"description": "When it was created."})
    updated_at = Moment(required=True, metadata={"description": "When it last changed."})
    example = {
        "id": 1,
        "email": EMAIL,
        "is_active": True,
        "created_at": "2026-01-31T09:30:00.123456Z",
        "updated_at": "2026-01-31T09:30:00.123456Z",
    }


class TokenSchema(Schema):
    """An access token, and whose it is."""

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
