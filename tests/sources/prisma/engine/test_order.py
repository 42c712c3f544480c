"""The order of names in Python is that of JavaScript's `localeCompare`, as Node itself says it."""

import random

from workers.sources.prisma.engine import PrismaEngine
from workers.sources.prisma.order import in_order, is_plain

LETTERS = [chr(code) for code in range(32, 127)]


def test_plain_names_are_in_the_order_of_the_engines_own_runtime(prisma: PrismaEngine):
    chance = random.Random(7)  # noqa: S311 -- names for a test
    free = ("".join(chance.choices(LETTERS, k=chance.randint(1, 8))) for _ in range(1500))
    alike = ("".join(chance.choices("aAbB_-0 1.", k=chance.randint(1, 9))) for _ in range(1500))
    names = tuple(dict.fromkeys([*free, *alike]))
    assert in_order(names) == prisma.order(names)


def test_case_counts_only_between_names_that_are_alike_otherwise():
    assert in_order(["b", "-z", "B", "a"]) == ("-z", "a", "b", "B")
    assert in_order(["20240102_a", "20240101_b", "2024_a"]) == ("2024_a", "20240101_b", "20240102_a")


def test_only_printable_ascii_is_plain():
    assert is_plain("20240101_first-step")
    assert not is_plain("20240101_é")
    assert not is_plain("a\tb")
