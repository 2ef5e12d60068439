"""The pages of `docs/`, as they are written, for whoever has the server but not the repository before him."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.responses import PlainTextResponse

_DOCS = Path(__file__).resolve().parents[2] / "docs"


@cache
def documentation() -> dict[str, Path]:
    """File name -> file, of the pages that are there; read once."""
    return {path.name: path for path in sorted(_DOCS.glob("*.md"))}


def docs_routes() -> APIRouter:
    """`/docs/<page>.md` for the known pages alone: the name is looked up, never joined to a path."""
    routes = APIRouter()

    @routes.get("/docs/{name}", include_in_schema=False)
    def read_page(name: str) -> PlainTextResponse:
        path = documentation().get(name)
        if path is None:
            raise HTTPException(404)
        return PlainTextResponse(path.read_text(encoding="utf-8"))

    return routes
