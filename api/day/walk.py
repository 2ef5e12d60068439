"""`main.py day`: one imported member's way from the receipts of last year through play, draws and till, over HTTP."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from api.day import documents
from api.day.client import Caller, Refused
from api.day.draws import draw_ten, reveal
from api.day.play import play
from api.day.wording import counted, rewarded
from rewards.coupons.rules.codes import token_at

STORE = "taipei-1"
OFFER_POINTS = 300
PAY_POINTS = 1000

BASKET = (
    {"lineNo": 1, "sku": "471003", "name": "鮭魚", "category": "SEAFOOD", "quantity": 1, "amountMinor": 24000},
    {"lineNo": 2, "sku": "471004", "name": "高麗菜", "category": "PRODUCE", "quantity": 2, "amountMinor": 9000},
    {"lineNo": 3, "sku": "471005", "name": "吐司", "category": "BAKERY", "quantity": 1, "amountMinor": 5500},
)
# Large enough, and with the coffee, for whichever coupon the everyday pool gives.
WON_BASKET = (
    {"lineNo": 1, "sku": "471006", "name": "白米", "category": "GROCERY", "quantity": 1, "amountMinor": 35000},
    {"lineNo": 2, "sku": "COFFEE-S", "name": "咖啡", "category": "COFFEE", "quantity": 1, "amountMinor": 5500},
)

Say = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Day:
    """Who takes part, the clock that the app makes its tokens by, and where request ids come from."""

    base: str
    household: int
    say: Say
    clock: Callable[[], datetime]
    new_id: Callable[[], UUID]

    @property
    def member(self) -> Caller:
        return Caller(self.base, "/graphql", f"demo:household-{self.household}", self.new_id)

    @property
    def till(self) -> Caller:
        return Caller(self.base, "/till/graphql", f"demo:{STORE}", self.new_id)

    @property
    def support(self) -> Caller:
        return Caller(self.base, "/admin/graphql", "demo:sam:support", self.new_id)


def walk(day: Day) -> None:
    """Goes through the whole day and says each step. Raises `Refused` where a step does not go as it should. Blocks."""
    me = sign_in(day)
    card = me["cardNo"]
    open_app(day)
    check_in(day)
    play_a_while(day)
    won = draw_ten(day, me["id"])
    earn_enough(day, card)
    if won:
        coupon = show_won(day, won)
        receipt_no, lines = pay(day, card, coupon, WON_BASKET, 0)
        bring_back(day, receipt_no, [(lines, 0)], coupon)
    coupon = buy(day)
    receipt_no, lines = pay(day, card, coupon, BASKET, PAY_POINTS)
    # One line comes back, then the rest with the points that paid for it.
    bring_back(day, receipt_no, [(lines[:1], 0), (lines[1:], PAY_POINTS)], coupon)
    look_back(day)
    reveal(day)


def sign_in(day: Day) -> dict[str, Any]:
    """The imported household gets a sign-in from support, opens the app, and is greeted at the till."""
    found = day.support.ask(documents.FIND, text=f"completejourney:{day.household}")["members"]
    if not found:
        raise Refused(f"household {day.household} is not imported: run `main.py import receipts` first")
    member_id = found[0]["id"]
    day.support.tell("linkIdentity", documents.LINK, memberId=member_id, subject=f"household-{day.household}")
    day.say("support", f"finds household {day.household} by the identity of the old system and links a sign-in to it")
    answer = day.member.ask(documents.ME)
    me = answer["me"]
    tier, wallet = me["tier"], me["wallet"]
    day.say(
        "member",
        f"signs in: card {me['cardNo']}, tier {tier['name']} (x{tier['multiplier']}), {tier['credits']} credits",
    )
    ends = f"({wallet['pointsExpiring']} of them until {wallet['pointsExpireOn']})"
    has = f"{counted(wallet['points'], 'point')} {ends}, {counted(wallet['stamps'], 'stamp')}"
    day.say("member", f"has {has}, {counted(wallet['tickets'], 'ticket')} from last year's receipts")
    for receipt in answer["receipts"]["nodes"]:
        total = receipt["total"]
        day.say("member", f"  {receipt['day']} {receipt['store']} {money(total['amountMinor'], total['currency'])} "
                          f"earned {counted(receipt['points'], 'point')}")  # fmt: skip
    greeted = day.till.ask(documents.GREET, cardNo=me["cardNo"])["member"]
    day.say("till", f"greets a {greeted['tierName']} member with {counted(greeted['points'], 'point')}")
    return dict(me)


def open_app(day: Day) -> None:
    """The app comes to the front and asks for its first screen."""
    opened = day.member.tell("openApp", documents.OPEN)
    home = day.member.ask(documents.HOME)["home"]
    broken = [name for name, section in home.items() if section is None]
    if broken:
        raise Refused(f"home shows nothing for {', '.join(broken)}")
    wallet, board, streak = home["member"]["wallet"], home["board"], home["streak"]
    has = ", ".join(counted(wallet[f"{name}s"], name) for name in ("point", "diamond", "stamp", "ticket"))
    day.say("member", f"opens the app on {opened['day']}; home: tier {home['member']['tier']['name']}, {has}")
    goods = sum(cell["kind"] == "ITEM" for cell in board["cells"])
    energy = f"energy {board['energy']['now']} of {board['energy']['cap']}"
    day.say("member", f"  board: level {board['level']}, {goods} goods, {energy}; streak {streak['length']} "
                      f"({streak['state']})")  # fmt: skip
    shown = ", ".join(f'"{pool["name"]}"' for pool in home["pools"])
    notices = ", ".join(each["kind"] for each in home["notices"]) or "none"
    day.say("member", f"  pools: {shown}; {counted(len(home['coupons']), 'coupon')}; notices: {notices}")


def check_in(day: Day) -> None:
    """The day's check-in, once; that it was paid already stops nothing."""
    try:
        done = day.member.tell("checkIn", documents.CHECK_IN)
    except Refused as refused:
        if refused.code != "DAY_ALREADY_PAID":
            raise
        day.say("member", "has checked in today already")
        return
    reward = ", ".join(rewarded(name, amount) for name, amount in done["reward"].items() if amount)
    day.say("member", f"checks in for {done['day']}: {reward}; streak {done['streak']['length']}")


def play_a_while(day: Day) -> None:
    """The board: taps, merges, and orders that pay diamonds."""
    played = play(day.member)
    day.say("member", str(played))
    orders = played.moves["deliver"]
    if orders:
        levels = "".join(f", claims level {level}" for level in played.levels)
        day.say("member", f"delivers {counted(orders, 'order')}{levels}: {counted(played.diamonds, 'diamond')} earned")
    else:
        day.say("member", "has no order filled yet: generators and energy come back with time")


def show_won(day: Day, won: Sequence[str]) -> dict[str, Any]:
    """The first coupon among the prizes, as the app shows it."""
    coupon: dict[str, Any] = day.member.ask(documents.WON, id=won[0])["node"]
    day.say("member", f'finds the coupon "{coupon["name"]}" among the prizes: {coupon["state"]}')
    return coupon


def earn_enough(day: Day, card: str) -> None:
    """A purchase at the shop earns points; enough for the coupon and for paying with points."""
    while True:
        done = day.till.tell("recordReceipt", documents.RECORD, receipt={
            "cardNo": card, "receiptNo": f"DAY-{day.new_id().hex[-12:]}", "boughtAt": day.clock().isoformat(),
            "currency": "TWD",
            "lines": [
                {"lineNo": 1, "sku": "471001", "name": "鮮乳", "brand": "National", "category": "DAIRY", "quantity": 2,
                 "amountMinor": 19800},
                {"lineNo": 2, "sku": "471002", "name": "洗衣精", "brand": "National", "category": "HOUSEHOLD",
                 "quantity": 40, "amountMinor": 800000},
            ],
        })  # fmt: skip
        earned = done["earned"]
        day.say("till", f"records a receipt of NT$8,198.00: {counted(earned['points'], 'point')}, "
                        f"{counted(earned['stamps'], 'stamp')}, {counted(earned['tickets'], 'ticket')}; "
                        f"tier {done['tier']}")  # fmt: skip
        if day.member.ask(documents.ME)["me"]["wallet"]["points"] >= OFFER_POINTS + PAY_POINTS:
            return


def buy(day: Day) -> dict[str, Any]:
    """An offer bought with points becomes a coupon."""
    offers = day.member.ask(documents.OFFERS)["offers"]["nodes"]
    wanted = [
        offer for offer in offers
        if offer["kind"] == "AMOUNT_OFF" and offer["currency"] == "TWD" and offer["price"]
        and offer["price"] == {"currency": "POINTS", "amount": OFFER_POINTS}
    ]  # fmt: skip
    if not wanted:
        raise Refused(f"no offer of the season costs {OFFER_POINTS} points")
    before = day.member.ask(documents.ME)["me"]["wallet"]["points"]
    bought = day.member.tell("buyCoupon", documents.BUY, offerId=wanted[0]["id"])["coupon"]
    after = day.member.ask(documents.ME)["me"]["wallet"]["points"]
    day.say("member", f'buys "{wanted[0]["name"]}" for {before - after} points: coupon {bought["state"]}')
    return dict(bought)


def pay(
    day: Day, card: str, coupon: dict[str, Any], basket: Sequence[dict[str, Any]], points: int
) -> tuple[str, list[dict[str, Any]]]:
    """The till holds the basket with coupon and points, settles it under a number, and records that receipt."""
    secret = coupon["token"]["secret"]
    token = token_at(base64.b32decode(secret + "=" * (-len(secret) % 8)), day.clock())
    held = day.till.tell(
        "holdBasket", documents.HOLD, cardNo=card, codes=[f"{coupon['code']}.{token}"], payPoints=points,
        basket={"currency": "TWD", "lines": list(basket)},
    )  # fmt: skip
    off = {line["lineNo"]: line["discountMinor"] for line in held["lines"]}
    total = sum(line["amountMinor"] for line in basket)
    tender = f", {counted(held['pointsHeld'], 'point')} pay {money(held['tenderMinor'])}" if points else ""
    left = f"{money(held['discountMinor'])} off{tender}, {money(held['dueMinor'])} left to pay"
    day.say("till", f"holds the basket of {money(total)}: {left}")
    receipt_no = f"DAY-{day.new_id().hex[-12:]}"
    day.till.tell("settleBasket", documents.SETTLE, holdId=held["hold"]["id"], receiptNo=receipt_no)
    state = day.member.ask(documents.COUPON, id=coupon["id"])["node"]["state"]
    day.say("till", f"settles it under receipt {receipt_no}: coupon {state}")
    paid = [{**line, "amountMinor": line["amountMinor"] - off.get(line["lineNo"], 0)} for line in basket]
    done = day.till.tell("recordReceipt", documents.RECORD, receipt={
        "cardNo": card, "receiptNo": receipt_no, "boughtAt": day.clock().isoformat(), "currency": "TWD", "lines": paid,
    })  # fmt: skip
    earned = done["earned"]
    day.say("till", f"records the receipt: {counted(earned['points'], 'point')}, "
                    f"{counted(earned['stamps'], 'stamp')}; tier {done['tier']}")  # fmt: skip
    return receipt_no, paid


def bring_back(
    day: Day, receipt_no: str, parts: Sequence[tuple[list[dict[str, Any]], int]], coupon: dict[str, Any]
) -> None:
    """Lines come back, with the points that paid for them: exactly what was earned with them goes."""
    for part, refund in parts:
        done = day.till.tell("recordReturn", documents.RETURN, receiptReturn={
            "receiptNo": receipt_no, "returnNo": f"RET-{day.new_id().hex[-12:]}", "refundPoints": refund,
            "lines": [
                {"lineNo": line["lineNo"], "quantity": line["quantity"], "amountMinor": line["amountMinor"]}
                for line in part
            ],
        })  # fmt: skip
        state = day.member.ask(documents.COUPON, id=coupon["id"])["node"]["state"]
        names = ", ".join(str(line["name"]) for line in part)
        gone = (
            f"{counted(done['revoked']['points'], 'point')} and {counted(done['revoked']['stamps'], 'stamp')} revoked"
        )
        day.say("till", f"takes back {names}: {gone}, {counted(done['refundedPoints'], 'point')} given back; "
                        f"coupon {state}")  # fmt: skip


def look_back(day: Day) -> None:
    """The member's timeline, newest first."""
    events = day.member.ask(documents.TIMELINE)["timeline"]["nodes"]
    day.say("member", "sees on the timeline: " + ", ".join(event["kind"] for event in events))


def money(minor: int, currency: str = "TWD") -> str:
    """NT$1,234.50 for 123450 in TWD."""
    sign = {"TWD": "NT$", "USD": "$"}.get(currency, currency + " ")
    return f"{sign}{minor // 100:,}.{minor % 100:02d}"
