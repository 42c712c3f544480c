"""A long-living process in a sandbox of its own, such as a scratch database server, and how it is ended."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from workers.sandbox.child import end

_CHUNK = 64 * 1024
_LOG_BYTES = 64 * 1024 * 1024


class Served:
    """A process that lives until `stop`, `kill` or the end of the `with` block.

    In bubblewrap it never outlives the thread that started it.

    What it says (stdout and stderr together) is collected as it comes; the process can add to it but never take back.
    """

    def __init__(self, process: subprocess.Popen[bytes], *, inner: int | None, folder: Path | None = None) -> None:
        self._process = process
        self._folder = folder
        self._inner = inner
        self._log = bytearray()
        self._full = False
        self._readers = [
            threading.Thread(target=self._read, args=(pipe.fileno(),), daemon=True)
            for pipe in (process.stdout, process.stderr)
            if pipe is not None
        ]
        for reader in self._readers:
            reader.start()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def log(self) -> bytes:
        """What was said so far, at most 64 MiB."""
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
        for reader in self._readers:
            reader.join(5.0)
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

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

    def _read(self, number: int) -> None:
        while piece := os.read(number, _CHUNK):
            room = _LOG_BYTES - len(self._log)
            self._full = self._full or len(piece) > room
            self._log += piece[:room]


def first_process(status: int) -> int | None:
    """The sandbox's first process, from bubblewrap's status pipe; None when it ended before making one."""
    with os.fdopen(os.dup(status), "rb") as pipe:
        line = pipe.readline()
    return int(json.loads(line)["child-pid"]) if line else None
