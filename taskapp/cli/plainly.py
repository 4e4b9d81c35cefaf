"""How a command ends that cannot do what it was told: on one sentence."""

from collections.abc import Callable
from functools import wraps
from typing import NoReturn, ParamSpec, TypeVar

import click

from taskapp.domain.errors import DomainError, RuleViolation

P = ParamSpec("P")
R = TypeVar("R")


def plainly(command: Callable[P, R]) -> Callable[P, R]:
    """Let a command end on the sentence of a domain error instead of a trace."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except RuleViolation as error:
            fail("\n".join(f"{fault.field}: {fault.message}" for fault in error.faults))
        except DomainError as error:
            fail(error.message)

    return run


def fail(message: str) -> NoReturn:
    """End the command, unsuccessfully."""
    raise click.ClickException(message)
