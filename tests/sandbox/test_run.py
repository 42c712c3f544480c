"""Both ways of running a command keep the same promises; served processes end when they should."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sandbox.machine import SMALL, Stranger, processes_with, worker_environment
from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.sandbox.child import Killed, start
from workers.sandbox.folders import sweep
from workers.sandbox.identity import Identity, identity, named_identity
from workers.sandbox.profile import Profile
from workers.sandbox.run import Bubblewrap, Sandbox, Unsandboxed, host_layout
from workers.sandbox.runtime import Runtime

SERVE_AND_DIE = """
import os, signal, sys, time
from pathlib import Path
from tests.sandbox.machine import our_named_identity, real_sandbox
from workers.sandbox.profile import Profile
from workers.sandbox.run import Unsandboxed
area = Path({area!r})
sandbox = real_sandbox(area).sandbox if {isolated} else Unsandboxed(identity=our_named_identity(), area=area)
served = sandbox.serve(["/bin/sh", "-c", "echo ready; exec sleep " + {mark!r}], Profile())
while b"ready" not in served.log:
    time.sleep(0.02)
print(served.alive, flush=True)
time.sleep(60)
"""


@pytest.fixture(params=[pytest.param("bubblewrap", marks=pytest.mark.sandbox), "unsandboxed"])
def either(request: pytest.FixtureRequest, unsandboxed: Unsandboxed) -> Sandbox:
    if request.param == "unsandboxed":
        return unsandboxed
    sandbox: Bubblewrap = request.getfixturevalue("sandbox")
    return sandbox


def small(**profile) -> Profile:
    return Profile(**(SMALL | profile))


def number_nobody_sleeps() -> str:
    return f"60.{secrets.randbelow(10**9):09d}"


def eventually(true: Callable[[], bool], seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


def test_an_exit_status_is_told(either: Sandbox):
    outcome = either.run(["/bin/sh", "-c", "echo out; echo complaint >&2; exit 3"], small())
    assert (outcome.status, outcome.signal, outcome.killed) == (3, None, None)
    assert (outcome.stdout, outcome.stderr) == (b"out\n", b"complaint\n")
    assert not outcome.ok


def test_a_signal_is_told(either: Sandbox):
    outcome = either.run(["/bin/sh", "-c", "kill -SEGV $$"], small())
    assert (outcome.status, outcome.signal) == (None, signal.SIGSEGV)


def test_the_environment_is_the_profiles_alone(either: Sandbox, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SCHEMAGATE_WEBHOOK_SECRET", "not for strangers")
    outcome = either.run(["/usr/bin/env"], small(environment=(("GIVEN", "yes"),)))
    names = {line.split("=")[0] for line in outcome.stdout.decode().splitlines()}
    assert names - {"PWD"} == {"GIVEN", "HOME", "LANG", "PATH", "TMPDIR", "TZ"}


def test_wall_time_ends_a_run(either: Sandbox):
    mark = number_nobody_sleeps()
    outcome = either.run(["/bin/sh", "-c", f"/bin/sleep {mark} & wait"], small(wall_seconds=0.3))
    assert outcome.killed is Killed.WALL_TIME
    assert processes_with(mark) == []


def test_output_is_capped(either: Sandbox):
    outcome = either.run(["/usr/bin/yes"], small(output_bytes=1000))
    assert (outcome.killed, len(outcome.stdout)) == (Killed.OUTPUT, 1000)


HOARDERS = "import os, time\nfor _ in range(6):\n    if not os.fork():\n        kept = b'x' * (60 << 20)\n        break\ntime.sleep(20)"


def test_many_small_processes_may_not_hold_much_together(either: Sandbox, python: Runtime):
    few = {"memory_bytes": 512 << 20, "read_only": python.binds, "environment": python.environment, "wall_seconds": 30}
    outcome = either.run([python.bin, "-c", HOARDERS], small(**few, total_bytes=200 << 20))
    assert outcome.killed is Killed.MEMORY
    assert outcome.seconds < 10
    outcome = either.run([python.bin, "-c", HOARDERS.replace("20)", "1)")], small(**few, total_bytes=2048 << 20))
    assert outcome.killed is None


def test_a_served_process_may_not_either(either: Sandbox, python: Runtime):
    few = {"memory_bytes": 512 << 20, "read_only": python.binds, "environment": python.environment}
    with either.serve([python.bin, "-c", HOARDERS], small(**few, total_bytes=200 << 20)) as served:
        assert eventually(lambda: not served.alive, 10)


def test_standard_input_is_empty(either: Sandbox):
    assert either.run(["/bin/cat"], small()).stdout == b""


def test_inside_paths_work_in_commands_variables_and_files(either: Sandbox, data_dir: Path):
    (data_dir / "file").write_text("content")
    (data_dir / "file").chmod(0o644)
    outcome = either.run(
        ["/bin/sh", "-c", 'cat /in/file /own "$ALSO"; echo > /data/x; ls /data; pwd -P | wc -l'],
        small(
            read_only=((data_dir, "/in"),),
            files=(("/own", b" own "),),
            volatile=(("/data", 1 << 20),),
            environment=(("ALSO", "/in/file"),),
        ),
    )
    assert outcome.stdout == b"content own contentx\n1\n", outcome


def test_a_writable_folder_keeps_what_was_written(either: Sandbox, data_dir: Path):
    out = data_dir / "out"
    out.mkdir(mode=0o700)
    either.identity.owns(out)
    assert either.run(["/bin/sh", "-c", "echo result > /out/file"], small(writable=((out, "/out"),))).ok
    assert (out / "file").read_text() == "result\n"


def test_a_served_process_is_heard_and_ends_on_request(either: Sandbox):
    mark = number_nobody_sleeps()
    with either.serve(["/bin/sh", "-c", f"echo started; exec sleep {mark}"], small()) as served:
        assert eventually(lambda: served.log == b"started\n")
        assert served.alive
        assert served.log_complete
        served.stop(grace=3)
        assert eventually(lambda: not served.alive)
    assert processes_with(mark) == []


def test_a_served_process_may_end_in_its_own_way(either: Sandbox):
    command = "trap 'echo cleaned up; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
    served = either.serve(["/bin/sh", "-c", command], small())
    assert eventually(lambda: b"ready" in served.log)
    served.stop(signal.SIGTERM, grace=5)
    assert served.log == b"ready\ncleaned up\n"


def test_a_served_process_that_will_not_end_is_killed(either: Sandbox):
    mark = number_nobody_sleeps()
    command = f"trap '' TERM; echo ready; sleep {mark}; sleep {mark}"
    served = either.serve(["/bin/sh", "-c", command], small())
    assert eventually(lambda: served.log == b"ready\n")
    served.stop(signal.SIGTERM, grace=0.2)
    assert not served.alive
    assert eventually(lambda: processes_with(mark) == [])


@pytest.mark.parametrize("isolated", [pytest.param(True, marks=pytest.mark.sandbox), False])
def test_a_served_process_dies_with_a_worker_that_is_killed(area: Path, isolated: bool):
    mark = number_nobody_sleeps()
    code = SERVE_AND_DIE.format(area=str(area), isolated=isolated, mark=mark)
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env=worker_environment(),
        stdout=subprocess.PIPE,
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"True\n"
        assert eventually(lambda: processes_with(mark) != [])
        worker.kill()
    assert eventually(lambda: processes_with(mark) == [])


@pytest.mark.sandbox
def test_a_sandbox_that_cannot_be_made_is_said_so_and_nothing_runs(sandbox: Bubblewrap, data_dir: Path):
    with pytest.raises(ExpectedError) as refused:
        sandbox.run(["/bin/sh", "-c", "echo ran"], small(read_only=((data_dir / "absent", "/in"),)))
    assert refused.value.code is RefusalCode.SANDBOX_UNAVAILABLE
    assert "absent" in refused.value.message


@pytest.mark.sandbox
def test_a_stranger_cannot_pretend_that_the_sandbox_failed(stranger: Stranger):
    outcome = stranger.runs("import sys; sys.stderr.write('bwrap: no permissions\\n'); sys.exit(1)")
    assert outcome.status == 1


@pytest.mark.sandbox
def test_a_run_leaves_no_descriptor_open(stranger: Stranger, python: Runtime):
    before = len(list(Path("/proc/self/fd").iterdir()))
    stranger.runs("print('x')")
    with stranger.sandbox.serve(["/bin/true"], small()):
        pass
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_without_a_sandbox_nothing_of_a_run_stays_on_disk(unsandboxed: Unsandboxed, area: Path):
    sweep(area)  # a killed worker of another test may have left its own
    unsandboxed.run(["/bin/sh", "-c", "echo x > /tmp/file"], small())
    assert not Path("/tmp/file").exists()
    assert list((area / "live").iterdir()) == []


def test_it_says_whether_it_isolates(unsandboxed: Unsandboxed):
    assert not unsandboxed.isolated


def test_no_sandbox_ever_runs_as_root():
    with pytest.raises(ValueError, match="never runs as root"):
        Identity(0, 0, dropped=False)
    with pytest.raises(ValueError, match="never runs as root"):
        Identity(1000, 0, dropped=False)
    if os.geteuid() == 0:
        with pytest.raises(ValueError, match="root must drop"):
            start(["/bin/true"], environment={}, identity=Identity(1000, 1000, dropped=False))


def test_root_becomes_a_number_that_nobody_else_has_and_others_stay_themselves():
    assert identity(0, 0) == Identity(65533, 65533, dropped=True)
    assert named_identity(0, 0) == Identity(65534, 65534, dropped=True)
    assert named_identity(1000, 100) == Identity(1000, 100, dropped=False)
    assert identity(1000, 100) == Identity(1000, 100, dropped=False)


def test_the_layout_of_the_root_folder_is_read(tmp_path: Path):
    (tmp_path / "lib64").mkdir()
    (tmp_path / "bin").symlink_to("usr/bin")
    (tmp_path / "etc").mkdir()
    layout = host_layout(tmp_path)
    assert layout.links == ()  # a link that leads nowhere is left out
    (tmp_path / "usr" / "bin").mkdir(parents=True)
    layout = host_layout(tmp_path)
    assert (layout.links, layout.folders) == ((("bin", "usr/bin"),), ("lib64",))
