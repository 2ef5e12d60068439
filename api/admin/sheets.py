"""Sheets and the stop switch, as operators use them."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import orjson
import strawberry

from api.admin.once import once
from api.content import PARSERS, publish
from api.graphql.context import Context
from api.graphql.nodes import Node, parse_id, show_id, write_id
from api.graphql.pages import check_first
from api.graphql.refusal import Refusal, mutation, request_key
from api.graphql.schema import Info
from api.identity.rules import Role
from api.refusals import BadInput, EdgeCode, EdgeRefused
from loyalty.ledger.rules import check_reason
from loyalty.sheets import actions as sheets
from loyalty.sheets.rules import SheetState, SheetVersion
from loyalty.work import Work
from rewards.coupons.actions.publishing import find_offers
from rewards.gacha.actions import find_pools
from rewards.prizes.actions import list_slugs

BODY_LENGTH_MAX = 60_000
BODY_DEPTH_MAX = 12
_KEY = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,59}")
MESSAGE_LENGTH_MAX = 300
TARGET_LENGTH_MAX = 100
EDITORS = dict.fromkeys(("odds", "rails", "law"), (Role.ODDS_EDITOR, Role.ODDS_APPROVER))
"""Who writes kinds of sheets that are not the campaign manager's."""
APPROVERS = dict.fromkeys(EDITORS, (Role.ODDS_APPROVER,))
"""Who approves them; the others a campaign manager, who is another one than their authors."""
ALONE = "One person alone: refused but on a demo server. Use draftSheet, submitSheet and approveSheet."
strawberry.enum(SheetState)


@strawberry.type(name="Sheet", description="One version of a sheet.")
class SheetNode(Node):
    kind: str
    key: str
    version: int
    state: SheetState
    body: str = strawberry.field(description="A JSON object.")
    sha256: str = strawberry.field(description="Of the canonical JSON (RFC 8785), in hex.")
    author: str
    reason: str
    created_at: datetime
    active_at: datetime | None = strawberry.field(description="From when on it is in force, or will be.")
    retired_at: datetime | None
    approver: str | None
    revision: int = strawberry.field(description="How often the draft was saved.")
    based_on: int = strawberry.field(description="The version that it was made from; 0 for none.")


@strawberry.type(name="Pause", description="One use of the stop switch.")
class PauseNode(Node):
    target: str
    message: str
    reason: str
    paused_at: datetime
    paused_by: str
    resumed_at: datetime | None
    resumed_by: str | None
    reviewed_at: datetime | None
    reviewed_by: str | None
    review_note: str | None


@strawberry.type
class SheetPublished:
    kind: str
    key: str
    version: int


@strawberry.type
class Paused:
    pause_id: strawberry.ID
    target: str


@strawberry.type
class Resumed:
    target: str


@strawberry.type
class PauseReviewed:
    pause_id: strawberry.ID


PublishSheetResult = Annotated[SheetPublished | Refusal, strawberry.union("PublishSheetResult")]
PauseResult = Annotated[Paused | Refusal, strawberry.union("PauseResult")]
ResumeResult = Annotated[Resumed | Refusal, strawberry.union("ResumeResult")]
ReviewPauseResult = Annotated[PauseReviewed | Refusal, strawberry.union("ReviewPauseResult")]


@dataclass(frozen=True, slots=True)
class _Published:
    """What publishing leaves for a retry."""

    version: int


@dataclass(frozen=True, slots=True)
class _Stopped:
    """What a use of the stop switch leaves for a retry."""

    id: UUID | None


def show_sheet(sheet: SheetVersion) -> SheetNode:
    """A version, for operators."""
    return SheetNode(
        id=write_id("sht", sheet.id),
        kind=sheet.kind,
        key=sheet.key,
        version=sheet.version,
        state=sheet.state,
        body=sheet.body,
        sha256=sheet.sha256.hex(),
        author=show_id("opr", sheet.author),
        reason=sheet.reason,
        created_at=sheet.created_at,
        active_at=sheet.active_at,
        retired_at=sheet.retired_at,
        approver=show_id("opr", sheet.approver) if sheet.approver else None,
        revision=sheet.revision,
        based_on=sheet.based_on,
    )


def show_pause(row: dict[str, Any]) -> PauseNode:
    """A use of the stop switch, for operators."""
    people = {key: show_id("opr", row[key]) for key in ("paused_by", "resumed_by", "reviewed_by")}
    return PauseNode(**{**row, **people, "id": write_id("pau", row["id"])})


def read_body(body: str) -> dict[str, Any]:
    """A sheet's JSON object. Raises `BadInput`."""
    try:
        parsed = orjson.loads(body) if len(body) <= BODY_LENGTH_MAX else None
    except orjson.JSONDecodeError:
        parsed = None
    if not isinstance(parsed, dict):
        raise BadInput("body", f"it must be the text of one JSON object of at most {BODY_LENGTH_MAX} characters")
    level: list[Any] = [parsed]
    for _ in range(BODY_DEPTH_MAX):
        inside = [each.values() if isinstance(each, dict) else each for each in level]
        level = [each for values in inside for each in values if isinstance(each, dict | list)]
    if level:
        raise BadInput("body", f"it must not nest more than {BODY_DEPTH_MAX} deep")
    return parsed


def check_kind(kind: str) -> str:
    """A kind of sheet. Raises `BadInput`."""
    if kind not in PARSERS:
        raise BadInput("kind", f"it must be one of {', '.join(sorted(PARSERS))}")
    return kind


def check_key(key: str) -> str:
    """A sheet's key. Raises `BadInput`."""
    if not _KEY.fullmatch(key):
        raise BadInput("key", "it must be 1 to 60 of 0-9 A-Z a-z . _ -, with a letter or digit first")
    return key


async def check_target(context: Context, target: str) -> str:
    """What can be paused: a whole part, or one currency, offer or pool of it. Raises `BadInput`."""
    noun, _, name = target.partition(":")
    if target in ("earning", "offers", "pools", "catalogue", "board", "chests", "quests", "checkin"):
        return target
    async with context.database.read() as connection:
        if noun == "earning" and ("earning", name) in (await sheets.open_sheets(connection, context.now)).heads:
            return target
        if noun == "offer" and _KEY.fullmatch(name) and name in await find_offers(connection, [name]):
            return target
        if noun == "pool" and _KEY.fullmatch(name) and name in await find_pools(connection, [name]):
            return target
        if noun == "thing" and name in list_slugs(await sheets.open_sheets(connection, context.now)):
            return target
    choices = (
        "`earning`, `earning:<currency>`, `offers`, `offer:<slug>`, `pools`, `pool:<slug>`, `catalogue`, "
        "`thing:<slug>`, `board`, `chests`, `quests`, or `checkin`"
    )
    raise BadInput("target", f"it must be {choices} of what there is")


@strawberry.type
class SheetQuery:
    @strawberry.field(description="Versions of sheets, newest first within each.")
    async def sheets(
        self, info: Info, first: int, kind: str | None = None, key: str | None = None, state: SheetState | None = None
    ) -> list[SheetNode]:
        context: Context = info.context
        wanted = kind and check_kind(kind), key and check_key(key)
        async with context.database.read() as connection:
            found = await sheets.load_versions(
                connection, kind=wanted[0], key=wanted[1], state=state, limit=check_first(first)
            )
        return [show_sheet(each) for each in found]

    @strawberry.field(
        description="Uses of the stop switch, newest first; `unreviewed`: those alone that nobody looked at yet."
    )
    async def pauses(self, info: Info, first: int, unreviewed: bool = False) -> list[PauseNode]:
        context: Context = info.context
        async with context.database.read() as connection:
            found = await sheets.load_pauses(connection, limit=check_first(first), unreviewed=unreviewed)
        return [show_pause(row) for row in found]


@strawberry.type
class SheetMutation:
    @partial(mutation, deprecated=ALONE)
    async def publish_sheet(
        self,
        info: Info,
        request_id: strawberry.ID,
        kind: str,
        key: str,
        body: str,
        based_on: int,
        reason: str,
    ) -> PublishSheetResult:
        """Makes a JSON object the active version of a sheet; every mistake in it is named at once.

        `basedOn` is the version that you saw: 0 for a new sheet.
        """
        context: Context = info.context
        operator = context.require(*EDITORS.get(kind, (Role.CAMPAIGN_MANAGER,)))
        if not context.services.settings.demo:
            raise EdgeRefused(EdgeCode.SECOND_PERSON_NEEDED)
        asked = {"kind": kind, "key": key, "body": body, "basedOn": based_on, "reason": reason}
        request = request_key(context, "publishSheet", request_id, asked)
        check_kind(kind)
        check_key(key)
        check_reason(reason)
        parsed = read_body(body)

        async def act(work: Work) -> _Published:
            author = str(operator.operator_id)
            version = await publish(
                work, kind, key, parsed, author=author, reason=reason, based_on=based_on, now=context.now
            )
            return _Published(version)

        done = await once(context, request, "publishSheet", _Published, act)
        return SheetPublished(kind=kind, key=key, version=done.version)

    @mutation
    async def pause(self, info: Info, request_id: strawberry.ID, target: str, message: str, reason: str) -> PauseResult:
        """The stop switch: one person, at once. Members and tills get PAUSED with `message`.

        `target`: `earning`, `earning:TWD`, `offers`, `offer:<slug>`, `pools`, `pool:<slug>`, `catalogue`,
        `thing:<slug>`, `board`, `chests`, `quests`, or `checkin`.
        """
        context: Context = info.context
        operator = context.require(Role.CAMPAIGN_MANAGER, Role.ODDS_APPROVER)
        asked = {"target": target, "message": message, "reason": reason}
        request = request_key(context, "pause", request_id, asked)
        if not 1 <= len(message) <= MESSAGE_LENGTH_MAX or not message.isprintable():
            raise BadInput("message", f"it must be 1 to {MESSAGE_LENGTH_MAX} printable characters")
        check_reason(reason)
        wanted = await check_target(context, target)

        async def act(work: Work) -> _Stopped:
            author = str(operator.operator_id)
            return _Stopped(
                await sheets.pause(work, wanted, message=message, reason=reason, operator=author, now=context.now)
            )

        done = await once(context, request, "pause", _Stopped, act)
        assert done.id is not None, "a pause has an id"
        return Paused(pause_id=write_id("pau", done.id), target=target)

    @mutation
    async def resume(self, info: Info, request_id: strawberry.ID, target: str) -> ResumeResult:
        """Lets what was paused go on."""
        context: Context = info.context
        operator = context.require(Role.CAMPAIGN_MANAGER, Role.ODDS_APPROVER)
        request = request_key(context, "resume", request_id, {"target": target})
        if not 1 <= len(target) <= TARGET_LENGTH_MAX or not target.isprintable():
            raise BadInput("target", f"it must be 1 to {TARGET_LENGTH_MAX} printable characters")

        async def act(work: Work) -> _Stopped:
            await sheets.resume(work, target, operator=str(operator.operator_id), now=context.now)
            return _Stopped(None)

        await once(context, request, "resume", _Stopped, act)
        return Resumed(target=target)

    @mutation
    async def review_pause(
        self, info: Info, request_id: strawberry.ID, pause_id: strawberry.ID, note: str
    ) -> ReviewPauseResult:
        """Records that somebody else looked at a use of the stop switch afterwards, and what he found."""
        context: Context = info.context
        operator = context.require(Role.AUDITOR, Role.CAMPAIGN_MANAGER, Role.ODDS_APPROVER)
        request = request_key(context, "reviewPause", request_id, {"pauseId": pause_id, "note": note})
        wanted = parse_id("pau", pause_id, "pauseId")
        check_reason(note)

        async def act(work: Work) -> _Stopped:
            if await sheets.paused_by(work.connection, wanted) == str(operator.operator_id):
                raise EdgeRefused(EdgeCode.FORBIDDEN)
            await sheets.review_pause(work, wanted, note=note, operator=str(operator.operator_id), now=context.now)
            return _Stopped(wanted)

        await once(context, request, "reviewPause", _Stopped, act)
        return PauseReviewed(pause_id=pause_id)
