"""Stores, receipts with their lines, and returns."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, DateTime, Index, Integer, LargeBinary, SmallInteger
from sqlmodel import Field, SQLModel


class StoreRow(SQLModel, table=True):
    """A shop or an online channel: where it is decides its business day."""

    __tablename__ = "stores"

    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    name: str
    timezone: str
    currency: str
    channel: str


class ReceiptRow(SQLModel, table=True):
    """A purchase, what it earned, and how much of that was revoked since."""

    __tablename__ = "receipts"
    __table_args__ = (
        CheckConstraint("revoked_points BETWEEN 0 AND points", name="receipts_points_revoked"),
        CheckConstraint("revoked_stamps BETWEEN 0 AND stamps", name="receipts_stamps_revoked"),
        CheckConstraint("revoked_credits BETWEEN 0 AND credits", name="receipts_credits_revoked"),
        Index("receipts_visit", "member_id", "day", unique=True, postgresql_where="visit"),
    )

    member_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    store_id: UUID
    receipt_no: str
    bought_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    day: date = Field(sa_column=Column(Date, nullable=False))
    currency: str
    total_minor: int = Field(sa_column=Column(Integer, nullable=False))
    content_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    points: int = Field(sa_column=Column(Integer, nullable=False))
    stamps: int = Field(sa_column=Column(Integer, nullable=False))
    credits: int = Field(sa_column=Column(Integer, nullable=False))
    tickets: int = Field(sa_column=Column(SmallInteger, nullable=False))
    tier: str
    multiplier_percent: int = Field(sa_column=Column(SmallInteger, nullable=False))
    sheet_version: int = Field(sa_column=Column(Integer, nullable=False))
    points_expire_on: date = Field(sa_column=Column(Date, nullable=False))
    stamps_expire_on: date = Field(sa_column=Column(Date, nullable=False))
    visit: bool
    revoked_points: int = Field(sa_column=Column(Integer, nullable=False))
    revoked_stamps: int = Field(sa_column=Column(Integer, nullable=False))
    revoked_credits: int = Field(sa_column=Column(Integer, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class ReceiptDirectory(SQLModel, table=True):
    """Resolves (store, receipt number), and makes it unique over all members."""

    __tablename__ = "receipt_directory"

    store_id: UUID = Field(primary_key=True)
    receipt_no: str = Field(primary_key=True)
    member_id: UUID
    receipt_id: UUID


class ReceiptLineRow(SQLModel, table=True):
    """One line of a receipt, its earning weight, and what has come back of it."""

    __tablename__ = "receipt_lines"
    __table_args__ = (
        CheckConstraint("returned_minor BETWEEN 0 AND amount_minor", name="receipt_lines_minor_returned"),
        CheckConstraint("returned_quantity BETWEEN 0 AND quantity", name="receipt_lines_quantity_returned"),
    )

    member_id: UUID = Field(primary_key=True)
    receipt_id: UUID = Field(primary_key=True)
    line_no: int = Field(sa_column=Column(SmallInteger, primary_key=True))
    sku: str
    name: str
    brand: str
    category: str
    quantity: int = Field(sa_column=Column(Integer, nullable=False))
    amount_minor: int = Field(sa_column=Column(Integer, nullable=False))
    weight: int = Field(sa_column=Column(BigInteger, nullable=False))
    returned_quantity: int = Field(sa_column=Column(Integer, nullable=False))
    returned_minor: int = Field(sa_column=Column(Integer, nullable=False))


class ReturnRow(SQLModel, table=True):
    """Goods that came back, and what was revoked for it."""

    __tablename__ = "returns"
    __table_args__ = (Index("returns_receipt", "member_id", "receipt_id"), {"info": {"append_only": True}})

    member_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    receipt_id: UUID
    store_id: UUID
    return_no: str
    content_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    points: int = Field(sa_column=Column(Integer, nullable=False))
    stamps: int = Field(sa_column=Column(Integer, nullable=False))
    credits: int = Field(sa_column=Column(Integer, nullable=False))
    tier: str
    everything: bool
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class ReturnDirectory(SQLModel, table=True):
    """Resolves (store, return number), and makes it unique over all members."""

    __tablename__ = "return_directory"

    store_id: UUID = Field(primary_key=True)
    return_no: str = Field(primary_key=True)
    member_id: UUID
    return_id: UUID
