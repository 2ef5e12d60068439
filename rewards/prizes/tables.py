"""Things that members won or picked, the papers to them, yearly values, and what stands in stores."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Integer, LargeBinary
from sqlmodel import Field, SQLModel

_ENDS = "('FULFILLED', 'FORFEITED', 'EXPIRED')"
_OPEN = "('WON', 'TAX_HOLD', 'CLAIMED', 'READY')"


class PrizeRow(SQLModel, table=True):
    """One thing of one member, from its winning to its end. A drawn one has the id of its draw."""

    __tablename__ = "prizes"
    __table_args__ = (
        CheckConstraint(f"state IN {_OPEN} OR state IN {_ENDS}", name="prizes_state_known"),
        CheckConstraint("source IN ('DRAW', 'PICK')", name="prizes_source_known"),
        CheckConstraint("(delivery IS NOT DISTINCT FROM 'STORE') = (store_id IS NOT NULL)", name="prizes_at_a_store"),
        CheckConstraint(
            "state NOT IN ('TAX_HOLD', 'CLAIMED', 'READY') OR delivery IS NOT NULL", name="prizes_delivered"
        ),
        CheckConstraint(f"(state IN {_ENDS}) = (ended_at IS NOT NULL)", name="prizes_ended"),
        CheckConstraint(
            "(source = 'PICK') = (stamps > 0 AND transfer_id IS NOT NULL)", name="prizes_stamps_by_transfer"
        ),
        CheckConstraint("value_minor > 0 AND cash_minor >= 0 AND withheld_minor >= 0", name="prizes_not_negative"),
        Index("prizes_due", "due_at", postgresql_where="due_at IS NOT NULL"),
        Index("prizes_by_state", "state", "id"),
    )  # fmt: skip

    member_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    source: str
    thing: str
    version: int = Field(sa_column=Column(Integer, nullable=False))
    law: str
    code: str
    state: str
    value_minor: int = Field(sa_column=Column(Integer, nullable=False))
    taxed: bool
    won_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    updated_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    due_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    delivery: str | None
    store_id: UUID | None
    tax_year: int | None = Field(sa_column=Column(Integer))
    withheld_minor: int = Field(sa_column=Column(Integer, nullable=False))
    stamps: int = Field(sa_column=Column(Integer, nullable=False))
    cash_minor: int = Field(sa_column=Column(Integer, nullable=False))
    transfer_id: UUID | None
    paid_id: UUID | None
    receipt_no: str | None
    tracking_no: str | None
    reason: str | None
    claimed_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    ready_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    ended_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))


class PrizeDirectory(SQLModel, table=True):
    """Resolves a prize's id or its code to its member, and makes the code unique over all members."""

    __tablename__ = "prize_directory"
    __table_args__ = (Index("prize_directory_code", "code", unique=True),)

    prize_id: UUID = Field(primary_key=True)
    code: str
    member_id: UUID


class PrizePapersRow(SQLModel, table=True):
    """Personal data to a prize, each sealed for its place. The row goes once nothing has to be kept."""

    __tablename__ = "prize_papers"
    __table_args__ = (
        CheckConstraint("(export_id IS NULL) = (exported_at IS NULL)", name="prize_papers_exported_once"),
        Index("prize_papers_export", "export_id", postgresql_where="export_id IS NOT NULL"),
    )

    member_id: UUID = Field(primary_key=True)
    prize_id: UUID = Field(primary_key=True)
    address: bytes | None = Field(sa_column=Column(LargeBinary))
    identity: bytes | None = Field(sa_column=Column(LargeBinary))
    export_id: UUID | None
    exported_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    exported_by: str | None


class PrizeYearRow(SQLModel, table=True):
    """What a member's claimed prizes of one year are worth together, in minor units."""

    __tablename__ = "prize_years"
    __table_args__ = (CheckConstraint("value_minor >= 0", name="prize_years_not_negative"),)

    member_id: UUID = Field(primary_key=True)
    year: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    value_minor: int = Field(sa_column=Column(Integer, nullable=False))


class ThingStockRow(SQLModel, table=True):
    """How many of a thing stand in a store, and how many of these are somebody's. Locked after members."""

    __tablename__ = "thing_stock"
    __table_args__ = (CheckConstraint("reserved BETWEEN 0 AND on_hand", name="thing_stock_never_overdrawn"),)

    thing: str = Field(primary_key=True)
    store_id: UUID = Field(primary_key=True)
    on_hand: int = Field(sa_column=Column(Integer, nullable=False))
    reserved: int = Field(sa_column=Column(Integer, nullable=False))


class ThingMoveRow(SQLModel, table=True):
    """Why the number in a store changed: an operator counted, or one was handed over. Append-only."""

    __tablename__ = "thing_moves"
    __table_args__ = (
        CheckConstraint("(prize_id IS NULL) = (operator IS NOT NULL)", name="thing_moves_by_somebody"),
        CheckConstraint("prize_id IS NULL OR change = -1", name="thing_moves_one_at_a_time"),
        Index("thing_moves_prize", "prize_id", unique=True, postgresql_where="prize_id IS NOT NULL"),
        {"info": {"append_only": True}},
    )

    id: UUID = Field(primary_key=True)
    thing: str
    store_id: UUID
    change: int = Field(sa_column=Column(Integer, nullable=False))
    prize_id: UUID | None
    operator: str | None
    reason: str
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
