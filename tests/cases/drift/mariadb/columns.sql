-- case: column
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t ADD COLUMN d int;
-- expect
-- added column t.d

-- case: column in the middle
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t ADD COLUMN d int AFTER id;
-- expect
-- added column t.d

-- case: required column with a default
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t ADD COLUMN d int NOT NULL DEFAULT 7;
-- expect
-- added column t.d

-- case: column type
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t MODIFY a bigint;
-- expect
-- changed column t.a: type

-- case: column sign
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t MODIFY a int unsigned;
-- expect
-- changed column t.a: type

-- case: column length
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t MODIFY b varchar(41);
-- expect
-- changed column t.b: type

-- case: column precision
-- both
CREATE TABLE t (id int, d decimal(12,4));
-- after
ALTER TABLE t MODIFY d decimal(13,4);
-- expect
-- changed column t.d: type

-- case: column scale of moments
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t MODIFY c datetime(3);
-- expect
-- changed column t.c: type

-- case: display width is no difference
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t MODIFY a int(5);
-- expect

-- case: zerofill
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t MODIFY a int(5) zerofill;
-- expect
-- changed column t.a: type

-- case: column null
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t MODIFY a int NOT NULL;
-- expect
-- changed column t.a: not_null

-- case: column default
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t ALTER a SET DEFAULT 5;
-- expect
-- changed column t.a: default

-- case: column default text
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t ALTER b SET DEFAULT 'it''s a \\ ; thing';
-- expect
-- changed column t.b: default

-- case: column default null is none
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t ALTER a SET DEFAULT NULL;
-- expect

-- case: column default expression
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t ALTER b SET DEFAULT (concat('a', 1));
-- expect
-- changed column t.b: default

-- case: column default moment
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t ALTER c SET DEFAULT current_timestamp;
-- expect
-- changed column t.c: default

-- case: column on update
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t MODIFY c datetime ON UPDATE current_timestamp;
-- expect
-- changed column t.c: on_update

-- case: column collation
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t MODIFY b varchar(40) COLLATE utf8mb4_bin;
-- expect
-- changed column t.b: collation

-- case: column character set
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t MODIFY b varchar(40) CHARACTER SET latin1;
-- expect
-- changed column t.b: collation

-- case: column comment
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t MODIFY a int COMMENT 'what it is: it''s; `odd`';
-- expect
-- changed column t.a: comment

-- case: auto increment
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t MODIFY id int NOT NULL AUTO_INCREMENT;
-- expect
-- changed column t.id: auto_increment

-- case: where auto increment stands is no difference
-- both
CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY);
-- after
ALTER TABLE t AUTO_INCREMENT = 5000;
-- expect

-- case: generated column
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t ADD COLUMN g int GENERATED ALWAYS AS (a + 1) VIRTUAL;
-- expect
-- added column t.g

-- case: generated expression
-- both
CREATE TABLE t (a int);
-- before
ALTER TABLE t ADD g int AS (a + 1) PERSISTENT;
-- after
ALTER TABLE t ADD g int AS (a + 2) PERSISTENT;
-- expect
-- changed column t.g: generated

-- case: generated kind
-- both
CREATE TABLE t (a int);
-- before
ALTER TABLE t ADD g int AS (a + 1) PERSISTENT;
-- after
ALTER TABLE t ADD g int AS (a + 1) VIRTUAL;
-- expect
-- changed column t.g: generated

-- case: invisible column
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t MODIFY a int INVISIBLE;
-- expect
-- changed column t.a: invisible

-- case: enum label in the middle
-- before
CREATE TABLE t (e enum('a','b'));
-- after
CREATE TABLE t (e enum('a','z','b'));
-- expect
-- changed column t.e: type

-- case: enum label of the same length
-- before
CREATE TABLE t (e enum('a','b'));
-- after
CREATE TABLE t (e enum('a','c'));
-- expect
-- changed column t.e: type

-- case: set label
-- before
CREATE TABLE t (e set('a','b'));
-- after
CREATE TABLE t (e set('a','b','it''s odd'));
-- expect
-- changed column t.e: type

-- case: json column
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t ADD COLUMN j json;
-- expect
-- added column t.j

-- case: text that becomes json
-- before
CREATE TABLE t (j longtext COLLATE utf8mb4_bin);
-- after
CREATE TABLE t (j json);
-- expect
-- changed column t.j: collation, type

-- case: bit default
-- before
CREATE TABLE t (j bit(3) DEFAULT b'101');
-- after
CREATE TABLE t (j bit(3) DEFAULT b'111');
-- expect
-- changed column t.j: default

-- case: compressed column
-- before
CREATE TABLE t (j text);
-- after
CREATE TABLE t (j text COMPRESSED);
-- expect
-- changed column t.j: type

-- case: uuid and inet
-- since 1010
-- before
CREATE TABLE t (u uuid, i inet6);
-- after
CREATE TABLE t (u uuid DEFAULT uuid(), i inet4);
-- expect
-- changed column t.i: type
-- changed column t.u: default

-- case: a renamed column is one that goes and one that comes
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
ALTER TABLE t CHANGE a aa int;
-- expect
-- removed column t.a
-- added column t.aa
