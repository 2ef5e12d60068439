"""What a member does at the shop: buys, redeems coupons, pays with points, brings something back."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from api.replay.client import Connection
from api.replay.shape import HOURS
from api.replay.stage import MOBILE, TILL, Stage
from api.runtime.clock import SeededDice
from rewards.coupons.rules.codes import token_at

STORES = ("taipei-1", "taipei-1", "kaohsiung-2", "kaohsiung-2", "online")
# Of the coupons that a member gets, how many are taken to the shop; some of those trips come too late.
_TAKEN_PER_MILLE = 344
_TAKEN_DAYS = 5.0  # mean, of an exponential distribution
_OPENS, _CLOSES = 8, 22
_RETURNS_PERCENT = 2
_CHANGES_MIND_PERCENT = 2
_PAYS_POINTS_PERCENT = 10
_POINTS_STEP = 100
_MUCH_PERCENT = 15
_ESPRESSO = "espresso"


def consider(stage: Stage, dice: SeededDice, member: int) -> None:
    """The member has got a coupon, and decides whether and when to take it to the shop."""
    if dice.below(1_000) >= _TAKEN_PER_MILLE:
        return
    unit = (1 + dice.below(1_000_000)) / 1_000_000
    days = int(-math.log(unit) * _TAKEN_DAYS)
    hour = _OPENS + dice.below(_CLOSES - _OPENS)
    stage.put_off(stage.until(days, hour), partial(redeem, stage, member))


async def shop(stage: Stage, member: int, connection: Connection) -> None:
    """Buys something, without a coupon."""
    dice = stage.dice(member)
    await _record(stage, dice, member, STORES[dice.below(len(STORES))], _basket(dice, ""), connection)


async def redeem(stage: Stage, member: int, connection: Connection) -> None:
    """Shows the coupon that ends soonest at the till; one that cannot be used leaves an ordinary purchase."""
    dice, token = stage.dice(member), stage.token(member)
    page = await connection.ask(MOBILE["Coupons"], token, state="ISSUED", first=20)
    coupons = sorted(page["coupons"]["nodes"], key=lambda each: str(each["expiresAt"]))
    store = STORES[dice.below(len(STORES))]
    till = f"demo:{store}"
    if not coupons:
        await _record(stage, dice, member, store, _basket(dice, ""), connection)
        return
    coupon, basket = coupons[0], _basket(dice, coupons[0]["name"])
    known = stage.known[member]
    await connection.ask(TILL["Member"], till, cardNo=known.card_no)
    pays = known.points >= _POINTS_STEP and dice.below(100) < _PAYS_POINTS_PERCENT
    held = await connection.tell(
        TILL["HoldBasket"], till, cardNo=known.card_no, codes=[_shown(stage, coupon)],
        payPoints=_POINTS_STEP if pays else 0, basket={"currency": "TWD", "lines": basket},
    )  # fmt: skip
    if held.refusal is not None:
        await _record(stage, dice, member, store, basket, connection)
        return
    hold_id = held.data["hold"]["id"]
    if dice.below(100) < _CHANGES_MIND_PERCENT:
        await connection.tell(TILL["ReleaseBasket"], till, holdId=hold_id)
        stage.tally.acknowledged["holds released"] += 1
        return
    number = _number(stage)
    settled = await connection.tell(TILL["SettleBasket"], till, holdId=hold_id, receiptNo=number)
    if settled.refusal is None:
        stage.tally.acknowledged["coupons redeemed"] += settled.data["couponsRedeemed"]
    off = {line["lineNo"]: line["discountMinor"] for line in held.data["lines"]}
    paid = [{**line, "amountMinor": line["amountMinor"] - off.get(line["lineNo"], 0)} for line in basket]
    await _record(stage, dice, member, store, paid, connection, number)


async def _record(
    stage: Stage, dice: SeededDice, member: int, store: str, lines: Sequence[dict[str, Any]], connection: Connection,
    number: str | None = None,
) -> None:  # fmt: skip
    """The till records the receipt; some purchases come back in part within days."""
    number = number or _number(stage)
    done = await connection.tell(
        TILL["RecordReceipt"], f"demo:{store}",
        receipt={
            "cardNo": stage.known[member].card_no, "receiptNo": number, "boughtAt": stage.clock().isoformat(),
            "currency": "TWD", "lines": list(lines),
        },
    )  # fmt: skip
    if done.refusal is not None:
        return
    stage.tally.acknowledged["receipts"] += 1
    stage.known[member].points += done.data["earned"]["points"]
    if dice.below(100) < _RETURNS_PERCENT:
        hours = HOURS + dice.below(3 * HOURS)
        stage.put_off(hours, partial(_bring_back, stage, store, number, dict(lines[0])))


async def _bring_back(stage: Stage, store: str, number: str, line: dict[str, Any], connection: Connection) -> None:
    part = {name: line[name] for name in ("lineNo", "quantity", "amountMinor")}
    done = await connection.tell(
        TILL["RecordReturn"], f"demo:{store}",
        receiptReturn={"receiptNo": number, "returnNo": f"R{_number(stage)}", "lines": [part]},
    )  # fmt: skip
    stage.tally.acknowledged["returns"] += done.refusal is None


def _number(stage: Stage) -> str:
    return f"S{stage.seed}-{next(stage.numbers)}"


def _shown(stage: Stage, coupon: dict[str, Any]) -> str:
    """What the till scans: the code, and the token that the app makes of the coupon's secret at this moment."""
    if coupon["token"] is None:
        return str(coupon["code"])
    secret = coupon["token"]["secret"]
    token = token_at(base64.b32decode(secret + "=" * (-len(secret) % 8)), stage.clock())
    return f"{coupon['code']}.{token}"


def _basket(dice: SeededDice, coupon: str) -> list[dict[str, Any]]:
    """Groceries of NT$320 and more; now and then a large purchase. With what a coupon of that name gives for free."""
    much = 4 + dice.below(30) if dice.below(100) < _MUCH_PERCENT else 1
    goods: list[tuple[str, str, str, int]] = [
        ("471006", "白米", "GROCERY", (26_000 + 1_000 * dice.below(30)) * much),
        ("471003", "鮭魚", "SEAFOOD", 4_000 + 100 * dice.below(200)),
        ("COFFEE-S", "咖啡", "COFFEE", 5_500),
        ("471001", "鮮乳", "DAIRY", 9_900),
    ]
    if "mug" in coupon:
        goods.append(("MUG-ENAMEL", "琺瑯杯", "HOUSEHOLD", 29_900))
    if _ESPRESSO in coupon:
        goods.append(("ESPRESSO-MACHINE", "咖啡機", "HOUSEHOLD", 899_000))
    return [
        {"lineNo": number, "sku": sku, "name": name, "category": category, "quantity": 1, "amountMinor": amount}
        for number, (sku, name, category, amount) in enumerate(goods, 1)
    ]
