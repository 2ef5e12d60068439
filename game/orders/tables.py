"""What was delivered and paid; the orders that wait stand in the board's own row."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Date, DateTime, Integer
from sqlmodel import Field, SQLModel


class DeliveryRow(SQLModel, table=True):
    """An order that was delivered: its number is the key, so it is paid once. Append-only."""

    __tablename__ = "deliveries"
    __table_args__ = (
        CheckConstraint("units > 0 AND diamonds >= 0 AND experience > 0", name="deliveries_positive"),
        {"info": {"append_only": True}},
    )

    member_id: UUID = Field(primary_key=True)
    number: int = Field(sa_column=Column(Integer, primary_key=True))
    units: int = Field(sa_column=Column(Integer, nullable=False))
    diamonds: int = Field(sa_column=Column(Integer, nullable=False))
    experience: int = Field(sa_column=Column(Integer, nullable=False))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class RerollRow(SQLModel, table=True):
    """A plain order that the member let go for the next one, on a business day of his. Append-only."""

    __tablename__ = "rerolls"
    __table_args__ = (
        CheckConstraint("diamonds >= 0 AND number >= 1 AND replaced_by > number", name="rerolls_forward"),
        {"info": {"append_only": True}},
    )

    member_id: UUID = Field(primary_key=True)
    day: date = Field(sa_column=Column(Date, primary_key=True))
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    replaced_by: int = Field(sa_column=Column(Integer, nullable=False))
    diamonds: int = Field(sa_column=Column(Integer, nullable=False))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
