"""A project's code shares the recorder's process: whatever it does there, it gets nothing and what it says is checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.sandbox.machine import our_identity
from tests.sources.alembic.conftest import Record
from tests.sources.alembic.projects import module, shop
from workers.core.names import Engine
from workers.ports import PythonEnvironment, RecordDirection, RecordRequest, ScratchAddress
from workers.sandbox.run import Unsandboxed
from workers.sources.alembic.environments import Environments
from workers.sources.alembic.output import STATEMENT_BYTES, STATEMENTS, OutputError, last_revision, read_output
from workers.sources.alembic.record import Bounds, Recorder
from workers.sources.alembic.source import AlembicSource

ANSWER: dict[str, object] = {
    "main": 0,
    "undo": None,
    "undo_error": "",
    "declared": None,
    "declared_error": "",
    "notes": [],
    "tool": "t",
}

LOOK_AROUND = """
import os, socket, json, glob
seen = {"environ": dict(os.environ)}
for path in ["/proc/1/environ", "/proc/self/environ", "/proc/1/cmdline", "/etc/shadow", "/root", "/home"]:
    try:
        seen[path] = open(path, "rb").read().decode("latin1") if not os.path.isdir(path) else os.listdir(path)
    except OSError as error:
        seen[path] = type(error).__name__
for family, address in [(socket.AF_INET, ("127.0.0.1", 80)), (socket.AF_INET6, ("::1", 80))]:
    try:
        socket.socket(family).connect(address)
        seen[str(family)] = "connected"
    except OSError as error:
        seen[str(family)] = type(error).__name__
for place in ["/checkout/x", "/recorder/x", "/usr/x", "/x"]:
    try:
        open(place, "w")
        seen[place] = "written"
    except OSError as error:
        seen[place] = type(error).__name__
raise RuntimeError("seen:" + json.dumps(seen)[:3500])
"""


def with_env(text: str):
    """The sample with an env.py that begins with `text`."""
    return shop({"alembic/env.py": text + "\n" + (shop().read("alembic/env.py") or b"").decode()})


@pytest.mark.sandbox
def test_an_env_file_that_looks_around_sees_nothing_of_the_worker(
    record: Record, sqlite: ScratchAddress, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SCHEMAGATE_CANARY", "canary-4711")
    found = record(with_env(LOOK_AROUND), sqlite, module=module(environment=(("SECRET_KEY", "dummy"),)))
    seen = json.loads(found.error.partition("seen:")[2].partition(" (alembic/env.py")[0])
    assert "canary" not in found.error
    assert set(seen["environ"]) <= {
        *(
            "DATABASE_URL",
            "HOME",
            "LANG",
            "LD_LIBRARY_PATH",
            "PATH",
            "PWD",
            "PYTHONDONTWRITEBYTECODE",
            "PYTHONHASHSEED",
        ),
        *("PYTHONUTF8", "SECRET_KEY", "TMPDIR", "TZ"),
    }
    assert seen["environ"]["SECRET_KEY"] == "dummy"
    assert {seen[path] for path in ("/root", "/home", "/etc/shadow")} <= {"FileNotFoundError", "PermissionError"}
    assert "connected" not in seen.values()
    assert "written" not in seen.values()


@pytest.mark.sandbox
def test_what_a_project_prints_does_not_disturb_the_recording(record: Record, sqlite: ScratchAddress):
    loud = (
        "import os, sys\n"
        "for _ in range(40):\n"
        "    print('x' * 100_000)\n"
        "    os.write(1, b'{\"answer\": {}}\\n' * 1000)\n"
        "    os.write(2, b'y' * 100_000)\n"
        "os.system('echo from a child')"
    )
    found = record(with_env(loud), sqlite)
    assert (found.error, len(found.statements)) == ("", 13)


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import os\nos._exit(3)", "ended the process with status 3"),
        ("import os\nos._exit(0)", "ended without an answer"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "signal 9"),
        ("raise SystemExit(5)", "SystemExit: 5"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("x = [0] * 10**10", "MemoryError"),
    ],
)
def test_a_project_that_ends_the_process_gives_an_error_and_no_statement(
    record: Record, sqlite: ScratchAddress, code: str, said: str
):
    found = record(with_env(code), sqlite)
    assert said in found.error
    assert found.statements == ()


@pytest.mark.sandbox
def test_a_fork_that_goes_on_in_our_code_says_nothing(record: Record, sqlite: ScratchAddress):
    found = record(with_env("import os\nos.fork()"), sqlite)
    assert found.error == "" or "locked" in found.error or "exists" in found.error


@pytest.mark.sandbox
def test_a_thread_that_never_ends_does_not_keep_the_recorder(record: Record, sqlite: ScratchAddress):
    code = "import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()"
    assert record(with_env(code), sqlite).error == ""


@pytest.mark.sandbox
def test_a_project_that_never_ends_is_ended_and_its_revision_named(
    source: AlembicSource, environment: PythonEnvironment, sqlite: ScratchAddress
):
    text = (shop().read("alembic/versions/a1c0de000002_create_orders.py") or b"").decode()
    files = shop(
        {
            "alembic/versions/a1c0de000002_create_orders.py": text.replace(
                "def upgrade():", "def upgrade():\n    while True: pass\n"
            )
        }
    )
    short = Recorder(sandbox=source.recorder.sandbox, area=source.recorder.area, bounds=Bounds(wall_seconds=8))
    request = RecordRequest(
        tree=files,
        module=module(),
        address=sqlite,
        engine=Engine.SQLITE,
        direction=RecordDirection.UPGRADE,
        to=(),
        python=environment,
    )
    found = AlembicSource(recorder=short, environments=source.environments).record(request)
    assert found.failed == "a1c0de000002"
    assert "longer than 8 seconds" in found.error or "processor time" in found.error


@pytest.mark.sandbox
def test_a_recorder_that_the_project_patched_can_hide_statements_but_not_the_schema(
    record: Record, sqlite: ScratchAddress
):
    patch = (
        "import sys\n"
        "tape = sys.modules['schemagate_recorder.tape']\n"
        "tape.Tape._add = lambda self, text, transaction, *, read: None"
    )
    found = record(with_env(patch), sqlite)
    # Nothing is claimed that did not run; that tables stand there unclaimed is for the comparison with the replay to see.
    assert found.statements == ()


@pytest.mark.sandbox
def test_revisions_and_notes_of_a_lying_recorder_are_cut_to_what_the_history_has(
    record: Record, sqlite: ScratchAddress
):
    patch = (
        "import sys\n"
        "tape = sys.modules['schemagate_recorder.tape']\n"
        "add = tape.Tape._add\n"
        "def lie(self, text, transaction, *, read):\n"
        "    self.revision = 'not one of yours'\n"
        "    return add(self, text, transaction, read=read)\n"
        "tape.Tape._add = lie"
    )
    found = record(with_env(patch), sqlite)
    assert {item.revision for item in found.statements} == {""}
    assert "The recorder named a revision that this history does not have." in found.notes


def test_without_a_sandbox_the_same_is_recorded(
    area: Path, environments: Environments, environment: PythonEnvironment, sqlite: ScratchAddress
):
    open_one = Recorder(sandbox=Unsandboxed(identity=our_identity(), area=area), area=area)
    request = RecordRequest(
        tree=shop(),
        module=module(),
        address=sqlite,
        engine=Engine.SQLITE,
        direction=RecordDirection.UPGRADE,
        to=(),
        python=environment,
    )
    found = AlembicSource(recorder=open_one, environments=environments).record(request)
    assert (found.error, len(found.statements)) == ("", 13)
    assert not any(str(area) in item.sql for item in found.statements)
    assert list((area / "live").iterdir()) == []


def lines(*values: object) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def statement(sql: str = "SELECT 1", **changed: object) -> list[object]:
    values = {
        "sql": sql,
        "revision": "a",
        "group": 0,
        "transactional": True,
        "read": False,
        "looked_at": False,
    } | changed
    return list(values.values())


def test_a_whole_answer_is_read():
    said = read_output(lines({"at": "a"}, {"main": statement()}, {"answer": ANSWER | {"main": 1, "declared": ["x"]}}))
    assert [item.sql for item in said.main] == ["SELECT 1"]
    assert (said.declared, said.undo, said.tool) == (("x",), None, "t")


@pytest.mark.parametrize(
    ("output", "why"),
    [
        (b"", "ended without an answer"),
        (b'{"answer": {}', "cut"),
        (b"not json\n", "not JSON"),
        (b"[" * 100_000 + b"\n", "not JSON"),
        (b'{"main": ' + b"9" * 10_000 + b"}\n", "not JSON"),
        (b"[]\n", "another form"),
        (lines({"answer": []}), "another form"),
        (lines({"answer": ANSWER}, {"answer": ANSWER}), "follows the answer"),
        (lines({"answer": ANSWER | {"main": 1}}), "missing"),
        (lines({"answer": ANSWER | {"undo": "x"}}), "missing"),
        (lines({"answer": ANSWER | {"error": 5}}), "another form"),
        (lines({"answer": ANSWER | {"notes": ["x"] * 1000}}), "another form"),
        (lines({"answer": ANSWER | {"declared": [5]}}), "another form"),
        (lines({"answer": ANSWER | {"tool": "x" * 3_000_000}}), "another form"),
        (lines({"main": statement(group="0")}), "another form"),
        (lines({"main": statement(group=True)}), "another form"),
        (lines({"main": statement(group=-1)}), "another form"),
        (lines({"main": statement(revision="r" * 500)}), "another form"),
        (lines({"main": statement(read=0)}), "another form"),
        (lines({"main": statement()[:-1]}), "another form"),
        (lines({"main": {"sql": "x"}}), "another form"),
        (lines({"main": statement("\ud800")}), "not text"),
        (lines({"main": statement("x" * (STATEMENT_BYTES + 1))}), "larger than"),
        (lines({"main": statement("\u20ac" * (STATEMENT_BYTES // 2))}), "larger than"),
        (lines({"main": statement()}) * (STATEMENTS + 1), "more than"),
        (b"{}\n" * 70_000, "another form"),
        (lines({"at": "x"}) * 70_000, "too many lines"),
    ],
)
def test_an_answer_of_another_form_is_refused(output: bytes, why: str):
    with pytest.raises(OutputError, match=why):
        read_output(output)


def test_control_characters_do_not_reach_people():
    said = read_output(lines({"answer": ANSWER | {"error": "a\x1b[31m\u202eb\nc"}}))
    assert said.error == "a?[31m?b\nc"


def test_the_revision_that_was_running_is_known_from_a_broken_output():
    assert last_revision(lines({"at": "a"}, {"at": "b"}) + b'{"at": "c') == "b"
    assert last_revision(lines({"at": 5}) + b"garbage\n") == ""
