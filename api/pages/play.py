"""The game in a browser, at `/play`: the files of `api/play` as they are, and a list of the operations that it sends.

All files stand under a folder named by their digest, so that a browser may keep them for good and never mixes two
versions; only the page itself is asked for again.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response

_API = Path(__file__).resolve().parents[1]
PLAY = _API / "play"
OPERATIONS = _API / "mobile" / "operations"
_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_SMALL = 512


@dataclass(frozen=True, slots=True)
class Served:
    """One file, ready to be sent."""

    body: bytes
    zipped: bytes
    media_type: str
    etag: str


@dataclass(frozen=True, slots=True)
class Game:
    """Every file by its name, and the digest that they stand under."""

    files: Mapping[str, Served]
    digest: str


def write_manifest(operations: Path = OPERATIONS) -> str:
    """What each operation is sent as: its hash, or its text where a socket takes it (subscriptions)."""
    found = {}
    for path in sorted(operations.glob("*.graphql")):
        text = path.read_text(encoding="utf-8").strip()
        hashed = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
        found[path.stem] = text if text.startswith("subscription") else hashed
    return json.dumps(found, indent=0)


@cache
def game() -> Game:
    """The files as they are on disk; read once."""
    bodies = {path.name: path.read_bytes() for path in sorted(PLAY.iterdir()) if path.suffix in _TYPES}
    bodies["operations.json"] = write_manifest().encode()
    digest = hashlib.sha256(b"".join(name.encode() + b"\0" + body for name, body in bodies.items())).hexdigest()[:16]
    return Game({name: _served(name, body) for name, body in bodies.items() if name != "index.html"}, digest)


@cache
def page(*, demo: bool) -> Served:
    """The page itself; in demo mode it asks for a name."""
    text = (PLAY / "index.html").read_text(encoding="utf-8")
    text = text.replace("%BASE%", f"/play/{game().digest}").replace("%DEMO%", "yes" if demo else "no")
    return _served("index.html", text.encode())


def play_routes(*, demo: bool) -> APIRouter:
    """`/play`, its service worker, and `/play/<digest>/<file>` for the known files alone: names are looked up."""
    routes = APIRouter()

    @routes.api_route("/play", methods=["GET", "HEAD"], include_in_schema=False)
    def read_page(request: Request) -> Response:
        return _answer(request, page(demo=demo), "no-cache")

    @routes.api_route("/play/worker.js", methods=["GET", "HEAD"], include_in_schema=False)
    def read_worker(request: Request) -> Response:
        answer = _answer(request, game().files["worker.js"], "no-cache")
        answer.headers["Service-Worker-Allowed"] = "/play"
        return answer

    @routes.api_route("/play/{digest}/{name}", methods=["GET", "HEAD"], include_in_schema=False)
    def read_file(request: Request, digest: str, name: str) -> Response:
        file = game().files.get(name)
        if file is None or digest != game().digest:
            raise HTTPException(404)
        return _answer(request, file, "public, max-age=31536000, immutable")

    return routes


def _served(name: str, body: bytes) -> Served:
    zipped = gzip.compress(body, 9, mtime=0)
    return Served(body, zipped, _TYPES[Path(name).suffix], f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def _answer(request: Request, file: Served, keep: str) -> Response:
    headers = {**_HEADERS, "Cache-Control": keep, "ETag": file.etag, "Vary": "Accept-Encoding"}
    if file.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    body = file.body
    if len(body) > _SMALL and "gzip" in request.headers.get("accept-encoding", ""):
        body = file.zipped
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type=file.media_type, headers=headers)
