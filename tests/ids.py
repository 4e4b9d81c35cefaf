"""The ids that tables give to their next rows."""

from sqlalchemy import func, select, text

from taskapp.db import db, transaction


def level(*tables: str) -> None:
    """Let the next row of each of these tables get the same id."""
    with transaction() as session:
        if db.engine.dialect.name == "sqlite":
            most = session.scalar(text("SELECT max(seq) FROM sqlite_sequence"))
            for table in tables:
                named = {"table": table, "most": most}
                session.execute(text("DELETE FROM sqlite_sequence WHERE name = :table"), named)
                session.execute(text("INSERT INTO sqlite_sequence VALUES (:table, :most)"), named)
            return
        sequences = [func.pg_get_serial_sequence(table, "id") for table in tables]
        most = max(session.scalars(select(func.nextval(each))).one() for each in sequences)
        for each in sequences:
            session.execute(select(func.setval(each, most)))
