"""What people read is as it was accepted; see cases.py for how to accept a change."""

from __future__ import annotations

import pytest

from tests.rendering.cases import EXPECTED, texts

TEXTS = texts()


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_text_is_as_it_was_accepted(name):
    assert TEXTS[name] == (EXPECTED / f"{name}.md").read_text()


def test_no_accepted_text_is_left_over():
    assert {path.stem for path in EXPECTED.glob("*.md")} == set(TEXTS)
