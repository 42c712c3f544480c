"""PostgreSQL schemas by chance: tables with all that hangs on them, and what else a database holds."""

from __future__ import annotations

from collections.abc import Iterator

from tests.drift.chance.pieces import Draw, Piece
from tests.drift.chance.postgresql_apart import apart, commented, quoted, text_of, types
from tests.drift.chance.postgresql_tables import PARTITIONS, Made, table
from tests.drift.chance.postgresql_words import ACTIONS, PLPGSQL, QUERIES


def schema(draw: Draw) -> list[Piece]:
    """A schema of two to four tables and what else there is."""
    space = draw.name("s")
    pieces = [Piece(name=space, made=(f"CREATE SCHEMA {quoted(space)}", commented(draw, f"SCHEMA {quoted(space)}")))]
    made = list(types(draw, space))
    pieces += made
    own = [(piece.name, f"public.{quoted(piece.name)}") for piece in made]
    tables: list[Made] = []
    for _ in range(draw.number(2, 4)):
        piece, its = table(draw, space, own)
        pieces.append(piece)
        tables.append(its)
    for its in tables:
        pieces += _around(draw, its, tables[draw.number(0, len(tables) - 1)])
    return [*pieces, *apart(draw, space)]


def _around(draw: Draw, table: Made, other: Made) -> Iterator[Piece]:
    yield from _constraints(draw, table, other)
    if table.parted:
        yield from _partitions(draw, table)
    for _ in range(draw.number(0, 3)):
        yield _index(draw, table)
    for _ in range(draw.number(0, 2)):
        yield _view(draw, table, other)
    if table.whole and draw.yes(0.3):
        yield _child(draw, table)
    for _ in range(draw.number(0, 2)):
        yield _trigger(draw, table)
    if draw.yes(0.4):
        yield _policy(draw, table)
    if draw.yes(0.3):
        yield _rule(draw, table, other)
    if draw.yes(0.3):
        name = draw.name("st")
        told = f"public.{quoted(name)}"
        kinds = draw.one("", " (mcv, ndistinct)", " (dependencies)")
        made = f"CREATE STATISTICS {told}{kinds} ON id, (id % 3), (lower(id::text)) FROM {table.name}"
        changes = ((f"ALTER STATISTICS {told} SET STATISTICS 77", f"ALTER STATISTICS {told} SET STATISTICS -1"),)
        yield Piece(name=name, made=(made,), gone=(f"DROP STATISTICS {told}",), needs=(table.piece,), changes=changes)


def _constraints(draw: Draw, table: Made, other: Made) -> Iterator[Piece]:
    alter, needs = f"ALTER TABLE {table.name}", (table.piece,)
    for _ in range(draw.number(0, 3)):
        name, own = (found := draw.name("k")), quoted(found)
        check = f"{alter} ADD CONSTRAINT {own} CHECK ({table.condition(draw)}){draw.maybe(' NO INHERIT', 0.2 if table.whole else 0)}"
        valid = draw.maybe(" NOT VALID", 0.3)
        changes = ((f"{alter} RENAME CONSTRAINT {own} TO renamed", f"{alter} RENAME CONSTRAINT renamed TO {own}"),)
        note = commented(draw, f"CONSTRAINT {own} ON {table.name}")
        yield Piece(
            name=name,
            made=(check + valid, note),
            gone=(f"{alter} DROP CONSTRAINT {own}",),
            needs=needs,
            changes=changes,
        )
    if table.whole and draw.yes():
        name, own = (found := draw.name("u")), quoted(found)
        tail = draw.one("", " INCLUDE (id)", " DEFERRABLE")
        made = (
            f"{alter} ADD CONSTRAINT {own} UNIQUE {draw.maybe('NULLS NOT DISTINCT ')}(id, {table.columns[0][0]}){tail}"
        )
        if table.columns[0][1] != "point":
            yield Piece(name=name, made=(made,), gone=(f"{alter} DROP CONSTRAINT {own}",), needs=needs)
    if table.whole and draw.yes(0.2):
        name, own = (found := draw.name("ex")), quoted(found)
        where = draw.maybe(f" WHERE ({table.condition(draw, stable=True)})")
        made = f"{alter} ADD CONSTRAINT {own} EXCLUDE USING gist (int4range(id::int, id::int + 1) WITH &&){where}"
        yield Piece(name=name, made=(made,), gone=(f"{alter} DROP CONSTRAINT {own}",), needs=needs)
    if table.linked and other.linked and draw.yes(0.7):
        name, own = (found := draw.name("f")), quoted(found)
        made = f"{alter} ADD CONSTRAINT {own} FOREIGN KEY (id) REFERENCES {other.name} (id) {draw.one(*ACTIONS)}"
        both = tuple(dict.fromkeys((table.piece, other.piece)))
        changes = (
            (
                f"{alter} ALTER CONSTRAINT {own} DEFERRABLE INITIALLY DEFERRED",
                f"{alter} ALTER CONSTRAINT {own} NOT DEFERRABLE",
            ),
        )
        yield Piece(
            name=name,
            made=(made,),
            gone=(f"{alter} DROP CONSTRAINT {own}",),
            needs=both,
            changes=() if "DEFERR" in made else changes,
        )


def _partitions(draw: Draw, table: Made) -> Iterator[Piece]:
    for bound in draw.some(PARTITIONS[table.parted], 0):
        name, own = (found := draw.name("pt")), f"public.{quoted(found)}"
        alter = f"ALTER TABLE {table.name}"
        made = f"CREATE TABLE {own} PARTITION OF {table.name} {bound}"
        changes = ((f"{alter} DETACH PARTITION {own}", f"{alter} ATTACH PARTITION {own} {bound}"),)
        yield Piece(name=name, made=(made,), gone=(f"DROP TABLE {own}",), needs=(table.piece,), changes=changes)


def _child(draw: Draw, table: Made) -> Piece:
    name, own = (found := draw.name("h")), f"public.{quoted(found)}"
    made = f"CREATE TABLE {own} ({quoted(draw.name('x'))} int) INHERITS ({table.name})"
    return Piece(name=name, made=(made,), gone=(f"DROP TABLE {own}",), needs=(table.piece,))


def _index(draw: Draw, table: Made) -> Piece:
    name, own = (found := draw.name("i")), quoted(found)
    space = table.space
    plain = [column for column, kind in table.columns if kind not in {"point", "jsonb", "money"}] or ["id"]
    keys = [
        draw.one(
            column,
            column,
            f"({table.condition(draw, stable=True)})",
            "(id % 7)",
            'lower(id::text) COLLATE "C" text_pattern_ops',
        )
        + draw.one("", " DESC", " NULLS FIRST", " DESC NULLS LAST")
        for column in draw.some(plain)
    ]
    tail = (
        draw.maybe(" INCLUDE (id)", 0.2)
        + draw.maybe(" WITH (fillfactor = 60)", 0.2)
        + draw.maybe(f" WHERE {table.condition(draw, stable=True)}", 0.4)
    )
    made = f"CREATE INDEX {own} ON {table.name} ({', '.join(keys)}){tail}"
    changes = [(f"ALTER INDEX {space}.{own} RENAME TO renamed", f"ALTER INDEX {space}.renamed RENAME TO {own}")]
    if table.whole:
        changes.append(
            (
                f"ALTER INDEX {space}.{own} SET (deduplicate_items = off)",
                f"ALTER INDEX {space}.{own} RESET (deduplicate_items)",
            )
        )
    return Piece(
        name=name,
        made=(made, commented(draw, f"INDEX {space}.{own}")),
        gone=(f"DROP INDEX {space}.{own}",),
        needs=(table.piece,),
        changes=tuple(changes),
    )


def _view(draw: Draw, table: Made, other: Made) -> Piece:
    name, own = (found := draw.name("v")), f"public.{quoted(found)}"
    query = draw.one(*QUERIES).format(
        t=table.name, u=other.name, c=table.columns[0][0], d=other.columns[0][0], p=table.condition(draw, "z.")
    )
    needs = tuple(dict.fromkeys((table.piece, other.piece)))
    if draw.yes(0.3) and "FOR UPDATE" not in query:
        made, word = (
            f"CREATE MATERIALIZED VIEW {own} AS {query} {draw.one('WITH DATA', 'WITH NO DATA')}",
            "MATERIALIZED VIEW",
        )
        changes: tuple[tuple[str, str], ...] = ()
    else:
        options = draw.one("", " WITH (security_barrier)", " WITH (security_invoker = true)")
        made, word = f"CREATE VIEW {own}{options} AS {query}", "VIEW"
        changes = ((f"ALTER VIEW {own} SET (security_barrier = false)", f"ALTER VIEW {own} RESET (security_barrier)"),)
        changes = () if "barrier" in options else changes
    return Piece(
        name=name,
        made=(made, commented(draw, f"{word} {own}")),
        gone=(f"DROP {word} {own}",),
        needs=needs,
        changes=changes,
    )


def _trigger(draw: Draw, table: Made) -> Piece:
    name, own = (found := draw.name("g")), quoted(found)
    body = text_of(draw.one("BEGIN RETURN NEW; END", PLPGSQL[2].replace(", n;", ", 1;")))
    function = f"public.{own}()"
    event = draw.one("INSERT", "UPDATE", f"UPDATE OF {table.columns[0][0]}", "INSERT OR DELETE")
    when = draw.maybe(" WHEN (NEW.id > 3 AND (NEW.id < 9 AND NEW.id IN (4, 5)))", 0.4) if "DELETE" not in event else ""
    what = draw.one(
        f"TRIGGER {own} BEFORE {event} ON {table.name} FOR EACH ROW{when}",
        f"TRIGGER {own} AFTER {event} ON {table.name} FOR EACH STATEMENT",
        f"CONSTRAINT TRIGGER {own} AFTER {event} ON {table.name} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW{when}",
    )
    state = draw.one("ENABLE", "DISABLE", "ENABLE ALWAYS", "ENABLE REPLICA")
    other = "ENABLE" if state == "DISABLE" else "DISABLE"
    alter = f"ALTER TABLE {table.name}"
    return Piece(
        name=name,
        made=(
            f"CREATE FUNCTION {function} RETURNS trigger LANGUAGE plpgsql AS {body}",
            f"CREATE {what} EXECUTE FUNCTION {function.removesuffix('()')}('it''s', 2)",
            f"{alter} {state} TRIGGER {own}",
            commented(draw, f"TRIGGER {own} ON {table.name}"),
        ),
        gone=(f"DROP TRIGGER {own} ON {table.name}", f"DROP FUNCTION {function}"),
        needs=(table.piece,),
        changes=((f"{alter} {other} TRIGGER {own}", f"{alter} {state} TRIGGER {own}"),),
    )


def _policy(draw: Draw, table: Made) -> Piece:
    name, own = (found := draw.name("po")), quoted(found)
    command = draw.one("ALL", "SELECT", "UPDATE", "DELETE")
    check = draw.maybe(f" WITH CHECK ({table.condition(draw)})") if command in {"ALL", "UPDATE"} else ""
    kind = draw.one("PERMISSIVE", "RESTRICTIVE")
    made = f"CREATE POLICY {own} ON {table.name} AS {kind} FOR {command} TO PUBLIC, pg_monitor USING ({table.condition(draw)}){check}"
    made = made.replace("PUBLIC, ", "") if draw.yes() else made.replace(", pg_monitor", "")
    changes = (
        (
            f"ALTER POLICY {own} ON {table.name} TO pg_read_all_data",
            f"ALTER POLICY {own} ON {table.name} TO {'pg_monitor' if 'pg_monitor' in made else 'PUBLIC'}",
        ),
    )
    return Piece(
        name=name, made=(made,), gone=(f"DROP POLICY {own} ON {table.name}",), needs=(table.piece,), changes=changes
    )


def _rule(draw: Draw, table: Made, other: Made) -> Piece:
    name, own = (found := draw.name("r")), quoted(found)
    action = draw.one(
        "NOTHING",
        f"DELETE FROM {other.name} WHERE id = OLD.id AND id IN (1, 2)",
        'NOTIFY "it\'s"',
        f"(SELECT 1; UPDATE {other.name} SET id = 1 WHERE false)",
    )
    where = "" if "NOTIFY" in action else draw.maybe(" WHERE OLD.id > 3 AND OLD.id IN (4, 5)")
    made = f"CREATE RULE {own} AS ON UPDATE TO {table.name}{where} DO ALSO {action}"
    needs = tuple(dict.fromkeys((table.piece, other.piece)))
    changes = ((f"ALTER TABLE {table.name} DISABLE RULE {own}", f"ALTER TABLE {table.name} ENABLE RULE {own}"),)
    return Piece(name=name, made=(made,), gone=(f"DROP RULE {own} ON {table.name}",), needs=needs, changes=changes)
