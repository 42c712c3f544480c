"""MariaDB schemas by chance: tables with all that hangs on them, views, routines, triggers, events and sequences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.drift.chance.mariadb_words import (
    ACTIONS,
    BODIES,
    COMMENTED,
    CONDITIONS,
    FIRES,
    MODES,
    PARTITIONS,
    QUERIES,
    TABLE_OPTIONS,
    TYPES,
    WRITING,
)
from tests.drift.chance.pieces import Draw, Piece
from workers.databases.mysql.spelling import quoted


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is there, by its quoted name."""

    name: str
    type: str
    indexed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A table that is there; `linked` where other tables may refer to it."""

    piece: str
    name: str
    columns: tuple[Column, ...]
    linked: bool
    plain: bool


def schema(draw: Draw) -> list[Piece]:
    """A schema of two to four tables and what else there is."""
    tables: list[Made] = []
    pieces: list[Piece] = []
    for _ in range(draw.number(2, 4)):
        piece, made = _table(draw)
        tables.append(made)
        pieces.append(piece)
    for table in tables:
        pieces += _around(draw, table, tables[draw.number(0, len(tables) - 1)])
    return [*pieces, *_apart(draw)]


def _table(draw: Draw) -> tuple[Piece, Made]:
    name, option = draw.name("t"), draw.one(*TABLE_OPTIONS)
    drawn = [draw.random.choice(TYPES) for _ in range(draw.number(2, 5))]
    columns = tuple(
        Column(quoted(draw.name("c")), kind, indexed)
        for kind, _, indexed in drawn
        if kind != "point" or "MEMORY" not in option
    )
    if "MEMORY" in option:
        columns = tuple(column for column in columns if column.indexed and "compressed" not in column.type)
    defaults = {kind: default for kind, default, _ in drawn}
    said = [_column(draw, column, defaults[column.type]) for column in columns]
    parted = draw.maybe(draw.one(*PARTITIONS), 0.2 if option == "" else 0)
    comment = draw.maybe(f"COMMENT={_text(draw.comment())}", 0.3)
    key = draw.one(
        "id int NOT NULL AUTO_INCREMENT PRIMARY KEY", "id int PRIMARY KEY", "id int NOT NULL, PRIMARY KEY (id)"
    )
    own, extra = quoted(name), quoted(draw.name("x"))
    tail = " ".join(filter(None, (option, comment, parted)))

    def text(columns: list[str]) -> str:
        return f"CREATE TABLE {own} ({', '.join((key, *columns))}) {tail}"

    place = draw.number(0, len(said))
    linked = not parted and option in {"", "COLLATE utf8mb4_bin", "ROW_FORMAT=COMPACT"}
    versioned = "VERSIONING" in option
    changes = [
        (
            f"ALTER TABLE {own} ADD COLUMN {extra} int {draw.one('', 'FIRST', 'AFTER id')}",
            f"ALTER TABLE {own} DROP COLUMN {extra}",
        ),
        (f"ALTER TABLE {own} ADD INDEX {extra} (id)", f"ALTER TABLE {own} DROP INDEX {extra}"),
        (
            f"ALTER TABLE {own} ADD CONSTRAINT {extra} CHECK ({columns[0].name} IS NOT NULL)",
            f"ALTER TABLE {own} DROP CONSTRAINT {extra}",
        ),
        (
            f"ALTER TABLE {own} COMMENT='other'",
            f"ALTER TABLE {own} {comment or 'COMMENT='}{'' if comment else chr(39) * 2}",
        ),
        (f"ALTER TABLE {own} ADD COLUMN {extra} int INVISIBLE", f"ALTER TABLE {own} DROP COLUMN {extra}"),
    ]
    first = columns[0]
    if " AS (" not in said[0]:
        changes.append(
            (
                f"ALTER TABLE {own} CHANGE {said[0].replace(first.name, f'{first.name} {extra}', 1)}",
                f"ALTER TABLE {own} CHANGE {extra} {said[0]}",
            )
        )
    piece = Piece(
        name=name,
        made=(text(said),),
        gone=(f"DROP TABLE {own}",),
        changes=() if versioned else tuple(changes),
        detour=(text([*said[:place], "gone varchar(9)", *said[place:]]), f"ALTER TABLE {own} DROP COLUMN gone")
        if not versioned
        else (),
    )
    return piece, Made(piece=name, name=own, columns=columns, linked=linked, plain=not versioned)


def _column(draw: Draw, column: Column, default: str) -> str:
    words = [column.name, column.type]
    if draw.yes(0.1) and column.type in {"int", "varchar(20)", "bigint unsigned"}:
        words.append(
            f"AS ({draw.one('id + 1', 'abs(id * 2 - 3)', 'if(id > 1, 2, 3)')}) {draw.one('VIRTUAL', 'STORED')}"
        )
        return " ".join([*words, draw.maybe(f"COMMENT {_text(draw.comment())}", 0.3)])
    required = default != "NULL" and "NULL" not in column.type and draw.yes(0.4)
    words.append("NOT NULL" if required else "")
    if draw.yes(0.6):
        words.append(f"DEFAULT {default}")
        words.append("ON UPDATE current_timestamp(3)" if column.type == "datetime(3)" and draw.yes() else "")
    words.append(draw.maybe("INVISIBLE", 0.1 if not required else 0))
    words.append(draw.maybe(f"COMMENT {_text(draw.comment())}", 0.3))
    if draw.yes(0.2) and column.type in {"int", "varchar(20)", "smallint", "varchar(9)"}:
        words.append(f"CHECK ({column.name} <> '{draw.number(1, 9)}')")
    return " ".join(filter(None, words))


def _around(draw: Draw, table: Made, other: Made) -> Iterator[Piece]:
    needs = tuple(dict.fromkeys((table.piece, other.piece)))
    for _ in range(draw.number(0, 2)):
        yield _index(draw, table)
    if draw.yes():
        name = draw.name("k")
        condition = draw.one(*CONDITIONS).format(table.columns[-1].name, table.columns[0].name)
        there = f"ALTER TABLE {table.name} ADD CONSTRAINT {quoted(name)} CHECK ({condition})"
        if table.plain and not any(
            word in column.type for column in table.columns for word in ("uuid", "inet", "point")
        ):
            yield Piece(
                name=name,
                made=(there,),
                gone=(f"ALTER TABLE {table.name} DROP CONSTRAINT {quoted(name)}",),
                needs=(table.piece,),
            )
    if table.linked and other.linked and draw.yes(0.7):
        yield _foreign_key(draw, table, other, needs)
    if draw.yes(0.6):
        yield _view(draw, table, other, needs)
    for fires in draw.some(FIRES, 0)[:2]:
        yield _trigger(draw, fires, table, other, needs)


def _index(draw: Draw, table: Made) -> Piece:
    name = draw.name("i")
    fitting = [column.name for column in table.columns if column.indexed] or ["id"]
    prefixed = [column.name for column in table.columns if column.type.startswith(("varchar(20)", "text", "blob"))]
    keys = [f"{column}{draw.maybe(' DESC', 0.3)}" for column in draw.some(fitting)]
    keys += [f"{prefixed[0]}(5)"] if prefixed and prefixed[0] not in {key.removesuffix(" DESC") for key in keys} else []
    kind = draw.one("", "", "UNIQUE ") if table.linked else ""
    ignored = draw.maybe(" IGNORED", 0.2 if not kind else 0)
    tail = draw.maybe(f" COMMENT {_text(draw.comment())}", 0.3) + ignored
    named, own = quoted(name), f"ALTER TABLE {table.name}"
    back = f"{own} ALTER INDEX {named} {'IGNORED' if ignored else 'NOT IGNORED'}"
    there = f"{own} ALTER INDEX {named} {'NOT IGNORED' if ignored else 'IGNORED'}"
    return Piece(
        name=name,
        made=(f"CREATE {kind}INDEX {named} ON {table.name} ({', '.join(keys)}){tail}",),
        gone=(f"DROP INDEX {named} ON {table.name}",),
        needs=(table.piece,),
        changes=((there, back), (f"{own} RENAME INDEX {named} TO renamed", f"{own} RENAME INDEX renamed TO {named}")),
    )


def _foreign_key(draw: Draw, table: Made, other: Made, needs: tuple[str, ...]) -> Piece:
    """With a column of its own, and the index that the server makes for it."""
    name, column = draw.name("f"), quoted(draw.name("r"))
    own, named = f"ALTER TABLE {table.name}", quoted(name)
    key = f"FOREIGN KEY ({column}) REFERENCES {other.name} (id)"
    action = draw.one(*ACTIONS)
    made = (f"{own} ADD COLUMN {column} int", f"{own} ADD CONSTRAINT {named} {key} {action}")
    gone = (f"{own} DROP FOREIGN KEY {named}", f"{own} DROP COLUMN {column}")
    return Piece(name=name, made=made, gone=gone, needs=needs)


def _view(draw: Draw, table: Made, other: Made, needs: tuple[str, ...]) -> Piece:
    name = draw.name("v")
    query = draw.one(*QUERIES).format(t=table.name, u=other.name, c=table.columns[0].name, d=other.columns[0].name)
    words = (
        draw.one("", "ALGORITHM=MERGE ", "SQL SECURITY INVOKER ")
        if "LOCAL" in query
        else draw.one("", "SQL SECURITY INVOKER ", "ALGORITHM=TEMPTABLE ")
    )
    own = quoted(name)
    return Piece(
        name=name,
        made=(f"CREATE {words}VIEW {own} AS {query}",),
        gone=(f"DROP VIEW {own}",),
        needs=needs,
        changes=(
            (f"CREATE OR REPLACE VIEW {own} AS SELECT 1 AS x", f"CREATE OR REPLACE {words}VIEW {own} AS {query}"),
        ),
    )


def _trigger(draw: Draw, fires: str, table: Made, other: Made, needs: tuple[str, ...]) -> Piece:
    """One for each time and event: the order of several is part of what they are."""
    name = draw.name("g")
    body = draw.one(*_bodies(draw), *WRITING).format(u=other.name)
    told = f"TRIGGER {quoted(name)} {fires} ON {table.name} FOR EACH ROW"
    made = _under(draw, f"CREATE {told} {body}")
    changes = (
        ((f"CREATE OR REPLACE {told} SET @other = 1", f"CREATE OR REPLACE {told} {body}"),) if len(made) == 1 else ()
    )
    return Piece(name=name, made=made, gone=(f"DROP TRIGGER {quoted(name)}",), needs=needs, changes=changes)


def _bodies(draw: Draw) -> tuple[str, ...]:
    return BODIES if draw.tame else (*BODIES, *COMMENTED)


def _text(text: str) -> str:
    """A comment, which may be no expression: with backslashes as the usual sql_mode reads them."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _under(draw: Draw, statement: str) -> tuple[str, ...]:
    """A statement in a session of another sql_mode, which the object keeps."""
    mode = draw.one(*MODES) if '"' not in statement and "\\" not in statement else ""
    return (f"SET SESSION sql_mode = '{mode}'", statement, "SET SESSION sql_mode = DEFAULT") if mode else (statement,)


def _apart(draw: Draw) -> Iterator[Piece]:
    """What needs no table."""
    for _ in range(draw.number(0, 2)):
        name = draw.name("s")
        options = " ".join(
            draw.some(("START WITH 5", "INCREMENT BY 3", "MINVALUE -10", "MAXVALUE 5000", "CACHE 7", "CYCLE"), 0)
        )
        own = quoted(name)
        changes = (
            (f"ALTER SEQUENCE {own} CACHE 21", f"ALTER SEQUENCE {own} CACHE {'7' if 'CACHE' in options else '1000'}"),
        )
        yield Piece(
            name=name, made=(f"CREATE SEQUENCE {own} {options}",), gone=(f"DROP SEQUENCE {own}",), changes=changes
        )
    for _ in range(draw.number(0, 2)):
        yield _routine(draw)
    for _ in range(draw.number(0, 2)):
        yield _event(draw)


def _routine(draw: Draw) -> Piece:
    name, own = (found := draw.name("p")), quoted(found)
    words = " ".join(
        draw.some(("DETERMINISTIC", "READS SQL DATA", "SQL SECURITY INVOKER", f"COMMENT {_text(draw.comment())}"), 0)
    )
    if draw.yes():
        parameters = "IN a int, INOUT `b c` varchar(9) CHARACTER SET latin1, OUT d decimal(9,2)"
        made = f"CREATE PROCEDURE {own} ({parameters}) {words} {draw.one(*_bodies(draw))}"
        word = "PROCEDURE"
    else:
        body = draw.one(
            "RETURN a + 1",
            "BEGIN DECLARE r text; SET r = 'it''s'; RETURN length(r); END",
            "RETURN (SELECT count(*) FROM (SELECT 1) q)",
        )
        made = f"CREATE FUNCTION {own} (a int, b json) RETURNS {draw.one('int', 'varchar(20) COLLATE utf8mb4_bin', 'bigint unsigned')} {words} {body}"
        word = "FUNCTION"
    security = "DEFINER" if "INVOKER" in words else "INVOKER"
    back = "INVOKER" if "INVOKER" in words else "DEFINER"
    changes = ((f"ALTER {word} {own} SQL SECURITY {security}", f"ALTER {word} {own} SQL SECURITY {back}"),)
    return Piece(name=name, made=_under(draw, made), gone=(f"DROP {word} {own}",), changes=changes)


def _event(draw: Draw) -> Piece:
    name, own = (found := draw.name("e")), quoted(found)
    schedule = draw.one(
        "AT '2037-01-01 00:00:00'",
        "EVERY 3 HOUR STARTS '2037-01-01 10:00:00'",
        "EVERY '1:30' HOUR_MINUTE STARTS '2037-01-01' ENDS '2037-02-01'",
    )
    kept, state = draw.maybe("ON COMPLETION PRESERVE"), draw.one("ENABLE", "DISABLE")
    made = f"CREATE EVENT {own} ON SCHEDULE {schedule} {kept} {state} COMMENT {_text(draw.comment())} DO {draw.one(*_bodies(draw))}"
    other = "ENABLE" if state == "DISABLE" else "DISABLE"
    changes = ((f"ALTER EVENT {own} {other}", f"ALTER EVENT {own} {state}"),)
    return Piece(name=name, made=_under(draw, made), gone=(f"DROP EVENT {own}",), changes=changes)
