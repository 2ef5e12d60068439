"""What goes wrong with embedded servers, said so that the reader can cure it."""

from __future__ import annotations


class EmbeddedError(Exception):
    """An embedded server cannot be had; the text names the reason and the cure."""


class AlreadyServing(EmbeddedError):
    """Another server already serves from this data folder."""
