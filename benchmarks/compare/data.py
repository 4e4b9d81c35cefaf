"""The same people and tasks for both: rows of one person lie scattered among those of all others.

Of each task the number n of its person follows from its id, and everything else from n.
"""

from datetime import datetime

import bcrypt
import psycopg

from taskapp.domain.passwords import make_hash

SIZE = 1000
ROUNDS = 12
PASSWORD = "correct horse battery staple"
# Who does what, by their ids; nobody writes where somebody reads.
READERS = range(1, 33)
WRITERS = range(33, 65)
ORGANISED = range(65, 97)  # in taskapp they have projects, sections and labels
LOGGING_IN = range(97, 101)
FEWEST = LOGGING_IN.stop - 1

PROJECTS, SECTIONS, LABELS = 3, 2, 5

_USERS = """
INSERT INTO "user" (email, hashed_password, is_active, created_at, updated_at)
SELECT 'person-' || u || '@example.com', %(hashed)s, true, %(moment)s::timestamptz{zone}, %(moment)s::timestamptz{zone}
FROM generate_series(1, %(users)s) u ORDER BY u
"""
_SERIES = "FROM generate_series(1, %(size)s) n, generate_series(1, %(users)s) u ORDER BY n, u"
_TITLE = "'Task ' || n || ': call somebody about the matter'"
_DESCRIPTION = "CASE WHEN n %% 2 = 0 THEN 'They answer **before noon** only.' END"
_CREATED = (
    "(%(moment)s::timestamptz - ((%(size)s - n) * 420 + u * 0.001) * interval '1 second'){zone}"
)
_PEER_TASKS = f"""
INSERT INTO task (user_id, title, description, completed, created_at, updated_at)
SELECT u, {_TITLE}, {_DESCRIPTION}, n %% 3 = 0, {_CREATED}, {_CREATED} {_SERIES}
"""
_PLACES = f"""
INSERT INTO project (user_id, name, rank)
SELECT u, 'Project ' || p, 'p' || lpad(p::text, 16, '0')
FROM generate_series({ORGANISED.start}, {ORGANISED.stop - 1}) u, generate_series(1, {PROJECTS}) p
ORDER BY u, p;
INSERT INTO section (user_id, project_id, name, rank)
SELECT user_id, id, 'Section ' || s, 'p' || lpad(s::text, 16, '0')
FROM project, generate_series(1, {SECTIONS}) s ORDER BY id, s;
INSERT INTO label (user_id, name, key)
SELECT u, 'Label ' || l, 'label ' || l
FROM generate_series({ORGANISED.start}, {ORGANISED.stop - 1}) u, generate_series(1, {LABELS}) l
ORDER BY u, l
"""
_ORGANISED = f"u BETWEEN {ORGANISED.start} AND {ORGANISED.stop - 1}"
_FILED = f"{_ORGANISED} AND n %% 4 > 0"
_PROJECT = f"(u - {ORGANISED.start}) * {PROJECTS} + n %% 4"
_DUE = "(%(moment)s::date + n %% 60)"
_OUR_TASKS = f"""
INSERT INTO task (user_id, title, description, completed, created_at, updated_at, completed_at,
rank, project_id, section_id, due_on, agenda, priority)
SELECT u, {_TITLE}, {_DESCRIPTION}, n %% 3 = 0, {_CREATED}, {_CREATED},
CASE WHEN n %% 3 = 0 THEN {_CREATED} END,
'p' || lpad((extract(epoch FROM {_CREATED}) * 1000000)::bigint::text, 16, '0'),
CASE WHEN {_FILED} THEN {_PROJECT} END,
CASE WHEN {_FILED} AND n %% 3 > 0 THEN ({_PROJECT} - 1) * {SECTIONS} + n %% 3 END,
CASE WHEN {_ORGANISED} AND n %% 5 < 2 THEN {_DUE} END,
CASE WHEN {_ORGANISED} AND n %% 5 < 2 THEN {_DUE} || 'T24:00' ELSE '~' END,
CASE WHEN {_ORGANISED} THEN n %% 4 ELSE 0 END {_SERIES}
"""
# None, one or two for each task, in turn.
_LABELS_OF_TASKS = f"""
INSERT INTO task_label (label_id, task_id, completed, created_at)
SELECT (user_id - {ORGANISED.start}) * {LABELS} + 1 + (id + 2 * other) %% {LABELS}, id, completed,
created_at FROM task, generate_series(0, 1) other
WHERE user_id BETWEEN {ORGANISED.start} AND {ORGANISED.stop - 1} AND id %% 3 > other
"""


def task_id(users: int, user: int, n: int) -> int:
    """The id of somebody's nth task."""
    return (n - 1) * users + user


def email(user: int) -> str:
    """The address of an account."""
    return f"person-{user}@example.com"


def fill(url: str, users: int, moment: datetime, *, peer: bool) -> None:
    """Make the rows of one of the databases, by the database itself, and let it settle.

    Everybody has the same password, since hashing takes its time.
    """
    values = {"users": users, "size": SIZE, "moment": moment, "hashed": hashed(peer=peer)}
    # The peer's columns hold instants without a time zone.
    words = {"zone": " AT TIME ZONE 'UTC'" if peer else ""}
    scripts = (_USERS, _PEER_TASKS) if peer else (_USERS, _PLACES, _OUR_TASKS, _LABELS_OF_TASKS)
    with psycopg.connect(url) as connection:
        for script in scripts:
            for sql in script.format(**words).split(";\n"):
                connection.execute(sql, values)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def hashed(*, peer: bool) -> str:
    """The hash of the password that a sign-up would have stored."""
    if not peer:
        return make_hash(PASSWORD, ROUNDS)
    return bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(ROUNDS)).decode()
