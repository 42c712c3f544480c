"""Keep processes of ours running: started by fork, so that secrets never pass through an environment; started anew when they die."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

import structlog

log = structlog.get_logger()
PATIENCE = 10.0
PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class Part:
    """A process to keep: its name and what it does until it is told to end."""

    name: str
    run: Callable[[], None]


@dataclass(slots=True)
class Supervisor:
    """Runs parts until SIGTERM or SIGINT; a part that ends before is started again after a pause."""

    parts: tuple[Part, ...]
    _pids: dict[int, Part] = field(default_factory=dict)
    _stopping: bool = False

    def run(self, ready: Callable[[], None] | None = None) -> None:
        """Start every part and watch them; returns when told to end, with nothing left running."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        for part in self.parts:
            self._start(part)
        if ready is not None:
            ready()
        while not self._stopping:
            self._watch()
        self._end()

    def _watch(self) -> None:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            time.sleep(PAUSE)
            return
        part = self._pids.pop(pid, None)
        if part is not None and not self._stopping:
            log.warning("part_ended", part=part.name, status=status)
            time.sleep(PAUSE)
            self._start(part)

    def _start(self, part: Part) -> None:
        pid = os.fork()
        if pid == 0:
            _become(part)
        self._pids[pid] = part
        log.info("part_started", part=part.name, pid=pid)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._stopping = True

    def _end(self) -> None:
        for pid in self._pids:
            os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + PATIENCE
        while self._pids and time.monotonic() < until:
            pid, _ = _reap()
            self._pids.pop(pid, None)
            if pid == 0:
                time.sleep(0.05)
        for pid in self._pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self._pids.clear()


def _reap() -> tuple[int, int]:
    try:
        return os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return 0, 0


def _become(part: Part) -> None:
    """What the child does; it never returns into the parent's code."""
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        part.run()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0) if isinstance(end.code, int | None) else 1
    except BaseException:  # noqa: BLE001 -- the child must not run on in the parent's stack
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
