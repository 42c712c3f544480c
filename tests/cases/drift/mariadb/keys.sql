-- case: primary key
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (id, a);
-- expect
-- changed column t.a: not_null
-- changed primary_key t.PRIMARY: columns

-- case: no primary key
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t DROP PRIMARY KEY;
-- expect
-- removed primary_key t.PRIMARY

-- case: index
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t ADD INDEX i (a);
-- expect
-- added index t.i

-- case: index on two columns
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t ADD INDEX i (a, b);
-- expect
-- added index t.i

-- case: index order
-- both
CREATE TABLE t (a int, b int);
-- before
ALTER TABLE t ADD INDEX i (a, b);
-- after
ALTER TABLE t ADD INDEX i (b, a);
-- expect
-- changed index t.i: columns

-- case: index direction
-- since 1008
-- both
CREATE TABLE t (a int, b int);
-- before
ALTER TABLE t ADD INDEX i (a);
-- after
ALTER TABLE t ADD INDEX i (a DESC);
-- expect
-- changed index t.i: columns

-- case: index prefix
-- both
CREATE TABLE t (b varchar(40));
-- before
ALTER TABLE t ADD INDEX i (b(10));
-- after
ALTER TABLE t ADD INDEX i (b(12));
-- expect
-- changed index t.i: columns

-- case: index unique
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- before
ALTER TABLE t ADD INDEX i (a);
-- after
ALTER TABLE t ADD UNIQUE INDEX i (a);
-- expect
-- changed index t.i: unique

-- case: unique constraint
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t ADD CONSTRAINT u UNIQUE (a);
-- expect
-- added index t.u

-- case: index comment
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- before
ALTER TABLE t ADD INDEX i (a);
-- after
ALTER TABLE t ADD INDEX i (a) COMMENT 'why';
-- expect
-- changed index t.i: comment

-- case: index ignored
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- before
ALTER TABLE t ADD INDEX i (a);
-- after
ALTER TABLE t ADD INDEX i (a) IGNORED;
-- expect
-- changed index t.i: ignored

-- case: fulltext index
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t ADD FULLTEXT INDEX i (b);
-- expect
-- added index t.i

-- case: spatial index
-- both
CREATE TABLE t (p point NOT NULL);
-- after
ALTER TABLE t ADD SPATIAL INDEX i (p);
-- expect
-- added index t.i

-- case: hash index
-- both
CREATE TABLE t (a int) ENGINE=MEMORY;
-- before
ALTER TABLE t ADD INDEX i (a) USING BTREE;
-- after
ALTER TABLE t ADD INDEX i (a) USING HASH;
-- expect
-- changed index t.i: method

-- case: long unique key
-- both
CREATE TABLE t (b text);
-- after
ALTER TABLE t ADD UNIQUE INDEX i (b);
-- expect
-- added index t.i

-- case: check
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0);
-- expect
-- added check t.k

-- case: check expression
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- before
ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0);
-- after
ALTER TABLE t ADD CONSTRAINT k CHECK (a > 1);
-- expect
-- changed check t.k: expression

-- case: check without a name
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t ADD CHECK (a in (1, 2) and b <> 'x;y');
-- expect
-- added check t.CONSTRAINT_1

-- case: check of a column
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t MODIFY a int CHECK (a > 3);
-- expect
-- added check t.a

-- case: foreign key
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
CREATE TABLE u (t_id int, KEY t_id (t_id));
-- after
ALTER TABLE u ADD CONSTRAINT f FOREIGN KEY (t_id) REFERENCES t (id);
-- expect
-- added foreign_key u.f

-- case: foreign key with its index
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
CREATE TABLE u (t_id int);
-- after
ALTER TABLE u ADD CONSTRAINT f FOREIGN KEY (t_id) REFERENCES t (id);
-- expect
-- added foreign_key u.f
-- added index u.f

-- case: foreign key on delete
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- before
CREATE TABLE u (t_id int, CONSTRAINT f FOREIGN KEY (t_id) REFERENCES t (id));
-- after
CREATE TABLE u (t_id int, CONSTRAINT f FOREIGN KEY (t_id) REFERENCES t (id) ON DELETE CASCADE);
-- expect
-- changed foreign_key u.f: on_delete

-- case: foreign key on update
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- before
CREATE TABLE u (t_id int, CONSTRAINT f FOREIGN KEY (t_id) REFERENCES t (id));
-- after
CREATE TABLE u (t_id int, CONSTRAINT f FOREIGN KEY (t_id) REFERENCES t (id) ON UPDATE SET NULL);
-- expect
-- changed foreign_key u.f: on_update

-- case: restrict and no action are one
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- before
CREATE TABLE u (t_id int, CONSTRAINT f FOREIGN KEY (t_id) REFERENCES t (id) ON DELETE RESTRICT);
-- after
CREATE TABLE u (t_id int, CONSTRAINT f FOREIGN KEY (t_id) REFERENCES t (id) ON DELETE NO ACTION);
-- expect

-- case: foreign key elsewhere
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
CREATE TABLE v (id int PRIMARY KEY);
-- before
CREATE TABLE u (t_id int, CONSTRAINT f FOREIGN KEY (t_id) REFERENCES t (id));
-- after
CREATE TABLE u (t_id int, CONSTRAINT f FOREIGN KEY (t_id) REFERENCES v (id));
-- expect
-- changed foreign_key u.f: references

-- case: foreign key columns and what they refer to
-- both
CREATE TABLE o (a int PRIMARY KEY, b int UNIQUE);
-- before
CREATE TABLE t (x int, y int, KEY x (x), KEY y (y), CONSTRAINT f FOREIGN KEY (x) REFERENCES o (a));
-- after
CREATE TABLE t (x int, y int, KEY x (x), KEY y (y), CONSTRAINT f FOREIGN KEY (y) REFERENCES o (b));
-- expect
-- changed foreign_key t.f: columns, referenced_columns
