"""Keys, operators, partners, and the operations that clients registered."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, LargeBinary, Text
from sqlmodel import Field, SQLModel


def _at(*, nullable: bool = False) -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=nullable)


class ApiKeyRow(SQLModel, table=True):
    """A key of a till or partner; only a keyed hash of its secret is kept."""

    __tablename__ = "api_keys"
    __table_args__ = (
        CheckConstraint("kind IN ('TILL', 'PARTNER')", name="api_keys_kind"),
        CheckConstraint("length(secret_hash) = 32", name="api_keys_secret_hash"),
        Index("api_keys_bound_to", "bound_to", "id"),
    )

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=Column(Text, nullable=False))
    bound_to: UUID
    name: str = Field(sa_column=Column(Text, nullable=False))
    secret_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    made_by: UUID
    created_at: datetime = Field(sa_column=_at())
    expires_at: datetime | None = Field(sa_column=_at(nullable=True))
    revoked_at: datetime | None = Field(sa_column=_at(nullable=True))
    last_used_at: datetime | None = Field(sa_column=_at(nullable=True))


class OperatorRow(SQLModel, table=True):
    """An operator, known by the uid of the sign-in service; made at the first sign-in that carries roles."""

    __tablename__ = "operators"

    id: UUID = Field(primary_key=True)
    uid: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    created_at: datetime = Field(sa_column=_at())


class PartnerRow(SQLModel, table=True):
    """A sponsor brand."""

    __tablename__ = "partners"

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    created_at: datetime = Field(sa_column=_at())


class TrustedOperationRow(SQLModel, table=True):
    """An operation that a client registered, known by the SHA-256 of its text."""

    __tablename__ = "trusted_operations"
    __table_args__ = (CheckConstraint("length(sha256) = 32", name="trusted_operations_sha256"),)

    caller: str = Field(sa_column=Column(Text, primary_key=True))
    sha256: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    document: str = Field(sa_column=Column(Text, nullable=False))
    registered_at: datetime = Field(sa_column=_at())
