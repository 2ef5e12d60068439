"""SQL of keys, operators, partners and trusted operations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from api.identity.rules import ApiKey, GrantState, KeyKind, Role, RoleGrant
from loyalty.ids import FIRST_ID

if TYPE_CHECKING:
    import asyncpg

_KEY = "id, kind, bound_to, name, secret_hash, created_at, expires_at, revoked_at, last_used_at"


def _key(row: asyncpg.Record) -> ApiKey:
    return ApiKey(
        id=row["id"],
        kind=KeyKind(row["kind"]),
        bound_to=row["bound_to"],
        name=row["name"],
        secret_hash=row["secret_hash"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        last_used_at=row["last_used_at"],
    )


async def load_key(connection: asyncpg.Connection, key_id: UUID) -> ApiKey | None:
    row = await connection.fetchrow(f"SELECT {_KEY} FROM api_keys WHERE id = $1", key_id)
    return _key(row) if row else None


async def lock_key(connection: asyncpg.Connection, key_id: UUID) -> ApiKey | None:
    """The key, locked; a lone row, so lock and read may share a statement (READ COMMITTED rereads the locked row)."""
    row = await connection.fetchrow(
        f"SELECT {_KEY} FROM api_keys WHERE id = $1 FOR NO KEY UPDATE",
        key_id,
    )
    return _key(row) if row else None


async def load_keys(
    connection: asyncpg.Connection, bound_to: UUID | None, after: UUID | None, limit: int
) -> list[ApiKey]:
    """Keys by id, newest last; all of them, or those bound to one store or partner."""
    rows = await connection.fetch(
        f"SELECT {_KEY} FROM api_keys WHERE ($1::uuid IS NULL OR bound_to = $1)"
        f" AND id > coalesce($2::uuid, {FIRST_ID}) ORDER BY id LIMIT $3",
        bound_to,
        after,
        limit,
    )
    return [_key(row) for row in rows]


async def insert_key(connection: asyncpg.Connection, key: ApiKey, made_by: UUID) -> None:
    await connection.execute(
        "INSERT INTO api_keys (id, kind, bound_to, name, secret_hash, made_by, created_at, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        key.id,
        key.kind.value,
        key.bound_to,
        key.name,
        key.secret_hash,
        made_by,
        key.created_at,
        key.expires_at,
    )


async def save_key_end(
    connection: asyncpg.Connection, key_id: UUID, expires_at: datetime | None, revoked_at: datetime | None
) -> None:
    await connection.execute(
        "UPDATE api_keys SET expires_at = $2, revoked_at = $3 WHERE id = $1", key_id, expires_at, revoked_at
    )


async def save_key_used(connection: asyncpg.Connection, key_id: UUID, at: datetime) -> None:
    await connection.execute(
        "UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)",
        key_id,
        at,
    )


async def insert_operator(connection: asyncpg.Connection, operator_id: UUID, uid: str, at: datetime) -> None:
    await connection.execute(
        "INSERT INTO operators (id, uid, created_at) VALUES ($1, $2, $3) ON CONFLICT (uid) DO NOTHING",
        operator_id,
        uid,
        at,
    )


async def load_operator(connection: asyncpg.Connection, uid: str) -> UUID | None:
    found: UUID | None = await connection.fetchval("SELECT id FROM operators WHERE uid = $1", uid)
    return found


async def insert_partner(connection: asyncpg.Connection, partner_id: UUID, name: str, at: datetime) -> None:
    await connection.execute(
        "INSERT INTO partners (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING",
        partner_id,
        name,
        at,
    )


async def load_partner_by_name(connection: asyncpg.Connection, name: str) -> UUID | None:
    found: UUID | None = await connection.fetchval("SELECT id FROM partners WHERE name = $1", name)
    return found


async def load_partner(connection: asyncpg.Connection, partner_id: UUID) -> tuple[str, datetime] | None:
    row = await connection.fetchrow("SELECT name, created_at FROM partners WHERE id = $1", partner_id)
    return (row["name"], row["created_at"]) if row else None


async def insert_operations(
    connection: asyncpg.Connection, caller: str, digests: Sequence[bytes], documents: Sequence[str], at: datetime
) -> None:
    await connection.execute(
        "INSERT INTO trusted_operations (caller, sha256, document, registered_at)"
        " SELECT $1, d, t, $4 FROM unnest($2::bytea[], $3::text[]) AS given(d, t) ON CONFLICT DO NOTHING",
        caller,
        list(digests),
        list(documents),
        at,
    )


async def load_operations(connection: asyncpg.Connection, caller: str) -> list[tuple[bytes, str]]:
    rows = await connection.fetch("SELECT sha256, document FROM trusted_operations WHERE caller = $1", caller)
    return [(row["sha256"], row["document"]) for row in rows]


async def load_operation(connection: asyncpg.Connection, caller: str, digest: bytes) -> str | None:
    found: str | None = await connection.fetchval(
        "SELECT document FROM trusted_operations WHERE caller = $1 AND sha256 = $2", caller, digest
    )
    return found


_GRANT = "id, operator_id, role, state, reason, proposed_by, proposed_at, approved_by, approved_at, ended_by, ended_at"


def _grant(row: asyncpg.Record) -> RoleGrant:
    return RoleGrant(**{**dict(row), "role": Role(row["role"]), "state": GrantState(row["state"])})


async def lock_roles(connection: asyncpg.Connection) -> None:
    """Serialises every change of roles: there are few, and the last two owners must not end each other at once."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('role_grants', 0))")


async def load_grant(connection: asyncpg.Connection, grant_id: UUID) -> RoleGrant | None:
    row = await connection.fetchrow(f"SELECT {_GRANT} FROM role_grants WHERE id = $1", grant_id)
    return _grant(row) if row else None


async def load_grants(connection: asyncpg.Connection, limit: int) -> list[RoleGrant]:
    """Grants, newest first."""
    rows = await connection.fetch(f"SELECT {_GRANT} FROM role_grants ORDER BY id DESC LIMIT $1", limit)
    return [_grant(row) for row in rows]


async def load_roles(connection: asyncpg.Connection, operator_id: UUID) -> tuple[frozenset[Role], int]:
    """The roles granted to an operator, and how many operators hold `owner` by a grant."""
    rows = await connection.fetch(
        "SELECT role, operator_id = $1 AS mine FROM role_grants "
        "WHERE state = 'GRANTED' AND (operator_id = $1 OR role = 'owner')",
        operator_id,
    )
    owners = sum(row["role"] == Role.OWNER for row in rows)
    return frozenset(Role(row["role"]) for row in rows if row["mine"]), owners


async def has_operator(connection: asyncpg.Connection, operator_id: UUID) -> bool:
    return bool(await connection.fetchval("SELECT true FROM operators WHERE id = $1", operator_id))


async def insert_grant(connection: asyncpg.Connection, grant: RoleGrant) -> bool:
    """False where that role is proposed for or granted to the operator already."""
    done = await connection.execute(
        f"INSERT INTO role_grants ({_GRANT}) VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, NULL, NULL, NULL) "
        "ON CONFLICT (operator_id, role) WHERE state IN ('PROPOSED', 'GRANTED') DO NOTHING",
        grant.id, grant.operator_id, grant.role, grant.state, grant.reason, grant.proposed_by, grant.proposed_at,
    )  # fmt: skip
    return bool(done.endswith("1"))


async def approve_grant(connection: asyncpg.Connection, grant_id: UUID, by: UUID, now: datetime) -> None:
    await connection.execute(
        "UPDATE role_grants SET state = 'GRANTED', approved_by = $2, approved_at = $3 WHERE id = $1", grant_id, by, now
    )


async def end_grant(connection: asyncpg.Connection, grant_id: UUID, by: UUID, now: datetime) -> None:
    await connection.execute(
        "UPDATE role_grants SET state = 'ENDED', ended_by = $2, ended_at = $3 WHERE id = $1", grant_id, by, now
    )
