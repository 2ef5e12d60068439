"""What the load generator itself saw: answers by operation, refusals by code, and what was acknowledged to it."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Counts of one replay. Latencies are microseconds from the first byte sent to the last received.

    `acknowledged` counts what answers said was done, each request id once: what the events must show too. `faults`
    are answers that no client should ever see, by operation and what was said.
    """

    latencies: dict[str, array[int]] = field(default_factory=dict)
    refusals: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)
    acknowledged: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    cut_off: int = 0
    sent_again: int = 0
    players: set[int] = field(default_factory=set)

    def answered(self, operation: str, microseconds: int) -> None:
        """One answer was read to its end."""
        self.requests += 1
        self.latencies.setdefault(operation, array("L")).append(microseconds)

    def percentiles(self) -> dict[str, dict[str, float | int]]:
        """Count, p50, p95, p99 and the slowest of each operation, in milliseconds; the most frequent first."""
        found: dict[str, dict[str, float | int]] = {}
        for operation, values in sorted(self.latencies.items(), key=lambda item: -len(item[1])):
            ordered = sorted(values)
            found[operation] = {"count": len(ordered)} | {
                f"p{percent}_ms": ordered[min(len(ordered) * percent // 100, len(ordered) - 1)] / 1_000
                for percent in (50, 95, 99)
            }
            found[operation]["slowest_ms"] = ordered[-1] / 1_000
        return found
