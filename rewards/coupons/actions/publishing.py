"""Offers go on sale: a version of the sheet becomes the live row and its terms."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.sheets import actions as sheets
from loyalty.sheets.rules import Fault, SheetInvalid, canonical_json
from loyalty.work import Work
from rewards.coupons.actions.book import load_terms
from rewards.coupons.rules.offers import Offer, check_amendment, parse_offer
from rewards.coupons.store import offers as store


async def publish_offer(
    work: Work, slug: str, body: Mapping[str, Any], *, author: str, reason: str, based_on: int | None, now: datetime
) -> int:
    """Publishes the sheet `offer.<slug>` and puts that version on sale; returns the version.

    Coupons issued before keep the terms of their own version. Refuses SHEET_INVALID with every mistake, SHEET_STATE.
    """
    version = await sheets.publish(
        work, "offer", slug, body, parse_offer, author=author, reason=reason, based_on=based_on, now=now
    )
    await put_on_sale(work, now)
    return version


async def put_on_sale(work: Work, now: datetime, *, approved: bool = False) -> int:
    """Brings the live rows up to the active sheets of kind `offer`; returns how many changed. Idempotent.

    For who published through `loyalty/sheets` alone, such as a seed. Refuses SHEET_INVALID where a new version adds,
    takes away or undercuts a total limit; where it was `approved` before, what was issued since is its limit instead.
    """
    opened = await sheets.open_sheets(work.connection, now)
    heads = {head.key: head.version for head in opened.heads.values() if head.kind == "offer"}
    rows = {row["slug"]: row for row in await store.load_offers_by_slug(work.connection, sorted(heads))}
    changed = 0
    for slug, version in sorted(heads.items()):
        if slug in rows and rows[slug]["version"] == version:
            continue
        text = await opened.get(work.connection, "offer", slug, _keep_body)
        assert text is not None, "an active sheet has a body"
        offer = parse_offer(f"offer.{slug}", json.loads(text))
        issued = 0
        if slug in rows:
            [locked] = await store.lock_offers(work, [rows[slug]["id"]])
            issued, key = locked["issued"], (locked["id"], locked["version"])
            fault = check_amendment((await load_terms(work.connection, [key]))[key], offer, locked["issued"])
            if fault and not approved:
                raise SheetInvalid([Fault(f"offer.{slug}", "limits.total", fault)])
        total = max(offer.limits.total, issued) if offer.limits.total else None
        offer_id = await store.save_offer(work, work.mint(now), slug, version, total, now)
        await store.insert_terms(work, offer_id, version, text, now)
        changed += 1
    return changed


async def check_offer(connection: Any, slug: str, offer: Offer) -> list[Fault]:
    """What stands against putting this version on sale: a total limit that comes, goes or undercuts what was issued."""
    for row in await store.load_offers_by_slug(connection, [slug]):
        before = (await load_terms(connection, [(row["id"], row["version"])]))[row["id"], row["version"]]
        if fault := check_amendment(before, offer, row["issued"]):
            return [Fault(f"offer.{slug}", "limits.total", fault)]
    return []


async def find_offers(connection: Any, slugs: Sequence[str]) -> dict[str, UUID]:
    """slug -> offer id, for the offers that were ever put on sale."""
    return {row["slug"]: row["id"] for row in await store.load_offers_by_slug(connection, slugs)}


async def read_terms_on_sale(connection: Any, slugs: Sequence[str]) -> dict[str, tuple[UUID, Offer]]:
    """slug -> offer id and what the version on sale says, for the offers that there are."""
    rows = await store.load_offers_by_slug(connection, slugs)
    terms = await load_terms(connection, [(row["id"], row["version"]) for row in rows])
    return {row["slug"]: (row["id"], terms[row["id"], row["version"]]) for row in rows}


def _keep_body(name: str, body: Mapping[str, Any]) -> str:
    del name
    return canonical_json(body)
