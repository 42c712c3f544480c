"""A native engine that the operator names: what it is asked, what it says, and that it never hears of a target."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sandbox.machine import our_identity
from tests.sources.prisma.stand_in import ADDED, stand_in
from workers.core.errors import ExpectedError
from workers.ports import Bind, ScratchAddress
from workers.sandbox.run import Sandbox
from workers.sources.prisma.engine import EngineFault, External, Line, SchemaFile
from workers.sources.prisma.native import NativeEngine

pytestmark = pytest.mark.sandbox


@pytest.fixture
def native(sandbox: Sandbox, area: Path) -> NativeEngine:
    return NativeEngine(sandbox=sandbox, area=area)


@pytest.fixture
def address(data_dir: Path) -> ScratchAddress:
    folder = data_dir / "sockets"
    folder.mkdir()
    our_identity().owns(folder)
    url = "mysql://shop:secret@localhost/shop?unix_socket=/sockets/mysql.sock"
    return ScratchAddress(url=url, writable=(Bind(folder, "/sockets"),))


def asked(
    native: NativeEngine, program: str | Path, address: ScratchAddress, column: str, line: Line = Line.SIX
) -> str | EngineFault:
    url = '  url      = env("DATABASE_URL")\n  directUrl = env("DATABASE_URL")\n' if line is Line.SIX else ""
    schema = (
        f'datasource db {{\n  provider = "mysql"\n{url}}}\n\nmodel orders {{\n  id Int @id\n  {column} String?\n}}\n'
    )
    return native.difference(str(program), address, (SchemaFile("schema.prisma", schema),), line, External())


@pytest.mark.parametrize("line", Line)
def test_what_it_prints_is_the_script_and_it_is_led_to_scratch_alone(
    native: NativeEngine, address: ScratchAddress, data_dir: Path, line: Line
):
    program = stand_in(data_dir)
    assert asked(native, program, address, "delivery", line) == f"-- AlterTable\n{ADDED};"
    assert asked(native, program, address, "note", line) == ""


def test_its_own_fault_keeps_its_code(native: NativeEngine, address: ScratchAddress, data_dir: Path):
    said = asked(native, stand_in(data_dir), address, "refused")
    assert isinstance(said, EngineFault)
    assert (said.code, said.message) == ("P1001", "no server")


def test_a_program_that_says_nothing_or_something_else_is_a_fault(
    native: NativeEngine, address: ScratchAddress, data_dir: Path
):
    program = data_dir / "other"
    for text in ("#!/bin/sh\nexit 0\n", "#!/bin/sh\nread -r asked\necho '[1]'\ncat >/dev/null\n"):
        program.write_text(text)
        program.chmod(0o755)
        said = asked(native, program, address, "note")
        assert isinstance(said, EngineFault)
        assert said.code == "engine_ended"


def test_a_program_that_is_not_there_is_the_operators_to_mend(native: NativeEngine, address: ScratchAddress):
    with pytest.raises(ExpectedError) as caught:
        asked(native, "/nowhere/schema-engine", address, "note")
    assert "schema_engine" in caught.value.advice
