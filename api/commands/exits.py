"""How the process ends, for scripts that start it; and what servers refuse at their start."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of the command line; 1 also stands for an error that nobody expected."""

    OK = 0
    FAILED = 1
    SETTINGS = 2
    PORT_TAKEN = 3
    ALREADY_SERVING = 4
    DATABASE_NEWER = 5
    DATABASE_UNREACHABLE = 6
    UNPROVED = 7
    INTERRUPTED = 130


class NotStarted(Exception):
    """The server failed at its start; its log says where."""


class PortTaken(Exception):
    """Another program listens on the port."""
