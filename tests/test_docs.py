"""What the documents say is so: commands run, links lead somewhere, and lists are the code's own."""

from __future__ import annotations

import dataclasses
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.source_files import ROOT, modules, tracked
from workers.core.config import AlembicSettings, Environment, Module, PrismaSettings
from workers.core.names import CommandName
from workers.core.refusals import RefusalCode

DOCUMENTS = tuple(sorted(path for path in tracked() if path.endswith(".md") and not path.startswith("tests/")))
NOT_KEYS = {"name", "approver_sets", "origins", "url", "python_environment", "schema_engine", "chosen"}
FENCE = re.compile(r"^ *```(console|sh)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
NOT_SETTINGS = {"SCHEMAGATE_CANARY"}  # the sandbox's self-test sets it, and looks that nobody inside sees it
VARIABLE = re.compile(r"\bSCHEMAGATE_[A-Z_]*[A-Z]\b")


@cache
def text(path: str) -> str:
    return (ROOT / path).read_text()


def commands() -> list[str]:
    """Every command that a document tells people to type."""
    blocks = [block for path in DOCUMENTS for block in FENCE.findall(text(path))]
    lines = [(kind, line.strip()) for kind, body in blocks for line in body.splitlines() if line.strip()]
    assert all(line.startswith("$ " if kind == "console" else "export SCHEMAGATE_") for kind, line in lines)
    return sorted({line.removeprefix("$ ") for kind, line in lines if kind == "console"})


@pytest.mark.parametrize("command", [command for command in commands() if command.startswith("make")])
def test_make_knows_the_targets_that_documents_name(command):
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))
    named = [word for word in command.split()[1:] if "=" not in word]
    assert set(named) <= targets


@pytest.mark.parametrize("command", [command for command in commands() if not command.startswith("make")])
def test_the_command_line_knows_the_commands_and_options_that_documents_name(command):
    program, *words = shlex.split(command)
    assert Path(program).name == "schemagate"
    subcommand = [word for word in words[:2] if re.fullmatch(r"[a-z-]+", word) and not word.startswith("-")]
    shown = subprocess.run(
        [sys.executable, "-m", "workers.cli", *subcommand, "--help"],
        cwd=ROOT,
        env={"NO_COLOR": "1", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
        text=True,
    )
    assert shown.returncode == 0, shown.stderr
    assert [word for word in words if word.startswith("--") and word not in shown.stdout] == []


def test_ci_runs_what_the_readme_says():
    assert "make check test acceptance" in text(".ci/run")
    assert "make check test acceptance" in text("README.md")


def test_every_link_to_a_file_leads_to_one():
    dead = [
        f"{path}: {link}"
        for path in DOCUMENTS
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text(path))
        if "://" not in link and not ((ROOT / path).parent / link).exists()
    ]
    assert dead == []


def test_every_anchor_is_a_heading():
    dead = []
    for path in DOCUMENTS:
        for file, anchor in re.findall(r"\]\(([^)#\s]*)#([^)]+)\)", text(path)):
            target = ((ROOT / path).parent / file) if file else ROOT / path
            headings = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
            if anchor not in {_anchor(heading) for heading in headings}:
                dead.append(f"{path}: {file}#{anchor}")
    assert dead == []


def test_every_decision_is_in_the_list():
    pages = {path for path in DOCUMENTS if re.match(r"docs/adr/\d{4}-", path)}
    listed = {f"docs/adr/{name}" for name in re.findall(r"\]\((\d{4}-[^)]*)\)", text("docs/adr/README.md"))}
    assert pages == listed


def test_the_refusals_are_the_codes_and_each_has_a_way_out():
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", text("docs/refusals.md"), re.MULTILINE | re.DOTALL))
    assert set(sections) == {code.value for code in RefusalCode}
    assert [code for code, body in sections.items() if not re.search(r"\*\*Way\s+out:\*\*", body)] == []


def test_the_commands_are_the_grammars():
    rows = set(re.findall(r"^\| `/([a-z-]+)", text("docs/commands.md"), re.MULTILINE))
    assert rows == {command.value for command in CommandName}


@pytest.mark.parametrize("settings", [Environment, Module, AlembicSettings, PrismaSettings])
def test_every_key_of_the_configuration_is_documented(settings):
    keys = {field.name for field in dataclasses.fields(settings)} - NOT_KEYS
    page = text("docs/configuration.md")
    assert [key for key in sorted(keys) if not re.search(rf"(`|\[\]\.){key}`", page)] == []


def test_the_variables_are_those_that_the_code_reads():
    read = {name for module in modules("bot", "workers") for name in VARIABLE.findall(module.text)} - NOT_SETTINGS
    documented = set(VARIABLE.findall(text("docs/configuration.md")))
    assert read == documented


def test_the_house_of_the_architecture_page_stands():
    page = text("ARCHITECTURE.md").partition("## The house")[2].partition("## Who may import whom")[0]
    places = re.findall(r"^\| ([^|]*) \|", page, re.MULTILINE)
    folders = [name.rstrip("/") for place in places for name in re.findall(r"`([\w./]+)`", place)]
    assert len(folders) > 10
    assert [name for name in folders if not (ROOT / name).exists() and not (ROOT / "workers" / name).exists()] == []


def _anchor(heading: str) -> str:
    """The anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
