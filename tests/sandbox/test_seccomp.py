"""The committed filters are what the policy makes, and do what it says to every number."""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
import struct

import pytest

from workers.sandbox.seccomp import build
from workers.sandbox.seccomp.policy import (
    CLONE,
    CLONE3,
    IOCTL,
    POLICY,
    REFUSED,
    SOCKET,
    SOCKETPAIR,
    Call,
    Machine,
)

AUDIT = {Machine.X86_64: 0xC000003E, Machine.AARCH64: 0xC00000B7}
ALLOWED = 0x7FFF0000
KILLED = 0x80000000
MACHINES = pytest.mark.parametrize("machine", list(Machine))


def fails_with(number: int) -> int:
    return 0x00050000 | number


def verdict(machine: Machine, number: int, *arguments: int, audit: int | None = None) -> int:
    """What the kernel would answer: the committed filter, run instruction by instruction."""
    given = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    told = struct.pack("<IIQ6Q", number & 0xFFFFFFFF, audit or AUDIT[machine], 0, *given)
    program = list(struct.iter_unpack("<HBBI", build.artefact(machine).read_bytes()))
    accumulator, position = 0, 0
    while True:
        code, yes, no, value = program[position]
        position += 1
        if code == 0x06:
            return int(value)
        if code == 0x20:
            accumulator = struct.unpack_from("<I", told, value)[0]
            continue
        holds = {0x15: accumulator == value, 0x25: accumulator > value, 0x45: bool(accumulator & value)}[code]
        position += yes if holds else no


def number_of(call: Call, machine: Machine) -> int:
    number = call.number(machine)
    assert number is not None
    return number


@MACHINES
def test_the_committed_filter_is_what_the_policy_makes(machine: Machine):
    assert build.artefact(machine).read_bytes() == build.assemble(machine, POLICY)


@MACHINES
def test_every_refused_call_fails_and_every_other_known_one_passes(machine: Machine):
    refused = {call.number(machine) for call in REFUSED}
    judged = {call.number(machine) for call in (CLONE3, SOCKET, SOCKETPAIR, CLONE, IOCTL)}
    for number in set(range(POLICY.newest + 1)) - judged:
        expected = fails_with(errno.EPERM) if number in refused else ALLOWED
        assert verdict(machine, number) == expected, number


@MACHINES
@pytest.mark.parametrize("number", [POLICY.newest + 1, 467, 1000, 0x40000000 | 41, 0x40000029, -1])
def test_a_call_that_is_newer_or_of_another_kind_looks_absent(machine: Machine, number: int):
    assert verdict(machine, number) == fails_with(errno.ENOSYS)


@MACHINES
def test_calls_in_another_machines_numbers_end_the_process(machine: Machine):
    assert verdict(machine, 1, audit=0x40000003) == KILLED


@MACHINES
@pytest.mark.parametrize("call", [SOCKET, SOCKETPAIR])
def test_only_the_unix_family_of_sockets_exists(machine: Machine, call: Call):
    for family in range(64):
        expected = ALLOWED if family == 1 else fails_with(errno.EAFNOSUPPORT)
        assert verdict(machine, number_of(call, machine), family) == expected
    # The kernel looks at the low half of the argument only, and so must the filter.
    assert verdict(machine, number_of(call, machine), 1 << 32 | 2) == fails_with(errno.EAFNOSUPPORT)


@MACHINES
@pytest.mark.parametrize("flag", [17, 25, 26, 27, 28, 29, 30])
def test_no_clone_makes_a_namespace(machine: Machine, flag: int):
    assert verdict(machine, number_of(CLONE, machine), 1 << flag | 17) == fails_with(errno.EPERM)


@MACHINES
def test_threads_and_forks_pass(machine: Machine):
    thread = 0x003D0F00
    assert verdict(machine, number_of(CLONE, machine), thread) == ALLOWED
    assert verdict(machine, number_of(CLONE, machine), 17) == ALLOWED
    assert verdict(machine, number_of(CLONE3, machine)) == fails_with(errno.ENOSYS)


@MACHINES
@pytest.mark.parametrize(("request_number", "expected"), [(0x5412, errno.EPERM), (0x541C, errno.EPERM), (0x5401, 0)])
def test_typing_into_a_terminal_is_refused_and_asking_it_is_not(machine: Machine, request_number: int, expected: int):
    answer = verdict(machine, number_of(IOCTL, machine), 0, request_number)
    assert answer == (fails_with(expected) if expected else ALLOWED)


@MACHINES
def test_the_numbers_are_those_of_libseccomp(machine: Machine):
    library = ctypes.util.find_library("seccomp")
    if library is None:
        pytest.skip("libseccomp is not on this machine, so nothing independent knows the numbers")
    resolve = ctypes.CDLL(library).seccomp_syscall_resolve_name_arch
    resolve.argtypes, resolve.restype = [ctypes.c_uint32, ctypes.c_char_p], ctypes.c_int
    for call in (*REFUSED, CLONE, CLONE3, SOCKET, SOCKETPAIR, IOCTL):
        known = resolve(AUDIT[machine], call.name.encode())
        assert call.number(machine) == (known if known >= 0 else None), call.name
    # Nothing that it knows lies above `newest`.
    assert resolve(AUDIT[machine], b"futex_requeue") in {POLICY.newest, -1}


def test_the_check_names_a_stale_file(monkeypatch: pytest.MonkeyPatch, tmp_path, capsys: pytest.CaptureFixture):
    monkeypatch.setattr(build, "FOLDER", tmp_path)
    assert build.main(["--check"]) == 1
    assert "stale: x86_64.bpf" in capsys.readouterr().out
    assert build.main([]) == 0
    assert build.main(["--check"]) == 0
