"""Passwords, tokens, and who is calling."""

import os
from datetime import UTC, datetime, timedelta
from typing import Annotated

import jwt
from fastapi import Depends, HTTPException, status
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from passlib.context import CryptContext

from benchmarks.peer.database import SessionDep
from benchmarks.peer.models import User

SECRET_KEY = os.environ["JWT_SECRET_KEY"]
ALGORITHM = "HS256"
TOKEN_LIFE = timedelta(hours=1)

passwords = CryptContext(schemes=["bcrypt"], bcrypt__rounds=12)
bearer = HTTPBearer()


def create_access_token(user_id: int) -> str:
    """A token that speaks for an account."""
    claims = {"sub": str(user_id), "exp": datetime.now(UTC) + TOKEN_LIFE}
    return jwt.encode(claims, SECRET_KEY, algorithm=ALGORITHM)


async def get_current_user(
    session: SessionDep, credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]
) -> User:
    """The active account that the request's token speaks for."""
    refusal = HTTPException(
        status.HTTP_401_UNAUTHORIZED,
        "Could not validate credentials",
        headers={"WWW-Authenticate": "Bearer"},
    )
    try:
        claims = jwt.decode(credentials.credentials, SECRET_KEY, algorithms=[ALGORITHM])
        user_id = int(claims["sub"])
    except (jwt.InvalidTokenError, KeyError, ValueError):
        raise refusal from None
    user = await session.get(User, user_id)
    if user is None or not user.is_active:
        raise refusal
    return user


CurrentUser = Annotated[User, Depends(get_current_user)]


async def get_owner(user_id: int, user: CurrentUser) -> User:
    """The same, if the path names their own account."""
    if user.id != user_id:
        raise HTTPException(status.HTTP_403_FORBIDDEN, "Not authorized")
    return user


Owner = Annotated[User, Depends(get_owner)]
