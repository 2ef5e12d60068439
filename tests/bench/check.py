"""Ratios worth keeping: written down by `--record`, and compared with later ones by `--check`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parent / "recorded.json"
# A ratio may fall this far below the recorded one: runs of one tree differ by less than that, seldom by more.
SLACK = 0.15
LEVELS = (16, 64)


def ratios_of(figures: Mapping[str, Any]) -> dict[str, float]:
    """Name -> ratio, of what `--check` measures. Rates themselves depend on the machine too much to be compared."""
    found = {
        f"{row['operation']} at {row['connections']}": row["ratio"]
        for row in figures["mutations"]
        if row["ratio"] and row["connections"] in LEVELS
    }
    reads = figures.get("reads")
    if reads:
        for name in ("query", "home", "unchanged"):
            found[f"{name} to a bare reply"] = reads[name]["per_second"] / reads["bare"]["per_second"]
    return {name: round(ratio, 4) for name, ratio in found.items()}


def record(figures: Mapping[str, Any], path: Path = RECORDED) -> None:
    """Replaces what was recorded of these ratios; others stay."""
    kept: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))["ratios"] if path.exists() else {}
    kept |= ratios_of(figures)
    written = {"machine": figures["about"], "ratios": dict(sorted(kept.items()))}
    path.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")


def fallen(figures: Mapping[str, Any], path: Path = RECORDED) -> list[str]:
    """The names of those ratios that are more than the slack below the recorded ones."""
    recorded = json.loads(path.read_text(encoding="utf-8"))["ratios"]
    return [name for name, ratio in ratios_of(figures).items() if ratio < recorded.get(name, 0) * (1 - SLACK)]


def compare(figures: Mapping[str, Any], path: Path = RECORDED) -> Iterator[str]:
    """A line for each ratio."""
    recorded = json.loads(path.read_text(encoding="utf-8"))["ratios"]
    low = set(fallen(figures, path))
    for name, ratio in ratios_of(figures).items():
        before = recorded.get(name)
        beside = f"recorded {before:.3f}, now {ratio / before:.0%} of it" if before else "not recorded"
        yield f"{name:<28} {ratio:>8.3f}  {beside}{'  FELL' if name in low else ''}"
