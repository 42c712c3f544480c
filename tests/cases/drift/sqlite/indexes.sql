-- case: index
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
CREATE INDEX ix ON things (a, b);
-- expect
-- added index things.ix

-- case: index direction and collation
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
CREATE INDEX ix ON things (a, b);
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
CREATE INDEX ix ON things (a DESC, b COLLATE NOCASE);
-- expect
-- changed index things.ix: columns

-- case: index expression
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
CREATE INDEX ix ON things (lower(b));
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
CREATE INDEX ix ON things (upper(b));
-- expect
-- changed index things.ix: columns

-- case: index predicate
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
CREATE INDEX ix ON things (a) WHERE a > 1;
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
CREATE INDEX ix ON things (a) WHERE a > 2;
-- expect
-- changed index things.ix: predicate

-- case: index unique
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
CREATE INDEX ix ON things (a);
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
CREATE UNIQUE INDEX ix ON things (a);
-- expect
-- changed index things.ix: unique

-- case: index gone
-- before
CREATE TABLE t (a, b);
CREATE INDEX i ON t (a);
-- after
CREATE TABLE t (a, b);
-- expect
-- removed index t.i

-- case: index order
-- before
CREATE TABLE t (a, b);
CREATE INDEX i ON t (a, b);
-- after
CREATE TABLE t (a, b);
CREATE INDEX i ON t (b, a);
-- expect
-- changed index t.i: columns

-- case: index on another table
-- before
CREATE TABLE t (a);
CREATE TABLE u (a);
CREATE INDEX i ON t (a);
-- after
CREATE TABLE t (a);
CREATE TABLE u (a);
CREATE INDEX i ON u (a);
-- expect
-- removed index t.i
-- added index u.i

-- case: index becomes partial
-- before
CREATE TABLE t (a, b);
CREATE INDEX i ON t (a);
-- after
CREATE TABLE t (a, b);
CREATE INDEX i ON t (a) WHERE b IS NOT NULL;
-- expect
-- changed index t.i: predicate

-- case: index name with a quote
-- before
CREATE TABLE "t""x" (a);
-- after
CREATE TABLE "t""x" (a);
CREATE INDEX "i""; --" ON "t""x" (a);
-- expect
-- added index t"x.i"; --
