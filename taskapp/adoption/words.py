"""What the command line says about an adoption: before it, after it, and about the way back."""

import shlex
from collections.abc import Iterator

from taskapp.adoption.earlier import Losses
from taskapp.adoption.kinds import KINDS
from taskapp.adoption.survey import NAMES, Findings
from taskapp.domain.passwords import UNUSABLE

URL = '"$DATABASE_URL"'
GAP = " " * 10
DUMP = "before-adoption.dump"
NOT_IN_EARLIER = {
    "in_trash": "tasks in the trash, which go for good",
    "subtasks": "subtasks, which become tasks of their own",
    "dated": "tasks whose dates and priority are lost",
    "projects": "projects with their sections, which are lost; their tasks stay",
    "labels": "labels, which are lost",
    "new_hashes": 'passwords of a hash that it reads only with "bcrypt_sha256" among its schemes',
}


def report(found: Findings) -> Iterator[str]:
    """What there is, what is odd about it, and what would be done."""
    accounts, tasks = _many(found.accounts, "account"), _many(found.tasks, "task")
    yield f"The earlier system's tables, with {accounts} and {tasks}."
    for table in KINDS:
        yield from _of_table(found, table)
    if not any(found.counts.values()):
        yield "Nothing about them needs to be changed or decided."
    yield ""
    yield "All rows, ids and times are kept; times are read as UTC."
    if found.newcomer:
        yield f"A closed account {found.newcomer[0]} is made for {found.newcomer[1]}."
    if found.shape.others:
        yield f"Other tables stay as they are: {', '.join(found.shape.others)}."
    if found.shape.revision:
        yield f"The earlier system's own Alembic revision, for going back: {found.shape.revision}."
    if found.undecided:
        yield ""
        yield f"To be decided: {', '.join(sorted(found.undecided))}. The options are above."


def copy_of(file: str | None) -> Iterator[str]:
    """How to take a copy, and how to go back to it: lines for a shell.

    `file` is where SQLite keeps the database; else DATABASE_URL names it, and the URL's password
    is not shown.
    """
    yield "Stop whatever uses the database. Take a copy first:"
    if file:
        kept, copy = shlex.quote(file), shlex.quote(f"{file}.before-adoption")
        yield f"    cp {kept} {copy}"
        yield "To return to it, and lose what has been done since:"
        yield f"    rm -f {shlex.quote(file + '-wal')} {shlex.quote(file + '-shm')}"
        yield f"    cp {copy} {kept}"
    else:
        yield f"    pg_dump --format=custom --file={DUMP} {URL}"
        yield "To return to it, and lose what has been done since:"
        yield f"    psql {URL} -c 'DROP SCHEMA public CASCADE' -c 'CREATE SCHEMA public'"
        yield f"    pg_restore --no-owner --dbname={URL} {DUMP}"
    yield "To go back and keep what has been done since, as far as the earlier tables can hold it:"
    yield "    flask adopt --back"


def losses(lost: Losses) -> Iterator[str]:
    """What going back costs."""
    accounts, tasks = _many(lost.accounts, "account"), _many(lost.tasks, "task")
    yield f"{accounts} and {tasks} go back into the earlier system's tables, ids and times kept."
    yield "They have no place for the history, settings and logins, nor for:"
    for name, what in NOT_IN_EARLIER.items():
        if count := getattr(lost, name):
            yield f"{count:>8}  {what}"
    yield f'Who has no password keeps the hash "{UNUSABLE}".'


def _of_table(found: Findings, table: str) -> Iterator[str]:
    kinds = {kind: n for kind in KINDS[table] if (n := found.counts[table][kind])}
    if kinds:
        yield ""
        yield f"{NAMES[table].capitalize()}s:"
    for kind, count in kinds.items():
        words = KINDS[table][kind]
        yield f"{count:>8}  {words.what}"
        yield f"{GAP}{words.done}"
        examples = found.examples[table, kind]
        yield from (f"{GAP}  {each}" for each in examples)
        if count > len(examples):
            yield f"{GAP}  ... and {count - len(examples):,} more"
        if kind in found.undecided:
            yield f"{GAP}To be decided:"
            for option, said in words.answers.items():
                yield f"{GAP}  {option}"
                yield f"{GAP}      {said}"


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count:,} {what}s"
