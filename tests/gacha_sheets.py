"""Odds for tests: a small pool to change key by key, and random valid ones."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from rewards.gacha.rules.odds import Odds, parse_odds

SHEETS = Path(__file__).resolve().parents[1] / "rewards" / "gacha" / "sheets"
PPM = 1_000_000


def shipped(name: str) -> dict[str, Any]:
    """The body of a shipped sheet, such as `odds.daily`."""
    return tomllib.loads((SHEETS / f"{name}.toml").read_text(encoding="utf-8"))


def prize(code: str, prize_class: str, weight: int, **changes: Any) -> dict[str, Any]:
    """A prize of ten diamonds, changed key by key."""
    plain = {
        "code": code, "class": prize_class, "weight": weight, "kind": "DIAMONDS", "amount": 10,
        "name": {"en": code, "zh-TW": code},
    }  # fmt: skip
    return {key: value for key, value in {**plain, **changes}.items() if value is not None}


def odds_body(**changes: Any) -> dict[str, Any]:
    """A pool of three prizes with a hazard and the ten-draw guarantee, changed key by key; None takes a key away."""
    plain: dict[str, Any] = {
        "name": {"en": "A pool", "zh-TW": "池"},
        "price_diamonds": 10,
        "takes_tickets": True,
        "ten_guarantee": True,
        "hazard": {"rises_from": 5, "step_ppm": 100_000, "ceiling": 12},
        "prizes": [prize("top", "TOP", 20_000), prize("good", "GUARANTEE", 80_000), prize("plain", "PLAIN", 900_000)],
    }
    return {key: value for key, value in {**plain, **changes}.items() if value is not None}


def odds(body: Mapping[str, Any] | None = None, **changes: Any) -> Odds:
    return parse_odds("odds.test", odds_body(**changes) if body is None else body)


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """A random valid odds sheet: prizes, hazard, guarantee, stock with stand-ins."""
    count = draw(st.integers(1, 12))
    cuts = sorted(draw(st.lists(st.integers(1, PPM - 1), min_size=count - 1, max_size=count - 1, unique=True)))
    weights = [after - before for before, after in zip([0, *cuts], [*cuts, PPM], strict=True)]
    classes = [draw(st.sampled_from(["TOP", "GUARANTEE", "PLAIN"])) for _ in weights]
    prizes = [prize(f"p{at}", kind, weight) for at, (kind, weight) in enumerate(zip(classes, weights, strict=True))]
    top = sum(weight for kind, weight in zip(classes, weights, strict=True) if kind == "TOP")
    for at, each in enumerate(list(prizes)):
        if draw(st.booleans()):
            stand_in = draw(st.sampled_from(["TOP", each["class"]]))
            prizes.append(prize(f"s{at}", stand_in, 0))
            gone = draw(st.sampled_from(["FALLBACK", "CLOSE_POOL"]))
            each |= {"stock": draw(st.integers(1, 1000)), "when_gone": gone, "fallback": f"s{at}"}
    body = odds_body(prizes=prizes, hazard=draw(_hazards(top)) if top else None)
    body["ten_guarantee"] = "GUARANTEE" in classes and draw(st.booleans())
    return body


@st.composite
def _hazards(draw: st.DrawFn, base: int) -> dict[str, Any] | None:
    kind = draw(st.sampled_from(["none", "ceiling", "steps", "raised"]))
    if kind == "none":
        return None
    if kind == "ceiling":
        return {"ceiling": draw(st.integers(1, 200))}
    if kind == "steps":
        first = draw(st.integers(1, 100))
        found: dict[str, Any] = {"rises_from": first, "step_ppm": draw(st.integers(10_000, PPM))}
    else:
        first = draw(st.integers(1, 20))
        ppms = sorted(draw(st.lists(st.integers(max(1, base), PPM), min_size=1, max_size=4)))
        found = {"raised": [{"draw": first + 7 * at, "ppm": ppm} for at, ppm in enumerate(ppms)]}
    if draw(st.booleans()):
        found["ceiling"] = first + draw(st.integers(30, 60))
    return found
