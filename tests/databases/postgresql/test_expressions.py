"""Expression text is at its fixed point: a dump and restore changes nothing, and different expressions stay different."""

from __future__ import annotations

import random

import psycopg
import pytest

from workers.core.diff import diff
from workers.databases.postgresql.expressions import canonical, canonical_statement

BEFORE_AND_AFTER = [
    (
        "((x)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
        "((x)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text]))",
    ),
    ("(x = ANY ((ARRAY[1, 2])::bigint[]))", "(x = ANY (ARRAY[(1)::bigint, (2)::bigint]))"),
    ("((ARRAY['a'::text])::text[] = y)", "(ARRAY['a'::text] = y)"),
    (
        "(ARRAY[ARRAY[1, 2], ARRAY[3, 4]])::bigint[]",
        "ARRAY[ARRAY[(1)::bigint, (2)::bigint], ARRAY[(3)::bigint, (4)::bigint]]",
    ),
    ("(((a >= 1) AND (a <= 2)) AND b)", "((a >= 1) AND (a <= 2) AND b)"),
    ("(((a = 1) OR (a = b)) OR c)", "((a = 1) OR (a = b) OR c)"),
]


@pytest.mark.parametrize(("before", "after"), BEFORE_AND_AFTER)
def test_both_spellings_of_the_server_are_one(before, after):
    assert canonical(before) == canonical(after)


@pytest.mark.parametrize(("before", "after"), BEFORE_AND_AFTER)
def test_a_canonical_text_is_its_own_canonical_text(before, after):
    assert canonical(canonical(before)) == canonical(before)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("((a AND b) OR c)", "(a AND (b OR c))"),
        ("(a AND (b AND c))", "(a AND (b OR c))"),
        ("(x = ANY (ARRAY['a'::text]))", "(x = ANY (ARRAY['a '::text]))"),
        ("(x = ANY ((ARRAY[1])::bigint[]))", "(x = ANY ((ARRAY[1])::smallint[]))"),
        ("(x = ANY (ARRAY['AND'::text]))", "(x = ANY (ARRAY['and'::text]))"),
        ("ARRAY[]::text[]", "ARRAY[]::integer[]"),
    ],
)
def test_what_differs_stays_different(one, other):
    assert canonical(one) != canonical(other)


def test_what_no_restore_rewrites_is_kept_as_the_server_wrote_it():
    assert canonical("nextval('public.orders_id_seq'::regclass)") == "nextval('public.orders_id_seq'::regclass)"
    assert canonical("(a >  1) AND nonsense(") == "(a >  1) AND nonsense("
    assert canonical_statement(" SELECT 1;") == "SELECT 1"


COLUMNS = {
    "v": ["'a'", "'b b'", "'it''s'"],
    "t": ["'x'", "'AND'"],
    "i": ["1", "-2", "3"],
    "n": ["1.5", "2", "-1e3"],
    "c": ["'q'", "'r'"],
}


def expression(source: random.Random, depth: int) -> str:
    if depth == 0 or source.random() < 0.2:
        return condition(source)
    kind = source.choice(["AND", "AND", "OR", "OR", "NOT"])
    if kind == "NOT":
        return f"NOT ({expression(source, depth - 1)})"
    parts = [expression(source, depth - 1) for _ in range(source.randint(2, 3))]
    return f" {kind} ".join(part if source.random() < 0.5 else f"({part})" for part in parts)


def condition(source: random.Random) -> str:
    column = source.choice(list(COLUMNS))
    one, two = (source.choice(COLUMNS[column]) for _ in range(2))
    return source.choice(
        [
            f"{column} IN ({one}, {two})",
            f"{column} NOT IN ({one}, {two}, {one})",
            f"{column} IN ({one}, {column})",
            f"{column} BETWEEN {one} AND {two}",
            f"{column} NOT BETWEEN SYMMETRIC {one} AND {two}",
            f"{column} = ANY (ARRAY[{one}, {two}])",
            f"{column} IS DISTINCT FROM {one}",
            f"CASE WHEN {column} IN ({one}, {two}) THEN true ELSE {column} = {one} END",
            f"coalesce({column}, {one}) <> {two}",
            "v::varchar(3) IN ('a', 'b') AND v = t",
            f"(v, i) IN (('a', 1), ('b', 2)) OR {column} > {one}",
            "i::bigint IN (1, 2) AND n::numeric(4, 1) = ANY (ARRAY[1, i]::numeric(4, 1)[])",
            "v LIKE ANY (ARRAY['a%', 'b%']) AND t NOT SIMILAR TO 'x|y'",
            "ARRAY[v, 'z'] && ARRAY['a', 'b']::varchar[]",
        ]
    )


@pytest.mark.parametrize("seed", range(2))
def test_any_expression_survives_a_dump_and_restore(engine, server, url, seed):
    source = random.Random(seed)  # noqa: S311 - chosen texts, no secret
    made = [expression(source, 3) for _ in range(60)]
    checks = ", ".join(f"CONSTRAINT c{number} CHECK ({text})" for number, text in enumerate(made))
    views = ";".join(
        f"CREATE VIEW v{number} AS SELECT {text} AS x FROM t WHERE {text}" for number, text in enumerate(made[:30])
    )
    indexes = ";".join(f"CREATE INDEX i{number} ON t (i) WHERE {text}" for number, text in enumerate(made[:30]))
    copy = server.create_database()
    try:
        for place, script in (
            (url, f"CREATE TABLE t (v varchar(9), t text, i int, n numeric, c char(2), {checks}); {views}; {indexes}"),
            (copy, None),
        ):
            with psycopg.connect(place, autocommit=True) as connection:
                connection.execute((script or engine.target(url, None).dump(()).script).encode())
        with engine.target(url, None).reading() as live, engine.target(copy, None).reading() as restored:
            assert diff(live.snapshot(), restored.snapshot()) == ()
    finally:
        server.drop_database(copy.rpartition("/")[2])
