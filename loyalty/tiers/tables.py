"""Standing, daily credits, and the history of changes."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, DateTime, Index
from sqlmodel import Field, SQLModel


class StandingRow(SQLModel, table=True):
    """A member's tier as of now."""

    __tablename__ = "standings"
    __table_args__ = (Index("standings_due", "until", postgresql_where="until IS NOT NULL"),)

    member_id: UUID = Field(primary_key=True)
    code: str
    since: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    until: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    notice_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))


class CreditsRow(SQLModel, table=True):
    """Qualifying credits by the day of purchase, less what came back."""

    __tablename__ = "tier_credits"
    __table_args__ = (CheckConstraint("credits >= 0", name="tier_credits_not_negative"),)

    member_id: UUID = Field(primary_key=True)
    day: date = Field(sa_column=Column(Date, primary_key=True))
    credits: int = Field(sa_column=Column(BigInteger, nullable=False))


class TierChange(SQLModel, table=True):
    """A step up or down; append-only, so that the tier of any past day can be answered."""

    __tablename__ = "tier_changes"
    __table_args__ = ({"info": {"append_only": True}},)

    member_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    before: str
    after: str
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
