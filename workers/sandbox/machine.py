"""The sandbox of this machine with its proof, or why there is none, and where its folders are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from workers.sandbox.find import Unavailable
from workers.sandbox.identity import Identity, identity, named_identity
from workers.sandbox.none import NoSandbox
from workers.sandbox.run import Sandbox, Unsandboxed
from workers.sandbox.runtime import open_area
from workers.sandbox.selftest import proven_sandbox, remembered_sandbox

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What this machine offers for strangers' code: the area, whose user, and the sandbox with the probes that it withstood.

    Where there is none, `problem` says why and `advice` what to do.
    """

    area: Path
    identity: Identity
    sandbox: Sandbox
    problem: str = ""
    advice: str = ""
    probes: tuple[str, ...] = ()
    trusted: bool = False


def find_machine(folder: Path, *, off: bool, remembered: bool = False) -> Machine:
    """Find and prove the sandbox, by a data folder and the operator's word; its self-test runs once a process.

    `remembered` lets the proof of an earlier process count: for a command that reads one file and ends.
    """
    if off:
        who = named_identity(os.geteuid(), os.getegid())
        area = open_area(folder / "area", who)
        return Machine(area=area, identity=who, sandbox=Unsandboxed(identity=who, area=area), trusted=True)
    who = identity(os.geteuid(), os.getegid())
    area = open_area(folder / "area", who)
    prove = remembered_sandbox if remembered else proven_sandbox
    found = prove(
        area=area, identity=who, setting=None, search_path=os.environ.get("PATH", os.defpath), project=PROJECT
    )
    if isinstance(found, Unavailable):
        none = NoSandbox(found, who)
        return Machine(area=area, identity=who, sandbox=none, problem=found.reason, advice=found.advice)
    probes = tuple(probe.name for probe in found.selftest.probes)
    return Machine(area=area, identity=who, sandbox=found.sandbox, probes=probes)
