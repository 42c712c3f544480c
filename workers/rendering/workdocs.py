"""The committed evidence of one rollout: six documents for people, the artifacts for machines, one sealed log over all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workers.core.audit import LOG, chain_line, file_lines, seal
from workers.core.config import FilterMode
from workers.core.names import Direction
from workers.core.plan import Plan, StatementKind
from workers.core.rollout import RolloutState
from workers.rendering import artifacts, logbook, sheet
from workers.rendering.connection import connection_check
from workers.rendering.differences import DiffFormat, diff_text
from workers.rendering.facts import drift_details
from workers.rendering.markdown import code, plain, prose
from workers.rendering.phrases import engine_name, label, moment
from workers.rendering.planned import continuation
from workers.rendering.statements import Room, sentences, sql, standing_out
from workers.rendering.templates import render
from workers.rendering.views import WorkdocsView

Sign = Callable[[bytes], tuple[str, str]]
_EVERYTHING = Room(sentences=1_000_000, sql=1_000_000, items=1_000_000)
_BUILT_IN = frozenset({"plpgsql"})
_DIRECTIONS = {
    Direction.UPGRADE: "code to database: the migrations of the pull are applied",
    Direction.ROLLBACK: "code to database: what this pull applied is taken back by its own downgrade",
    Direction.MARK_APPLIED: "bookkeeping only: a migration whose effect is there already is recorded",
    Direction.BASELINE: "bookkeeping only: the revision at which the database stands is recorded",
}
_ADOPTION = (
    "the schema as it is (artifacts/schema_snapshot.json) becomes the start of what is expected, because "
    "the migrations cannot be replayed from empty"
)


@dataclass(frozen=True, slots=True)
class Documents:
    """(path, text) of every file, the sealed execution log first, and that log's hash for the database's chain."""

    files: tuple[tuple[str, str], ...]
    section: str


def workdocs(view: WorkdocsView, sign: Sign) -> Documents:
    """Return the files of one rollout. `sign` returns (key id, base64 signature) of the bytes of the execution log."""
    folder = f"modules/{view.module}/workdocs/active/{view.task}/db/"
    files = (*_documents(view), *((f"artifacts/{name}", text) for name, text in artifacts.artifacts(view)))
    log = render(
        "workdocs/03-execution-log.md.j2",
        view=view,
        heading=_heading("Execution log", view),
        section=_section(view),
        rows=logbook.rows(view),
        facts=logbook.facts(view),
        authority=logbook.authority(view),
        commands=logbook.commands(view.steps),
        sums=logbook.sums(view),
        chain=chain_line(view.rollout.target, view.rollout.sequence, view.previous),
        files=file_lines(files),
    )
    sealed, section = seal(log, sign)
    return Documents(tuple((folder + name, text) for name, text in ((LOG, sealed), *files)), section)


def _documents(view: WorkdocsView) -> list[tuple[str, str]]:
    checked = connection_check(view.preflight, _heading("Connection check", view), view.examination.examined_at)
    found = [
        ("00-connection-check.md", checked),
        ("01-schema-drift-report.md", _drift_report(view)),
        ("02-migration-plan.md", _migration_plan(view)),
        ("04-post-verify.md", _post_verify(view)),
    ]
    exclusion = _exclusion(view)
    return [*found, ("02-extension-exclusion.md", exclusion)] if exclusion else found


def _drift_report(view: WorkdocsView) -> str:
    plan, examination = view.plan, view.examination
    return render(
        "workdocs/01-schema-drift-report.md.j2",
        view=view,
        heading=_heading("Schema drift report", view),
        section=_section(view),
        direction=f"adoption: nothing is written; {_ADOPTION}" if plan.adopts else _DIRECTIONS[plan.key.direction],
        engine=engine_name(view.preflight.engine, view.preflight.version),
        looked=moment(examination.examined_at),
        recorded=tuple(examination.recorded),
        heads=tuple(examination.heads),
        pending=tuple(plan.key.pending),
        drift=tuple(
            (
                item.number,
                label(item.change.kind.value, item.change.name),
                item.change.difference.value,
                drift_details(item),
                item.touches_plan,
                item.revert,
            )
            for item in examination.drift
        ),
        changes=diff_text(plan.body.effect, DiffFormat.MARKDOWN),
        destroyed=tuple(plan.destroys),
        unread=tuple((item.kind, ".".join(item.name), item.why) for item in view.before.unread),
        notes=tuple(examination.notes),
    )


def _migration_plan(view: WorkdocsView) -> str:
    plan = view.plan
    back = plan.body.way_back
    return render(
        "workdocs/02-migration-plan.md.j2",
        view=view,
        heading=_heading("Migration plan", view),
        section=_section(view),
        plan=plan,
        continues=continuation(plan, view.environment.name),
        adoption=_ADOPTION if plan.adopts else "",
        standing_out=standing_out(plan, _EVERYTHING),
        sentences=sentences(plan, _EVERYTHING),
        sql=sql(plan.body.statements, plan, _EVERYTHING).block,
        undo=prose(back.note),
        undo_sql=sql(back.statements, plan, _EVERYTHING).block if back.statements else "",
        verification=_verification(plan),
        destructive="allowed" if plan.destroys else "not allowed, and the plan has nothing destructive",
    )


def _verification(plan: Plan) -> tuple[str, ...]:
    """How it is judged afterwards whether the plan did what it said."""
    writes = any(item.parsed.kind is StatementKind.BOOKKEEPING for item in plan.body.statements)
    every = "every transaction: its effect is compared with the rehearsal's before it is committed"
    found = [
        "before the first statement: recorded revisions, policy, rights and the live fingerprint are read again under the lock",
        every,
        f"after the last statement: a new snapshot; {len(plan.body.effect)} objects must have changed, exactly as in the rehearsal",
    ]
    after = ", ".join(plan.body.recorded_after) or "nothing"
    return (*found, f"the version table must say {code(after)}") if writes else tuple(found)


def _exclusion(view: WorkdocsView) -> str:
    extensions = [item for item in view.preflight.extensions if item[0] not in _BUILT_IN]
    excluded = view.examination.excluded
    applies = excluded or view.environment.ignore or view.environment.filter.mode is not FilterMode.ALL
    if not applies and not extensions:
        return ""
    return render(
        "workdocs/02-extension-exclusion.md.j2",
        view=view,
        heading=_heading("Extensions and excluded objects", view),
        section=_section(view),
        extensions=tuple(extensions),
        filter=view.environment.filter,
        mode=view.environment.filter.mode.value,
        ignored=tuple((item.pattern, item.reason) for item in view.environment.ignore),
        excluded=tuple((item.kind.value, ".".join(item.name), item.reason) for item in excluded),
    )


def _post_verify(view: WorkdocsView) -> str:
    return render(
        "workdocs/04-post-verify.md.j2",
        view=view,
        heading=_heading("Post-verify", view),
        section=_section(view),
        state=sheet.state(view),
        rows=sheet.rows(view),
        differences=diff_text(view.differences, DiffFormat.MARKDOWN),
        checks=sheet.other_checks(view),
        not_verified=sheet.not_verified(view),
        boxes=sheet.checklist(view),
    )


def _heading(title: str, view: WorkdocsView) -> str:
    return f"{title} · {plain(view.module)} · task {plain(view.task)}"


def _section(view: WorkdocsView) -> str:
    """`prod-0087 · APPLIED · 2026-11-20 15:04:44 to 15:05:36 UTC`."""
    rollout = view.rollout
    state = {RolloutState.APPLIED: "APPLIED", RolloutState.FAILED: "FAILED", RolloutState.PARTIAL: "PARTIAL"}.get(
        rollout.state, rollout.state.value.upper()
    )
    start, end = rollout.started_at, rollout.finished_at
    span = (
        f"{start[:10]} {start[11:19]} to {end[11:19] if end[:10] == start[:10] else end[:19].replace('T', ' ')} UTC"
        if start and end
        else moment(start)
    )
    return f"{plain(rollout.environment)}-{rollout.sequence:04d} · {state} · {span}"
