"""Pools with their odds and stock, and what members drew from them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class PoolRow(SQLModel, table=True):
    """A pool that lives, and which version of its odds is in force."""

    __tablename__ = "pools"

    id: UUID = Field(primary_key=True)
    slug: str = Field(unique=True)
    version: int = Field(sa_column=Column(Integer, nullable=False))
    updated_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class PoolOddsRow(SQLModel, table=True):
    """What one version of a pool's odds says. Append-only: a receipt holds the odds that it was drawn under.

    `pity_from` is the oldest version from which pity carries over to this one without a break.
    """

    __tablename__ = "pool_odds"
    __table_args__ = (
        CheckConstraint("pity_from BETWEEN 1 AND version", name="pool_odds_pity_from_before"),
        {"info": {"append_only": True}},
    )

    pool_id: UUID = Field(primary_key=True)
    version: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    body: str = Field(sa_column=Column(JSONB, nullable=False))
    sha256: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    pity_from: int = Field(sa_column=Column(Integer, nullable=False))
    published_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class PoolStockRow(SQLModel, table=True):
    """A prize of which there are only so many: shared by all members, and locked after them."""

    __tablename__ = "pool_stock"
    __table_args__ = (
        CheckConstraint("awarded >= 0", name="pool_stock_not_negative"),
        CheckConstraint("awarded <= total", name="pool_stock_never_overdrawn"),
    )

    pool_id: UUID = Field(primary_key=True)
    code: str = Field(primary_key=True)
    total: int = Field(sa_column=Column(Integer, nullable=False))
    awarded: int = Field(sa_column=Column(Integer, nullable=False))


class PityRow(SQLModel, table=True):
    """A member's draws without a TOP in one pool, as of the version last drawn under, and what its caps count."""

    __tablename__ = "pity"
    __table_args__ = (CheckConstraint("pity >= 0 AND day_draws >= 0 AND month_draws >= 0", name="pity_not_negative"),)

    member_id: UUID = Field(primary_key=True)
    pool_id: UUID = Field(primary_key=True)
    version: int = Field(sa_column=Column(Integer, nullable=False))
    pity: int = Field(sa_column=Column(Integer, nullable=False))
    day: date = Field(sa_column=Column(Date, nullable=False))
    day_draws: int = Field(sa_column=Column(Integer, nullable=False))
    month_draws: int = Field(sa_column=Column(Integer, nullable=False))


class RailsRow(SQLModel, table=True):
    """A member's guard rails: draws of the latest day and its month over all pools, and the member's own stop."""

    __tablename__ = "draw_rails"
    __table_args__ = (CheckConstraint("day_draws >= 0 AND month_draws >= 0", name="draw_rails_not_negative"),)

    member_id: UUID = Field(primary_key=True)
    day: date = Field(sa_column=Column(Date, nullable=False))
    day_draws: int = Field(sa_column=Column(Integer, nullable=False))
    month_draws: int = Field(sa_column=Column(Integer, nullable=False))
    excluded_until: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))


class DrawRow(SQLModel, table=True):
    """One draw, as its receipt tells it. Append-only."""

    __tablename__ = "draws"
    __table_args__ = (
        CheckConstraint("count IN (1, 10)", name="draws_of_one_or_ten"),
        CheckConstraint("position BETWEEN 1 AND count", name="draws_position_in_count"),
        CheckConstraint("nonce >= position - 1", name="draws_nonce_after_the_first"),
        CheckConstraint("roll_ten IS NULL OR guaranteed", name="draws_third_roll_by_guarantee"),
        CheckConstraint("set_by IN ('MEMBER', 'SERVER')", name="draws_set_by_known"),
        CheckConstraint("currency IN ('DIAMONDS', 'TICKETS')", name="draws_paid_by_play"),
        Index("draws_nonce", "member_id", "epoch", "nonce", unique=True),
        {"info": {"append_only": True}},
    )

    member_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    set_id: UUID
    pool_id: UUID
    version: int = Field(sa_column=Column(Integer, nullable=False))
    epoch: int = Field(sa_column=Column(Integer, nullable=False))
    nonce: int = Field(sa_column=Column(Integer, nullable=False))
    client_seed: str
    set_by: str
    count: int = Field(sa_column=Column(SmallInteger, nullable=False))
    position: int = Field(sa_column=Column(SmallInteger, nullable=False))
    pity_start: int = Field(sa_column=Column(Integer, nullable=False))
    pity_before: int = Field(sa_column=Column(Integer, nullable=False))
    pity_after: int = Field(sa_column=Column(Integer, nullable=False))
    nothing_before: bool
    guaranteed: bool
    roll: int = Field(sa_column=Column(Integer, nullable=False))
    roll_prize: int = Field(sa_column=Column(Integer, nullable=False))
    roll_ten: int | None = Field(sa_column=Column(Integer))
    rolled: str
    awarded: str
    currency: str
    amount: int = Field(sa_column=Column(Integer, nullable=False))
    coupon_id: UUID | None
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class ReplayedEpochRow(SQLModel, table=True):
    """A revealed epoch whose draws the monitor made again, and how many of them do not follow from its seed."""

    __tablename__ = "replayed_epochs"

    member_id: UUID = Field(primary_key=True)
    epoch: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    draws: int = Field(sa_column=Column(Integer, nullable=False))
    broken: int = Field(sa_column=Column(Integer, nullable=False))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class FairnessReadingRow(SQLModel, table=True):
    """One look of the monitor: natural logarithms of its e-values over all draws, and what was made again so far."""

    __tablename__ = "fairness_readings"
    __table_args__ = ({"info": {"append_only": True}},)

    id: UUID = Field(primary_key=True)
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    draws: int = Field(sa_column=Column(BigInteger, nullable=False))
    bins: float = Field(sa_column=Column(Double, nullable=False))
    together: float = Field(sa_column=Column(Double, nullable=False))
    replayed: int = Field(sa_column=Column(BigInteger, nullable=False))
    broken: int = Field(sa_column=Column(BigInteger, nullable=False))
    alarm: bool
