"""The contract notices what it is there to notice, and lets known faults of the description pass."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.demo.github.conftest import Acme
from tests.demo.github.contract import assert_no_violations, translate, violations
from tests.demo.github.fetch_descriptions import ALL

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def logs(acme: Acme, tmp_path: Path) -> tuple[dict[str, Any], dict[str, Any], Path]:
    """One good exchange and one good delivery."""
    number = acme.pull().number
    acme.api().get(f"/repos/acme/shop/pulls/{number}")
    assert acme.world.wait_idle()
    exchange = json.loads(acme.github.exchange_log.read_text().splitlines()[-1])
    delivery = json.loads(acme.github.delivery_log.read_text().splitlines()[-1])
    return exchange, delivery, tmp_path


def found(folder: Path, exchange: dict[str, Any] | None, delivery: dict[str, Any] | None) -> list[str]:
    one, other = folder / "exchanges.jsonl", folder / "deliveries.jsonl"
    one.write_text(json.dumps(exchange) + "\n" if exchange else "")
    other.write_text(json.dumps(delivery) + "\n" if delivery else "")
    return [str(violation) for violation in violations(one, other)]


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x["response"].pop("title"),
        lambda x: x["response"]["head"]["repo"]["owner"].pop("login"),
        lambda x: x["response"].update(created_at="yesterday"),
        lambda x: x["response"].update(closed_at=5),
        lambda x: x["response"].update(state="merged"),
        lambda x: x["response"]["base"].update(repo=None),
        lambda x: x.update(path="/no/such/path"),
        lambda x: x.update(status=299),
        lambda x: x.update(status=404),
        lambda x: x.update(method="POST"),
    ],
)
def test_a_wrong_exchange_is_noticed(logs, change: Change):
    exchange, _, folder = logs
    assert found(folder, exchange, None) == []
    change(exchange)
    assert len(found(folder, exchange, None)) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x["payload"]["pull_request"].pop("title"),
        lambda x: x["payload"].pop("repository"),
        lambda x: x["headers"].pop("User-Agent"),
        lambda x: x.update(signed=False),
        lambda x: x.update(action="exploded"),
    ],
)
def test_a_wrong_delivery_is_noticed(logs, change: Change):
    _, delivery, folder = logs
    assert found(folder, None, delivery) == []
    change(delivery)
    assert len(found(folder, None, delivery)) == 1


def test_a_missing_fork_is_a_fault_of_the_description(logs):
    exchange, delivery, folder = logs
    exchange["response"]["head"]["repo"] = delivery["payload"]["pull_request"]["head"]["repo"] = None
    assert found(folder, exchange, delivery) == []


def test_a_request_that_github_would_not_take_is_noticed(acme: Acme, tmp_path: Path):
    acme.api().post("/repos/acme/shop/check-runs", {"name": "gate", "head_sha": acme.pull().head_sha})
    exchange = json.loads(acme.github.exchange_log.read_text().splitlines()[-1])
    exchange["request"]["details_url"] = 5
    assert len(found(tmp_path, exchange, None)) == 1


def test_empty_logs_prove_nothing(tmp_path: Path):
    with pytest.raises(AssertionError, match="nothing was logged"):
        assert_no_violations(tmp_path / "a", tmp_path / "b")


@pytest.mark.parametrize(
    ("openapi", "schema"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "enum": ["a"], "nullable": True}, {"type": ["string", "null"], "enum": ["a", None]}),
        (
            {"oneOf": [{"type": "object"}], "nullable": True},
            {"anyOf": [{"oneOf": [{"type": "object"}]}, {"type": "null"}]},
        ),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        ({"properties": {"nullable": {"type": "boolean"}}}, {"properties": {"nullable": {"type": "boolean"}}}),
        ({"example": {"nullable": True}}, {"example": {"nullable": True}}),
    ],
)
def test_nullable_becomes_a_type_of_null(openapi, schema):
    assert translate(openapi) == schema


def test_the_descriptions_are_the_pinned_ones():
    assert [description.name for description in ALL if not description.there] == []
