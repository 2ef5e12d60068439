"""The game's files: how they are served, what they may hold, and that they send committed operations alone."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from api.pages.play import OPERATIONS, PLAY, game, write_manifest
from api.settings import Settings
from tests.edge import Edge, open_edge

BYTES_MAX = 150_000
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in PLAY.glob("*.js")}
OURS = {name: text for name, text in SCRIPTS.items() if name != "qr.js"}
# What `npm pack lean-qr@2.7.4` has as index.mjs.
LEAN_QR = "0ce41cd6f92cc23cf057a1df7e1b3876767d678665dd65af4e1d22b4fad967dc"


@pytest.fixture
async def edge(settings: Settings) -> AsyncIterator[Edge]:
    async with open_edge(settings) as opened:
        yield opened


async def test_the_page_names_its_files_by_their_digest_and_they_may_be_kept_for_good(edge: Edge) -> None:
    page = await edge.client.get("/play")
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-cache")
    assert '<meta name="demo" content="yes">' in page.text
    named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(named) >= 4
    for path in named:
        answer = await edge.client.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"
        again = await edge.client.get(path, headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_every_file_is_served_small_or_whole_and_nothing_else_is(edge: Edge) -> None:
    base = f"/play/{game().digest}"
    for name in game().files:
        plain = await edge.client.get(f"{base}/{name}", headers={"accept-encoding": "identity"})
        zipped = await edge.client.get(f"{base}/{name}", headers={"accept-encoding": "gzip"})
        assert "content-encoding" not in plain.headers
        assert plain.content == zipped.content == game().files[name].body
        if len(plain.content) > 1_000:
            assert int(zipped.headers["content-length"]) < len(plain.content)
    for path in (
        f"{base}/index.html", f"{base}/..%2f..%2fmain.py", f"{base}/nothing.js", "/play/0123456789abcdef/main.js",
        f"{base}/%2e%2e/api.js", "/play/",
    ):  # fmt: skip
        assert (await edge.client.get(path)).status_code in (307, 404), path
    assert (await edge.client.head("/play")).status_code == 200


async def test_no_script_or_style_may_run_but_the_files(edge: Edge) -> None:
    page = await edge.client.get("/play")
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'none'", "'self'", "'self'")
    assert (policy["frame-ancestors"], policy["base-uri"]) == ("'none'", "'none'")
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|style=", page.text)


async def test_the_page_asks_for_a_name_in_demo_mode_alone(settings: Settings) -> None:
    async with open_edge(replace(settings, demo=False)) as edge:
        assert '<meta name="demo" content="no">' in (await edge.client.get("/play")).text


async def test_the_worker_may_keep_the_page(edge: Edge) -> None:
    worker = await edge.client.get("/play/worker.js")
    assert (worker.headers["service-worker-allowed"], worker.headers["cache-control"]) == ("/play", "no-cache")


def test_all_of_it_is_small() -> None:
    size = sum(path.stat().st_size for path in PLAY.iterdir())
    assert size < BYTES_MAX, f"{size} bytes"


def test_what_is_sent_stands_in_the_operations() -> None:
    asked = set()
    for text in OURS.values():
        asked |= set(re.findall(r'\b(?:ask|askAll|askPages|change|subscribe)\("(\w+)"', text))
    assert len(asked) > 20
    assert asked <= {path.stem for path in OPERATIONS.glob("*.graphql")}
    assert not [name for name, text in OURS.items() if re.search(r"\b(query|mutation|subscription)\s+\w*\s*[({]", text)]


async def test_the_manifest_names_operations_that_the_server_knows_by_their_hash(edge: Edge) -> None:
    manifest = json.loads(write_manifest())
    assert manifest["BoardChanged"].startswith("subscription")
    answer = await edge.client.post(
        "/graphql", json={"documentId": manifest["Me"]}, headers={"authorization": "Bearer demo:mei"}
    )
    assert answer.json()["data"]["me"]["displayName"] == "mei"


def test_the_worker_keeps_every_file() -> None:
    kept = set(re.findall(r'"([\w.]+\.(?:js|css|svg|json|webmanifest))"', SCRIPTS["main.js"]))
    assert kept == {name for name in game().files if name not in ("worker.js", "qr.LICENSE.txt")}


def test_nothing_comes_from_elsewhere_and_no_credential_goes_into_an_address() -> None:
    for path in PLAY.iterdir():
        text = path.read_text(encoding="utf-8")
        urls = [url for url in re.findall(r"https?://[\w./-]+", text) if "www.w3.org" not in url]
        assert urls == (["https://github.com/davidje13/lean-qr"] if path.name == "qr.js" else []), path.name
    for name, text in OURS.items():
        assert not re.search(r"\b(eval|innerHTML|outerHTML|insertAdjacentHTML|document\.write)\b", text), name
        assert not re.search(r"[?&](token|authorization|access_token)=", text), name


def test_the_code_of_others_is_as_it_was_published() -> None:
    first, _, rest = SCRIPTS["qr.js"].partition("\n")
    assert "MIT" in first
    assert hashlib.sha256(rest.encode()).hexdigest() == LEAN_QR


def test_both_languages_say_the_same_things() -> None:
    bare = re.sub(r'"[^"\n]*"', '""', SCRIPTS["words.js"])
    # Events whose code says it in English have a name in Chinese alone.
    named, translated = (set(re.findall(r"(\w+): \"", part)) for part in re.findall(r"\tevents: \{(.*?)\}", bare, re.S))
    assert named < translated
    bare = re.sub(r"\tevents: \{[^}]*\},\n|//.*", "", bare)
    english, chinese = (
        set(re.findall(r"[{,]\s*(\w+): (?=[\"{])", part)) for part in re.split(r"\nconst (?=ZH|ALL)", bare)[:2]
    )
    assert english == chinese
    assert len(english) > 150
    used = set()
    for name, text in OURS.items():
        if name != "words.js":
            used |= set(re.findall(r'\bsay\(\s*"(\w+)"', text))
    assert used <= english
