"""Keep, and later put together, what an auditor wants to know of a rollout; everything is written down when it is true, not afterwards."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from workers.core.approval import Approval
from workers.core.codec import canonical, from_json
from workers.core.config import Environment, WorkdocsTo
from workers.core.diff import Change
from workers.core.examination import Examination
from workers.core.plan import StoredPlan
from workers.core.rollout import Rollout
from workers.core.schema import Snapshot, snapshot_from_json, snapshot_to_json
from workers.ports import Evidence, Services
from workers.rendering.views import SheetRow, WorkdocsView
from workers.steps.permit import Permit
from workers.steps.pulls import OpenPull
from workers.steps.views import task_name

NO_BACKUP = "no backup is stated; approving accepts that"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Where a rollout came from, as of its start."""

    full_name: str
    title: str
    head: str
    head_branch: str
    base: str
    base_branch: str
    merge_tree: str
    author: str
    excluded: tuple[str, ...]
    config_commit: str
    published_at: str
    task: str
    workdocs_to: WorkdocsTo


def evidence_at_start(opened: OpenPull, given: Permit, stored: StoredPlan) -> tuple[tuple[str, str], ...]:
    """(name, text) of everything that is known before the first statement."""
    examination, pull = given.examination, opened.pull
    module = opened.configuration.module(examination.module) if opened.configuration else None
    if module is None or examination.live is None:
        raise ValueError(pull.number)
    logins = dict(given.facts.logins)
    context = Context(
        full_name=opened.repository.full_name,
        title=pull.title,
        head=pull.head,
        head_branch=pull.head_branch,
        base=stored.plan.base,
        base_branch=pull.base_branch,
        merge_tree=given.merge_tree,
        author=pull.author_login,
        excluded=tuple(logins.get(item, f"id {item}") for item in given.facts.excluded if item != pull.author),
        config_commit=opened.tip,
        published_at=stored.shown_at,
        task=task_name(module.task, pull.number, pull.title, examination.environment),
        workdocs_to=module.workdocs_to,
    )
    table = {"table": list(examination.version_table), "columns": list(examination.version_columns)}
    return (
        ("before.json", json.dumps(snapshot_to_json(examination.live))),
        ("version_table.json", json.dumps(table)),
        ("context.json", canonical(context).decode()),
        ("environment.json", canonical(given.environment).decode()),
        ("examination.json", canonical(_light(examination)).decode()),
        ("approvals.json", canonical(given.allowed.approvals).decode()),
    )


def workdocs_view(rollout: Rollout, services: Services) -> WorkdocsView:
    """Put the evidence of an ended rollout together from what was kept."""
    kept = dict(services.store.documents(rollout.id))
    stored = services.store.plan(rollout.digest)
    context = from_json(Context, json.loads(kept["context.json"]))
    examination = from_json(Examination, json.loads(kept["examination.json"]))
    if stored is None or examination.preflight is None:
        raise ValueError(rollout.id)
    approvals = from_json(tuple[Approval, ...], json.loads(kept["approvals.json"]))
    environment = from_json(Environment, json.loads(kept["environment.json"]))
    return WorkdocsView(
        full_name=context.full_name,
        pull=rollout.pull,
        title=context.title,
        head=context.head,
        base=context.base,
        base_branch=context.base_branch,
        merge_tree=context.merge_tree,
        module=rollout.module,
        environment=environment,
        task=context.task,
        rollout=rollout,
        plan=stored.plan,
        code=stored.code,
        examination=examination,
        preflight=examination.preflight,
        approvals=approvals,
        author=context.author,
        excluded=context.excluded,
        steps=services.store.steps(rollout.id),
        before=_snapshot(kept["before.json"]),
        after=_snapshot(kept["after.json"]) if "after.json" in kept else None,
        sheet=from_json(tuple[SheetRow, ...], json.loads(kept.get("sheet.json", "[]"))),
        differences=from_json(tuple[Change, ...], json.loads(kept.get("differences.json", "[]"))),
        other_checks=_other_checks(kept),
        previous=_previous(rollout, services),
        config_commit=context.config_commit,
        stated_backup=_backup(environment, approvals),
        confirmed=_confirmed(rollout, examination, environment, approvals, stored),
        published_at=context.published_at,
        tools=(("schemagate", services.version), ("scratch server", stored.plan.observed.scratch_version)),
    )


def link(rollout: Rollout, section: str, services: Services) -> None:
    """Add the rollout to its database's chain, once."""
    last = services.store.last_evidence(rollout.target)
    if last is not None and last.sequence >= rollout.sequence:
        return
    previous = last.section if last else ""
    services.store.append_evidence(
        Evidence(
            target=rollout.target, sequence=rollout.sequence, rollout=rollout.id, section=section, previous=previous
        )
    )


def context_of(rollout: Rollout, services: Services) -> Context:
    """Where a rollout came from."""
    return from_json(Context, json.loads(dict(services.store.documents(rollout.id))["context.json"]))


def _light(examination: Examination) -> Examination:
    """Snapshots are kept apart; the plan is in the state."""
    return replace(examination, live=None, expected=None, after=None, plan=None)


def _snapshot(text: str) -> Snapshot:
    return snapshot_from_json(json.loads(text))


def _other_checks(kept: dict[str, str]) -> tuple[tuple[str, str, int], ...]:
    return tuple((item[0], item[1], int(item[2])) for item in json.loads(kept.get("checks.json", "[]")))


def _previous(rollout: Rollout, services: Services) -> str:
    last = services.store.last_evidence(rollout.target)
    if last is None:
        return "none"
    return last.section if last.sequence < rollout.sequence else (last.previous or "none")


def _backup(environment: Environment, approvals: tuple[Approval, ...]) -> str:
    words = [item.words for item in approvals]
    named = [item.backup for item in words if item.backup] + [
        f"accepted risk: {item.accept_risk}" for item in words if item.accept_risk
    ]
    return "; ".join(named) or environment.backup_statement or NO_BACKUP


def _confirmed(
    rollout: Rollout,
    examination: Examination,
    environment: Environment,
    approvals: tuple[Approval, ...],
    stored: StoredPlan,
) -> str:
    preflight = examination.preflight
    where = f"database {preflight.database} on {preflight.server}" if preflight else rollout.target
    lost = ", ".join(stored.plan.destroys) or "nothing destructive"
    strategy = stored.plan.key.strategy.value
    return f"{where}; {strategy}; {_backup_words(environment, approvals)}; {lost}"


def _backup_words(environment: Environment, approvals: tuple[Approval, ...]) -> str:
    stated = _backup(environment, approvals)
    return stated if stated == NO_BACKUP else f'backup "{stated}"'
