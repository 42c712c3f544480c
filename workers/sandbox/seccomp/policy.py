"""The system calls that are refused in a sandbox, with their numbers on each machine type.

Numbers never change once a kernel has shipped them; a test compares them with libseccomp's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class Machine(Enum):
    """A processor type, as `uname -m` spells it."""

    X86_64 = "x86_64"
    AARCH64 = "aarch64"


class Call(NamedTuple):
    """A system call and its number on each machine type; None where it does not exist."""

    name: str
    x86_64: int | None
    aarch64: int | None

    def number(self, machine: Machine) -> int | None:
        return self.x86_64 if machine is Machine.X86_64 else self.aarch64


@dataclass(frozen=True, slots=True)
class Policy:
    """What a filter is made from. `refused` fail with EPERM; anything above `newest` with ENOSYS."""

    refused: tuple[Call, ...]
    newest: int


SOCKET = Call("socket", 41, 198)
SOCKETPAIR = Call("socketpair", 53, 199)
CLONE = Call("clone", 56, 220)
CLONE3 = Call("clone3", 435, 435)
IOCTL = Call("ioctl", 16, 29)

REFUSED = (
    # mounts and roots
    Call("mount", 165, 40),
    Call("umount2", 166, 39),
    Call("pivot_root", 155, 41),
    Call("chroot", 161, 51),
    Call("move_mount", 429, 429),
    Call("open_tree", 428, 428),
    Call("fsopen", 430, 430),
    Call("fsconfig", 431, 431),
    Call("fsmount", 432, 432),
    Call("fspick", 433, 433),
    Call("mount_setattr", 442, 442),
    # namespaces
    Call("unshare", 272, 97),
    Call("setns", 308, 268),
    # other processes' memory and descriptors
    Call("ptrace", 101, 117),
    Call("process_vm_readv", 310, 270),
    Call("process_vm_writev", 311, 271),
    Call("process_madvise", 440, 440),
    Call("kcmp", 312, 272),
    Call("pidfd_getfd", 438, 438),
    # kernel programs, counters, rings and faults
    Call("bpf", 321, 280),
    Call("perf_event_open", 298, 241),
    Call("userfaultfd", 323, 282),
    Call("io_uring_setup", 425, 425),
    Call("io_uring_enter", 426, 426),
    Call("io_uring_register", 427, 427),
    # the kernel's key store
    Call("keyctl", 250, 219),
    Call("add_key", 248, 217),
    Call("request_key", 249, 218),
    # modules, another kernel, power
    Call("init_module", 175, 105),
    Call("finit_module", 313, 273),
    Call("delete_module", 176, 106),
    Call("kexec_load", 246, 104),
    Call("kexec_file_load", 320, 294),
    Call("reboot", 169, 142),
    # the machine's name, clock, log, quotas, swap
    Call("sethostname", 170, 161),
    Call("setdomainname", 171, 162),
    Call("settimeofday", 164, 170),
    Call("clock_settime", 227, 112),
    Call("clock_adjtime", 305, 266),
    Call("adjtimex", 159, 171),
    Call("syslog", 103, 116),
    Call("acct", 163, 89),
    Call("quotactl", 179, 60),
    Call("quotactl_fd", 443, 443),
    Call("swapon", 167, 224),
    Call("swapoff", 168, 225),
    Call("vhangup", 153, 58),
    # raw ports and odd processor modes
    Call("iopl", 172, None),
    Call("ioperm", 173, None),
    Call("modify_ldt", 154, None),
    Call("personality", 135, 92),
    # files without their path
    Call("name_to_handle_at", 303, 264),
    Call("open_by_handle_at", 304, 265),
    Call("fanotify_init", 300, 262),
    Call("fanotify_mark", 301, 263),
    Call("lookup_dcookie", 212, 18),
    # old interfaces with a bad record
    Call("nfsservctl", 180, 42),
    Call("uselib", 134, None),
    Call("ustat", 136, None),
    Call("sysfs", 139, None),
    Call("_sysctl", 156, None),
    Call("get_kernel_syms", 177, None),
    Call("query_module", 178, None),
    Call("create_module", 174, None),
    # placement of memory, secret memory, page gifts
    Call("move_pages", 279, 239),
    Call("migrate_pages", 256, 238),
    Call("mbind", 237, 235),
    Call("set_mempolicy", 238, 237),
    Call("set_mempolicy_home_node", 450, 450),
    Call("memfd_secret", 447, 447),
    Call("vmsplice", 278, 75),
)

# 456 is futex_requeue (Linux 6.7). Later calls look absent: a new way to mount or to inspect is judged first.
POLICY = Policy(REFUSED, newest=456)
