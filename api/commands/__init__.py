"""The command line: one module a command; what each refuses it says in one sentence, with an exit code of its own."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from api.commands import contract, delegated, migrate, run
from api.commands.exits import ExitCode
from api.runtime.embedded import AlreadyServing, EmbeddedError
from api.runtime.migrations import DatabaseNewer, DatabaseUnreachable
from api.settings import Settings, SettingsError

_REFUSALS: tuple[tuple[type[Exception], ExitCode], ...] = (
    (SettingsError, ExitCode.SETTINGS),
    (run.NotStarted, ExitCode.FAILED),
    (run.PortTaken, ExitCode.PORT_TAKEN),
    (AlreadyServing, ExitCode.ALREADY_SERVING),
    (DatabaseNewer, ExitCode.DATABASE_NEWER),
    (DatabaseUnreachable, ExitCode.DATABASE_UNREACHABLE),
    (EmbeddedError, ExitCode.SETTINGS),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code of the process."""
    parsed = _parser().parse_args(arguments)
    try:
        return int(parsed.act(Settings.from_environment(os.environ), parsed))
    except tuple(kind for kind, _ in _REFUSALS) as refusal:
        print(f"mergemart: {refusal}", file=sys.stderr)
        return next(code for kind, code in _REFUSALS if isinstance(refusal, kind))
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="main.py",
        description="mergemart: a supermarket's app, from the receipt to the redeemed coupon.",
        epilog="Variables: PORT, HOST, MERGEMART_VAR (data folder), DATABASE_URL, REDIS_URL and more: see docs.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (run, migrate, contract, delegated):
        module.add(commands)
    return parser
