"""Proves on this machine, once per process, that the sandbox holds what it promises; without the proof there is none."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
from dataclasses import astuple, dataclass, replace
from pathlib import Path

from workers.core.errors import ExpectedError
from workers.sandbox.find import Unavailable, find_bubblewrap, system_call_filter
from workers.sandbox.identity import Identity
from workers.sandbox.identity import identity as current_identity
from workers.sandbox.profile import MEBIBYTE, Profile
from workers.sandbox.run import Bubblewrap, host_layout
from workers.sandbox.runtime import python_runtime, reachable

_PROBE = Path(__file__).with_name("probe.py")
_PACKAGES = Path(__file__).resolve().parents[2]
_INSIDE = "/probe.py"
_MEMORY = "proven.json"
_SECONDS = 60
_ADVICE = (
    "The worker needs unprivileged user namespaces. In a container: a seccomp profile that allows clone, unshare and "
    "mount. On Ubuntu 24.04 and later: an AppArmor profile for bwrap. Never --privileged."
)


@dataclass(frozen=True, slots=True)
class Probe:
    """One attempt from inside. `ok` means that it failed as it should."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What the probes found."""

    probes: tuple[Probe, ...]

    @property
    def ok(self) -> bool:
        return bool(self.probes) and all(probe.ok for probe in self.probes)


@dataclass(frozen=True, slots=True)
class Proven:
    """A sandbox with the self-test that it passed."""

    sandbox: Bubblewrap
    selftest: SelfTest


@functools.cache
def proven_sandbox(
    *, area: Path, identity: Identity, setting: Path | None, search_path: str, project: Path | None
) -> Proven | Unavailable:
    """The sandbox of this machine after its self-test, or why there is none. Cached: the machine is asked once.

    `area` comes from `runtime.open_area`; `setting` is the operator's path of bubblewrap, `search_path` a PATH,
    `project` the checkout in which `make` may have unpacked the distribution's package.
    """
    whole = _sandbox(area, identity, setting, search_path, project)
    if isinstance(whole, Unavailable):
        return whole
    found = _tested(whole, area)
    if isinstance(found, Unavailable) and "Can't mount proc" in found.reason:
        # Containers with masked parts of /proc may not mount another. Everything else can still hold.
        found = _tested(replace(whole, proc=False), area)
    return found


def remembered_sandbox(
    *, area: Path, identity: Identity, setting: Path | None, search_path: str, project: Path | None
) -> Proven | Unavailable:
    """The same for a command that reads one file and ends: the proof of an earlier process since the machine's start counts."""
    whole = _sandbox(area, identity, setting, search_path, project, proven=True)
    if isinstance(whole, Unavailable):
        return whole
    memory, facts = area / _MEMORY, _facts(whole)
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(memory.read_text())
        if kept["facts"] == facts:
            probes = tuple(Probe(*row) for row in kept["probes"])
            return Proven(replace(whole, proc=kept["proc"]), SelfTest(probes))
    found = proven_sandbox(area=area, identity=identity, setting=setting, search_path=search_path, project=project)
    if isinstance(found, Proven):
        rows = [list(astuple(probe)) for probe in found.selftest.probes]
        _keep(memory, json.dumps({"facts": facts, "proc": found.sandbox.proc, "probes": rows}))
    return found


def _sandbox(
    area: Path,
    identity: Identity,
    setting: Path | None,
    search_path: str,
    project: Path | None,
    *,
    proven: bool = False,
) -> Bubblewrap | Unavailable:
    program = find_bubblewrap(setting, search_path, project, proven=proven)
    filter_bytes = system_call_filter()
    if isinstance(program, Unavailable):
        return program
    if isinstance(filter_bytes, Unavailable):
        return filter_bytes
    return Bubblewrap(
        program=reachable(program, area, identity), filter_bytes=filter_bytes, identity=identity, layout=host_layout()
    )


def _facts(sandbox: Bubblewrap) -> str:
    """What a proof depends on: this start of this kernel, the program, the filter, whose user, and our own code."""
    code = sorted(Path(__file__).parent.glob("*.py"))
    stamps = [
        (str(path), found.st_mtime_ns, found.st_size) for path in (sandbox.program, *code) for found in [path.stat()]
    ]
    boot = Path("/proc/sys/kernel/random/boot_id").read_text()
    parts = (boot, os.uname(), stamps, sandbox.filter_bytes, sandbox.identity, sandbox.layout, sys.executable)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _keep(memory: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile("w", dir=memory.parent, prefix=".new-", delete=False) as file:
        file.write(text)
    Path(file.name).replace(memory)


def self_test(sandbox: Bubblewrap, area: Path) -> SelfTest | Unavailable:
    """Runs the probes in a sandbox whose parent process has a canary in its environment, as a worker has its secrets."""
    canary = f"schemagate-canary-{secrets.token_hex(8)}"
    told = subprocess.run(
        [sys.executable, "-m", __name__, str(sandbox.program), str(area), "proc" if sandbox.proc else "no-proc"],
        env={"SCHEMAGATE_CANARY": canary, "PYTHONPATH": str(_PACKAGES)},
        cwd="/",
        input=sandbox.filter_bytes,
        capture_output=True,
        check=False,
        timeout=_SECONDS,
    )
    if told.returncode != 0:
        return Unavailable(told.stderr.decode(errors="replace").strip()[-1000:], _ADVICE)
    return SelfTest(tuple(Probe(*row) for row in json.loads(told.stdout)))


def _tested(sandbox: Bubblewrap, area: Path) -> Proven | Unavailable:
    found = self_test(sandbox, area)
    if isinstance(found, Unavailable):
        return found
    if found.ok:
        return Proven(sandbox, found)
    failed = "; ".join(f"{probe.name} ({probe.detail})" for probe in found.probes if not probe.ok)
    return Unavailable(f"The sandbox does not hold: {failed or 'no probe answered'}.", _ADVICE)


def _from_inside(program: Path, area: Path, filter_bytes: bytes, *, proc: bool) -> str:
    """What the probes answer; this runs in the process that carries the canary."""
    identity = current_identity(os.geteuid(), os.getegid())
    sandbox = Bubblewrap(program=program, filter_bytes=filter_bytes, identity=identity, layout=host_layout(), proc=proc)
    runtime = python_runtime(area, identity, Path(sys.executable))
    profile = Profile(
        read_only=runtime.binds,
        files=((_INSIDE, _PROBE.read_bytes()),),
        environment=runtime.environment,
        memory_bytes=512 * MEBIBYTE,
        file_bytes=4 * MEBIBYTE,
        tmp_bytes=16 * MEBIBYTE,
        processes=24,
        cpu_seconds=20,
        wall_seconds=40,
        output_bytes=MEBIBYTE,
    )
    outcome = sandbox.run([runtime.bin, "-I", "-S", _INSIDE], profile)
    if not outcome.ok:
        raise Unavailable(f"The probes did not end: {outcome.stderr.decode(errors='replace')[-500:]}", _ADVICE).error()
    return outcome.stdout.decode()


def _main(arguments: list[str]) -> int:
    program, area, proc = arguments
    try:
        filter_bytes = sys.stdin.buffer.read()
        sys.stdout.write(_from_inside(Path(program), Path(area), filter_bytes, proc=proc == "proc"))
    except ExpectedError as error:
        sys.stderr.write(error.message)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(_main(sys.argv[1:]))
