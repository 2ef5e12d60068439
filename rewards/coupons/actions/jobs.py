"""What time does to holds and coupons. Each is idempotent; any number of workers may run it side by side."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from loyalty.members import actions as members
from loyalty.timeline.actions import Timeline
from loyalty.work import Work
from rewards.coupons import facts
from rewards.coupons.actions.book import CouponBook, read_coupon
from rewards.coupons.actions.till import open_till
from rewards.coupons.rules import coupons as lives
from rewards.coupons.store import coupons as coupon_store
from rewards.coupons.store import holds as hold_store

# A receipt that has not come after so long is named by the audit, and no longer waited for.
WAIT = timedelta(days=14)


async def expire_holds(work: Work, now: datetime, limit: int) -> int:
    """Lets go holds past their time limit, by the database's clock; returns the members that it looked after.

    Members that another transaction has are passed over.
    """
    del now  # the database's clock alone judges a hold
    moment = await hold_store.load_clock(work.connection)
    due = await hold_store.load_members_due(work.connection, moment, limit)
    free = await members.lock_free(work, due) if due else {}
    if free:
        books = await open_till(work, free, [])
        await books.save(work)
    return len(free)


async def expire_coupons(work: Work, now: datetime, limit: int) -> int:
    """Books coupons whose last moment is over; returns how many. Members that another transaction has are passed over.

    A coupon that was held before its last moment is left to a late settlement for a day more.
    """
    due = await coupon_store.load_members_due(work.connection, now, limit)
    free = await members.lock_free(work, due) if due else {}
    if not free:
        return 0
    book, timeline = CouponBook(), Timeline()
    rows = await coupon_store.load_due(work, sorted(free), now)
    for coupon in map(read_coupon, rows):
        book.put_coupon(lives.expire(coupon, now))
        timeline.record(work, coupon.member_id, facts.COUPON_EXPIRED, now, {"coupon": str(coupon.id)})
    await book.save(work)
    await timeline.save(work)
    return len(rows)


async def find_waiting(
    work: Work, now: datetime, *, after: tuple[datetime, UUID] | None, limit: int
) -> tuple[list[tuple[UUID, UUID]], tuple[datetime, UUID] | None]:
    """A page of settled holds that wait for their receipt, as (member, hold), and where the next page begins."""
    rows = await hold_store.load_waiting(work.connection, after or (now - WAIT, UUID(int=0)), limit)
    last = (rows[-1]["settled_at"], rows[-1]["id"]) if len(rows) == limit else None
    return [(row["member_id"], row["id"]) for row in rows], last
