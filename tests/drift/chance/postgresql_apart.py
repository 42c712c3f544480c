"""What a PostgreSQL schema by chance holds besides tables: types, sequences, routines, and the rare kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.drift.chance.pieces import Draw, Piece
from tests.drift.chance.postgresql_words import PARSED_BODIES, PLPGSQL, SQL_BODIES


def quoted(name: str) -> str:
    """A name as PostgreSQL takes any."""
    return '"' + name.replace('"', '""') + '"'


def text_of(text: str) -> str:
    """A text as PostgreSQL takes any, whatever stands in it."""
    return "'" + text.replace("'", "''") + "'"


def commented(draw: Draw, what: str) -> str:
    """A comment on something, now and then none."""
    return f"COMMENT ON {what} IS {text_of(draw.comment()) if draw.yes(0.4) else 'NULL'}"


def types(draw: Draw, space: str) -> Iterator[Piece]:
    """Types that tables may use."""
    for make in draw.random.sample((_enum, _domain, _composite, _range), draw.number(1, 4)):
        yield make(draw, space)


def apart(draw: Draw, space: str) -> Iterator[Piece]:
    """What needs no table."""
    makers: tuple[Callable[[Draw, str], Piece], ...] = (
        _sequence, _sequence, _function, _function, _function, _procedure, _aggregate, _collation, _configuration, _dictionary,
        _cast, _publication, _wrapper, _event_trigger,
    )  # fmt: skip
    for make in draw.random.sample(makers, draw.number(4, 9)):
        yield make(draw, space)


def _enum(draw: Draw, space: str) -> Piece:
    name, own = _named(draw, "e")
    labels = [draw.name("l") for _ in range(draw.number(2, 5))]
    made = f"CREATE TYPE {own} AS ENUM ({', '.join(map(text_of, labels))})"
    changes = (
        (
            f"ALTER TYPE {own} RENAME VALUE {text_of(labels[0])} TO 'other'",
            f"ALTER TYPE {own} RENAME VALUE 'other' TO {text_of(labels[0])}",
        ),
    )
    return Piece(name=name, made=(made, commented(draw, f"TYPE {own}")), gone=(f"DROP TYPE {own}",), changes=changes)


def _domain(draw: Draw, space: str) -> Piece:
    name, own = _named(draw, "d")
    base = draw.one("varchar(20)", "text", 'text COLLATE "C"')
    check = draw.one(
        "VALUE IN ('a', 'b')",
        "VALUE <> 'x' AND (VALUE ~ '^a' AND length(VALUE) > 2)",
        "VALUE = ANY (ARRAY['a', 'b']::text[])",
    )
    made = f"CREATE DOMAIN {own} AS {base}{draw.maybe(' DEFAULT ' + text_of(draw.comment()))} CONSTRAINT {quoted(draw.name('k'))} CHECK ({check})"
    changes = (
        (f"ALTER DOMAIN {own} SET NOT NULL", f"ALTER DOMAIN {own} DROP NOT NULL"),
        (
            f"ALTER DOMAIN {own} ADD CONSTRAINT more CHECK (VALUE <> 'm') NOT VALID",
            f"ALTER DOMAIN {own} DROP CONSTRAINT more",
        ),
    )
    return Piece(
        name=name, made=(made, commented(draw, f"DOMAIN {own}")), gone=(f"DROP DOMAIN {own}",), changes=changes
    )


def _composite(draw: Draw, space: str) -> Piece:
    name, own = _named(draw, "m")
    parts = [
        f"{quoted(draw.name('a'))} {draw.one('int', 'numeric(9,2)', 'varchar(3)[]')}" for _ in range(draw.number(1, 4))
    ]
    detour = (f"CREATE TYPE {own} AS ({', '.join(['gone int', *parts])})", f"ALTER TYPE {own} DROP ATTRIBUTE gone")
    changes = ((f"ALTER TYPE {own} ADD ATTRIBUTE more int", f"ALTER TYPE {own} DROP ATTRIBUTE more"),)
    return Piece(
        name=name,
        made=(f"CREATE TYPE {own} AS ({', '.join(parts)})",),
        gone=(f"DROP TYPE {own}",),
        changes=changes,
        detour=detour,
    )


def _range(draw: Draw, space: str) -> Piece:
    name, own = _named(draw, "ra")
    options = draw.one(
        "SUBTYPE = float8, SUBTYPE_DIFF = float8mi",
        'SUBTYPE = text, COLLATION = "C"',
        "SUBTYPE = text, SUBTYPE_OPCLASS = text_pattern_ops",
    )
    multirange = draw.maybe(f", MULTIRANGE_TYPE_NAME = public.{quoted(draw.name('mr'))}")
    return Piece(name=name, made=(f"CREATE TYPE {own} AS RANGE ({options}{multirange})",), gone=(f"DROP TYPE {own}",))


def _sequence(draw: Draw, space: str) -> Piece:
    name, own = _named(draw, "q")
    options = " ".join(draw.some(("START 5", "INCREMENT 3", "MINVALUE -10", "MAXVALUE 5000", "CACHE 7", "CYCLE"), 0))
    made = f"CREATE {draw.maybe('UNLOGGED ', 0.1)}SEQUENCE {own} AS {draw.one('bigint', 'int', 'smallint')} {options}"
    changes = ((f"ALTER SEQUENCE {own} CACHE 21", f"ALTER SEQUENCE {own} CACHE {'7' if 'CACHE' in options else '1'}"),)
    return Piece(
        name=name, made=(made, commented(draw, f"SEQUENCE {own}")), gone=(f"DROP SEQUENCE {own}",), changes=changes
    )


def _function(draw: Draw, space: str) -> Piece:
    name, own = _named(draw, "f")
    arguments = "n int DEFAULT 1 + 2, VARIADIC \"it's\" text[] DEFAULT '{}'" if draw.yes(0.3) else "n int"
    words = " ".join(
        draw.some(
            (
                "IMMUTABLE",
                "STRICT",
                "SECURITY DEFINER",
                "PARALLEL SAFE",
                "COST 7",
                'SET search_path = pg_catalog, "a b"',
                "SET work_mem = '5MB'",
            ),
            0,
        )
    )
    table = "pg_catalog.pg_language"
    body = draw.one(
        f"LANGUAGE sql AS {text_of(draw.one(*SQL_BODIES).format(t=table))}",
        f"LANGUAGE plpgsql AS {text_of(draw.one(*PLPGSQL))}",
        f"LANGUAGE sql {draw.one(*PARSED_BODIES).format(t=table)}",
    )
    back = "COST 7" if "COST" in words else "COST 100"
    changes = (
        (f"ALTER FUNCTION {own} COST 9", f"ALTER FUNCTION {own} {back}"),
        (f"ALTER FUNCTION {own} LEAKPROOF", f"ALTER FUNCTION {own} NOT LEAKPROOF"),
    )
    made = f"CREATE FUNCTION {own} ({arguments}) RETURNS int {words} {body}"
    return Piece(
        name=name, made=(made, commented(draw, f"FUNCTION {own}")), gone=(f"DROP FUNCTION {own}",), changes=changes
    )


def _procedure(draw: Draw, space: str) -> Piece:
    name, own = _named(draw, "p")
    body = text_of("BEGIN COMMIT; END -- it's")
    made = f'CREATE PROCEDURE {own} (IN a int, INOUT "b c" varchar) LANGUAGE plpgsql AS {body}'
    changes = ((f"ALTER PROCEDURE {own} SECURITY DEFINER", f"ALTER PROCEDURE {own} SECURITY INVOKER"),)
    return Piece(name=name, made=(made,), gone=(f"DROP PROCEDURE {own}",), changes=changes)


def _aggregate(draw: Draw, space: str) -> Piece:
    name, own = _named(draw, "ag")
    options = draw.one(
        "SFUNC = int4pl, STYPE = int, INITCOND = '5'",
        "SFUNC = int4larger, STYPE = int, COMBINEFUNC = int4larger, SORTOP = >, PARALLEL = safe",
    )
    return Piece(
        name=name,
        made=(f"CREATE AGGREGATE {own} (int) ({options})", commented(draw, f"AGGREGATE {own} (int)")),
        gone=(f"DROP AGGREGATE {own} (int)",),
    )


def _collation(draw: Draw, space: str) -> Piece:
    name, own = _named(draw, "co")
    return Piece(
        name=name,
        made=(f"CREATE COLLATION {own} (LOCALE = 'C')", commented(draw, f"COLLATION {own}")),
        gone=(f"DROP COLLATION {own}",),
    )


def _configuration(draw: Draw, space: str) -> Piece:
    name, own = _named(draw, "tc")
    there = f"ALTER TEXT SEARCH CONFIGURATION {own} DROP MAPPING FOR word"
    back = f"ALTER TEXT SEARCH CONFIGURATION {own} ADD MAPPING FOR word WITH english_stem, simple"
    made = (f"CREATE TEXT SEARCH CONFIGURATION {own} (PARSER = default)", back)
    return Piece(name=name, made=made, gone=(f"DROP TEXT SEARCH CONFIGURATION {own}",), changes=((there, back),))


def _dictionary(draw: Draw, space: str) -> Piece:
    name, own = _named(draw, "td")
    made = f"CREATE TEXT SEARCH DICTIONARY {own} (TEMPLATE = snowball, LANGUAGE = english, STOPWORDS = english)"
    changes = (
        (
            f"ALTER TEXT SEARCH DICTIONARY {own} (STOPWORDS)",
            f"ALTER TEXT SEARCH DICTIONARY {own} (STOPWORDS = english)",
        ),
    )
    return Piece(name=name, made=(made,), gone=(f"DROP TEXT SEARCH DICTIONARY {own}",), changes=changes)


def _cast(draw: Draw, space: str) -> Piece:
    name, own = _named(draw, "ca")
    made = (
        f"CREATE TYPE {own} AS (a int)",
        f"CREATE CAST ({own} AS text) WITH INOUT{draw.one('', ' AS ASSIGNMENT', ' AS IMPLICIT')}",
        commented(draw, f"CAST ({own} AS text)"),
    )
    return Piece(name=name, made=made, gone=(f"DROP CAST ({own} AS text)", f"DROP TYPE {own}"))


def _publication(draw: Draw, space: str) -> Piece:
    name = draw.name("pu")
    own = quoted(name)
    what = draw.one("FOR ALL TABLES", f"FOR TABLES IN SCHEMA {quoted(space)}", "")
    made = f"CREATE PUBLICATION {own} {what} WITH (publish = 'insert, delete', publish_via_partition_root)"
    changes = (
        (
            f"ALTER PUBLICATION {own} SET (publish = 'update')",
            f"ALTER PUBLICATION {own} SET (publish = 'insert, delete')",
        ),
    )
    return Piece(
        name=name,
        made=(made, commented(draw, f"PUBLICATION {own}")),
        gone=(f"DROP PUBLICATION {own}",),
        needs=(space,),
        changes=changes,
    )


def _wrapper(draw: Draw, space: str) -> Piece:
    name = draw.name("w")
    own = quoted(name)
    made = (
        f"CREATE FOREIGN DATA WRAPPER {own} OPTIONS (debug {text_of(draw.comment())})",
        f"CREATE SERVER {own} TYPE 't' VERSION '1.2' FOREIGN DATA WRAPPER {own} OPTIONS (host 'it''s', \"odd name\" 'y')",
        f"CREATE FOREIGN TABLE public.{own} (id int OPTIONS (column_name 'x') NOT NULL, n text COLLATE \"C\") SERVER {own} OPTIONS (tab 'u')",
        commented(draw, f"SERVER {own}"),
        commented(draw, f"FOREIGN TABLE public.{own}"),
    )
    changes = ((f"ALTER SERVER {own} OPTIONS (SET host 'other')", f"ALTER SERVER {own} OPTIONS (SET host 'it''s')"),)
    return Piece(name=name, made=made, gone=(f"DROP FOREIGN DATA WRAPPER {own} CASCADE",), changes=changes)


def _event_trigger(draw: Draw, space: str) -> Piece:
    name = draw.name("ev")
    own, function = quoted(name), f"public.{quoted(name)}"
    when = draw.maybe(" WHEN TAG IN ('DROP TABLE', 'CREATE TABLE')")
    state = draw.one("DISABLE", "ENABLE REPLICA")
    made = (
        f"CREATE FUNCTION {function}() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
        f"CREATE EVENT TRIGGER {own} ON ddl_command_end{when} EXECUTE FUNCTION {function}()",
        f"ALTER EVENT TRIGGER {own} {state}",
        commented(draw, f"EVENT TRIGGER {own}"),
    )
    changes = ((f"ALTER EVENT TRIGGER {own} ENABLE", f"ALTER EVENT TRIGGER {own} {state}"),)
    return Piece(
        name=name, made=made, gone=(f"DROP EVENT TRIGGER {own}", f"DROP FUNCTION {function}()"), changes=changes
    )


def _named(draw: Draw, prefix: str) -> tuple[str, str]:
    name = draw.name(prefix)
    return name, f"public.{quoted(name)}"
