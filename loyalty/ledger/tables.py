"""Currencies, operator accounts, transfers, wallets and lots."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Date, DateTime, Index, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class CurrencyRow(SQLModel, table=True):
    """What a wallet can hold."""

    __tablename__ = "currencies"

    code: str = Field(primary_key=True)
    purpose: str


class OperatorAccount(SQLModel, table=True):
    """The other side of a transfer; it has no balance row, so no row is hot."""

    __tablename__ = "operator_accounts"

    account: str = Field(primary_key=True)
    purpose: str


class TransferRow(SQLModel, table=True):
    """Value that moved between a member's wallet and an operator account; append-only.

    `amount` is positive into the wallet; `parts` is a list of [provenance, last day, units]; the sum of the units less
    `owed_change` is `amount`.
    """

    __tablename__ = "transfers"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="transfers_amount_nonzero"),
        Index("transfers_reverses", "member_id", "reverses", postgresql_where="reverses IS NOT NULL"),
        {"info": {"append_only": True}},
    )

    member_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    currency: str
    account: str
    amount: int = Field(sa_column=Column(Integer, nullable=False))
    owed_change: int = Field(sa_column=Column(Integer, nullable=False))
    parts: str = Field(sa_column=Column(JSONB, nullable=False))
    reason: str
    source_id: UUID | None
    reverses: UUID | None
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class WalletRow(SQLModel, table=True):
    """A member's holding of one currency; equal to the sum of its transfers and of its lots."""

    __tablename__ = "wallets"
    __table_args__ = (
        CheckConstraint("balance >= 0", name="wallets_balance_not_negative"),
        CheckConstraint("owed >= 0", name="wallets_owed_not_negative"),
    )

    member_id: UUID = Field(primary_key=True)
    currency: str = Field(primary_key=True)
    balance: int = Field(sa_column=Column(Integer, nullable=False))
    owed: int = Field(sa_column=Column(Integer, nullable=False))
    updated_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class LotRow(SQLModel, table=True):
    """Units of a wallet that share provenance and last day; lots at zero stay."""

    __tablename__ = "lots"
    __table_args__ = (
        CheckConstraint("remaining >= 0", name="lots_remaining_not_negative"),
        Index("lots_due", "expires_on", postgresql_where="remaining > 0"),
    )

    member_id: UUID = Field(primary_key=True)
    currency: str = Field(primary_key=True)
    provenance: str = Field(primary_key=True)
    expires_on: date = Field(sa_column=Column(Date, primary_key=True))
    remaining: int = Field(sa_column=Column(Integer, nullable=False))
