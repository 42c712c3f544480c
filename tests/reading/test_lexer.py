"""The lexer cuts where the engine itself would, whatever quotes, comments and bodies say."""

from __future__ import annotations

import postgast
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.core.names import Engine
from workers.reading.lexer import split, tokens

POSTGRESQL = [
    "SELECT ';'",
    "SELECT 'it''s; here'",
    r"SELECT E'it\'s; here'",
    "SELECT E'a\\\\'",
    r"SELECT 'C:\'",
    "SELECT E'a'\n  '\\';b'",
    "SELECT U&'\\0061;' || U&\"b;\" FROM t",
    'SELECT "a;""b"',
    "SELECT $$a;b$$",
    "SELECT $tag$a;$$;b$tag$",
    "SELECT $é$;$é$",
    "SELECT a$b$c FROM t",
    "SELECT 1 /* a; /* nested; */ still; */ + 2",
    "SELECT 1 -- a;\n + 2",
    "SELECT 5--;\n",
    "CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO a VALUES (1); INSERT INTO b VALUES (2))",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 ELSE 2 END; SELECT 3; END",
    "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC INSERT INTO t VALUES (1); END",
    "CREATE FUNCTION g() RETURNS int AS $f$ BEGIN RETURN 1; END $f$ LANGUAGE plpgsql",
    "DO $$ BEGIN PERFORM 1; END $$",
    "BEGIN",
    "SELECT 1 AS begin_x, $1::int",
    "INSERT INTO t VALUES ('--', '/*', ';')",
]
MYSQL = [
    r"SELECT 'it\'s; here', \"a\";\"\", `c;``d`".replace('\\"', '"').replace('"a";""', '"a;""b"'),
    "SELECT 1 # a;\n + 2",
    "SELECT 1 -- a;\n + 2",
    "SELECT 5--1",
    "SELECT IF(a, 'x;', 'y') FROM t",
    "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN IF NEW.x THEN SET NEW.y = 1; ELSE SET NEW.y = 2; END IF; END",
    "CREATE DEFINER=root@localhost PROCEDURE p() BEGIN l: LOOP SET i = CASE i WHEN 1 THEN 2 END; LEAVE l; END LOOP; END",
    "CREATE PROCEDURE q(i INT) BEGIN CASE i WHEN 1 THEN SELECT IF(i, 1, 2); END CASE; WHILE i DO SET i = 4; END WHILE; END",
    "CREATE TABLE `trigger` (a INT)",
]
SQLITE = [
    "SELECT [a;b], `c;d`, \"e;\", 'f;'",
    "SELECT 1 /* a; /* not nested; */ + 2",
    "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE b SET c = CASE WHEN 1 THEN 2 ELSE 3 END; DELETE FROM d; END",
    "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT 'END;'; END",
    "CREATE TABLE t (a TEXT DEFAULT ';')",
]
CASES = [
    *((Engine.POSTGRESQL, sql) for sql in POSTGRESQL),
    *((Engine.MYSQL, sql) for sql in MYSQL),
    *((Engine.SQLITE, sql) for sql in SQLITE),
]


@pytest.mark.parametrize(("engine", "sql"), CASES)
def test_a_command_stays_whole_between_two_others(engine, sql):
    text = f"SELECT 'before';\n{sql}\n;\n SELECT 'after' ; "
    assert split(text, engine) == ("SELECT 'before'", sql.strip(), "SELECT 'after'")


@pytest.mark.parametrize("sql", POSTGRESQL)
def test_postgresql_is_cut_where_its_own_parser_cuts(sql):
    text = f"SELECT 1; {sql}\n; SELECT 2"
    assert split(text, Engine.POSTGRESQL) == tuple(piece.strip() for piece in postgast.split(text))


@pytest.mark.parametrize("engine", [Engine.POSTGRESQL, Engine.MYSQL, Engine.SQLITE])
def test_comments_alone_are_no_command_and_a_leading_one_stays_with_its_command(engine):
    assert split(" ; -- nothing\n; /* nothing */ ;; ", engine) == ()
    assert split("-- why\nSELECT 1; -- the end", engine) == ("-- why\nSELECT 1",)


@pytest.mark.parametrize("sql", ["SELECT 'a; b", "SELECT $x$ a; b", "SELECT 1 /* a; b", 'SELECT "a; b', "SELECT (1; 2"])
def test_what_is_not_closed_runs_to_the_end(sql):
    assert split(sql, Engine.POSTGRESQL) == (sql,)


def test_an_escape_string_goes_on_after_a_comment_as_the_server_reads_it():
    sql = "SELECT E'a'\n -- it's\n '\\';b'"
    assert split(f"{sql}; SELECT 2", Engine.POSTGRESQL) == (sql, "SELECT 2")


def test_a_no_break_space_is_a_letter():
    assert split("SELECT 1 AS a\xa0;", Engine.POSTGRESQL) == ("SELECT 1 AS a\xa0",)


PIECES = [*"' '' E' \\ $$ $a$ \" ; -- /* */ ( ) a $ BEGIN END 1".split(), "\n", " "]  # noqa: SIM905


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), st.sampled_from(list(Engine)))
def test_tokens_are_the_whole_text(text, engine):
    assert "".join(text[token.start : token.end] for token in tokens(text, engine)) == text


@given(st.lists(st.sampled_from([*PIECES, "SELECT 1", "; SELECT 2"]), max_size=20).map("".join))
def test_whatever_postgresql_parses_is_cut_alike(text):
    try:
        expected = postgast.split(text)
    except postgast.PgQueryError:
        return
    assert split(text, Engine.POSTGRESQL) == tuple(piece.strip() for piece in expected if _says_something(piece))


def _says_something(piece):
    return bool(postgast.parse(piece).stmts)
