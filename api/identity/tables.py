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


class RoleGrantRow(SQLModel, table=True):
    """A role of an operator: proposed by one owner, granted by another, ended by one."""

    __tablename__ = "role_grants"
    __table_args__ = (
        CheckConstraint("state IN ('PROPOSED', 'GRANTED', 'ENDED')", name="role_grants_state"),
        CheckConstraint(
            "state <> 'GRANTED' OR (approved_by <> proposed_by AND approved_by <> operator_id)",
            name="role_grants_by_two",
        ),
        Index(
            "role_grants_standing", "operator_id", "role", unique=True,
            postgresql_where="state IN ('PROPOSED', 'GRANTED')",
        ),
    )  # fmt: skip

    id: UUID = Field(primary_key=True)
    operator_id: UUID
    role: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    proposed_by: UUID
    proposed_at: datetime = Field(sa_column=_at())
    approved_by: UUID | None
    approved_at: datetime | None = Field(sa_column=_at(nullable=True))
    ended_by: UUID | None
    ended_at: datetime | None = Field(sa_column=_at(nullable=True))


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
