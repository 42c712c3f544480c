"""The rest of a plan that stopped half way: what of it is missing on the target now, and what speaks against carrying it on."""

from __future__ import annotations

from dataclasses import dataclass

from workers.core.plan import Continued, Migration, Plan, Statement, StatementKind
from workers.core.progress import Progress, Stalled, counted, progress
from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.core.schema import Name, SchemaObject, Snapshot
from workers.ports import Database, History, RecordedStatement, Recording

_FIX = 'look at it, repair it by hand, then comment `/unlock {} "why"`'


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What a continuation would run: the removal of what was left, then the missing statements of `plan`, which must end where it ends.

    `reads` are the tables that had to be empty for the migrations of which something is missing; `marker` enters the key.
    """

    plan: Plan
    marker: Continued
    statements: tuple[RecordedStatement, ...]
    pending: tuple[Migration, ...]
    reads: tuple[tuple[str, Name], ...]
    refusals: tuple[Refusal, ...]

    @property
    def to(self) -> tuple[str, ...]:
        """The revisions that are recorded at its end."""
        return self.plan.body.recorded_after

    @property
    def undo(self) -> Recording | None:
        """The way back of the plan that is carried on is the way back of both."""
        statements = self.plan.body.way_back.statements
        return Recording(statements=tuple(map(again, statements))) if statements else None


def rest_of(
    stalled: Stalled, live: Snapshot, recorded: tuple[str, ...], history: History, database: Database, environment: str
) -> Rest:
    """Find out what is missing; `refusals` say why it cannot be carried on as it was approved."""
    plan = stalled.plan
    found = progress(plan, live, recorded, stalled.ran)
    missing = [plan.body.statements[index] for index in found.missing]
    pending = {item.migration for item in missing}
    stuck, of = counted(plan, found.done)
    rest = tuple(again(item) for index, item in enumerate(plan.body.statements) if _runs(index, item, found, pending))
    return Rest(
        plan=plan,
        marker=Continued(
            sequence=stalled.sequence,
            digest=plan.digest,
            done=found.done,
            left=tuple(item.name for item in found.left),
            stuck=stuck,
            statements=of,
        ),
        statements=(*(_removal(item, plan, database) for item in found.left), *rest),
        pending=tuple(item for item in plan.key.pending if item.id in pending),
        reads=tuple((revision, table) for revision, table in plan.body.reads_rows if revision in pending),
        refusals=tuple(_objections(stalled, found, pending, history, environment)),
    )


def _runs(index: int, item: Statement, found: Progress, pending: set[str]) -> bool:
    """What is missing; a setting of the session lasted no longer than the session did."""
    lasting = item.parsed.kind is not StatementKind.SESSION
    return index in found.missing or (not lasting and item.migration in pending and index in found.done)


def again(item: Statement) -> RecordedStatement:
    """A statement of a stored plan, to be rehearsed and run once more."""
    return RecordedStatement(
        sql=item.sql,
        revision=item.migration,
        group=item.group,
        transactional=item.transactional,
        batch=item.batch,
    )


def _removal(index: SchemaObject, plan: Plan, database: Database) -> RecordedStatement:
    """A build of an index that failed left it invalid; it belongs to the migration that builds it."""
    builds = (item for item in plan.body.statements if any(index.name == change.name for change in item.effect))
    migration = next(item.migration for item in builds)
    return RecordedStatement(sql=database.removal(index.name), revision=migration, group=-1, transactional=False)


def _objections(
    stalled: Stalled, found: Progress, pending: set[str], history: History, environment: str
) -> list[Refusal]:
    plan, fix = stalled.plan, _FIX.format(environment)
    if found.unclear:
        titles = "; ".join(plan.body.statements[index].parsed.title for index in found.unclear[:3])
        message = f"nobody can tell whether this of rollout {stalled.sequence} is there: {titles}"
        return [Refusal(code=RefusalCode.VERIFY_MISMATCH, message=message, fix=fix, actor=Actor.APPROVER)]
    if not found.missing:
        message = f"every statement of rollout {stalled.sequence} is there, and the schema was not as rehearsed"
        return [Refusal(code=RefusalCode.VERIFY_MISMATCH, message=message, fix=fix, actor=Actor.APPROVER)]
    return [
        _edited(item, stalled.sequence, environment)
        for item in plan.key.pending
        if item.id in pending and _content(history, item) != item.content
    ]


def _content(history: History, migration: Migration) -> str | None:
    revision = history.get(migration.id)
    return revision.content if revision else None


def _edited(migration: Migration, sequence: int, environment: str) -> Refusal:
    return Refusal(
        code=RefusalCode.EDITED_MIGRATION,
        message=f"{migration.path} is not as it was when rollout {sequence} began it, and that one is half done",
        fix=f'restore it to carry that rollout on, or let an approver look and `/unlock {environment} "why"`: then it is planned anew',
        path=migration.path,
        line=1,
    )
