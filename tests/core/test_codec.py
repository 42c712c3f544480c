"""Values to JSON and back, and the bytes that digests are taken of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_key, a_plan, an_approval, an_environment, an_examination
from workers.core.codec import canonical, from_json, sha256, to_json


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Inner:
    name: str
    value: str | int | bool | tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Outer:
    colour: Colour
    inner: tuple[Inner, ...] = ()
    pair: tuple[str, int] = ("", 0)
    ratio: float = 0.0


INNER = st.builds(Inner, st.text(), st.one_of(st.text(), st.integers(), st.booleans(), st.none(), st.tuples(st.text())))
OUTER = st.builds(
    Outer,
    st.just(Colour.RED),
    st.lists(INNER).map(tuple),
    st.tuples(st.text(), st.integers()),
    st.floats(allow_nan=False, allow_infinity=False),
)


@given(OUTER)
def test_a_value_comes_back_from_json_as_it_was(value: Outer):
    assert from_json(Outer, json.loads(json.dumps(to_json(value)))) == value


@given(OUTER)
def test_the_canonical_bytes_are_the_same_after_a_trip_through_json(value: Outer):
    text = json.dumps(to_json(value), indent=3, sort_keys=False)
    assert canonical(from_json(Outer, json.loads(text))) == canonical(value)


@given(INNER, INNER)
def test_different_values_have_different_bytes(first: Inner, second: Inner):
    same = first == second and type(first.value) is type(second.value)
    assert (canonical(first) == canonical(second)) is same


def test_the_canonical_form_is_sorted_tight_and_utf_8():
    assert canonical({"b": 1, "a": ["ü", None, True]}) == '{"a":["ü",null,true],"b":1}'.encode()
    assert sha256(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("value", [a_plan(), a_key(), an_environment(), an_approval(), an_examination()])
def test_what_the_state_holds_comes_back_as_it_was(value: Any):
    again = from_json(type(value), json.loads(json.dumps(to_json(value))))
    assert again == value
    assert canonical(again) == canonical(value)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        '{"colour": "blue"}',
        '{"colour": "red", "more": 1}',
        '{"colour": "red", "inner": {}}',
        '{"colour": "red", "inner": [{}]}',
        '{"colour": "red", "pair": ["a"]}',
        '{"colour": "red", "pair": ["a", true]}',
        '{"colour": "red", "ratio": "1"}',
        '{"colour": ["red"]}',
    ],
)
def test_a_text_of_another_shape_is_refused(text: str):
    with pytest.raises(ValueError):  # noqa: PT011 -- each says something else
        from_json(Outer, json.loads(text))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}, b"x"])
def test_what_has_no_canonical_form_has_no_json(value: object):
    with pytest.raises(TypeError):
        to_json(value)
