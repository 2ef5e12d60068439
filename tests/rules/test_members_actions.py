"""Accounts on the real database: sign-in, the lock, status, rights and erasure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from api.runtime.batcher import run_action
from api.runtime.clock import Mint, SystemDice
from api.runtime.database import Database
from loyalty.members.actions import (
    Consent,
    ConsentChanged,
    ErasureCancelled,
    ErasureRequested,
    NewMember,
    RightsCommand,
    SetConsent,
    cancel_erasures,
    create_members,
    erase_due,
    export_account,
    find_members,
    load_consents,
    load_identities_of,
    load_members,
    request_erasures,
    search,
    set_consents,
    set_status,
    sign_in,
)
from loyalty.members.rules import ERASURE_DELAY, IdentityKind, MemberStatus, card_number, is_card_number
from loyalty.receipts.actions import record_receipts
from loyalty.refusals import LoyaltyCode, LoyaltyRefused, Refused
from loyalty.requests.rules import RequestKey, fingerprint
from loyalty.timeline.actions import load_events
from loyalty.work import Work
from tests.seeding import NOW, Shopper, faults_of_books, make_shopper, make_store, receipt, seed_season, wallet_of


class ScriptedDice:
    """Throws what it was told, then goes on with the system's dice."""

    def __init__(self, throws: Sequence[int]) -> None:
        self.throws = list(throws)

    def below(self, limit: int) -> int:
        return self.throws.pop(0) if self.throws else SystemDice().below(limit)

    def bytes(self, count: int) -> bytes:
        return SystemDice().bytes(count)


def asks(member: Shopper, *, now: datetime = NOW, request_id: UUID | None = None) -> RightsCommand:
    return RightsCommand(RequestKey(member.id, request_id or uuid4(), fingerprint("rights", {})), member.id, now)


def says(member: Shopper, purpose: str, granted: bool, *, now: datetime = NOW) -> SetConsent:
    asked = fingerprint("setConsent", {"purpose": purpose, "granted": granted})
    return SetConsent(RequestKey(member.id, uuid4(), asked), member.id, purpose, "v1", granted, now)


# Sign-in


async def test_the_first_sign_in_makes_a_member_and_later_ones_find_him(shared_database: Database) -> None:
    subject = uuid4().hex
    async with shared_database.work() as work:
        first = (await sign_in(work, [NewMember(IdentityKind.FIREBASE, subject, NOW, display_name="Ada")]))[0]
    async with shared_database.work() as work:
        again = (await sign_in(work, [NewMember(IdentityKind.FIREBASE, subject, NOW, display_name="Eve")]))[0]
    assert (first.created, again.created) == (True, False)
    assert first.member_id == again.member_id
    async with shared_database.read() as connection:
        member = (await load_members(connection, [first.member_id]))[first.member_id]
        identities = await load_identities_of(connection, first.member_id)
        events = await load_events(connection, first.member_id, first=10)
        cards = await find_members(connection, IdentityKind.CARD, [str(member.card_no)])
    assert (member.display_name, member.status, member.timezone) == ("Ada", MemberStatus.ACTIVE, "Asia/Taipei")
    assert is_card_number(str(member.card_no))
    assert cards == {str(member.card_no): first.member_id}
    assert {each["kind"] for each in identities} == {"card", "firebase"}
    assert [(event.kind, event.facts) for event in events] == [("member_joined", {"by": "firebase"})]


async def test_the_same_subject_of_another_kind_is_another_person(shared_database: Database) -> None:
    subject = uuid4().hex
    async with shared_database.work() as work:
        one = (await sign_in(work, [NewMember(IdentityKind.FIREBASE, subject, NOW)]))[0]
        other = (await sign_in(work, [NewMember(IdentityKind.DEMO, subject, NOW)]))[0]
    assert one.member_id != other.member_id


async def test_those_who_sign_in_together_are_answered_each_in_order(shared_database: Database) -> None:
    known, fresh = (NewMember(IdentityKind.FIREBASE, uuid4().hex, NOW) for _ in range(2))
    namesake = NewMember(IdentityKind.DEMO, fresh.subject, NOW)
    async with shared_database.work() as work:
        (first,) = await sign_in(work, [known])
    async with shared_database.work() as work:
        together = await sign_in(work, [fresh, known, namesake, fresh])
    assert [each.created for each in together] == [True, False, True, False]
    assert together[1].member_id == first.member_id
    assert together[0].member_id == together[3].member_id
    assert len({each.member_id for each in together}) == 3


async def test_identities_that_are_known_already_are_left_alone(shared_database: Database) -> None:
    known, fresh = (NewMember(IdentityKind.LEGACY, uuid4().hex, NOW) for _ in range(2))
    async with shared_database.work() as work:
        first = await create_members(work, [known, known])
        both = await create_members(work, [known, fresh])
        none = await create_members(work, [known, fresh])
    assert list(first) == [known.subject]
    assert list(both) == [fresh.subject]
    assert none == {}


async def test_a_card_number_that_is_taken_is_thrown_again(shared_database: Database) -> None:
    taken = SystemDice().below(10**10 - 3)
    dice = ScriptedDice([taken, taken, taken + 1, taken, taken + 2])
    async with shared_database.work() as work:
        scripted = Work(work.connection, Mint(SystemDice()), dice)
        new = [NewMember(IdentityKind.LEGACY, uuid4().hex, NOW) for _ in range(3)]
        first = await create_members(scripted, new[:1])
        rest = await create_members(scripted, new[1:])
        cards = {
            member.card_no
            for member in (await load_members(work.connection, [*first.values(), *rest.values()])).values()
        }
    assert {card_number(taken), card_number(taken + 1)} < cards
    assert len(cards) == 3


async def test_a_member_is_found_by_identity_or_by_the_beginning_of_the_name(shared_database: Database) -> None:
    mark = uuid4().hex
    async with shared_database.work() as work:
        made = await create_members(
            work,
            [
                NewMember(IdentityKind.EMAIL, f"{mark}@example.com", NOW, display_name=f"{mark} 100%_A"),
                NewMember(IdentityKind.EMAIL, f"{mark}@example.org", NOW, display_name=f"{mark} 100 B"),
            ],
        )
    ada = made[f"{mark}@example.com"]
    async with shared_database.read() as connection:
        assert [each.id for each in await search(connection, f"{mark}@example.com", limit=9)] == [ada]
        assert [each.id for each in await search(connection, f"{mark.upper()} 100%_", limit=9)] == [ada]
        assert len(await search(connection, mark, limit=9)) == 2
        assert len(await search(connection, mark, limit=1)) == 1
        assert await search(connection, f"{mark}%B", limit=9) == []


# Status


async def test_a_suspension_is_recorded_once_and_an_erased_member_stays_erased(shared_database: Database) -> None:
    ada = await make_shopper(shared_database)
    for status in (MemberStatus.SUSPENDED, MemberStatus.SUSPENDED, MemberStatus.ACTIVE):
        async with shared_database.work() as work:
            await set_status(work, ada.id, status, operator="opr", now=NOW)
    async with shared_database.read() as connection:
        kinds = [event.kind for event in await load_events(connection, ada.id, first=10)]
    assert kinds == ["member_reinstated", "member_suspended", "member_joined"]
    async with shared_database.work() as work:
        with pytest.raises(LoyaltyRefused) as refused:
            await set_status(work, uuid4(), MemberStatus.SUSPENDED, operator="opr", now=NOW)
        assert refused.value.code is LoyaltyCode.MEMBER_NOT_FOUND
        await work.connection.execute("UPDATE members SET erase_at = $2 WHERE id = $1", ada.id, NOW)
        assert await erase_due(work, NOW, limit=100) >= 1
        with pytest.raises(LoyaltyRefused) as refused:
            await set_status(work, ada.id, MemberStatus.ACTIVE, operator="opr", now=NOW)
        assert refused.value.code is LoyaltyCode.MEMBER_ERASED


# Rights


async def test_an_erasure_waits_thirty_days_and_can_be_taken_back(shared_database: Database) -> None:
    ada = await make_shopper(shared_database)
    command = asks(ada)
    first = (await run_action(shared_database, request_erasures, [command]))[0]
    assert first == ErasureRequested(NOW + ERASURE_DELAY)
    assert (await run_action(shared_database, request_erasures, [command]))[0] == first
    refused = (await run_action(shared_database, request_erasures, [asks(ada)]))[0]
    assert isinstance(refused, Refused)
    assert refused.code is LoyaltyCode.ERASURE_PENDING
    assert (await run_action(shared_database, cancel_erasures, [asks(ada)]))[0] == ErasureCancelled(ada.id)
    refused = (await run_action(shared_database, cancel_erasures, [asks(ada)]))[0]
    assert isinstance(refused, Refused)
    assert refused.code is LoyaltyCode.ERASURE_NOT_PENDING
    async with shared_database.work() as work:
        await erase_due(work, NOW + timedelta(days=31), limit=1000)
        member = (await load_members(work.connection, [ada.id]))[ada.id]
    assert member.status is MemberStatus.ACTIVE


async def test_one_batch_sees_its_own_erasures(shared_database: Database) -> None:
    ada = await make_shopper(shared_database)
    answers = await run_action(shared_database, request_erasures, [asks(ada), asks(ada)])
    assert isinstance(answers[0], ErasureRequested)
    assert isinstance(answers[1], Refused)
    answers = await run_action(shared_database, cancel_erasures, [asks(ada), asks(ada)])
    assert isinstance(answers[0], ErasureCancelled)
    assert isinstance(answers[1], Refused)


async def test_nobody_asks_for_a_stranger(shared_database: Database) -> None:
    stranger = Shopper(uuid4(), "")
    for action in (request_erasures, cancel_erasures):
        refused = (await run_action(shared_database, action, [asks(stranger)]))[0]
        assert isinstance(refused, Refused)
        assert refused.code is LoyaltyCode.MEMBER_NOT_FOUND
    refused = (await run_action(shared_database, set_consents, [says(stranger, "news", True)]))[0]
    assert isinstance(refused, Refused)


async def test_an_erased_member_leaves_books_that_balance_and_no_personal_data(database: Database) -> None:
    await seed_season(database)
    ada, eve, store = await make_shopper(database), await make_shopper(database), await make_store(database)
    await run_action(database, record_receipts, [receipt(store, ada.card_no, 100_000)])
    await run_action(database, request_erasures, [asks(ada)])
    almost, due = NOW + ERASURE_DELAY - timedelta(seconds=1), NOW + ERASURE_DELAY
    async with database.work() as work:
        assert await erase_due(work, almost, limit=10) == 0
    async with database.work() as work:
        assert await erase_due(work, due, limit=10) == 1
        assert await erase_due(work, due, limit=10) == 0
    async with database.read() as connection:
        members = await load_members(connection, [ada.id, eve.id])
        assert await load_identities_of(connection, ada.id) == []
        assert len(await load_identities_of(connection, eve.id)) == 2
        events = [event.kind for event in await load_events(connection, ada.id, first=2)]
        everything = await connection.fetchval("SELECT string_agg(t::text, ' ') FROM events t")
    bare = members[ada.id]
    assert (bare.status, bare.card_no, bare.display_name, bare.birth_year) == (MemberStatus.ERASED, None, None, None)
    assert members[eve.id].status is MemberStatus.ACTIVE
    assert events[0] == "member_erased"
    assert ada.card_no not in everything
    assert (await wallet_of(database, ada.id)).balance == 100
    assert await faults_of_books(database, [ada.id]) == []
    refused = (await run_action(database, cancel_erasures, [asks(ada)]))[0]
    assert isinstance(refused, Refused)
    assert refused.code is LoyaltyCode.MEMBER_ERASED


async def test_the_newest_word_on_each_purpose_counts(shared_database: Database) -> None:
    ada = await make_shopper(shared_database)
    later = NOW + timedelta(minutes=1)
    words = [says(ada, "news", True), says(ada, "research", True), says(ada, "news", False, now=later)]
    answers = await run_action(shared_database, set_consents, words)
    assert answers == [
        ConsentChanged("news", "v1", True, NOW),
        ConsentChanged("research", "v1", True, NOW),
        ConsentChanged("news", "v1", False, later),
    ]
    async with shared_database.read() as connection:
        assert await load_consents(connection, ada.id) == [
            Consent("news", "v1", False, later),
            Consent("research", "v1", True, NOW),
        ]
        exported = await export_account(connection, ada.id)
    assert exported["cardNo"] == ada.card_no
    assert {each["purpose"]: each["granted"] for each in exported["consents"]} == {"news": False, "research": True}
