"""`_prisma_migrations`: how Prisma makes it, what its rows mean, and the statements that end in the rows that Prisma would write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from workers.core.names import Engine
from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.core.version_rows import applied_revisions, is_failed
from workers.ports import History, Revision, Rows, RowsJudged
from workers.sources.prisma.history import Script

TABLE = "_prisma_migrations"
COLUMNS = ("migration_name", "checksum", "finished_at", "rolled_back_at", "applied_steps_count")
_CREATION = {
    Engine.POSTGRESQL: f"""CREATE TABLE IF NOT EXISTS "{TABLE}" (
    id VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum VARCHAR(64) NOT NULL,
    finished_at TIMESTAMPTZ,
    migration_name VARCHAR(255) NOT NULL,
    logs TEXT,
    rolled_back_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0
)""",
    Engine.SQLITE: f"""CREATE TABLE IF NOT EXISTS "{TABLE}" (
    "id" TEXT PRIMARY KEY NOT NULL,
    "checksum" TEXT NOT NULL,
    "finished_at" DATETIME,
    "migration_name" TEXT NOT NULL,
    "logs" TEXT,
    "rolled_back_at" DATETIME,
    "started_at" DATETIME NOT NULL DEFAULT current_timestamp,
    "applied_steps_count" INTEGER UNSIGNED NOT NULL DEFAULT 0
)""",
    Engine.MYSQL: f"""CREATE TABLE IF NOT EXISTS `{TABLE}` (
    id VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum VARCHAR(64) NOT NULL,
    finished_at DATETIME(3),
    migration_name VARCHAR(255) NOT NULL,
    logs TEXT,
    rolled_back_at DATETIME(3),
    started_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    applied_steps_count INTEGER UNSIGNED NOT NULL DEFAULT 0
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci""",
}
# The beginning and the end of a transaction's time; SQLite's rows hold milliseconds since 1970, as Prisma's engine writes them.
_MILLISECONDS = "CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)"
# MySQL's hold the time of UTC, whatever the session's zone is.
_UTC = "UTC_TIMESTAMP(3)"
_STARTED = {Engine.POSTGRESQL: "now()", Engine.SQLITE: _MILLISECONDS, Engine.MYSQL: _UTC}
_FINISHED = {Engine.POSTGRESQL: "clock_timestamp()", Engine.SQLITE: _MILLISECONDS, Engine.MYSQL: _UTC}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookkeeper:
    """Writes the statements of one engine. `new_id` makes a row's id, fixed when the plan is made."""

    engine: Engine
    new_id: Callable[[], str]

    def creation(self) -> str:
        """The table, as Prisma makes it where it is not there."""
        return _CREATION[self.engine.family]

    def applied(self, script: Script) -> str:
        """The row of a migration that ran, as the last statement of its transaction."""
        times = f"{_STARTED[self.engine.family]}, {_FINISHED[self.engine.family]}"
        return self._insert(script, "started_at, finished_at, applied_steps_count", f"{times}, 1")

    def marked(self, script: Script) -> str:
        """The row of a migration that is only said to be applied, as `migrate resolve --applied` writes it."""
        times = f"{_STARTED[self.engine.family]}, {_FINISHED[self.engine.family]}"
        return self._insert(script, "started_at, finished_at, applied_steps_count", f"{times}, 0")

    def begun(self, script: Script) -> str:
        """The row of a migration whose script runs on its own, before it."""
        return self._insert(script, "started_at, applied_steps_count", f"{_STARTED[self.engine.family]}, 0")

    def ended(self, script: Script) -> str:
        """What becomes of that row after the script."""
        return (
            f"UPDATE {self._table} SET finished_at = {_FINISHED[self.engine.family]}, applied_steps_count = 1 "  # noqa: S608 -- escaped below
            f"WHERE migration_name = {self._literal(script.name)} AND finished_at IS NULL AND rolled_back_at IS NULL"
        )

    def given_up(self, name: str) -> str:
        """What `migrate resolve` does to the row of a migration that failed."""
        return (
            f"UPDATE {self._table} SET rolled_back_at = {_FINISHED[self.engine.family]} "  # noqa: S608 -- escaped below
            f"WHERE migration_name = {self._literal(name)} AND finished_at IS NULL AND rolled_back_at IS NULL"
        )

    def removed(self, name: str) -> str:
        """Without its row a migration whose effect was taken back is pending; of one marked as rolled back Prisma's status would not say so."""
        return (
            f"DELETE FROM {self._table} "  # noqa: S608 -- escaped below
            f"WHERE migration_name = {self._literal(name)} AND finished_at IS NOT NULL AND rolled_back_at IS NULL"
        )

    def _insert(self, script: Script, columns: str, values: str) -> str:
        row = (
            f"{self._literal(self.new_id())}, {self._literal(script.checksum)}, {self._literal(script.name)}, {values}"
        )
        return f"INSERT INTO {self._table} (id, checksum, migration_name, {columns}) VALUES ({row})"  # noqa: S608 -- escaped

    @property
    def _table(self) -> str:
        return f"`{TABLE}`" if self.engine.family is Engine.MYSQL else f'"{TABLE}"'

    def _literal(self, text: str) -> str:
        """A backslash in a text is one, except in MySQL's."""
        escaped = text.replace("\\", "\\\\") if self.engine.family is Engine.MYSQL else text
        return "'" + escaped.replace("'", "''") + "'"


def judge_rows(history: History, base: History, rows: Rows, environment: str) -> RowsJudged:
    """Failed migrations stop everything (Prisma's P3009); a record that fits no file is an edit, here or on the base branch."""
    failed = tuple(row[0] or "" for row in rows if is_failed(COLUMNS, row))
    refusals = [_failed(name, history, environment) for name in failed]
    notes = []
    for revision in _edited(history, rows):
        on_base = base.get(revision.id)
        if on_base is None:
            refusals.append(_other_text(revision, environment))
        elif on_base.content == revision.content:
            notes.append(
                f"{revision.path}:1: {revision.id} is not as it was applied to {environment} (its checksum there is another); "
                "Prisma goes on, and so do we: what its change would do is shown as drift"
            )
    return RowsJudged(tuple(refusals), tuple(notes))


def _edited(history: History, rows: Rows) -> Iterator[Revision]:
    done = applied_revisions(COLUMNS, rows)
    sums = {row[0]: row[1] for row in rows if row[0] in done and row[3] is None}
    for revision in history.revisions:
        if revision.id in sums and not _fits(sums[revision.id] or "", revision):
            yield revision


def _fits(recorded: str, revision: Revision) -> bool:
    """Old releases left out the leading zero of a byte: such a checksum is shorter, and fits if its bytes do so written."""
    if len(recorded) == len(revision.content):
        return recorded in revision.spellings
    return recorded in {_unpadded(item) for item in revision.spellings}


def _unpadded(checksum: str) -> str:
    return "".join(f"{byte:x}" for byte in bytes.fromhex(checksum))


def _failed(name: str, history: History, environment: str) -> Refusal:
    revision = history.get(name)
    taken_back = f'`prisma migrate resolve --rolled-back "{name}"`'
    return Refusal(
        code=RefusalCode.FAILED_MIGRATION,
        message=f"migration {name} failed on {environment} and is neither ended nor taken back (Prisma's P3009); nothing runs before that",
        fix=f"if its effect is there whole, comment `/mark-applied {environment} {name}`; "
        f"if it left nothing, or what it left was removed by hand, run {taken_back} against {environment}, then `/plan`",
        actor=Actor.APPROVER,
        path=revision.path if revision else None,
        line=1 if revision else None,
    )


def _other_text(revision: Revision, environment: str) -> Refusal:
    return Refusal(
        code=RefusalCode.EDITED_MIGRATION,
        message=f"{revision.path} is not the text that was applied to {environment}: its checksum there is another",
        fix="restore the file as it was applied, and write the change as a new migration",
        path=revision.path,
        line=1,
    )
