"""How far a plan got, told by what is live, what is recorded and what the journal says."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes.store import a_plan
from workers.core.diff import Change
from workers.core.names import Engine
from workers.core.plan import Booked, Continued, Parsed, Plan, Statement, StatementKind
from workers.core.progress import Progress, Ran, counted, progress, whole_groups
from workers.core.schema import ObjectKind, SchemaObject, Snapshot, attributes, ordered

YES, NO, UNKNOWN = Ran.YES, Ran.NO, Ran.UNKNOWN


def table(name: str) -> SchemaObject:
    return SchemaObject(ObjectKind.TABLE, ("public", name), ())


def index(*, invalid: bool | None = None) -> SchemaObject:
    return SchemaObject(ObjectKind.INDEX, ("public", "orders", "ix"), attributes(unique=True, invalid=invalid))


def makes(item: SchemaObject, group: int = 0, *, transactional: bool = True) -> Statement:
    return says("make", group, transactional=transactional, effect=(Change(item.kind, item.name, None, item),))


def says(
    sql: str,
    group: int = 0,
    *,
    transactional: bool = True,
    effect: tuple[Change, ...] = (),
    kind: StatementKind = StatementKind.ALTER,
    records: Booked | None = None,
) -> Statement:
    return Statement(
        sql=sql,
        migration="r1",
        group=group,
        transactional=transactional,
        parsed=Parsed(kind=kind, title=sql),
        effect=effect,
        records=records,
    )


def books(revision: str, group: int = 0) -> Statement:
    before = f"r{int(revision[1:]) - 1}"
    return says(f"record {revision}", group, kind=StatementKind.BOOKKEEPING, records=Booked((revision,), (before,)))


def script(group: int, *made: SchemaObject) -> Statement:
    effect = tuple(Change(item.kind, item.name, None, item) for item in made)
    return replace(says("script", group, transactional=False, effect=effect), batch=True)


def rows(group: int = 0, *, transactional: bool = True) -> Statement:
    return says("fill", group, transactional=transactional, kind=StatementKind.UPDATE)


def plan_of(*statements: Statement, continues: Continued | None = None) -> Plan:
    plan = a_plan(recorded=("r0",), continues=continues)
    return replace(plan, body=replace(plan.body, statements=statements))


def found(plan: Plan, *live: SchemaObject, recorded: str = "r0", ran: tuple[Ran, ...] = ()) -> Progress:
    snapshot = Snapshot(engine=Engine.POSTGRESQL, version="16", database="shop", objects=ordered([*live]))
    return progress(plan, snapshot, (recorded,), ran)


def test_statements_are_there_when_their_effects_are():
    plan = plan_of(makes(table("a")), books("r1"), makes(table("b"), 1), books("r2", 1))
    assert found(plan).missing == (0, 1, 2, 3)
    half = found(plan, table("a"), recorded="r1")
    assert (half.done, half.missing, whole_groups(plan, half)) == ((0, 1), (2, 3), 1)
    assert found(plan, table("a"), table("b"), recorded="r2").done == (0, 1, 2, 3)


def test_each_statement_stands_alone_where_none_shares_a_transaction():
    plan = plan_of(*(makes(table(name), at, transactional=False) for at, name in enumerate("abc")), books("r1", 3))
    assert found(plan, table("a"), table("b")).missing == (2, 3)
    assert found(plan, table("a"), table("c")).missing == (1, 3)


def test_what_somebody_did_by_hand_is_there_and_its_bookkeeping_is_not():
    assert found(plan_of(makes(table("a")), books("r1")), table("a")).missing == (1,)


def test_what_is_neither_as_before_nor_as_after_is_unclear():
    other = SchemaObject(ObjectKind.TABLE, ("public", "a"), attributes(comment="by hand"))
    assert found(plan_of(makes(table("a")), books("r1")), other).unclear == (0,)
    assert found(plan_of(books("r1")), recorded="stranger").unclear == (0,)


def test_a_statement_of_which_only_some_effects_are_there_is_unclear():
    both = (*makes(table("a")).effect, *makes(table("b")).effect)
    assert found(plan_of(says("make both", effect=both)), table("a")).unclear == (0,)


def test_a_script_with_transactions_of_its_own_is_done_by_the_journal_or_by_its_record_alone():
    plan = plan_of(script(0, table("a")), books("r1", 1))
    cut = found(plan, table("a"), ran=(UNKNOWN, NO))
    assert (cut.unclear, cut.missing) == ((0,), (1,))
    assert found(plan, ran=(UNKNOWN, NO)).unclear == (0,)
    assert found(plan, ran=(NO, NO)).missing == (0, 1)
    assert found(plan, table("a"), ran=(YES, NO)).done == (0,)
    assert found(plan, table("a"), recorded="r1", ran=(UNKNOWN, UNKNOWN)).done == (0, 1)


def test_an_object_on_its_way_through_several_statements_tells_how_far_they_came():
    first, second = table("a"), SchemaObject(ObjectKind.TABLE, ("public", "a"), attributes(comment="new"))
    changes = (Change(ObjectKind.TABLE, first.name, first, second),)
    plan = plan_of(makes(first, transactional=False), says("comment", 1, transactional=False, effect=changes))
    assert (found(plan, first).done, found(plan, first).missing) == ((0,), (1,))
    assert found(plan, second).done == (0, 1)


def test_an_index_that_a_failed_build_left_is_to_be_removed_and_built_again():
    plan = plan_of(makes(index(), transactional=False), books("r1", 1))
    left = found(plan, index(invalid=True))
    assert (left.missing, left.left) == ((0, 1), (index(invalid=True),))
    assert found(plan, index()).left == ()


def test_what_a_continuation_removes_first_is_judged_by_what_is_left_again():
    gone = says(
        "remove", effect=(Change(ObjectKind.INDEX, index().name, index(invalid=True), None),), transactional=False
    )
    rest = Continued(sequence=1, digest="", done=(), left=(index().name,), stuck=0, statements=1)
    plan = plan_of(gone, makes(index(), 1, transactional=False), books("r1", 2), continues=rest)
    again = found(plan, index(invalid=True))
    assert (again.missing, again.left) == ((1, 2), (index(invalid=True),))


def test_rows_that_show_nowhere_are_told_by_the_journal():
    plan = plan_of(makes(table("a"), transactional=False), rows(1, transactional=False), books("r1", 2))
    assert found(plan, table("a"), ran=(YES, YES, NO)).missing == (2,)
    assert found(plan, table("a"), ran=(YES, NO, NO)).missing == (1, 2)
    assert found(plan, table("a"), ran=(YES, UNKNOWN, NO)).unclear == (1,)


def test_rows_of_a_transaction_stayed_with_what_committed_together_with_them():
    plan = plan_of(makes(table("a")), rows(), books("r1"))
    assert found(plan, table("a"), recorded="r1", ran=(UNKNOWN,) * 3).done == (0, 1, 2)
    assert found(plan, ran=(UNKNOWN,) * 3).missing == (0, 1, 2)


def test_people_count_without_bookkeeping_unless_there_is_nothing_else():
    assert counted(plan_of(makes(table("a")), books("r1")), (0, 1)) == (1, 1)
    assert counted(plan_of(books("r1")), ()) == (0, 1)
