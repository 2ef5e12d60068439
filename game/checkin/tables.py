"""One row for a member's streak, and one for each day that was paid or kept."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Integer, SmallInteger
from sqlmodel import Field, SQLModel


class StreakRow(SQLModel, table=True):
    """A streak as last written; `game.checkin.rules.streaks.Streak` says what each column means."""

    __tablename__ = "streaks"
    __table_args__ = (
        CheckConstraint(
            "length >= 0 AND longest >= length AND total >= 0 AND freezes >= 0 AND lapsed >= 0",
            name="streaks_counts_sane",
        ),
        CheckConstraint("cycle BETWEEN 0 AND 7", name="streaks_cycle_of_seven"),
        CheckConstraint(
            "lapsed IS NULL OR (gap_day IS NOT NULL AND repair_until IS NOT NULL)", name="streaks_gap_has_limit"
        ),
        CheckConstraint("(next_zone IS NULL) = (zone_from IS NULL)", name="streaks_zone_from_when"),
    )

    member_id: UUID = Field(primary_key=True)
    length: int = Field(sa_column=Column(Integer, nullable=False))
    longest: int = Field(sa_column=Column(Integer, nullable=False))
    total: int = Field(sa_column=Column(Integer, nullable=False))
    freezes: int = Field(sa_column=Column(SmallInteger, nullable=False))
    cycle: int = Field(sa_column=Column(SmallInteger, nullable=False))
    last_day: date | None
    made_up_to: date | None
    covered_to: date | None
    frozen_to: date | None
    lapsed: int | None = Field(sa_column=Column(Integer))
    gap_day: date | None
    gap_to: date | None
    repair_until: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    zone: str
    next_zone: str | None
    zone_from: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    zone_changed_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    travel_from: date | None
    travel_to: date | None
    updated_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class CheckinDay(SQLModel, table=True):
    """A business day of a member in a season: how it was paid, and why it counts for the streak if nobody came."""

    __tablename__ = "checkin_days"
    __table_args__ = (
        CheckConstraint("paid IN ('CHECK_IN', 'MAKE_UP')", name="checkin_days_paid_known"),
        CheckConstraint("kept IN ('FROZEN', 'MENDED', 'TRAVEL', 'FORGIVEN')", name="checkin_days_kept_known"),
        CheckConstraint("paid IS NOT NULL OR kept IS NOT NULL", name="checkin_days_say_something"),
        CheckConstraint("(paid IS NULL) = (paid_at IS NULL)", name="checkin_days_paid_when"),
    )

    member_id: UUID = Field(primary_key=True)
    season: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    paid: str | None
    paid_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    kept: str | None
