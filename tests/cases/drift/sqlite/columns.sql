-- case: column
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
ALTER TABLE things ADD COLUMN note VARCHAR(30) NOT NULL DEFAULT 'none';
-- expect
-- added column things.note

-- case: column collation
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT COLLATE NOCASE, p INT
);
-- expect
-- changed column things.b: collation

-- case: column default
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT DEFAULT (1 + 1), b TEXT, p INT
);
-- expect
-- changed column things.a: default

-- case: column default case
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT DEFAULT 'x', p INT
);
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT DEFAULT 'X', p INT
);
-- expect
-- changed column things.b: default

-- case: column default quoted word
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT DEFAULT CURRENT_TIMESTAMP, p INT
);
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT DEFAULT "CURRENT_TIMESTAMP", p INT
);
-- expect
-- changed column things.b: default

-- case: column not null
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT NOT NULL, b TEXT, p INT
);
-- expect
-- changed column things.a: not_null

-- case: column type
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a BIGINT, b TEXT, p INT
);
-- expect
-- changed column things.a: type

-- case: generated column
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
ALTER TABLE things ADD COLUMN twice INT AS (a * 2);
-- expect
-- added column things.twice

-- case: generated expression
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT AS (a + 1) STORED, p INT
);
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT AS (a + 2) VIRTUAL, p INT
);
-- expect
-- changed column things.b: expression, generated

-- case: rename column
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
CREATE INDEX ix ON things (a) WHERE a > 1;
CREATE VIEW v AS SELECT a FROM things;
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
CREATE INDEX ix ON things (a) WHERE a > 1;
CREATE VIEW v AS SELECT a FROM things;
ALTER TABLE things RENAME COLUMN a TO "the a";
-- expect
-- removed column things.a
-- added column things.the a
-- changed index things.ix: columns, predicate
-- changed view v: definition

-- case: column with a default
-- before
CREATE TABLE t (a);
-- after
CREATE TABLE t (a, b text NOT NULL DEFAULT 'x; y');
-- expect
-- added column t.b

-- case: column collated
-- before
CREATE TABLE t (a);
-- after
CREATE TABLE t (a, b text COLLATE NOCASE);
-- expect
-- added column t.b

-- case: column gone with its index
-- before
CREATE TABLE t (a, b);
CREATE INDEX i ON t (b);
-- after
CREATE TABLE t (a);
-- expect
-- removed column t.b
-- removed index t.i

-- case: column in capitals
-- before
CREATE TABLE t (a INTEGER, B VARCHAR( 10 ));
-- after
CREATE TABLE t (a integer, B varchar(10));
-- expect

-- case: column generated virtual
-- before
CREATE TABLE t (a int);
-- after
CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a + 1) VIRTUAL);
-- expect
-- added column t.b

-- case: column stored instead of virtual
-- before
CREATE TABLE t (a int, b int AS (a + 1) VIRTUAL);
-- after
CREATE TABLE t (a int, b int AS (a + 1) STORED);
-- expect
-- changed column t.b: generated

-- case: column not null on conflict
-- before
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT NOT NULL);
-- after
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT NOT NULL ON CONFLICT IGNORE);
-- expect
-- changed column t.a: not_null_conflict
