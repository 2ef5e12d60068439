"""One row per request that changed something."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class RequestResult(SQLModel, table=True):
    """The outcome of a request, as it was then; kept 14 days."""

    __tablename__ = "request_results"

    scope: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    member_id: UUID | None
    mutation: str
    outcome: str = Field(sa_column=Column(JSONB, nullable=False))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False, index=True))
