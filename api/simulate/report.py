"""What a simulation found: JSON, one HTML page, tables for the terminal; and two seasons side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from api.replay import charts, paper
from api.replay.paper import Sheet
from api.simulate.figures import WHOLE, Figures
from api.simulate.quick import Ruled
from api.simulate.season import Simulated
from api.simulate.wanted import Kind

TITLE = "A season, played by bots"
ACTIONS, RULES = "actions", "rules"
_SIDES = ("in", "out")
_MINOR = 100


def ratio(into: int, out: int) -> float | None:
    """Diamonds made for each that was taken; None where none was."""
    return round(into / out, 3) if out else None


def difference(before: float, after: float) -> str:
    """The change in per cent, as a table shows it."""
    if before == after:
        return "="
    return f"{100 * (after - before) / before:+.1f}%" if before else "new"


def as_document(found: Simulated | Ruled) -> dict[str, Any]:
    """The whole. What depends on the machine and the moment stands under `run`.

    A season by the rules has no forgeries and no audit.
    """
    wanted, figures, bots = found.wanted, found.figures, found.found
    days = wanted.members * wanted.days
    return {
        "ok": found.ok, "by": ACTIONS if isinstance(found, Simulated) else RULES,
        "season": {
            "members": wanted.members, "days": wanted.days, "seed": wanted.seed, "lanes": wanted.lanes,
            "mix": {kind.value: share for kind, share in wanted.mix.items()},
            "kinds": {kind.value: wanted.kinds().count(kind) for kind in Kind},
            "changes": [change.told for change in wanted.changes], "sheets": found.sheets,
        },
        "figures": _headline(found),
        "diamonds": [
            {"kind": each.kind, "side": each.side, "p50": each.p50, "p90": each.p90, "p99": each.p99,
             "total": each.total}
            for each in figures.flows
        ],
        "levels_by_day": [{"p10": p10, "p50": p50, "p90": p90} for p10, p50, p90 in figures.levels],
        "energy": {
            kind: {"members": each.members, "spent": each.spent, "wasted_at_the_cap": each.wasted, "left": each.left,
                   "given": each.given}
            for kind, each in sorted(figures.energy.items())
        },
        "orders_by_day": {kind: list(counts) for kind, counts in figures.orders.items()},
        "chests": {kind: {"earned": e, "opened": o} for kind, (e, o) in sorted(figures.chests.items())},
        "draws": figures.draws,
        "liability_minor": [
            {"funder": each.funder, "expected": float(round(each.expected, 2)), "actual": float(each.actual),
             "coupons_outstanding": float(each.outstanding)}
            for each in figures.liability
        ],
        "coupons_outstanding": figures.coupons,
        "dead_boards": bots.dead, "impossible_orders": bots.impossible,
        "cheaters": _cheating(found) if isinstance(found, Simulated) else None,
        "refusals": dict(sorted(bots.refusals.items())),
        "audit": _audited(found) if isinstance(found, Simulated) else None,
        "run": {
            "seconds": round(found.seconds, 2), "member_days_per_second": round(days / max(found.seconds, 0.001), 1),
            "commands": bots.commands, "cpu_seconds_of_lanes": round(bots.cpu_seconds, 1),
            "seconds_of_thinking": round(bots.thinking_seconds, 1),
            "audit_seconds": round(found.audit.seconds, 2) if isinstance(found, Simulated) else 0.0,
            "machine": found.machine, "database": found.database if isinstance(found, Simulated) else "",
        },
    }  # fmt: skip


def _cheating(found: Simulated) -> dict[str, Any]:
    bots = found.found
    return {
        "members": len(found.cheaters), "forged": sum(bots.forged.values()),
        "accepted": sum(bots.accepted.values()), "differ_from_twins": found.differing,
        "forged_by_name": dict(sorted(bots.forged.items())),
        "refused_by_code": dict(sorted(bots.forged_refusals.items())),
    }  # fmt: skip


def _audited(found: Simulated) -> dict[str, Any]:
    return {
        "ok": found.audit.ok, "invariants": len(found.audit.findings),
        "failed": [
            {"flat": flat, "invariant": each.sentence, "broken": each.broken, "rows": list(map(str, each.rows))}
            for flat, each in found.audit.failed()
        ],
    }  # fmt: skip


def as_json(document: Mapping[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"


def _headline(found: Simulated | Ruled) -> dict[str, float | None]:
    """The figures that two seasons are compared by."""
    figures, wanted = found.figures, found.wanted
    days = wanted.members * wanted.days
    into, out = (figures.flow(WHOLE, side).total for side in _SIDES)
    told: dict[str, float | None] = {
        "diamonds in per member-day": round(into / days, 3),
        "diamonds out per member-day": round(out / days, 3),
        "diamonds made for each taken": ratio(into, out),
        "orders per member-day": round(sum(map(sum, figures.orders.values())) / days, 3),
        "level on the last day, p50": figures.levels[-1][1] if figures.levels else 1,
        "level on the last day, p90": figures.levels[-1][2] if figures.levels else 1,
        "energy spent per member-day": round(sum(each.spent for each in figures.energy.values()) / days, 3),
        "energy wasted per member-day": round(sum(each.wasted for each in figures.energy.values()) / days, 3),
        "chests opened per member-day": round(sum(opened for _, opened in figures.chests.values()) / days, 3),
        "draws per member-day": round(figures.draws / days, 3),
        "prizes cost per member-day, minor": round(float(sum(each.actual for each in figures.liability)) / days, 2),
    }
    for kind in Kind:
        if kind in wanted.kinds():
            told[f"{kind.value}: diamonds in, p50 of a member-day"] = figures.flow(kind.value, "in").p50
    return told


def tables(document: Mapping[str, Any]) -> list[Sheet]:
    """For the terminal and the page, all out of the document."""
    days = document["season"]["days"]
    flows = [
        [row["kind"], row["side"], *(f"{row[key]:,}" for key in ("p50", "p90", "p99", "total"))]
        for row in sorted(document["diamonds"], key=lambda row: (row["kind"], row["side"] not in _SIDES, row["side"]))
    ]
    levels = [
        [f"day {number + 1}", *(str(document["levels_by_day"][number][key]) for key in ("p10", "p50", "p90"))]
        for number in sorted({0, days // 4, days // 2, 3 * days // 4, days - 1})
    ]
    energy = [
        [kind, *(f"{row[key] / row['members'] / days:,.1f}" for key in ("spent", "wasted_at_the_cap", "given")),
         f"{row['left'] / row['members']:,.1f}"]
        for kind, row in document["energy"].items()
    ]  # fmt: skip
    members = document["season"]["kinds"]
    play = [
        [kind, f"{members[kind]:,}", f"{sum(counts) / days / members[kind]:,.2f}",
         *(f"{document['chests'].get(kind, {}).get(key, 0) / members[kind]:,.1f}" for key in ("earned", "opened"))]
        for kind, counts in document["orders_by_day"].items()
    ]  # fmt: skip
    money = [
        [row["funder"], *(f"{row[key] / _MINOR:,.2f}" for key in ("expected", "actual", "coupons_outstanding"))]
        for row in document["liability_minor"]
    ]
    cheating = document["cheaters"] or {"forged_by_name": {}, "refused_by_code": {}}
    cheats = [[name, f"{count:,}"] for name, count in cheating["forged_by_name"].items()]
    refused = [
        [code, f"{document['refusals'].get(code, 0):,}", f"{cheating['refused_by_code'].get(code, 0):,}"]
        for code in sorted({*document["refusals"], *cheating["refused_by_code"]})
    ]
    figures = [[name, _shown(value)] for name, value in document["figures"].items()]
    return [
        ("The season", ["figure", "value"], figures),
        ("Diamonds of a member-day, by account", ["kind", "account", "p50", "p90", "p99", "all together"], flows),
        ("Level by day", ["day", "p10", "p50", "p90"], levels),
        ("Energy", ["kind", "spent a day", "wasted at the cap a day", "given a day", "left at the end"], energy),
        ("Orders and chests of one member", ["kind", "members", "orders a day", "chests earned", "opened"], play),
        ("What prizes cost", ["funder", "expected", "drawn", "coupons outstanding"], money),
        *([("What cheaters forged", ["forgery", "times"], cheats)] if document["cheaters"] else []),
        ("Refusals", ["code", "of honest commands", "of forged ones"], refused),
    ]


def sentences(document: Mapping[str, Any]) -> list[str]:
    """The whole in a few sentences."""
    season, run, cheats, audit = (document[key] for key in ("season", "run", "cheaters", "audit"))
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in season["kinds"].items() if count)
    changed = f" with {'; '.join(season['changes'])}" if season["changes"] else ", as it ships"
    return [
        f"{season['members']:,} members ({kinds}), {season['days']} days, seed {season['seed']}{changed}.",
        f"Dead boards: {document['dead_boards']}. Impossible orders: {document['impossible_orders']}.",
        _of_cheaters(cheats),
        f"{document['draws']:,} draws; {document['coupons_outstanding']:,} coupons are outstanding.",
        f"{run['commands']:,} commands in {run['seconds']:,.1f} s: {run['member_days_per_second']:,.0f} member-days/s "
        f"on {run['machine']}.",
        f"The lanes used {run['cpu_seconds_of_lanes']:,.0f} s of processor time and thought for "
        f"{run['seconds_of_thinking']:,.0f} s by the clock{'; the database used its own' if audit else ''}.",
        *(f"{each['flat']}: {each['invariant']}: {each['broken']} do not" for each in _failed(audit)),
        *([f"The audit is clean: {audit['invariants']} invariants."] if audit and audit["ok"] else []),
        *([f"The database is kept: {run['database']}"] if run["database"] else []),
    ]  # fmt: skip


def _failed(audit: Mapping[str, Any] | None) -> Sequence[Mapping[str, Any]]:
    return audit["failed"] if audit else ()


def _of_cheaters(cheats: Mapping[str, Any] | None) -> str:
    if cheats is None:
        return (
            "Played by the rules alone, in memory: no database, no audit, and cheaters played as optimisers do. "
            "Without --by rules the actions are played, and books and forgeries with them."
        )
    return (
        f"{cheats['members']} cheaters forged {cheats['forged']:,} commands: {cheats['accepted']} were accepted, and "
        f"{cheats['differ_from_twins']} of them hold or reached anything else than their honest twins."
    )


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> Sheet:
    """Two documents side by side."""
    names = [name for name in before["figures"] if name in after["figures"]]
    rows = [
        [name, _shown(one), _shown(other), difference(one or 0, other or 0)]
        for name in names
        for one, other in [(before["figures"][name], after["figures"][name])]
    ]
    return ("Before and after", ["figure", "before", "after", "change"], rows)


def as_page(found: Simulated | Ruled, document: Mapping[str, Any], against: Sheet | None) -> str:
    """One self-contained HTML page."""
    shown = tables(document)
    parts = [paper.paragraph(sentence) for sentence in sentences(document)]
    if against is not None:
        parts.append(paper.table(*against))
    parts.append(paper.table(*shown[0]))
    parts += [paper.chart(title, svg) for title, svg in _charts(found.figures, document)]
    parts += [paper.table(*table) for table in shown[1:]]
    hashes = [[name, digest] for name, digest in document["season"]["sheets"].items()]
    parts.append(paper.table("Sheets in force", ["sheet", "SHA-256, beginning"], hashes))
    return paper.page(TITLE, parts)


def _charts(figures: Figures, document: Mapping[str, Any]) -> list[tuple[str, str]]:
    days = [str(number + 1) for number in range(document["season"]["days"])]
    members = document["season"]["kinds"]
    sides = sorted({each.side for each in figures.flows if each.side not in _SIDES})
    kinds = list(figures.orders)
    return [
        ("Level by day", charts.bars(days, [
            (name, [row[at] for row in figures.levels]) for at, name in enumerate(("p10", "p50", "p90"))
        ], "level")),
        ("Orders delivered by day", charts.bars(days, [
            (kind, _each(figures.orders[kind], members[kind])) for kind in kinds
        ], "orders of one member")),
        ("Diamonds by account", charts.bars(sides, [("all members", [
            figures.flow(WHOLE, side).total for side in sides
        ])], "diamonds")),
        ("Energy by kind", charts.bars(list(figures.energy), [
            ("spent", [each.spent / each.members for each in figures.energy.values()]),
            ("wasted at the cap", [each.wasted / each.members for each in figures.energy.values()]),
        ], "energy of one member")),
    ]  # fmt: skip


def _each(counts: Sequence[int], members: int) -> list[float]:
    return [count / members for count in counts]


def _shown(value: float | None) -> str:
    if value is None:
        return "none taken"
    return f"{value:,.6g}" if value < 1000 else f"{value:,.0f}"
