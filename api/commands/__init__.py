"""The command line. What works offline starts without the rest, which knows databases and servers."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from api.runtime.collector import rest_collector, wake_collector


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code of the process."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] in (["verify-draw"], ["verify"]):
        from api.commands import verify  # noqa: PLC0415 - alone: it works offline, without any database module

        return verify.run(words[1:]) if words[0] == "verify-draw" else verify.run_whole(words[1:])
    if words[:1] == ["console"]:
        from api.commands import console  # noqa: PLC0415 - alone: it knows the API's address and no database

        return console.run(words[1:])
    rest_collector()
    from api.commands.line import run_command  # noqa: PLC0415 - brings in what these two must not

    wake_collector()
    return run_command(words)
