"""Chests of members, and how they were opened."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class ChestRow(SQLModel, table=True):
    """A chest, under the number of the order that earned it: so each order earns one at most.

    `version` is that of the sheet which says what it holds. `starts_at` and `opens_at` are set once it is queued.
    """

    __tablename__ = "chests"
    __table_args__ = (
        CheckConstraint("number >= 1 AND version >= 1 AND unlock_seconds >= 0", name="chests_positive"),
        CheckConstraint("(starts_at IS NULL) = (opens_at IS NULL)", name="chests_timer_whole"),
        CheckConstraint("opens_at >= starts_at", name="chests_timer_forward"),
        CheckConstraint("opened_at IS NULL OR (opens_at IS NOT NULL AND opened_at >= opens_at)", name="chests_in_time"),
        Index("chests_shut", "member_id", "number", postgresql_where="opened_at IS NULL"),
    )

    member_id: UUID = Field(primary_key=True)
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    kind: str
    version: int = Field(sa_column=Column(Integer, nullable=False))
    unlock_seconds: int = Field(sa_column=Column(Integer, nullable=False))
    earned_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    starts_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    opens_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    opened_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))


class ChestOpeningRow(SQLModel, table=True):
    """How a chest was opened, as its receipt tells it. Append-only. `drops`: [prize, amount, roll, block] each."""

    __tablename__ = "chest_openings"
    __table_args__ = (
        CheckConstraint("set_by IN ('MEMBER', 'SERVER')", name="chest_openings_set_by_known"),
        CheckConstraint("jsonb_array_length(drops) >= 1", name="chest_openings_of_something"),
        {"info": {"append_only": True}},
    )

    member_id: UUID = Field(primary_key=True)
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    kind: str
    version: int = Field(sa_column=Column(Integer, nullable=False))
    epoch: int = Field(sa_column=Column(Integer, nullable=False))
    client_seed: str
    set_by: str
    drops: str = Field(sa_column=Column(JSONB, nullable=False))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
