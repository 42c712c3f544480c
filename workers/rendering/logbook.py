"""The parts of the execution log: where, by whose authority, and every command in order."""

from __future__ import annotations

from workers.core.approval import Approval
from workers.core.audit import FIRST
from workers.core.listed import approver_names
from workers.core.plan import StatementKind
from workers.core.rollout import Step
from workers.rendering.markdown import cell, code, plain, shortened
from workers.rendering.phrases import count, encryption, engine_name, joined, seconds, some
from workers.rendering.views import WorkdocsView

Row = tuple[str, str]
_LONGEST_COMMAND = 4_000


def rows(view: WorkdocsView) -> tuple[Row, ...]:
    """Which database, which plan, which code, which rules, which tools."""
    found, key = view.preflight, view.plan.key
    where = f"database {code(found.database)}, server {code(found.server)}"
    target = f"{engine_name(found.engine, found.version)}, {where}, {plain(encryption(found))}"
    read = "" if found.separate_read_role else " (the same role, in read-only transactions)"
    plan = f"{plain(view.code)}, sha256 {code(view.plan.digest)}, [plan.sql](artifacts/plan.sql)"
    merged = (
        f"head {code(view.head)}, merge result {code(view.merge_tree)}, base {code(view.base_branch)} {code(view.base)}"
    )
    policy = f"{code('.github/schemagate.yml')} at {code(view.config_commit)}, policy sha256 {code(key.policy)}{_origins(view)}"
    first = view.previous in {"", FIRST}
    said = (
        ("Previous rollout of this database", "none" if first else f"section sha256 {code(view.previous)}"),
        ("Target", f"{target}, identity {code(key.target.server)}"),
        ("Roles", f"read {code(found.reading_role)}{read}, write {code(found.writing_role)}"),
        ("Plan", f"{plan}, strategy {key.strategy.value}, direction {key.direction.value}"),
        ("Code", f"{plain(view.full_name)}#{view.pull}, {merged}"),
        ("Policy", policy),
        ("Tools", ", ".join(f"{plain(name)} {plain(version)}" for name, version in view.tools if version)),
    )
    return tuple((name, cell(text)) for name, text in said)


def facts(view: WorkdocsView) -> tuple[Row, ...]:
    """What the database was before the first statement and after the last, and what bounded each."""
    key = view.plan.key
    said = (
        ("Recorded before", ", ".join(map(code, key.recorded)) or "nothing"),
        ("Schema before", code(view.before.fingerprint)),
        ("Schema after", code(view.after.fingerprint) if view.after else "not read"),
        ("Session settings", ", ".join(f"{plain(name)} {code(value)}" for name, value in key.session) or "none"),
        ("Limits", f"lock {view.environment.lock_timeout:g} s, statement {view.environment.statement_timeout:g} s"),
        ("Dependencies", code(key.dependencies) if key.dependencies else "none"),
    )
    return tuple((name, cell(text)) for name, text in said)


def authority(view: WorkdocsView) -> tuple[Row, ...]:
    """Who allowed it, in which words, and against which rules."""
    excluded = joined([plain(item) for item in (view.author, *view.excluded)])
    own = [item.by.login for item in view.approvals if item.by.login in {view.author, *view.excluded}]
    backup = view.environment.backup_statement or any(item.words.backup for item in view.approvals)
    drift = [item.number for item in view.examination.drift if item.touches_plan]
    names = some([plain(item) for item in approver_names(view.environment)], 10)
    rules = [
        f"{count(len(view.approvals), 'approval')}, {view.environment.approvals} needed, of: {names}",
        f"order: after {joined([plain(item) for item in view.environment.requires_applied])}"
        if view.environment.requires_applied
        else "order: none set",
        f"window: {plain('; '.join(view.environment.apply_hours))}"
        if view.environment.apply_hours
        else "window: none set",
        f"drift on touched objects: {some([plain(item) for item in drift]) or 'none'}",
    ]
    said = [row for item in view.approvals for row in _approval(item)]
    said += [
        (
            "Author and committers",
            f"{excluded}; "
            + (
                f"**approved by its author**: {joined([plain(item) for item in own])}"
                if own
                else "no approver is one of them"
            ),
        ),
        (
            "Confirmed by approval",
            plain(view.confirmed, 1000) + (" (the backup is stated, **not tested by schemagate**)" if backup else ""),
        ),
        ("Rules met", " · ".join(rules)),
        ("Exceptions used", _exceptions(view)),
    ]
    return tuple((name, cell(text)) for name, text in said)


def commands(steps: tuple[Step, ...]) -> tuple[tuple[str, str, str, str], ...]:
    """(number, time, command, result) of every step; an announcement that the next step repeats with its result is left out."""
    shown = [step for step, after in zip(steps, (*steps[1:], None), strict=True) if not _announces(step, after)]
    return tuple(
        (str(number), plain(_clock(step.at)), cell(_command(step)), cell(plain(step.result, 1000) + _took(step)))
        for number, step in enumerate(shown, 1)
    )


def sums(view: WorkdocsView) -> str:
    """The one control the whole product stands for, as one sentence."""
    approved = view.plan.body.statements
    ran = {step.statement for step in view.steps if step.statement is not None and step.result.startswith("ok")}
    planned = {item.sql for item in approved}
    strange = [step for step in view.steps if step.statement is not None and step.command not in planned]
    kinds = sum(1 for item in approved if item.parsed.kind is StatementKind.BOOKKEEPING)
    return (
        f"Statements approved {len(approved)} ({kinds} of them bookkeeping), run {len(ran)}, not run {len(approved) - len(ran)}, "
        f"not in the plan {len(strange)}."
    )


def _approval(item: Approval) -> tuple[Row, Row]:
    teams = f", member of {joined([plain(team) for team in item.by.teams])}" if item.by.teams else ""
    role = f"role {item.by.role.value}{teams}, looked up {plain(item.by.looked_up)}"
    revoked = f", **revoked: {plain(item.revoked)}**" if item.revoked else ", unedited at start"
    words = f"{code(item.text, 2000)}, comment {item.comment}, {plain(item.at)}, sha256 {code(item.body_hash)}{revoked}"
    return ("Approved by", f"{plain(item.by.login)} (GitHub id {item.by.id}), {role}"), ("Words", words)


def _exceptions(view: WorkdocsView) -> str:
    used = []
    for item in view.approvals:
        words = item.words
        used += ["destructive statements allowed"] if words.allow_destructive else []
        used += [f"risk accepted: {plain(words.accept_risk)}"] if words.accept_risk else []
        used += [f"accepted as it is: {plain(', '.join(words.accept))}"] if words.accept else []
        used += [f"push allowed: {plain(words.allow_push)}"] if words.allow_push else []
    used += ["the author may approve here"] if view.environment.author_may_approve else []
    return "; ".join(dict.fromkeys(used)) or "none"


def _origins(view: WorkdocsView) -> str:
    lines = [f"{item.file}:{item.line}" for item in view.environment.origins]
    return f", written at {some([code(item) for item in dict.fromkeys(lines)], 12)}" if lines else ""


def _announces(step: Step, after: Step | None) -> bool:
    same = after is not None and (step.command, step.statement) == (after.command, after.statement)
    return step.result == "started" and same


def _command(step: Step) -> str:
    return code(shortened(step.command, _LONGEST_COMMAND), _LONGEST_COMMAND)


def _clock(at: str) -> str:
    return at[11:].rstrip("Z") if len(at) > 11 else at


def _took(step: Step) -> str:
    return f", {seconds(step.seconds)}" if step.seconds is not None else ""
