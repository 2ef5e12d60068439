"""`main.py verify-draw FILES` and `main.py verify FILES`: receipts of draws, checked offline.

Neither this nor what it imports knows a database.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from api.commands.exits import ExitCode
from game.chests.rules import receipts as chests
from rewards.gacha.rules.chains import check_sheets, check_together, find_gaps
from rewards.gacha.rules.verifying import SEED_KEY, Verdict, read_document, read_documents, seeds_of, verify

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

WHOLE_NAME = "verify"
WHOLE_SUMMARY = "check all draws of a member offline: receipts, revealed seeds and published odds together"
_WHOLE_EPILOG = """\
FILES are JSON, one document or a list of documents each, told apart by what they hold: receipts as
`drawReceipt { document }` gives them, answers of `revealSeed` (with serverSeedHex), and odds as the page /odds
publishes them (/odds/<hash>.json). What is checked beyond `verify-draw`: the nonces of each epoch have no gap from 0
to the last one that is there, and, where odds are among the files, each receipt's odds are one of them.

exit codes:
  0  everything was proved
  1  something is wrong or missing, or a file is nothing of that kind
  2  a file cannot be read
  7  nothing is wrong, but the server seed of some receipt is not revealed yet

example:
  python main.py verify receipts/*.json reveal-1.json odds/*.json"""


def parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    made = argparse.ArgumentParser(
        prog=f"main.py {NAME}", description=SUMMARY, epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    made.add_argument("files", nargs="+", metavar="FILES", help="receipts, and answers of revealSeed")
    return made


def whole_parser() -> argparse.ArgumentParser:
    """The arguments of `verify`."""
    made = argparse.ArgumentParser(
        prog=f"main.py {WHOLE_NAME}", description=WHOLE_SUMMARY, epilog=_WHOLE_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    made.add_argument("files", nargs="+", metavar="FILES", help="receipts, answers of revealSeed, published odds")
    return made


def run(arguments: Sequence[str]) -> int:
    """Verifies the files and prints what came of it; returns the exit code."""
    return _verify(parser().parse_args(arguments).files, whole=False)


def run_whole(arguments: Sequence[str]) -> int:
    """The same of everything that a member has, where nothing may be missing."""
    return _verify(whole_parser().parse_args(arguments).files, whole=True)


def _verify(names: Sequence[str], *, whole: bool) -> int:
    documents: dict[str, Mapping[str, Any]] = {}
    broken = False
    for name in names:
        try:
            documents |= _read(name, Path(name).read_text(encoding="utf-8"), whole=whole)
        except OSError as error:
            print(f"{name}: {error.strerror}", file=sys.stderr)
            return ExitCode.SETTINGS
        except (ValueError, RecursionError) as error:
            print(f"{name}\n  WRONG    it is no receipt: {error}")
            broken = True
    seeds = seeds_of(list(documents.values()))
    odds = [each for each in documents.values() if _is_odds(each)] if whole else []
    opened = [chests.verify(name, each, seeds) for name, each in documents.items() if chests.is_receipt(each)]
    verdicts = [
        verify(name, document, seeds)
        for name, document in documents.items()
        if not _is_reveal(document) and not (whole and _is_odds(document)) and not chests.is_receipt(document)
    ]
    together = check_together(verdicts)
    if odds:
        check_sheets(verdicts, odds)
    missing = find_gaps(verdicts) if whole else []
    chests.check_together(opened)
    verdicts += opened
    for verdict in verdicts:
        _print(verdict)
    for sentence in together:
        print(f"together\n  proved   {sentence}")
    for sentence in missing:
        print(f"together\n  MISSING  {sentence}")
    return _sum_up(verdicts, broken=broken or bool(missing))


def _read(name: str, text: str, *, whole: bool) -> dict[str, Mapping[str, Any]]:
    """The documents of a file by name; a list is for `verify` alone."""
    if not whole or not text.lstrip().startswith("["):
        return {name: read_document(text)}
    return {f"{name}[{at}]": each for at, each in enumerate(read_documents(text))}


def _is_odds(document: Mapping[str, Any]) -> bool:
    """Whether that is a table of odds as it was published."""
    return "prizes" in document and "format" not in document and SEED_KEY not in document


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
    elif chests.is_receipt(document):
        told = f": chest {document.get('chest')}, {document.get('kind')}"
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
