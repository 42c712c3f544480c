"""Scratch servers: quick, alone, and of no use to the SQL that runs in them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.sandbox.machine import (
    SMALL,
    our_identity,
    our_named_identity,
    our_python,
    processes_with,
    real_sandbox,
    worker_environment,
)
from tests.source_files import ROOT
from workers.databases.postgresql.binaries import Binaries, installed
from workers.databases.postgresql.server import Server, Servers
from workers.sandbox.folders import sweep
from workers.sandbox.profile import MEBIBYTE, Profile
from workers.sandbox.run import Sandbox, Unsandboxed
from workers.sandbox.runtime import open_area

pytestmark = [pytest.mark.db, pytest.mark.sandbox]

MAJORS = pytest.mark.parametrize("major", [16, 18])
HOST_SEARCH = "id -u; ls -d /root /home /var /etc/shadow /sys; cat /proc/1/environ; env; ls /sys/class/net; echo end"
START_AND_WAIT = """
import sys, time
from pathlib import Path
from tests.sandbox.machine import real_sandbox
from workers.databases.postgresql.binaries import installed
from workers.databases.postgresql.server import Servers
area = Path(sys.argv[1])
with Servers(sandbox=real_sandbox(area).sandbox, area=area, binaries=installed()[-1]).started() as server:
    print(server.socket_dir, flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def area(shared_dir: Path) -> Path:
    return open_area(shared_dir / "servers", our_identity())


@pytest.fixture(scope="module")
def sandbox(area: Path) -> Sandbox:
    return real_sandbox(area).sandbox


def binaries(major: int) -> Binaries:
    return next(found for found in installed() if found.major == major)


@pytest.fixture(scope="module")
def servers(sandbox: Sandbox, area: Path) -> Servers:
    return Servers(sandbox=sandbox, area=area, binaries=binaries(18))


@pytest.fixture(scope="module")
def server(servers: Servers) -> Iterator[Server]:
    with servers.started(log_statement="all") as server:
        yield server


def rows(server: Server, *statements: str) -> list[tuple]:
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        for statement in statements[:-1]:
            connection.execute(statement.encode())
        return connection.execute(statements[-1].encode()).fetchall()


def shell_in(server: Server, command: str) -> list[str]:
    """What a superuser's COPY TO and FROM PROGRAM get to see."""
    quoted = command.replace("'", "''")
    found = rows(
        server,
        "DROP TABLE IF EXISTS seen",
        "CREATE TABLE seen (line text)",
        f"COPY seen FROM PROGRAM '({quoted}) 2>&1'",
        "SELECT line FROM seen",
    )
    return [line for (line,) in found]


def eventually(true: Callable[[], bool], seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


@MAJORS
def test_each_major_version_starts_in_the_sandbox(sandbox: Sandbox, area: Path, major: int):
    servers = Servers(sandbox=sandbox, area=area, binaries=binaries(major))
    with servers.started() as server:
        assert server.major == major
        assert rows(server, "SHOW server_version")[0][0].split()[0] == server.version
        assert rows(server, "SELECT current_user, current_setting('is_superuser')") == [("postgres", "on")]


def test_the_template_is_made_once_and_then_servers_start_quickly(servers: Servers):
    with servers.started():
        pass
    began = time.monotonic()
    with servers.started():
        took = time.monotonic() - began
    assert took < 2.0, "0.15 s on an idle machine"


def test_two_servers_share_nothing(servers: Servers):
    with servers.started() as one, servers.started() as other:
        rows(one, "CREATE TABLE only_here (x int)", "SELECT 1")
        assert rows(other, "SELECT count(*) FROM pg_class WHERE relname = 'only_here'") == [(0,)]


def test_a_superusers_shell_sees_nothing_of_the_machine(server: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SCHEMAGATE_STATE_KEY", "not for strangers")
    seen = shell_in(server, HOST_SEARCH)
    assert seen[0] == "65534"
    assert seen[-1] == "end"
    assert sum("No such file" in line for line in seen) == 6
    assert not any("SCHEMAGATE" in line or "not for strangers" in line for line in seen)


def test_a_superusers_shell_has_no_network_and_no_second_port(server: Server):
    code = "exec 3<>/dev/tcp/127.0.0.1/22"
    assert any("Address family not supported" in line for line in shell_in(server, f'bash -c "{code}"; true'))
    assert rows(server, "SHOW listen_addresses") == [("",)]


def test_a_superuser_reads_and_writes_the_sandboxs_files_only(server: Server):
    for path in ("/etc/shadow", "/root/.bashrc", str(ROOT / "pyproject.toml")):
        with pytest.raises(psycopg.errors.UndefinedFile):
            rows(server, f"SELECT pg_read_file('{path}')")
    for path in ("/usr/x", "/template/x", "/x"):
        with pytest.raises(psycopg.Error):
            rows(server, f"COPY (SELECT 1) TO '{path}'", "SELECT 1")


def test_a_library_of_a_strangers_own_gives_no_way_out(server: Server):
    """Superusers can load code into the server; the walls stand around the server, not inside it."""
    facts = shell_in(server, "grep -E '^(NoNewPrivs|Seccomp|CapEff):' /proc/self/status | tr '[:space:]' ' '")
    assert facts[0].split() == ["CapEff:", "0000000000000000", "NoNewPrivs:", "1", "Seccomp:", "2"]


def test_endless_data_fills_the_servers_own_memory_and_no_disk(servers: Servers, area: Path):
    small = Servers(sandbox=servers.sandbox, area=area, binaries=servers.binaries, data_bytes=128 * MEBIBYTE)
    with small.started() as server, pytest.raises(psycopg.Error):
        rows(server, "CREATE TABLE t AS SELECT repeat('x', 1000) FROM generate_series(1, 1000000)", "SELECT 1")


def test_another_sandbox_reaches_the_server_by_its_bind(servers: Servers, server: Server, area: Path):
    python = our_python(area)
    code = f"""
import socket, struct
talk = socket.socket(socket.AF_UNIX)
talk.connect('/sockets/.s.PGSQL.{server.port}')
words = b'user\\0postgres\\0database\\0postgres\\0\\0'
talk.send(struct.pack('>II', 8 + len(words), 196608) + words)
print(talk.recv(1).decode())
"""
    profile = Profile(read_only=(*python.binds, server.bind), environment=python.environment, **SMALL)
    outcome = servers.sandbox.run([python.bin, "-I", "-S", "-c", code], profile)
    assert outcome.stdout == b"R\n", outcome
    without = Profile(read_only=python.binds, environment=python.environment, **SMALL)
    assert b"FileNotFoundError" in servers.sandbox.run([python.bin, "-I", "-S", "-c", code], without).stderr


def test_other_users_of_the_machine_cannot_connect(server: Server):
    if os.geteuid() != 0:
        pytest.skip("only root can become another user to try it")
    code = (
        "import socket, sys\n"
        "try:\n socket.socket(socket.AF_UNIX).connect(sys.argv[1])\n"
        "except OSError as error:\n print(type(error).__name__)"
    )
    told = subprocess.run(
        ["/usr/bin/python3", "-c", code, str(server.socket_dir / ".s.PGSQL.5432")],
        env={},
        user=12345,
        group=12345,
        extra_groups=(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "PermissionError\n"


def test_the_socket_cannot_be_replaced_by_a_way_to_another_server(servers: Servers):
    with servers.started() as victim, servers.started() as hostile:
        link = f"ln -s {victim.socket_dir}/.s.PGSQL.5432 /sockets/.s.PGSQL.5432"
        assert any("No such file" in line for line in shell_in(hostile, f"{link}; ls -a /sockets"))
        rows(hostile, "CREATE DATABASE asked_of_the_hostile_one", "SELECT 1")
        named = "SELECT count(*) FROM pg_database WHERE datname = 'asked_of_the_hostile_one'"
        assert rows(hostile, named) == [(1,)]
        assert rows(victim, named) == [(0,)]


def test_all_that_a_server_can_write_is_in_memory_and_has_a_size(server: Server):
    code = (
        'for place in $(cut -d" " -f5 /proc/self/mountinfo); do '
        "if touch $place/x 2>/dev/null && test -f $place/x; then df --output=fstype,size $place | tail -1; fi; done"
    )
    found = [line.split() for line in shell_in(server, code)]
    assert {kind for kind, _ in found} == {"tmpfs"}
    assert sorted(int(size) // 1024 for _, size in found) == [64, 256, 1024]
    with pytest.raises(psycopg.errors.UndefinedFile):
        rows(server, "COPY (SELECT 1) TO '/sockets/x'", "SELECT 1")


def test_the_servers_own_log_tells_every_statement_in_order(servers: Servers):
    with servers.started(log_statement="all") as server:
        with psycopg.connect(server.conninfo()) as connection:
            connection.execute("CREATE TABLE a (x int)")
            connection.execute("INSERT INTO a VALUES (%s)", (7,))
            session = connection.info.backend_pid
        told = server.logged()
        assert [each.text for each in told] == [
            "BEGIN",
            "CREATE TABLE a (x int)",
            "INSERT INTO a VALUES ($1)",
            "COMMIT",
        ]
        assert {each.database for each in told} == {"postgres"}
        assert len({each.session for each in told}) == 1
        assert session > 0


def test_a_statement_cannot_pretend_to_be_a_line_of_the_log(servers: Servers):
    fake = "SELECT $$\n<1 postgres> LOG:  statement: DROP TABLE never$$"
    with servers.started(log_statement="all") as server:
        rows(server, fake)
        assert [each.text for each in server.logged()] == [fake]


def test_switching_the_log_off_is_in_the_log(servers: Servers):
    with servers.started(log_statement="all") as server:
        rows(
            server,
            "ALTER SYSTEM SET log_statement = 'none'",
            "SELECT pg_reload_conf()",
            "SELECT pg_sleep(0.2)",
            "SELECT 'still logged'",
        )
        rows(server, "SET log_statement = 'none'", "SELECT 'not logged'")
        told = [each.text for each in server.logged()]
    assert told[-2:] == ["SELECT 'still logged'", "SET log_statement = 'none'"]


def test_a_stopped_server_leaves_no_process_and_no_folder(servers: Servers):
    with servers.started() as server:
        folder = server.socket_dir.parent
        shell_in(server, "setsid sleep 61.25 >/dev/null 2>&1 & true")
        assert eventually(lambda: processes_with("61.25") != [])
    assert not folder.exists()
    assert processes_with("61.25") == []
    assert not server.served.alive


def test_the_server_of_a_killed_worker_dies_and_its_folder_is_swept(servers: Servers, area: Path):
    with subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, str(area)],
        env=worker_environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as worker:
        assert worker.stdout is not None
        sockets = Path(worker.stdout.readline().strip())
        assert sockets.is_dir()
        worker.kill()
    gone = Server(socket_dir=sockets, major=18, version="", served=None)  # type: ignore[arg-type]

    def refused() -> bool:
        try:
            psycopg.connect(gone.conninfo()).close()
        except psycopg.OperationalError:
            return True
        return False

    assert eventually(refused)
    assert sweep(area) == 1
    assert not sockets.parent.exists()


def test_without_a_sandbox_it_works_the_same_and_is_not_isolated(area: Path):
    plain = Servers(sandbox=Unsandboxed(identity=our_named_identity(), area=area), area=area, binaries=binaries(18))
    with plain.started(log_statement="all") as server:
        assert rows(server, "SELECT 1") == [(1,)]
        assert [each.text for each in server.logged()] == ["SELECT 1"]
        with psycopg.connect(server.conninfo()) as connection:
            pid = connection.info.backend_pid
            assert Path(f"/proc/{pid}").exists(), "its numbers are the machine's"
    assert eventually(lambda: not Path(f"/proc/{pid}").exists())


def test_the_installed_versions_are_found_newest_of_each_major(tmp_path: Path):
    found = {each.major: each for each in installed()}
    assert {16, 18} <= set(found)
    for each in found.values():
        assert each.version.startswith(f"{each.major}.")
        for name in ("postgres", "initdb", "pg_dump", "psql"):
            assert each.program(name).is_file()
