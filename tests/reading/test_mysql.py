"""What a statement is, by its words at their places; whatever is not known is forbidden."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.core.plan import StatementKind as Kind
from workers.reading.mysql import functions_called, is_ddl, parse, read_rows

KINDS = [
    ("CREATE TABLE t (a int)", Kind.CREATE, "Create table t"),
    ("CREATE TABLE IF NOT EXISTS `t` AS SELECT * FROM u", Kind.CREATE, "Create table t"),
    ("create unique index i on t (a)", Kind.CREATE, "Create unique index i on t"),
    ("CREATE OR REPLACE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW v AS SELECT 1", Kind.CREATE, "Create view v"),
    ("CREATE SEQUENCE s", Kind.CREATE, "Create sequence s"),
    ("ALTER TABLE t ADD COLUMN a int, ADD COLUMN IF NOT EXISTS b text", Kind.ALTER, "Add column t.a; add column t.b"),
    ("ALTER TABLE t ADD (a int, b int)", Kind.ALTER, "Add columns to t"),
    ("ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (id)", Kind.ALTER, "Add foreign key f to t"),
    ("ALTER TABLE t ADD UNIQUE KEY k (a)", Kind.ALTER, "Add unique index k on t"),
    ("ALTER TABLE t ADD PRIMARY KEY (a)", Kind.ALTER, "Add primary key to t"),
    ("ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0)", Kind.ALTER, "Add check k to t"),
    ("ALTER TABLE t DROP COLUMN a, DROP FOREIGN KEY f", Kind.ALTER, "Drop column t.a; drop foreign key f of t"),
    ("ALTER TABLE t MODIFY a bigint NOT NULL", Kind.ALTER, "Change column t.a"),
    ("ALTER TABLE t CHANGE a b int", Kind.ALTER, "Rename column t.a to b"),
    ("ALTER TABLE t RENAME COLUMN a TO b", Kind.ALTER, "Rename column t.a to b"),
    ("ALTER TABLE t RENAME TO u", Kind.ALTER, "Rename table t to u"),
    ("ALTER TABLE t ALTER a SET DEFAULT 'x, y'", Kind.ALTER, "Change column t.a"),
    ("ALTER TABLE t DROP PARTITION p0", Kind.DELETE, "Drop partition p0 of t"),
    ("ALTER IGNORE TABLE t ADD UNIQUE (a)", Kind.DELETE, "Add unique index on t"),
    ("RENAME TABLE a TO b", Kind.ALTER, "Rename table a to b"),
    ("DROP TABLE IF EXISTS a, b", Kind.DROP, "Drop table a"),
    ("DROP INDEX i ON t", Kind.DROP, "Drop index i on t"),
    ("TRUNCATE t", Kind.TRUNCATE, "Empty table t"),
    ("INSERT INTO t VALUES (1)", Kind.INSERT, "Insert rows into t"),
    ("INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = 1", Kind.UPDATE, "Insert rows into t"),
    ("REPLACE INTO t VALUES (1)", Kind.UPDATE, "Replace rows of t"),
    ("UPDATE LOW_PRIORITY t SET a = 1", Kind.UPDATE, "Update rows of t"),
    ("DELETE FROM t WHERE a = 1", Kind.DELETE, "Delete rows from t"),
    ("WITH x AS (SELECT 1) SELECT * FROM x", Kind.READ, None),
    ("(SELECT 1) UNION (SELECT 2)", Kind.READ, None),
    ("SHOW CREATE TABLE t", Kind.READ, None),
    ("DESCRIBE `t`", Kind.READ, None),
    ("SET FOREIGN_KEY_CHECKS = 0", Kind.SESSION, None),
    ("SET NAMES utf8mb4", Kind.SESSION, None),
    ("SET @OLD_CHECKS = @@FOREIGN_KEY_CHECKS, SESSION unique_checks = 0", Kind.SESSION, None),
    ("GRANT SELECT ON shop.* TO reporter", Kind.AUTHORITY, None),
    ("CALL tidy()", Kind.OPAQUE, "Call procedure tidy"),
    ("ANALYZE TABLE t", Kind.ALTER, None),
    ("ALTER DATABASE shop DEFAULT CHARACTER SET utf8mb4", Kind.ALTER, "Change database shop"),
    ("ALTER DATABASE COLLATE utf8mb4_bin", Kind.ALTER, "Change the database's defaults"),
]


@pytest.mark.parametrize(("sql", "kind", "title"), KINDS)
def test_a_statement_is_known_by_its_words(sql: str, kind: Kind, title: str | None):
    found = parse(sql, "shop")
    assert (found.kind, found.forbidden) == (kind, "")
    assert title in {None, found.title}


NEVER = [
    *("BEGIN", "START TRANSACTION", "COMMIT", "ROLLBACK", "SAVEPOINT a", "RELEASE SAVEPOINT a", "XA START 'x'"),
    *("LOCK TABLES t WRITE", "UNLOCK TABLES", "USE other", "SET sql_mode = ''", "SET SESSION sql_log_bin = 0"),
    *(
        "SET GLOBAL read_only = 1",
        "SET @@GLOBAL.read_only = 1",
        "SET PERSIST x = 1",
        "SET PASSWORD = 'x'",
        "SET ROLE r",
    ),
    *("SET @a = 1, sql_mode = ''", "SET foreign_key_checks = (SELECT 1)", "SET STATEMENT x = 1 FOR SELECT 1"),
    *("SET TRANSACTION READ ONLY", "SET time_zone = 'UTC'", "SET autocommit = 1", "SET NAMES latin1"),
    *("LOAD DATA INFILE 'x' INTO TABLE t", "SELECT * FROM t INTO OUTFILE '/x'", "SELECT 1 INTO DUMPFILE '/x'"),
    *(
        "SELECT LOAD_FILE('/etc/passwd')",
        "SELECT `load_file` ('/x')",
        "INSERT INTO t SELECT sleep(9)",
        "SELECT GET_LOCK('a', 1)",
    ),
    *("INSTALL PLUGIN p SONAME 'x.so'", "CREATE FUNCTION f RETURNS int SONAME 'x.so'", "UNINSTALL PLUGIN p"),
    *("CREATE DATABASE d", "DROP DATABASE d", "DROP SCHEMA d", "ALTER DATABASE other COLLATE utf8mb4_bin"),
    *("CREATE USER u", "DROP USER u", "ALTER USER u IDENTIFIED BY 'x'", "CREATE ROLE r", "RENAME USER a TO b"),
    *("GRANT r TO u", "GRANT ALL ON *.* TO u", "GRANT SELECT ON t TO u IDENTIFIED BY 'x'", "GRANT PROXY ON a TO b"),
    *("CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'x')", "CREATE TABLESPACE s", "KILL 1", "FLUSH TABLES"),
    *("PREPARE s FROM 'DROP TABLE t'", "EXECUTE s", "EXECUTE IMMEDIATE 'DROP TABLE t'", "DEALLOCATE PREPARE s"),
    *(
        "EXPLAIN ANALYZE SELECT 1",
        "EXPLAIN UPDATE t SET a = 1",
        "ANALYZE UPDATE t SET a = 1",
        "HANDLER t OPEN",
        "DO sleep(1)",
    ),
    *(
        "/*!50000 DROP TABLE t */",
        "SELECT 1 /*M!100100 , 2 */",
        "SELECT /*! SQL_NO_CACHE */ 1",
        "CREATE TABLE t (a int) /*!x*/",
    ),
    *(
        "CREATE TABLE t (a int) ENGINE=FEDERATED CONNECTION='mysql://h/d/t'",
        "CREATE TABLE t (a int) ENGINE = `connect`",
    ),
    *("CREATE TABLE t (a int) DATA DIRECTORY='/x'", "ALTER TABLE t ENGINE SPIDER", "ALTER TABLE t DISCARD TABLESPACE"),
    *("CREATE OR REPLACE TABLE t (a int)", "CREATE OR REPLACE SEQUENCE s", "SELECT 1; SELECT 2", "", ";", "-- nothing"),
    *(
        "SELECT 'open",
        "SELECT `open",
        "SELECT 1 /* open",
        "/*/ SELECT 1",
        "DELIMITER $$",
        "\\! id",
        "nonsense",
        "BINLOG 'x'",
    ),
    *(
        "INSERT INTO other.t VALUES (1)",
        "UPDATE other.t SET a = 1",
        "DROP TABLE mysql.user",
        "ALTER TABLE shop.t RENAME other.t",
    ),
    *(
        "DELETE a FROM shop.t AS a JOIN other.u",
        "CREATE TABLE other.t (a int)",
        "CREATE TRIGGER g AFTER INSERT ON other.t FOR EACH ROW SET @a = 1",
    ),
    *(
        "CREATE PACKAGE p AS END",
        "SHUTDOWN",
        "PURGE BINARY LOGS TO 'x'",
        "CHANGE MASTER TO MASTER_HOST='x'",
        "STOP SLAVE",
    ),
    *(
        "BEGIN NOT ATOMIC DROP TABLE t; END",
        "HELP 'x'",
        "CACHE INDEX t IN k",
        "IMPORT TABLE FROM 'x'",
        "SIGNAL SQLSTATE '45000'",
    ),
]


@pytest.mark.parametrize("sql", NEVER)
def test_what_is_not_on_the_list_is_never_run(sql: str):
    assert parse(sql, "shop").forbidden


RELATIONS = [
    (
        "SELECT * FROM a, b AS x, (SELECT 1 FROM c) d JOIN `e` USING (id) WHERE f IN (SELECT g FROM h.i)",
        ["a", "b", "c", "e", "h.i"],
    ),
    ("SELECT a FROM t LEFT JOIN (u CROSS JOIN v) ON t.a = u.a", ["t", "u", "v"]),
    ("WITH x AS (SELECT * FROM deep) SELECT * FROM x", ["deep", "x"]),
    ("SELECT 1 FROM DUAL", []),
    ("SELECT * FROM information_schema.tables", []),
    ("SELECT a, 'FROM b', `FROM c` FROM t -- FROM d", ["t"]),
    ("(SELECT 1 FROM a) UNION ALL SELECT 1 FROM b", ["a", "b"]),
    ("TABLE t", []),
    ("UPDATE t SET a = 1", []),
    ("SHOW TABLES", []),
]


@pytest.mark.parametrize(("sql", "names"), RELATIONS)
def test_the_relations_that_a_query_reads(sql: str, names: list[str]):
    assert [".".join(name) for name in read_rows(sql)] == names


WRITTEN = [
    ("UPDATE a JOIN shop.b ON a.id = b.id SET a.x = 1", ["a", "b"], []),
    ("DELETE a, b FROM a JOIN b JOIN c", ["a", "b", "c"], []),
    ("INSERT INTO a SELECT * FROM b", ["a"], ["b"]),
    ("CREATE TABLE a LIKE b", ["a"], ["b"]),
    ("CREATE TABLE a (x int REFERENCES b (id))", ["a"], ["b"]),
    ("ALTER TABLE a RENAME b", ["a", "b"], []),
    ("RENAME TABLE a TO b, c TO d", ["a", "b", "c", "d"], []),
    ("DROP INDEX i ON a", ["a"], []),
    ("CREATE VIEW v AS SELECT * FROM a", ["v"], ["a"]),
    ("CREATE TRIGGER g BEFORE INSERT ON a FOR EACH ROW UPDATE b SET x = 1", ["a"], []),
]


@pytest.mark.parametrize(("sql", "written", "read"), WRITTEN)
def test_what_a_statement_changes_and_what_it_reads(sql: str, written: list[str], read: list[str]):
    found = parse(sql, "shop")
    assert ([name[-1] for name in found.writes], [name[-1] for name in found.reads]) == (written, read)


def test_code_that_acts_later_or_with_other_rights_is_said():
    assert parse("CREATE TRIGGER g BEFORE INSERT ON a FOR EACH ROW SET NEW.x = 1").opaque
    assert parse("CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM a").opaque
    assert parse("CREATE DEFINER=root@localhost VIEW v AS SELECT 1").authority
    assert parse("CREATE DEFINER = 'x y'@'%' PROCEDURE p() SELECT 1").authority
    assert not parse("CREATE DEFINER=CURRENT_USER() VIEW v AS SELECT 1").authority
    assert parse("SELECT own()", "shop", frozenset({"own"})).kind is Kind.OPAQUE
    assert functions_called("SELECT A(1), `b`(2), s.c(3)") == ("a", "b", "c")


@pytest.mark.parametrize(
    "sql", ["CREATE TABLE t (a int)", "TRUNCATE t", "CALL p()", "GRANT SELECT ON t TO u", "/* open"]
)
def test_what_ends_a_transaction_or_might(sql: str):
    assert is_ddl(sql)


@pytest.mark.parametrize(
    "sql", ["INSERT INTO t VALUES (1)", "-- why\nUPDATE t SET a = 1", "(SELECT 1)", "SET NAMES utf8mb4"]
)
def test_what_takes_part_in_one(sql: str):
    assert not is_ddl(sql)


PIECES = [
    *["'", '"', "`", ";", "--", "#", "/*", "*/", "/*!", "(", ")", ",", ".", "@", "\\"],
    *["SELECT", "FROM", "INTO", "OUTFILE", "CREATE", "TABLE", "DROP", "SET", "a", "b", "1"],
]


@given(st.lists(st.sampled_from([*PIECES, " ", "\n"]), max_size=20).map("".join))
def test_every_text_is_judged_and_none_raises(text: str):
    found = parse(text, "shop")
    assert found.title or found.forbidden
    read_rows(text)
    is_ddl(text)
