"""The launcher: servers that are shared, adopted, brought back, and never left behind."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from api.runtime.embedded import AlreadyServing, Embedded, EmbeddedError, account, embedded, postgres, redis
from api.runtime.embedded.binaries import postgres_programs
from tests.faults.waiting import alive, until

ROOT = Path(__file__).resolve().parents[2]
_HOLD = """
import sys, time
from pathlib import Path
from api.runtime.embedded import Embedded
servers = Embedded(Path(sys.argv[1]), durable=False)
with servers.serving_alone(), servers:
    print(servers.process_ids["postgres"], flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def var() -> Iterator[Path]:
    """A folder that every account can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="mergemart-test-"))
    folder.chmod(0o755)
    yield folder / "var"
    shutil.rmtree(folder)


def ask(url: str, statement: str) -> str:
    async def run() -> str:
        engine = create_async_engine(url, poolclass=NullPool)
        async with engine.begin() as connection:
            result = await connection.execute(text(statement))
            answer = str(result.scalar()) if result.returns_rows else ""
        await engine.dispose()
        return answer

    return asyncio.run(run())


def answers(url: str) -> bool:
    try:
        return ask(url, "SELECT 1") == "1"
    except (OSError, SQLAlchemyError):
        return False


def hold(var: Path) -> tuple[subprocess.Popen[str], int]:
    """Another process that uses the servers of `var`, and the process id of its PostgreSQL."""
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(var)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    return holder, int(holder.stdout.readline())


def release(holder: subprocess.Popen[str]) -> None:
    holder.communicate(timeout=30)
    assert holder.returncode == 0


def test_what_was_committed_is_there_at_the_next_start_and_nothing_runs_between(var: Path) -> None:
    with embedded(var) as servers:
        running = servers.process_ids
        assert ask(servers.database_url, "SELECT current_user || current_setting('fsync')") == "mergemart_appon"
        ask(servers.owner_url, "CREATE TABLE kept AS SELECT 7 AS figure")
        secret = servers.secret
    assert set(running) >= {"postgres"}
    assert not any(alive(process_id) for process_id in running.values())
    with embedded(var) as servers:
        assert ask(servers.owner_url, "SELECT figure FROM kept") == "7"
        assert servers.secret == secret
    assert stat.S_IMODE((var / "secret").stat().st_mode) == 0o600


def test_a_server_that_is_about_to_be_gone_is_waited_for() -> None:
    with subprocess.Popen(["sleep", "0.3"]) as leaving:
        assert not postgres._ended(leaving.pid)
        postgres._await_end(leaving.pid)
        assert postgres._ended(leaving.pid), "as a zombie, which nobody has asked for yet"
        leaving.wait()
        assert postgres._ended(leaving.pid)


def test_only_the_owner_of_the_socket_folder_gets_in(var: Path) -> None:
    with embedded(var, durable=False) as servers:
        assert stat.S_IMODE((servers.var / "sockets").stat().st_mode) == 0o700
        assert ask(servers.database_url, "SELECT current_setting('listen_addresses')") == ""
        rights = "SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
        assert ask(servers.database_url, rights) == "False"
        with pytest.raises(Exception, match="permission denied"):
            ask(servers.database_url, "CREATE TABLE mine (id int)")


def test_a_second_process_shares_the_servers_and_the_last_one_stops_them(var: Path) -> None:
    holder, process_id = hold(var)
    with embedded(var, durable=False) as servers:
        assert servers.process_ids["postgres"] == process_id
        release(holder)
        assert ask(servers.database_url, "SELECT 1") == "1"
    assert not alive(process_id)


def test_processes_that_start_together_start_one_server(var: Path) -> None:
    var.parent.mkdir(exist_ok=True)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _HOLD.replace("servers.serving_alone(), ", ""), str(var)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    found = {int(process.stdout.readline()) for process in started if process.stdout}
    assert len(found) == 1
    for process in started:
        release(process)
    assert not alive(found.pop())


def test_servers_left_by_a_killed_process_are_adopted(var: Path) -> None:
    holder, process_id = hold(var)
    holder.kill()
    holder.wait()
    assert alive(process_id)
    with embedded(var, durable=False) as servers:
        assert servers.process_ids["postgres"] == process_id
    assert not alive(process_id)


def test_one_server_at_a_time_serves_from_a_folder_and_a_killed_one_frees_it(var: Path) -> None:
    holder, _ = hold(var)
    with pytest.raises(AlreadyServing, match="MERGEMART_VAR"), Embedded(var, durable=False).serving_alone():
        pass
    holder.kill()
    holder.wait()
    servers = Embedded(var, durable=False)
    with servers.serving_alone(), servers:
        assert ask(servers.database_url, "SELECT 1") == "1"


def test_a_killed_postgres_comes_back_with_all_that_was_committed(var: Path) -> None:
    with embedded(var) as servers:
        servers.watch(0.05)
        ask(servers.owner_url, "CREATE TABLE kept AS SELECT 7 AS figure")
        killed = servers.process_ids["postgres"]
        os.kill(killed, signal.SIGKILL)
        until(lambda: servers.process_ids.get("postgres") not in {None, killed})
        until(lambda: answers(servers.owner_url))
        assert ask(servers.owner_url, "SELECT figure FROM kept") == "7"


def test_a_killed_redis_comes_back(var: Path) -> None:
    with embedded(var, durable=False) as servers:
        if servers.redis_url is None:
            pytest.skip("no Redis for this version of Python among the installed packages")
        servers.watch(0.05)
        killed = servers.process_ids["redis"]
        os.kill(killed, signal.SIGKILL)
        until(lambda: servers.process_ids.get("redis") not in {None, killed})


def test_a_redis_whose_socket_was_deleted_is_still_stopped(var: Path) -> None:
    with embedded(var, durable=False) as servers:
        if servers.redis_url is None:
            pytest.skip("no Redis for this version of Python among the installed packages")
        running = servers.process_ids["redis"]
        (servers.sockets / "redis.sock").unlink()
    assert not alive(running)


def test_without_a_redis_for_this_python_everything_else_starts(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis, "redis_program", lambda: None)
    with embedded(var, durable=False) as servers:
        assert servers.redis_url is None
        assert set(servers.process_ids) == {"postgres"}
        assert ask(servers.database_url, "SELECT 1") == "1"


def test_a_pid_file_whose_number_now_belongs_to_another_program_is_no_obstacle(var: Path) -> None:
    with embedded(var, durable=False):
        pass
    stranger = subprocess.Popen(["sleep", "100"])
    try:
        lines = f"{stranger.pid}\n{var}/postgres\n0\n5432\n\n\n\nready\n"
        (var / "postgres" / "postmaster.pid").write_text(lines)
        with embedded(var, durable=False) as servers:
            assert ask(servers.database_url, "SELECT 1") == "1"
    finally:
        stranger.kill()
        stranger.wait()


def test_an_interrupted_first_start_is_repeated(var: Path) -> None:
    (var / "postgres.new" / "base").mkdir(parents=True)
    with embedded(var, durable=False) as servers:
        assert ask(servers.database_url, "SELECT 1") == "1"


def test_a_path_too_long_for_a_socket_gets_a_private_folder_elsewhere(var: Path) -> None:
    long = var / ("x" * 100)
    with embedded(long, durable=False) as servers:
        sockets = servers.sockets
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert ask(servers.database_url, "SELECT 1") == "1"
    shutil.rmtree(sockets)


def test_a_folder_that_cannot_be_made_is_named_with_its_cure() -> None:
    with pytest.raises(EmbeddedError, match="MERGEMART_VAR"):
        Embedded(Path("/proc/nowhere"))


def test_data_of_a_version_that_is_not_installed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(EmbeddedError, match=r"made by PostgreSQL 9\.6"):
        postgres_programs(tmp_path)


@pytest.mark.skipif(os.getuid() != 0, reason="only root has to leave root")
def test_root_without_user_namespaces_runs_postgres_as_nobody(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = postgres_programs(var)
    if not _reachable(programs):
        pytest.skip(f"the account nobody cannot reach {programs}")
    monkeypatch.setattr(account, "_namespaces_work", lambda: False)
    with embedded(var, durable=False) as servers:
        owner = (var / "postgres").stat().st_uid
        assert owner == pwd.getpwnam("nobody").pw_uid
        assert ask(servers.database_url, "SELECT 1") == "1"
    monkeypatch.undo()
    with embedded(var, durable=False) as servers:
        assert ask(servers.database_url, "SELECT 1") == "1"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user_needs_no_privilege(var: Path) -> None:
    if not _reachable(Path(sys.executable).resolve()) or not _reachable(ROOT):
        pytest.skip("an ordinary user cannot reach this interpreter")
    nobody = pwd.getpwnam("nobody")
    var.mkdir()
    os.chown(var, nobody.pw_uid, nobody.pw_gid)
    done = subprocess.run(
        [sys.executable, "-B", "-c", _HOLD, str(var)], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, check=False, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (var / "postgres").stat().st_uid == nobody.pw_uid


def _reachable(path: Path) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents))


def test_a_server_that_does_not_start_at_first_is_brought_back_later(var: Path) -> None:
    """As when what the dead one left is still held: whoever looks after it goes on looking."""
    with Embedded(var, durable=False) as servers:
        servers.watch(0.05)
        control = var / "postgres" / "global" / "pg_control"
        control.rename(control.with_name("away"))
        os.kill(servers.process_ids["postgres"], signal.SIGKILL)
        log = next(each for each in var.rglob("*.log") if "postgres" in str(each))
        until(lambda: log.read_text(errors="replace").count("pg_control") >= 2, 60)
        control.with_name("away").rename(control)
        until(lambda: answers(servers.database_url), 60)
