"""The page that demo mode shows to a browser at a schema's address: write an operation, send it, read the answer.

Self-contained: no script, style or font comes from elsewhere.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

_TOKENS = {"mobile": "demo:mei", "till": "demo:store", "partner": "demo:brand", "admin": "demo:olivia:owner"}


@cache
def page(kind: str) -> bytes:
    """The page for one schema, with a demo token filled in."""
    text = files("api.graphql").joinpath("explorer.html").read_text(encoding="utf-8")
    return text.replace("%KIND%", kind).replace("%TOKEN%", _TOKENS.get(kind, "demo:mei")).encode()
