"""What the edge itself refuses, and the two errors that a caller's bad input or credential raises."""

from __future__ import annotations

from enum import StrEnum

from loyalty.refusals import Refused


class EdgeCode(StrEnum):
    """Refusals of the edge; unique over the houses."""

    RATE_LIMITED = "RATE_LIMITED"
    OVERLOADED = "OVERLOADED"
    UNAVAILABLE = "UNAVAILABLE"
    FORBIDDEN = "FORBIDDEN"
    KEY_NOT_FOUND = "KEY_NOT_FOUND"
    KEY_ENDED = "KEY_ENDED"
    PARTNER_NOT_FOUND = "PARTNER_NOT_FOUND"
    SECOND_PERSON_NEEDED = "SECOND_PERSON_NEEDED"
    ROLE_GRANT_NOT_FOUND = "ROLE_GRANT_NOT_FOUND"
    ROLE_GRANT_STATE = "ROLE_GRANT_STATE"
    OPERATOR_NOT_FOUND = "OPERATOR_NOT_FOUND"


class EdgeRefused(Refused):
    """A refusal of the edge (codes: `EdgeCode`)."""


class BadInput(ValueError):
    """An argument that breaks a rule of its own: names the field, the rule and the cure.

    A mutation answers it as the refusal INVALID_INPUT, a query as an error with code BAD_USER_INPUT. `message` is
    shown to the caller, so it never repeats what the caller sent.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class Unauthenticated(Exception):
    """No credential, or one that does not hold: HTTP 401. `message` says which rule, never the credential."""

    def __init__(self, message: str, cause: str) -> None:
        super().__init__(message)
        self.message = message
        self.cause = cause


class Forbidden(Exception):
    """A good credential whose roles are not enough: HTTP 403 (or the error code FORBIDDEN on one field)."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class CheckUnavailable(Exception):
    """The credential cannot be checked just now (its issuer is out of reach): HTTP 503, worth a retry."""
