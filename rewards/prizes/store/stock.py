"""SQL of what stands in stores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from loyalty.work import Work

# Locks and reads in one statement, in the order of the key: what is read is the locked row itself.
LOCK = """
SELECT s.thing, s.store_id, s.on_hand, s.reserved FROM thing_stock s
JOIN unnest($1::text[], $2::uuid[]) AS k(thing, store_id) ON k.thing = s.thing AND k.store_id = s.store_id
ORDER BY s.thing, s.store_id FOR NO KEY UPDATE OF s
"""

OPEN = """
INSERT INTO thing_stock (thing, store_id, on_hand, reserved) VALUES ($1, $2, 0, 0) ON CONFLICT DO NOTHING
"""

LOAD = """
SELECT thing, store_id, on_hand, reserved FROM thing_stock
WHERE ($1::text[] IS NULL OR thing = ANY($1)) ORDER BY thing, store_id
"""

SAVE = """
UPDATE thing_stock SET on_hand = n.on_hand, reserved = n.reserved
FROM unnest($1::text[], $2::uuid[], $3::int[], $4::int[]) AS n(thing, store_id, on_hand, reserved)
WHERE thing_stock.thing = n.thing AND thing_stock.store_id = n.store_id
"""

MOVE = """
INSERT INTO thing_moves (id, thing, store_id, change, prize_id, operator, reason, at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::int[], $5::uuid[], $6::text[], $7::text[],
                     $8::timestamptz[])
"""


async def lock_stock(work: Work, keys: Sequence[tuple[str, UUID]]) -> list[Any]:
    """By (thing, store), after the members; what was never counted has no row."""
    return list(await work.connection.fetch(LOCK, [key[0] for key in keys], [key[1] for key in keys]))


async def open_stock(work: Work, thing: str, store_id: UUID) -> None:
    """Makes the row where there is none; waits for another who does so."""
    await work.connection.execute(OPEN, thing, store_id)


async def load_stock(connection: Any, things: Sequence[str] | None) -> list[Any]:
    return list(await connection.fetch(LOAD, things))


async def save_stock(work: Work, rows: Sequence[tuple[str, UUID, int, int]]) -> None:
    await work.connection.write(SAVE, *map(list, zip(*rows, strict=True)))


async def insert_moves(work: Work, rows: Sequence[tuple[Any, ...]]) -> None:
    await work.connection.write(MOVE, *map(list, zip(*rows, strict=True)))
