"""SQL of the turn of seasons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.invariants import Invariant
from loyalty.work import Work

COLUMNS = (
    "member_id", "season", "level", "experience", "streak", "longest", "total", "diamonds", "tickets", "stamps",
    "expired_diamonds", "expired_tickets", "expired_stamps", "at",
)  # fmt: skip

INSERT_ENDS = f"""
INSERT INTO season_ends ({", ".join(COLUMNS)})
SELECT * FROM unnest($1::uuid[], $2::text[], {", ".join(f"${n}::int[]" for n in range(3, 14))}, $14::timestamptz[])
"""

AUDIT = (
    Invariant(
        "what expired with seasons is what their transfers took",
        "SELECT count(*) FROM season_ends",
        """
SELECT coalesce(e.member_id, t.member_id) AS member_id, e.diamonds, t.diamonds AS took, e.tickets, e.stamps
FROM (
    SELECT member_id, sum(expired_diamonds) AS diamonds, sum(expired_tickets) AS tickets, sum(expired_stamps) AS stamps
    FROM season_ends GROUP BY 1) e
FULL JOIN (
    SELECT member_id, -coalesce(sum(amount) FILTER (WHERE currency = 'DIAMONDS'), 0) AS diamonds,
           -coalesce(sum(amount) FILTER (WHERE currency = 'TICKETS'), 0) AS tickets,
           -coalesce(sum(amount) FILTER (WHERE currency = 'STAMPS'), 0) AS stamps
    FROM transfers WHERE account = 'sink:season' GROUP BY 1) t ON t.member_id = e.member_id
WHERE coalesce(e.diamonds, 0) <> coalesce(t.diamonds, 0) OR coalesce(e.tickets, 0) <> coalesce(t.tickets, 0)
   OR coalesce(e.stamps, 0) <> coalesce(t.stamps, 0)
""",
    ),
    Invariant(
        "a season ended once for each member whom its turn reached, by an event",
        "SELECT count(*) FROM season_ends",
        """
SELECT coalesce(s.member_id, e.member_id) AS member_id, e.times
FROM season_ends s FULL JOIN (
    SELECT member_id, facts ->> 'season' AS season, count(*) AS times
    FROM events WHERE kind = 'season_ended' GROUP BY 1, 2) e ON e.member_id = s.member_id AND e.season = s.season
WHERE s.member_id IS NULL OR e.times IS DISTINCT FROM 1
""",
    ),
    Invariant(
        "a board began anew once for an end of a season, at the level that the archive has",
        "SELECT count(*) FROM events WHERE kind = 'board_reset'",
        """
SELECT e.member_id, e.season, e.times, s.level, s.experience
FROM (SELECT member_id, facts ->> 'season' AS season, count(*) AS times, min((facts ->> 'level')::int) AS level,
             min((facts ->> 'experience')::int) AS experience
      FROM events WHERE kind = 'board_reset' GROUP BY 1, 2) e
LEFT JOIN season_ends s ON s.member_id = e.member_id AND s.season = e.season
WHERE e.times <> 1 OR (s.level, s.experience) IS DISTINCT FROM (e.level, e.experience)
""",
    ),
    Invariant(
        "a turn reached the members that it counts, and once it is finished every one who was there",
        "SELECT count(*) FROM season_turns",
        """
SELECT t.season, t.members, s.members AS ended, t.finished_at,
       (SELECT count(*) FROM members m WHERE t.finished_at IS NOT NULL AND m.created_at < t.at
            AND m.status <> 'ERASED' AND NOT EXISTS (
                SELECT FROM season_ends x WHERE x.member_id = m.id AND x.season = t.season)) AS missing
FROM season_turns t LEFT JOIN (SELECT season, count(*) AS members FROM season_ends GROUP BY 1) s USING (season)
WHERE t.members <> coalesce(s.members, 0) OR (t.finished_at IS NOT NULL AND EXISTS (
    SELECT FROM members m WHERE m.created_at < t.at AND m.status <> 'ERASED' AND NOT EXISTS (
        SELECT FROM season_ends x WHERE x.member_id = m.id AND x.season = t.season)))
""",
    ),
)


async def begin_turn(work: Work, season: str, following: str, at: datetime) -> None:
    await work.connection.execute(
        "INSERT INTO season_turns (season, following, at, reached, members) VALUES ($1, $2, $3, $4, 0) "
        "ON CONFLICT (season) DO NOTHING",
        season, following, at, UUID(int=0),
    )  # fmt: skip


async def lock_turn(work: Work, season: str) -> Any:
    """The turn, for the one worker who gets it; None where it is finished or another has it."""
    return await work.connection.fetchrow(
        "SELECT season, following, at, reached FROM season_turns WHERE season = $1 AND finished_at IS NULL "
        "FOR NO KEY UPDATE SKIP LOCKED",
        season,
    )


async def save_reached(work: Work, season: str, reached: UUID, members: int) -> None:
    await work.connection.execute(
        "UPDATE season_turns SET reached = $2, members = members + $3 WHERE season = $1", season, reached, members
    )


async def finish_turn(work: Work, season: str, at: datetime) -> None:
    await work.connection.execute("UPDATE season_turns SET finished_at = $2 WHERE season = $1", season, at)


async def load_finished(connection: Any) -> set[str]:
    rows = await connection.fetch("SELECT season FROM season_turns WHERE finished_at IS NOT NULL")
    return {row["season"] for row in rows}


async def load_turns(connection: Any) -> list[Any]:
    """How far each turn is, the newest first."""
    return list(
        await connection.fetch("SELECT season, following, at, members, finished_at FROM season_turns ORDER BY at DESC")
    )


async def insert_ends(work: Work, rows: Sequence[tuple[Any, ...]]) -> None:
    """Rows in the order of `COLUMNS`."""
    await work.connection.write(INSERT_ENDS, *map(list, zip(*rows, strict=True)))


async def load_ended(work: Work, member_ids: Sequence[UUID], season: str) -> set[UUID]:
    """For whom of these members the season has ended."""
    rows = await work.connection.fetch(
        "SELECT member_id FROM season_ends WHERE member_id = ANY($1::uuid[]) AND season = $2", member_ids, season
    )
    return {row["member_id"] for row in rows}


async def load_ends(connection: Any, member_id: UUID, limit: int) -> list[Any]:
    """A member's seasons, the newest first."""
    return list(
        await connection.fetch(
            f"SELECT {', '.join(COLUMNS)} FROM season_ends WHERE member_id = $1 ORDER BY at DESC, season LIMIT $2",
            member_id,
            limit,
        )
    )
