"""The report of the season as it ships, kept so that a changed number alone is to be played."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from api.content import seed_files
from api.simulate.wanted import Wanted, sheet_hashes

_ROOT = Path(__file__).resolve().parents[2]
_CODE = ("api/simulate", "game", "rewards", "loyalty")


def read(folder: Path, wanted: Wanted) -> dict[str, Any] | None:
    """The kept report of that season under this code and these sheets; None where there is none."""
    try:
        found: dict[str, Any] = json.loads(_path(folder, wanted).read_bytes())
    except (OSError, ValueError):
        return None
    return found


def write(folder: Path, wanted: Wanted, document: dict[str, Any]) -> None:
    """Keeps a report, in the place of all that were kept before."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.json"):
        path.unlink()
    path = _path(folder, wanted)
    half = path.with_suffix(".half")
    half.write_text(json.dumps(document), encoding="utf-8")
    half.replace(path)


def _path(folder: Path, wanted: Wanted) -> Path:
    """The name says all that a season follows from: what is asked for, sheets, and the code that plays."""
    asked = {
        "members": wanted.members, "days": wanted.days, "seed": wanted.seed, "lanes": wanted.lanes,
        "mix": {kind.value: share for kind, share in wanted.mix.items()},
        "sheets": sheet_hashes(seed_files(), wanted.changes), "code": _digest_of_code(),
    }  # fmt: skip
    return folder / f"{sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:32]}.json"


def _digest_of_code() -> str:
    found = sha256()
    for path in sorted(path for place in _CODE for path in (_ROOT / place).rglob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()
