"""CPU seconds and resident memory of process trees, from Linux's /proc; elsewhere nothing is measured."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """One look. CPU seconds since each tree began, ended children included; resident memory in MiB.

    PostgreSQL's resident memory counts its shared buffers in each process that has touched them.
    """

    seconds: float
    requests: int
    cpu: dict[str, float]
    memory: dict[str, float]


def measure(seconds: float, requests: int, roots: Mapping[str, int]) -> Sample | None:
    """A look at the trees under these process ids, by name. None where there is no /proc."""
    if not sys.platform.startswith("linux"):
        return None
    found = _processes()
    children: dict[int, list[int]] = {}
    for process, (parent, _, _) in found.items():
        children.setdefault(parent, []).append(process)
    cpu: dict[str, float] = {}
    memory: dict[str, float] = {}
    for name, root in roots.items():
        tree, waiting = [], [root]
        while waiting:
            process = waiting.pop()
            if process in found:
                tree.append(process)
                if process not in roots.values() or process == root:
                    waiting += [child for child in children.get(process, ()) if child not in roots.values()]
        cpu[name] = sum(found[process][1] for process in tree)
        memory[name] = sum(found[process][2] for process in tree) / _MIB
    return Sample(seconds, requests, cpu, memory)


def _processes() -> dict[int, tuple[int, float, int]]:
    """Parent, CPU seconds and resident bytes of every process."""
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    found = {}
    for folder in _PROC.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        used = sum(map(int, fields[11:15])) / ticks
        found[int(folder.name)] = (int(fields[1]), used, int(fields[21]) * page)
    return found


def describe() -> str:
    """This machine in a few words."""
    python = ".".join(map(str, sys.version_info[:3]))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {sys.platform}, Python {python}"
