"""The engine, and a session for each request.

`python -m benchmarks.peer.database` makes the tables.
"""

import asyncio
import os
from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from benchmarks.peer import models  # noqa: F401 - its tables have to be known

engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=10, max_overflow=20)


async def get_session() -> AsyncGenerator[AsyncSession]:
    """A session for one request."""
    async with AsyncSession(engine, expire_on_commit=False) as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session)]


async def create_tables() -> None:
    """Make what is not there."""
    async with engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(create_tables())
