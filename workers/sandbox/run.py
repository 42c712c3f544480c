"""Runs a command where strangers' code may run: in bubblewrap, or by the operator's word without it."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.sandbox.child import Bounds, Outcome, collect, start
from workers.sandbox.converse import Conversation
from workers.sandbox.folders import claimed_folder
from workers.sandbox.identity import Identity
from workers.sandbox.profile import TEMPORARY, Bind, Descriptors, Layout, Profile, limits, options
from workers.sandbox.served import Served, first_process

_ROOT_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_DIES_WITH_PARENT = ("/usr/bin/setpriv", "--pdeathsig", "KILL", "--")
_OTHERS = 4096  # threads of other jobs and their servers, which run as the same user


class Sandbox(Protocol):
    """What sources and databases are given. `isolated` is False only by the operator's word."""

    @property
    def isolated(self) -> bool: ...

    @property
    def identity(self) -> Identity: ...

    def run(self, command: Sequence[str], profile: Profile) -> Outcome:
        """Runs a command to its end. Paths in it are those inside the sandbox.

        Results come over stdout alone. A script that runs code which may print keeps a copy of descriptor 1 for its
        result and points 1 at 2. Whatever comes was written by strangers, also when it looks like ours.

        Raises ExpectedError (sandbox_unavailable) when the sandbox could not be made: the command did not run.
        """

    def serve(self, command: Sequence[str], profile: Profile) -> Served:
        """Starts a command that goes on; `wall_seconds` and the output caps of the profile do not apply."""

    def converse(self, command: Sequence[str], profile: Profile, *, user: Identity | None = None) -> Conversation:
        """Starts a command that answers over its pipes, as another user where `user` is given.

        Only a worker that is root can choose one. `wall_seconds` and the output caps of the profile do not apply.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubblewrap:
    """The real sandbox. `proc` is False where the kernel refuses a new /proc (inside many containers)."""

    program: Path
    filter_bytes: bytes
    identity: Identity
    layout: Layout
    proc: bool = True

    @property
    def isolated(self) -> bool:
        return True

    def run(self, command: Sequence[str], profile: Profile) -> Outcome:
        with self._prepared(profile) as (argv, keep, status):
            argv += [*limits(profile), *command]
            process = start(argv, environment={}, identity=self.identity, keep=keep)
            _close(keep)
            outcome = collect(process, _bounds(profile))
            told = _read_all(status)
        if b'"exit-code"' not in told and outcome.killed is None and outcome.signal is None:
            raise _not_made(outcome.stderr)
        return outcome

    def serve(self, command: Sequence[str], profile: Profile) -> Served:
        with self._prepared(profile) as (argv, keep, status):
            argv += [*limits(profile), *command]
            process = start(argv, environment={}, identity=self.identity, keep=keep)
            _close(keep)
            return Served(process, inner=first_process(status), total_bytes=profile.total_bytes)

    def converse(self, command: Sequence[str], profile: Profile, *, user: Identity | None = None) -> Conversation:
        with self._prepared(profile) as (argv, keep, status):
            argv += [*limits(profile), *command]
            process = start(argv, environment={}, identity=user or self.identity, keep=keep, asked=True)
            _close(keep)
            if first_process(status) is None:
                raise _not_made(process.communicate()[1])
            return Conversation(process)

    @contextlib.contextmanager
    def _prepared(self, profile: Profile) -> Iterator[tuple[list[str], list[int], int]]:
        """Bubblewrap's argv, the descriptors it inherits (closed here after the start), and its status pipe.

        The options travel in a file of their own: /proc/1/cmdline is readable inside, and this machine's paths are
        no business of the code there.
        """
        keep: list[int] = []
        status, status_end = os.pipe()
        try:
            keep.append(status_end)
            keep.append(_file("filter", self.filter_bytes))
            files = [_file("file", content) for _, content in profile.all_files()]
            keep.extend(files)
            numbers = Descriptors(filter=keep[1], files=tuple(files), status=status_end)
            words = options(profile, self.layout, numbers, proc=self.proc)
            given = _file("options", b"\0".join(os.fsencode(word) for word in words))
            keep.append(given)
            yield [str(self.program), "--args", str(given), "--"], keep, status
        finally:
            os.close(status)
            _close(keep)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsandboxed:
    """No sandbox: every served repository is trusted, by the operator's word. Limits, caps and clean environment remain.

    Inside paths do not exist here, so each is replaced by the machine's own in the command and in the environment's
    values. The network and the machine's files are in reach. `identity` comes from `named_identity`.
    """

    identity: Identity
    area: Path

    @property
    def isolated(self) -> bool:
        return False

    def run(self, command: Sequence[str], profile: Profile) -> Outcome:
        with claimed_folder(self.area) as folder:
            return collect(self._start(command, profile, folder), _bounds(profile))

    def serve(self, command: Sequence[str], profile: Profile) -> Served:
        with contextlib.ExitStack() as kept:
            folder = kept.enter_context(claimed_folder(self.area))
            process = self._start(command, profile, folder)
            return Served(process, inner=None, total_bytes=profile.total_bytes, afterwards=kept.pop_all())

    def converse(self, command: Sequence[str], profile: Profile, *, user: Identity | None = None) -> Conversation:
        as_user = replace(self, identity=user or self.identity)
        with contextlib.ExitStack() as kept:
            folder = kept.enter_context(claimed_folder(self.area))
            process = as_user._start(command, profile, folder, asked=True)  # noqa: SLF001 - our own copy
            return Conversation(process, kept.pop_all())

    def _start(
        self, command: Sequence[str], profile: Profile, folder: Path, *, asked: bool = False
    ) -> subprocess.Popen[bytes]:
        binds = (*profile.read_only, *profile.writable, *_stand_ins(profile, folder))
        self.identity.owns(folder)
        # Here the kernel counts every thread that the user has on this machine: not bounded for an ordinary user, with room for a dropped one.
        roomy = replace(profile, processes=profile.processes + _OTHERS)
        bounded = limits(roomy, count=self.identity.dropped)
        return start(
            [*_DIES_WITH_PARENT, *bounded, *(_outside(word, binds) for word in command)],
            environment={name: _outside(value, binds) for name, value in profile.all_environment()},
            identity=self.identity,
            directory=_outside(profile.directory, binds),
            asked=asked,
        )


def host_layout(root: Path = Path("/")) -> Layout:
    """How this machine's root folder leads to /usr."""
    present = [name for name in _ROOT_FOLDERS if (root / name).exists()]
    links = tuple((name, str((root / name).readlink())) for name in present if (root / name).is_symlink())
    return Layout(links, tuple(name for name in present if not (root / name).is_symlink()))


def _stand_ins(profile: Profile, folder: Path) -> Iterator[Bind]:
    """Real folders and files in place of those that a sandbox makes of nothing."""
    for number, inside in enumerate((TEMPORARY, *(inside for inside, _ in profile.volatile))):
        place = folder / f"folder-{number}"
        place.mkdir(mode=0o700)
        yield place, inside
    for number, (inside, content) in enumerate(profile.files):
        place = folder / f"file-{number}"
        place.write_bytes(content)
        yield place, inside


def _outside(text: str, binds: Sequence[Bind]) -> str:
    """The text with every inside path replaced by the machine's own; the longest fitting one wins."""
    places = {inside.rstrip("/"): str(host) for host, inside in binds}
    longest_first = sorted(places, key=len, reverse=True)
    pattern = "|".join(re.escape(place) for place in longest_first)
    return re.sub(rf"(?<![\w./-])(?:{pattern})(?![\w.-])", lambda found: places[found[0]], text)


def _bounds(profile: Profile) -> Bounds:
    return Bounds(
        wall_seconds=profile.wall_seconds,
        total_bytes=profile.total_bytes,
        output_bytes=profile.output_bytes,
        error_bytes=profile.error_bytes,
    )


def _not_made(said: bytes) -> ExpectedError:
    # No stranger's code ran yet, so these words are bubblewrap's own.
    words = said.decode(errors="replace").strip().splitlines()
    return ExpectedError(
        f"The sandbox could not be made: {words[-1] if words else 'bubblewrap said nothing'}",
        "Run `schemagate doctor` on the worker's machine; it tells what the sandbox lacks there.",
        RefusalCode.SANDBOX_UNAVAILABLE,
    )


def _file(name: str, content: bytes) -> int:
    number = os.memfd_create(name)
    with os.fdopen(os.dup(number), "wb") as file:
        file.write(content)
    os.lseek(number, 0, os.SEEK_SET)
    return number


def _read_all(number: int) -> bytes:
    with os.fdopen(os.dup(number), "rb") as pipe:
        return pipe.read()


def _close(numbers: list[int]) -> None:
    while numbers:
        os.close(numbers.pop())
