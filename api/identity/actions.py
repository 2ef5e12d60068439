"""Making, rotating and revoking keys; finding operators and partners; registering operations."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from api.identity import store
from api.identity.rules import (
    KEY_OVERLAP,
    KEY_OVERLAP_MAX,
    SECRET_BYTES,
    ApiKey,
    KeyKind,
    hash_secret,
    key_text,
    stamp_due,
)
from api.refusals import EdgeCode, EdgeRefused
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.requests.actions import open_requests
from loyalty.requests.rules import RequestKey
from loyalty.work import Work

if TYPE_CHECKING:
    import asyncpg

NAME_LENGTH_MAX = 80


@dataclass(frozen=True, slots=True)
class KeyMade:
    """A key, and how its holder writes it. `text` is None when a request is repeated: it is shown once."""

    key_id: UUID
    kind: KeyKind
    bound_to: UUID
    name: str
    created_at: datetime
    expires_at: datetime | None
    text: str | None


@dataclass(frozen=True, slots=True)
class KeyRevoked:
    """A key that opens nothing any more, and since when."""

    key_id: UUID
    revoked_at: datetime


@dataclass(frozen=True, slots=True)
class MakeKey:
    """A new key bound to one store, channel or partner."""

    request: RequestKey
    now: datetime
    kind: KeyKind
    bound_to: UUID
    name: str


@dataclass(frozen=True, slots=True)
class RotateKey:
    """A second key with the same binding; the old one goes on for `overlap`."""

    request: RequestKey
    now: datetime
    key_id: UUID
    overlap: timedelta = KEY_OVERLAP


@dataclass(frozen=True, slots=True)
class RevokeKey:
    """An end at once."""

    request: RequestKey
    now: datetime
    key_id: UUID


@dataclass(frozen=True, slots=True)
class Partner:
    """A sponsor brand's own profile."""

    id: UUID
    name: str
    created_at: datetime


async def make_key(work: Work, pepper: bytes, command: MakeKey) -> KeyMade:
    """Makes a key; its text is in the first answer alone.

    Refuses INVALID_INPUT (name), PARTNER_NOT_FOUND, REQUEST_ID_REUSED. The caller of the action has checked that a
    store exists. Takes no lock.
    """
    requests = await open_requests(work, [command.request])
    if (known := requests.replay(command.request, KeyMade)) is not None:
        return known
    name = command.name.strip()
    if not 1 <= len(name) <= NAME_LENGTH_MAX or not name.isprintable():
        rule = f"must be 1 to {NAME_LENGTH_MAX} printable characters"
        raise LoyaltyRefused(LoyaltyCode.INVALID_INPUT, field="name", rule=rule)
    if command.kind is KeyKind.PARTNER and await store.load_partner(work.connection, command.bound_to) is None:
        raise EdgeRefused(EdgeCode.PARTNER_NOT_FOUND)
    made = await _insert(work, pepper, command.kind, command.bound_to, name, command.request.scope, command.now)
    requests.keep(command.request, None, "makeKey", replace(made, text=None), command.now)
    await requests.save(work)
    return made


async def rotate_key(work: Work, pepper: bytes, command: RotateKey) -> KeyMade:
    """Makes the successor of a key; both work during the overlap (0 to 30 days).

    Refuses KEY_NOT_FOUND, KEY_ENDED (revoked, expired, or already rotated), INVALID_INPUT (overlap),
    REQUEST_ID_REUSED. Locks the old key.
    """
    old = await store.lock_key(work.connection, command.key_id)
    requests = await open_requests(work, [command.request])
    if (known := requests.replay(command.request, KeyMade)) is not None:
        return known
    if old is None:
        raise EdgeRefused(EdgeCode.KEY_NOT_FOUND)
    if not old.works(command.now) or old.expires_at is not None:
        raise EdgeRefused(EdgeCode.KEY_ENDED)
    if not timedelta(0) <= command.overlap <= KEY_OVERLAP_MAX:
        raise LoyaltyRefused(LoyaltyCode.INVALID_INPUT, field="overlapHours", rule="0 to 720")
    made = await _insert(work, pepper, old.kind, old.bound_to, old.name, command.request.scope, command.now)
    await store.save_key_end(work.connection, old.id, command.now + command.overlap, None)
    requests.keep(command.request, None, "rotateKey", replace(made, text=None), command.now)
    await requests.save(work)
    return made


async def revoke_key(work: Work, command: RevokeKey) -> KeyRevoked:
    """Ends a key; every server stops taking it within `KEY_CACHE_SECONDS`.

    Refuses KEY_NOT_FOUND, REQUEST_ID_REUSED. Revoking a revoked key changes nothing. Locks the key.
    """
    key = await store.lock_key(work.connection, command.key_id)
    requests = await open_requests(work, [command.request])
    if (known := requests.replay(command.request, KeyRevoked)) is not None:
        return known
    if key is None:
        raise EdgeRefused(EdgeCode.KEY_NOT_FOUND)
    revoked = KeyRevoked(key.id, key.revoked_at or command.now)
    await store.save_key_end(work.connection, key.id, key.expires_at, revoked.revoked_at)
    requests.keep(command.request, None, "revokeKey", revoked, command.now)
    await requests.save(work)
    return revoked


async def _insert(
    work: Work, pepper: bytes, kind: KeyKind, bound_to: UUID, name: str, made_by: UUID, now: datetime
) -> KeyMade:
    secret = base64.urlsafe_b64encode(work.dice.bytes(SECRET_BYTES)).rstrip(b"=").decode()
    key = ApiKey(work.mint(now), kind, bound_to, name, hash_secret(pepper, secret), now, None, None, None)
    await store.insert_key(work.connection, key, made_by)
    return KeyMade(key.id, kind, bound_to, name, now, None, key_text(key.id, secret))


async def list_keys(
    connection: asyncpg.Connection, *, bound_to: UUID | None, after: UUID | None, limit: int
) -> list[ApiKey]:
    """Keys in order of making, from after that id."""
    return await store.load_keys(connection, bound_to, after, limit)


async def find_key(connection: asyncpg.Connection, key_id: UUID) -> ApiKey | None:
    """One key."""
    return await store.load_key(connection, key_id)


async def stamp_key(work: Work, key: ApiKey, now: datetime) -> None:
    """Notes that a key was used, at most once an hour."""
    if stamp_due(key.last_used_at, now):
        await store.save_key_used(work.connection, key.id, now)


async def sign_in_operator(work: Work, uid: str, now: datetime) -> UUID:
    """The operator of this uid, made on first sight. Race-safe: the unique uid decides, a later statement reads."""
    found = await store.load_operator(work.connection, uid)
    if found is None:
        await store.insert_operator(work.connection, work.mint(now), uid, now)
        found = await store.load_operator(work.connection, uid)
    assert found is not None, "an operator just inserted or lost to a committed one is there"
    return found


async def ensure_partner(work: Work, name: str, now: datetime) -> UUID:
    """The partner of this name, made on first sight; race-safe like `sign_in_operator`."""
    found = await store.load_partner_by_name(work.connection, name)
    if found is None:
        await store.insert_partner(work.connection, work.mint(now), name, now)
        found = await store.load_partner_by_name(work.connection, name)
    assert found is not None, "a partner just inserted or lost to a committed one is there"
    return found


async def find_partner(connection: asyncpg.Connection, partner_id: UUID) -> Partner | None:
    """A partner's profile."""
    row = await store.load_partner(connection, partner_id)
    return Partner(partner_id, row[0], row[1]) if row else None


async def register_operations(work: Work, caller: str, documents: Mapping[bytes, str], now: datetime) -> None:
    """Adds operations to a caller's trusted ones; what is there already stays as it is."""
    await store.insert_operations(work.connection, caller, list(documents), list(documents.values()), now)


async def registered_operations(connection: asyncpg.Connection, caller: str) -> list[tuple[bytes, str]]:
    """Every registered operation of a caller: SHA-256 and text."""
    return await store.load_operations(connection, caller)


async def registered_operation(connection: asyncpg.Connection, caller: str, digest: bytes) -> str | None:
    """The text of one registered operation."""
    return await store.load_operation(connection, caller, digest)
