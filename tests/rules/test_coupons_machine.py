"""A coupon and its holds, driven at random: no way leads out of a terminal state, and nobody redeems twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from loyalty.refusals import Refused
from rewards.coupons.rules import coupons as rules
from rewards.coupons.rules.coupons import EXITS, Coupon, CouponState
from rewards.coupons.rules.offers import OnReturn

START = datetime(2026, 1, 1, tzinfo=UTC)
LIFE = timedelta(days=2)
HOLD = timedelta(minutes=10)


class CouponMachine(RuleBasedStateMachine):
    """One coupon at many tills. `limits` says until when each hold stands, None once it is settled or released."""

    holds = Bundle("holds")

    @initialize()
    def issue(self) -> None:
        self.now = START
        self.limits: dict[UUID, datetime | None] = {}
        self.redemptions = 0
        self.returns = 0
        self.seen: list[CouponState] = [CouponState.ISSUED]
        self.coupon = Coupon(
            UUID(int=1), UUID(int=2), UUID(int=3), 1, "0" * 16, b"", CouponState.ISSUED, None, START, START + LIFE,
            START + LIFE, START,
        )  # fmt: skip

    def become(self, after: Coupon) -> None:
        self.coupon = after
        self.seen.append(after.state)

    @rule(minutes=st.sampled_from([1, 11, 60, 700]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        if self.coupon.state is CouponState.RESERVED:
            assert self.coupon.hold_id is not None
            limit = self.limits[self.coupon.hold_id]
            if limit is not None and limit <= self.now:
                self.become(rules.let_go(self.coupon, self.now, released=False))

    @rule(target=holds)
    def hold(self) -> object:
        held = self.limits.get(self.coupon.hold_id) if self.coupon.hold_id else None
        try:
            rules.check_usable(self.coupon, self.now, None, held)
        except Refused:
            assert self.coupon.state is not CouponState.ISSUED or self.now >= self.coupon.expires_at
            return multiple()
        hold_id = UUID(int=100 + len(self.limits))
        self.limits[hold_id] = self.now + HOLD
        self.become(rules.reserve(self.coupon, hold_id, self.now + HOLD, self.now))
        return hold_id

    @rule(hold_id=holds)
    def settle(self, hold_id: UUID) -> None:
        if self.limits[hold_id] is None:
            return
        mine, state = self.coupon.hold_id == hold_id, self.coupon.state
        try:
            self.become(rules.redeem(self.coupon, hold_id, self.now))
        except Refused:
            assert not mine or state in (CouponState.EXPIRED, CouponState.VOID)
            return
        assert mine
        self.limits[hold_id] = None
        self.redemptions += 1

    @rule(hold_id=consumes(holds))
    def release(self, hold_id: UUID) -> None:
        if self.limits[hold_id] is None or self.coupon.hold_id != hold_id:
            return
        self.limits[hold_id] = None
        if self.coupon.state is CouponState.RESERVED:
            self.become(rules.let_go(self.coupon, self.now, released=True))
        elif self.coupon.state is CouponState.ISSUED:
            self.become(rules.forget_hold(self.coupon, self.now))

    @rule(on_return=st.sampled_from(OnReturn))
    def give_back(self, on_return: OnReturn) -> None:
        if self.coupon.state is CouponState.REDEEMED:
            self.become(rules.give_back(self.coupon, on_return, self.now))
            self.returns += 1

    @rule()
    def job(self) -> None:
        if self.coupon.state is CouponState.ISSUED and self.coupon.due_at <= self.now:
            self.become(rules.expire(self.coupon, self.now))

    @invariant()
    def every_step_is_a_known_exit(self) -> None:
        steps = getattr(self, "seen", [])
        for before, after in pairwise(steps):
            assert after is before or after in EXITS[before]

    @invariant()
    def one_redemption_stands_at_most(self) -> None:
        if hasattr(self, "coupon"):
            assert self.redemptions - self.returns == (self.coupon.state is CouponState.REDEEMED)
            assert self.coupon.due_at >= self.coupon.expires_at


TestCouponMachine = CouponMachine.TestCase
