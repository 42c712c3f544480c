"""Keep processes of ours running: started by fork, so that secrets never pass through an environment; started anew when they die."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType

import structlog

from workers.console import kernel
from workers.core.errors import ExpectedError
from workers.core.redact import redact
from workers.core.refusals import RefusalCode

log = structlog.get_logger()
PATIENCE = 8.0
START_SECONDS = 20.0
SHORTEST_PAUSE = 0.5
LONGEST_PAUSE = 8.0
LONG_LIFE = 10.0
_TICK = 0.1


@dataclass(frozen=True, slots=True)
class Part:
    """A process to keep: its name and what it does until it is told to end.

    The parts after it start once `ready` says so; one that others lean on is told to end after all of them.
    """

    name: str
    run: Callable[[], None]
    ready: Callable[[], bool] | None = None
    leaned_on: bool = False


@dataclass(frozen=True, slots=True)
class _Life:
    part: Part
    begun: float
    pause: float


class Supervisor:
    """Runs parts until SIGTERM or SIGINT; a part that ends before is started again after a pause, a longer one each time it fails at once."""

    def __init__(self, parts: tuple[Part, ...]) -> None:
        self._parts = parts
        self._alive: dict[int, _Life] = {}
        self._due: list[tuple[float, _Life]] = []
        self._stopping = False

    def run(self, ready: Callable[[], None] | None = None) -> None:
        """Start every part and watch them; returns when told to end, with nothing left running.

        Raises ExpectedError(not_configured) where a part that others need does not start.
        """
        kernel.adopt_orphans()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        try:
            for part in self._parts:
                self._start(part, SHORTEST_PAUSE)
                self._wait_ready(part)
            if ready is not None and not self._stopping:
                ready()
            while not self._stopping:
                self._watch()
        finally:
            self._end()

    def _start(self, part: Part, pause: float) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            _become(part, parent)
        self._alive[pid] = _Life(part, time.monotonic(), pause)
        log.info("part_started", part=part.name, pid=pid)

    def _wait_ready(self, part: Part) -> None:
        until = time.monotonic() + START_SECONDS
        while part.ready is not None and not part.ready() and not self._stopping:
            if time.monotonic() > until:
                advice = "see what it said above, and `schemagate doctor`"
                raise ExpectedError(f"{part.name} does not start", advice, RefusalCode.NOT_CONFIGURED)
            self._watch()

    def _watch(self) -> None:
        """One look: who ended, and who is to be started again by now."""
        pid, status = _reap()
        if life := self._alive.pop(pid, None):
            lived = time.monotonic() - life.begun
            pause = SHORTEST_PAUSE if lived > LONG_LIFE else life.pause
            log.warning("part_ended", part=life.part.name, status=os.waitstatus_to_exitcode(status), again_in=pause)
            self._due.append((time.monotonic() + pause, _Life(life.part, 0.0, min(pause * 2, LONGEST_PAUSE))))
        for entry in [item for item in self._due if item[0] <= time.monotonic()]:
            self._due.remove(entry)
            self._start(entry[1].part, entry[1].pause)
        if pid == 0:
            time.sleep(_TICK)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._stopping = True

    def _end(self) -> None:
        """Ask, ask again, then make them; at last whatever a part left behind."""
        for leaned_on in (False, True):
            until = time.monotonic() + PATIENCE * (0.25 if leaned_on else 0.75)
            asks = [time.monotonic(), (time.monotonic() + until) / 2]
            while (pids := self._those(leaned_on=leaned_on)) and time.monotonic() < until:
                if asks and time.monotonic() >= asks[0]:
                    del asks[0]
                    _signal(pids, signal.SIGTERM)
                self._forget_ended()
        while pids := kernel.children():
            _signal(pids, signal.SIGKILL)
            self._forget_ended()

    def _those(self, *, leaned_on: bool) -> tuple[int, ...]:
        return tuple(pid for pid, life in self._alive.items() if life.part.leaned_on is leaned_on)

    def _forget_ended(self) -> None:
        pid, _ = _reap()
        self._alive.pop(pid, None)
        if pid == 0:
            time.sleep(_TICK / 2)


def _reap() -> tuple[int, int]:
    try:
        return os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return 0, 0


def _signal(pids: tuple[int, ...], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _become(part: Part, parent: int) -> None:
    """What the child does; it never returns into the parent's code."""
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        kernel.end_with(parent, signal.SIGTERM)
        part.run()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0) if isinstance(end.code, int | None) else 1
    except BaseException:  # noqa: BLE001 -- the child must not run on in the parent's stack
        log.error("part_broke", part=part.name, trace=redact(traceback.format_exc()))  # noqa: TRY400 -- redacted first
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
