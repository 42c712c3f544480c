"""Make the plan: the stored one of an equal key, else record the pending migrations on a copy, prove them on a second one, and freeze what ran there."""

from __future__ import annotations

from dataclasses import dataclass, replace

from workers.core.config import DataRule
from workers.core.diff import diff
from workers.core.effects import is_additive, needs, way_back
from workers.core.names import Direction, Strategy
from workers.core.plan import Body, Key, Observed, Plan, Undo, WayBack
from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.core.schema import Name, Snapshot
from workers.ports import RecordDirection, RecordedStatement, Recording, RecordRequest, ScratchDatabase, Services
from workers.steps.bookkeep import bookkeeping
from workers.steps.question import Known, present_key
from workers.steps.rehearse import Rehearsal, rehearse
from workers.steps.undeclared import Undeclared, undeclared

_PARTS = {
    "repository": "the repository",
    "pull": "the pull",
    "base_branch": "the base branch",
    "module": "the module",
    "environment": "the environment",
    "target": "the target database or its writing role",
    "strategy": "the strategy",
    "direction": "the direction",
    "pending": "the pending migrations",
    "source_files": "the source's own files",
    "dependencies": "the dependencies",
    "recorded": "the revisions recorded on the target",
    "policy": "the policy",
    "session": "the session settings",
    "scope": "the tables concerned",
    "live": "the schema of the target",
}
Checksums = tuple[tuple[Name, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The plan, or why there is none; without refusals and without a plan nothing is pending."""

    plan: Plan | None = None
    after: Snapshot | None = None
    undeclared: tuple[str, ...] = ()
    undeclared_known: bool = False
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    rehearsed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recorded:
    """What the project's own tool did on the first copy: its statements, the schema and rows it left, its way back, the rows the server saw read."""

    recording: Recording
    after: Snapshot
    rows: Checksums
    undo: Recording | None
    served: tuple[str, ...]


def propose(known: Known, services: Services) -> Proposal:
    """Return the plan of what is pending, with the undeclared changes beside it."""
    stored = _stored(known, services)
    if stored is not None or not known.pending:
        found = undeclared(known, None, services)
        return _with_undeclared(Proposal(plan=stored, rehearsed=stored is not None), found)
    if known.question.stored_only:
        return Proposal(refusals=(what_changed(known, services),))
    if known.database.scratch(None).version_for(known.dump.engine_version) is None:
        message = f"no scratch server of the target's version {known.dump.engine_version} is here"
        return _refused(
            RefusalCode.TARGET_VERSION_UNSUPPORTED, message, "install one of that major version", Actor.OPERATOR
        )
    if known.question.direction.bookkeeping_only:
        by_hand = bookkeeping(known, services)
        return (
            _freeze(known, _rehearsed(known, by_hand.statements, None), None, services)
            if not by_hand.refusals
            else Proposal(refusals=by_hand.refusals)
        )
    recorded = _record(known)
    if isinstance(recorded, Recording):
        return Proposal(refusals=(_recording_failed(recorded),))
    proposal = _freeze(known, _rehearsed(known, recorded.recording.statements, recorded.undo), recorded, services)
    return _with_undeclared(proposal, undeclared(known, recorded.recording, services))


def what_changed(known: Known, services: Services) -> Refusal:
    """Say which part of the newest stored plan's key is not as it was."""
    question = known.question
    plans = services.store.plans(question.repository, question.pull, question.module.id, question.environment.name)
    again = "read the new report and approve its code"
    if not plans:
        return Refusal(code=RefusalCode.PLAN_INCOMPLETE, message="there is no plan yet", fix="comment `/plan`")
    old = plans[0].plan.key
    new = present_key(known, old.scope)
    parts = [name for name in Key.__slots__ if getattr(old, name) != getattr(new, name)]
    code = (
        RefusalCode.TARGET_CHANGED
        if set(parts) <= {"live", "recorded", "session", "target"}
        else RefusalCode.PLAN_CHANGED
    )
    names = ", ".join(_PARTS[name] for name in parts) or "the direction of the plan"
    return Refusal(code=code, message=f"changed since it was planned: {names}", fix=again, actor=Actor.APPROVER)


def _stored(known: Known, services: Services) -> Plan | None:
    question = known.question
    plans = services.store.plans(question.repository, question.pull, question.module.id, question.environment.name)
    return next((item.plan for item in plans if item.plan.key == present_key(known, item.plan.key.scope)), None)


def _record(known: Known) -> _Recorded | Recording:
    """Run the project's own tool on a copy; the bare recording where it failed."""
    back = known.question.direction is Direction.ROLLBACK
    with known.database.scratch(None).clone(known.dump) as copy:
        first = known.source.record(_request(known, copy, known.to, back=back, declared=not back))
        if first.error:
            return first
        with copy.reading() as reader:
            after = reader.snapshot()
        rows, served = copy.checksums(), copy.served()
        undo = None if back else known.source.record(_request(known, copy, known.recorded, back=True, declared=False))
    return _Recorded(recording=first, after=after, rows=rows, undo=undo, served=served)


def _request(known: Known, copy: ScratchDatabase, to: tuple[str, ...], *, back: bool, declared: bool) -> RecordRequest:
    return RecordRequest(
        tree=known.merge,
        module=known.question.module,
        address=copy.address,
        engine=known.database.engine,
        direction=RecordDirection.DOWNGRADE if back else RecordDirection.UPGRADE,
        to=to,
        declared=declared,
        python=known.python,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proof:
    forward: Rehearsal
    rows: Checksums
    recorded_after: tuple[str, ...]
    back: WayBack


def _rehearsed(known: Known, statements: tuple[RecordedStatement, ...], undo: Recording | None) -> _Proof:
    """Run the statements on a second copy, in a server that no code of the pull ever reached, and then the way back."""
    with known.database.scratch(None).clone(known.dump) as copy:
        forward = rehearse(known.database, copy, statements, known.version_table)
        rows = copy.checksums()
        with copy.reading() as reader:
            left = reader.rows(known.version_table, known.columns)
        back = _way_back(known, copy, forward, undo)
    recorded_after = tuple(sorted(row[0] for row in left or () if row and row[0] is not None))
    return _Proof(forward=forward, rows=rows, recorded_after=recorded_after, back=back)


def _way_back(known: Known, copy: ScratchDatabase, forward: Rehearsal, undo: Recording | None) -> WayBack:
    if forward.refusals or undo is None:
        note = (
            "comment `/plan` to apply it again"
            if known.question.direction is Direction.ROLLBACK
            else "the version table is put back by hand"
        )
        return WayBack(undo=Undo.NONE, note=note)
    if undo.error:
        return WayBack(undo=Undo.NONE, note=f"downgrade of {undo.failed or 'the plan'} fails: {undo.error}")
    back = rehearse(known.database, copy, undo.statements, known.version_table)
    equal = not back.refusals and not _differences(known, forward.before, back.after)
    lost = tuple(dict.fromkeys(item for statement in forward.statements for item in statement.destroys))
    why = back.refusals[0].message if back.refusals else ""
    return way_back(back.statements if not back.refusals else None, why, equal=equal, destroyed_before=lost)


def _freeze(known: Known, proof: _Proof, recorded: _Recorded | None, services: Services) -> Proposal:
    refusals = [*proof.forward.refusals, *_mismatches(known, proof, recorded), *_unread(known, proof)]
    reads, why = _reads(known, proof, recorded)
    refusals += why
    if refusals:
        return Proposal(refusals=tuple(refusals))
    statements = proof.forward.statements
    additive = is_additive(statements) and known.question.direction is Direction.UPGRADE and not reads
    body = Body(
        statements=statements,
        group_effects=proof.forward.group_effects,
        effect=diff(proof.forward.before, proof.forward.after),
        recorded_after=proof.recorded_after,
        reads_rows=tuple(sorted({name for _, name in reads})),
        needs=needs(statements, additive=additive, push=known.question.module.strategy is Strategy.PUSH),
        additive=additive,
        way_back=proof.back,
    )
    checkout = known.question.checkout
    plan = Plan(
        key=present_key(known, _scope(known, proof)),
        body=body,
        head=checkout.head.commit,
        base=checkout.base.commit,
        observed=Observed(seconds=proof.forward.seconds, scratch_version=known.dump.engine_version),
    )
    notes = (known.python.note,) if known.python and known.python.note else ()
    return Proposal(plan=plan, after=proof.forward.after, notes=notes, rehearsed=True)


def _scope(known: Known, proof: _Proof) -> tuple[Name, ...]:
    """The tables that the plan binds to: those it changes, writes, reads or refers to. Nothing but everything where a statement is opaque."""
    statements = proof.forward.statements
    if any(item.parsed.opaque or item.parsed.authority for item in statements):
        return ()
    named = {name[-1] for item in statements for name in (*item.parsed.writes, *item.parsed.reads)}
    named |= {change.parent[-1] for item in statements for change in item.effect}
    return tuple(sorted({item.parent for item in known.live.objects if item.parent[-1] in named})) or (
        (known.version_table[-1],),
    )


def _mismatches(known: Known, proof: _Proof, recorded: _Recorded | None) -> list[Refusal]:
    if proof.forward.refusals:
        return []
    if proof.recorded_after != tuple(sorted(known.to)):
        left, wanted = ", ".join(proof.recorded_after) or "nothing", ", ".join(known.to) or "nothing"
        message = f"the version table ends with {left} where the history says {wanted}"
        return [
            Refusal(
                code=RefusalCode.STATEMENT_FORBIDDEN,
                message=message,
                fix="leave the version table to the migration tool",
            )
        ]
    if recorded is None:
        return []
    found = [f"{change.kind.value} {change.label}" for change in diff(proof.forward.after, recorded.after)]
    found += [f"rows of {'.'.join(name)}" for name, _ in sorted(set(proof.rows) ^ set(recorded.rows))]
    if not found:
        return []
    message = f"running the recorded statements again gave something else in: {', '.join(dict.fromkeys(found[:5]))}"
    fix = "write these changes through `op` and bound SQL, so that what runs is what can be shown"
    return [Refusal(code=RefusalCode.RECORDING_MISMATCH, message=message, fix=fix)]


def _unread(known: Known, proof: _Proof) -> list[Refusal]:
    """Something that the plan touches is of a kind that snapshots do not hold, so its effect could not be compared."""
    touched = {change.parent for change in diff(proof.forward.before, proof.forward.after)}
    touched |= {name for item in proof.forward.statements for name in item.parsed.writes}
    met = [item for item in known.live.unread if item.name in touched]
    return [
        Refusal(
            code=RefusalCode.UNREAD_OBJECT,
            message=f"the plan touches the {item.kind} {'.'.join(item.name)}, which is not compared: {item.why}",
            fix="run this migration by hand, then comment `/mark-applied`",
            actor=Actor.APPROVER,
        )
        for item in met
    ]


def _reads(
    known: Known, proof: _Proof, recorded: _Recorded | None
) -> tuple[tuple[tuple[str, Name], ...], list[Refusal]]:
    """The rows that migrations asked for, and a refusal for each migration that found some in the live target."""
    reads = proof.forward.reads
    if recorded is not None and recorded.served:
        reads = tuple(dict.fromkeys((*reads, *_unreported(known, recorded, {name[-1] for _, name in reads}))))
    if not reads:
        return (), []
    with known.target.reading() as reader:
        full = {name for name in {item for _, item in reads} if reader.has_rows(name)}
    strict = known.question.environment.data_dependent is DataRule.REFUSE
    blocking = [(revision, name) for revision, name in reads if strict or name in full]
    return reads, [_data_dependent(revision, names) for revision, names in _by_revision(blocking).items()]


def _unreported(known: Known, recorded: _Recorded, seen: set[str]) -> list[tuple[str, Name]]:
    """Tables that the copy's own server log says were read, and the recording does not."""
    tables = (
        {item.name[-1] for item in known.live.objects if item.kind.value == "table"} - {known.version_table[-1]} - seen
    )
    found = known.database.reads(recorded.served)
    return [("env.py", name) for name in found if name[-1] in tables]


def _by_revision(reads: list[tuple[str, Name]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for revision, name in reads:
        found.setdefault(revision, []).append(".".join(name))
    return found


def _data_dependent(revision: str, tables: list[str]) -> Refusal:
    names = ", ".join(dict.fromkeys(tables))
    return Refusal(
        code=RefusalCode.DATA_DEPENDENT,
        message=f"migration {revision} reads rows of {names} to decide what to write, and a copy has no rows",
        fix="rewrite it set-based (INSERT … SELECT, UPDATE … WHERE), split it, or run it by hand and comment `/mark-applied`",
    )


def _differences(known: Known, old: Snapshot, new: Snapshot) -> list[str]:
    return [item.label for item in diff(old, new) if item.parent[-1] != known.version_table[-1]]


def _recording_failed(recording: Recording) -> Refusal:
    where = f"migration {recording.failed}" if recording.failed else "env.py"
    message = f"{where} fails on a copy of the live schema: {recording.error}"
    return Refusal(
        code=RefusalCode.REHEARSAL_FAILED,
        message=message,
        fix="mend the migration so that it runs on the schema as it is",
    )


def _with_undeclared(proposal: Proposal, found: Undeclared) -> Proposal:
    return replace(
        proposal,
        undeclared=found.entries,
        undeclared_known=found.known,
        refusals=(*proposal.refusals, *found.refusals),
        notes=(*proposal.notes, *found.notes),
    )


def _refused(code: RefusalCode, message: str, fix: str, actor: Actor) -> Proposal:
    return Proposal(refusals=(Refusal(code=code, message=message, fix=fix, actor=actor),))
