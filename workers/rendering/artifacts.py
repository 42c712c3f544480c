"""The machine-readable half of the evidence: snapshots, plan, drift, journal and approvals as JSON and SQL."""

from __future__ import annotations

import json

from workers.core.codec import Json, canonical, to_json
from workers.core.diff import FORMAT as DIFF_FORMAT
from workers.core.diff import change_to_json
from workers.core.examination import drift_to_json
from workers.core.narrow import narrowed, without
from workers.core.plan import Statement
from workers.core.plan_bytes import body_json
from workers.core.redact import redact
from workers.core.rollout import Step
from workers.core.schema import Snapshot, snapshot_to_json
from workers.rendering.views import WorkdocsView


def artifacts(view: WorkdocsView) -> tuple[tuple[str, str], ...]:
    """(name, text) of every artifact, sorted by name."""
    after = [("schema_snapshot_after.json", _snapshot(view.after, view))] if view.after else []
    found = [
        ("approval.json", _pretty([to_json(item) for item in view.approvals])),
        ("diff.json", _pretty(_differences(view))),
        ("drift.json", _pretty(_drift(view))),
        ("execution.jsonl", "".join(_line(step) for step in view.steps)),
        ("plan.json", _pretty(_plan(view))),
        ("plan.sql", _sql(view.plan.body.statements)),
        (
            "rollback.sql",
            _sql(view.plan.body.way_back.statements) or f"-- no way back: {_one_line(view.plan.body.way_back.note)}\n",
        ),
        ("schema_snapshot.json", _snapshot(view.before, view)),
    ]
    return tuple(sorted([*found, *after]))


def without_secrets(value: Json) -> Json:
    """Return JSON with every text redacted by itself, so that what is taken out never reaches past the text it stood in."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [without_secrets(item) for item in value]
    if isinstance(value, dict):
        return {key: without_secrets(item) for key, item in value.items()}
    return value


def _snapshot(snapshot: Snapshot, view: WorkdocsView) -> str:
    """A schema as the comparisons saw it; what they did not see is named in it."""
    rules = view.environment
    left = without(narrowed(snapshot, rules.filter, rules.ignore), view.examination.excluded)
    return _pretty(snapshot_to_json(left))


def _line(step: Step) -> str:
    return canonical(without_secrets(to_json(step))).decode() + "\n"


def _plan(view: WorkdocsView) -> Json:
    """The plan; its key and body are what the digest is taken of."""
    plan = view.plan
    return {
        "format": "schemagate-plan/1",
        "digest": plan.digest,
        "code": view.code,
        "head": plan.head,
        "base": plan.base,
        "key": to_json(plan.key),
        "body": body_json(plan.body),
        "observed": to_json(plan.observed),
    }


def _differences(view: WorkdocsView) -> Json:
    """What differs from the expected schema after the rollout; empty when all went as rehearsed."""
    found = view.after.fingerprint if view.after else "not read"
    changes = [change_to_json(item) for item in view.differences]
    return {"format": DIFF_FORMAT, "from": "as rehearsed", "to": found, "changes": changes}


def _drift(view: WorkdocsView) -> Json:
    changes = [drift_to_json(item) for item in view.examination.drift]
    return {"format": DIFF_FORMAT, "from": "the applied migrations", "to": view.before.fingerprint, "changes": changes}


def _sql(statements: tuple[Statement, ...]) -> str:
    """The statements as they ran, with the ends of transactions as comments."""
    lines, group = [], None
    for item in statements:
        if item.group != group:
            lines.append(
                f"-- {'transaction' if item.transactional else 'no transaction'} {item.group}, migration {_one_line(item.migration)}"
            )
            group = item.group
        lines.append(redact(item.sql.rstrip().rstrip(";")) + ";")
    return "\n".join(lines) + "\n" if lines else ""


def _pretty(value: Json) -> str:
    return json.dumps(without_secrets(value), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _one_line(text: str) -> str:
    return " ".join(redact(text).split())
