"""What an operator does to accounts."""

import click
from flask.cli import AppGroup

from taskapp.cli.plainly import plainly
from taskapp.extensions import bcrypt_rounds
from taskapp.services import accounts

users = AppGroup("users", help="Manage accounts.")
_email = click.argument("email")


def _ask_password() -> str:
    # Never an option: a command line is seen by others and kept in histories.
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


@users.command()
@_email
@plainly
def create(email: str) -> None:
    """Create an account; its password is asked for."""
    user = accounts.sign_up(email, _ask_password(), rounds=bcrypt_rounds())
    click.echo(f"Created account {user.id} for {user.email}.")


@users.command("list")
def list_users() -> None:
    """List the accounts: id, state, when they were created, e-mail address."""
    for user in accounts.list_all():
        state = "active" if user.is_active else "closed"
        click.echo(f"{user.id:>6}  {state}  {user.created_at:%Y-%m-%d %H:%M}  {user.email}")


@users.command()
@_email
@plainly
def deactivate(email: str) -> None:
    """Close an account: from the next request on it is refused."""
    user = accounts.set_active(email, active=False)
    click.echo(f"Closed account {user.id} of {user.email}. Its tasks are kept.")


@users.command()
@_email
@plainly
def activate(email: str) -> None:
    """Open an account again."""
    user = accounts.set_active(email, active=True)
    click.echo(f"Opened account {user.id} of {user.email}.")


@users.command("set-password")
@_email
@plainly
def set_password(email: str) -> None:
    """Give an account another password, which is asked for."""
    accounts.find(email)  # before anybody types a password for nothing
    accounts.set_password(email, _ask_password(), rounds=bcrypt_rounds())
    click.echo(f"Changed the password of {email}.")
