"""Offers, coupons with their directory, holds with theirs, and who was welcomed."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Date, DateTime, Index, Integer, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class OfferRow(SQLModel, table=True):
    """An offer that lives: which version of its sheet is sold, and, where it has a total limit, how many were issued.

    `issued` stays 0 for an offer without a total limit, so that its row is never hot.
    """

    __tablename__ = "offers"
    __table_args__ = (
        CheckConstraint("issued >= 0", name="offers_issued_not_negative"),
        CheckConstraint("limit_total IS NULL OR issued <= limit_total", name="offers_never_oversold"),
    )

    id: UUID = Field(primary_key=True)
    slug: str = Field(unique=True)
    version: int = Field(sa_column=Column(Integer, nullable=False))
    limit_total: int | None = Field(sa_column=Column(Integer))
    issued: int = Field(sa_column=Column(Integer, nullable=False))
    updated_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class OfferTermsRow(SQLModel, table=True):
    """What one version of an offer says; coupons keep to the version that they were issued under. Append-only."""

    __tablename__ = "offer_terms"
    __table_args__ = ({"info": {"append_only": True}},)

    offer_id: UUID = Field(primary_key=True)
    version: int = Field(sa_column=Column(Integer, primary_key=True))
    body: str = Field(sa_column=Column(JSONB, nullable=False))
    published_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class CouponRow(SQLModel, table=True):
    """One member's claim. `hold_id` is the hold that has it, had it last, or took it."""

    __tablename__ = "coupons"
    __table_args__ = (
        CheckConstraint("state IN ('ISSUED', 'RESERVED', 'REDEEMED', 'EXPIRED', 'VOID')", name="coupons_state_known"),
        CheckConstraint("state NOT IN ('RESERVED', 'REDEEMED') OR hold_id IS NOT NULL", name="coupons_taken_by_a_hold"),
        CheckConstraint("due_at >= expires_at", name="coupons_due_after_last_moment"),
        Index("coupons_offer", "member_id", "offer_id"),
        Index("coupons_by_state", "member_id", "state", "id"),
        Index("coupons_due", "due_at", postgresql_where="state = 'ISSUED'"),
    )

    member_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    offer_id: UUID
    version: int = Field(sa_column=Column(Integer, nullable=False))
    code: str
    secret: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    state: str
    hold_id: UUID | None
    issued_on: date = Field(sa_column=Column(Date, nullable=False))
    issued_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    expires_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    due_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    updated_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class CouponCodeRow(SQLModel, table=True):
    """Resolves a code, and makes it unique over all members."""

    __tablename__ = "coupon_codes"

    code: str = Field(primary_key=True)
    member_id: UUID
    coupon_id: UUID


class HoldRow(SQLModel, table=True):
    """A basket that a till holds: what it was answered, and what became of it.

    `transfer_id` moved the points to `clearing:hold`, `tender_id` took them for good. `receipt_state` says whether the
    receipt was seen to fit: WAITING until it comes.
    """

    __tablename__ = "holds"
    __table_args__ = (
        CheckConstraint("state IN ('OPEN', 'SETTLED', 'RELEASED', 'LAPSED')", name="holds_state_known"),
        CheckConstraint("(points = 0) = (transfer_id IS NULL)", name="holds_points_by_transfer"),
        CheckConstraint(
            "(state = 'SETTLED') = (receipt_no IS NOT NULL AND settled_at IS NOT NULL AND receipt_state IS NOT NULL)",
            name="holds_settled_by_receipt",
        ),
        CheckConstraint(
            "receipt_state IS NULL OR receipt_state IN ('WAITING', 'FITS', 'MISFIT')", name="holds_receipt_state_known"
        ),
        CheckConstraint("points >= 0 AND discount_minor >= 0", name="holds_not_negative"),
        # The only one of open holds: between two of them the planner, who believes that hardly any is open, may find a
        # member's by going through all. Those that are due are few enough to be looked for among them.
        Index("holds_open", "member_id", postgresql_where="state = 'OPEN'"),
        Index("holds_waiting", "settled_at", postgresql_where="receipt_state = 'WAITING'"),
    )

    member_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    store_id: UUID
    state: str
    fingerprint: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    answer: str = Field(sa_column=Column(JSONB, nullable=False))
    due_minor: int = Field(sa_column=Column(Integer, nullable=False))
    discount_minor: int = Field(sa_column=Column(Integer, nullable=False))
    points: int = Field(sa_column=Column(Integer, nullable=False))
    transfer_id: UUID | None
    tender_id: UUID | None
    receipt_no: str | None
    receipt_state: str | None
    held_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    expires_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    settled_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    updated_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class HoldDirectory(SQLModel, table=True):
    """Resolves a hold's id to its member."""

    __tablename__ = "hold_directory"

    hold_id: UUID = Field(primary_key=True)
    member_id: UUID


class SettledReceipt(SQLModel, table=True):
    """Which hold a (store, receipt number) settled; one receipt settles one hold."""

    __tablename__ = "settled_receipts"

    store_id: UUID = Field(primary_key=True)
    receipt_no: str = Field(primary_key=True)
    member_id: UUID
    hold_id: UUID


class ReturnEffect(SQLModel, table=True):
    """What a return gave back beside what it revoked: points of the tender, coupons reopened or void. Append-only."""

    __tablename__ = "return_effects"
    __table_args__ = (
        CheckConstraint("refunded_points >= 0", name="return_effects_not_negative"),
        {"info": {"append_only": True}},
    )

    member_id: UUID = Field(primary_key=True)
    return_id: UUID = Field(primary_key=True)
    refunded_points: int = Field(sa_column=Column(Integer, nullable=False))
    reopened: int = Field(sa_column=Column(Integer, nullable=False))
    voided: int = Field(sa_column=Column(Integer, nullable=False))


class WelcomedRow(SQLModel, table=True):
    """A person who had the welcome, by a keyed hash that names nobody: it outlives the account. Append-only."""

    __tablename__ = "welcomed"
    __table_args__ = ({"info": {"append_only": True}},)

    person_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class SegmentMember(SQLModel, table=True):
    """A member belongs to a segment that operators named."""

    __tablename__ = "segment_members"

    member_id: UUID = Field(primary_key=True)
    segment: str = Field(primary_key=True)
