"""Throw-away servers, each in a sandbox of its own: nothing but a unix socket leads in, nothing leads out.

Who can reach a server: the folder of its socket decides. The server makes the socket in a folder that is bound into its sandbox. The worker
gives it a second name (a hard link) in a folder that no server sees and that only the worker and the sandbox's user may pass, then removes
the first folder, before any stranger's SQL is heard. In a removed folder nothing can be made: no link to a real database's socket in place
of its own, and no files on the machine's disk. All that a server can write is in memory and has a size.

A worker that is killed leaves no server (it dies with the thread that started it) and a folder that the next sweep removes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.sandbox.folders import claimed_folder
from workers.sandbox.profile import Profile
from workers.sandbox.run import Sandbox
from workers.sandbox.served import Served

SOCKETS = "/sockets"
"""Where a sandbox finds a server's socket folder."""
DATA = "/data"
"""Where a server finds its files."""

# Copies the template into memory and becomes the server. A constant; what varies comes as arguments.
_COPY_AND_RUN = ("/bin/sh", "-c", f'cp -a /template/. {DATA} && exec "$@"', "sh")
_READY_SECONDS = 30.0

Server = TypeVar("Server")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One kind of server: `making` fills the empty folder `DATA` with what a new server begins with, `running` serves it.

    `name` and the `program` tell templates apart; `socket` is the name of the socket's file in `SOCKETS`. `profile` has what both commands need;
    `data_bytes` is the most that a server may write. Where there is no sandbox to be killed, the server is asked to stop by a signal.
    """

    name: str
    program: Path
    making: tuple[str, ...]
    running: tuple[str, ...]
    socket: str
    profile: Profile
    data_bytes: int
    stop: signal.Signals
    grace: float


@contextlib.contextmanager
def private_server(
    recipe: Recipe, sandbox: Sandbox, area: Path, ready: Callable[[Path, Served], Server | None]
) -> Iterator[Server]:
    """A fresh server for the length of the block.

    `ready` is told the worker's folder of its socket, and answers None until the server does: that the socket's file is there proves nothing.
    """
    template = _template(recipe, sandbox, area)
    with claimed_folder(area) as folder:
        sockets = folder / "s"
        sockets.mkdir(mode=0o700)
        sandbox.identity.owns(sockets)
        profile = replace(
            recipe.profile,
            read_only=(*recipe.profile.read_only, (template, "/template")),
            writable=((sockets, SOCKETS),),
            volatile=((DATA, recipe.data_bytes),),
        )
        served = sandbox.serve((*_COPY_AND_RUN, *recipe.running), profile)
        try:
            yield _started(recipe, sandbox, served, folder, ready)
        finally:
            if sandbox.isolated:
                served.kill()  # its data and its shared memory are its own: nothing stays
            else:
                served.stop(recipe.stop, grace=recipe.grace)


def _template(recipe: Recipe, sandbox: Sandbox, area: Path) -> Path:
    """The files of a new server, made once per program and kept in the area."""
    program = recipe.program.stat()
    facts = (str(recipe.program), program.st_size, program.st_mtime_ns, recipe.making, sandbox.identity.uid)
    template = area / "templates" / f"{recipe.name}-{hashlib.sha256(repr(facts).encode()).hexdigest()[:12]}"
    if template.exists():
        return template
    template.parent.mkdir(exist_ok=True)
    template.parent.chmod(0o711)
    with tempfile.TemporaryDirectory(dir=template.parent, prefix=".new-", ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o711)
        data = Path(made, "data")
        data.mkdir(mode=0o700)
        sandbox.identity.owns(data)
        outcome = sandbox.run(recipe.making, replace(recipe.profile, writable=((data, DATA),)))
        if not outcome.ok:
            raise _broken("the files of a scratch server cannot be made", outcome.stderr or outcome.stdout)
        with contextlib.suppress(OSError):  # another process was faster
            data.rename(template)
    return template


def _started(
    recipe: Recipe, sandbox: Sandbox, served: Served, folder: Path, ready: Callable[[Path, Served], Server | None]
) -> Server:
    deadline = time.monotonic() + _READY_SECONDS
    private = _private_name(recipe, sandbox, served, folder, deadline)
    while served.alive and time.monotonic() < deadline:
        server = ready(private, served)
        if server is not None:
            shutil.rmtree(folder / "s")
            return server
        time.sleep(0.01)
    raise _broken("a scratch server did not answer", served.log)


def _private_name(recipe: Recipe, sandbox: Sandbox, served: Served, folder: Path, deadline: float) -> Path:
    """A folder with the second name of the server's socket."""
    identity = sandbox.identity
    private = folder / "c"
    private.mkdir(mode=0o700)
    if identity.dropped:
        os.chown(private, -1, identity.gid)
        private.chmod(0o710)
    socket = folder / "s" / recipe.socket
    while served.alive and time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError):
            found = socket.lstat()
            if not stat.S_ISSOCK(found.st_mode) or found.st_uid != identity.uid:
                break
            os.link(socket, private / recipe.socket, follow_symlinks=False)
            return private
        time.sleep(0.005)
    raise _broken("a scratch server did not start", served.log)


def _broken(what: str, said: bytes) -> ExpectedError:
    lines = [line for line in said.decode(errors="replace").strip().splitlines() if "[Note]" not in line]
    last = "\n".join(lines)[-600:]
    return ExpectedError(
        f"{what}: {last or 'it said nothing'}",
        "Run `schemagate doctor` on the worker's machine: it starts one of each scratch server.",
        RefusalCode.SANDBOX_UNAVAILABLE,
    )
