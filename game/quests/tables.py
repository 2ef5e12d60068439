"""Quests that were claimed; how far each has come is counted from events when somebody looks."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Integer
from sqlmodel import Field, SQLModel


class QuestClaimRow(SQLModel, table=True):
    """A quest's claim in one period: the key, so it is paid once. Append-only.

    `since` and `until` are the window in which `counts` came to `progress`, as far as it had when it was claimed.
    """

    __tablename__ = "quest_claims"
    __table_args__ = (
        CheckConstraint("progress >= target AND target >= 1", name="quest_claims_done"),
        CheckConstraint("diamonds >= 0 AND tickets >= 0 AND energy >= 0", name="quest_claims_pay"),
        CheckConstraint("since < until AND since <= at", name="quest_claims_in_time"),
        {"info": {"append_only": True}},
    )

    member_id: UUID = Field(primary_key=True)
    code: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    counts: str
    target: int = Field(sa_column=Column(Integer, nullable=False))
    progress: int = Field(sa_column=Column(Integer, nullable=False))
    since: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    until: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    diamonds: int = Field(sa_column=Column(Integer, nullable=False))
    tickets: int = Field(sa_column=Column(Integer, nullable=False))
    energy: int = Field(sa_column=Column(Integer, nullable=False))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
