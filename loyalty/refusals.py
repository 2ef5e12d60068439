"""The expected "no": a value that a caller can act on, never an HTTP status, never prose."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum


class Refused(Exception):
    """One expected refusal: a code of the house that refuses and the facts that explain it.

    `facts` hold names, limits and integers for the message; never personal data. `retryable` says whether the
    same request may succeed later; `retry_at` when, if that is known.
    """

    def __init__(
        self, code: StrEnum, *, retryable: bool = False, retry_at: datetime | None = None, **facts: str | int
    ) -> None:
        super().__init__(str(code))
        self.code = code
        self.facts = facts
        self.retryable = retryable
        self.retry_at = retry_at

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code!s}, {self.facts})"


class LoyaltyCode(StrEnum):
    """What the loyalty house refuses."""

    REQUEST_ID_REUSED = "REQUEST_ID_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    PAUSED = "PAUSED"
    MEMBER_NOT_FOUND = "MEMBER_NOT_FOUND"
    MEMBER_SUSPENDED = "MEMBER_SUSPENDED"
    MEMBER_ERASED = "MEMBER_ERASED"
    IDENTITY_TAKEN = "IDENTITY_TAKEN"
    NOT_ENOUGH = "NOT_ENOUGH"
    AMOUNT_OUT_OF_RANGE = "AMOUNT_OUT_OF_RANGE"
    RECEIPT_MISMATCH = "RECEIPT_MISMATCH"
    RECEIPT_NOT_FOUND = "RECEIPT_NOT_FOUND"
    RETURN_MISMATCH = "RETURN_MISMATCH"
    RETURN_EXCEEDS = "RETURN_EXCEEDS"
    NO_EARNING_SHEET = "NO_EARNING_SHEET"
    SHEET_INVALID = "SHEET_INVALID"
    SHEET_NOT_FOUND = "SHEET_NOT_FOUND"
    SHEET_STATE = "SHEET_STATE"
    SHEET_REVISION = "SHEET_REVISION"
    SHEET_OWN = "SHEET_OWN"
    ADJUSTMENT_NEEDS_TWO = "ADJUSTMENT_NEEDS_TWO"
    ADJUSTMENT_NOT_FOUND = "ADJUSTMENT_NOT_FOUND"
    ADJUSTMENT_STATE = "ADJUSTMENT_STATE"
    ERASURE_PENDING = "ERASURE_PENDING"
    ERASURE_NOT_PENDING = "ERASURE_NOT_PENDING"
    BIRTH_YEAR_SET = "BIRTH_YEAR_SET"
    SEASON_OVER = "SEASON_OVER"


class LoyaltyRefused(Refused):
    """A refusal of the loyalty house (codes: `LoyaltyCode`)."""
