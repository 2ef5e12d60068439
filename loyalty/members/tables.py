"""Members, identities and consents: the only tables with personal data."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, SmallInteger
from sqlmodel import Field, SQLModel


class MemberRow(SQLModel, table=True):
    """One person, one account; the row is the lock of everything keyed by the member."""

    __tablename__ = "members"
    __table_args__ = (
        CheckConstraint("status IN ('ACTIVE', 'SUSPENDED', 'ERASED')", name="members_status_known"),
        CheckConstraint(
            "status <> 'ERASED' OR (card_no IS NULL AND display_name IS NULL AND birth_year IS NULL)",
            name="members_erased_is_bare",
        ),
        Index("members_erase_due", "erase_at", postgresql_where="erase_at IS NOT NULL AND status <> 'ERASED'"),
    )

    id: UUID = Field(primary_key=True)
    card_no: str | None
    status: str
    timezone: str
    locale: str
    display_name: str | None
    birth_year: int | None = Field(sa_column=Column(SmallInteger))
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    erase_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))


class IdentityRow(SQLModel, table=True):
    """By what a member is known elsewhere; the directory of cards too."""

    __tablename__ = "identities"
    __table_args__ = (Index("identities_member", "member_id"),)

    kind: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    member_id: UUID
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class ConsentRow(SQLModel, table=True):
    """What a member agreed to or withdrew, by the version of the text; append-only."""

    __tablename__ = "consents"
    __table_args__ = ({"info": {"append_only": True}},)

    member_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    purpose: str
    version: str
    granted: bool
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
