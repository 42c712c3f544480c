"""A long-living process in a sandbox of its own, such as a scratch database server, and how it is ended."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from workers.sandbox.child import end
from workers.sandbox.memory import EVERY_SECONDS, held_bytes

_CHUNK = 64 * 1024
_PIPE = 1024 * 1024  # the most that a pipe holds for an ordinary user
_LOG_BYTES = 64 * 1024 * 1024


class Served:
    """A process that lives until `stop`, `kill` or the end of the `with` block.

    In bubblewrap it never outlives the thread that started it.

    What it says (stdout and stderr together) is collected as it comes; the process can add to it but never take back.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        *,
        inner: int | None,
        total_bytes: int,
        afterwards: contextlib.ExitStack | None = None,
    ) -> None:
        self._process = process
        self._total_bytes = total_bytes
        self._afterwards = afterwards or contextlib.ExitStack()
        self._inner = inner
        self._log = bytearray()
        self._full = False
        self._lock = threading.Lock()
        self._open = {pipe.fileno() for pipe in (process.stdout, process.stderr) if pipe is not None}
        for number in self._open:
            os.set_blocking(number, False)
        self._reader = threading.Thread(target=self._read_all, daemon=True)
        self._reader.start()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def log(self) -> bytes:
        """Everything said before this moment, at most 64 MiB."""
        for number in tuple(self._open):
            self._read(number)
        return bytes(self._log)

    @property
    def log_complete(self) -> bool:
        """False when more was said than is kept: then the log is no proof of anything."""
        return not self._full

    def stop(self, first: signal.Signals = signal.SIGTERM, *, grace: float = 5.0) -> None:
        """Asks the process itself to end, waits at most `grace` seconds, then kills what is left."""
        inside = self._main_process()
        if inside is not None and self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(inside, first)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(grace)
        self.kill()

    def kill(self) -> None:
        """Ends every process of the sandbox at once. What it has not written to disk is lost."""
        end(self._process)
        self._reader.join(5.0)
        self._open.clear()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        self._afterwards.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def _main_process(self) -> int | None:
        """The process that was asked for, by the machine's number: the only child of the sandbox's first."""
        if self._inner is None:
            return self._process.pid
        with contextlib.suppress(OSError, ValueError):
            return int(Path(f"/proc/{self._inner}/task/{self._inner}/children").read_text().split()[0])
        return None

    def _read_all(self) -> None:
        with selectors.DefaultSelector() as selector:
            for number in tuple(self._open):
                selector.register(number, selectors.EVENT_READ)
            look_at = 0.0
            while self._open:
                if time.monotonic() >= look_at:
                    self._look()
                    look_at = time.monotonic() + EVERY_SECONDS
                for key, _ in selector.select(EVERY_SECONDS):
                    self._read(key.fd)
                    if key.fd not in self._open:
                        selector.unregister(key.fd)

    def _look(self) -> None:
        """End the whole sandbox where it holds too much; its first process is the one that the others die with."""
        if self.alive and held_bytes(self._process.pid) > self._total_bytes:
            self._process.kill()

    def _read(self, number: int) -> None:
        """Takes what is in a pipe now; a writer that never stops holds nobody up."""
        taken = 0
        with self._lock, contextlib.suppress(BlockingIOError):
            while number in self._open and taken < _PIPE:
                piece = os.read(number, _CHUNK)
                taken += len(piece)
                if not piece:
                    self._open.discard(number)
                room = _LOG_BYTES - len(self._log)
                self._full = self._full or len(piece) > room
                self._log += piece[:room]


def first_process(status: int) -> int | None:
    """The sandbox's first process, from bubblewrap's status pipe; None when it ended before making one."""
    with os.fdopen(os.dup(status), "rb") as pipe:
        line = pipe.readline()
    return int(json.loads(line)["child-pid"]) if line else None
