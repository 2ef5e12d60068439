"""Front door: the command line, and `app` for an ASGI server. No logic."""

from __future__ import annotations

import sys

from api.commands import main


def __getattr__(name: str) -> object:
    """`main:app`, built when it is first asked for: the command line must not read settings to print its help."""
    if name == "app":
        from api.app import app_from_environment

        return app_from_environment()
    raise AttributeError(name)


if __name__ == "__main__":
    sys.exit(main())
