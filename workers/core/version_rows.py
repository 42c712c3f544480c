"""What the rows of a source's version table say: which revisions are applied, and what two runs of the same migrations leave alike."""

from __future__ import annotations

from collections.abc import Iterable

FINISHED, ROLLED_BACK = "finished_at", "rolled_back_at"
_TIMES = "_at"

Row = tuple[str | None, ...]


def applied_revisions(columns: tuple[str, ...], rows: Iterable[Row] | None) -> tuple[str, ...]:
    """Every revision that a row names, sorted and once each.

    The first column names it. Where the table also tells times, a row that was not finished, or was rolled back, does not count.
    """
    found = {row[0] for row in rows or () if row and row[0] is not None and _counts(columns, row)}
    return tuple(sorted(found))


def marks(columns: tuple[str, ...], rows: Iterable[Row] | None) -> tuple[Row, ...]:
    """The rows with nothing in them that differs from run to run: of a time only whether there is one."""
    return tuple(
        sorted(
            tuple(
                ("set" if value else "") if column.endswith(_TIMES) else value or ""
                for column, value in zip(columns, row, strict=True)
            )
            for row in rows or ()
        )
    )


def is_failed(columns: tuple[str, ...], row: Row) -> bool:
    """Whether a row says that its migration began, and neither ended nor was taken back."""
    told = dict(zip(columns, row, strict=True))
    return FINISHED in told and told[FINISHED] is None and told.get(ROLLED_BACK) is None


def _counts(columns: tuple[str, ...], row: Row) -> bool:
    told = dict(zip(columns, row, strict=True))
    return told.get(ROLLED_BACK) is None and (FINISHED not in told or told[FINISHED] is not None)
