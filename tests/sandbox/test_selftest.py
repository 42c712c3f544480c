"""The self-test finds the holes that it looks for, and without it there is no sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sandbox.machine import our_identity, real_sandbox, worker_environment
from tests.source_files import ROOT
from workers.core.refusals import RefusalCode
from workers.sandbox import probe
from workers.sandbox.find import UNPACKED, Unavailable, find_bubblewrap, system_call_filter
from workers.sandbox.profile import MEBIBYTE, Profile
from workers.sandbox.run import Bubblewrap, Unsandboxed
from workers.sandbox.runtime import Runtime
from workers.sandbox.seccomp.build import assemble
from workers.sandbox.seccomp.policy import Machine, Policy
from workers.sandbox.selftest import SelfTest, proven_sandbox, self_test

PROBE = Path(probe.__file__)


def bwrap_that_says(folder: Path, words: str) -> Path:
    program = folder / "bwrap"
    program.write_text(f"#!/bin/sh\necho '{words}'\n")
    program.chmod(0o755)
    return program


@pytest.mark.sandbox
def test_every_probe_passes_in_the_sandbox(area: Path):
    selftest = real_sandbox(area).selftest
    assert selftest.ok
    assert [each.name for each in selftest.probes] == [each.__name__ for each in probe.PROBES]


def test_the_probes_find_what_is_open_where_there_is_no_sandbox(unsandboxed: Unsandboxed, python: Runtime):
    profile = Profile(
        read_only=python.binds,
        environment=(*python.environment, ("SCHEMAGATE_CANARY", "schemagate-canary-1")),
        files=(("/probe.py", PROBE.read_bytes()),),
        memory_bytes=1 << 40,
        processes=24,
        wall_seconds=30,
        file_bytes=MEBIBYTE,
    )
    outcome = replace(unsandboxed, identity=our_identity()).run([python.bin, "-I", "-S", "/probe.py"], profile)
    assert outcome.ok, outcome
    failed = {name for name, ok, _ in json.loads(outcome.stdout) if not ok}
    assert failed >= {
        "environment",
        "other_environments",
        "processes",
        "user",
        "capabilities",
        "network",
        "files",
        "system_calls",
    }


@pytest.mark.sandbox
def test_a_sandbox_without_its_filter_fails_the_self_test(sandbox: Bubblewrap, area: Path):
    machine = Machine(os.uname().machine)
    open_filter = assemble(machine, Policy((), newest=0xFFFFFFFE))[-8:]
    weak = self_test_with(replace(sandbox, filter_bytes=open_filter), area)
    assert {each.name for each in weak.probes if not each.ok} >= {"network", "system_calls"}


def self_test_with(sandbox: Bubblewrap, area: Path) -> SelfTest:
    found = self_test(sandbox, area)
    assert isinstance(found, SelfTest)
    return found


@pytest.mark.sandbox
def test_it_holds_for_an_ordinary_user_too(sandbox: Bubblewrap, python: Runtime, area: Path, data_dir: Path):
    if os.geteuid() != 0:
        pytest.skip("this run is an ordinary user's already")
    packages = data_dir / "packages"
    packages.mkdir()
    subprocess.run(["cp", "-r", str(ROOT / "workers"), str(packages)], check=True)
    own = data_dir / "area"
    own.mkdir()
    os.chown(own, 12345, 12345)
    told = subprocess.run(
        [python.bin, "-m", "workers.sandbox.selftest", str(sandbox.program), str(own), "proc"],
        env={"PYTHONPATH": str(packages), **dict(python.environment), "SCHEMAGATE_CANARY": "schemagate-canary-2"},
        user=12345,
        group=12345,
        input=sandbox.filter_bytes,
        extra_groups=(),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert told.returncode == 0, told.stderr
    rows = json.loads(told.stdout)
    assert len(rows) == len(probe.PROBES)
    assert [row for row in rows if not row[1]] == []


@pytest.mark.sandbox
def test_where_proc_is_masked_it_goes_without_proc_and_is_proven_again(sandbox: Bubblewrap, area: Path):
    """As in most containers: parts of /proc are hidden, so the kernel refuses to mount another."""
    script = f"""
import os
from pathlib import Path
from tests.sandbox.machine import real_sandbox
proven = real_sandbox(Path({str(area)!r}))
print(proven.sandbox.proc, proven.selftest.ok, len(proven.selftest.probes))
"""
    told = subprocess.run(
        [
            str(sandbox.program),
            *("--dev-bind", "/", "/", "--ro-bind", "/dev/null", "/proc/timer_list"),
            *(("--cap-add", "ALL") if os.geteuid() == 0 else ("--unshare-user",)),
            *("--", sys.executable, "-c", script),
        ],
        env=worker_environment(),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert told.stdout.split() == ["False", "True", str(len(probe.PROBES))], told


def test_without_bubblewrap_there_is_a_reason_and_advice_and_no_stand_in(tmp_path: Path):
    found = proven_sandbox(
        area=tmp_path, identity=our_identity(), setting=None, search_path=str(tmp_path), project=tmp_path
    )
    assert isinstance(found, Unavailable)
    assert found.reason == "bubblewrap is not installed."
    assert "Install" in found.advice
    assert found.error().code is RefusalCode.SANDBOX_UNAVAILABLE


def test_a_bubblewrap_that_does_not_work_is_no_sandbox(area: Path, data_dir: Path):
    found = proven_sandbox(
        area=area,
        identity=our_identity(),
        setting=bwrap_that_says(data_dir, "bubblewrap 9.9.9"),
        search_path="",
        project=None,
    )
    assert isinstance(found, Unavailable)


def test_an_old_bubblewrap_is_refused(data_dir: Path):
    found = find_bubblewrap(bwrap_that_says(data_dir, "bubblewrap 0.6.1"), "", None)
    assert isinstance(found, Unavailable)
    assert "0.6.1" in found.reason


def test_the_operators_setting_is_taken_alone(data_dir: Path):
    bwrap_that_says(data_dir, "bubblewrap 0.9.0")
    found = find_bubblewrap(data_dir / "elsewhere", str(data_dir), None)
    assert isinstance(found, Unavailable)
    assert str(data_dir / "elsewhere") in found.reason


def test_the_unpacked_package_of_the_checkout_is_found_last(data_dir: Path):
    unpacked = data_dir / UNPACKED
    unpacked.parent.mkdir(parents=True)
    bwrap_that_says(unpacked.parent, "bubblewrap 0.8.0")
    assert find_bubblewrap(None, "", data_dir) == unpacked
    (data_dir / "path").mkdir()
    installed = bwrap_that_says(data_dir / "path", "bubblewrap 0.11.1")
    assert find_bubblewrap(None, str(data_dir / "path"), data_dir) == installed


def test_a_machine_type_without_a_filter_has_no_sandbox():
    found = system_call_filter("riscv64")
    assert isinstance(found, Unavailable)
    assert "x86_64, aarch64" in found.advice
