"""The house style of CONTRIBUTING.md, where ruff and mypy have no rule for it."""

from __future__ import annotations

import ast
import re
import statistics
from pathlib import Path

from tests.source_files import EVERYTHING, PRODUCT, ROOT, modules, tracked

LONGEST_MODULE = 350
LONGEST_FUNCTION = 50
LONGEST_MEDIAN = 10
EMPTY_WORDS = re.compile(r"(Manager|Helper|Helpers|Util|Utils|Handler|Data|Info)$")
PERSONAL_FOLDER = re.compile(r"/(?:home|Users)/[A-Za-z]")
WORKBOOKS = {  # not values: filled while one reading goes on, and thrown away after it
    "workers/databases/mysql/catalog_frame.py Frame",
    "workers/databases/postgresql/catalog_frame.py Frame",
    "workers/sources/prisma/scripts.py Writer",
    "workers/steps/draft.py Draft",
}
LOCKS = ("requirements/dev.txt", "requirements/run.txt")


def test_a_module_begins_with_a_sentence_that_says_what_it_knows():
    silent = []
    written = (
        module for module in modules(*EVERYTHING) if module.text
    )  # an empty package file of the tests knows nothing
    for module in written:
        first = (ast.get_docstring(module.tree) or "").partition("\n")[0]
        if not first.endswith((".", "?")) or not module.text.startswith(('"""', "#!")):
            silent.append(f"{module.path}: {first or 'no docstring'}")
    assert not silent, "\n".join(silent)


def test_no_module_is_too_long_to_read_in_one_sitting():
    lengths = {module.path: module.text.count("\n") for module in modules(*PRODUCT)}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_no_function_is_longer_than_a_screen():
    long = {
        f"{module.path}:{function.lineno} {function.name}": _lines(function)
        for module in modules(*PRODUCT)
        for function in module.functions
        if _lines(function) > LONGEST_FUNCTION
    }
    assert long == {}


def test_most_functions_are_short():
    lengths = [_lines(function) for module in modules(*PRODUCT) for function in module.functions]
    assert statistics.median(lengths) <= LONGEST_MEDIAN


def test_a_package_file_holds_a_docstring_and_at_most_a_registry():
    """Those of the ports are too many to import for a command that needs a few."""
    allowed = ast.Expr | ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign
    crowded = [
        f"{module.path}:{node.lineno}"
        for module in modules(*PRODUCT)
        if Path(module.path).name == "__init__.py" and module.path != "workers/ports/__init__.py"
        for node in module.tree.body
        if not isinstance(node, allowed)
    ]
    assert crowded == []


def test_values_are_frozen_and_slotted():
    """A private class may add things up while it works; it crosses no border."""
    open_values = [
        f"{module.path} {cls.name}"
        for module in modules("bot", "workers")
        for cls in module.classes
        if not cls.name.startswith("_") and f"{module.path} {cls.name}" not in WORKBOOKS
        for decorator in cls.decorator_list
        if "dataclass" in ast.unparse(decorator) and not {"frozen=True", "slots=True"} <= _arguments(decorator)
    ]
    assert open_values == []


def test_names_say_more_than_that_something_is_handled():
    empty = [
        f"{module.path}:{cls.lineno} {cls.name}"
        for module in modules(*PRODUCT)
        for cls in module.classes
        if EMPTY_WORDS.search(cls.name)
    ]
    assert empty == []


def test_no_command_goes_through_a_shell():
    shells = [
        f"{module.path}:{call.lineno}"
        for module in modules(*EVERYTHING)
        for call in module.calls
        if "shell=True" in _arguments(call) or ast.unparse(call.func) in {"os.system", "os.popen"}
    ]
    assert shells == []


def test_no_test_patches_the_code_it_tests():
    imports = re.compile(r"^\s*(from|import) (unittest\.)?mock\b|^\s*from unittest import mock", re.MULTILINE)
    assert [module.path for module in modules("tests") if imports.search(module.text)] == []


def test_no_file_knows_the_machine_it_was_written_on():
    homes = {home for home in (str(ROOT), str(Path.home())) if home.count("/") > 1}
    known = []
    for path in tracked():
        text = (ROOT / path).read_bytes().decode(errors="replace")
        if any(f"{home}/" in text for home in homes) or PERSONAL_FOLDER.search(text):
            known.append(path)
    assert known == []


def test_locks_hold_hashes_and_no_addresses():
    for path in LOCKS:
        text = (ROOT / path).read_text()
        assert "://" not in text
        pinned = re.findall(r"^([a-z0-9][a-z0-9._-]*)==\S+(.*(?:\n +.*)*)", text, re.MULTILINE)
        assert len(pinned) == len(re.findall(r"^[^\s#]", text, re.MULTILINE)) > 30
        assert [name for name, rest in pinned if "--hash=sha256:" not in rest] == []


def test_the_lock_of_a_deployment_is_a_part_of_the_lock_of_a_checkout():
    run, dev = (set(re.findall(r"^\S+==\S+", (ROOT / path).read_text(), re.MULTILINE)) for path in reversed(LOCKS))
    assert run <= dev


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _arguments(node: ast.expr) -> set[str]:
    if not isinstance(node, ast.Call):
        return set()
    return {f"{keyword.arg}={ast.unparse(keyword.value)}" for keyword in node.keywords}
