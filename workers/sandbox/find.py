"""Where bubblewrap is, and what to say when the sandbox cannot be had."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.sandbox.seccomp.build import artefact
from workers.sandbox.seccomp.policy import Machine

UNPACKED = Path(".cache", "bubblewrap", "usr", "bin", "bwrap")
"""Where `make` leaves the distribution's package unpacked, below the project's folder."""

_PRLIMIT = Path("/usr/bin/prlimit")
_NEEDED = (0, 8, 0)  # the first with --disable-userns


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Why there is no sandbox on this machine, and what to do. Nothing takes its place by itself."""

    reason: str
    advice: str

    def error(self) -> ExpectedError:
        return ExpectedError(self.reason, self.advice, RefusalCode.SANDBOX_UNAVAILABLE)


def find_bubblewrap(
    setting: Path | None, search_path: str, project: Path | None, *, proven: bool = False
) -> Path | Unavailable:
    """The program: the operator's setting alone where there is one, else on the search path, else unpacked by `make`.

    It is asked how old it is, unless it counts only if it has been `proven` before.
    """
    if not os.access(_PRLIMIT, os.X_OK):
        return Unavailable("prlimit is missing.", "Install the package `util-linux`.")
    for program in _candidates(setting, search_path, project):
        if os.access(program, os.X_OK):
            return program.resolve() if proven else _new_enough(program.resolve())
    if setting is not None:
        return Unavailable(f"There is no program at {setting}.", "Correct the setting of bubblewrap's path.")
    return Unavailable(
        "bubblewrap is not installed.", "Install the package `bubblewrap` (0.8 or newer) on the worker's machine."
    )


def system_call_filter(machine: str = os.uname().machine) -> bytes | Unavailable:
    """The committed filter for this machine type."""
    try:
        return artefact(Machine(machine)).read_bytes()
    except ValueError:
        return Unavailable(
            f"There is no system call filter for {machine} machines.",
            f"Run workers on one of: {', '.join(each.value for each in Machine)}.",
        )


def _candidates(setting: Path | None, search_path: str, project: Path | None) -> Iterator[Path]:
    if setting is not None:
        yield setting
        return
    if found := shutil.which("bwrap", path=search_path):
        yield Path(found)
    if project is not None:
        yield project / UNPACKED


def _new_enough(program: Path) -> Path | Unavailable:
    told = subprocess.run(
        [str(program), "--version"], env={}, capture_output=True, text=True, check=False, timeout=20
    ).stdout
    words = told.split()
    numbers = tuple(int(part) for part in words[-1].split(".") if part.isdigit()) if words else ()
    if numbers >= _NEEDED:
        return program
    return Unavailable(
        f"bubblewrap is too old or does not run ({told.strip() or 'it said nothing'}).",
        "Install bubblewrap 0.8 or newer: older ones cannot forbid nested user namespaces.",
    )
