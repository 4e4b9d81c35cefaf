"""The routes of the specification."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import FastAPI, HTTPException, Query, status
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from benchmarks.peer.database import SessionDep
from benchmarks.peer.models import (
    Credentials,
    Task,
    TaskCreate,
    TaskPublic,
    TaskUpdate,
    Token,
    User,
    UserPublic,
    now,
)
from benchmarks.peer.security import Owner, create_access_token, passwords

app = FastAPI(title="Tasks")


@app.post("/api/auth/signup", response_model=UserPublic, status_code=status.HTTP_201_CREATED)
async def sign_up(body: Credentials, session: SessionDep) -> User:
    """Create an account."""
    # Hashing takes a quarter of a second, during which the event loop has others to serve.
    hashed = await run_in_threadpool(passwords.hash, body.password)
    user = User(email=body.email, hashed_password=hashed)
    session.add(user)
    try:
        await session.commit()
    except IntegrityError:
        raise HTTPException(status.HTTP_409_CONFLICT, "Email already registered") from None
    return user


@app.post("/api/auth/login", response_model=Token)
async def log_in(body: Credentials, session: SessionDep) -> dict[str, object]:
    """Get an access token."""
    user = (await session.exec(select(User).where(User.email == body.email))).first()
    hashed = user.hashed_password if user else None
    right = await run_in_threadpool(passwords.verify, body.password, hashed) if hashed else False
    if user is None or user.id is None or not right or not user.is_active:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "Incorrect email or password")
    return {
        "access_token": create_access_token(user.id),
        "token_type": "bearer",
        "user": user,
    }


@app.get("/api/{user_id}/tasks", response_model=list[TaskPublic])
async def list_tasks(
    owner: Owner,
    session: SessionDep,
    offset: int = 0,
    limit: Annotated[int, Query(le=100)] = 100,
) -> Sequence[Task]:
    """The newest first."""
    newest = (col(Task.created_at).desc(), col(Task.id).desc())
    statement = select(Task).where(Task.user_id == owner.id).order_by(*newest)
    return (await session.exec(statement.offset(offset).limit(limit))).all()


@app.post("/api/{user_id}/tasks", response_model=TaskPublic, status_code=status.HTTP_201_CREATED)
async def create_task(body: TaskCreate, owner: Owner, session: SessionDep) -> Task:
    """Create a task."""
    task = Task.model_validate(body, update={"user_id": owner.id})
    session.add(task)
    await session.commit()
    return task


@app.get("/api/{user_id}/tasks/{task_id}", response_model=TaskPublic)
async def show_task(task_id: int, owner: Owner, session: SessionDep) -> Task:
    """One task."""
    return await _own(task_id, owner, session)


@app.put("/api/{user_id}/tasks/{task_id}", response_model=TaskPublic)
async def update_task(task_id: int, body: TaskUpdate, owner: Owner, session: SessionDep) -> Task:
    """Change what is named."""
    task = await _own(task_id, owner, session)
    task.sqlmodel_update(body.model_dump(exclude_unset=True) | {"updated_at": now()})
    session.add(task)
    await session.commit()
    return task


@app.patch("/api/{user_id}/tasks/{task_id}/complete", response_model=TaskPublic)
async def complete_task(task_id: int, owner: Owner, session: SessionDep) -> Task:
    """Turn it round: done, or open again."""
    task = await _own(task_id, owner, session)
    task.completed = not task.completed
    task.updated_at = now()
    session.add(task)
    await session.commit()
    return task


@app.delete("/api/{user_id}/tasks/{task_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_task(task_id: int, owner: Owner, session: SessionDep) -> None:
    """Remove a task."""
    await session.delete(await _own(task_id, owner, session))
    await session.commit()


async def _own(task_id: int, owner: User, session: SessionDep) -> Task:
    statement = select(Task).where(Task.id == task_id, Task.user_id == owner.id)
    task = (await session.exec(statement)).first()
    if task is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "Task not found")
    return task
