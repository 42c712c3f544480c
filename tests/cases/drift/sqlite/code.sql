-- case: trigger
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
CREATE TRIGGER tr AFTER INSERT ON things BEGIN UPDATE things SET a = 1; END;
-- expect
-- added trigger things.tr

-- case: trigger body
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
CREATE TRIGGER tr AFTER INSERT ON things BEGIN UPDATE things SET a = 1; END;
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
CREATE TRIGGER tr AFTER INSERT ON things WHEN new.a > 1 BEGIN UPDATE things SET a = 2; END;
-- expect
-- changed trigger things.tr: definition

-- case: view
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
CREATE VIEW v AS SELECT a FROM things;
-- expect
-- added view v

-- case: view query
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
CREATE VIEW v AS SELECT a FROM things;
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
CREATE VIEW v (x) AS SELECT a FROM things WHERE a > 1;
-- expect
-- changed view v: columns, definition

-- case: view gone
-- before
CREATE TABLE t (a);
CREATE VIEW v AS SELECT a FROM t;
-- after
CREATE TABLE t (a);
-- expect
-- removed view v

-- case: view columns
-- before
CREATE TABLE t (a);
CREATE VIEW v (x) AS SELECT a FROM t;
-- after
CREATE TABLE t (a);
CREATE VIEW v (y) AS SELECT a FROM t;
-- expect
-- changed view v: columns

-- case: trigger gone
-- before
CREATE TABLE t (a);
CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM t; END;
-- after
CREATE TABLE t (a);
-- expect
-- removed trigger t.g

-- case: trigger of the same length
-- before
CREATE TABLE t (a);
CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET a = 1; END;
-- after
CREATE TABLE t (a);
CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET a = 2; END;
-- expect
-- changed trigger t.g: definition

-- case: trigger on a view
-- before
CREATE TABLE t (a);
CREATE VIEW v AS SELECT a FROM t;
-- after
CREATE TABLE t (a);
CREATE VIEW v AS SELECT a FROM t;
CREATE TRIGGER g INSTEAD OF DELETE ON v BEGIN DELETE FROM t WHERE a = OLD.a; END;
-- expect
-- added trigger v.g

-- case: trigger condition
-- before
CREATE TABLE t (a);
CREATE TRIGGER g AFTER UPDATE OF a ON t WHEN NEW.a > 1 BEGIN DELETE FROM t; END;
-- after
CREATE TABLE t (a);
CREATE TRIGGER g AFTER UPDATE OF a ON t WHEN NEW.a > 2 BEGIN DELETE FROM t; END;
-- expect
-- changed trigger t.g: definition
