"""Types, expressions and texts of which MariaDB schemas by chance are made."""

# Each type with a default that fits, and whether an index can hold it whole.
TYPES = (
    ("int", "7", True),
    ("int(9) unsigned zerofill", "12", True),
    ("bigint unsigned", "18446744073709551615", True),
    ("smallint", "-3", True),
    ("tinyint(1)", "true", True),
    ("decimal(9,3)", "-2.50", True),
    ("double", "1e10", True),
    ("float", "0.1", True),
    ("bit(5)", "b'101'", True),
    ("varchar(20)", "'it''s'", True),
    ("varchar(30) CHARACTER SET latin1", "'é'", True),
    ("char(5) COLLATE utf8mb4_bin", "' -- '", True),
    ("text", "'long'", False),
    ("mediumtext CHARACTER SET utf8mb3", "NULL", False),
    ("varbinary(16)", "'\\0a'", True),
    ("blob", "'b'", False),
    ("json", "'{\"a\": [1]}'", False),
    ("date", "'2020-02-29'", True),
    ("datetime(3)", "current_timestamp(3)", True),
    ("timestamp NULL", "current_timestamp()", True),
    ("time(2)", "'10:11:12.5'", True),
    ("year", "2020", True),
    ("enum('a','it''s','c,d','é')", "'it''s'", True),
    ("set('x','y z')", "'x,y z'", True),
    ("uuid", "uuid()", True),
    ("inet6", "'::1'", True),
    ("point", "NULL", False),
    ("int", "(1 + 2 * 3)", True),
    ("varchar(50)", "concat('a', lower('B'), char(10))", True),
    ("varchar(9)", "(case when 1 in (1, 2) then 'x' else NULL end)", True),
)
CONDITIONS = (
    "{0} > 3",
    "{0} in (1, 2, 'three') or {1} is null",
    "{0} not in ('a', 'b') and not ({1} = 4)",
    "{0} between 1 and 9 xor {1} <> 2",
    "char_length({0}) >= 1 and {0} not like 'a\\_%' escape '|'",
    "({0}, {1}) <> (1, 2)",
    "case {0} when 1 then {1} else 0 end <> 5",
    "cast({0} as char(9)) regexp '^[a-z]+$'",
    "coalesce({0}, {1}, 'it''s -- not') <=> ''",
    "{0} & 3 | 4 << 1 > -{1} div 2",
    "json_valid({0}) or {1} mod 2 = 0",
    "if({0} is true, 'a\\\\b', \"c\"\"d\") = concat(_latin1'x', n'y')",
    "{0} <> 'a.`b`.c' and {1} <> 'line\\nbreak'",
    "date_add(date '2020-01-01', interval 1 day) > {0}",
)
TABLE_OPTIONS = (
    "",
    "",
    "ROW_FORMAT=COMPACT",
    "ENGINE=Aria",
    "ENGINE=MyISAM",
    "ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8",
    "COLLATE utf8mb4_bin",
    "CHARACTER SET latin1",
    "STATS_PERSISTENT=1 STATS_SAMPLE_PAGES=5",
    "WITH SYSTEM VERSIONING",
    "PAGE_COMPRESSED=1",
    "CHECKSUM=1 AVG_ROW_LENGTH=99",
    "ENGINE=MEMORY",
)
PARTITIONS = (
    "PARTITION BY HASH (id) PARTITIONS 3",
    "PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (9) COMMENT 'it''s', PARTITION `b c` VALUES LESS THAN MAXVALUE)",
    "PARTITION BY LIST (id % 3) (PARTITION p0 VALUES IN (0, 1), PARTITION p1 VALUES IN (2))",
    "PARTITION BY KEY (id) PARTITIONS 2",
    "PARTITION BY RANGE (id) SUBPARTITION BY HASH (id) SUBPARTITIONS 2 (PARTITION a VALUES LESS THAN (9), PARTITION b VALUES LESS THAN (99))",
)
QUERIES = (
    "SELECT z.{c} AS one, count(*) AS n FROM {t} AS z GROUP BY z.{c} WITH ROLLUP HAVING count(*) > 1",
    'SELECT a.id, b.{d} AS `it\'s "b"` FROM {t} a LEFT JOIN {u} b ON a.id = b.id AND b.id > 1 ORDER BY 1 DESC LIMIT 3',
    "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 9) SELECT x FROM n",
    "SELECT id, row_number() OVER (PARTITION BY {c} ORDER BY id) AS r FROM {t}",
    "SELECT id FROM {t} WHERE EXISTS (SELECT 1 FROM {u} o WHERE o.id = {t}.id) UNION SELECT 5",
    "SELECT DISTINCT if(id > 1, 'a\\\\b''c', {c}) AS v FROM {t}",
    "SELECT id FROM {t} WHERE id BETWEEN 1 AND 9 WITH LOCAL CHECK OPTION",
    "SELECT id + 0 AS n, 'a;b -- c' AS txt, cast(id AS char) AS ch FROM {t} WHERE id IN (SELECT max(id) FROM {u})",
)
BODIES = (
    "BEGIN DECLARE x int DEFAULT 1; SET x = x + 1; SET @y = 'it''s'; END",
    "SET @z = 1",
    'BEGIN IF 1 THEN SET @a = "b;"; ELSE SET @a = 2; END IF; END',
)
# The stock client leaves out comments, and takes the end of one for the end of its own.
COMMENTED = (
    "BEGIN DECLARE x int DEFAULT 1; -- said; END\n SET @y = 'it''s'; END",
    "BEGIN SET @a = 1; /* done; */ # END\n END",
)
WRITING = (
    "INSERT INTO {u} (id) VALUES (1)",
    "BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN END; UPDATE {u} SET id = id + 1 WHERE id = 1; END",
)
FIRES = tuple(f"{time} {event}" for time in ("BEFORE", "AFTER") for event in ("INSERT", "UPDATE", "DELETE"))
ACTIONS = ("", "ON DELETE CASCADE", "ON UPDATE CASCADE ON DELETE SET NULL", "ON DELETE RESTRICT", "ON UPDATE NO ACTION")
MODES = ("", "ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "STRICT_ALL_TABLES,PIPES_AS_CONCAT")
