"""`main.py verify-draw FILES`: checks receipts of draws offline; neither it nor what it imports knows a database."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from api.commands.exits import ExitCode
from rewards.gacha.rules.chains import check_together
from rewards.gacha.rules.verifying import SEED_KEY, Verdict, read_document, seeds_of, verify

NAME = "verify-draw"
SUMMARY = "check receipts of draws offline: what they prove, what they only claim, what is wrong"
_EPILOG = """\
FILES are receipts as `drawReceipt { document }` gives them, one JSON document each. A receipt proves its rolls once it
holds the server seed; a file with the answer of `revealSeed` (a JSON object with serverSeedHex) serves for all receipts
of that epoch. Several receipts together prove more: that nonces and pity follow each other.

exit codes:
  0  everything was proved
  1  something is wrong, or a file is no receipt
  2  a file cannot be read
  7  nothing is wrong, but the server seed of some receipt is not revealed yet

example:
  python main.py verify-draw draw-1.json draw-2.json

docs/fairness.md defines the receipt and the rolls."""


def parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    made = argparse.ArgumentParser(
        prog=f"main.py {NAME}", description=SUMMARY, epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    made.add_argument("files", nargs="+", metavar="FILES", help="receipts, and answers of revealSeed")
    return made


def run(arguments: Sequence[str]) -> int:
    """Verifies the files and prints what came of it; returns the exit code."""
    names = parser().parse_args(arguments).files
    documents: dict[str, Mapping[str, Any]] = {}
    broken = False
    for name in names:
        try:
            documents[name] = read_document(Path(name).read_text(encoding="utf-8"))
        except OSError as error:
            print(f"{name}: {error.strerror}", file=sys.stderr)
            return ExitCode.SETTINGS
        except (ValueError, RecursionError) as error:
            print(f"{name}\n  WRONG    it is no receipt: {error}")
            broken = True
    seeds = seeds_of(list(documents.values()))
    verdicts = [
        verify(name, document, seeds) for name, document in documents.items() if not _is_reveal(document)
    ]  # fmt: skip
    together = check_together(verdicts)
    for verdict in verdicts:
        _print(verdict)
    for sentence in together:
        print(f"together\n  proved   {sentence}")
    return _sum_up(verdicts, broken=broken)


def _is_reveal(document: Mapping[str, Any]) -> bool:
    """Whether that is no receipt, but holds a seed."""
    return SEED_KEY in document and "format" not in document and "rolls" not in document


def _print(verdict: Verdict) -> None:
    document = verdict.document
    told = ""
    if all(key in document for key in ("pool", "oddsVersion", "epoch", "nonce", "index", "count")):
        told = (
            f": draw {document['index']} of {document['count']} from {document['pool']} {document['oddsVersion']}, "
            f"epoch {document['epoch']}, nonce {document['nonce']}"
        )
    print(f"{verdict.name}{told}")
    for word, sentences in (("WRONG", verdict.wrong), ("proved", verdict.proved), ("claimed", verdict.claimed)):
        for sentence in sentences:
            print(f"  {word:<8} {sentence}")


def _sum_up(verdicts: Sequence[Verdict], *, broken: bool) -> int:
    wrong = sum(bool(verdict.wrong) for verdict in verdicts)
    proved = sum(verdict.is_proved for verdict in verdicts)
    waiting = len(verdicts) - wrong - proved
    receipts = "1 receipt" if len(verdicts) == 1 else f"{len(verdicts)} receipts"
    print(f"\n{receipts}: {proved} proved, {waiting} not proved yet, {wrong} wrong")
    if wrong or broken:
        return ExitCode.FAILED
    if not verdicts:
        print("there was no receipt among the files")
        return ExitCode.FAILED
    return ExitCode.UNPROVED if waiting else ExitCode.OK
