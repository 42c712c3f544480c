"""Find out everything about one module on one environment, as DESIGN section 5 orders it, and make the plan. Nothing is written to the target."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

from workers.core.errors import ExpectedError
from workers.core.examination import Examination, Unmerged
from workers.core.names import Direction
from workers.core.plan import Plan
from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.core.schema import Name, Snapshot
from workers.core.version_rows import applied_revisions
from workers.ports import Database, History, PythonEnvironment, Rows, Services, Source, Target, Tree
from workers.steps import baseline, lineage, order, pushing
from workers.steps.conflicts import explained
from workers.steps.draft import Draft, StopError, hear, stop
from workers.steps.drifting import Place, Replaying, compare_with_expected, compare_with_last
from workers.steps.faults import faults
from workers.steps.propose import propose
from workers.steps.question import Known, Question
from workers.steps.rest import rest_of
from workers.steps.sight import is_empty, made_by, question_of_extensions, seen_live
from workers.steps.target import reach


def examine(question: Question, services: Services) -> Examination:
    """Examine; every kind of expected trouble becomes a refusal in the result."""
    draft = Draft(question)
    database: Database | None = None
    try:
        database = _examine(draft, services)
    except StopError:
        pass
    except ExpectedError as error:
        draft.refusals.append(Refusal(code=error.code, message=error.message, fix=error.advice, actor=Actor.OPERATOR))
    return _result(draft, services, database)


def _examine(draft: Draft, services: Services) -> Database:
    question = draft.question
    merge = _merged(draft)
    source = _choose_source(draft, services, merge)
    pushing.check_source(draft)
    history, base = source.history(merge, question.module), source.history(question.checkout.base, question.module)
    _read_history(draft, services, source, merge, history)
    database, target = _meet(draft, services, source, merge)
    table, columns = draft.version_table = source.version_table(merge, question.module)
    draft.live, draft.recorded, rows = _read_live(target, table, columns)
    made = made_by(question.environment, (merge, history), (question.checkout.base, base))
    draft.seen = seen_live(draft.live, question.environment, made)
    if question.module.pushes:
        pushing.check_direction(draft)
    else:
        hear(draft, source.judge_rows(history, base, rows or (), question.environment.name))
        _judge_recorded(draft, history, base, is_empty(draft.seen, table), rows is not None)
    if not question.run_code:
        _stop_unrun(draft, history, base)
    _carry_on(draft, history, database)
    _need_scratch(draft, services, Place(database=database, table=table, made=made))
    dump = target.dump((table,))
    python = _python(draft, services, source, merge)
    replaying = Replaying(database=database, table=table, made=made, source=source, base=base, dump=dump, python=python)
    _compare(draft, services, replaying)
    _choose_pending(draft, history, base)
    _wait(draft, history, services)
    known = Known(
        question=question,
        source=source,
        database=database,
        target=target,
        history=history,
        base=base,
        merge=merge,
        version_table=table,
        columns=columns,
        recorded=draft.recorded,
        pending=draft.pending,
        back_to=draft.back_to,
        live=draft.live,
        made=made,
        drifted=draft.drifted,
        adopted=draft.adopted,
        dump=dump,
        python=python,
        rest=draft.rest,
    )
    _propose(draft, known, services)
    return database


def _compare(draft: Draft, services: Services, replaying: Replaying) -> None:
    """Tell drift; where a schema is pushed, there is no history to expect anything from."""
    if draft.question.module.pushes:
        pushing.compare_with_rollout(draft, services, replaying)
    else:
        baseline.name_revision(draft, services, replaying)
        compare_with_expected(draft, services, replaying)


def _wait(draft: Draft, history: History, services: Services) -> None:
    """Find the environments that come first; with anything refused by now there is nothing to propose."""
    draft.waits_for = order.waits_for(draft, history, services)
    if draft.refusals:
        raise StopError


def _propose(draft: Draft, known: Known, services: Services) -> None:
    baseline.compare_with_named(draft, known, services)
    draft.proposal = propose(known, services)
    if draft.question.module.pushes:
        pushing.judge_plan(draft)
    draft.unlike = order.unlike(draft.question, draft.proposal.plan, services)


def _need_scratch(draft: Draft, services: Services, place: Place) -> None:
    """Stop where no scratch database like the target can be made; then drift is told from what our last rollout left."""
    if draft.live is None or place.database.scratch(None).version_for(draft.live.version) is not None:
        return
    compare_with_last(draft, services, place)
    message = f"no scratch server of the target's version {draft.live.version} is here"
    fix = "install one of that major version on the worker's machine, or lend one by `scratch:`"
    stop(draft, RefusalCode.TARGET_VERSION_UNSUPPORTED, message, fix, Actor.OPERATOR)


def _stop_unrun(draft: Draft, history: History, base: History) -> NoReturn:
    _choose_pending(draft, history, base)
    message = "this pull comes from a fork: its code was read, not run"
    fix = "a maintainer may look at the code and comment `/plan`"
    stop(draft, RefusalCode.PLAN_INCOMPLETE, message, fix, Actor.APPROVER)


def _carry_on(draft: Draft, history: History, database: Database) -> None:
    """Find what is missing of a rollout that stopped half way."""
    question = draft.question
    if question.stalled is not None and draft.live is not None:
        name = question.environment.name
        draft.rest = rest_of(question.stalled, draft.live, draft.recorded, history, database, name)
        draft.refusals.extend(draft.rest.refusals)


def _merged(draft: Draft) -> Tree:
    merge = draft.question.checkout.merge
    if merge is None:
        paths = ", ".join(draft.question.checkout.conflicts[:5])
        stop(
            draft,
            RefusalCode.MERGE_CONFLICT,
            f"this branch conflicts with its base in: {paths}",
            "rebase or merge the base branch",
        )
    return merge


def _choose_source(draft: Draft, services: Services, merge: Tree) -> Source:
    module = draft.question.module
    found = [item for item in services.sources if item.found(merge, module)]
    named = [item for item in found if module.source in {None, item.kind}]
    if len(named) > 1:
        line = f"`source: {named[0].kind.value}`"
        stop(
            draft,
            RefusalCode.SOURCE_AMBIGUOUS,
            f"{module.id} has both a schema.prisma and an alembic folder",
            f"commit {line} (or the other) under `id: {module.id}`",
        )
    if not named:
        where = "the repository" if module.path == "." else module.path
        stop(
            draft,
            RefusalCode.NOT_CONFIGURED,
            f"no source was found in {where}",
            "correct `path:` or `source:` in .github/schemagate.yml",
        )
    draft.source = named[0].kind
    return named[0]


def _read_history(draft: Draft, services: Services, source: Source, merge: Tree, history: History) -> None:
    draft.heads = history.heads[-1:] if history.separate else history.heads
    draft.refusals.extend(history.problems)
    draft.refusals.extend(faults(source, merge, draft.question.module, services.replays))
    told = {item.path for item in draft.refusals}
    for path, what in merge.oddities(draft.question.module.path):
        if path not in told and ("version" in path or "alembic" in path or path.endswith((".py", ".prisma"))):
            message = f"{path} is {what}; only regular files are read"
            draft.refusals.append(
                Refusal(
                    code=RefusalCode.CHECKOUT_FAILED,
                    message=message,
                    fix="commit a regular file instead",
                    path=path,
                    line=1,
                )
            )


def _meet(draft: Draft, services: Services, source: Source, merge: Tree) -> tuple[Database, Target]:
    environment = draft.question.environment
    database, target = reach(environment, services)
    named = source.engine_named(merge, draft.question.module)
    if named is not None and named.family is not database.engine.family:
        message = f"the source is written for {named.value}, and {environment.name} is {database.engine.value}"
        stop(draft, RefusalCode.ENGINE_MISMATCH, message, "point the environment or the source at the other engine")
    draft.preflight = target.preflight()
    draft.notes.extend(filter(None, [question_of_extensions(draft.preflight, environment)]))
    if draft.preflight.pooled:
        message = f"{environment.name} is reached through a transaction pooler"
        draft.refusals.append(
            Refusal(
                code=RefusalCode.POOLED_CONNECTION,
                message=message,
                fix="give a URL that reaches the server itself",
                actor=Actor.OPERATOR,
            ),
        )
    if environment.read_url is None and database.engine.value != "sqlite":
        draft.notes.append("no read_url is set: the writing role was used for reading, in read-only transactions")
    return database, target


def _read_live(target: Target, table: Name, columns: tuple[str, ...]) -> tuple[Snapshot, tuple[str, ...], Rows | None]:
    """The schema, what is recorded, and the rows of the version table (None where there is no such table), in one view."""
    with target.reading() as reader:
        rows = reader.rows(table, columns)
        return reader.snapshot(), applied_revisions(columns, rows), rows


def _judge_recorded(draft: Draft, history: History, base: History, empty: bool, table_there: bool) -> None:  # noqa: FBT001 -- two facts of the target
    question = draft.question
    strangers = lineage.unknown(history, base, draft.recorded, question.past.applied_by())
    draft.refusals.extend(strangers)
    done = lineage.applied(history, draft.recorded)
    draft.applied = len(done)
    draft.unmerged = tuple(
        Unmerged(item, pull) for item, pull in question.past.applied_by().items() if base.get(item) is None
    )
    refusals, notes = lineage.edited(history, base, draft.recorded, question.past.contents())
    here = question.checkout.merge or question.checkout.head
    draft.refusals.extend(lineage.at_change(item, question.checkout.base, here) for item in refusals)
    draft.notes.extend(notes)
    draft.refusals.extend(filter(None, [baseline.needed(draft, empty=empty, table_there=table_there)]))


def _python(draft: Draft, services: Services, source: Source, merge: Tree) -> PythonEnvironment | None:
    if services.sandbox_problem:
        draft.refusals.append(
            Refusal(
                code=RefusalCode.SANDBOX_UNAVAILABLE,
                message=f"migrations cannot be run here: {services.sandbox_problem}",
                fix="see `schemagate doctor`",
                actor=Actor.OPERATOR,
            ),
        )
        return None
    try:
        return source.environment(draft.question.default, merge, draft.question.module)
    except ExpectedError as error:
        draft.refusals.append(Refusal(code=error.code, message=error.message, fix=error.advice, actor=Actor.AUTHOR))
        return None


def _choose_pending(draft: Draft, history: History, base: History) -> None:
    question = draft.question
    if draft.rest is not None:
        draft.pending = draft.rest.pending
    elif question.direction is Direction.ROLLBACK:
        back_to = question.past.before_pull(question.pull, draft.recorded)
        if back_to is None:
            fix = "take the newest migration back first, in the pull that applied it"
            stop(
                draft,
                RefusalCode.NOTHING_TO_APPLY,
                f"nothing that this pull applied is the newest on {question.environment.name}",
                fix,
            )
        pushed = question.past.pushed(question.pull) if question.module.pushes else ()
        draft.pending = pushed or lineage.to_undo(history, base, draft.recorded, back_to)
        draft.back_to = back_to
    elif question.direction is Direction.MARK_APPLIED:
        draft.pending = lineage.pending(history, base, draft.recorded)[:1]
        _check_named(draft)
    elif question.direction is Direction.BASELINE:
        draft.pending = lineage.up_to(history, base, question.revision)
        _check_named(draft)
    else:
        draft.pending = lineage.pending(history, base, draft.recorded)
        draft.notes.extend(lineage.out_of_order(history, draft.pending, draft.recorded))


def _check_named(draft: Draft) -> None:
    revision = draft.question.revision
    if not draft.pending or not draft.pending[-1].id.startswith(revision) or not revision:
        following = draft.pending[-1].id if draft.pending else "none"
        message = f"{revision or 'no revision'} is not the one that can be marked; the next pending one is {following}"
        stop(draft, RefusalCode.COMMAND_MALFORMED, message, "name that revision")


def _result(draft: Draft, services: Services, database: Database | None) -> Examination:
    question, proposal = draft.question, draft.proposal
    touched = {change.parent for change in proposal.plan.body.effect} if proposal.plan else set()
    plan: Plan | None = proposal.plan
    nothing = plan is None and not draft.refusals and not proposal.refusals and draft.preflight is not None
    refusals = [explained(item, draft.live, draft.source) for item in (*draft.refusals, *proposal.refusals)]
    if nothing:
        message, fix = f"{question.environment.name} has every migration of this pull", "nothing is to be done"
        refusals.append(
            Refusal(code=RefusalCode.NOTHING_TO_APPLY, message=message, fix=fix, actor=Actor.NOBODY),
        )
    if services.trusted:
        draft.notes.append("the sandbox is switched off by the operator: every served repository is trusted")
    return Examination(
        module=question.module.id,
        environment=question.environment.name,
        direction=question.direction,
        engine=database.engine if database else (draft.preflight.engine if draft.preflight else None),
        preflight=draft.preflight,
        recorded=draft.recorded,
        heads=draft.heads,
        applied=draft.applied,
        pending=draft.pending,
        unmerged=draft.unmerged,
        drift=tuple(
            replace(item, touches_plan=any(each.parent in touched for each in (item.change, *item.children)))
            for item in draft.drift
        ),
        drift_known=draft.drift_known,
        undeclared=proposal.undeclared,
        undeclared_known=proposal.undeclared_known,
        suggested=proposal.suggested,
        live=draft.live,
        excluded=draft.seen.excluded if draft.seen else (),
        expected=draft.expected,
        after=proposal.after,
        plan=plan,
        refusals=tuple(refusals),
        waits_for=draft.waits_for,
        unlike=draft.unlike,
        unverified=draft.unverified,
        version_table=draft.version_table[0],
        version_columns=draft.version_table[1],
        source=draft.source,
        notes=tuple(dict.fromkeys([*draft.notes, *proposal.notes])),
        rehearsed=proposal.rehearsed,
        examined_at=services.clock.iso(),
    )
