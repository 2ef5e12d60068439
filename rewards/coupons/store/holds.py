"""SQL of holds and what they settle."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.work import Work

COLUMNS = (
    "member_id", "id", "store_id", "state", "fingerprint", "answer", "due_minor", "discount_minor", "points",
    "transfer_id", "tender_id", "receipt_no", "receipt_state", "held_at", "expires_at", "settled_at", "updated_at",
)  # fmt: skip
_READ = ", ".join(COLUMNS)

FIND = "SELECT hold_id, member_id FROM hold_directory WHERE hold_id = ANY($1::uuid[])"

LOAD_OPEN = f"SELECT {_READ} FROM holds WHERE member_id = ANY($1::uuid[]) AND state = 'OPEN'"

LOAD = f"""
SELECT {", ".join(f"h.{column}" for column in COLUMNS)}
FROM unnest($1::uuid[], $2::uuid[]) AS k(member_id, id)
JOIN holds h ON h.member_id = k.member_id AND h.id = k.id
"""

INSERT = f"""
INSERT INTO holds ({_READ})
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bytea[], $6::jsonb[], $7::int[], $8::int[],
    $9::int[], $10::uuid[], $11::uuid[], $12::text[], $13::text[], $14::timestamptz[], $15::timestamptz[],
    $16::timestamptz[], $17::timestamptz[])
"""

INSERT_DIRECTORY = """
INSERT INTO hold_directory (hold_id, member_id) SELECT * FROM unnest($1::uuid[], $2::uuid[])
"""

SAVE = """
UPDATE holds SET state = s.state, transfer_id = s.transfer_id, tender_id = s.tender_id, receipt_no = s.receipt_no,
                 receipt_state = s.receipt_state, settled_at = s.settled_at, updated_at = s.updated_at
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::timestamptz[],
            $9::timestamptz[])
    AS s(member_id, id, state, transfer_id, tender_id, receipt_no, receipt_state, settled_at, updated_at)
WHERE holds.member_id = s.member_id AND holds.id = s.id
"""

LOAD_SETTLED = """
SELECT s.store_id, s.receipt_no, s.member_id, s.hold_id
FROM unnest($1::uuid[], $2::text[]) AS k(store_id, receipt_no)
JOIN settled_receipts s ON s.store_id = k.store_id AND s.receipt_no = k.receipt_no
"""

# In key order, so that two batches with the same receipts wait for each other instead of locking each other out.
INSERT_SETTLED = """
INSERT INTO settled_receipts (store_id, receipt_no, member_id, hold_id)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[]) AS s(store_id, receipt_no, member_id, hold_id)
ORDER BY store_id, receipt_no
"""

INSERT_EFFECTS = """
INSERT INTO return_effects (member_id, return_id, refunded_points, reopened, voided)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::int[])
"""

LOAD_EFFECTS = """
SELECT r.return_id, r.refunded_points, r.reopened, r.voided
FROM unnest($1::uuid[], $2::uuid[]) AS k(member_id, return_id)
JOIN return_effects r ON r.member_id = k.member_id AND r.return_id = k.return_id
"""

WAITING = """
SELECT member_id, id, store_id, receipt_no, settled_at FROM holds
WHERE receipt_state = 'WAITING' AND (settled_at, id) > ($1, $2) ORDER BY settled_at, id LIMIT $3
"""

MEMBERS_DUE = """
SELECT DISTINCT member_id FROM (
    SELECT member_id FROM holds WHERE state = 'OPEN' AND expires_at <= $1 ORDER BY expires_at LIMIT $2) AS due
"""


async def load_clock(connection: Any) -> datetime:
    """The database's clock at this very moment, after the locks were had.

    The one clock of SQL: a hold's time limit is judged by tills of many servers, whose clocks differ.
    """
    moment: datetime = await connection.fetchval("SELECT clock_timestamp()")
    return moment


async def find_holds(connection: Any, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """hold -> member."""
    return {row["hold_id"]: row["member_id"] for row in await connection.fetch(FIND, ids)}


async def load_open_holds(connection: Any, member_ids: Sequence[UUID]) -> list[Any]:
    return list(await connection.fetch(LOAD_OPEN, member_ids))


async def load_holds(connection: Any, keys: Sequence[tuple[UUID, UUID]]) -> list[Any]:
    return list(await connection.fetch(LOAD, [key[0] for key in keys], [key[1] for key in keys]))


async def insert_holds(work: Work, rows: Sequence[tuple[Any, ...]]) -> None:
    """Rows of `COLUMNS`."""
    await work.connection.write(INSERT, *map(list, zip(*rows, strict=True)))
    await work.connection.write(INSERT_DIRECTORY, [row[1] for row in rows], [row[0] for row in rows])


async def save_holds(work: Work, rows: Sequence[tuple[Any, ...]]) -> None:
    """Member, id, state, transfer, tender, receipt number and state, settled, updated; each key once."""
    await work.connection.write(SAVE, *map(list, zip(*rows, strict=True)))


async def load_settled(connection: Any, keys: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], tuple[UUID, UUID]]:
    """(store, receipt number) -> (member, hold) that it settled."""
    rows = await connection.fetch(LOAD_SETTLED, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["store_id"], row["receipt_no"]): (row["member_id"], row["hold_id"]) for row in rows}


async def insert_settled(work: Work, rows: Sequence[tuple[UUID, str, UUID, UUID]]) -> None:
    """Fails with a unique violation where another transaction settled with the same receipt first."""
    await work.connection.write(INSERT_SETTLED, *map(list, zip(*rows, strict=True)))


async def load_members_due(connection: Any, moment: datetime, limit: int) -> list[UUID]:
    """Members of open holds past their time limit, at most `limit` holds' worth."""
    return [row["member_id"] for row in await connection.fetch(MEMBERS_DUE, moment, limit)]


async def load_waiting(connection: Any, after: tuple[datetime, UUID], limit: int) -> list[Any]:
    """Settled holds that still wait for their receipt, oldest first, later than `after`."""
    return list(await connection.fetch(WAITING, *after, limit))


async def insert_effects(work: Work, rows: Sequence[tuple[UUID, UUID, int, int, int]]) -> None:
    """Member, return, refunded points, coupons reopened, coupons void."""
    await work.connection.write(INSERT_EFFECTS, *map(list, zip(*rows, strict=True)))


async def load_effects(connection: Any, keys: Sequence[tuple[UUID, UUID]]) -> dict[UUID, tuple[int, int, int]]:
    """return -> (refunded points, coupons reopened, coupons void)."""
    rows = await connection.fetch(LOAD_EFFECTS, [key[0] for key in keys], [key[1] for key in keys])
    return {row["return_id"]: (row["refunded_points"], row["reopened"], row["voided"]) for row in rows}
