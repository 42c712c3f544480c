"""A profile becomes bubblewrap's options, and nothing else decides them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.source_files import ROOT
from workers.sandbox.profile import Descriptors, Layout, Profile, limits, options

LAYOUT = Layout(links=(("bin", "usr/bin"),), folders=("lib64",))


def words(profile: Profile | None = None, *, proc: bool = True) -> str:
    profile = profile or Profile()
    numbers = Descriptors(filter=10, files=tuple(range(20, 20 + len(profile.all_files()))), status=11)
    return " ".join(options(profile, LAYOUT, numbers, proc=proc))


def test_every_wall_is_up():
    shown = words()
    for wall in (
        "--unshare-user --disable-userns",
        "--unshare-ipc --unshare-pid --unshare-net",
        "--unshare-uts --unshare-cgroup-try",
        "--uid 65534 --gid 65534",
        "--die-with-parent --new-session --cap-drop ALL",
        "--clearenv",
        "--seccomp 10",
        "--remount-ro /dev",
    ):
        assert wall in shown
    assert "--unshare-all" not in shown, "it only tries to make a user namespace"


def test_the_root_is_closed_after_the_last_bind():
    shown = words(Profile(read_only=((Path("/a"), "/in"),), writable=((Path("/b"), "/out"),)))
    assert shown.index("--ro-bind /a /in") < shown.index("--bind /b /out") < shown.index("--remount-ro / ")


def test_only_what_the_profile_names_can_be_written():
    shown = words(Profile(read_only=((Path("/a"), "/in"),), writable=((Path("/b"), "/out"),)))
    assert shown.count("--bind ") == 1
    assert "--dev-bind" not in shown


def test_the_machines_root_is_laid_out_as_it_is():
    shown = words()
    assert "--symlink usr/bin /bin" in shown
    assert "--ro-bind /lib64 /lib64" in shown


def test_proc_can_be_left_out():
    assert "--proc /proc" in words()
    assert "--proc" not in words(proc=False)


def test_a_profiles_own_values_win_over_the_base():
    profile = Profile(environment=(("HOME", "/elsewhere"), ("DATABASE_URL", "x")))
    assert dict(profile.all_environment()) == {
        "DATABASE_URL": "x",
        "HOME": "/elsewhere",
        "LANG": "C.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TMPDIR": "/tmp",
        "TZ": "UTC",
    }


def test_files_of_ours_come_with_their_number():
    shown = words(Profile(files=(("/probe.py", b"x"),)))
    assert "--perms 0444 --ro-bind-data 20 /etc/passwd" in shown
    assert "--perms 0444 --ro-bind-data 22 /probe.py" in shown


def test_folders_in_memory_come_with_their_size():
    shown = words(Profile(volatile=(("/data", 4096),), tmp_bytes=8192))
    assert "--size 8192 --perms 1777 --tmpfs /tmp" in shown
    assert "--size 4096 --perms 0700 --tmpfs /data" in shown


def test_limits_are_hard_and_leave_no_core():
    shown = " ".join(limits(Profile(cpu_seconds=3, processes=7)))
    assert "--cpu=3:5" in shown
    assert "--nproc=7" in shown
    assert "--core=0" in shown
    assert "--nproc" not in " ".join(limits(Profile(), count=False))


def test_nobody_is_given_more_processor_time_than_a_bounded_job_has_itself():
    """A job's own limit is hard, and inside a sandbox nothing may raise it: prlimit would refuse to start the command."""
    program = (
        "import resource; from workers.sandbox.profile import Profile, limits;"
        "resource.setrlimit(resource.RLIMIT_CPU, (100, 100)); print(*limits(Profile(cpu_seconds=86400)))"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "--cpu=98:100" in ran.stdout
