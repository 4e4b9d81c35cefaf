"""Which account has which e-mail address after the adoption, and whose tasks go to whom."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from taskapp.adoption.kinds import NOWHERE
from taskapp.domain import emails
from taskapp.domain.errors import Conflict
from taskapp.domain.rules import Refused


@dataclass(frozen=True)
class Decisions:
    """What an operator has decided about rows that break our rules; nothing by default."""

    same_address: str | None = None
    bad_address: str | None = None
    without_owner: str | None = None
    addresses: Mapping[int, str] = field(default_factory=dict)


class Claim(NamedTuple):
    """An account that wants an address. The least of several gets it."""

    closed: bool
    id: int


@dataclass
class Settlement:
    """Who has which address; memory goes with the number of accounts, not of tasks."""

    claims: dict[str, Claim] = field(default_factory=dict)
    losers: dict[int, Claim] = field(default_factory=dict)
    bad: set[int] = field(default_factory=set)
    merge: bool = False
    # Who owns tasks without an owner, and the address if that account is yet to be made.
    heir: int | None = None
    newcomer: str | None = None

    def owner(self, user_id: int) -> int:
        """Whose the tasks of that account are to be."""
        return self.losers[user_id].id if self.merge and user_id in self.losers else user_id


def wanted(user_id: int, email: str | None, decisions: Decisions) -> str | None:
    """The address that an account asks for, in our spelling; None if it is none."""
    given = decisions.addresses.get(user_id)
    try:
        return emails.normalise(email or "" if given is None else given)
    except Refused as refused:
        if given is not None:
            raise Conflict(f"--address {user_id}={given}: {refused.message}") from None
        return None


def placeholder(user_id: int) -> str:
    """The address of an account that cannot have its own."""
    return f"account-{user_id}@{NOWHERE}"


def settle(
    accounts: Iterable[tuple[int, str | None, bool]], decisions: Decisions, next_id: int
) -> Settlement:
    """Give each address to one of the accounts (id, address, whether closed) that want it.

    Raise Conflict when a decision names what there is not, or what is taken.
    """
    settled = Settlement(merge=decisions.same_address == "merge")
    keepers: dict[str, list[Claim]] = {}
    seen = set()
    for user_id, email, closed in accounts:
        seen.add(user_id) if user_id in decisions.addresses else None
        address = wanted(user_id, email, decisions)
        if address is None:
            settled.bad.add(user_id)
        else:
            _claim(settled, keepers, address, Claim(closed, user_id))
    if unknown := decisions.addresses.keys() - seen:
        raise Conflict(f"--address: there is no account {min(unknown)}.")
    _name_heir(settled, decisions, next_id)
    _refuse_taken_placeholders(settled)
    return settled


def _claim(
    settled: Settlement, several: dict[str, list[Claim]], address: str, claim: Claim
) -> None:
    first = settled.claims.setdefault(address, claim)
    if first is claim:
        return
    claims = several.setdefault(address, [first])
    claims.append(claim)
    keeper = settled.claims[address] = min(claims)
    settled.losers |= {each.id: keeper for each in claims}
    del settled.losers[keeper.id]


def _name_heir(settled: Settlement, decisions: Decisions, next_id: int) -> None:
    if decisions.without_owner is None:
        return
    try:
        address = emails.normalise(decisions.without_owner)
    except Refused as refused:
        raise Conflict(f"--without-owner: {refused.message}") from None
    if found := settled.claims.get(address):
        settled.heir = found.id
    else:
        settled.heir, settled.newcomer = next_id, address


def _refuse_taken_placeholders(settled: Settlement) -> None:
    taken = settled.claims.keys() | {settled.newcomer}
    for user_id in sorted(settled.bad | settled.losers.keys()):
        if placeholder(user_id) in taken:
            raise Conflict(
                f"{placeholder(user_id)} is somebody's address already: give account {user_id} "
                f"another by --address {user_id}=EMAIL."
            )
