"""Runs a program to its end and says how long it took and how much memory its largest process had."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
_SECONDS = 600
# ru_maxrss is of the largest process that this one has waited for, so each run has a parent of its own.
_RUN = """
import resource, subprocess, sys, time
started = time.perf_counter()
ended = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL).returncode
took = time.perf_counter() - started
print(ended, took, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """The median of some whole processes: wall seconds, and MiB of memory; and what the last of them printed."""

    seconds: float
    mebibytes: float
    said: str


class ToolFailedError(Exception):
    """A program did not end as it should, with what it said last."""


def measure(command: tuple[str, ...], ends: tuple[int, ...], times: int, environment: dict[str, str]) -> Measured:
    """Run a program some times. Raises ToolFailedError."""
    runs = [_once(command, ends, environment) for _ in range(times)]
    return Measured(statistics.median(run.seconds for run in runs), max(run.mebibytes for run in runs), runs[-1].said)


def _once(command: tuple[str, ...], ends: tuple[int, ...], environment: dict[str, str]) -> Measured:
    with tempfile.TemporaryFile() as said:
        try:
            ran = subprocess.run(
                [sys.executable, "-I", "-S", "-c", _RUN, *command],
                cwd=PROJECT,
                env={**os.environ, **environment},
                stdout=said,
                stderr=subprocess.PIPE,
                check=True,
                timeout=_SECONDS,
            )
        except subprocess.SubprocessError as error:
            raise ToolFailedError(type(error).__name__) from error
        said.seek(0)
        text = said.read().decode(errors="replace")
    told = ran.stderr.decode(errors="replace").strip().splitlines()
    code, seconds, kibibytes = told[-1].split()
    if int(code) not in ends:
        raise ToolFailedError(f"exit {code}: {' '.join(told[-3:-1])[:200]}")
    return Measured(float(seconds), float(kibibytes) / 1024, text)
