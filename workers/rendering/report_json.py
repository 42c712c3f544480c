"""The report as `schemagate-report/1`: one document for a module and an environment, for scripts and other pipelines."""

from __future__ import annotations

import json
from typing import Any

from workers.core.codec import to_json
from workers.core.diff import Change, change_to_json
from workers.core.examination import Examination, drift_to_json
from workers.core.plan import Plan, Statement
from workers.core.policy import Allowed
from workers.core.refusals import Refusal
from workers.core.schema import Snapshot
from workers.rendering.artifacts import without_secrets
from workers.rendering.outlook import outlook, refusals
from workers.rendering.views import EnvironmentView, ModuleView, ReportView

FORMAT = "schemagate-report/1"


def report_json(view: ReportView, module: ModuleView, shown: EnvironmentView) -> str:
    """Return one environment's report as JSON text, keys sorted, ending in a line feed."""
    examination, plan = shown.examination, shown.examination.plan
    value = {
        "format": FORMAT,
        "pull": view.pull,
        "head": view.head,
        "module": module.id,
        "environment": shown.environment.name,
        "engine": examination.engine.value if examination.engine else None,
        "direction": examination.direction.value,
        "verdict": outlook(shown).value,
        "decision": {
            "allowed": isinstance(shown.decision, Allowed),
            "refusals": [_refusal(item) for item in refusals(shown)],
        },
        "preflight": to_json(examination.preflight) if examination.preflight else None,
        "recorded": list(examination.recorded),
        "heads": list(examination.heads),
        "pending": _pending(examination, plan),
        "drift_known": examination.drift_known,
        "drift": [drift_to_json(item) for item in examination.drift],
        "undeclared_known": examination.undeclared_known,
        "undeclared": list(examination.undeclared),
        "suggested": to_json(examination.suggested) if examination.suggested else None,
        "rehearsal": _rehearsal(examination, plan),
        "rollback": _rollback(plan),
        "plan": _plan(shown, plan) if plan else None,
        "notes": list(examination.notes),
        "not_compared": _not_compared(examination.live),
        "excluded": [
            {"kind": item.kind.value, "name": list(item.name), "reason": item.reason} for item in examination.excluded
        ],
    }
    return json.dumps(without_secrets(value), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _plan(shown: EnvironmentView, plan: Plan) -> dict[str, Any]:
    """A continuation says which rollout of the database it carries on, and how far that one came."""
    named = {"code": shown.code or None, "digest": plan.digest}
    rest = plan.key.continues
    if rest is None:
        return named
    return {**named, "continues": {"rollout": rest.sequence, "stuck": rest.stuck, "statements": rest.statements}}


def _refusal(item: Refusal) -> dict[str, Any]:
    where = {"path": item.path, "line": item.line} if item.path else {}
    return {"code": item.code.value, "message": item.message, "fix": item.fix, "actor": item.actor.value, **where}


def _pending(examination: Examination, plan: Plan | None) -> list[dict[str, Any]]:
    """Every migration to come; its statements are known only where the plan was made."""
    statements = plan.body.statements if plan else ()
    migrations = plan.key.pending if plan else examination.pending
    return [
        {
            "migration": item.id,
            "path": item.path,
            "title": item.title,
            "on_base": item.on_base,
            "statements": [_statement(each) for each in statements if each.migration == item.id],
        }
        for item in migrations
    ]


def _statement(item: Statement) -> dict[str, Any]:
    facts = {
        "kind": item.parsed.kind.value,
        "title": item.parsed.title,
        "group": item.group,
        "transactional": item.transactional,
        "destroys": list(item.destroys),
        "opaque": item.parsed.opaque or None,
        "authority": item.parsed.authority or None,
        "effect": _changes(item.effect),
    }
    return {"sql": item.sql, "facts": facts, "findings": []}


def _rehearsal(examination: Examination, plan: Plan | None) -> dict[str, Any]:
    if plan is None or not examination.rehearsed:
        return {"done": False}
    return {
        "done": True,
        "server": plan.observed.scratch_version,
        "effect": _changes(plan.body.effect),
        "recorded_after": list(plan.body.recorded_after),
        "additive": plan.body.additive,
        "needs": [item.value for item in plan.body.needs],
        "seconds": list(plan.observed.seconds),
    }


def _rollback(plan: Plan | None) -> dict[str, Any] | None:
    if plan is None:
        return None
    back = plan.body.way_back
    return {"class": back.undo.value, "note": back.note, "sql": [item.sql for item in back.statements]}


def _changes(found: tuple[Change, ...]) -> list[dict[str, Any]]:
    return [change_to_json(item) for item in found]


def _not_compared(live: Snapshot | None) -> list[dict[str, Any]]:
    return [{"kind": item.kind, "name": list(item.name), "why": item.why} for item in live.unread] if live else []
