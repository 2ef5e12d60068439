"""The member's rights: export, erasure and consents."""

import json
from datetime import datetime
from typing import Annotated, Any

import strawberry

from api.batches import batches_of, papers_vault_of
from api.graphql.context import Context
from api.graphql.refusal import Refusal, mutation, request_key
from api.graphql.schema import Info
from api.mobile.members import MemberNode, load_me
from api.refusals import BadInput
from game.checkin import actions as checkin
from game.chests.actions import export_chests
from game.compensation.actions import export_compensations
from game.orders.actions import export_play
from game.quests.actions import export_quests
from game.refills.actions import export_refills
from loyalty.care.actions import export_notes
from loyalty.ledger.actions import export_wallets
from loyalty.members import actions as members
from loyalty.members.actions import RightsCommand, SetConsent
from loyalty.receipts.actions import export_receipts
from loyalty.timeline.actions import export_events, export_exposures
from rewards.coupons.actions import export_coupons
from rewards.gacha.actions import export_draws
from rewards.prizes.actions import export_prizes

PURPOSE_LENGTH_MAX = 40


@strawberry.type(description="The account will be erased at `eraseAt`; `keepMe` takes that back until then.")
class ErasureRequested:
    erase_at: datetime


@strawberry.type(description="The account stays.")
class ErasureCancelled:
    member: MemberNode


@strawberry.type(description="Your birth year stands; it is not shown to anybody else.")
class BirthYearSet:
    member: MemberNode


@strawberry.type(description="Your word on one purpose, and on which version of its text.")
class Consent:
    purpose: str
    version: str
    granted: bool
    at: datetime


@strawberry.type
class ConsentChanged:
    consent: Consent


EraseMeResult = Annotated[ErasureRequested | Refusal, strawberry.union("EraseMeResult")]
KeepMeResult = Annotated[ErasureCancelled | Refusal, strawberry.union("KeepMeResult")]
SetBirthYearResult = Annotated[BirthYearSet | Refusal, strawberry.union("SetBirthYearResult")]
SetConsentResult = Annotated[ConsentChanged | Refusal, strawberry.union("SetConsentResult")]


def check_word(field: str, text: str) -> str:
    """A purpose or a version: 1 to 40 printable characters. Raises `BadInput`."""
    if not 1 <= len(text) <= PURPOSE_LENGTH_MAX or not text.isprintable():
        raise BadInput(field, f"it must be 1 to {PURPOSE_LENGTH_MAX} printable characters")
    return text


async def export_me(context: Context) -> str:
    """Everything held of the caller, as one JSON document. Refuses what `refuse_unfit` refuses."""
    member_id = context.member.member_id
    await load_me(context)
    async with context.database.read() as connection:
        document: dict[str, Any] = {
            "exportedAt": context.now.isoformat(),
            "account": await members.export_account(connection, member_id),
            "wallets": await export_wallets(connection, member_id),
            "coupons": await export_coupons(connection, member_id),
            "prizes": await export_prizes(connection, papers_vault_of(context.services), member_id),
            "draws": await export_draws(connection, member_id),
            "receipts": await export_receipts(connection, member_id),
            "play": await export_play(connection, member_id),
            "chests": await export_chests(connection, member_id),
            "refills": await export_refills(connection, member_id),
            "quests": await export_quests(connection, member_id),
            "checkins": await checkin.export_checkins(connection, member_id),
            "compensations": await export_compensations(connection, member_id),
            "notes": await export_notes(connection, member_id),
            "timeline": await export_events(connection, member_id),
            "exposures": await export_exposures(connection, member_id),
        }
    return json.dumps(document, ensure_ascii=False, indent=1)


@strawberry.type
class RightsQuery:
    @strawberry.field(description="Everything that is held about you, as the text of one JSON document.")
    async def export_my_data(self, info: Info) -> str:
        return await export_me(info.context)

    @strawberry.field(description="Your newest word on each purpose.")
    async def consents(self, info: Info) -> list[Consent]:
        context: Context = info.context
        async with context.database.read() as connection:
            found = await members.load_consents(connection, context.member.member_id)
        return [Consent(purpose=each.purpose, version=each.version, granted=each.granted, at=each.at) for each in found]


@strawberry.type
class RightsMutation:
    @mutation
    async def erase_me(self, info: Info, request_id: strawberry.ID) -> EraseMeResult:
        """Asks for the account to be erased in 30 days: identities and personal data go, the books stay nameless."""
        context: Context = info.context
        request = request_key(context, "eraseMe", request_id, {})
        command = RightsCommand(request, context.member.member_id, context.now)
        done = await context.submit(batches_of(context.services).erase_me, command)
        return ErasureRequested(erase_at=done.erase_at)

    @mutation
    async def keep_me(self, info: Info, request_id: strawberry.ID) -> KeepMeResult:
        """Takes a pending erasure back."""
        context: Context = info.context
        request = request_key(context, "keepMe", request_id, {})
        await context.submit(
            batches_of(context.services).keep_me, RightsCommand(request, context.member.member_id, context.now)
        )
        return ErasureCancelled(member=await load_me(context))

    @mutation
    async def set_birth_year(self, info: Info, request_id: strawberry.ID, birth_year: int) -> SetBirthYearResult:
        """Tells your birth year, once. Who has not told it counts as under 18 where age matters, as in draws."""
        context: Context = info.context
        request = request_key(context, "setBirthYear", request_id, {"birthYear": birth_year})
        command = members.SetBirthYear(request, context.member.member_id, birth_year, context.now)
        await context.submit(batches_of(context.services).set_birth_year, command)
        return BirthYearSet(member=await load_me(context))

    @mutation
    async def set_consent(
        self, info: Info, request_id: strawberry.ID, purpose: str, version: str, granted: bool
    ) -> SetConsentResult:
        """Agrees to a version of the text for a purpose, or withdraws."""
        context: Context = info.context
        asked = {"purpose": check_word("purpose", purpose), "version": check_word("version", version)}
        request = request_key(context, "setConsent", request_id, {**asked, "granted": granted})
        command = SetConsent(request, context.member.member_id, purpose, version, granted, context.now)
        done = await context.submit(batches_of(context.services).set_consent, command)
        return ConsentChanged(
            consent=Consent(purpose=done.purpose, version=done.version, granted=done.granted, at=done.at)
        )
