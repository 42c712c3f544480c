"""A rehearsal writes down what each statement did, and stops at what is never run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.target import FakeDatabase, FakeWriter, State
from workers.core.plan import Booked, Parsed, StatementKind
from workers.core.refusals import RefusalCode
from workers.core.schema import Snapshot
from workers.ports import RecordedStatement
from workers.steps import rehearse as module
from workers.steps.rehearse import Rehearsal, rehearse

VERSIONS = ("public", "versions")
KINDS = {
    "add": StatementKind.CREATE,
    "drop": StatementKind.DROP,
    "rename": StatementKind.ALTER,
    "copy": StatementKind.INSERT,
    "record": StatementKind.UPDATE,
    "truncate": StatementKind.TRUNCATE,
    "delete": StatementKind.DELETE,
    "read": StatementKind.READ,
    "do": StatementKind.OPAQUE,
}


class Parsing(FakeWriter):
    """Knows also `copy A B` (all of A's columns into B), `truncate X`, `delete X`, `read X`, `do X`, `forbidden`."""

    def parse(self, sql: str) -> Parsed:
        word, _, rest = sql.partition(" ")
        names = tuple(("public", name) for name in rest.split())
        if word == "record":
            names = (VERSIONS,)
        if word == "copy":
            return Parsed(kind=KINDS[word], title=sql, reads=names[:1], writes=names[1:], copies=("id",))
        if word == "read":
            return Parsed(kind=KINDS[word], title=sql, reads=names)
        return Parsed(
            kind=KINDS.get(word, StatementKind.ALTER),
            title=sql,
            writes=names[:1],
            forbidden="never" if word == "forbidden" else "",
            opaque="a block" if word == "do" else "",
        )


class Clone(FakeDatabase):
    @contextlib.contextmanager
    def writing(self) -> Iterator[Parsing]:
        yield Parsing(self)

    def split(self, sql: str) -> tuple[str, ...]:
        return tuple(sql.split("; "))

    def transactional(self, sql: str) -> bool:
        del sql
        return True


def piece(sql: str, group: int = 0, *, transactional: bool = True) -> RecordedStatement:
    return RecordedStatement(sql=sql, revision="r1", group=group, transactional=transactional)


def rehearsed(*pieces: RecordedStatement | str, there: tuple[str, ...] = ("orders",)) -> Rehearsal:
    clone: Any = Clone(State(frozenset(there)))
    recorded = tuple(piece(item) if isinstance(item, str) else item for item in pieces)
    return rehearse(clone, clone, recorded, VERSIONS)


def effects(found: Rehearsal) -> list[tuple[str, tuple[str, ...]]]:
    return [
        (item.sql, tuple(f"{change.difference} {change.name[-1]}" for change in item.effect))
        for item in found.statements
    ]


def lost(found: Rehearsal) -> list[str]:
    assert found.refusals == ()
    return [name for item in found.statements for name in item.destroys]


def refused(found: Rehearsal) -> tuple[RefusalCode, str]:
    (refusal,) = found.refusals
    return refusal.code, refusal.message


def test_each_statement_has_its_own_effect():
    found = rehearsed("add bills; record r1", piece("drop orders", 1))
    assert effects(found) == [
        ("add bills", ("added bills",)),
        ("record r1", ()),
        ("drop orders", ("removed orders",)),
    ]
    assert [item.group for item in found.statements] == [0, 0, 1]


def test_a_write_of_the_version_table_is_bookkeeping_with_the_number_of_its_rows():
    (statement,) = rehearsed("record r1").statements
    assert (statement.parsed.kind, statement.rows, statement.destroys) == (StatementKind.BOOKKEEPING, 1, ())


@pytest.mark.parametrize("sql", ["truncate versions", "drop versions"])
def test_the_version_table_is_written_by_its_tool_alone(sql: str):
    code, message = refused(rehearsed("add bills", sql))
    assert code is RefusalCode.STATEMENT_FORBIDDEN
    assert "writes the version table otherwise" in message


def test_what_is_forbidden_stops_the_rehearsal():
    assert refused(rehearsed("forbidden thing"))[0] is RefusalCode.STATEMENT_FORBIDDEN


def test_a_smuggled_commit_stops_the_rehearsal():
    code, message = refused(rehearsed("add bills", "commit now"))
    assert code is RefusalCode.STATEMENT_FORBIDDEN
    assert "ends the transaction" in message


def test_a_block_of_code_runs_in_a_transaction_or_not_at_all():
    assert rehearsed("do something").refusals == ()
    assert refused(rehearsed(piece("do something", transactional=False)))[0] is RefusalCode.STATEMENT_FORBIDDEN


def test_rows_that_were_asked_for_are_named_and_not_run():
    found = rehearsed("read orders", "read versions", "add bills")
    assert found.reads == (("r1", ("public", "orders")),)
    assert [item.sql for item in found.statements] == ["add bills"]


def test_a_dropped_table_is_lost_and_one_that_the_plan_made_is_not():
    assert lost(rehearsed("drop orders")) == ["table public.orders"]
    assert lost(rehearsed("add bills; drop bills")) == []


def test_a_copy_and_rename_loses_nothing():
    assert lost(rehearsed("add tmp; copy orders tmp; drop orders; rename tmp orders")) == []


def test_two_copies_and_renames_of_a_table_lose_nothing():
    once = "add tmp; copy orders tmp; drop orders; rename tmp orders"
    assert lost(rehearsed(f"{once}; {once}")) == []


@pytest.mark.parametrize(
    "rest",
    [
        "drop orders; drop tmp; add orders",
        "drop orders; add empty; rename empty orders; drop tmp",
        "drop orders; rename tmp orders; drop orders; add orders",
        "drop orders; drop tmp",
    ],
)
def test_a_copy_that_goes_as_well_is_a_loss_also_where_the_schema_is_the_same_again(rest: str):
    assert "table public.orders" in lost(rehearsed(f"add tmp; copy orders tmp; {rest}"))


def test_a_copy_of_an_earlier_transaction_saves_nothing():
    found = rehearsed(piece("add tmp; copy orders tmp"), piece("drop orders", 1))
    assert lost(found) == ["table public.orders"]


def test_in_a_long_plan_what_was_made_is_never_bookkeepings():
    makes = [f"add t{number}" for number in range(module.MANY)]
    found = rehearsed(*makes, "record r1", "rename orders bills")
    assert found.statements[module.MANY - 1].effect != ()
    assert found.statements[module.MANY].effect == ()
    assert [change.name[-1] for change in found.statements[-1].effect] == ["bills", "orders"]


class Counted(Clone):
    """Counts how often somebody looks at the whole schema."""

    looks = 0

    @contextlib.contextmanager
    def writing(self) -> Iterator[Parsing]:
        clone = self

        class Looking(Parsing):
            def snapshot(self) -> Snapshot:
                clone.looks += 1
                return super().snapshot()

        yield Looking(self)


def test_a_migration_of_one_change_and_its_bookkeeping_is_looked_at_once():
    clone: Any = Counted(State(frozenset({"orders"})))
    found = rehearse(clone, clone, (piece("rename orders bills; record r1"),), VERSIONS)
    assert clone.looks == 2  # before it, and when it is committed
    assert [len(item.effect) for item in found.statements] == [2, 0]


def test_removals_in_a_row_of_a_way_back_are_looked_at_once_and_nothing_of_them_is_missed():
    pieces = (piece("drop orders; drop bills; add tmp; drop tmp"),)
    clone: Any = Counted(State(frozenset({"orders", "bills"})))
    found = rehearse(clone, clone, pieces, VERSIONS, back=True)
    assert clone.looks == 4  # before it, before and after `add tmp`, and when it is committed
    assert lost(found) == ["table public.bills", "table public.orders"]


def test_on_a_way_back_a_copy_that_goes_with_its_table_is_a_loss():
    clone: Any = Clone(State(frozenset({"orders"})))
    found = rehearse(clone, clone, (piece("add tmp; copy orders tmp; drop orders; drop tmp"),), VERSIONS, back=True)
    assert lost(found) == ["table public.orders"]


def test_bookkeeping_says_which_revisions_come_and_go():
    clone: Any = Clone(State(frozenset(), "r0"))
    found = rehearse(clone, clone, (piece("record r1"), piece("record r2", 1)), VERSIONS, ("version",))
    assert [item.records for item in found.statements] == [Booked(("r1",), ("r0",)), Booked(("r2",), ("r1",))]


def test_groups_are_counted_without_those_that_only_read():
    found = rehearsed(piece("read orders"), piece("add bills", 1), piece("read bills", 2), piece("add tmp", 3))
    assert [item.group for item in found.statements] == [0, 1]
    assert len(found.group_authority) == 2
