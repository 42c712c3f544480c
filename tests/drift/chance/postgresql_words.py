"""Types, expressions, queries and bodies of which PostgreSQL schemas by chance are made."""

# Each type with a default that fits, and conditions on a column of it.
TYPES = {
    "int": (
        "7",
        (
            "{0} > 3",
            "{0} IN (1, 2)",
            "{0} BETWEEN 1 AND 9",
            "{0} % 2 = 0 AND -{0} < 2 + 1 * 3",
            "{0} = ANY (ARRAY[1, 2, NULL])",
        ),
    ),
    "bigint": (
        "-1",
        (
            "abs({0}) <> 2",
            "({0}, id) > (1, 2)",
            "NOT {0} = 5",
            "{0} IS DISTINCT FROM 4",
            "{0}::int & 3 | 4 # 1 > ~ {0}::int",
        ),
    ),
    "smallint": ("'3'", ("{0} IN (1, 2)", "greatest({0}, 1) = 1", "{0}::numeric(4, 1) > 1.5")),
    "numeric(9, 3)": ("2.50", ("{0} > 1.5::numeric(3, 1)", "round({0}, 2) <> 1e10", "{0} = -0.5 OR {0} <> 'NaN'")),
    "double precision": ("'-Infinity'", ("{0} < 1e-7", "{0} = 'NaN'", "{0} ^ 2 >= |/ 4.0")),
    "text": (
        "'it''s' || E'\\t\\\\'",
        (
            "{0} IN ('a', 'b''c')",
            "{0} LIKE 'a\\_%' AND {0} !~~ '%b'",
            "{0} ~* '^[a-z]+$' OR {0} NOT ILIKE 'x'",
            "{0} SIMILAR TO '(a|b)%' ESCAPE '#'",
            "{0} COLLATE \"C\" < 'x'",
            "substring({0} from 1 for 2) = trim(both 'x' from {0})",
            "position('a' in {0}) > 0 AND overlay({0} placing 'b' from 1) <> ''",
            "{0} IS NFC NORMALIZED",
            "({0} IN ('x', 'y')) IS NOT TRUE",
        ),
    ),
    "varchar(20)": (
        "'x'",
        (
            "{0} IN ('a', 'b')",
            "{0} = ANY (ARRAY['a', 'b']::varchar[])",
            "{0} = ANY (ARRAY['a'::varchar, 'b'])",
            "{0}::text = ANY ('{{a,\"b c\"}}'::text[])",
            "{0} NOT IN ('a', 'b') OR ({0} IN ('c', 'd') AND id > 3 AND (id < 9 AND id <> 5))",
            "{0}::varchar(3) = 'abc'::char(3)",
            "lower({0}) = ANY (ARRAY['a', 'b'])",
        ),
    ),
    "char(5)": ("'a'", ("{0} IN ('a', 'b')", "{0} = 'x'::bpchar", "{0} <> ALL (ARRAY['x'::bpchar, 'y'])")),
    "timestamptz": (
        "now()",
        ("{0} > '2020-01-01 00:00+02'", "extract(year from {0}) = 2020", "{0} AT TIME ZONE 'UTC' < CURRENT_TIMESTAMP"),
    ),
    "timestamp(3)": (
        "LOCALTIMESTAMP",
        ("date_trunc('day', {0}) = {0}", "({0}, {0}) OVERLAPS ('2020-01-01', interval '1 day')"),
    ),
    "date": (
        "'2020-02-29'",
        ("{0} > CURRENT_DATE - 7", "{0} IN ('2020-01-01', '2020-01-02')", "{0} + interval '1 mon 2 days' < 'infinity'"),
    ),
    "time with time zone": ("'10:00+01'", ("{0} > '09:00+00'",)),
    "interval": ("'1 day 2 hours'", ("{0} > '1 year'", "justify_days({0}) <> interval '3' month")),
    "interval day to second(3)": ("'1 2:03'", ("{0} <> '1 day'",)),
    "jsonb": (
        "'{{\"a\": [1]}}'",
        (
            "{0} ? 'a' OR {0} @> '{{\"b\": null}}'",
            "{0} ->> 'x' = '1'",
            "({0} #>> '{{a,0}}')::int > 1",
            "jsonb_typeof({0}) = 'object'",
        ),
    ),
    "boolean": ("(NOT false)", ("{0}", "NOT {0}", "{0} IS NOT TRUE OR {0} IS UNKNOWN", "{0} = (id > 3)")),
    "uuid": ("gen_random_uuid()", ("{0} <> '00000000-0000-0000-0000-000000000000'",)),
    "int[]": (
        "ARRAY[1, 2]",
        ("{0}[1] > 2", "{0} @> ARRAY[1] AND 3 = ANY ({0})", "cardinality({0}[2:3]) = 2", "{0} = '{{1,2}}'"),
    ),
    "varchar(9)[]": (
        "'{{a,b}}'",
        ("'a' = ALL ({0})", "{0} && ARRAY['x']::varchar[]", "array_length({0}, 1) IN (1, 2)"),
    ),
    "bytea": ("'\\x00ff'", ("length({0}) > 1", "{0} <> '\\xde'")),
    "inet": ("'::1'", ("{0} << '10.0.0.0/8'", "host({0}) <> 'x'")),
    "point": ("'(1,2)'", ("{0} <-> point(1, 2) > 1", "{0}[0] > 1")),
    "bit varying(5)": ("B'101'", ("{0} & B'1' = B'1'",)),
    '"char"': ("'x'", ("{0} IN ('a', 'b')", "{0} = 'x'")),
    "name": ("'n'", ("{0} = 'x' OR {0} IN ('a', 'b')",)),
    "tsvector": ("to_tsvector('english', 'a b')", ("{0} @@ to_tsquery('english', 'a & !b')",)),
    "int4range": ("'[1,5)'", ("{0} @> 3", "NOT isempty({0})", "lower({0}) < 4")),
    "oid": ("1", ("{0} IN (1, 2)",)),
    "money": ("1", ("{0} > '2'::money",)),
}
# Conditions on these may depend on the session, and an index takes none such.
UNSTABLE = frozenset(
    {"timestamptz", "timestamp(3)", "date", "time with time zone", "money", "interval", "interval day to second(3)"}
)
COMPOUND = (
    "({a}) AND ({b})",
    "({a}) OR ({b}) AND NOT ({a})",
    "(({a}) AND id > 1) AND (({b}) AND id < 9)",
    "CASE WHEN {a} THEN {b} ELSE true END",
    "coalesce(({a}), {b}, false)",
    "CASE id WHEN 1 THEN 'a' WHEN 2 THEN 'b' END IN ('a', 'b') AND ({a})",
    "nullif({a}, {b}) IS NULL",
    "(id, ({a})) IS DISTINCT FROM ROW(1, ({b}))",
)
# {t}, {u}: two tables; {c} a column of the first, {d} of the second; {p}, {q} conditions on the first, where it is called z.
QUERIES = (
    "SELECT z.id, z.{c} AS one FROM {t} z WHERE {p}",
    'SELECT z.id AS zid, b.d AS "it\'s ""b""" FROM {t} z LEFT JOIN (SELECT id AS i, {d} AS d FROM {u}) b ON z.id = i AND i > 1 WHERE {p} LIMIT 3',
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT n.x + 1 FROM n WHERE n.x < 9) SELECT x FROM n",
    "WITH q AS MATERIALIZED (SELECT z.* FROM {t} z WHERE {p} FOR UPDATE) SELECT q.id FROM q OFFSET 2",
    "SELECT id, row_number() OVER w, sum(id) FILTER (WHERE id IN (1, 2)) OVER (ROWS 1 PRECEDING EXCLUDE TIES) FROM {t} WINDOW w AS (ORDER BY id)",
    "SELECT id FROM {t} z WHERE EXISTS (SELECT FROM {u} o WHERE o.id = z.id) UNION ALL (SELECT 5 EXCEPT SELECT 6 INTERSECT VALUES (7))",
    "SELECT z.id, string_agg(z.id::text, ',' ORDER BY z.id DESC) AS s FROM {t} z GROUP BY GROUPING SETS ((z.id), ()) HAVING count(*) > 1",
    'SELECT DISTINCT ON (id) id, l.n AS "select" FROM {t} CROSS JOIN LATERAL (SELECT id + 1 AS n) l ORDER BY id, l.n',
    "SELECT id, o.* FROM {t} JOIN (SELECT id FROM {u}) b USING (id) CROSS JOIN generate_series(1, 3) WITH ORDINALITY AS o(v, nr)",
    "SELECT a.id AS i FROM {t} a JOIN ({u} b JOIN {t} c ON b.id = c.id) ON a.id = c.id",
    "SELECT ARRAY(SELECT id FROM {u} ORDER BY id) AS ids, z.id FROM {t} z WHERE z.id IN (SELECT b.id FROM {u} b) AND {p}",
    "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY id) AS p FROM {t}",
    "SELECT ROW(id, 'a')::text AS r, (id, 1) = (1, 2) AS e, CAST(id AS text) COLLATE \"C\" AS k FROM {t} TABLESAMPLE bernoulli (10)",
    "VALUES (1, 'x'::varchar(3)), (2, 'y;--')",
)
SQL_BODIES = (
    "SELECT n + 1",
    "SELECT CASE WHEN n IN (1, 2) THEN n ELSE 0 END -- said; it's",
    "SELECT count(*)::int FROM {t} /* $$ */ WHERE lanname IN ('a', n::text)",
)
PARSED_BODIES = (
    "RETURN n + 1",
    "RETURN (SELECT max(lanpltrusted::int) FROM {t} WHERE lanname IN ('a', 'b') AND lanispl)::int",
    "BEGIN ATOMIC SELECT n; SELECT count(*)::int FROM {t} z WHERE z.lanispl AND (n > 1 AND n < 9); END",
)
PLPGSQL = (
    "BEGIN RETURN n; END",
    "DECLARE x int := 1; BEGIN -- it's\n  IF n > 1 THEN x := x + 1; END IF;\n\tRETURN x; END;",
    "BEGIN RAISE EXCEPTION 'no % \\ $body$', n; END",
)
ACTIONS = (
    "",
    "ON DELETE CASCADE",
    "MATCH FULL ON UPDATE SET DEFAULT",
    "ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED",
    "ON DELETE RESTRICT DEFERRABLE",
    "ON UPDATE CASCADE NOT VALID",
)
