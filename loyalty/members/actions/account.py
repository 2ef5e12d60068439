"""A member's account: first sign-in, the lock, and looking members up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.members import facts, store
from loyalty.members.rules import (
    DEFAULT_LOCALE,
    DEFAULT_ZONE,
    IdentityKind,
    Member,
    MemberStatus,
    card_number,
    refuse_unfit,
    search_subjects,
)
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.timeline.actions import Timeline
from loyalty.work import Work


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in, and whether the account was made just now."""

    member_id: UUID
    created: bool


@dataclass(frozen=True, slots=True)
class NewMember:
    """A member to be made for an identity."""

    kind: IdentityKind
    subject: str
    at: datetime
    display_name: str | None = None
    locale: str = DEFAULT_LOCALE
    timezone: str = DEFAULT_ZONE


async def lock(work: Work, ids: Iterable[UUID]) -> dict[UUID, Member]:
    """Locks members in the order of their ids, in one statement, and returns those that exist.

    The lock covers everything keyed by the member; whatever depends on it is read in later statements.
    """
    return {row["id"]: _member(row) for row in await store.lock_members(work, sorted(set(ids)))}


async def lock_free(work: Work, ids: Iterable[UUID]) -> dict[UUID, Member]:
    """Locks those of the members that no other transaction has just now; for jobs, which come again."""
    return {row["id"]: _member(row) for row in await store.lock_free_members(work, sorted(set(ids)))}


async def load_members(connection: Any, ids: Sequence[UUID]) -> dict[UUID, Member]:
    """Members as they are, unlocked; for reading only."""
    return {row["id"]: _member(row) for row in await store.load_members(connection, ids)}


async def find_members(connection: Any, kind: IdentityKind, subjects: Iterable[str]) -> dict[str, UUID]:
    """subject -> member id, for the identities that are known."""
    return await store.load_identities(connection, kind.value, sorted(set(subjects)))


async def page_before(connection: Any, after: UUID, created_before: datetime, limit: int) -> list[UUID]:
    """Members who joined before an instant, by id, from after one on."""
    return await store.load_page_before(connection, after, created_before, limit)


async def find_active(connection: Any, among: Collection[UUID] | None = None) -> set[UUID]:
    """Every member who may act, or those of `among` who may."""
    return set(await store.load_active(connection, None if among is None else sorted(among)))


async def search(connection: Any, text: str, *, limit: int) -> list[Member]:
    """Members by card, phone, e-mail, other identity, or the beginning of the displayed name."""
    return [_member(row) for row in await store.search_members(connection, text, search_subjects(text), limit)]


async def load_identities_of(connection: Any, member_id: UUID) -> list[dict[str, Any]]:
    """Every identity of a member: kind, subject, at. Personal data."""
    return [dict(row) for row in await store.load_identities_of(connection, member_id)]


async def sign_in(work: Work, new: Sequence[NewMember]) -> list[SignedIn]:
    """The member of each identity, made where there is none; `created` for the first who asks for one that is made.

    Two transactions at once: one makes the member, both get it.
    """
    answers: dict[tuple[IdentityKind, str], SignedIn] = {}
    for kind in sorted({each.kind for each in new}):
        asked = {each.subject: each for each in new if each.kind is kind}
        known = await find_members(work.connection, kind, asked)
        missing = [asked[subject] for subject in sorted(asked.keys() - known.keys())]
        made = await create_members(work, missing) if missing else {}
        lost = asked.keys() - known.keys() - made.keys()
        if lost:  # to sign-ins of the same identities that have committed: the insert waited for them
            known |= await find_members(work.connection, kind, lost)
        answers |= {(kind, subject): SignedIn(made[subject], created=True) for subject in made}
        answers |= {(kind, subject): SignedIn(known[subject], created=False) for subject in known}
    found = []
    for each in new:
        signed = answers[each.kind, each.subject]
        found.append(signed)
        answers[each.kind, each.subject] = SignedIn(signed.member_id, created=False)
    return found


async def create_members(work: Work, new: Sequence[NewMember]) -> dict[str, UUID]:
    """Makes members for identities that have none, each with a card; subject -> member id of those that were made."""
    ids = {(each.kind.value, each.subject): work.mint(each.at) for each in new}
    by_key = {(each.kind.value, each.subject): each for each in new}
    made = await store.insert_identities(
        work, [(kind, subject, ids[kind, subject], by_key[kind, subject].at) for kind, subject in by_key]
    )
    if not made:
        return {}
    cards = await _give_cards(work, [(ids[key], by_key[key].at) for key in sorted(made)])
    timeline, rows = Timeline(), []
    for key in sorted(made):
        each, member_id = by_key[key], ids[key]
        rows.append((member_id, cards[member_id], each.timezone, each.locale, each.display_name, each.at))
        timeline.record(work, member_id, facts.MEMBER_JOINED, each.at, {"by": each.kind.value})
    await store.insert_members(work, rows)
    await timeline.save(work)
    return {subject: ids[kind, subject] for kind, subject in made}


async def link_identity(
    work: Work, member_id: UUID, kind: IdentityKind, subject: str, *, operator: str, now: datetime
) -> None:
    """Lets a member be known by one more identity, as when a card of the old system meets a new sign-in.

    An identity that is the member's already is left as it is. Takes the member's lock. Refuses MEMBER_NOT_FOUND,
    MEMBER_SUSPENDED, MEMBER_ERASED, IDENTITY_TAKEN.
    """
    refuse_unfit((await lock(work, [member_id])).get(member_id))
    if await store.insert_identities(work, [(kind.value, subject, member_id, now)]):
        timeline = Timeline()
        timeline.record(work, member_id, facts.IDENTITY_LINKED, now, {"kind": kind.value, "operator": operator})
        await timeline.save(work)
        return
    known = await find_members(work.connection, kind, [subject])
    if known.get(subject) != member_id:
        raise LoyaltyRefused(LoyaltyCode.IDENTITY_TAKEN, kind=kind.value)


async def set_status(work: Work, member_id: UUID, status: MemberStatus, *, operator: str, now: datetime) -> None:
    """Suspends or reinstates a member; a word that changes nothing is no error. Takes the member's lock.

    Refuses MEMBER_NOT_FOUND, MEMBER_ERASED.
    """
    member = (await lock(work, [member_id])).get(member_id)
    if member is None:
        raise LoyaltyRefused(LoyaltyCode.MEMBER_NOT_FOUND)
    if member.status is MemberStatus.ERASED:
        raise LoyaltyRefused(LoyaltyCode.MEMBER_ERASED)
    if member.status is status:
        return
    await store.save_status(work, member_id, status.value)
    kind = facts.MEMBER_SUSPENDED if status is MemberStatus.SUSPENDED else facts.MEMBER_REINSTATED
    timeline = Timeline()
    timeline.record(work, member_id, kind, now, {"operator": operator})
    await timeline.save(work)


async def save_timezones(work: Work, chosen: Mapping[UUID, str]) -> None:
    """Gives members the time zones that they chose. Expects their locks and zones that there are."""
    if chosen:
        await store.save_timezones(work, list(chosen), list(chosen.values()))


async def _give_cards(work: Work, wanted: Sequence[tuple[UUID, datetime]]) -> dict[UUID, str]:
    """A card number for each member; a number that is taken is thrown again."""
    cards: dict[UUID, str] = {}
    waiting = list(wanted)
    while waiting:
        thrown = {card_number(work.dice.below(10**10)): (member_id, at) for member_id, at in waiting}
        rows = [(IdentityKind.CARD.value, card, member_id, at) for card, (member_id, at) in thrown.items()]
        for _, card in await store.insert_identities(work, rows):
            cards[thrown[card][0]] = card
        waiting = [each for each in waiting if each[0] not in cards]
    return cards


def _member(row: Any) -> Member:
    return Member(
        row["id"], row["card_no"], MemberStatus(row["status"]), row["timezone"], row["locale"], row["display_name"],
        row["birth_year"], row["created_at"], row["erase_at"],
    )  # fmt: skip
