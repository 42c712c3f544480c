"""YAML with positions: what is read, and what is refused before it can do harm."""

from __future__ import annotations

import time

import pytest

from workers.core.config_nodes import Entry, Listing, Mapping, Node, Scalar
from workers.core.refusals import Refusal, RefusalCode
from workers.reading.positions import DEEPEST, LONGEST, read


def tree(text: str) -> Node:
    found = read(text.encode(), "f.yml")
    assert not isinstance(found, Refusal), found
    return found


def refused(content: str | bytes) -> Refusal:
    found = read(content if isinstance(content, bytes) else content.encode(), "f.yml")
    assert isinstance(found, Refusal), found
    assert (found.code, found.path) == (RefusalCode.CONFIG_INVALID, "f.yml")
    return found


def test_values_carry_their_lines_and_columns() -> None:
    assert tree("a:\n  - 1\n  - b: x\n") == Mapping(
        (Entry("a", Listing((Scalar(1, 2, 5), Mapping((Entry("b", Scalar("x", 3, 8), 3, 5),), 3, 5)), 2, 3), 1, 1),),
        1,
        1,
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-7", -7),
        ("1.5", 1.5),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("yes", "yes"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("010", "010"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("2026-11-22", "2026-11-22"),
        ('"1"', "1"),
        ("'true'", "true"),
        ("!!str 5", "5"),
        ("é", "é"),
    ],
)
def test_plain_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    found = tree(f"k: {text}")
    assert isinstance(found, Mapping)
    scalar = found.entries[0].value
    assert isinstance(scalar, Scalar)
    assert scalar.value == value
    assert type(scalar.value) is type(value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\na: 2\n", 2),
        ("a: &x 1\nb: *x\n", 1),
        ("a: 1\nb: !!python/object:os.system {}\n", 2),
        ("a: !custom x\n", 1),
        ("a: !!binary aGk=\n", 1),
        ("a: !!set {x}\n", 1),
        ("a: {<<: {b: 1}}\n", 1),
        ("? [a]\n: b\n", 1),
        ("a: [1\nb: 2\n", 2),
        ("a: 1\n---\nb: 2\n", 2),
        ("\ta: 1\n", 1),
    ],
)
def test_what_a_configuration_may_not_use_is_refused_with_its_line(text: str, line: int) -> None:
    assert refused(text).line == line


def test_a_bomb_of_aliases_is_refused_at_its_first_anchor() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    assert refused(bomb).line == 1


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "a: " + "[" * DEEPEST + "]" * DEEPEST, "\n".join(" " * i + "a:" for i in range(200))]
)
def test_a_file_nested_too_deep_is_refused(text: str) -> None:
    assert "deeper" in refused(text).message


def test_a_file_as_deep_as_allowed_is_read() -> None:
    assert isinstance(tree("[" * DEEPEST + "]" * DEEPEST), Listing)


def test_a_large_file_is_refused_and_the_largest_is_read_in_time() -> None:
    assert "larger" in refused(b"#" * (LONGEST + 1)).message
    line = b"kkkk%05d: [a, b, c]\n"
    content = b"".join(line % number for number in range(LONGEST // 22))
    started = time.monotonic()
    assert isinstance(read(content, "f.yml"), Mapping)
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("content", [b"a: \xff\n", b"a: \x00\n", b"a: \x1b[0m\n"])
def test_bytes_that_are_no_text_are_refused(content: bytes) -> None:
    assert refused(content).fix


def test_a_byte_order_mark_is_no_fault() -> None:
    assert isinstance(tree("\ufeffa: 1"), Mapping)
