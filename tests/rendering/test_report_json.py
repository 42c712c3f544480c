"""The report for scripts: `schemagate-report/1`."""

from __future__ import annotations

import json

from tests import builders as make
from tests.rendering.cases import LOST, PROBE, destructive_prod
from workers.rendering.report_json import report_json

PROMISED = {
    "format", "pull", "module", "environment", "engine", "verdict", "decision", "preflight", "recorded", "pending", "drift",
    "undeclared", "rehearsal", "rollback", "plan",
}  # fmt: skip


def read(shown=None):
    view = make.a_report(shown or make.shown())
    return json.loads(report_json(view, view.modules[0], view.modules[0].environments[0]))


def test_the_promised_keys_are_there():
    value = read()
    assert value["format"] == "schemagate-report/1"
    assert set(value) >= PROMISED


def test_a_plan_comes_with_code_digest_statements_and_way_back():
    value = read()
    assert value["plan"]["code"] == "4be01d7"
    assert [len(item["statements"]) for item in value["pending"]] == [2, 2]
    assert set(value["pending"][0]["statements"][0]) == {"sql", "facts", "findings"}
    assert value["rollback"]["class"] == "lossy"
    assert value["rehearsal"]["done"] is True


def test_refusals_come_with_code_message_and_fix():
    value = read(destructive_prod(PROBE, LOST))
    assert value["decision"]["allowed"] is False
    assert [item["code"] for item in value["decision"]["refusals"]] == ["rehearsal_failed", "destructive_not_allowed"]
    assert {"code", "message", "fix"} <= set(value["decision"]["refusals"][0])
    assert value["drift"][0]["touches_plan"] is True


def test_an_environment_that_was_not_reached_has_no_preflight_and_no_plan():
    examination = make.an_examination(preflight=None, plan=None, live=None, engine=None)
    value = read(make.shown("staging", PROBE, examination=examination, code=""))
    assert (value["preflight"], value["plan"], value["rollback"]) == (None, None, None)


def test_a_password_is_masked_and_the_document_stays_json():
    key = make.a_statement("SELECT '-----BEGIN RSA PRIVATE KEY-----abcdef'", "Read rows")
    value = read(
        make.shown(examination=make.an_examination(plan=make.a_plan((key,)), notes=("postgresql://u:hunter22@h/d",)))
    )
    assert "abcdef" not in json.dumps(value)
    assert "hunter22" not in json.dumps(value)
