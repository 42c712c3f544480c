"""What a history and the recorded revisions say together."""

from __future__ import annotations

import pytest

from tests.sources.alembic.projects import tree
from tests.steps.histories import history, line, revision
from workers.core.refusals import RefusalCode
from workers.steps import lineage

LINE = line("r1", "r2", "r3")
# r1 and r2 from empty, r3 merges them, r4 depends on a branch of its own
BRANCHED = history(revision("r1"), revision("r2"), revision("r3", "r1", "r2"), revision("r4", "r1", depends=("r2",)))


@pytest.mark.parametrize(
    ("recorded", "applied"),
    [((), set()), (("r2",), {"r1", "r2"}), (("r3",), {"r1", "r2", "r3"}), (("stranger",), set())],
)
def test_a_recorded_revision_stands_for_all_that_it_follows(recorded, applied):
    assert lineage.applied(LINE, recorded) == applied


@pytest.mark.parametrize(
    ("recorded", "applied"),
    [(("r3",), {"r1", "r2", "r3"}), (("r4",), {"r1", "r2", "r4"}), (("r1",), {"r1"}), (("r1", "r2"), {"r1", "r2"})],
)
def test_merges_and_dependencies_are_followed(recorded, applied):
    assert lineage.applied(BRANCHED, recorded) == applied


def test_what_is_pending_is_in_order_and_says_whether_the_base_has_it():
    found = lineage.pending(LINE, line("r1", "r2"), ("r1",))
    assert [(item.id, item.on_base) for item in found] == [("r2", True), ("r3", False)]
    assert lineage.pending(LINE, LINE, ("r3",)) == ()


def test_what_is_taken_back_goes_newest_first():
    assert [item.id for item in lineage.to_undo(LINE, LINE, ("r3",), ("r1",))] == ["r3", "r2"]
    assert [item.id for item in lineage.to_undo(LINE, LINE, ("r3",), ())] == ["r3", "r2", "r1"]


def test_a_revision_that_the_history_lacks_names_the_pull_that_applied_it():
    (known,) = lineage.unknown(LINE, LINE, ("r3", "x1"), {"x1": 7})
    assert known.code is RefusalCode.UNKNOWN_REVISION
    assert "#7" in known.message
    assert known.fix == "merge #7 first, then rebase"
    (stranger,) = lineage.unknown(LINE, LINE, ("x1",), {})
    assert "restore its file" in stranger.fix
    assert lineage.unknown(LINE, LINE, ("r3",), {}) == []


def edited(here: str, on_base: str | None, ours: str | None, *, recorded: bool = True) -> tuple[list[RefusalCode], int]:
    base = history(revision("r1", content=on_base)) if on_base else history()
    stored = {"r1": ours} if ours else {}
    done = ("r1",) if recorded else ()
    refusals, notes = lineage.edited(history(revision("r1", content=here)), base, done, stored)
    return [item.code for item in refusals], len(notes)


def test_an_applied_migration_may_not_be_changed_by_a_pull():
    assert edited("new", "old", None) == ([RefusalCode.EDITED_MIGRATION], 0)
    assert edited("new", None, "old") == ([RefusalCode.EDITED_MIGRATION], 0)
    assert edited("old", "old", "old") == ([], 0)


def test_a_change_that_the_base_carries_already_is_a_note():
    assert edited("new", "new", "old") == ([], 1)


def test_what_is_not_applied_may_be_changed():
    assert edited("new", "old", "old", recorded=False) == ([], 0)


def test_an_applied_migration_may_not_be_deleted():
    refusals, _ = lineage.edited(line("r1"), line("r1", "r2"), ("r1", "r2"), {})
    assert [(item.code, item.path) for item in refusals] == [(RefusalCode.EDITED_MIGRATION, "versions/r2.py")]


@pytest.mark.parametrize(
    ("text", "number"), [("a\nb\nX\n", 3), ("a\nb\nc\nd\n", 4), ("X\nb\nc\n", 1), ("a\n", 1), ("", 1)]
)
def test_a_changed_migration_is_told_at_its_first_changed_line(text, number):
    before, after = (history(revision("r1", content=each)) for each in ("old", "new"))
    (refusal,) = lineage.edited(after, before, ("r1",), {})[0]
    base, here = (tree({"versions/r1.py": each}) for each in ("a\nb\nc\n", text))
    assert lineage.at_change(refusal, base, here).line == number
