"""Believable data to look at, made as a person would make it."""

from taskapp.domain.actors import Actor
from taskapp.services import tasks

# Title, description, and whether it is done by now; the oldest first.
TASKS: tuple[tuple[str, str | None, bool], ...] = (
    ("Cancel the old phone contract", "Notice has to arrive **before the 15th**.", True),
    ("Book the train to Leipzig", "Outward Friday after 16:00, back on Sunday evening.", True),
    ("Send the signed lease to the agency", None, True),
    ("Renew the library card", "Take proof of address along.", False),
    ("Read chapter 4 of “Thinking in Systems”", "Stocks, flows, and why delays matter.", False),
    ("Ask Mirko for the slides of the design review", None, True),
    ("Write the release notes", "- what changed\n- what breaks\n- how to upgrade", False),
    ("Repair the bicycle lamp", "Cable is loose at the rear mudguard.", False),
    ("Plan the team lunch", "Ask about allergies first. Nine people, two vegetarians.", False),
    ("Pay the electricity bill", "Reference 4471-22.", True),
    ("Call the dentist for an appointment", None, False),
    ("Water the tomatoes", "Every second day while it is hot.", True),
    ("Move backups to the new disk", "Check one restore before the old one is wiped.", False),
    ("Buy a birthday present for Noor", "She mentioned a field guide to mosses.", False),
    ("Draft the talk on keyset pagination", "20 minutes. Begin with the page that skips.", False),
    ("Return the borrowed drill", None, False),
)


def fill(actor: Actor) -> int:
    """Give an account the demonstration's tasks; return how many."""
    for title, description, completed in TASKS:
        task = tasks.create(actor, title=title, description=description)
        if completed:
            tasks.complete(actor, task.id, completed=True)
    return len(TASKS)
