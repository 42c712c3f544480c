"""Rows of version tables, as every source keeps them."""

from workers.core.version_rows import applied_revisions, is_failed, marks

PLAIN = ("version_num",)
TIMED = ("migration_name", "checksum", "finished_at", "rolled_back_at", "applied_steps_count")


def test_every_row_of_a_plain_table_names_an_applied_revision():
    assert applied_revisions(PLAIN, (("b",), ("a",), (None,))) == ("a", "b")
    assert applied_revisions(PLAIN, None) == ()


def test_a_row_that_was_not_finished_or_was_rolled_back_is_not_applied():
    rows = (("a", "1", "t", None, "1"), ("b", "2", None, None, "0"), ("c", "3", "t", "t", "1"))
    assert applied_revisions(TIMED, rows) == ("a",)
    assert [is_failed(TIMED, row) for row in rows] == [False, True, False]


def test_a_row_that_was_rolled_back_and_run_again_is_applied_once():
    rows = (("a", "1", None, "t", "0"), ("a", "1", "t", None, "1"))
    assert applied_revisions(TIMED, rows) == ("a",)
    assert not any(is_failed(TIMED, row) for row in rows)


def test_times_are_nothing_to_the_marks_of_a_row_and_everything_else_is():
    one, other = (("a", "1", "10:00", None, "1"),), (("a", "1", "10:05", None, "1"),)
    assert marks(TIMED, one) == marks(TIMED, other)
    assert marks(TIMED, one) != marks(TIMED, (("a", "1", None, None, "1"),))
    assert marks(TIMED, one) != marks(TIMED, (("a", "2", "10:00", None, "1"),))
