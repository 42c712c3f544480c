"""Starts a child with nothing of ours, reads a capped part of what it says, and ends it with all its children."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import IO

from workers.sandbox.identity import Identity
from workers.sandbox.memory import EVERY_SECONDS, held_bytes

_CHUNK = 64 * 1024
_GRACE = 5.0


class Killed(Enum):
    """Why we ended a run before it ended by itself."""

    WALL_TIME = "wall_time"
    OUTPUT = "output"
    CPU_TIME = "cpu_time"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run ended. Everything in it was written by strangers' code.

    `status` is the exit status, None where a signal ended it; `signal` that signal's number. `seconds` is wall time.
    `stdout` is complete unless `killed`; `stderr` is its last part.
    """

    status: int | None
    signal: int | None
    stdout: bytes
    stderr: bytes
    seconds: float
    killed: Killed | None = None

    @property
    def ok(self) -> bool:
        return self.status == 0 and self.killed is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What is read from a child, how long it may run, and how much memory it may hold with all its children."""

    wall_seconds: float
    total_bytes: int
    output_bytes: int
    error_bytes: int


def start(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    identity: Identity,
    keep: Iterable[int] = (),
    directory: str = "/",
    asked: bool = False,
) -> subprocess.Popen[bytes]:
    """A child in a session of its own, with this environment alone and no open file but the pipes and `keep`.

    `asked`: its stdin is a pipe, too.
    """
    if os.geteuid() == 0 and not identity.dropped:
        raise ValueError("root must drop to an unprivileged user before it starts strangers' code")
    # None keeps this process's own user; the three arguments are refused by the system unless it is root.
    user, group, groups = (identity.uid, identity.gid, ()) if identity.dropped else (None, None, None)
    return subprocess.Popen(
        list(command),
        env=dict(environment),
        cwd=directory,
        stdin=subprocess.PIPE if asked else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        close_fds=True,
        pass_fds=tuple(keep),
        start_new_session=True,
        umask=0o077,
        user=user,
        group=group,
        extra_groups=groups,
    )


def collect(process: subprocess.Popen[bytes], bounds: Bounds) -> Outcome:
    """Reads a child to its end, or ends it at a bound; returns when no process holds its pipes any more."""
    began = time.monotonic()
    reading = _Reading(process, bounds)
    try:
        killed = reading.until_exit(began + bounds.wall_seconds)
        end(process)
        reading.rest()
    finally:
        end(process)
        reading.close()
    status, number = ending(process.returncode)
    if len(reading.stdout) > bounds.output_bytes:
        killed = Killed.OUTPUT
    elif killed is None and number == signal.SIGXCPU:
        killed = Killed.CPU_TIME
    return Outcome(
        status=status,
        signal=number,
        stdout=bytes(reading.stdout[: bounds.output_bytes]),
        stderr=bytes(reading.stderr[-bounds.error_bytes :]),
        seconds=time.monotonic() - began,
        killed=killed,
    )


def ending(returncode: int) -> tuple[int | None, int | None]:
    """Exit status and signal. Bubblewrap and shells say "ended by signal n" as the status 128 + n."""
    if returncode < 0:
        return None, -returncode
    if 128 < returncode < 128 + signal.NSIG:
        return None, returncode - 128
    return returncode, None


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends a child and its group at once, also when the child itself has ended already, and reaps it."""
    if process.returncode is not None:
        return  # reaped before: its number may be somebody else's by now
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class _Reading:
    """Both pipes of a child, read as they fill; stdout up to a cap, of stderr the tail."""

    def __init__(self, process: subprocess.Popen[bytes], bounds: Bounds) -> None:
        if process.stdout is None or process.stderr is None:
            raise ValueError("the child has no pipes")
        self.stdout = bytearray()
        self.stderr = bytearray()
        self._bounds = bounds
        self._process = process
        self._pipes: list[IO[bytes]] = [process.stdout, process.stderr]

    def until_exit(self, deadline: float) -> Killed | None:
        ended = os.pidfd_open(self._process.pid)
        try:
            with selectors.DefaultSelector() as selector:
                for pipe in self._pipes:
                    selector.register(pipe, selectors.EVENT_READ)
                selector.register(ended, selectors.EVENT_READ)
                return self._watch(selector, ended, deadline)
        finally:
            os.close(ended)

    def _watch(self, selector: selectors.BaseSelector, ended: int, deadline: float) -> Killed | None:
        look_at = time.monotonic() + EVERY_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            for key, _ in selector.select(min(left, EVERY_SECONDS)):
                if key.fd == ended:
                    return None
                if not self._read(key.fd):
                    selector.unregister(key.fileobj)
            if len(self.stdout) > self._bounds.output_bytes:
                return Killed.OUTPUT
            if time.monotonic() >= look_at:
                if held_bytes(self._process.pid) > self._bounds.total_bytes:
                    return Killed.MEMORY
                look_at = time.monotonic() + EVERY_SECONDS
        return Killed.WALL_TIME

    def _read(self, number: int) -> bool:
        piece = os.read(number, _CHUNK)
        if number == self._pipes[0].fileno():
            if len(self.stdout) <= self._bounds.output_bytes:
                self.stdout += piece
        else:
            self.stderr += piece
            if len(self.stderr) > 2 * self._bounds.error_bytes:
                del self.stderr[: -self._bounds.error_bytes]
        return bool(piece)

    def rest(self) -> None:
        """What is still in the pipes. Their end means that every process of the sandbox is gone."""
        deadline = time.monotonic() + _GRACE
        with selectors.DefaultSelector() as selector:
            for pipe in self._pipes:
                selector.register(pipe, selectors.EVENT_READ)
            while selector.get_map() and (left := deadline - time.monotonic()) > 0:
                for key, _ in selector.select(left):
                    if not self._read(key.fd):
                        selector.unregister(key.fileobj)

    def close(self) -> None:
        for pipe in self._pipes:
            pipe.close()
