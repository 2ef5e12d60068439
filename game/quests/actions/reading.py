"""How quests stand: windows of the member's days, and sums of his events in them; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from game.board.actions import LEVELS, read_levels
from game.checkin.facts import ZONE_CHANGED
from game.quests import store
from game.quests.rules.content import SUMS, QuestSheet, parse_quests
from game.quests.rules.periods import LOOK_BACK, Window, Zones, zones_of
from game.quests.rules.standing import Standing, shown, stand, windows_for
from loyalty.members import actions as members
from loyalty.members.rules import Member, refuse_unfit
from loyalty.sheets.actions import Sheets, open_sheets
from loyalty.sheets.rules import Season
from loyalty.timeline import actions as timelines
from loyalty.timeline.actions import TallyWindow

QUESTS = ("quests", "current", parse_quests)
_SUMS = sorted(set(SUMS.values()))
_NONE = QuestSheet((), 1)


@dataclass(frozen=True, slots=True)
class Ask:
    """A member at an instant, and the one quest that is asked for; None: all."""

    member: Member
    now: datetime
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """The sheet and the season by which quests are judged, and who is at which level."""

    sheet: QuestSheet
    season: Season
    levels: Mapping[UUID, int]


async def read_quests(connection: Any, member_id: UUID, now: datetime) -> list[Standing]:
    """The quests that a member can work on, and those of the day or week before that he can still claim.

    Refuses MEMBER_NOT_FOUND, MEMBER_SUSPENDED, MEMBER_ERASED.
    """
    member = refuse_unfit((await members.load_members(connection, [member_id])).get(member_id))
    return (await read_quests_of(connection, [member], now))[member_id]


async def read_quests_of(connection: Any, found: Sequence[Member], now: datetime) -> dict[UUID, list[Standing]]:
    """The same for many members, in as many statements as for one."""
    sheets = await open_sheets(connection, now)
    seen = await see(connection, sheets, [member.id for member in found])
    standings = await load_standings(connection, seen, [Ask(member, now) for member in found])
    top_level = 1 + len(await sheets.get(connection, *LEVELS) or ())
    return {
        member.id: shown(each, seen.levels[member.id], top_level, now)
        for member, each in zip(found, standings, strict=True)
    }


async def see(connection: Any, sheets: Sheets, member_ids: Sequence[UUID]) -> Seen:
    """What quests are judged by; without a sheet there are none."""
    found = await read_levels(connection, member_ids)
    return Seen(
        sheet=await sheets.get(connection, *QUESTS) or _NONE,
        season=await sheets.season(connection),
        levels={each: found[each][0] if each in found else 1 for each in member_ids},
    )


async def load_standings(connection: Any, seen: Seen, asks: Sequence[Ask]) -> list[list[Standing]]:
    """For each ask, how its quests stand. Statements are for all of them together."""
    zones = await _load_zones(connection, asks)
    windows = [
        [
            window
            for window in windows_for(
                seen.sheet.quests, zones[ask.member.id], seen.season, seen.levels[ask.member.id], ask.now
            )
            if ask.code is None or window.quest.code == ask.code
        ]
        for ask in asks
    ]
    pairs = [(ask.member.id, window) for ask, found in zip(asks, windows, strict=True) for window in found]
    sums = await _load_sums(connection, pairs)
    keys = list(dict.fromkeys((member_id, window.quest.code, window.period) for member_id, window in pairs))
    claims: dict[UUID, dict[tuple[str, str], int]] = {}
    for row in await store.load_claims(connection, keys):
        claims.setdefault(row["member_id"], {})[row["code"], row["period"]] = row["progress"]
    return [
        [
            stand(window, sums[ask.member.id, window.since, window.until], claims.get(ask.member.id, {}))
            for window in found
        ]
        for ask, found in zip(asks, windows, strict=True)
    ]


async def export_quests(connection: Any, member_id: UUID) -> list[dict[str, Any]]:
    """Every quest that a member claimed, newest first, for `exportMyData`."""
    return [
        {
            "quest": row["code"], "period": row["period"], "progress": row["progress"], "diamonds": row["diamonds"],
            "tickets": row["tickets"], "energy": row["energy"], "at": row["at"].isoformat(),
        }
        for row in await store.load_claims_of(connection, member_id)
    ]  # fmt: skip


async def _load_zones(connection: Any, asks: Sequence[Ask]) -> dict[UUID, Zones]:
    found = {ask.member.id: ask.member for ask in asks}
    since = min((ask.now for ask in asks), default=None)
    if since is None:
        return {}
    changes = await timelines.load_since(connection, sorted(found), ZONE_CHANGED.name, since - LOOK_BACK)
    return {
        member_id: zones_of(
            member.timezone,
            [
                (event.at, event.facts.get("was", event.facts["zone"]), event.facts["zone"])
                for event in changes.get(member_id, [])
            ],
        )
        for member_id, member in found.items()
    }


async def _load_sums(
    connection: Any, pairs: Sequence[tuple[UUID, Window]]
) -> dict[tuple[UUID, datetime, datetime], dict[tuple[str, str], int]]:
    """One look at the events of each member's window serves all quests that share it."""
    asked = list(dict.fromkeys((member_id, window.since, window.until) for member_id, window in pairs))
    found = await timelines.tally(connection, [TallyWindow(*each) for each in asked], _SUMS)
    return dict(zip(asked, found, strict=True))
