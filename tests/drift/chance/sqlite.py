"""SQLite schemas by chance: tables in all their clauses, indexes, views and triggers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.drift.chance.pieces import Draw, Piece

TYPES = ("INTEGER", "int", "TEXT", "REAL", "BLOB", "VARCHAR(20)", "DECIMAL(9, 3)", "unsigned big int", "", '"odd type"')
STRICT_TYPES = ("INTEGER", "TEXT", "REAL", "BLOB", "ANY", "INT")
DEFAULTS = (
    "7",
    "-1.50",
    "+2e3",
    "'it''s'",
    '"said"',
    "x'0aFF'",
    "CURRENT_TIMESTAMP",
    "(1 + 2 * 3)",
    "(datetime('now', '-1 day'))",
    "TRUE",
    "('a' || 'b')",
    "(CASE WHEN 1 THEN 'x' ELSE NULL END)",
    "' -- no; comment '",
)
CONDITIONS = (
    "{0} > 3",
    "{0} IN (1, 2, 'three')",
    "{0} NOT IN ('a', 'b') AND {1} IS NOT NULL",
    "{0} BETWEEN 1 AND 9 OR NOT ({1} <> 4)",
    "length({0}) >= 1 and {0} not like 'a!_%' ESCAPE '!'",
    "({0}, {1}) > (1, 2)",
    "CASE {0} WHEN 1 THEN {1} ELSE 0 END <> 5",
    "CAST({0} AS INTEGER) % 2 = 0",
    "{0} COLLATE NOCASE = 'x' OR {1} GLOB '[a-z]*'",
    "{0} IS NOT DISTINCT FROM {1} OR {0} ISNULL",
    "{0} -> '$.a' = '1' OR {0} ->> 'b' NOT NULL",
    "~{0} & 3 | 4 << 1 > -{1} /* said */ AND +{0} IS 5",
    "coalesce({0}, {1}, 'it''s -- not') != ''",
    "typeof({0}) = 'text' AND instr({0}, x'00') = 0",
)
QUERIES = (
    "SELECT {a}.{c} AS one, count(*) FROM {t} AS {a} GROUP BY {a}.{c} HAVING count(*) > 1",
    "SELECT DISTINCT * FROM {t} LEFT JOIN (SELECT id FROM {u}) AS o USING (id) ORDER BY 1 DESC NULLS LAST LIMIT 3 OFFSET 1",
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 9) SELECT x, {a}.* FROM n, {t} {a}",
    "SELECT {c}, row_number() OVER w, sum({c}) FILTER (WHERE {c} > 1) OVER (ORDER BY id ROWS 1 PRECEDING) FROM {t} WINDOW w AS (PARTITION BY {c})",
    "SELECT id FROM {t} WHERE EXISTS (SELECT 1 FROM {u} AS o WHERE o.id = {t}.id) EXCEPT SELECT id FROM {u}",
    'SELECT id, (SELECT max(id) FROM {u}) AS "it\'s" FROM {t} NOT INDEXED',
    "SELECT 'a;b' AS \"a;b\", -- said; here\n {c} FROM {t}",
    "VALUES (1, 'x'), (2, 'y''z')",
    "SELECT iif({t}.id > 1, {t}.{c}, NULL) AS v FROM {t} CROSS JOIN (SELECT 1 AS one)",
)
BODIES = (
    "INSERT INTO {u} (id) VALUES (1), (2) ON CONFLICT DO NOTHING",
    "UPDATE {u} SET id = id + 1 WHERE id = 1",
    "DELETE FROM {u} WHERE id IN (SELECT id FROM {t})",
    "SELECT CASE WHEN 1 THEN RAISE(ABORT, 'no; END') END",
    "REPLACE INTO {u} (id) SELECT id FROM {t} LIMIT 1",
)
ACTIONS = (
    "",
    " ON DELETE CASCADE",
    " ON UPDATE SET NULL ON DELETE SET DEFAULT",
    " ON DELETE RESTRICT",
    " DEFERRABLE INITIALLY DEFERRED",
)


@dataclass(frozen=True, slots=True)
class Made:
    """A table that is there: its piece, its quoted name and columns."""

    piece: str
    name: str
    columns: tuple[str, ...]


def schema(draw: Draw) -> list[Piece]:
    """A schema of two to five tables and what hangs on them."""
    tables: list[Made] = []
    pieces: list[Piece] = []
    for _ in range(draw.number(2, 5)):
        piece, made = _table(draw, tables)
        tables.append(made)
        pieces.append(piece)
    for table in tables:
        pieces += _around(draw, table, tables[draw.number(0, len(tables) - 1)])
    return pieces


def quoted(name: str) -> str:
    """A name as SQLite takes any."""
    return '"' + name.replace('"', '""') + '"'


def _table(draw: Draw, tables: list[Made]) -> tuple[Piece, Made]:
    name, strict, rowid = draw.name("t"), draw.yes(0.2), draw.yes(0.8)
    columns = tuple(quoted(draw.name("c")) for _ in range(draw.number(2, 5)))
    key = draw.one(" PRIMARY KEY", " PRIMARY KEY AUTOINCREMENT") if rowid else " PRIMARY KEY DESC NOT NULL"
    parts = [[f"id INTEGER{key}"], *(_column(draw, column, columns, strict=strict) for column in columns)]
    constraints = list(_constraints(draw, columns, tables))
    after = ", ".join(word for word, on in (("STRICT", strict), ("WITHOUT ROWID", not rowid)) if on)
    own = quoted(name)

    def text(parts: list[list[str]], constraints: list[str], after: str = after, name: str = own) -> str:
        said = ", ".join([*(" ".join(part) for part in parts), *constraints])
        return f"CREATE TABLE {name} ({said}) {after}"

    gone = [f"gone {draw.one('INT', 'TEXT')}"]
    place, extra = draw.number(1, len(parts)), quoted(draw.name("x"))
    detours = (
        (text([*parts[:place], gone, *parts[place:]], constraints), f"ALTER TABLE {own} DROP COLUMN gone"),
        (text(parts, constraints, name='"was named"'), f'ALTER TABLE "was named" RENAME TO {own}'),
        (text([*parts, [extra, "TEXT"]], constraints), f"ALTER TABLE {own} DROP COLUMN {extra}"),
    )
    variants = [text(parts, constraints[:at] + constraints[at + 1 :]) for at in range(len(constraints))]
    for at, part in enumerate(parts[1:], 1):
        fewer = (part[:clause] + part[clause + 1 :] for clause in range(2, len(part)))
        variants += [text([*parts[:at], each, *parts[at + 1 :]], constraints) for each in fewer]
    variants += [text(parts, constraints, "")] if after and not rowid else []
    changes = (
        (
            f"ALTER TABLE {own} ADD COLUMN {extra} TEXT COLLATE NOCASE DEFAULT 'it''s'",
            f"ALTER TABLE {own} DROP COLUMN {extra}",
        ),
        (
            f"ALTER TABLE {own} RENAME COLUMN {columns[0]} TO {extra}",
            f"ALTER TABLE {own} RENAME COLUMN {extra} TO {columns[0]}",
        ),
        (f"ALTER TABLE {own} RENAME TO {extra}", f"ALTER TABLE {extra} RENAME TO {own}"),
    )
    made = text(parts, constraints)
    piece = Piece(
        name=name,
        made=(made,),
        gone=(f"DROP TABLE {own}",),
        changes=changes,
        detour=detours[draw.number(0, 2)],
        variants=tuple((each,) for each in variants),
    )
    return piece, Made(name, own, columns)


def _column(draw: Draw, name: str, columns: tuple[str, ...], *, strict: bool) -> list[str]:
    """A column as its clauses; each beyond name and type makes a difference."""
    clauses = [name, draw.one(*(STRICT_TYPES if strict else TYPES))]
    if name != columns[0] and draw.yes(0.15):
        kind = draw.one("STORED", "VIRTUAL", "")
        return [*clauses, f"GENERATED ALWAYS AS (id + coalesce({columns[0]}, 1) * 2) {kind}"]
    if draw.yes(0.4):
        clauses.append("NOT NULL" + draw.maybe(" ON CONFLICT IGNORE", 0.2))
    if draw.yes(0.5):
        clauses.append(f"DEFAULT {draw.one(*DEFAULTS)}")
    if draw.yes(0.2):
        clauses.append(f"COLLATE {draw.one('NOCASE', 'rtrim')}")
    if draw.yes(0.3):
        named = draw.maybe(f"CONSTRAINT {quoted(draw.name('k'))} ")
        clauses.append(f"{named}CHECK ({draw.one(*CONDITIONS).format(name, 'id')})")
    if draw.yes(0.15):
        clauses.append("UNIQUE" + draw.maybe(" ON CONFLICT REPLACE", 0.3))
    return clauses


def _constraints(draw: Draw, columns: tuple[str, ...], tables: list[Made]) -> Iterator[str]:
    def named(prefix: str) -> str:
        return f"CONSTRAINT {quoted(draw.name(prefix))} "

    if draw.yes():
        yield f"{named('u')}UNIQUE ({', '.join(draw.some((*columns, 'id'), 2))})" + draw.maybe(" ON CONFLICT FAIL", 0.2)
    for _ in range(draw.number(0, 2)):
        yield f"{named('k')}CHECK ({draw.one(*CONDITIONS).format(columns[0], columns[-1])})"
    if tables and draw.yes(0.6):
        other = tables[draw.number(0, len(tables) - 1)]
        told = draw.one("", " (id)", f" ({other.columns[0]})")
        yield f"{named('f')}FOREIGN KEY ({columns[-1]}) REFERENCES {other.name}{told}{draw.one(*ACTIONS)}"


def _around(draw: Draw, table: Made, other: Made) -> Iterator[Piece]:
    needs = tuple(dict.fromkeys((table.piece, other.piece)))
    for _ in range(draw.number(0, 3)):
        yield _index(draw, table)
    if draw.yes(0.6):
        name = draw.name("v")
        query = draw.one(*QUERIES).format(t=table.name, u=other.name, c=table.columns[0], a="z")
        said = f"CREATE VIEW {quoted(name)} AS {query}"
        gone = f"DROP VIEW {quoted(name)}"
        yield Piece(
            name=name,
            made=(said,),
            gone=(gone,),
            needs=needs,
            variants=((f"CREATE VIEW {quoted(name)} AS SELECT 1 AS x",),),
        )
    for _ in range(draw.number(0, 2)):
        yield _trigger(draw, table, other, needs)


def _index(draw: Draw, table: Made) -> Piece:
    name = draw.name("i")
    keys = [
        draw.one(column, f"lower({column})", f"{column} + id")
        + draw.maybe(" COLLATE NOCASE", 0.2)
        + draw.maybe(" DESC", 0.3)
        for column in draw.some(table.columns)
    ]
    where = draw.maybe(f" WHERE {table.columns[0]} IS NOT NULL AND id > {draw.number(1, 9)}", 0.4)
    unique = draw.maybe("UNIQUE ", 0.3)

    def text(unique: str, keys: list[str], where: str) -> str:
        return f"CREATE {unique}INDEX {quoted(name)} ON {table.name} ({', '.join(keys)}){where}"

    others = (
        text("" if unique else "UNIQUE ", keys, where),
        text(unique, ["id", *keys], where),
        text(unique, keys, " WHERE id <> 77"),
    )
    return Piece(
        name=name,
        made=(text(unique, keys, where),),
        gone=(f"DROP INDEX {quoted(name)}",),
        needs=(table.piece,),
        variants=tuple((each,) for each in others),
    )


def _trigger(draw: Draw, table: Made, other: Made, needs: tuple[str, ...]) -> Piece:
    name = draw.name("g")
    event = draw.one("INSERT", "DELETE", "UPDATE", f"UPDATE OF {table.columns[0]}, id")
    row = "OLD" if event == "DELETE" else "new"
    when = draw.maybe(f" WHEN {row}.id > 3 AND {row}.{table.columns[0]} IS NOT NULL")
    bodies = "; ".join(body.format(t=table.name, u=other.name) for body in draw.some(BODIES))
    told = f"{event} ON {table.name}{draw.maybe(' FOR EACH ROW')}{when} BEGIN {bodies};"
    time = draw.one("BEFORE", "AFTER")
    before = f"CREATE TRIGGER {quoted(name)} "
    other_time = "AFTER" if time == "BEFORE" else "BEFORE"
    return Piece(
        name=name,
        made=(f"{before}{time} {told} END",),
        gone=(f"DROP TRIGGER {quoted(name)}",),
        needs=needs,
        variants=((f"{before}{other_time} {told} END",), (f"{before}{time} {told} SELECT 1; END",)),
    )
