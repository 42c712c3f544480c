"""Patterns over paths: a star stays within a folder, two stars cross folders."""

from __future__ import annotations

import pytest

from workers.core.globs import matches


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("alembic.ini", "alembic.ini"),
        ("alembic.ini", "./alembic.ini"),
        ("alembic/env.py", "alembic/*.py"),
        ("alembic/versions/a.py", "alembic/**"),
        ("alembic/versions/a.py", "alembic/**/*.py"),
        ("alembic/a.py", "alembic/**/*.py"),
        ("schema.prisma", "**/schema.prisma"),
        ("a/b/schema.prisma", "**/schema.prisma"),
        ("a+b/(c).py", "a+b/(c).py"),
        ("a1", "a?"),
        ("a\nb", "a*"),
    ],
)
def test_a_path_fits(path: str, pattern: str):
    assert matches(path, ("no/such", pattern))


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("alembic/versions/a.py", "alembic/*.py"),
        ("alembic", "alembic/**"),
        ("xalembic/a", "alembic/**"),
        ("alembicxini", "alembic.ini"),
        ("my_schema.prisma", "**/schema.prisma"),
        ("Alembic.ini", "alembic.ini"),
        ("a/", "a?"),
        ("services/shop/x", "services/sho/**"),
    ],
)
def test_a_path_does_not_fit(path: str, pattern: str):
    assert not matches(path, (pattern,))


def test_no_pattern_fits_nothing():
    assert not matches("a", ())
