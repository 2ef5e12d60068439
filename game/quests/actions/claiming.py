"""`claimQuest`: pays what a quest promises, once in each of its periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from game.quests import facts, store
from game.quests.actions.reading import Ask, Seen, load_standings, see
from game.quests.rules.content import Counted, Period, credits_of
from game.quests.rules.periods import FAR
from game.quests.rules.standing import Standing, find_claim
from loyalty.grants.actions import Grants
from loyalty.grants.rules import GrantKind
from loyalty.ledger import actions as ledgers
from loyalty.ledger.actions import Ledger, Note, open_ledger
from loyalty.ledger.rules import Currency
from loyalty.members import actions as members
from loyalty.members.rules import Member, refuse_unfit
from loyalty.refusals import Refused
from loyalty.requests.actions import open_requests
from loyalty.requests.rules import RequestKey
from loyalty.sheets.actions import Sheets, moment_of, open_sheets
from loyalty.timeline.actions import Timeline
from loyalty.work import Work

PAUSE = "quests"
SOURCE = "quest"


@dataclass(frozen=True, slots=True)
class ClaimQuest:
    """A member claims a quest by its code."""

    request: RequestKey
    member_id: UUID
    code: str
    now: datetime


@dataclass(frozen=True, slots=True)
class QuestClaimed:
    """The quest as it was claimed, and what it paid. `until` and `ends` None: not before a season without an end."""

    member_id: UUID
    code: str
    names: Mapping[str, str]
    kind: Period
    period: str
    counts: Counted
    target: int
    progress: int
    diamonds: int
    tickets: int
    energy: int
    until: datetime | None
    ends: datetime | None


@dataclass(slots=True)
class _Books:
    """Everything that a batch of claims opens. `standings` are those of each member's asked quests at his `now`."""

    members: dict[UUID, Member]
    sheets: Sheets
    seen: Seen
    standings: dict[tuple[UUID, str, datetime], list[Standing]]
    ledger: Ledger
    grants: Grants
    timeline: Timeline
    claimed: set[tuple[UUID, str, str]]
    rows: list[tuple[Any, ...]]


async def claim_quests(work: Work, commands: Sequence[ClaimQuest]) -> list[QuestClaimed | Refused]:
    """`claimQuest`: diamonds and tickets at once, energy as a gift.

    Of two periods that are done, the one that is lost first. Takes the members' locks. Refuses QUEST_NOT_FOUND,
    QUEST_NOT_DONE, QUEST_CLAIMED, AMOUNT_OUT_OF_RANGE, SEASON_OVER, PAUSED, REQUEST_ID_REUSED and what `refuse_unfit`
    refuses.
    """
    locked = await members.lock(work, [command.member_id for command in commands])
    requests = await open_requests(work, [command.request for command in commands])
    sheets = await open_sheets(work.connection, moment_of(commands))
    seen = await see(work.connection, sheets, sorted(locked))
    asked = [each for each in commands if each.member_id in locked and not requests.knows(each.request)]
    asks = [Ask(locked[each.member_id], each.now, each.code) for each in asked]
    found = await load_standings(work.connection, seen, asks)
    books = _Books(
        members=locked,
        sheets=sheets,
        seen=seen,
        standings={(ask.member.id, ask.code or "", ask.now): each for ask, each in zip(asks, found, strict=True)},
        ledger=await open_ledger(work, sorted(locked)),
        grants=Grants(),
        timeline=Timeline(),
        claimed=set(),
        rows=[],
    )
    answers = requests.answer(
        commands, QuestClaimed, "claimQuest", lambda command: _claim(work, books, command),
        lambda command: command.member_id,
    )  # fmt: skip
    if books.rows:
        await store.insert_claims(work, books.rows)
    await books.ledger.save(work)
    await books.grants.save(work)
    await books.timeline.save(work)
    await requests.save(work)
    return answers


def _claim(work: Work, books: _Books, command: ClaimQuest) -> QuestClaimed:
    member = refuse_unfit(books.members.get(command.member_id))
    books.sheets.refuse_paused(PAUSE)
    books.seen.season.refuse_over(None, command.now)
    standings = [
        replace(each, claimed=True) if (member.id, command.code, each.window.period) in books.claimed else each
        for each in books.standings[member.id, command.code, command.now]
    ]
    standing = find_claim(books.seen.sheet.quests, standings, command.code)
    window, quest = standing.window, standing.window.quest
    reward = quest.reward
    for currency, amount in ((Currency.DIAMONDS, reward.diamonds), (Currency.TICKETS, reward.tickets)):
        books.ledger.check_room(member.id, currency, amount)
    told: dict[str, Any] = {
        "quest": quest.code, "period": window.period, "progress": standing.progress, "diamonds": reward.diamonds,
        "tickets": reward.tickets, "energy": reward.energy,
    }  # fmt: skip
    event = books.timeline.record(work, member.id, facts.QUEST_CLAIMED, command.now, told, command.request.id)
    _pay(work, books, member.id, standing, Note(ledgers.ISSUE_QUEST, SOURCE, event, command.now))
    books.claimed.add((member.id, quest.code, window.period))
    books.rows.append((
        member.id, quest.code, window.period, quest.counts.value, quest.target, standing.progress, window.since,
        window.until, reward.diamonds, reward.tickets, reward.energy, command.now,
    ))  # fmt: skip
    return QuestClaimed(
        member.id, quest.code, quest.names, quest.period, window.period, quest.counts, quest.target, standing.progress,
        reward.diamonds, reward.tickets, reward.energy, ended(window.until), ended(window.ends),
    )  # fmt: skip


def _pay(work: Work, books: _Books, member_id: UUID, standing: Standing, note: Note) -> None:
    reward = standing.window.quest.reward
    for currency, lot, amount in credits_of(reward, books.seen.sheet, books.seen.season.day(note.at)):
        books.ledger.credit(work, member_id, currency, amount, lot, note)
    if reward.energy:
        books.grants.give(work, member_id, GrantKind.ENERGY, reward.energy, SOURCE, note.at)


def ended(at: datetime) -> datetime | None:
    """The instant; None for that of a season without an end."""
    return None if at >= FAR else at
