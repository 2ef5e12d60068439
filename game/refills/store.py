"""SQL of refills."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from loyalty.invariants import Invariant
from loyalty.work import Work

INSERT = """
INSERT INTO refills (member_id, day, number, diamonds, energy, at)
SELECT * FROM unnest($1::uuid[], $2::date[], $3::int[], $4::int[], $5::int[], $6::timestamptz[])
"""

LAST = """
SELECT l.* FROM unnest($1::uuid[]) AS k(member_id)
JOIN LATERAL (SELECT member_id, day, number FROM refills
              WHERE member_id = k.member_id ORDER BY day DESC, number DESC LIMIT 1) l ON true
"""

# Without a cursor every day comes before the last one, whatever the number beside it.
PAGE = """
SELECT day, number, diamonds, energy, at FROM refills
WHERE member_id = $1 AND (day, number) < (coalesce($2::date, 'infinity'), coalesce($3::int, 0))
ORDER BY day DESC, number DESC LIMIT $4
"""

AUDIT = (
    Invariant(
        "the refills of a member's day are numbered one after the other",
        "SELECT count(*) FROM refills",
        """
SELECT member_id, day, count(*) AS refills, max(number) AS last FROM refills
GROUP BY member_id, day HAVING count(*) <> max(number)
""",
    ),
    Invariant(
        "what was paid for refills is what their events and transfers say",
        "SELECT count(*) FROM refills",
        """
SELECT coalesce(r.member_id, e.member_id, t.member_id) AS member_id, r.diamonds, e.diamonds AS told, t.amount
FROM (SELECT member_id, sum(diamonds) AS diamonds, sum(energy) AS energy FROM refills GROUP BY member_id) r
FULL JOIN (SELECT member_id, sum((facts ->> 'diamonds')::bigint) AS diamonds,
                  sum((facts ->> 'energy')::bigint) AS energy
           FROM events WHERE kind = 'energy_refilled' GROUP BY member_id) e ON e.member_id = r.member_id
FULL JOIN (SELECT member_id, sum(amount) AS amount FROM transfers WHERE account = 'sink:energy' GROUP BY member_id) t
    ON t.member_id = coalesce(r.member_id, e.member_id)
WHERE r.diamonds IS DISTINCT FROM e.diamonds OR r.energy IS DISTINCT FROM e.energy
   OR r.diamonds IS DISTINCT FROM -t.amount
""",
    ),
)


async def insert_refills(work: Work, rows: Sequence[tuple[UUID, date, int, int, int, datetime]]) -> None:
    """Member, day, number, diamonds, energy, at."""
    await work.connection.write(INSERT, *map(list, zip(*rows, strict=True)))


async def load_last(connection: Any, member_ids: Sequence[UUID]) -> list[Any]:
    """The last refill of each member who bought any."""
    return list(await connection.fetch(LAST, member_ids))


async def load_page(connection: Any, member_id: UUID, before: tuple[date, int] | None, limit: int) -> list[Any]:
    """A member's refills, newest first, before a day and number."""
    return list(await connection.fetch(PAGE, member_id, *(before or (None, None)), limit))
