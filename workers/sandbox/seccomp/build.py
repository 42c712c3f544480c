"""Makes the filter files from the policy: `python -m workers.sandbox.seccomp.build [--check]`.

A filter is a classic BPF program over the kernel's `struct seccomp_data`: number at 0, machine at 4,
arguments of 64 bits from 16. https://www.kernel.org/doc/html/latest/userspace-api/seccomp_filter.html
"""

from __future__ import annotations

import errno
import struct
import sys
from pathlib import Path

from workers.sandbox.seccomp.policy import (
    CLONE,
    CLONE3,
    IOCTL,
    POLICY,
    SOCKET,
    SOCKETPAIR,
    Call,
    Machine,
    Policy,
)

FOLDER = Path(__file__).parent

_AUDIT = {Machine.X86_64: 0xC000003E, Machine.AARCH64: 0xC00000B7}
_NUMBER, _MACHINE, _FIRST, _SECOND = 0, 4, 16, 24
_LOAD, _EQUAL, _ABOVE, _ANY_BIT, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_NO_PERMISSION = 0x00050000 | errno.EPERM
_ABSENT = 0x00050000 | errno.ENOSYS
_NO_FAMILY = 0x00050000 | errno.EAFNOSUPPORT

_AF_UNIX = 1
_TERMINAL_INJECTION = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX: typing into somebody's terminal
# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_NEW_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000


def artefact(machine: Machine) -> Path:
    """Where the committed filter of a machine type is."""
    return FOLDER / f"{machine.value}.bpf"


def assemble(machine: Machine, policy: Policy) -> bytes:
    """The filter as the kernel takes it: 8 bytes an instruction, in this machine's byte order (little)."""
    program = [
        _op(_LOAD, _MACHINE),
        _op(_EQUAL, _AUDIT[machine], yes=1),  # 32-bit calls on a 64-bit machine have other numbers
        _op(_RETURN, _KILL),
        _op(_LOAD, _NUMBER),
        # Numbers with the x32 bit and -1 are above every known number, too.
        *_when(_ABOVE, policy.newest, [_op(_RETURN, _ABSENT)]),
        # The flags of clone3 lie in memory, out of a filter's sight; without it the C library takes clone.
        *_when_call(CLONE3, machine, [_op(_RETURN, _ABSENT)]),
        *_when_call(SOCKET, machine, _only_unix()),
        *_when_call(SOCKETPAIR, machine, _only_unix()),
        *_when_call(CLONE, machine, _no_namespaces()),
        *_when_call(IOCTL, machine, _no_injection()),
    ]
    for call in policy.refused:
        program += _when_call(call, machine, [_op(_RETURN, _NO_PERMISSION)])
    return b"".join([*program, _op(_RETURN, _ALLOW)])


def main(arguments: list[str]) -> int:
    """Writes the files, or with --check says which of them is not what the policy makes."""
    stale = [
        machine
        for machine in Machine
        if not artefact(machine).is_file() or artefact(machine).read_bytes() != assemble(machine, POLICY)
    ]
    if "--check" in arguments:
        sys.stdout.writelines(f"stale: {artefact(machine).name}\n" for machine in stale)
        return 1 if stale else 0
    for machine in stale:
        artefact(machine).write_bytes(assemble(machine, POLICY))
        sys.stdout.write(f"wrote {artefact(machine).name}\n")
    return 0


def _only_unix() -> list[bytes]:
    # The kernel takes the family as an int, so the low half of the argument is all there is.
    return [
        _op(_LOAD, _FIRST),
        _op(_EQUAL, _AF_UNIX, no=1),
        _op(_RETURN, _ALLOW),
        _op(_RETURN, _NO_FAMILY),
    ]


def _no_namespaces() -> list[bytes]:
    return [
        _op(_LOAD, _FIRST),
        _op(_ANY_BIT, _NEW_NAMESPACES, no=1),
        _op(_RETURN, _NO_PERMISSION),
        _op(_RETURN, _ALLOW),
    ]


def _no_injection() -> list[bytes]:
    return [
        _op(_LOAD, _SECOND),
        _op(_EQUAL, _TERMINAL_INJECTION[0], yes=1),
        _op(_EQUAL, _TERMINAL_INJECTION[1], no=1),
        _op(_RETURN, _NO_PERMISSION),
        _op(_RETURN, _ALLOW),
    ]


def _when_call(call: Call, machine: Machine, then: list[bytes]) -> list[bytes]:
    number = call.number(machine)
    return [] if number is None else _when(_EQUAL, number, then)


def _when(test: int, value: int, then: list[bytes]) -> list[bytes]:
    return [_op(test, value, no=len(then)), *then]


def _op(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("<HBBI", code, yes, no, value)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
