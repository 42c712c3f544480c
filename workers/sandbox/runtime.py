"""Makes programs reachable for the sandbox's user: in place where it can pass, else as a cached copy in the area."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.sandbox.folders import sweep
from workers.sandbox.identity import Identity
from workers.sandbox.profile import Bind

# Nothing that a rehearsal needs, and more than half of the size of a standard library.
_LEFT_OUT = frozenset({"site-packages", "test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip"})
# A socket's name has at most 107 bytes, and a server's folder in the area takes 32 of them.
_LONGEST = 75
# Everybody may write there, so what is ours there is checked for its owner.
_FALLBACK = Path("/var/tmp")  # noqa: S108 - the reason stands above
_ASK = "import sys; print(sys.base_prefix, sys._base_executable, sep='\\n')"


@dataclass(frozen=True, slots=True)
class Runtime:
    """A Python for the sandbox. `bin` is the same path inside and outside; `binds` must be read-only in the profile.

    `environment` lets the copy find its own library where there is no sandbox to bind it at its old place.
    """

    bin: str
    binds: tuple[Bind, ...]
    environment: tuple[tuple[str, str], ...] = ()


def open_area(wanted: Path, identity: Identity, fallback: Path = _FALLBACK) -> Path:
    """A folder for sandboxes, swept of what dead workers left: `wanted`, or one below `fallback`.

    The second where the sandbox's user cannot pass to `wanted`, or where its name is too long for a socket's. The
    folder is ours and closed to listing; what lies in it is opened to one user each. One in `fallback` is named after
    `wanted` and must belong to us, so nobody can lay it out for us beforehand.
    """
    wanted.mkdir(parents=True, exist_ok=True)
    area = wanted
    if len(os.fsencode(wanted)) > _LONGEST or not identity.passes(wanted.parent):
        name = hashlib.sha256(os.fsencode(wanted.resolve())).hexdigest()[:12]
        area = fallback / f"schemagate-{name}"
        area.mkdir(mode=0o700, exist_ok=True)
        _require_ours(area)
    area.chmod(0o711)
    sweep(area)
    return area


def reachable(path: Path, area: Path, identity: Identity, *, left_out: Iterable[str] = ()) -> Path:
    """The path itself when the sandbox's user reaches it, else a copy in the area, made once per content stamp.

    `left_out` are names that are not copied, at any depth.
    """
    if identity.reaches(path):
        return path
    names = frozenset(left_out)
    copy = area / "copies" / f"{path.name}-{_stamp(path, names)}"
    if not copy.exists():
        _publish(copy, lambda place: _copy(path, place, names))
    return copy


def python_runtime(area: Path, identity: Identity, interpreter: Path) -> Runtime:
    """The base interpreter behind `interpreter` (a virtual environment's or its own), with its standard library.

    A Python below /usr is in every sandbox. One that the sandbox's user cannot reach is copied without site-packages
    and bound at its old place, too, so that virtual environments made with it go on working.
    """
    prefix, program = _base(interpreter)
    if prefix.is_relative_to("/usr"):
        return Runtime(str(program), ())
    if identity.reaches(prefix) and identity.reaches(program):
        return Runtime(str(program), ((prefix, str(prefix)),))
    copy = area / "pythons" / f"{program.name}-{_stamp(program, frozenset())}"
    if not copy.exists():
        _publish(copy, lambda place: _copy_python(prefix, program, place))
    binds = ((copy, str(copy)), (copy, str(prefix)))
    return Runtime(str(copy / "bin" / program.name), binds, (("LD_LIBRARY_PATH", str(copy / "lib")),))


def _require_ours(area: Path) -> None:
    found = area.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise ExpectedError(
            f"{area} belongs to somebody else.",
            "Remove it, or set SCHEMAGATE_DATA_DIR to a folder that every user can pass (mode 0711 all the way).",
            RefusalCode.SANDBOX_UNAVAILABLE,
        )


@functools.cache
def _base(interpreter: Path) -> tuple[Path, Path]:
    """Prefix and program of the Python that an interpreter stands on, as it says itself; our own need not be started for that."""
    if interpreter == Path(sys.executable):
        return Path(sys.base_prefix).resolve(), Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    # Isolated and without site: neither the environment nor a .pth file is heard.
    answer = subprocess.run(
        [str(interpreter), "-I", "-S", "-c", _ASK],
        env={},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    prefix, program = answer.stdout.splitlines()
    return Path(prefix).resolve(), Path(program).resolve()


def _copy_python(prefix: Path, program: Path, place: Path) -> None:
    library = program.name if program.name.startswith("python3.") else _library(prefix)
    (place / "bin").mkdir(parents=True)
    for file in program.parent.glob("python3*"):
        shutil.copy2(file, place / "bin" / file.name, follow_symlinks=False)
    for name in ("python", "python3"):
        if not (place / "bin" / name).exists():
            (place / "bin" / name).symlink_to(program.name)
    _copy(prefix / "lib" / library, place / "lib" / library, _LEFT_OUT)
    for shared in (prefix / "lib").glob("*.so*"):
        shutil.copy2(shared, place / "lib" / shared.name, follow_symlinks=False)


def _library(prefix: Path) -> str:
    return next(folder.name for folder in (prefix / "lib").glob("python3.*") if folder.is_dir())


def _stamp(path: Path, left_out: frozenset[str]) -> str:
    """Changes when the path, or a file or folder near its top, is replaced."""
    near = [path, *sorted(path.iterdir())] if path.is_dir() else [path]
    seen = [(str(each), found.st_mtime_ns, found.st_size) for each in near for found in [each.stat()]]
    return hashlib.sha256(repr((seen, sorted(left_out))).encode()).hexdigest()[:16]


def _publish(copy: Path, make: Callable[[Path], None]) -> None:
    """Makes a copy beside its place and moves it there whole; a process that was faster wins."""
    copy.parent.mkdir(exist_ok=True)
    copy.parent.chmod(0o755)
    with tempfile.TemporaryDirectory(dir=copy.parent, prefix=".new-") as folder:
        place = Path(folder, copy.name)
        make(place)
        _open_to_readers(place)
        try:
            place.rename(copy)
        except OSError:
            if not copy.exists():
                raise


def _copy(path: Path, place: Path, left_out: frozenset[str]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, place, symlinks=True, ignore=lambda _, names: left_out & set(names))
    else:
        shutil.copy2(path, place)


def _open_to_readers(place: Path) -> None:
    for folder, _, files in os.walk(place):
        Path(folder).chmod(0o755)
        for name in files:
            file = Path(folder, name)
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & stat.S_IXUSR else 0o644)
    if place.is_file():
        place.chmod(0o755 if place.stat().st_mode & stat.S_IXUSR else 0o644)
