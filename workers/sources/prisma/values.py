"""What the Prisma engine is asked and what it answers, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Line(StrEnum):
    """A major line of Prisma's engine. 6 also serves schemas of 4 and 5."""

    SIX = "6"
    SEVEN = "7"


@dataclass(frozen=True, slots=True)
class SchemaFile:
    """One file of a schema, by its path in the repository."""

    path: str
    content: str


@dataclass(frozen=True, slots=True)
class MigrationText:
    """One folder of a history. `path` is that of its script in the repository; `sql` is None where the folder has no migration.sql."""

    name: str
    path: str
    sql: str | None


@dataclass(frozen=True, slots=True)
class External:
    """Tables and enums that the project says are not Prisma's to change, qualified on PostgreSQL (`schema.table`).

    `script` makes them on a database that holds nothing yet (`migrations.initShadowDb` of a config).
    """

    tables: tuple[str, ...] = ()
    enums: tuple[str, ...] = ()
    script: str = ""


NOTHING_EXTERNAL = External()


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong in a schema file; `line` counts from 1."""

    message: str
    path: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFault:
    """Why the engine gave no answer.

    `code` is Prisma's own (P1012, P3009, …), or one of ours: `engine_error`, `engine_panic`, `engine_ended`, `out_of_time`, `too_large`,
    `engine_mismatch`, `config_unreadable`, `preparation_failed`. `database` holds the database's own words where it said any, `state` its
    code for them; `path` and `line` then point into the migration.
    `mistakes` are all places where a schema is wrong, the first of which is this fault's own.
    """

    code: str
    message: str
    path: str = ""
    line: int = 0
    migration: str = ""
    database: str = ""
    state: str = ""
    mistakes: tuple[Mistake, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What a valid schema says of itself. `provider` is "" without a datasource.

    `datamodel` is the DMMF's as JSON (enums, models, types, indexes), "" unless asked for.
    """

    provider: str
    has_url: bool
    schemas: tuple[str, ...]
    relation_mode: str
    preview: tuple[str, ...]
    extensions: tuple[str, ...]
    datamodel: str


@dataclass(frozen=True, slots=True)
class Declared:
    """What a database still lacks of a datamodel, as a script and in words; both are "" where they are equal."""

    sql: str
    summary: str


@dataclass(frozen=True, slots=True)
class Loss:
    """The engine's warning about one step of a script, by the step's number from 0 (-1 where it does not say which)."""

    message: str
    step: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCount:
    """How many rows a table holds, or how many of them have a value in `column`. `schema` is "" on SQLite."""

    schema: str
    table: str
    column: str = ""
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """The migration that Prisma's own tool would write; `sql` is "" where the migrations say all that the schema says.

    `asked` are the counts that the engine judged by. Where it was given none, they are supposed: some rows in every
    table, some of them with a value in every column, so that no warning is left out.
    """

    sql: str
    warnings: tuple[Loss, ...] = ()
    unexecutable: tuple[Loss, ...] = ()
    asked: tuple[RowCount, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """What was seen while a scratch database was brought forward.

    `expected` is the migration that the tool would have written for the whole step, `declared` what the datamodel has beyond the migrations
    then, `created` the same as the tool would write it, and `back` what leads back.
    """

    expected: Created
    declared: Declared
    back: Declared | EngineFault
    created: Created


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What `db push` would run. `asked` is as in `Created`."""

    statements: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    unexecutable: tuple[str, ...] = ()
    asked: tuple[RowCount, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """The engine's own comparison of a history with the rows of `_prisma_migrations`.

    `missing_from_code` are applied but unknown to the code; `diverged` says that there are both those and pending ones.
    """

    pending: tuple[str, ...]
    edited: tuple[str, ...]
    failed: tuple[str, ...]
    missing_from_code: tuple[str, ...]
    diverged: bool
    last_common: str
    has_table: bool


@dataclass(frozen=True, slots=True)
class ConfigRead:
    """The literal values of a prisma.config file by their dotted keys, lists joined by line ends; `dynamic` names what is not literal."""

    values: tuple[tuple[str, str], ...]
    dynamic: tuple[str, ...]
