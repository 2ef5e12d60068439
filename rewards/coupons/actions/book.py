"""Coupons and holds of locked members: opened, changed in memory, saved once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from loyalty.work import Work
from rewards.coupons.rules.coupons import Coupon, CouponState
from rewards.coupons.rules.holds import BasketHeld, Hold, HoldState, ReceiptState, has_lapsed
from rewards.coupons.rules.offers import Offer, parse_offer
from rewards.coupons.store import coupons as coupon_store
from rewards.coupons.store import holds as hold_store
from rewards.coupons.store import offers as offer_store

OfferVersion = tuple[UUID, int]

_ANSWER = TypeAdapter(BasketHeld)
# Terms are append-only, so what was parsed once stays true for good.
_terms: dict[OfferVersion, Offer] = {}


class CouponBook:
    """The coupons and holds that one batch has open."""

    def __init__(self) -> None:
        self.coupons: dict[UUID, Coupon] = {}
        self.holds: dict[UUID, Hold] = {}
        self.settled: dict[tuple[UUID, str], UUID] = {}
        self._holds_of: dict[UUID, set[UUID]] = {}
        self._touched_coupons: set[UUID] = set()
        self._touched_holds: set[UUID] = set()
        self._new_holds: set[UUID] = set()
        self._new_settled: list[tuple[UUID, str, UUID, UUID]] = []

    def open_holds(self, member_id: UUID) -> Iterator[Hold]:
        """The member's open holds, in the order of their ids."""
        for hold_id in sorted(self._holds_of.get(member_id, ())):
            if self.holds[hold_id].state is HoldState.OPEN:
                yield self.holds[hold_id]

    def coupons_of(self, hold: Hold) -> list[Coupon]:
        """The coupons that the hold took."""
        return [self.coupons[coupon_id] for coupon_id in hold.coupon_ids]

    def put_coupon(self, coupon: Coupon) -> None:
        self.coupons[coupon.id] = coupon
        self._touched_coupons.add(coupon.id)

    def put_hold(self, hold: Hold) -> None:
        self._keep(hold)
        self._touched_holds.add(hold.id)

    def add_hold(self, hold: Hold) -> None:
        self._keep(hold)
        self._new_holds.add(hold.id)

    def add_settled(self, hold: Hold) -> None:
        """Remembers which hold its receipt settled."""
        assert hold.receipt_no is not None, "a settled hold names its receipt"
        self.settled[hold.store_id, hold.receipt_no] = hold.id
        self._new_settled.append((hold.store_id, hold.receipt_no, hold.member_id, hold.id))

    async def load(
        self,
        connection: Any,
        *,
        members: Iterable[UUID] = (),
        holds: Iterable[tuple[UUID, UUID]] = (),
        coupons: Iterable[tuple[UUID, UUID]] = (),
        receipts: Iterable[tuple[UUID, str]] = (),
        moment: datetime | None = None,
    ) -> None:
        """Loads open holds of members, holds and coupons by (member, id), and the coupons of holds that may end now.

        Those are the named ones, and of the members' open holds those whose time limit is over at `moment`.

        `receipts` are (store, receipt number): which hold each settled, that hold too.
        """
        named, wanted, papers = set(holds), set(coupons), sorted(set(receipts))
        if papers:
            found = await hold_store.load_settled(connection, papers)
            self.settled = {key: hold_id for key, (_, hold_id) in found.items()}
            named |= set(found.values())
        rows = []
        if member_ids := sorted(set(members)):
            rows += await hold_store.load_open_holds(connection, member_ids)
        if named:
            rows += await hold_store.load_holds(connection, sorted(named))
        for row in rows:
            hold = _read_hold(row)
            self._keep(hold)
            if (hold.member_id, hold.id) in named or (moment is not None and has_lapsed(hold, moment)):
                wanted |= {(hold.member_id, coupon_id) for coupon_id in hold.coupon_ids}
        if wanted:
            for row in await coupon_store.load_coupons(connection, sorted(wanted)):
                self.coupons[row["id"]] = read_coupon(row)

    def _keep(self, hold: Hold) -> None:
        self.holds[hold.id] = hold
        self._holds_of.setdefault(hold.member_id, set()).add(hold.id)

    async def save(self, work: Work) -> None:
        """Writes new holds, and each touched hold and coupon once."""
        if self._new_settled:
            await hold_store.insert_settled(work, self._new_settled)
        if self._new_holds:
            await hold_store.insert_holds(work, [_write_hold(self.holds[each]) for each in sorted(self._new_holds)])
        if touched := sorted(self._touched_holds - self._new_holds):
            await hold_store.save_holds(work, [_write_end(self.holds[each]) for each in touched])
        if self._touched_coupons:
            rows = [self.coupons[each] for each in sorted(self._touched_coupons)]
            await coupon_store.save_coupons(
                work, [(each.member_id, each.id, each.state.value, each.hold_id, each.due_at, each.updated_at)
                       for each in rows],
            )  # fmt: skip


def known_terms(offer_id: UUID, version: int) -> Offer | None:
    """The terms of a version from this process's memory; None where it has not met them yet."""
    return _terms.get((offer_id, version))


async def load_terms(connection: Any, keys: Iterable[OfferVersion]) -> dict[OfferVersion, Offer]:
    """What versions of offers say, from the process's memory where it knows them."""
    wanted = set(keys)
    missing = sorted(wanted - _terms.keys())
    if missing:
        for row in await offer_store.load_terms(connection, missing):
            _terms[row["offer_id"], row["version"]] = parse_offer(f"offer.{row['slug']}", json.loads(row["body"]))
    return {key: _terms[key] for key in wanted if key in _terms}


def read_coupon(row: Any) -> Coupon:
    return Coupon(**{**dict(row), "state": CouponState(row["state"])})


def _read_hold(row: Any) -> Hold:
    receipt_state = row["receipt_state"]
    return Hold(
        row["member_id"], row["id"], row["store_id"], HoldState(row["state"]), row["fingerprint"],
        _ANSWER.validate_json(row["answer"]), row["points"], row["transfer_id"], row["tender_id"], row["receipt_no"],
        ReceiptState(receipt_state) if receipt_state else None, row["held_at"], row["expires_at"], row["settled_at"],
        row["updated_at"],
    )  # fmt: skip


def _write_hold(hold: Hold) -> tuple[Any, ...]:
    return (
        hold.member_id, hold.id, hold.store_id, hold.state.value, hold.fingerprint,
        _ANSWER.dump_json(hold.answer).decode(), hold.answer.due_minor, hold.answer.discount_minor, hold.points,
        hold.transfer_id, hold.tender_id, hold.receipt_no, hold.receipt_state, hold.held_at, hold.expires_at,
        hold.settled_at, hold.updated_at,
    )  # fmt: skip


def _write_end(hold: Hold) -> tuple[Any, ...]:
    return (
        hold.member_id, hold.id, hold.state.value, hold.transfer_id, hold.tender_id, hold.receipt_no,
        hold.receipt_state, hold.settled_at, hold.updated_at,
    )  # fmt: skip
