"""The member's draws: the odds, ten draws, and every receipt checked as `main.py verify-draw` checks it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from api.day import documents
from api.day.client import Refused
from api.day.wording import counted
from rewards.gacha.rules.chains import check_together
from rewards.gacha.rules.verifying import read_document, seeds_of, verify

if TYPE_CHECKING:
    from api.day.walk import Day

TEN = 10
BIRTH_YEAR = 1990
CLIENT_SEED = "my-lucky-word"
NEXT_CLIENT_SEED = "another-word"


def draw_ten(day: Day, member_id: str) -> list[str]:
    """Ten draws from the pool that takes tickets; the ids of the coupons among the prizes. None where the member's
    draws of today do not reach for ten. Raises `Refused`. Blocks.
    """
    found = day.member.ask(documents.POOLS)
    if found["me"]["birthYear"] is None:
        day.member.tell("setBirthYear", documents.BIRTH_YEAR, birthYear=BIRTH_YEAR)
        day.say("member", f"tells a birth year, {BIRTH_YEAR}: without one it is three draws a day")
        found = day.member.ask(documents.POOLS)
    pool = next((each for each in found["pools"] if each["takesTickets"]), None)
    if pool is None:
        raise Refused("no pool of the season takes tickets")
    show_odds(day, pool)
    left = found["drawLimits"]
    if min(left["dayLeft"], left["monthLeft"]) < TEN:
        day.say(
            "member",
            f"has {counted(left['dayLeft'], 'draw')} left today and {left['monthLeft']} in the month: draws no ten",
        )
        return []
    commit(day)
    afford(day, member_id, pool, found["me"]["wallet"])
    done = day.member.tell("draw", documents.DRAW, poolId=pool["id"], oddsHash=pool["oddsHash"], count=TEN)
    paid = Counter(each["paidWith"] for each in done["draws"])
    price = f"{counted(paid['TICKETS'], 'ticket')}, {counted(paid['DIAMONDS'] * pool['priceDiamonds'], 'diamond')}"
    names = Counter(each["name"] for each in done["draws"])
    prizes = ", ".join(f"{count} x {name}" for name, count in names.most_common())
    day.say("member", f"draws ten for {price}: {prizes}")
    return [each["couponId"] for each in done["draws"] if each["couponId"]]


def show_odds(day: Day, pool: dict[str, Any]) -> None:
    """What the pool says of its chances before anybody pays."""
    odds = ", ".join(f"{each['name']} {each['percent']}%" for each in pool["odds"])
    day.say("member", f'reads the odds of "{pool["name"]}", {pool["priceDiamonds"]} diamonds a draw: {odds}')
    first, pity = pool["odds"][0], pool["pity"]
    told = f"with pity {first['consolidatedPercent']}% in the long run; {counted(pity['count'], 'draw')} since the last"
    day.say("member", f"  {first['name']}: {told}, certain at draw {pity['ceiling']}")


def commit(day: Day) -> None:
    """The server's commitment is there before the draw, and the member adds a word of their own."""
    day.member.ask(documents.SEED)
    seed = day.member.tell("setClientSeed", documents.CLIENT_SEED, clientSeed=CLIENT_SEED)["seed"]
    noted = f"notes the commitment {seed['commitSha256'][:16]}... of epoch {seed['epoch']}"
    day.say("member", f'{noted} and sets the client seed "{seed["clientSeed"]}"')


def afford(day: Day, member_id: str, pool: dict[str, Any], wallet: dict[str, Any]) -> None:
    """Support gives what ten draws cost beyond the member's tickets and diamonds, and says so."""
    price = max(TEN - wallet["tickets"], 0) * pool["priceDiamonds"]
    missing = price - wallet["diamonds"]
    if missing <= 0:
        return
    given = day.support.tell(
        "adjustWallet", documents.ADJUST, memberId=member_id, currency="DIAMONDS", amount=missing,
        reason="the guided day: what ten draws cost beyond what was earned",
    )  # fmt: skip
    gift = f"gives {counted(missing, 'diamond')} for the tour, beyond what was earned"
    day.say("support", f"{gift}: the member has {given['spendable']}")


def reveal(day: Day) -> None:
    """Ends the epoch, and checks every draw the member ever made, from files, with nothing but the receipts."""
    ids = [each["id"] for each in all_draws(day)]
    if not ids:
        day.say("member", "has drawn nothing, so there is nothing to verify")
        return
    shown = day.member.tell("revealSeed", documents.REVEAL, clientSeed=NEXT_CLIENT_SEED)
    seen = f"has the server seed of epoch {shown['epoch']} revealed, {shown['serverSeedHex'][:16]}..."
    day.say("member", f"{seen}: epoch {shown['seed']['epoch']} begins")
    with TemporaryDirectory(prefix="mergemart-draws-") as folder:
        for draw_id in ids:
            receipt = day.member.ask(documents.RECEIPT, id=draw_id)["drawReceipt"]
            (Path(folder) / f"{draw_id}.json").write_text(receipt["document"], encoding="utf-8")
        proved = verified(sorted(Path(folder).glob("*.json")))
    checked = f"verified {counted(proved, 'draw')} offline"
    day.say("member", f"{checked}, as `main.py verify-draw` does: each is proved by its receipt")


def all_draws(day: Day) -> list[dict[str, Any]]:
    """Every draw of the member, newest first."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = day.member.ask(documents.DRAWS, after=after)["draws"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def verified(files: list[Path]) -> int:
    """How many receipts were proved, which is all of them. Raises `Refused` naming the first that was not."""
    receipts = {path.name: read_document(path.read_text(encoding="utf-8")) for path in files}
    seeds = seeds_of(list(receipts.values()))
    verdicts = [verify(name, document, seeds) for name, document in receipts.items()]
    check_together(verdicts)
    for verdict in verdicts:
        if not verdict.is_proved:
            raise Refused(f"{verdict.name} is not proved: {'; '.join(verdict.wrong) or 'its seed is not revealed'}")
    return len(verdicts)
