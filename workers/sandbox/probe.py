"""Tries from inside the sandbox what strangers' code would try; a script of its own, run there and never imported.

Prints a JSON list of [name, ok, detail]; ok means that the attempt failed as it should.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

# In pieces, so that the probe does not find itself.
CANARY = b"schemagate-" + b"canary-"
OWN_ENVIRONMENT = {"PATH", "HOME", "TMPDIR", "LANG", "TZ", "PWD", "LC_CTYPE", "LD_LIBRARY_PATH"}
CLONE_NEWUSER = 0x10000000
Verdict = tuple[bool, str]


def environment() -> Verdict:
    unknown = sorted(set(os.environ) - OWN_ENVIRONMENT)
    told = repr(dict(os.environ)).encode()
    return not unknown and CANARY not in told, f"unknown variables: {unknown}"


def other_environments() -> Verdict:
    seen = 0
    for folder in Path("/proc").glob("[0-9]*"):
        for name in ("environ", "cmdline"):
            try:
                content = (folder / name).read_bytes()
            except OSError:
                continue
            seen += 1
            if CANARY in content:
                return False, f"{folder / name} shows the worker's environment"
    return True, f"{seen} files read"


def processes() -> Verdict:
    visible = [folder.name for folder in Path("/proc").glob("[0-9]*")]
    return len(visible) <= 3 and os.getpid() <= 3, f"visible: {visible}"


def user() -> Verdict:
    numbers = (*os.getresuid(), *os.getresgid(), *os.getgroups())
    return set(numbers) == {65534}, f"numbers: {sorted(set(numbers))}"


def capabilities() -> Verdict:
    # PR_GET_NO_NEW_PRIVS, PR_GET_SECCOMP; capabilities are asked through the bounding set of all 64.
    libc = ctypes.CDLL(None, use_errno=True)
    held = [number for number in range(64) if libc.prctl(23, number, 0, 0, 0) == 1]
    facts = (libc.prctl(39, 0, 0, 0, 0), libc.prctl(21, 0, 0, 0, 0))
    return not held and facts == (1, 2), f"capabilities {held}, no_new_privs and seccomp {facts}"


def network() -> Verdict:
    families = {"inet": 2, "inet6": 10, "netlink": 16, "packet": 17, "bluetooth": 31, "alg": 38, "vsock": 40}
    opened = []
    for name, family in families.items():
        try:
            socket.socket(family, socket.SOCK_RAW if name in {"netlink", "packet"} else socket.SOCK_STREAM).close()
        except OSError as error:
            if error.errno != errno.EAFNOSUPPORT:
                opened.append(f"{name} ({error.strerror})")
        else:
            opened.append(name)
    return not opened, f"not refused by the filter: {opened}"


def kernel_settings() -> Verdict:
    return _all_refused(
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/vm/overcommit_memory",
        "/proc/sysrq-trigger",
    )


def writing() -> Verdict:
    return _all_refused("/probe-x", "/usr/x", "/usr/lib/x", "/etc/x", "/etc/passwd", "/dev/x", "/proc/x", "/bin/x")


def files() -> Verdict:
    closed = ("/root", "/home", "/etc/shadow", "/etc/ssh", "/sys", "/run", "/var", "/dev/mem", "/dev/kmsg", "/boot")
    present = [path for path in closed if Path(path).exists() and not _made_for_a_bind(path)]
    return not present, f"present: {present}"


def namespaces() -> Verdict:
    libc = ctypes.CDLL(None, use_errno=True)
    made = [hex(flag) for flag in (CLONE_NEWUSER, 0x20000, 0x40000000) if libc.unshare(flag) == 0]
    return not made, f"made: {made}"


def system_calls() -> Verdict:
    libc = ctypes.CDLL(None, use_errno=True)
    x86 = os.uname().machine == "x86_64"
    calls = {
        "ptrace": 101 if x86 else 117,
        "mount": 165 if x86 else 40,
        "bpf": 321 if x86 else 280,
        "keyctl": 250 if x86 else 219,
        "add_key": 248 if x86 else 217,
        "userfaultfd": 323 if x86 else 282,
        "perf_event_open": 298 if x86 else 241,
        "io_uring_setup": 425,
        "open_tree": 428,
    }
    passed = []
    for name, number in calls.items():
        result = libc.syscall(number, -1, -1, -1, -1, -1)  # senseless arguments: harmless where it is not refused
        if result != -1 or ctypes.get_errno() != errno.EPERM:
            passed.append(f"{name}: {result}, {os.strerror(ctypes.get_errno())}")
    return not passed, f"not refused: {passed}"


def descriptors() -> Verdict:
    extra = []
    for number in range(3, 256):
        try:
            os.fstat(number)
        except OSError:
            continue
        extra.append(number)
    return not extra, f"besides 0 to 2: {extra}"


def process_limit() -> Verdict:
    limit = resource.getrlimit(resource.RLIMIT_NPROC)[0]
    children: list[int] = []
    try:
        while len(children) <= limit < 1000:
            child = os.fork()
            if child == 0:
                signal.pause()
                os._exit(0)
            children.append(child)
    except BlockingIOError:
        return True, f"stopped after {len(children)} of {limit}"
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return False, f"{len(children)} processes with a limit of {limit}"


def memory_limit() -> Verdict:
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return False, "no limit"
    try:
        bytearray(limit)
    except MemoryError:
        return True, f"stopped below {limit} bytes"
    return False, f"{limit} bytes allocated"


def file_limit() -> Verdict:
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    if limit == resource.RLIM_INFINITY:
        return False, "no limit"
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with Path("/tmp/large").open("wb") as file:  # noqa: S108 - the sandbox's own
            os.posix_fallocate(file.fileno(), 0, limit + 1)
    except OSError as error:
        return error.errno in {errno.EFBIG, errno.ENOSPC}, error.strerror or ""
    return False, f"a file of {limit + 1} bytes"


PROBES: tuple[Callable[[], Verdict], ...] = (
    environment,
    other_environments,
    processes,
    user,
    capabilities,
    network,
    kernel_settings,
    writing,
    files,
    namespaces,
    system_calls,
    descriptors,
    process_limit,
    memory_limit,
    file_limit,
)


def main() -> None:
    results: list[tuple[str, bool, str]] = []
    for probe in PROBES:
        ok, detail = probe()
        results.append((probe.__name__, ok, detail))
    json.dump(results, sys.stdout)


def _all_refused(*paths: str) -> Verdict:
    opened = []
    for path in paths:
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        except OSError:
            continue
        opened.append(path)
    return not opened, f"opened for writing: {opened}"


def _made_for_a_bind(path: str) -> bool:
    """A folder that holds nothing but the way to what we bound below it."""
    return Path(path).is_dir() and Path(path).stat().st_dev == Path("/").stat().st_dev


if __name__ == "__main__":
    main()
