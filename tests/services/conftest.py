"""Two people who call the use-cases without any door."""

import pytest

from taskapp.domain.actors import Actor
from taskapp.services import accounts

from ..callers import PASSWORD


@pytest.fixture
def ada(context: None) -> Actor:
    """Somebody with an account."""
    return Actor(accounts.sign_up("ada@example.com", PASSWORD, rounds=4).id)


@pytest.fixture
def eve(context: None) -> Actor:
    """A stranger to Ada."""
    return Actor(accounts.sign_up("eve@example.com", PASSWORD, rounds=4).id)
