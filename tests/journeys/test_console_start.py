"""The console's process: beside `make run`, alone, and what it refuses."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from api.commands.exits import ExitCode
from tests.journeys.test_start import ROOT, Server, free_port

# What the console has no business with; a module of these in its process would mean that it sees past the schema.
SEEN = """
import sys
from api.commands import console
from api.console.serving import build
print(sorted({name.split(".")[0] for name in sys.modules}
             & {"asyncpg", "sqlalchemy", "sqlmodel", "strawberry", "game", "rewards", "loyalty"}))
"""


def test_run_starts_the_console_beside_the_server_leads_to_it_and_ends_it(tmp_path: Path) -> None:
    server = Server(free_port(), tmp_path, MERGEMART_CONSOLE="1")
    said = server.said()
    try:
        assert f"console http://127.0.0.1:{server.port}/console" in said
        assert 'href="/console"' in server.get("/").text
        led = server.get("/console")
        assert led.status_code == 307
        base = led.headers["location"]
        transport = httpx.HTTPTransport(retries=5)
        with httpx.Client(transport=transport, timeout=30, follow_redirects=True) as client:
            page = client.get(base)
            assert (page.status_code, page.url.path) == (200, "/console/sign-in")
            form = {"how": "demo", "name": "olivia", "role": "owner", "lang": "en"}
            foreign = client.post(f"{base}sign-in", data=form, headers={"Origin": "https://evil.example"})
            assert (foreign.status_code, "mergemart_console" in client.cookies) == (403, False)
            wrong = client.post(f"{base}sign-in", data={**form, "role": "king"})
            assert (wrong.status_code, 'role="alert"' in wrong.text) == (401, True)
            home = client.post(f"{base}sign-in", data=form)
            assert (home.status_code, home.url.path) == (200, "/console/")
            assert home.headers["content-security-policy"].startswith("default-src 'none'")
    finally:
        assert server.stop(signal.SIGTERM) == ExitCode.OK
    with pytest.raises(httpx.ConnectError):
        httpx.get(base, timeout=5)
    assert "Traceback" not in "".join(server.errors)


def test_without_a_console_its_path_says_how_to_have_one(tmp_path: Path) -> None:
    server = Server(free_port(), tmp_path)
    try:
        assert "console http" not in server.said()
        answer = server.get("/console")
        assert (answer.status_code, "main.py console" in answer.text) == (404, True)
        assert 'href="/console"' not in server.get("/").text
    finally:
        server.stop()


def refused(*words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "main.py", "console", *words], cwd=ROOT, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


def test_what_the_console_refuses_it_says() -> None:
    code, told = refused("--api", "127.0.0.1:8000")
    assert (code, "--api must be an URL" in told) == (ExitCode.SETTINGS, True)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, told = refused("--port", str(port))
    assert (code, f"port {port}" in told, "Traceback" in told) == (ExitCode.PORT_TAKEN, True, False)


def test_the_server_holds_nothing_of_the_console() -> None:
    program = (
        "import sys, importlib\nfrom api.app import BACKGROUND, CALLERS\nfrom api.commands import line\n"
        "for name in (*CALLERS.values(), *BACKGROUND): importlib.import_module(name.partition(':')[0])\n"
        "print(sorted({name for name in sys.modules if name.startswith(('nicegui', 'api.console', 'socketio'))}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_consoles_process_holds_no_database_and_no_house() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SEEN], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"
