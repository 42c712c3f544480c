-- case: encoding
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
-- after
PRAGMA encoding = 'UTF-16le';
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
-- expect
-- changed database main: encoding

-- case: file pragmas
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
PRAGMA user_version = 7;
PRAGMA application_id = 99;
-- expect
-- changed database main: application_id, user_version

-- case: same altered
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  b TEXT, p INT, a INT DEFAULT 1 CHECK (a > 0)
);
CREATE VIEW v AS SELECT b FROM things;
CREATE TRIGGER tr AFTER INSERT ON things BEGIN SELECT new.b; END;
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE stuff (id INTEGER PRIMARY KEY, old TEXT, gone INT, p INT);
CREATE VIEW v AS SELECT old FROM stuff;
CREATE TRIGGER tr AFTER INSERT ON stuff FOR EACH ROW BEGIN SELECT new.old; END;
ALTER TABLE stuff DROP COLUMN gone;
ALTER TABLE stuff RENAME COLUMN old TO b;
ALTER TABLE stuff ADD COLUMN a INT DEFAULT 1 CHECK (a > 0);
ALTER TABLE stuff RENAME TO things;
-- expect

-- case: same copy and rename
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT NOT NULL, p INT, CONSTRAINT fk FOREIGN KEY (p) REFERENCES parents (id) ON DELETE CASCADE, CONSTRAINT ck CHECK (a > 0), UNIQUE (a, b)
);
CREATE INDEX ix ON things (b);
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
CREATE INDEX ix ON things (b);
CREATE TABLE _alembic_tmp_things (
	id INTEGER NOT NULL, 
	a INT, 
	b TEXT NOT NULL, 
	p INT, 
	PRIMARY KEY (id), 
	CONSTRAINT ck CHECK (a > 0), 
	UNIQUE (a, b), 
	CONSTRAINT fk FOREIGN KEY(p) REFERENCES parents (id) ON DELETE CASCADE
);
INSERT INTO _alembic_tmp_things (id, a, b, p) SELECT things.id, things.a, things.b, things.p FROM things;
DROP TABLE things;
ALTER TABLE _alembic_tmp_things RENAME TO things;
CREATE INDEX ix ON things (b);
-- expect

-- case: same other order
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
CREATE INDEX i1 ON things (a);
CREATE INDEX i2 ON things (b);
CREATE VIEW v AS SELECT 1 AS one;
-- after
CREATE VIEW "v" AS select 1 as one;
CREATE TABLE things (p INT, b TEXT, a INT, id INTEGER PRIMARY KEY);
CREATE INDEX i2 ON things (b ASC);
CREATE INDEX i1 ON things ("a");
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
-- expect

-- case: same rows differ
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT);
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT);
INSERT INTO counted DEFAULT VALUES;
INSERT INTO things VALUES (1, 2, 'x', 3);
-- expect

-- case: same spelling
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT DEFAULT 1, b TEXT DEFAULT CURRENT_TIMESTAMP CHECK (length(b) > 1 AND b IN ('x','y')), p INT CONSTRAINT fk REFERENCES parents (id) ON DELETE NO ACTION
);
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
create table [things] ( -- a comment
 "id" integer not null, `p` int, "b" text default (current_timestamp), [a] int default (1),
 /* another */ primary key ("id" ASC), check ((length ( "b" )>1 and [b] in ( 'x' , 'y' ))),
 constraint "fk" foreign key ("P") references PARENTS)
;
-- expect

-- case: strict table
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
) STRICT;
-- expect
-- changed table things: strict

-- case: table
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
-- expect
-- added table things with 5 more

-- case: virtual table
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE VIRTUAL TABLE texts USING fts5(title, body);
-- expect
-- added table texts

-- case: virtual table arguments
-- before
CREATE VIRTUAL TABLE texts USING fts5(title, body);
-- after
CREATE VIRTUAL TABLE texts USING fts5(title, body, prefix='2');
-- expect
-- changed table texts: arguments

-- case: without rowid
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
) WITHOUT ROWID;
-- expect
-- changed table things: without_rowid

-- case: table gone
-- before
CREATE TABLE t (id integer PRIMARY KEY, a text NOT NULL);
CREATE INDEX i ON t (a);
-- after
CREATE TABLE o (a);
DROP TABLE o;
-- expect
-- removed table t with 4 more

-- case: two tables
-- after
CREATE TABLE t (id integer PRIMARY KEY, a UNIQUE);
CREATE TABLE u (id integer PRIMARY KEY REFERENCES t);
CREATE INDEX i ON u (id);
CREATE TRIGGER g AFTER INSERT ON u BEGIN SELECT 1; END;
-- expect
-- added table t with 4 more
-- added table u with 5 more

-- case: file version
-- before
PRAGMA user_version = 3;
-- after
PRAGMA user_version = 4;
-- expect
-- changed database main: user_version

-- case: file application
-- after
PRAGMA application_id = 7;
-- expect
-- changed database main: application_id

-- case: table becomes a view
-- before
CREATE TABLE o (a);
CREATE TABLE t (a);
-- after
CREATE TABLE o (a);
CREATE VIEW t AS SELECT a FROM o;
-- expect
-- removed table t with 1 more
-- added view t

-- case: file vacuum
-- before
CREATE TABLE t (id INTEGER PRIMARY KEY);
-- after
PRAGMA auto_vacuum = FULL;
CREATE TABLE t (id INTEGER PRIMARY KEY);
-- expect
-- changed database main: auto_vacuum
