"""How far each import has come."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Integer
from sqlmodel import Field, SQLModel


class ImportRow(SQLModel, table=True):
    """One source of receipts: by how many days its dates are shifted, and how many of its baskets are in.

    The shift is decided once, by the first run; `done` moves in the same transaction as the receipts that it counts.
    """

    __tablename__ = "imports"
    __table_args__ = (
        CheckConstraint("done BETWEEN 0 AND baskets_total", name="imports_done_of_total"),
        CheckConstraint("shift_days % 7 = 0", name="imports_shift_of_whole_weeks"),
    )

    source: str = Field(primary_key=True)
    shift_days: int = Field(sa_column=Column(Integer, nullable=False))
    baskets_total: int = Field(sa_column=Column(Integer, nullable=False))
    done: int = Field(sa_column=Column(Integer, nullable=False))
    skipped: int = Field(sa_column=Column(Integer, nullable=False))
    points: int = Field(sa_column=Column(BigInteger, nullable=False))
    stamps: int = Field(sa_column=Column(BigInteger, nullable=False))
    tickets: int = Field(sa_column=Column(BigInteger, nullable=False))
    started_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    updated_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    finished_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
