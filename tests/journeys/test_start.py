"""A newcomer's first minutes: start, look, stop, start again, and every way in which that can go wrong."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import httpx
import orjson
import pytest

from api.commands.exits import ExitCode
from api.runtime.embedded import Embedded
from api.runtime.embedded.locks import FileLock

ROOT = Path(__file__).resolve().parents[2]
_SECONDS = 60


class Server:
    """`main.py run` as a process of its own."""

    def __init__(self, port: int, var: Path, **environment: str) -> None:
        self.port, self.var = port, var
        self._process = subprocess.Popen(
            [sys.executable, "main.py", "run"], cwd=ROOT, text=True, env=_environment(port, var, **environment),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self.errors: list[str] = []
        assert self._process.stderr is not None
        threading.Thread(target=self.errors.extend, args=(self._process.stderr,), daemon=True).start()

    def said(self) -> str:
        """What it prints until it serves."""
        assert self._process.stdout is not None
        lines: list[str] = []
        for line in self._process.stdout:
            lines.append(line)
            if "Stop: Ctrl-C" in line:
                return "".join(lines)
        raise AssertionError("".join(lines + self.errors))

    def stop(self, number: int = signal.SIGINT) -> int:
        self._process.send_signal(number)
        code = self._process.wait(_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=10)


def _environment(port: int, var: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MERGEMART_", "DATABASE_"))}
    return kept | {"PORT": str(port), "MERGEMART_VAR": str(var), "MERGEMART_CONSOLE": "0"} | more


def refused_start(port: int, var: Path, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "main.py", "run"], cwd=ROOT, text=True, capture_output=True, timeout=_SECONDS, check=False,
        env=_environment(port, var, **environment),
    )  # fmt: skip
    return done.returncode, done.stderr


@contextmanager
def serving(var: Path) -> Iterator[tuple[Server, str]]:
    server = Server(free_port(), var)
    try:
        yield server, server.said()
    finally:
        server.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def var(tmp_path: Path) -> Path:
    return tmp_path / "var"


def test_the_printed_curl_line_works(var: Path) -> None:
    with serving(var) as (_, said):
        line = re.search(r"curl .*?(?=\n\n)", said, re.DOTALL)
        assert line
        words = shlex.split(line.group(0).replace("\\\n", ""))
        headers = dict(word.split(": ", 1) for flag, word in pairwise(words) if flag == "-H")
        url = next(word for word in words if word.startswith("http"))
        answer = httpx.post(url, headers=headers, content=words[words.index("-d") + 1], timeout=10)
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["me"]["id"].startswith("mem_")


def test_health_says_what_it_stands_on(var: Path) -> None:
    with serving(var) as (server, _):
        assert server.get("/healthz").json() == {"status": "ok"}
        ready = server.get("/readyz")
        assert (ready.status_code, ready.json()["status"], ready.json()["database"]) == (200, "ready", "ok")
        assert "mergemart_pool_size" in server.get("/metrics").text


def test_the_landing_page_speaks_both_languages_and_names_the_four_schemas(var: Path) -> None:
    with serving(var) as (server, _):
        english, chinese = server.get("/"), server.get("/", **{"Accept-Language": "zh-TW,en;q=0.5"})
        assert (english.headers["content-language"], chinese.headers["content-language"]) == ("en", "zh-TW")
        for path in ("/graphql", "/till/graphql", "/partner/graphql", "/admin/graphql"):
            assert f'href="{path}/schema.graphql"' in english.text
            assert server.get(f"{path}/schema.graphql").status_code == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_leaves_nothing_running_and_the_data_in_place(var: Path, number: int) -> None:
    server = Server(free_port(), var)
    server.said()
    assert server.stop(number) == ExitCode.OK
    users = FileLock(var / "users.lock")
    assert users.try_exclusive(), "somebody still uses the servers"
    users.release()
    assert not (var / "postgres" / "postmaster.pid").exists()
    assert (var / "postgres" / "PG_VERSION").exists()


def test_the_log_is_json_without_personal_data(var: Path) -> None:
    with serving(var) as (server, _):
        server.get("/healthz")
    entries = [orjson.loads(line) for line in server.errors]
    assert entries
    assert all(set(entry) >= {"at", "level", "logger", "message"} for entry in entries)


def test_a_second_start_on_the_same_folder_says_so(var: Path) -> None:
    with serving(var) as (_, __):
        code, said = refused_start(free_port(), var)
    assert code == ExitCode.ALREADY_SERVING
    assert "already runs" in said
    assert "MERGEMART_VAR=" in said


def test_a_port_in_use_is_named_with_another_choice(var: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code, said = refused_start(port, var)
    assert code == ExitCode.PORT_TAKEN
    assert f"port {port}" in said
    assert f"PORT={port + 1} make run" in said
    assert not (var / "postgres").exists(), "nothing was started for it"


def test_a_database_from_newer_code_is_refused(var: Path) -> None:
    with serving(var):
        pass
    with Embedded(var) as servers:
        statement = "DELETE FROM alembic_version; INSERT INTO alembic_version VALUES ('fffffffffff1')"
        subprocess.run(
            [servers.pg_bin / "psql", "-h", servers.sockets, "-U", "mergemart_owner", "mergemart", "-c", statement],
            check=True, capture_output=True,
        )  # fmt: skip
    code, said = refused_start(free_port(), var)
    assert code == ExitCode.DATABASE_NEWER
    assert "newer version" in said


def test_demo_mode_with_an_outside_database_is_refused(var: Path) -> None:
    code, said = refused_start(
        free_port(), var, DATABASE_URL="postgresql://app@db/shop", MERGEMART_SECRET="s" * 32, MERGEMART_DEMO="1"
    )
    assert code == ExitCode.SETTINGS
    assert "MERGEMART_DEMO" in said


def test_a_database_that_does_not_answer_is_named(var: Path) -> None:
    code, said = refused_start(
        free_port(), var, DATABASE_URL="postgresql://app:pw@localhost:1/shop", MERGEMART_SECRET="s" * 32
    )
    assert code == ExitCode.DATABASE_UNREACHABLE
    assert "localhost port 1" in said
    assert "pw" not in said
