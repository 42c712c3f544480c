"""A process that answers: one line for one line, never too long, never too late, and gone afterwards."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sandbox.machine import SMALL as MACHINE_SMALL
from tests.sandbox.machine import processes_with
from workers.sandbox.converse import Conversation, ConversationEndedError
from workers.sandbox.identity import Identity
from workers.sandbox.profile import Profile
from workers.sandbox.run import Bubblewrap, Sandbox, Unsandboxed
from workers.sandbox.runtime import Runtime

pytestmark = pytest.mark.sandbox

SMALL = MACHINE_SMALL | {"processes": 512}  # without a sandbox the user's other processes count as well
Talk = Callable[..., Conversation]
ECHO = "import sys\nfor line in sys.stdin: print(line.upper(), end='', flush=True)"


@pytest.fixture(params=["bubblewrap", "unsandboxed"])
def talk(request: pytest.FixtureRequest, sandbox: Bubblewrap, unsandboxed: Unsandboxed, python: Runtime) -> Talk:
    chosen: Sandbox = sandbox if request.param == "bubblewrap" else unsandboxed

    def start(code: str, user: Identity | None = None) -> Conversation:
        profile = Profile(read_only=python.binds, environment=python.environment, **SMALL)
        return chosen.converse([python.bin, "-I", "-S", "-c", code], profile, user=user)

    return start


def test_questions_are_answered_in_turn(talk: Talk):
    with talk(ECHO) as conversation:
        assert conversation.ask(b"one", seconds=10, most=10) == b"ONE"
        assert conversation.ask(b"", seconds=10, most=10) == b""
        assert conversation.ask(b"x" * 400_000, seconds=10, most=400_000) == b"X" * 400_000
        assert conversation.alive
    assert not conversation.alive


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import sys; sys.stdin.readline(); print('x' * 5000, flush=True)", "said too much"),
        ("import sys; sys.stdin.readline(); print('a\\nb', flush=True)", "said too much"),
        ("import sys\nwhile True: sys.stdout.write('x' * 9999)", "said too much"),
        ("import sys; sys.stdin.readline(); sys.exit('my last words')", "it ended"),
        ("import time; time.sleep(60)", "no answer in time"),
    ],
)
def test_a_missing_answer_ends_the_conversation(talk: Talk, code: str, why: str):
    began = time.monotonic()
    with talk(code) as conversation:
        with pytest.raises(ConversationEndedError, match=why) as error:
            conversation.ask(b"?" * 100_000, seconds=1.5, most=1000)
        assert not conversation.alive
        with pytest.raises(ConversationEndedError, match="has ended"):
            conversation.ask(b"?", seconds=1, most=1000)
    assert time.monotonic() - began < 10
    if "last words" in code:
        assert "my last words" in error.value.said


def test_a_process_that_says_much_beside_its_answers_is_heard_out(talk: Talk):
    code = "import sys\nfor line in sys.stdin:\n sys.stderr.write('x' * 300_000); print('done', flush=True)"
    with talk(code) as conversation:
        assert conversation.ask(b"?", seconds=10, most=10) == b"done"


def test_it_is_gone_with_everything_that_it_started(talk: Talk):
    mark = f"converse-{os.getpid()}-{time.monotonic_ns()}"
    code = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60) # {mark}'])\n"
    with talk(code + ECHO) as conversation:
        assert conversation.ask(b"x", seconds=10, most=10) == b"X"
        assert processes_with(mark)
    deadline = time.monotonic() + 5
    while processes_with(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_with(mark) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can choose the user")
def test_root_may_choose_the_user(sandbox: Bubblewrap, python: Runtime, data_dir: Path):
    file = data_dir / "private"
    file.write_text("theirs")
    file.chmod(0o600)
    os.chown(file, 12345, 12345)
    code = "import sys\nfor line in sys.stdin: print(open('/folder/private').read(), flush=True)"
    profile = Profile(read_only=(*python.binds, (data_dir, "/folder")), environment=python.environment, **SMALL)
    words = [python.bin, "-I", "-S", "-c", code]
    with sandbox.converse(words, profile, user=Identity(12345, 12345, dropped=True)) as conversation:
        assert conversation.ask(b"?", seconds=10, most=10) == b"theirs"
    with sandbox.converse(words, profile) as conversation, pytest.raises(ConversationEndedError) as error:
        conversation.ask(b"?", seconds=10, most=10)
    assert "PermissionError" in error.value.said


def test_a_sandbox_that_cannot_be_made_says_so_instead_of_an_answer(sandbox: Bubblewrap, python: Runtime):
    profile = Profile(read_only=((Path("/nowhere/at/all"), "/x"),), **SMALL)
    with (
        sandbox.converse([python.bin, "-c", ECHO], profile) as conversation,
        pytest.raises(ConversationEndedError) as error,
    ):
        conversation.ask(b"?", seconds=10, most=10)
    assert "/nowhere/at/all" in error.value.said


def test_a_killed_process_is_noticed(talk: Talk):
    with talk(ECHO) as conversation:
        conversation.ask(b"x", seconds=10, most=10)
        os.killpg(conversation._process.pid, signal.SIGKILL)
        conversation._process.wait(10)
        with pytest.raises(ConversationEndedError):
            conversation.ask(b"x", seconds=5, most=10)
