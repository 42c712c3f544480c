"""A sandboxed process that answers questions over its pipes, one line for one line, with a cap and a deadline on each."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import threading
import time
from types import TracebackType
from typing import IO, Self

from workers.sandbox.child import end

_CHUNK = 64 * 1024
_SAID_BYTES = 16 * 1024


class ConversationEndedError(Exception):
    """The other side gave no whole answer: it ended, was too slow, or said too much. `said` is the end of its stderr."""

    def __init__(self, message: str, said: str) -> None:
        super().__init__(message)
        self.said = said


class Conversation:
    """A process that lives until `end`, the end of the `with` block, or its first missing answer.

    In bubblewrap it never outlives the thread that started it. What it answers was written by strangers' code.
    """

    def __init__(self, process: subprocess.Popen[bytes], afterwards: contextlib.ExitStack | None = None) -> None:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise ValueError("the child has no pipes")
        self._process = process
        self._afterwards = afterwards or contextlib.ExitStack()
        self._pipes: tuple[IO[bytes], ...] = (process.stdin, process.stdout, process.stderr)
        self._stdin, self._stdout, self._stderr = (pipe.fileno() for pipe in self._pipes)
        for number in (self._stdin, self._stdout, self._stderr):
            os.set_blocking(number, False)
        self._heard = bytearray()
        self._said = bytearray()
        self._one_at_a_time = threading.Lock()
        self._ended = False

    @property
    def alive(self) -> bool:
        return not self._ended and self._process.poll() is None

    def ask(self, question: bytes, *, seconds: float, most: int) -> bytes:
        """Says one line and returns the line that answers it, without its end.

        Raises ConversationEndedError when there is no whole answer of at most `most` bytes in time; the process is
        dead then.
        """
        with self._one_at_a_time:
            if not self.alive:
                raise self._over("it has ended")
            try:
                return self._exchange(question + b"\n", time.monotonic() + seconds, most)
            except (OSError, EOFError) as error:
                raise self._over("it ended") from error

    def end(self) -> None:
        """Ends every process of the sandbox at once."""
        if self._ended:
            return
        self._ended = True
        end(self._process)
        for pipe in self._pipes:
            with contextlib.suppress(BrokenPipeError):
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
        self.end()

    def _exchange(self, question: bytes, deadline: float, most: int) -> bytes:
        unsaid = memoryview(question)
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdin, selectors.EVENT_WRITE)
            selector.register(self._stdout, selectors.EVENT_READ)
            selector.register(self._stderr, selectors.EVENT_READ)
            while (left := deadline - time.monotonic()) > 0:
                for key, _ in selector.select(left):
                    if key.fd == self._stdin:
                        unsaid = unsaid[os.write(self._stdin, unsaid[:_CHUNK]) :]
                    elif not self._listen(key.fd, most):
                        selector.unregister(key.fd)
                    if not unsaid and self._stdin in selector.get_map():
                        selector.unregister(self._stdin)
                if (line := self._whole_line(most)) is not None:
                    return line
        raise self._over("it gave no answer in time")

    def _listen(self, number: int, most: int) -> bool:
        piece = os.read(number, _CHUNK)
        if number == self._stderr:
            self._said += piece
            del self._said[:-_SAID_BYTES]
            return bool(piece)
        if not piece:
            raise EOFError
        self._heard += piece
        if len(self._heard) > most + _CHUNK:
            raise self._over("it said too much")
        return True

    def _whole_line(self, most: int) -> bytes | None:
        # Only the newest piece can hold the end of the line.
        position = self._heard.find(b"\n", max(0, len(self._heard) - _CHUNK))
        if position < 0:
            return None
        if position > most or position + 1 != len(self._heard):
            raise self._over("it said too much")
        line = bytes(self._heard[:position])
        self._heard.clear()
        return line

    def _over(self, why: str) -> ConversationEndedError:
        if not self._ended:
            with contextlib.suppress(OSError):
                self._said += os.read(self._stderr, _CHUNK)
        self.end()
        return ConversationEndedError(
            f"The sandboxed process did not answer: {why}.", self._said.decode(errors="replace")
        )
