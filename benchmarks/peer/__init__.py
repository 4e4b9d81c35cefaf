"""The system that taskapp replaces, for comparison: FastAPI, SQLModel, asyncpg, uvicorn."""
