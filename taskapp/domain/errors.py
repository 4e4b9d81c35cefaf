"""What can go wrong, in the product's own words. Nothing here knows HTTP."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """What is wrong with one field: a code for programs, a sentence with the remedy for people."""

    field: str
    code: str
    message: str


class DomainError(Exception):
    """A use-case was refused. `code` is stable; the message may be shown to people."""

    code = "refused"
    message = "This cannot be done."

    def __init__(self, message: str | None = None, *, code: str | None = None) -> None:
        self.message = message or self.message
        self.code = code or self.code
        super().__init__(self.message)


class NotFound(DomainError):
    """There is no such thing, or it belongs to somebody else."""

    code = "not_found"
    message = "There is no such thing here."


class PermissionDenied(DomainError):
    """The actor may not go there at all."""

    code = "permission_denied"
    message = "This belongs to another account."


class Conflict(DomainError):
    """The change contradicts what is stored."""

    code = "conflict"
    message = "This contradicts what is stored."


class KeyReused(DomainError):
    """The key under which this is sent stands for another request."""

    code = "key_reused"
    message = "This Idempotency-Key came with another request before. Give each a key of its own."


class StaleVersion(DomainError):
    """The thing has changed since the version that the caller had seen."""

    code = "stale_version"
    message = "This has changed since you read it. Read it again, then repeat your change."


class Forgotten(DomainError):
    """What is asked for was known once, and is no longer kept."""

    code = "history_forgotten"
    message = (
        "Changes of so long ago are no longer kept: read everything anew, then go on from now."
    )


class AuthenticationFailed(DomainError):
    """It is not known who is calling."""

    code = "credentials_wrong"
    message = "The e-mail address or the password is wrong."


class RuleViolation(DomainError):
    """Values break rules; `faults` names each."""

    code = "invalid"
    message = "Some values are not acceptable."

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__()
