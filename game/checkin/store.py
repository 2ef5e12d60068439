"""SQL of streaks and their days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from loyalty.invariants import Invariant
from loyalty.work import Work

_TYPES = {
    "member_id": "uuid", "length": "int", "longest": "int", "total": "int", "freezes": "smallint", "cycle": "smallint",
    "last_day": "date", "made_up_to": "date", "covered_to": "date",
    "frozen_to": "date", "lapsed": "int", "gap_day": "date", "gap_to": "date",
    "repair_until": "timestamptz", "zone": "text", "next_zone": "text", "zone_from": "timestamptz",
    "zone_changed_at": "timestamptz", "travel_from": "date", "travel_to": "date", "updated_at": "timestamptz",
}  # fmt: skip
COLUMNS = tuple(_TYPES)

LOAD_STREAKS = f"SELECT {', '.join(COLUMNS)} FROM streaks WHERE member_id = ANY($1::uuid[])"

SAVE_STREAKS = f"""
INSERT INTO streaks ({", ".join(COLUMNS)})
SELECT * FROM unnest({", ".join(f"${number}::{kind}[]" for number, kind in enumerate(_TYPES.values(), 1))})
ON CONFLICT (member_id) DO UPDATE SET {", ".join(f"{name} = EXCLUDED.{name}" for name in COLUMNS[1:])}
"""

LOAD_DAYS = """
SELECT d.member_id, d.season, d.day, d.paid, d.kept
FROM unnest($1::uuid[], $2::date[]) AS k(member_id, since)
JOIN checkin_days d ON d.member_id = k.member_id AND d.day >= k.since
ORDER BY d.member_id, d.day
"""

LOAD_ALL_DAYS = "SELECT season, day, paid, paid_at, kept FROM checkin_days WHERE member_id = $1 ORDER BY day, season"

SAVE_DAYS = """
INSERT INTO checkin_days (member_id, season, day, paid, paid_at, kept)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::date[], $4::text[], $5::timestamptz[], $6::text[])
ON CONFLICT (member_id, season, day) DO UPDATE SET
    paid = coalesce(checkin_days.paid, EXCLUDED.paid), paid_at = coalesce(checkin_days.paid_at, EXCLUDED.paid_at),
    kept = coalesce(EXCLUDED.kept, checkin_days.kept)
"""

_PAYING = "('checked_in', 'day_made_up')"

AUDIT = (
    Invariant(
        "a streak counts the days that were paid, none of them later than its last",
        "SELECT count(*) FROM streaks",
        """
SELECT coalesce(s.member_id, d.member_id) AS member_id, s.total, d.paid, s.last_day, d.last_day AS last_paid
FROM streaks s FULL JOIN (
    SELECT member_id, count(paid) AS paid, max(day) FILTER (WHERE paid = 'CHECK_IN') AS last_day
    FROM checkin_days GROUP BY member_id) d ON d.member_id = s.member_id
WHERE s.member_id IS NULL OR s.total <> coalesce(d.paid, 0) OR s.last_day IS DISTINCT FROM d.last_day
""",
    ),
    Invariant(
        "no streak is longer than its longest, and none counts more days than were paid",
        "SELECT count(*) FROM streaks",
        """
SELECT member_id, length, lapsed, longest, total FROM streaks
WHERE longest < length OR longest < lapsed OR longest > total
""",
    ),
    Invariant(
        "each business day was paid once at most, whatever the season, and by one event",
        "SELECT count(*) FROM checkin_days WHERE paid IS NOT NULL",
        f"""
SELECT coalesce(d.member_id, e.member_id) AS member_id, coalesce(d.day, e.day) AS day, d.times, e.events
FROM (SELECT member_id, day, count(*) AS times FROM checkin_days WHERE paid IS NOT NULL GROUP BY 1, 2) d
FULL JOIN (
    SELECT member_id, (facts ->> 'day')::date AS day, count(*) AS events
    FROM events WHERE kind IN {_PAYING} GROUP BY 1, 2) e
    ON e.member_id = d.member_id AND e.day = d.day
WHERE d.times IS DISTINCT FROM 1 OR e.events IS DISTINCT FROM 1
""",
    ),
    Invariant(
        "what was credited for check-ins is what their events say",
        f"SELECT count(*) FROM events WHERE kind IN {_PAYING}",
        f"""
SELECT coalesce(e.member_id, t.member_id) AS member_id, coalesce(e.currency, t.currency) AS currency,
       e.amount AS said, t.amount AS credited
FROM (
    SELECT member_id, upper(r.key) AS currency, sum(r.value::int) AS amount
    FROM events CROSS JOIN LATERAL jsonb_each_text(facts) r
    WHERE kind IN {_PAYING} AND r.key IN ('diamonds', 'tickets', 'points') AND r.value <> '0' GROUP BY 1, 2) e
FULL JOIN (
    SELECT member_id, currency, sum(amount) AS amount FROM transfers WHERE account = 'issue:checkin' GROUP BY 1, 2) t
    ON t.member_id = e.member_id AND t.currency = e.currency
WHERE e.amount IS DISTINCT FROM t.amount
""",
    ),
    Invariant(
        "diamonds paid for repairs are those of the streaks that were repaired",
        "SELECT count(*) FROM events WHERE kind = 'streak_repaired'",
        """
SELECT coalesce(e.member_id, t.member_id) AS member_id, e.amount AS said, t.amount AS paid
FROM (
    SELECT member_id, sum((facts ->> 'diamonds')::int) AS amount
    FROM events WHERE kind = 'streak_repaired' GROUP BY 1) e
FULL JOIN (SELECT member_id, -sum(amount) AS amount FROM transfers WHERE account = 'sink:repair' GROUP BY 1) t
    ON t.member_id = e.member_id
WHERE coalesce(e.amount, 0) <> coalesce(t.amount, 0)
""",
    ),
    Invariant(
        "streaks are of members that there are",
        "SELECT count(*) FROM streaks",
        "SELECT s.member_id FROM streaks s LEFT JOIN members m ON m.id = s.member_id WHERE m.id IS NULL",
    ),
)


async def load_streaks(connection: Any, member_ids: Sequence[UUID]) -> list[Any]:
    return list(await connection.fetch(LOAD_STREAKS, member_ids))


async def save_streaks(work: Work, rows: Sequence[tuple[Any, ...]]) -> None:
    """Rows in the order of `COLUMNS`, each member once."""
    await work.connection.write(SAVE_STREAKS, *map(list, zip(*rows, strict=True)))


async def load_days(connection: Any, member_ids: Sequence[UUID], since: Sequence[date]) -> list[Any]:
    """Each member's days from a day on."""
    return list(await connection.fetch(LOAD_DAYS, member_ids, since))


async def load_all_days(connection: Any, member_id: UUID) -> list[Any]:
    return list(await connection.fetch(LOAD_ALL_DAYS, member_id))


async def count_season_days(connection: Any, member_ids: Sequence[UUID], season: str) -> dict[UUID, int]:
    """How many days each member checked in on in a season, of those who did."""
    rows = await connection.fetch(
        "SELECT member_id, count(*) AS days FROM checkin_days "
        "WHERE member_id = ANY($1::uuid[]) AND season = $2 AND paid = 'CHECK_IN' GROUP BY 1",
        member_ids,
        season,
    )
    return {row["member_id"]: row["days"] for row in rows}


async def save_days(
    work: Work, rows: Sequence[tuple[UUID, str, date, str | None, datetime | None, str | None]]
) -> None:
    """Each (member, season, day) once; what a day was paid as stays."""
    await work.connection.write(SAVE_DAYS, *map(list, zip(*rows, strict=True)))
