"""Seasons that ended: how far their turn is, and what each member had."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Integer
from sqlmodel import Field, SQLModel


class SeasonTurnRow(SQLModel, table=True):
    """The end of one season, as the job works through the members by id: `reached` is the last one."""

    __tablename__ = "season_turns"

    season: str = Field(primary_key=True)
    following: str
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    reached: UUID
    members: int = Field(sa_column=Column(Integer, nullable=False))
    finished_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))


class SeasonEndRow(SQLModel, table=True):
    """What a member had when a season ended for him, and what of it expired; append-only."""

    __tablename__ = "season_ends"
    __table_args__ = (
        CheckConstraint(
            "expired_diamonds BETWEEN 0 AND diamonds AND expired_tickets BETWEEN 0 AND tickets "
            "AND expired_stamps BETWEEN 0 AND stamps",
            name="season_ends_of_what_there_was",
        ),
        Index("season_ends_season", "season"),
        {"info": {"append_only": True}},
    )

    member_id: UUID = Field(primary_key=True)
    season: str = Field(primary_key=True)
    level: int = Field(sa_column=Column(Integer, nullable=False))
    experience: int = Field(sa_column=Column(Integer, nullable=False))
    streak: int = Field(sa_column=Column(Integer, nullable=False))
    longest: int = Field(sa_column=Column(Integer, nullable=False))
    total: int = Field(sa_column=Column(Integer, nullable=False))
    diamonds: int = Field(sa_column=Column(Integer, nullable=False))
    tickets: int = Field(sa_column=Column(Integer, nullable=False))
    stamps: int = Field(sa_column=Column(Integer, nullable=False))
    expired_diamonds: int = Field(sa_column=Column(Integer, nullable=False))
    expired_tickets: int = Field(sa_column=Column(Integer, nullable=False))
    expired_stamps: int = Field(sa_column=Column(Integer, nullable=False))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
