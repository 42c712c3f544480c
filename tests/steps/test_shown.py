"""What a cut-off run left, judged by schema and version table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.store import a_plan
from workers.core.diff import diff
from workers.core.names import Engine
from workers.core.plan import Booked, Parsed, Plan, Statement, StatementKind
from workers.core.schema import ObjectKind, SchemaObject, Snapshot
from workers.steps.shown import groups_done

TABLES = ("orders", "bills")


def schema(*tables: str) -> Snapshot:
    objects = tuple(SchemaObject(ObjectKind.TABLE, ("public", name), ()) for name in sorted(tables))
    return Snapshot(engine=Engine.POSTGRESQL, version="16", database="shop", objects=objects)


def plan_of(*groups: tuple[str, ...]) -> Plan:
    """A plan of one migration a group, `r1`, `r2`, …; each makes the named tables and writes the version table."""
    statements, there = [], schema()
    for number, tables in enumerate(groups):
        migration = f"r{number + 1}"
        parsed = Parsed(kind=StatementKind.BOOKKEEPING, title="")
        booking = Statement(sql="-", migration=migration, group=number, transactional=True, parsed=parsed)
        then = schema(*(item.name[-1] for item in there.objects), *tables)
        booked = Booked(come=(migration,), gone=(f"r{number}",))
        statements.append(replace(booking, effect=diff(there, then), records=booked))
        there = then
    plan = a_plan(recorded=("r0",))
    body = replace(
        plan.body,
        statements=tuple(statements),
        recorded_after=(f"r{len(groups)}",),
    )
    return replace(plan, body=body)


@pytest.mark.parametrize(
    ("there", "recorded", "groups"),
    [((), "r0", 0), (("orders",), "r1", 1), (TABLES, "r2", 2), (("bills",), "r1", None), (TABLES, "r0", None)],
)
def test_the_groups_that_are_there_are_counted(there, recorded, groups):
    assert groups_done(plan_of(("orders",), ("bills",)), schema(), schema(*there), (recorded,)) == groups


@pytest.mark.parametrize(("recorded", "groups"), [("r0", 0), ("r1", 1), ("r2", 2), ("stranger", None)])
def test_where_only_rows_change_the_version_table_tells(recorded, groups):
    assert groups_done(plan_of((), ()), schema(), schema(), (recorded,)) == groups
