"""A member's visits to the app: most look at the first screen and leave, some play, draw and buy."""

from __future__ import annotations

from functools import partial
from typing import Any

from api.day.play import merges
from api.replay import tills
from api.replay.client import Connection
from api.replay.plan import TEN, Visit
from api.replay.shape import HOURS
from api.replay.stage import MOBILE, Known, Stage
from api.runtime.clock import SeededDice

_COMMANDS = 50  # a call of playMoves, at most
_CALLS = 5  # of playMoves in one sitting
_SITTINGS = 7  # on one day, an hour apart: generators and energy come back
_ADULTS_PERCENT = 94
_MINORS_PERCENT = 4  # the rest tells no birth year and counts as a minor
_ADULT_BORN, _MINOR_BORN = 1985, 2012
_TREASURE_ONE_IN = 12
_BUYS_ONE_IN = 3


async def visit(stage: Stage, planned: Visit, connection: Connection) -> None:
    """One visit as planned. Raises `Broken`."""
    dice, token = stage.dice(planned.member), stage.token(planned.member)
    device = {"system": ("IOS", "ANDROID", "WEB")[dice.below(3)]}
    await connection.tell(MOBILE["OpenApp"], token, device=device)
    stage.tally.acknowledged["logins"] += 1
    known = stage.known.get(planned.member)
    seen = None if known is None or planned.plays else known.version
    home = (await connection.ask(MOBILE["Home"], token, ifVersion=seen))["home"]
    if known is None:
        known = stage.known[planned.member] = Known(home["member"]["cardNo"])
        tills.consider(stage, dice, planned.member)  # the coupon of the welcome
    known.version = home["version"]
    if not home["unchanged"]:
        known.points = home["member"]["wallet"]["points"]
    if planned.plays:
        await _begin_to_play(stage, planned, dice, connection, home)
    if known.points and dice.below(_BUYS_ONE_IN) == 0:
        await _buy(stage, planned.member, dice, connection)
    if planned.shops:
        stage.put_off(1 + dice.below(3), partial(tills.shop, stage, planned.member))


async def _begin_to_play(
    stage: Stage, planned: Visit, dice: SeededDice, connection: Connection, home: dict[str, Any]
) -> None:
    """The day's check-in and, the first time, the member's age and the odds; then the first sitting."""
    member, token = planned.member, stage.token(planned.member)
    if not home["streak"]["checkedInToday"]:
        done = await connection.tell(MOBILE["CheckIn"], token)
        stage.tally.acknowledged["check-ins"] += done.refusal is None
    known = stage.known[member]
    if not known.told_age:
        known.told_age = True
        share = dice.below(100)
        if share < _ADULTS_PERCENT + _MINORS_PERCENT:
            born = _ADULT_BORN if share < _ADULTS_PERCENT else _MINOR_BORN
            await connection.tell(MOBILE["SetBirthYear"], token, birthYear=born)
        await connection.ask(MOBILE["Pools"], token)
    if not stage.tops:
        chains = (await connection.ask(MOBILE["Chains"], token))["chains"]
        stage.tops = {chain["code"]: len(chain["levels"]) for chain in chains}
    board = {**home["board"], "orders": home["orders"]}
    await _sit(stage, Sitting(stage, planned, home["pools"]), dice, connection, board)


class Sitting:
    """What is left of a member's day of play."""

    def __init__(self, stage: Stage, planned: Visit, pools: list[dict[str, Any]]) -> None:
        self.member = planned.member
        self.token = stage.token(planned.member)
        self.wish = planned.draws
        self.left = _SITTINGS
        self.day = stage.hour // HOURS
        self.pools = sorted(pools, key=lambda pool: int(pool["priceDiamonds"]))

    def affordable(self, wallet: dict[str, Any]) -> int:
        """How many draws of the cheapest pool the wallet pays, the only one that takes tickets."""
        return int(wallet["tickets"]) + int(wallet["diamonds"]) // int(self.pools[0]["priceDiamonds"])


async def _sit(
    stage: Stage, sitting: Sitting, dice: SeededDice, connection: Connection, board: dict[str, Any] | None
) -> None:
    """Plays for a while; then draws, or comes back in an hour where the wish is not affordable yet."""
    if board is None:
        board = (await connection.ask(MOBILE["Board"], sitting.token))["board"]
    wallet = await _play(stage, sitting, connection, board)
    sitting.left -= 1
    if not wallet:
        return
    goes_on = (
        sitting.affordable(wallet) < sitting.wish
        and sitting.left
        and stage.hour + stage.step < (sitting.day + 1) * HOURS
    )
    if goes_on and stage.put_off(1, partial(_sit_again, stage, sitting)):
        return
    await _draw(stage, sitting, dice, connection, wallet)


async def _sit_again(stage: Stage, sitting: Sitting, connection: Connection) -> None:
    await _sit(stage, sitting, stage.dice(sitting.member), connection, None)


async def _play(stage: Stage, sitting: Sitting, connection: Connection, board: dict[str, Any]) -> dict[str, Any]:
    """Some calls of playMoves; the wallet after them."""
    needed = board.get("nextLevelExperience")
    wallet: dict[str, Any] = {}
    for call in range(_CALLS):
        moves = _moves(stage, board, needed)
        if not moves and call:
            break
        done = await connection.tell(
            MOBILE["PlayMoves"], sitting.token, baseRevision=board["revision"], commands=moves
        )  # fmt: skip
        if done.refusal is not None:
            break
        if done.data["claimed"]:
            needed = None  # the answer does not say what the level after it needs
        stage.tally.acknowledged["moves"] += done.data["applied"]
        stage.tally.acknowledged["orders delivered"] += len(done.data["delivered"])
        board, wallet = done.data["board"], done.data["wallet"]
        if done.data["refusal"] is not None:
            stage.tally.refusals["PlayMoves", done.data["refusal"]["code"]] += 1
    if wallet:
        stage.tally.players.add(sitting.member)
    return wallet


def _moves(stage: Stage, board: dict[str, Any], needed: int | None) -> list[dict[str, dict[str, int]]]:
    """An order that is ready, or a level, or every merge there is; and every tap that the board has room for."""
    for cell in board["cells"]:
        if cell["item"] is not None:
            cell["item"]["top"] = cell["item"]["level"] >= stage.tops[cell["item"]["chain"]]
    ready = [order["number"] for order in board["orders"] if order["ready"]]
    if ready:
        begun: list[dict[str, dict[str, int]]] = [{"deliver": {"order": ready[0]}}]
    elif needed is not None and board["experience"] >= needed:
        begun = [{"claimLevel": {"level": board["level"] + 1}}]
    else:
        begun = merges(board)
    room = min(board["energy"]["now"], sum(cell["kind"] == "EMPTY" for cell in board["cells"]))
    taps = [
        {"tap": {"cell": cell["index"]}}
        for cell in board["cells"]
        if cell["kind"] == "GENERATOR"
        for _ in range(cell["generator"]["charges"])
    ]
    return (begun + taps[:room])[:_COMMANDS]


async def _draw(
    stage: Stage, sitting: Sitting, dice: SeededDice, connection: Connection, wallet: dict[str, Any]
) -> None:
    """Ten at once where the member wishes ten and can pay them; else one after the other, as far as it goes."""
    left = min(sitting.wish, sitting.affordable(wallet))
    while left > 0:
        pool, many = sitting.pools[0], TEN if left >= TEN else 1
        dearest = sitting.pools[-1]
        if many == 1 and wallet["diamonds"] >= dearest["priceDiamonds"] and dice.below(_TREASURE_ONE_IN) == 0:
            pool = dearest
        done = await connection.tell(
            MOBILE["Draw"], sitting.token, poolId=pool["id"], oddsHash=pool["oddsHash"], count=many
        )
        if done.refusal is not None:
            break
        stage.tally.players.add(sitting.member)
        stage.tally.acknowledged["draws"] += len(done.data["draws"])
        wallet = done.data["wallet"]
        for drawn in done.data["draws"]:
            if drawn["couponId"]:
                stage.tally.acknowledged["coupons drawn"] += 1
                tills.consider(stage, dice, sitting.member)
        left = min(left - many, sitting.affordable(wallet))


async def _buy(stage: Stage, member: int, dice: SeededDice, connection: Connection) -> None:
    """Buys a coupon with points, where one is affordable."""
    token, points = stage.token(member), stage.known[member].points
    if not stage.offers:
        offers = (await connection.ask(MOBILE["Offers"], token, first=50))["offers"]["nodes"]
        stage.offers = [
            offer for offer in offers
            if offer["price"] and offer["price"]["currency"] == "POINTS" and offer["currency"] == "TWD"
        ]  # fmt: skip
    affordable = [offer for offer in stage.offers if offer["price"]["amount"] <= points]
    if not affordable:
        return
    offer = affordable[dice.below(len(affordable))]
    done = await connection.tell(MOBILE["BuyCoupon"], token, offerId=offer["id"])
    if done.refusal is None:
        stage.known[member].points -= offer["price"]["amount"]
        stage.tally.acknowledged["coupons bought"] += 1
        tills.consider(stage, dice, member)
