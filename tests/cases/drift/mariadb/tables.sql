-- case: table
-- after
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- expect
-- added table t with 5 more

-- case: table with everything
-- both
CREATE TABLE o (id int PRIMARY KEY);
-- after
CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, o_id int NOT NULL, n varchar(9) NOT NULL DEFAULT 'x' COMMENT 'n', g int AS (o_id + 1) VIRTUAL, KEY n (n), UNIQUE KEY u (o_id, n), CONSTRAINT f FOREIGN KEY (o_id) REFERENCES o (id) ON DELETE CASCADE, CONSTRAINT k CHECK (o_id > 0)) COMMENT 'all of it';
-- expect
-- added table t with 9 more

-- case: table comment
-- before
CREATE TABLE t (id int) COMMENT 'old';
-- after
CREATE TABLE t (id int) COMMENT 'it''s \\ new';
-- expect
-- changed table t: comment

-- case: table engine
-- before
CREATE TABLE t (id int) ENGINE=InnoDB;
-- after
CREATE TABLE t (id int) ENGINE=Aria;
-- expect
-- changed table t: engine, row_format

-- case: table row format
-- before
CREATE TABLE t (id int);
-- after
CREATE TABLE t (id int) ROW_FORMAT=COMPACT;
-- expect
-- changed table t: row_format

-- case: table compression
-- before
CREATE TABLE t (id int) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8;
-- after
CREATE TABLE t (id int) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=4;
-- expect
-- changed table t: options

-- case: table options
-- before
CREATE TABLE t (id int) STATS_PERSISTENT=1;
-- after
CREATE TABLE t (id int) STATS_PERSISTENT=0;
-- expect
-- changed table t: options

-- case: table collation
-- before
CREATE TABLE t (id int, b varchar(9));
-- after
CREATE TABLE t (id int, b varchar(9) COLLATE utf8mb4_general_ci) COLLATE utf8mb4_bin;
-- expect
-- changed table t: collation

-- case: table converted
-- both
CREATE TABLE t (id int, b varchar(9));
-- after
ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
-- expect
-- changed column t.b: collation
-- changed table t: collation

-- case: page compression
-- before
CREATE TABLE t (id int);
-- after
CREATE TABLE t (id int) PAGE_COMPRESSED=1;
-- expect
-- changed table t: options

-- case: partitions
-- before
CREATE TABLE t (id int, d date) PARTITION BY RANGE (year(d)) (PARTITION p0 VALUES LESS THAN (2000), PARTITION p1 VALUES LESS THAN MAXVALUE);
-- after
CREATE TABLE t (id int, d date) PARTITION BY RANGE (year(d)) (PARTITION p0 VALUES LESS THAN (2010), PARTITION p1 VALUES LESS THAN MAXVALUE);
-- expect
-- changed table t: partitions

-- case: partitioning
-- before
CREATE TABLE t (id int);
-- after
CREATE TABLE t (id int) PARTITION BY HASH (id) PARTITIONS 3;
-- expect
-- changed table t: partitioned_by, partitions

-- case: partition comment
-- before
CREATE TABLE t (id int) PARTITION BY LIST (id) (PARTITION p VALUES IN (1, 2));
-- after
CREATE TABLE t (id int) PARTITION BY LIST (id) (PARTITION p VALUES IN (1, 2) COMMENT 'x');
-- expect
-- changed table t: partitions

-- case: system versioning
-- both
CREATE TABLE t (id int PRIMARY KEY, a int);
-- after
ALTER TABLE t ADD SYSTEM VERSIONING;
-- expect
-- changed table t: system_versioned

-- case: column without versioning
-- before
CREATE TABLE t (id int, a int) WITH SYSTEM VERSIONING;
-- after
CREATE TABLE t (id int, a int WITHOUT SYSTEM VERSIONING) WITH SYSTEM VERSIONING;
-- expect
-- changed column t.a: unversioned

-- case: period
-- both
CREATE TABLE t (id int, s date NOT NULL, e date NOT NULL);
-- after
ALTER TABLE t ADD PERIOD FOR p (s, e);
-- expect
-- added check t.p

-- case: odd names
-- after
CREATE TABLE `a``b.c;-- d` (`e'f"g` int, `ü` varchar(3) DEFAULT '--', KEY `k 1` (`ü`)) COMMENT '\\! echo; /* */ DELIMITER $$';
-- expect
-- added table a`b.c;-- d with 3 more

-- case: sequence
-- after
CREATE SEQUENCE s START WITH 3 INCREMENT BY 2;
-- expect
-- added sequence s

-- case: sequence parameters
-- before
CREATE SEQUENCE s MAXVALUE 1000;
-- after
CREATE SEQUENCE s MAXVALUE 1001 CYCLE CACHE 7;
-- expect
-- changed sequence s: cache, cycle, maximum

-- case: where a sequence stands is no difference
-- both
CREATE SEQUENCE s;
-- after
DO nextval(s);
-- expect

-- case: database collation
-- after
ALTER DATABASE CHARACTER SET latin1;
-- expect
-- changed database database: collation
