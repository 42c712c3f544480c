"""SQLite's texts: equal where SQLite sees the same, different where it does not."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.reading.sqlite import KEYWORDS, TextError, canonical, expression, plain, quoted, tokens
from workers.reading.sqlite_create import read_index, read_module, read_trigger, read_view
from workers.reading.sqlite_table import Constraint, read_table

PIECES = st.sampled_from(
    [
        *(
            "a",
            '"a"',
            "[a]",
            "`a`",
            '"a b"',
            '"select"',
            "select",
            "SELECT",
            "'a'",
            "'it''s'",
            "x'0f'",
            "1",
            "1.5e3",
            ".5",
        ),
        *("(", ")", ",", ";", ".", "+", "-", "->>", "||", "<>", "!=", "=", "==", "?1", ":a", "true", '"true"', "é"),
    ]
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a  >\n0", '"a">0'),
        ("lower ( [a] )", "LOWER(a)".replace("LOWER", "lower")),
        ("a in('x' ,'y')", "a IN ('x', 'y')"),
        ("a -- to the end\n + 1", "a /* or\nhere */ + 1"),
        ("x'0f'", "X'0F'"),
        ("current_timestamp", "CURRENT_TIMESTAMP"),
        ("a /* not closed", "a"),
    ],
)
def test_white_space_comments_and_quoting_style_are_nothing(one: str, other: str):
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("'a'", "a"),
        ("'a'", "'A'"),
        ("'a  b'", "'a b'"),
        ('"current_timestamp"', "current_timestamp"),
        ('"true"', "true"),
        ('"a b"', "a b"),
        ("a - -1", "a --1"),
        ("a.b", '"a.b"'),
        ("'--'", "''"),
    ],
)
def test_what_means_something_else_stays_different(one: str, other: str):
    assert canonical(one) != canonical(other)


@given(st.lists(PIECES, max_size=12))
def test_the_canonical_text_has_the_same_tokens_and_is_its_own_canonical_text(pieces: list[str]):
    text = " ".join(pieces)
    once = canonical(text)
    assert canonical(once) == once
    assert [token.text for token in tokens(once)] == [token.text for token in tokens(text)]


@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=12))
def test_any_name_comes_back_from_its_quotes_as_sqlite_reads_it(name: str):
    (token,) = tokens(quoted(name))
    assert token.value == name
    (value,) = sqlite3.connect(":memory:").execute(f"SELECT 1 AS {quoted(name)}").description
    assert value[0] == name


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str):
    try:
        found = tokens(text)
    except TextError:
        return
    assert all(text[token.start : token.end] for token in found)


def test_every_keyword_of_this_sqlite_is_known():
    """A name that SQLite refuses unquoted must be quoted by us."""
    connection = sqlite3.connect(":memory:")
    for word in sorted(KEYWORDS):
        connection.execute(f"SELECT 1 AS {plain(word)}")
        assert plain(word) == f'"{word}"'


@pytest.mark.parametrize("text", ["'open", '"open', "[open", "a ^ b", "\x00"])
def test_what_sqlite_would_not_take_is_refused(text: str):
    with pytest.raises(TextError):
        tokens(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("((a))", "a"), ("(a) + (b)", "(a) + (b)"), ("((a) + (b))", "(a) + (b)"), ("a", "a"), ("('(')", "'('")],
)
def test_brackets_around_the_whole_of_an_expression_are_nothing(text: str, expected: str):
    assert expression(tokens(text)) == expected


def test_a_table_gives_what_no_pragma_tells():
    table = read_table(
        """CREATE TABLE "the table" (
            id INTEGER CONSTRAINT pk PRIMARY KEY ON CONFLICT FAIL AUTOINCREMENT,
            "a b" VARCHAR(30, 2) CONSTRAINT filled NOT NULL ON CONFLICT IGNORE DEFAULT (1 + 2) COLLATE nocase CHECK ("a b" <> ','),
            p INT CONSTRAINT fk REFERENCES parents (id) ON DELETE SET NULL ON UPDATE NO ACTION MATCH FULL
                DEFERRABLE INITIALLY DEFERRED NOT NULL,
            q INT REFERENCES parents NOT DEFERRABLE INITIALLY DEFERRED UNIQUE,
            g TEXT GENERATED ALWAYS AS (lower("a b")) STORED, h AS (1), n DEFAULT -1, untyped,
            CONSTRAINT ck CHECK ((n > 1)) CONSTRAINT "u q" UNIQUE (p, q) ON CONFLICT REPLACE
            FOREIGN KEY (p, q) REFERENCES "others"
        ) WITHOUT ROWID, STRICT"""
    )
    assert [column.name for column in table.columns] == ["id", "a b", "p", "q", "g", "h", "n", "untyped"]
    assert (table.columns[1].collation, table.columns[1].not_null_conflict) == ("NOCASE", "IGNORE")
    assert [column.generated for column in table.columns[4:6]] == ['lower("a b")', "1"]
    assert table.primary_key == Constraint(name="pk", columns=("id",), conflict="FAIL")
    assert table.autoincrement
    assert table.checks == (Constraint(expression="\"a b\" <> ','"), Constraint(name="ck", expression="n > 1"))
    assert table.uniques == (
        Constraint(columns=("q",)),
        Constraint(name="u q", columns=("p", "q"), conflict="REPLACE"),
    )
    first, second, third = table.foreign_keys
    assert first == Constraint(
        name="fk", columns=("p",), references="parents", referenced=("id",), on_delete="SET NULL", deferred=True
    )
    assert second == Constraint(columns=("q",), references="parents")
    assert third == Constraint(columns=("p", "q"), references="others")


@pytest.mark.parametrize(
    "text", ["SELECT 1", "CREATE TABLE t", "CREATE TABLE t (a", "CREATE TABLE t (a, CHECK a > 1)", ""]
)
def test_a_text_that_is_no_table_is_refused(text: str):
    with pytest.raises(TextError):
        read_table(text)


def test_indexes_views_triggers_and_virtual_tables_are_read():
    index = read_index(
        'CREATE UNIQUE INDEX IF NOT EXISTS "ix" ON "t" (a DESC, lower ( "b" ) COLLATE x ASC, "c d") WHERE ("a">0)'
    )
    assert (index.expressions, index.predicate) == (("a", "lower(b)", '"c d"'), "a > 0")
    assert read_view("CREATE VIEW v (a, b) AS select 1,2 -- x") == (("a", "b"), "SELECT 1, 2")
    each = "CREATE TRIGGER x AFTER UPDATE OF a ON t FOR EACH ROW WHEN new.a = ' FOR EACH ROW' BEGIN SELECT 1; END"
    assert read_trigger(each) == read_trigger(each.replace(" FOR EACH ROW WHEN", " WHEN"))
    assert "' FOR EACH ROW'" in read_trigger(each)
    assert read_module('CREATE VIRTUAL TABLE f USING fts5(a, tokenize = "x y")') == ("fts5", '(a, tokenize = "x y")')
