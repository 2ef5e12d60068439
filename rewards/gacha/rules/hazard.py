"""The hazard of TOP: how its chance rises with every draw since the last one."""

from __future__ import annotations

from dataclasses import dataclass

from loyalty.sheets.rules import Reader

PPM = 1_000_000
DRAWS_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Step:
    """From this draw on: `ppm` at it, and `add_ppm` more at each further one."""

    draw: int
    ppm: int
    add_ppm: int


@dataclass(frozen=True, slots=True)
class Hazard:
    """The chance of TOP at the k-th draw since the last TOP, k from 1, in parts per million.

    It is `base` until a step raises it, and certain at `ceiling` (0: there is none).
    """

    base: int
    steps: tuple[Step, ...] = ()
    ceiling: int = 0

    def chance(self, draw: int) -> int:
        """h(draw)."""
        assert draw >= 1, "draws are counted from 1"
        if self.ceiling and draw >= self.ceiling:
            return PPM
        for step in reversed(self.steps):
            if draw >= step.draw:
                return min(PPM, step.ppm + step.add_ppm * (draw - step.draw))
        return self.base

    @property
    def settles_at(self) -> int:
        """The first draw from which on the chance stays what it is."""
        if self.ceiling:
            return self.ceiling
        if not self.steps:
            return 1
        last = self.steps[-1]
        return last.draw + (-((last.ppm - PPM) // last.add_ppm) if last.add_ppm else 0)


def read_hazard(reader: Reader, base: int) -> Hazard:
    """The table `hazard` of an odds sheet; absent, the chance is always that of the weights.

    Either `rises_from` and `step_ppm`: that draw is the first raised, by one step over the weights; or `raised`, a list
    of `{ draw, ppm }`: from that draw on that chance. `ceiling`: the draw that is certain.
    """
    inside = reader.table("hazard", required=False)
    ceiling = inside.integer("ceiling", low=1, high=DRAWS_MOST, default=0) if inside.has("ceiling") else 0
    steps: tuple[Step, ...] = ()
    if inside.has("rises_from") or inside.has("step_ppm"):
        first = inside.integer("rises_from", low=1, high=DRAWS_MOST)
        add = inside.integer("step_ppm", low=1, high=PPM)
        steps = (Step(first, min(PPM, base + add), add),)
        if inside.has("raised"):
            inside.fault("raised", "stands beside `rises_from`; keep one of them")
            inside.texts("raised")
    elif inside.has("raised"):
        steps = _read_raised(inside, base)
    if ceiling and steps and steps[-1].draw > ceiling:
        inside.fault("ceiling", "must not lie before the chance is raised")
    if (ceiling or steps) and not base:
        inside.fault("ceiling" if ceiling else "rises_from", "needs a prize of class TOP with a weight")
    inside.close()
    return Hazard(base, steps, ceiling)


def _read_raised(inside: Reader, base: int) -> tuple[Step, ...]:
    steps = []
    draw, ppm = 0, base
    for each in inside.tables("raised", least=1, most=DRAWS_MOST):
        step = Step(each.integer("draw", low=1, high=DRAWS_MOST), each.integer("ppm", low=1, high=PPM), 0)
        if step.draw <= draw:
            each.fault("draw", "must be later than the one before it")
        if step.ppm < ppm:
            each.fault("ppm", f"must not be less than the {ppm} before it: the chance only rises")
        draw, ppm = step.draw, step.ppm
        each.close()
        steps.append(step)
    return tuple(steps)
