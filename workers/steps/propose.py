"""Make the plan: the stored one of an equal key, else record what is pending on a copy, prove it on a second one, and freeze what ran."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from workers.core.authority import authority_effect
from workers.core.effects import is_additive, needs
from workers.core.examination import Suggested
from workers.core.names import Direction
from workers.core.plan import Body, Key, Observed, Plan, StatementKind
from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.core.schema import Name, Snapshot
from workers.core.version_rows import marks
from workers.ports import RecordDirection, Recording, RecordRequest, ScratchDatabase, Services
from workers.steps.bookkeep import bookkeeping
from workers.steps.counting import dry_run, weighed
from workers.steps.failing import recording_failed
from workers.steps.objections import mismatches, rows_by_chance, rows_read, rows_there_now, unread
from workers.steps.proof import Proof, Recorded, checksums, prove
from workers.steps.question import Known, present_key
from workers.steps.renames import asked_renames
from workers.steps.rest import again
from workers.steps.undeclared import Undeclared, undeclared

_ROWS = frozenset({StatementKind.INSERT, StatementKind.UPDATE, StatementKind.DELETE, StatementKind.TRUNCATE})
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
    "continues": "what a rollout left half done",
}
_OF_TARGET = frozenset({"live", "recorded", "session", "target"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The plan, or why there is none; without refusals and without a plan nothing is pending."""

    plan: Plan | None = None
    after: Snapshot | None = None
    undeclared: tuple[str, ...] = ()
    undeclared_known: bool = False
    suggested: Suggested | None = None
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    rehearsed: bool = False


def propose(known: Known, services: Services) -> Proposal:
    """Return the plan of what is pending, with the undeclared changes beside it."""
    proposal = _propose(known, services)
    plan = proposal.plan
    if plan is None:
        return proposal
    notes = (*proposal.notes, *plan.observed.warnings, *asked_renames(known, plan))
    if not plan.adopts:
        return replace(proposal, notes=notes)
    environment, revision = known.question.environment.name, known.pending[-1].id
    said = (
        f"this plan writes nothing: the schema of {environment} as it is now ({known.live.fingerprint}), recorded at {revision}, becomes "
        "the start of what is expected there, because the migrations cannot be replayed from empty; what drifted before belongs to it from then on"
    )
    return replace(proposal, notes=(*notes, said))


def _propose(known: Known, services: Services) -> Proposal:
    stored = _stored(known, services)
    if stored is not None or not known.pending:
        found = undeclared(known, None, services)
        rows = rows_there_now(known, stored) if stored is not None else ()
        return _with_undeclared(Proposal(plan=stored, refusals=rows, rehearsed=stored is not None), found)
    if known.question.stored_only:
        return Proposal(refusals=(what_changed(known, services),))
    if known.rest is not None:
        proof = prove(known, known.rest.statements, known.rest.undo)
        return _with_undeclared(_freeze(known, proof, None), undeclared(known, None, services))
    if known.question.direction.bookkeeping_only:
        by_hand = bookkeeping(known, services)
        if by_hand.refusals:
            return Proposal(refusals=by_hand.refusals)
        return _freeze(known, prove(known, by_hand.statements, None), None)
    if known.question.direction is Direction.ROLLBACK and known.history.separate:
        return _kept_way_back(known)
    return _push(known, services) if known.question.module.pushes else _migrate(known, services)


def _migrate(known: Known, services: Services) -> Proposal:
    """What the project's own migrations send."""
    recorded = _record(known)
    if isinstance(recorded, Recording):
        return Proposal(refusals=(recording_failed(known, recorded),))
    proof = prove(known, recorded.recording.statements, recorded.undo)
    warned = weighed(known, recorded.recording, partial(_forward, known), services)
    proposal = _freeze(known, proof, recorded, warned)
    return _with_undeclared(proposal, undeclared(known, recorded.recording, services))


def what_changed(known: Known, services: Services) -> Refusal:
    """Say which part of the newest stored plan's key is not as it was."""
    question = known.question
    plans = services.store.plans(question.repository, question.pull, question.module.id, question.environment.name)
    if not plans:
        return Refusal(code=RefusalCode.PLAN_INCOMPLETE, message="there is no plan yet", fix="comment `/plan`")
    old = plans[0].plan.key
    return changed_since(old, present_key(known, old.scope))


def changed_since(old: Key, new: Key) -> Refusal:
    """Name the parts of a plan's key that are not as they were."""
    parts = [name for name in Key.__slots__ if getattr(old, name) != getattr(new, name)]
    of_target = set(parts) <= _OF_TARGET | ({"continues", "pending"} if old.continues and new.continues else set())
    names = ", ".join(_PARTS[name] for name in parts) or "the direction of the plan"
    return Refusal(
        code=RefusalCode.TARGET_CHANGED if of_target else RefusalCode.PLAN_CHANGED,
        message=f"changed since it was planned: {names}",
        fix="read the new report and approve its code",
        actor=Actor.APPROVER,
    )


def _stored(known: Known, services: Services) -> Plan | None:
    question = known.question
    plans = services.store.plans(question.repository, question.pull, question.module.id, question.environment.name)
    return next((item.plan for item in plans if item.plan.key == present_key(known, item.plan.key.scope)), None)


def _kept_way_back(known: Known) -> Proposal:
    """What was written and rehearsed when the plan was made that is taken back now."""
    kept = known.question.past.way_back(known.question.pull, known.recorded)
    if not kept:
        message = "there is no rehearsed way back of what this pull applied, and the tool has none of its own"
        fix = "write a new migration that takes the change back"
        return _refused(RefusalCode.PLAN_INCOMPLETE, message, fix, Actor.AUTHOR)
    return _freeze(known, prove(known, tuple(map(again, kept)), None), None)


def _record(known: Known) -> Recorded | Recording:
    """Run the project's own tool on a copy; the bare recording where it failed."""
    back = known.question.direction is Direction.ROLLBACK
    with known.database.scratch(None).clone(known.dump) as copy:
        first = known.source.record(_request(known, copy, known.to, done=known.recorded, declared=not back))
        if first.error:
            return first
        served = () if first.fixed else copy.served()
        with copy.reading() as reader:
            after = reader.snapshot()
            said = marks(known.columns, reader.rows(known.version_table, known.columns))
        rows = checksums(known, copy)
        undo = None if back else _undo(known, copy, first)
    return Recorded(recording=first, after=after, rows=rows, marks=said, undo=undo, served=served)


def _push(known: Known, services: Services) -> Proposal:
    """What the tool would run on a copy of the live schema, by a dry run; no plan where that is nothing."""
    with known.database.scratch(None).clone(known.dump) as copy:
        told, warned, asked = dry_run(known, _forward(known, copy), services)
        if told.error:
            return Proposal(refusals=(recording_failed(known, told),))
        if not told.statements:
            return Proposal(undeclared_known=True)
        back = known.source.record(replace(asked, direction=RecordDirection.DOWNGRADE))
    proof = prove(known, told.statements, back)
    return replace(_freeze(known, proof, None, warned), undeclared_known=True)


def _undo(known: Known, copy: ScratchDatabase, first: Recording) -> Recording:
    """The way back that came with the recording, else one recorded on its own."""
    if first.undo is not None or first.undo_error:
        return Recording(statements=first.undo or (), error=first.undo_error)
    return known.source.record(_request(known, copy, known.recorded, done=known.to, declared=False))


def _forward(known: Known, copy: ScratchDatabase) -> RecordRequest:
    return _request(known, copy, known.to, done=known.recorded, declared=True)


def _request(
    known: Known, copy: ScratchDatabase, to: tuple[str, ...], *, done: tuple[str, ...], declared: bool
) -> RecordRequest:
    """Ask for the way from what is `done` to `to`; what is not the way forward declares nothing."""
    return RecordRequest(
        tree=known.merge,
        module=known.question.module,
        address=copy.address,
        engine=known.database.engine,
        direction=RecordDirection.UPGRADE if declared else RecordDirection.DOWNGRADE,
        to=to,
        done=done,
        declared=declared,
        python=known.python,
    )


def _freeze(known: Known, proof: Proof, recorded: Recorded | None, warned: tuple[str, ...] = ()) -> Proposal:
    refusals = [*proof.forward.refusals, *mismatches(known, proof, recorded), *unread(known, proof)]
    reads, why = rows_read(known, proof, recorded)
    refusals += why
    if refusals:
        return Proposal(refusals=tuple(refusals))
    statements = proof.forward.statements
    forward = known.question.direction is Direction.UPGRADE and known.rest is None
    additive = is_additive(statements) and forward and not reads
    body = Body(
        statements=statements,
        group_authority=proof.forward.group_authority,
        authority=authority_effect(proof.forward.before, proof.forward.after),
        recorded_after=proof.recorded_after,
        reads_rows=tuple(sorted(set(reads))),
        needs=needs(statements, additive=additive, push=known.question.module.pushes),
        additive=additive,
        way_back=proof.back,
    )
    checkout = known.question.checkout
    plan = Plan(
        key=present_key(known, _scope(known, proof)),
        body=body,
        head=checkout.head.commit,
        base=checkout.base.commit,
        observed=Observed(seconds=proof.forward.seconds, scratch_version=known.dump.engine_version, warnings=warned),
    )
    notes = [known.python.note] if known.python and known.python.note else []
    if recorded is not None:
        notes += recorded.recording.notes if recorded.recording.fixed else ()
        notes += [
            f"each run writes other rows into {name}: times, or what chance gives"
            for name in rows_by_chance(proof, recorded)
        ]
    return Proposal(plan=plan, after=proof.forward.after, notes=tuple(notes), rehearsed=True)


def _scope(known: Known, proof: Proof) -> tuple[Name, ...]:
    """The tables that the plan binds to: those it changes, writes, reads or refers to, also where they are not there yet.

    Everything where a statement is opaque or writes rows: rows reach further tables by foreign keys, triggers and rules. Everything, too,
    where the schema is taken as it is.
    """
    statements = proof.forward.statements
    if not statements or any(
        item.parsed.opaque or item.parsed.authority or item.parsed.kind in _ROWS for item in statements
    ):
        return ()
    named = {name[-1] for item in statements for name in (*item.parsed.writes, *item.parsed.reads)}
    effect = {change.parent for item in statements for change in item.effect}
    if known.rest is not None:
        whole = known.rest.plan
        if not whole.key.scope:
            return ()
        effect |= {*whole.key.scope, *(change.parent for change in whole.body.effect)}
    named |= {parent[-1] for parent in effect}
    live = {item.parent for item in known.live.objects if item.parent[-1] in named}
    return tuple(sorted(live | effect)) or ((known.version_table[-1],),)


def _with_undeclared(proposal: Proposal, found: Undeclared) -> Proposal:
    return replace(
        proposal,
        undeclared=found.entries,
        undeclared_known=found.known,
        suggested=found.suggested,
        refusals=(*proposal.refusals, *found.refusals),
        notes=(*proposal.notes, *found.notes),
    )


def _refused(code: RefusalCode, message: str, fix: str, actor: Actor) -> Proposal:
    return Proposal(refusals=(Refusal(code=code, message=message, fix=fix, actor=actor),))
