-- case: autoincrement
-- before
CREATE TABLE t (a INTEGER PRIMARY KEY);
-- after
CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT);
-- expect
-- changed primary_key t.primary key: autoincrement

-- case: check
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
  a INT, b TEXT, p INT, CHECK (a > 0)
);
-- expect
-- added check things.check (a > 0)

-- case: check named
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT, CONSTRAINT ck CHECK (a > 0)
);
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT, CONSTRAINT ck CHECK (a >= 0)
);
-- expect
-- changed check things.ck: expression

-- case: check string
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT, CONSTRAINT ck CHECK (b IN ('x', 'y'))
);
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT, CONSTRAINT ck CHECK (b IN ('x', 'Y'))
);
-- expect
-- changed check things.ck: expression

-- case: foreign key
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
  a INT, b TEXT, p INT REFERENCES parents (id)
);
-- expect
-- added foreign_key things.foreign key (p)

-- case: foreign key actions
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT REFERENCES parents
);
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT REFERENCES parents ON DELETE CASCADE ON UPDATE SET NULL
);
-- expect
-- changed foreign_key things.foreign key (p): on_delete, on_update

-- case: foreign key deferred
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT REFERENCES parents
);
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT REFERENCES parents DEFERRABLE INITIALLY DEFERRED
);
-- expect
-- changed foreign_key things.foreign key (p): deferred

-- case: primary key
-- before
CREATE TABLE t (a INT NOT NULL, b INT NOT NULL);
-- after
CREATE TABLE t (a INT NOT NULL, b INT NOT NULL, PRIMARY KEY (b, a));
-- expect
-- added primary_key t.primary key

-- case: primary key descending has no rowid
-- before
CREATE TABLE t (a INTEGER PRIMARY KEY);
-- after
CREATE TABLE t (a INTEGER PRIMARY KEY DESC);
-- expect
-- changed column t.a: not_null
-- changed primary_key t.primary key: columns

-- case: primary key order
-- before
CREATE TABLE t (a INT, b INT, PRIMARY KEY (a, b));
-- after
CREATE TABLE t (a INT, b INT, PRIMARY KEY (b, a));
-- expect
-- changed primary_key t.primary key: columns

-- case: unique
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
  a INT UNIQUE, b TEXT, p INT
);
-- expect
-- added unique things.unique (a)

-- case: unique conflict
-- before
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT, UNIQUE (a)
);
-- after
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT, UNIQUE (a) ON CONFLICT REPLACE
);
-- expect
-- changed unique things.unique (a): conflict

-- case: unique named
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
  a INT, b TEXT, p INT, CONSTRAINT "uq things" UNIQUE (a, b)
);
-- expect
-- added unique things.uq things

-- case: check text of the same length
-- before
CREATE TABLE t (a CHECK (a IN ('x', 'y')));
-- after
CREATE TABLE t (a CHECK (a IN ('x', 'z')));
-- expect
-- removed check t.check (a IN ('x', 'y'))
-- added check t.check (a IN ('x', 'z'))

-- case: check gone
-- before
CREATE TABLE t (a, CONSTRAINT c CHECK (a > 0));
-- after
CREATE TABLE t (a);
-- expect
-- removed check t.c

-- case: check deep in brackets
-- before
CREATE TABLE t (a, CONSTRAINT c CHECK (((((((a + 1) * 2) + 3) * 4) + 5) * 6) > 7));
-- after
CREATE TABLE t (a, CONSTRAINT c CHECK (((((((a + 1) * 2) + 3) * 4) + 5) * 6) > 8));
-- expect
-- changed check t.c: expression

-- case: foreign key gone
-- before
CREATE TABLE p (id integer PRIMARY KEY);
CREATE TABLE t (a REFERENCES p);
-- after
CREATE TABLE p (id integer PRIMARY KEY);
CREATE TABLE t (a);
-- expect
-- removed foreign_key t.foreign key (a)

-- case: foreign key to another table
-- before
CREATE TABLE p (id integer PRIMARY KEY);
CREATE TABLE q (id integer PRIMARY KEY);
CREATE TABLE t (a, CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id));
-- after
CREATE TABLE p (id integer PRIMARY KEY);
CREATE TABLE q (id integer PRIMARY KEY);
CREATE TABLE t (a, CONSTRAINT f FOREIGN KEY (a) REFERENCES q (id));
-- expect
-- changed foreign_key t.f: references

-- case: unique conflict again
-- before
CREATE TABLE t (a, CONSTRAINT u UNIQUE (a));
-- after
CREATE TABLE t (a, CONSTRAINT u UNIQUE (a) ON CONFLICT REPLACE);
-- expect
-- changed unique t.u: conflict

-- case: primary key named and on conflict
-- before
CREATE TABLE t (a INT, b INT, PRIMARY KEY (a));
-- after
CREATE TABLE t (a INT, b INT, CONSTRAINT k PRIMARY KEY (a) ON CONFLICT REPLACE);
-- expect
-- changed primary_key t.primary key: conflict, constraint

-- case: foreign key columns and what they refer to
-- both
CREATE TABLE o (a INTEGER PRIMARY KEY, b INT UNIQUE);
-- before
CREATE TABLE t (x INT, y INT, CONSTRAINT f FOREIGN KEY (x) REFERENCES o (a));
-- after
CREATE TABLE t (x INT, y INT, CONSTRAINT f FOREIGN KEY (y) REFERENCES o (b));
-- expect
-- changed foreign_key t.f: columns, referenced
