"""What a sandboxed process may see and use, and the bubblewrap options that say so."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

MEBIBYTE = 1024 * 1024

Bind = tuple[Path, str]
"""A path of the machine, and the absolute path at which the sandboxed process finds it."""

UID = 65534
"""The user and group number inside a sandbox."""

TEMPORARY = "/tmp"  # noqa: S108 - the sandbox's own, not the machine's
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - the same

_OWN_ENVIRONMENT = (
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ("HOME", TEMPORARY),
    ("TMPDIR", TEMPORARY),
    ("LANG", "C.UTF-8"),
    ("TZ", "UTC"),
)
# Programs such as initdb and getpass ask for the user's name.
_OWN_FILES = (
    ("/etc/passwd", f"sandbox:x:{UID}:{UID}:sandbox:/tmp:/usr/sbin/nologin\n".encode()),
    ("/etc/group", f"sandbox:x:{UID}:\n".encode()),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One sandboxed process: what it sees, besides a read-only /usr, and its limits.

    `volatile` are empty folders in memory, each with its size in bytes, gone with the sandbox; `files` have their
    content from us. Limits are per process, except `processes` and `total_bytes` (the whole sandbox), `tmp_bytes` (its
    /tmp) and `wall_seconds`. Memory is looked at a few times a second: a sandbox that holds more than `total_bytes` is ended.
    More than `output_bytes` on stdout ends the run; of stderr the last `error_bytes` are kept.
    """

    read_only: tuple[Bind, ...] = ()
    writable: tuple[Bind, ...] = ()
    volatile: tuple[tuple[str, int], ...] = ()
    files: tuple[tuple[str, bytes], ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    directory: str = TEMPORARY
    memory_bytes: int = 2048 * MEBIBYTE
    total_bytes: int = 4096 * MEBIBYTE
    cpu_seconds: int = 300
    processes: int = 128
    file_bytes: int = 256 * MEBIBYTE
    open_files: int = 256
    tmp_bytes: int = 256 * MEBIBYTE
    wall_seconds: float = 300.0
    output_bytes: int = 32 * MEBIBYTE
    error_bytes: int = MEBIBYTE // 4

    def all_environment(self) -> tuple[tuple[str, str], ...]:
        """The base environment with this profile's own values over it, sorted by name."""
        return tuple(sorted((dict(_OWN_ENVIRONMENT) | dict(self.environment)).items()))

    def all_files(self) -> tuple[tuple[str, bytes], ...]:
        """Every file whose content comes from us: the synthetic /etc and the profile's own."""
        return tuple((dict(_OWN_FILES) | dict(self.files)).items())


@dataclass(frozen=True, slots=True)
class Layout:
    """How this machine's root folder leads to /usr: links (name, target) and, on older systems, real folders."""

    links: tuple[tuple[str, str], ...]
    folders: tuple[str, ...]


class Descriptors(NamedTuple):
    """Numbers of the open files that bubblewrap reads and closes before the command starts."""

    filter: int
    files: tuple[int, ...]
    status: int


def limits(profile: Profile, *, count: bool = True) -> tuple[str, ...]:
    """The start of a command that runs the rest of it under the profile's limits, hard ones included.

    Inside bubblewrap the count of processes is that of the sandbox's own user namespace (Linux 5.14 and later). Nobody is given more
    processor time than this process may take itself: a job's own is bounded, and only root could raise that.
    """
    most = resource.getrlimit(resource.RLIMIT_CPU)[1]
    cpu = profile.cpu_seconds if most == resource.RLIM_INFINITY else min(profile.cpu_seconds, most - 2)
    return (
        "/usr/bin/prlimit",
        f"--as={profile.memory_bytes}",
        f"--cpu={cpu}:{cpu + 2}",
        *((f"--nproc={profile.processes}",) if count else ()),
        f"--fsize={profile.file_bytes}",
        f"--nofile={profile.open_files}",
        "--core=0",
        "--",
    )


def options(profile: Profile, layout: Layout, descriptors: Descriptors, *, proc: bool = True) -> tuple[str, ...]:
    """Bubblewrap's options for a profile, up to but without the command.

    `proc=False` leaves /proc out, for containers whose own /proc has masked parts: the kernel then refuses a new one.
    """
    return (
        *_isolation(),
        *_system(layout, proc=proc),
        *_places(profile, descriptors),
        *_environment(profile),
        *("--seccomp", str(descriptors.filter)),
        *("--json-status-fd", str(descriptors.status)),
        *("--remount-ro", "/"),
        *("--chdir", profile.directory),
    )


def _isolation() -> tuple[str, ...]:
    # --unshare-user, not --unshare-all, which only tries it; --disable-userns depends on it.
    return (
        *("--unshare-user", "--disable-userns"),
        *("--unshare-ipc", "--unshare-pid", "--unshare-net"),
        *("--unshare-uts", "--unshare-cgroup-try"),
        *("--uid", str(UID), "--gid", str(UID), "--hostname", "sandbox"),
        *("--die-with-parent", "--new-session", "--cap-drop", "ALL"),
    )


def _system(layout: Layout, *, proc: bool) -> Iterator[str]:
    yield from ("--ro-bind", "/usr", "/usr")
    for name, target in layout.links:
        yield from ("--symlink", target, f"/{name}")
    for name in layout.folders:
        yield from ("--ro-bind", f"/{name}", f"/{name}")
    yield from ("--perms", "0755", "--dir", "/etc")
    yield from ("--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache")
    if proc:
        yield from ("--proc", "/proc")
    # /dev is a tmpfs without a size: made read-only, or it would take half of the machine's memory.
    yield from ("--dev", "/dev", "--size", str(64 * MEBIBYTE), "--tmpfs", _SHARED_MEMORY)
    yield from ("--remount-ro", "/dev")


def _places(profile: Profile, descriptors: Descriptors) -> Iterator[str]:
    yield from ("--size", str(profile.tmp_bytes), "--perms", "1777", "--tmpfs", TEMPORARY)
    for inside, size in profile.volatile:
        yield from ("--size", str(size), "--perms", "0700", "--tmpfs", inside)
    for (inside, _), number in zip(profile.all_files(), descriptors.files, strict=True):
        yield from ("--perms", "0444", "--ro-bind-data", str(number), inside)
    for host, inside in profile.read_only:
        yield from ("--ro-bind", str(host), inside)
    for host, inside in profile.writable:
        yield from ("--bind", str(host), inside)


def _environment(profile: Profile) -> Iterator[str]:
    yield "--clearenv"  # bubblewrap itself is started with an empty one: this alone would leave it in /proc/1/environ
    for name, value in profile.all_environment():
        yield from ("--setenv", name, value)
