"""What a replay found: JSON for machines, one HTML page for people, a summary for the terminal."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import orjson

from api.replay import charts, paper
from api.replay.figures import Figures, compare, unequal
from api.replay.running import Run
from api.replay.shape import PUBLISHED, Shape
from api.replay.tally import Tally
from api.runtime.audit import Report

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Replayed:
    """Everything that one replay found."""

    scale: float
    seed: int
    days: int
    connections: int
    step: int
    processes: int
    machine: str
    shape: Shape
    figures: Figures
    tally: Tally
    run: Run
    audit: Report

    @property
    def differing(self) -> list[tuple[str, int, int]]:
        """Where the events do not show what was acknowledged."""
        return unequal(self.figures, self.tally.acknowledged, len(self.tally.players))

    @property
    def ok(self) -> bool:
        return self.audit.ok and not self.tally.faults and not self.differing and self.run.stopped is None

    @property
    def rate(self) -> float:
        """Answered requests a second."""
        return self.tally.requests / self.run.seconds if self.run.seconds else 0.0

    @property
    def whole_hours(self) -> float:
        """How long scale 1 would take at this rate: the requests grow with the scale, and nothing else is assumed."""
        return self.run.seconds * PUBLISHED.logins / max(self.figures.logins, 1) / 3600

    def used(self) -> dict[str, dict[str, float]]:
        """CPU seconds used during the load, cores on average, and the most resident memory in MiB, by process tree."""
        if not self.run.samples:
            return {}
        first, last = self.run.samples[0], self.run.samples[-1]
        seconds = max(last.seconds - first.seconds, 0.001)
        return {
            name: {
                "cpu_seconds": round(last.cpu[name] - first.cpu[name], 2),
                "cores": round((last.cpu[name] - first.cpu[name]) / seconds, 3),
                "memory_mib": round(max(sample.memory[name] for sample in self.run.samples), 1),
            }
            for name in last.cpu
        }


def as_json(found: Replayed) -> bytes:
    """The whole as one JSON document."""
    tally = found.tally
    document = {
        "ok": found.ok,
        "scale": found.scale, "seed": found.seed, "days": found.days, "connections": found.connections,
        "servers": found.processes,
        "step_hours": found.step,
        "machine": found.machine,
        "seconds": round(found.run.seconds, 3),
        "stopped": found.run.stopped,
        "requests": tally.requests, "requests_per_second": round(found.rate, 1),
        "cut_off": tally.cut_off, "sent_again_besides": tally.sent_again,
        "scale_1_hours": round(found.whole_hours, 2),
        "published": [
            {"figure": name, "season": value, "published": wanted} for name, value, wanted in
            compare(found.figures, found.shape)
        ],
        "figures": asdict(found.figures),
        "acknowledged": dict(tally.acknowledged),
        "differing": found.differing,
        "operations": tally.percentiles(),
        "refusals": [
            {"operation": operation, "code": code, "count": count}
            for (operation, code), count in tally.refusals.most_common()
        ],
        "faults": [
            {"operation": operation, "told": told, "count": count}
            for (operation, told), count in tally.faults.most_common()
        ],
        "processes": found.used(),
        "audit": {
            "ok": found.audit.ok, "seconds": round(found.audit.seconds, 3), "invariants": len(found.audit.findings),
            "failed": [
                {"flat": flat, "invariant": finding.sentence, "broken": finding.broken, "rows": finding.rows}
                for flat, finding in found.audit.failed()
            ],
        },
        "samples": [asdict(sample) for sample in found.run.samples],
    }  # fmt: skip
    return orjson.dumps(document, default=str, option=orjson.OPT_INDENT_2)


def summary(found: Replayed) -> list[tuple[str, list[str], list[list[str]]]]:
    """Tables for the terminal and the page: (title, heads, rows)."""
    tally = found.tally
    season = [
        [name, f"{value:,.6g}" if value < 1000 else f"{value:,.0f}", f"{wanted:,.6g}" if wanted < 1000 else
         f"{wanted:,.0f}", f"{100 * (value / wanted - 1):+.1f}%" if wanted else ""]
        for name, value, wanted in compare(found.figures, found.shape)
    ]  # fmt: skip
    operations = [
        [name, f"{row['count']:,}", *(f"{row[key]:,.1f}" for key in ("p50_ms", "p95_ms", "p99_ms", "slowest_ms"))]
        for name, row in tally.percentiles().items()
    ]
    refusals = [[f"{name}: {code}", f"{count:,}"] for (name, code), count in tally.refusals.most_common()]
    processes = [
        [name, f"{row['cpu_seconds']:,.1f}", f"{row['cores']:.2f}", f"{row['memory_mib']:,.0f}"]
        for name, row in found.used().items()
    ]
    tables = [
        ("The season, from its events", ["figure", "this season", "published, scaled", "difference"], season),
        ("Operations", ["operation", "answers", "p50 ms", "p95 ms", "p99 ms", "slowest ms"], operations),
        ("Refusals", ["operation and code", "times"], refusals),
        ("Processes", ["process", "CPU s", "cores", "most memory, MiB"], processes),
    ]
    if tally.faults:
        faults = [[f"{name}: {told}", f"{count:,}"] for (name, told), count in tally.faults.most_common()]
        tables.append(("FAULTS", ["operation and what was said", "times"], faults))
    if found.differing:
        rows = [[name, f"{told:,}", f"{event:,}"] for name, told, event in found.differing]
        tables.append(("EVENTS DIFFER FROM WHAT WAS ACKNOWLEDGED", ["what", "acknowledged", "in events"], rows))
    return tables


def sentences(found: Replayed) -> list[str]:
    """The whole in a few sentences."""
    tally, figures = found.tally, found.figures
    failed = [f"{flat}: {finding.sentence}: {finding.broken} do not" for flat, finding in found.audit.failed()]
    return [
        f"Scale {found.scale:g}, seed {found.seed}, {found.days} days in steps of {found.step} h, "
        f"{found.connections} connections, {found.processes} server processes, on {found.machine}.",
        f"{tally.requests:,} requests in {found.run.seconds:,.1f} s, {found.rate:,.0f}/s; scale 1 would take "
        f"{found.whole_hours:.2f} hours at this rate.",
        f"{tally.cut_off:,} requests were cut off and sent again; {tally.sent_again:,} besides were sent again.",
        f"{figures.members:,} members, {figures.coupons_issued:,} coupons issued, {figures.receipts:,} receipts; the "
        f"database has {figures.database_bytes / _MIB:,.0f} MiB.",
        *([f"STOPPED EARLY: {found.run.stopped}"] if found.run.stopped else []),
        *(failed or [f"The audit is clean: {len(found.audit.findings)} invariants in {found.audit.seconds:.1f} s."]),
    ]


def as_page(found: Replayed) -> str:
    """One self-contained HTML page."""
    figures, samples = found.figures, found.run.samples
    labels = [str(day)[5:] for day, *_ in figures.days]
    seconds = [sample.seconds for sample in samples]
    operations = found.tally.percentiles()
    drawn = [
        ("Daily actives and players", charts.bars(labels, [
            ("members who opened the app", [members for _, _, members, _ in figures.days]),
            ("of these played", [among for *_, among in figures.days]),
        ], "members")),
        ("Logins by hour of the day", charts.bars(
            [str(hour) for hour in range(24)], [("logins", figures.hours)], "logins"
        )),
        ("Latency by operation", charts.bars(list(operations), [
            (f"p{percent}", [float(row[f"p{percent}_ms"]) for row in operations.values()]) for percent in (50, 95, 99)
        ], "ms")),
    ]  # fmt: skip
    if samples:
        names = list(samples[-1].cpu)
        drawn += [
            ("Requests a second", charts.lines(seconds, [
                ("requests", charts.rates(seconds, [sample.requests for sample in samples]))
            ], "1/s")),
            ("CPU", charts.lines(seconds, [
                (name, charts.rates(seconds, [sample.cpu[name] for sample in samples])) for name in names
            ], "cores")),
            ("Resident memory", charts.lines(seconds, [
                (name, [sample.memory[name] for sample in samples]) for name in names
            ], "MiB")),
        ]  # fmt: skip
    parts = [paper.paragraph(sentence) for sentence in sentences(found)]
    tables = summary(found)
    parts.append(paper.table(*tables[0]))
    parts += [paper.chart(title, svg) for title, svg in drawn]
    parts += [paper.table(*table) for table in tables[1:]]
    return paper.page("A season, replayed", parts)
