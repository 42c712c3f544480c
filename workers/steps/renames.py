"""What a plan takes away and makes again under another name: asked, at its line, because a rename would keep what is in it."""

from __future__ import annotations

from workers.core.folding import Rename, fold, suspected_renames
from workers.core.names import Direction, SourceKind
from workers.core.plan import Plan, Statement
from workers.core.schema import ObjectKind
from workers.steps.failing import place_of
from workers.steps.question import Known


def asked_renames(known: Known, plan: Plan) -> tuple[str, ...]:
    """A question for each column or table that goes while one comes that is alike but for its name."""
    if plan.key.direction is not Direction.UPGRADE:
        return ()
    found = suspected_renames(fold(plan.body.effect))
    return tuple(_question(known, plan, item) for item in found if item.kind in {ObjectKind.COLUMN, ObjectKind.TABLE})


def _question(known: Known, plan: Plan, rename: Rename) -> str:
    kind, old = rename.kind.value, ".".join(rename.old)
    statement = next((item for item in plan.body.statements if _takes(item, rename)), None)
    place = place_of(known, statement.migration, statement.sql) if statement else None
    where = f"{place[0]}:{place[1]}: " if place else ""
    return (
        f"{where}{kind} {old} goes and {kind} {rename.new[-1]} comes, alike but for the name: "
        f"if it is renamed, write {_way_out(known, rename)}, and what is in it stays"
    )


def _takes(statement: Statement, rename: Rename) -> bool:
    return any(item.name == rename.old and item.kind is rename.kind and not item.after for item in statement.effect)


def _way_out(known: Known, rename: Rename) -> str:
    old, new = rename.old[-1], rename.new[-1]
    column = rename.kind is ObjectKind.COLUMN
    if known.source.kind is SourceKind.ALEMBIC:
        table = rename.old[-2] if column else ""
        return (
            f'`op.alter_column("{table}", "{old}", new_column_name="{new}")`'
            if column
            else f'`op.rename_table("{old}", "{new}")`'
        )
    if column:
        return f"`ALTER TABLE {'.'.join(rename.old[:-1])} RENAME COLUMN {old} TO {new}`"
    return f"`ALTER TABLE {'.'.join(rename.old)} RENAME TO {new}`"
