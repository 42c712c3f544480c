"""What strangers' code tries, really tried in the real sandbox of this machine."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.sandbox.machine import Stranger, processes_with, worker_environment
from workers.sandbox.child import Killed
from workers.sandbox.profile import MEBIBYTE, Profile
from workers.sandbox.run import Bubblewrap
from workers.sandbox.runtime import Runtime

pytestmark = pytest.mark.sandbox

READ_EVERYTHING = """
import glob, os
seen = [repr(dict(os.environ)).encode()]
for name in glob.glob('/proc/[0-9]*/environ') + glob.glob('/proc/[0-9]*/cmdline') + glob.glob('/proc/[0-9]*/task/*/environ'):
    try:
        seen.append(open(name, 'rb').read())
    except OSError:
        pass
print(len(seen), b'|'.join(seen))
"""


def answer(stranger: Stranger, code: str, **profile) -> str:
    outcome = stranger.runs(code, **profile)
    assert outcome.ok, outcome
    return outcome.stdout.decode().strip()


def test_a_secret_of_the_worker_is_in_no_environment_and_no_command_line(
    sandbox: Bubblewrap, python: Runtime, area: Path
):
    secret = f"token-{secrets.token_hex(8)}"
    worker = f"""
import os, sys
from tests.sandbox.machine import Stranger, our_python, real_sandbox
from pathlib import Path
area = Path({str(area)!r})
outcome = Stranger(real_sandbox(area).sandbox, our_python(area)).runs({READ_EVERYTHING!r})
sys.stdout.buffer.write(outcome.stdout)
assert os.environ['SCHEMAGATE_PRIVATE_KEY'] == {secret!r}[::1]
"""
    told = subprocess.run(
        [sys.executable, "-c", worker],
        env=worker_environment(SCHEMAGATE_PRIVATE_KEY=secret),
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout
    assert int(told.split()[0]) >= 3, "the stranger could read the files of its own processes"
    assert secret.encode() not in told


def test_the_sandboxs_first_process_shows_neither_environment_nor_paths_of_the_machine(stranger: Stranger, area: Path):
    code = "print(open('/proc/1/environ').read() == '', open('/proc/1/cmdline').read())"
    shown = answer(stranger, code, read_only=((area, "/seen"),))
    assert shown.startswith("True")
    assert str(area / "pg") not in shown
    assert "/seen" not in shown


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG"])
@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW"])
def test_no_socket_but_a_unix_one_can_be_made(stranger: Stranger, family: str, kind: str):
    code = f"""
import errno, socket
try:
    socket.socket(socket.{family}, socket.{kind})
except OSError as error:
    print(errno.errorcode[error.errno])
"""
    assert answer(stranger, code) == "EAFNOSUPPORT"


def test_unix_sockets_inside_work(stranger: Stranger):
    code = "import socket; a, b = socket.socketpair(); a.send(b'works'); print(b.recv(9).decode())"
    assert answer(stranger, code) == "works"


def test_an_abstract_socket_of_the_machine_is_out_of_reach(stranger: Stranger):
    name = f"schemagate-{secrets.token_hex(4)}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0" + name)
        listener.listen()
        with socket.socket(socket.AF_UNIX) as proof:
            proof.connect("\0" + name)
        code = f"""
import socket
try:
    socket.socket(socket.AF_UNIX).connect('\\0{name}')
    print('connected')
except ConnectionRefusedError:
    print('refused')
"""
        assert answer(stranger, code) == "refused"


def test_nothing_outside_its_own_folders_can_be_written(stranger: Stranger, area: Path):
    visible = area / "visible"
    visible.mkdir(exist_ok=True)
    (visible / "file").write_text("ours")
    (visible / "file").chmod(0o666)
    visible.chmod(0o777)
    code = """
import json, os
tried = {}
for path in ('/x', '/usr/x', '/etc/passwd', '/dev/x', '/proc/sys/kernel/core_pattern', '/seen/x', '/seen/file',
             '/usr/bin/prlimit', '/bin/sh', '/lib', '/tmp/x', '/dev/shm/x'):
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT))
        tried[path] = True
    except OSError as error:
        tried[path] = False
for act, path in ((os.unlink, '/seen/file'), (os.rmdir, '/tmp'), (os.unlink, '/etc/passwd')):
    try:
        act(path)
        tried[act.__name__ + path] = True
    except OSError:
        tried[act.__name__ + path] = False
print(json.dumps([path for path, written in tried.items() if written]))
"""
    assert json.loads(answer(stranger, code, read_only=((visible, "/seen"),))) == ["/tmp/x", "/dev/shm/x"]
    assert (visible / "file").read_text() == "ours"


def test_a_link_leads_to_the_sandboxs_own_files_only(stranger: Stranger, area: Path):
    (area / "outside").write_text("a secret of the machine")
    checkout = area / "checkout"
    checkout.mkdir(exist_ok=True)
    targets = (
        str(area / "outside"),
        "../outside",
        "/etc/shadow",
        "/root/.ssh",
        "/proc/1/root/etc/shadow",
    )
    for number, target in enumerate(targets):
        link = checkout / f"link-{number}"
        link.unlink(missing_ok=True)
        link.symlink_to(target)
    code = """
import os
for name in sorted(os.listdir('/checkout')):
    try:
        path = '/checkout/' + name
        print(name, os.listdir(path) if os.path.isdir(path) else open(path).read())
    except OSError:
        pass
for way in ('/proc/1/root', '/proc/1/cwd/..'):
    if not os.path.samefile(way, '/'):
        print(way, os.listdir(way))
"""
    assert answer(stranger, code, read_only=((checkout, "/checkout"),)) == ""


def test_a_link_made_inside_shows_the_sandboxs_own_environment_only(
    stranger: Stranger, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SCHEMAGATE_STATE_KEY", "not for strangers")
    code = "import os; os.symlink('/proc/self/environ', '/tmp/link'); print(open('/tmp/link').read())"
    shown = answer(stranger, code)
    assert "HOME=/tmp" in shown
    assert "SCHEMAGATE" not in shown


def test_open_files_of_the_worker_are_not_inherited(stranger: Stranger, data_dir: Path):
    secret = data_dir / "key"
    secret.write_text("secret")
    with secret.open() as file:
        os.set_inheritable(file.fileno(), True)
        code = "import os; print(sorted(os.readlink(f'/proc/self/fd/{n}').split(':')[0] for n in os.listdir('/proc/self/fd')))"
        shown = answer(stranger, code.replace("os.listdir('/proc/self/fd')", "'012'"))
        assert shown == "['/dev/null', 'pipe', 'pipe']"
        assert answer(stranger, "import os; print(len(os.listdir('/proc/self/fd')))") == "4"


def test_a_fork_bomb_stops_at_the_limit_and_leaves_nothing(stranger: Stranger):
    mark = f"bomb-{secrets.token_hex(6)}"
    code = f"""
import os, time
mark = {mark!r}
made = 0
for _ in range(200):
    try:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        made += 1
    except BlockingIOError:
        break
print(made)
"""
    assert 5 < int(answer(stranger, code)) < 24
    assert processes_with(mark) == []


def test_each_sandbox_has_a_count_of_its_own(stranger: Stranger, sandbox: Bubblewrap):
    greedy = "import os, time\nwhile True:\n  try:\n    os.fork() or time.sleep(60)\n  except BlockingIOError: time.sleep(60)"
    profile = Profile(read_only=stranger.python.binds, environment=stranger.python.environment, processes=24)
    with sandbox.serve([stranger.python.bin, "-I", "-S", "-c", greedy], profile) as bomb:
        time.sleep(0.5)
        assert bomb.alive
        assert answer(stranger, "import os; os.fork() or os._exit(0); os.wait(); print('forked')") == "forked"


def test_memory_ends_at_the_limit(stranger: Stranger):
    code = "try:\n  bytearray(1 << 30)\nexcept MemoryError:\n  print('no memory')"
    assert answer(stranger, code) == "no memory"


@pytest.mark.parametrize(("folder", "cap"), [("/tmp", 16 * MEBIBYTE), ("/dev/shm", 64 * MEBIBYTE)])
def test_folders_in_memory_have_a_size(stranger: Stranger, folder: str, cap: int):
    code = f"""
import os
written = 0
for number in range(40):
    try:
        with open('{folder}/' + str(number), 'wb', buffering=0) as file:
            for _ in range(4):
                written += file.write(bytes(1 << 20))
    except OSError:
        break
print(written)
"""
    assert int(answer(stranger, code)) <= cap


def test_a_file_ends_at_the_limit(stranger: Stranger):
    code = """
import errno, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    with open('/tmp/large', 'wb', buffering=0) as file:
        while True:
            file.write(bytes(1 << 20))
except OSError as error:
    import os
    print(errno.errorcode[error.errno], os.path.getsize('/tmp/large'))
"""
    assert answer(stranger, code) == f"EFBIG {8 * MEBIBYTE}"


def test_endless_output_ends_the_run_at_the_cap(stranger: Stranger):
    outcome = stranger.runs("while True: print('x' * 1000)")
    assert outcome.killed is Killed.OUTPUT
    assert len(outcome.stdout) == MEBIBYTE
    assert not outcome.ok


def test_output_just_over_the_cap_is_no_success(stranger: Stranger):
    assert stranger.runs("print('x' * 100, end='')", output_bytes=100).ok
    outcome = stranger.runs("print('x' * 101, end='')", output_bytes=100)
    assert (outcome.ok, outcome.killed, len(outcome.stdout)) == (False, Killed.OUTPUT, 100)


def test_of_endless_complaints_the_last_part_is_kept(stranger: Stranger):
    code = "import sys\nfor n in range(100000): sys.stderr.write(f'line {n}\\n')\nprint('done')"
    outcome = stranger.runs(code)
    assert outcome.ok
    assert len(outcome.stderr) == 4096
    assert outcome.stderr.endswith(b"line 99999\n")


def test_a_run_that_waits_ends_at_its_time_with_all_that_it_started(stranger: Stranger):
    mark = f"orphan-{secrets.token_hex(6)}"
    code = f"""
import os, time
mark = {mark!r}
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)
time.sleep(600)
"""
    outcome = stranger.runs(code, wall_seconds=1.0)
    assert outcome.killed is Killed.WALL_TIME
    assert outcome.seconds < 5
    assert processes_with(mark) == []


def test_what_a_finished_command_left_running_is_gone(stranger: Stranger):
    mark = f"daemon-{secrets.token_hex(6)}"
    code = f"""
import os, time
mark = {mark!r}
if os.fork() == 0:
    os.setsid()
    time.sleep(600)
print('done')
"""
    outcome = stranger.runs(code)
    assert outcome.ok
    assert outcome.seconds < 5
    assert processes_with(mark) == []


def test_a_busy_loop_ends_at_its_processor_time(stranger: Stranger):
    outcome = stranger.runs("while True: pass", cpu_seconds=1)
    assert outcome.killed is Killed.CPU_TIME


def test_the_user_inside_is_nobody_and_owns_no_right(stranger: Stranger):
    code = "caps = [line.split()[1] for line in open('/proc/self/status') if line.startswith('Cap')]\n"
    code += "import os; print(os.getresuid(), os.getresgid(), os.getgroups(), caps)"
    zero = "'0000000000000000'"
    assert answer(stranger, code) == (f"(65534, 65534, 65534) (65534, 65534, 65534) [] [{', '.join([zero] * 5)}]")


def test_a_program_with_the_setuid_bit_gives_nothing(stranger: Stranger):
    code = """
import os, shutil, subprocess
shutil.copy('/usr/bin/id', '/tmp/id')
os.chmod('/tmp/id', 0o4755)
print(subprocess.run(['/tmp/id', '-u'], capture_output=True, text=True).stdout.strip(), os.getuid())
"""
    assert answer(stranger, code) == "65534 65534"


def test_a_terminal_cannot_be_typed_into(stranger: Stranger):
    code = """
import errno, fcntl, os, pty, termios
main, side = pty.openpty()
try:
    fcntl.ioctl(side, termios.TIOCSTI, b'x')
except OSError as error:
    print(errno.errorcode[error.errno])
"""
    assert answer(stranger, code) == "EPERM"
