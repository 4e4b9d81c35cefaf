"""What may be odd about a row of the earlier system, and what becomes of it, in plain words."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from taskapp.domain.tasks import DESCRIPTION_MOST, TITLE_MOST


@dataclass(frozen=True)
class Kind:
    """An oddity: what it is, what is done about it, and the answers if it has to be decided."""

    what: str
    done: str
    answers: Mapping[str, str] = field(default_factory=dict)


UNTITLED = "(untitled)"
# Nobody can ever own an address of this domain (RFC 2606).
NOWHERE = "adopted.example"

ADDRESS = "--address ID=EMAIL"
_TIMES = Kind(
    "a time is missing, unreadable, before 1970 or after 2285",
    "It takes the row's other time, or that of the adoption.",
)
_SPELT_TIMES = Kind(
    "a time is written in another form", "It is written in ours; the instant stays the same."
)

ACCOUNTS = {
    "address_spelling": Kind(
        "the e-mail address is not in our spelling",
        "Small letters, no blanks around. People may still type it as they like.",
    ),
    "address_given": Kind("you give the account another address", "It is stored."),
    "same_address": Kind(
        "two or more accounts have one e-mail address but for case or blanks",
        "One keeps the address: the active one that was made first.",
        {
            "--same-address merge": "It gets the tasks of the others, too; these are closed, as "
            f"account-ID@{NOWHERE}.",
            "--same-address separate": "The others keep all that is theirs, and log in as "
            f"account-ID@{NOWHERE}.",
            ADDRESS: "That account gets another address (once for each).",
        },
    ),
    "bad_address": Kind(
        "the e-mail address is none",
        "Nobody could log in with it.",
        {
            "--bad-address replace": "The account stays as it is, and logs in as "
            f"account-ID@{NOWHERE}.",
            ADDRESS: "That account gets a proper address (once for each).",
        },
    ),
    "no_password": Kind(
        "there is no password hash",
        "Nobody can log in until `flask users set-password` gives a password.",
    ),
    "unknown_hash": Kind(
        "the password hash is broken or not of bcrypt",
        "It is kept. Nobody can log in until `flask users set-password` gives a password.",
    ),
    "state_unknown": Kind(
        "it is not said whether the account is active",
        "It is closed; `flask users activate` opens it.",
    ),
    "time_odd": _TIMES,
    "time_spelling": _SPELT_TIMES,
}
TASKS = {
    "without_owner": Kind(
        "the task belongs to nobody, or to an account that is gone",
        "It needs an owner.",
        {
            "--without-owner EMAIL": "That account gets them; a closed one is made if there is "
            "none of that address."
        },
    ),
    "merged": Kind("the task's account is merged into another", "That one gets it."),
    "title_blank": Kind("the title is blank", f'It becomes "{UNTITLED}".'),
    "title_long": Kind(
        f"the title has more than {TITLE_MOST:,} characters",
        "It is cut there, and the rest begins the description.",
    ),
    "title_control": Kind(
        "the title has a line break or another control character", "It becomes a blank."
    ),
    "title_space": Kind("the title has blanks around it", "They go."),
    "description_long": Kind(
        f"the description has more than {DESCRIPTION_MOST:,} characters",
        "It is kept whole. Who changes it has to shorten it.",
    ),
    "description_unstorable": Kind(
        "the description has a NUL or half of a surrogate pair", "Each becomes the sign \ufffd."
    ),
    "state_unknown": Kind("it is not said whether the task is done", "It is open."),
    "time_odd": _TIMES,
    "time_spelling": _SPELT_TIMES,
}
KINDS = {"user": ACCOUNTS, "task": TASKS}
