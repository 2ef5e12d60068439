"""Who may call: callers, roles, and how each credential is written. No I/O."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from loyalty.ids import from_typeid, to_typeid

SECRET_BYTES = 32
KEY_OVERLAP = timedelta(hours=24)
"""How long the old key goes on working after a rotation, unless the operator says otherwise."""
KEY_OVERLAP_MAX = timedelta(days=30)
KEY_STAMP_EVERY = timedelta(hours=1)
"""`last_used_at` is coarse: written at most this often, so that a busy till costs no write a request."""
KEY_CACHE_SECONDS = 5
"""A revoked key stops working everywhere within this many seconds."""
TOKEN_RECHECK_SECONDS = 300
"""A revoked or disabled Firebase user is refused within this many seconds on a server that knows the token."""
SUBJECT_LENGTH_MAX = 128
_NAME = re.compile(r"[\w.-]{1,64}", re.ASCII)
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


class Role(StrEnum):
    """What an operator may do; the claim `roles` lists them."""

    ODDS_EDITOR = "odds_editor"
    ODDS_APPROVER = "odds_approver"
    CAMPAIGN_MANAGER = "campaign_manager"
    SUPPORT = "support"
    AUDITOR = "auditor"
    TAX_OFFICER = "tax_officer"
    OWNER = "owner"


class KeyKind(StrEnum):
    """Who holds a key: a store's till (or an e-commerce channel, which is a store too), or a partner."""

    TILL = "TILL"
    PARTNER = "PARTNER"


@dataclass(frozen=True, slots=True)
class MemberCaller:
    """A member's app."""

    member_id: UUID

    @property
    def scope(self) -> UUID:
        return self.member_id


@dataclass(frozen=True, slots=True)
class TillCaller:
    """A till or e-commerce back end, bound to one store or channel; `key_id` is None in demo mode."""

    store_id: UUID
    key_id: UUID | None

    @property
    def scope(self) -> UUID:
        return self.store_id


@dataclass(frozen=True, slots=True)
class PartnerCaller:
    """A sponsor brand; `key_id` is None for a Firebase or demo token."""

    partner_id: UUID
    key_id: UUID | None

    @property
    def scope(self) -> UUID:
        return self.partner_id


@dataclass(frozen=True, slots=True)
class OperatorCaller:
    """An operator and the roles that the token gave."""

    operator_id: UUID
    roles: frozenset[Role]

    @property
    def scope(self) -> UUID:
        return self.operator_id

    def has(self, *roles: Role) -> bool:
        """Whether any of these roles (or `owner`, which has them all) is held."""
        return Role.OWNER in self.roles or any(role in self.roles for role in roles)


Caller = MemberCaller | TillCaller | PartnerCaller | OperatorCaller


@dataclass(frozen=True, slots=True)
class BearerCredential:
    """A Firebase ID token, unverified."""

    token: str


@dataclass(frozen=True, slots=True)
class DemoCredential:
    """`demo:<name>` or `demo:<name>:<role>`."""

    name: str
    role: str | None


@dataclass(frozen=True, slots=True)
class KeyCredential:
    """`Key <id>.<secret>`, unverified."""

    key_id: UUID
    secret: str


Credential = BearerCredential | DemoCredential | KeyCredential


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key as it stands; the secret itself is kept nowhere."""

    id: UUID
    kind: KeyKind
    bound_to: UUID
    name: str
    secret_hash: bytes
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def works(self, now: datetime) -> bool:
        """Whether the key still opens anything."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def parse_authorization(header: str) -> Credential | str:
    """The credential that an Authorization header carries, or the sentence that says what is wrong with it."""
    scheme, _, value = header.strip().partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer" and value.startswith("demo:"):
        return _parse_demo(value)
    if scheme.lower() == "bearer" and value:
        return BearerCredential(value)
    if scheme.lower() == "key" and value:
        return _parse_key(value)
    return "Authorization must be `Bearer <token>` or `Key <id>.<secret>`."


def _parse_demo(value: str) -> DemoCredential | str:
    parts = value.split(":")[1:]
    if len(parts) > 2 or not all(_NAME.fullmatch(part) for part in parts):
        return (
            "A demo token is `demo:<name>` or `demo:<name>:<role>`, with letters, digits, `.`, `_`, `-` (64 at most)."
        )
    return DemoCredential(parts[0], parts[1] if len(parts) > 1 else None)


def _parse_key(value: str) -> KeyCredential | str:
    name, _, secret = value.partition(".")
    key_id = from_typeid("key", name)
    if key_id is None or not _SECRET.fullmatch(secret):
        return "A key is `<id>.<secret>` as it was shown when it was made."
    return KeyCredential(key_id, secret)


def key_text(key_id: UUID, secret: str) -> str:
    """The key as its holder writes it, shown once."""
    return f"{to_typeid('key', key_id)}.{secret}"


def hash_secret(pepper: bytes, secret: str) -> bytes:
    """HMAC-SHA256 under the server's pepper.

    A secret has 256 random bits, so nothing slower than one keyed hash is needed: guessing is hopeless, and the
    pepper keeps a stolen table from checking anything offline.
    """
    return hmac.digest(pepper, secret.encode(), "sha256")


def secret_fits(pepper: bytes, secret: str, secret_hash: bytes) -> bool:
    """Compares in constant time."""
    return hmac.compare_digest(hash_secret(pepper, secret), secret_hash)


def token_digest(token: str) -> bytes:
    """How a token is known in a cache: never the token itself."""
    return hashlib.sha256(token.encode()).digest()


def parse_roles(claim: object) -> frozenset[Role]:
    """The roles that a claim names; unknown ones give nothing."""
    names = claim if isinstance(claim, list) else []
    return frozenset(Role(name) for name in names if isinstance(name, str) and name in set(Role))


class GrantState(StrEnum):
    """Where the grant of a role stands: it counts while GRANTED."""

    PROPOSED = "PROPOSED"
    GRANTED = "GRANTED"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """One operator's one role, and the people who gave it."""

    id: UUID
    operator_id: UUID
    role: Role
    state: GrantState
    reason: str
    proposed_by: UUID
    proposed_at: datetime
    approved_by: UUID | None
    approved_at: datetime | None
    ended_by: UUID | None
    ended_at: datetime | None


OWNERS_LEAST = 2
"""From so many granted owners on, nobody is one by the claim alone."""


def roles_in_force(claimed: frozenset[Role], granted: frozenset[Role], owners: int) -> frozenset[Role]:
    """What an operator may do: the roles that the token claims and two owners granted.

    `owners` is how many hold that role by a grant. While there are fewer than two, nobody could grant anything, so the
    claim alone makes an owner.
    """
    first = {Role.OWNER} if owners < OWNERS_LEAST else set()
    return claimed & (granted | first)


def stamp_due(last_used_at: datetime | None, now: datetime) -> bool:
    """Whether `last_used_at` is old enough to be written again."""
    return last_used_at is None or now - last_used_at >= KEY_STAMP_EVERY
