"""The command line: one module a command; what each refuses it says in one sentence, with an exit code of its own."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from api.commands import delegated, verify
from api.commands.exits import ExitCode, NotStarted, PortTaken
from api.runtime.embedded import AlreadyServing, EmbeddedError
from api.runtime.migrations import DatabaseNewer, DatabaseOlder, DatabaseUnreachable
from api.settings import Settings, SettingsError

_REFUSALS: tuple[tuple[type[Exception], ExitCode], ...] = (
    (SettingsError, ExitCode.SETTINGS),
    (NotStarted, ExitCode.FAILED),
    (PortTaken, ExitCode.PORT_TAKEN),
    (AlreadyServing, ExitCode.ALREADY_SERVING),
    (DatabaseNewer, ExitCode.DATABASE_NEWER),
    (DatabaseOlder, ExitCode.FAILED),
    (DatabaseUnreachable, ExitCode.DATABASE_UNREACHABLE),
    (EmbeddedError, ExitCode.SETTINGS),
)

# Modules by the first word of their commands. Each is brought in for its own commands and for help, with all it needs.
_MODULES = {
    "run": "api.commands.run",
    **{command.words[0]: "api.commands.delegated" for command in delegated.COMMANDS},
    "migrate": "api.commands.migrate",
    "replay": "api.commands.replay",
    "simulate": "api.commands.simulate",
    "sdl": "api.commands.contract",
    "refusals": "api.commands.refusals",
}


def run_command(arguments: Sequence[str]) -> int:
    """Runs one command; returns the exit code of the process."""
    parsed = _parser(arguments).parse_args(arguments)
    try:
        return int(parsed.act(Settings.from_environment(os.environ), parsed))
    except tuple(kind for kind, _ in _REFUSALS) as refusal:
        print(f"mergemart: {refusal}", file=sys.stderr)
        return next(code for kind, code in _REFUSALS if isinstance(refusal, kind))
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="main.py",
        description="mergemart: the back end of a supermarket's app, from the receipt to the redeemed coupon.",
        epilog="examples:\n"
        "  python main.py run                    serve on 127.0.0.1:8000, with a database of its own under var/\n"
        "  PORT=8001 python main.py run          on another port\n"
        "  python main.py audit                  check the books, beside a running server or without one\n"
        "  python main.py audit --help           what one command does\n\n"
        "Settings are environment variables (PORT, HOST, MERGEMART_VAR, DATABASE_URL, REDIS_URL and more);\n"
        "docs/operation.md has them all. Without DATABASE_URL every command uses the database under MERGEMART_VAR\n"
        "(default: var/).",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    word = arguments[0] if arguments else ""
    for module in [_MODULES[word]] if word in _MODULES else dict.fromkeys(_MODULES.values()):
        import_module(module).add(commands)
    # `api/commands` runs these two before this parser.
    commands.add_parser(verify.NAME, help=verify.SUMMARY, add_help=False)
    commands.add_parser(verify.WHOLE_NAME, help=verify.WHOLE_SUMMARY, add_help=False)
    return parser
