-- case: view
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
CREATE VIEW v AS SELECT id, a FROM t WHERE a > 1;
-- expect
-- added view v

-- case: view definition
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- before
CREATE VIEW v AS SELECT id, a FROM t;
-- after
CREATE VIEW v AS SELECT id, a FROM t WHERE a > 5;
-- expect
-- changed view v: definition

-- case: view check option
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- before
CREATE VIEW v AS SELECT id, a FROM t WHERE a > 1;
-- after
CREATE VIEW v AS SELECT id, a FROM t WHERE a > 1 WITH LOCAL CHECK OPTION;
-- expect
-- changed view v: check_option

-- case: view security
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- before
CREATE VIEW v AS SELECT id, a FROM t;
-- after
CREATE SQL SECURITY INVOKER VIEW v AS SELECT id, a FROM t;
-- expect
-- changed view v: security

-- case: view algorithm
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- before
CREATE VIEW v AS SELECT id, a FROM t;
-- after
CREATE ALGORITHM=TEMPTABLE VIEW v AS SELECT id, a FROM t;
-- expect
-- changed view v: algorithm

-- case: view definer
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- before
CREATE VIEW v AS SELECT id, a FROM t;
-- after
CREATE DEFINER='somebody'@'10.%' VIEW v AS SELECT id, a FROM t;
-- expect
-- changed view v: definer

-- case: view over a view
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
CREATE VIEW b AS SELECT id FROM t;
-- after
CREATE VIEW a AS SELECT id FROM b;
-- expect
-- added view a

-- case: function
-- after
CREATE FUNCTION f(x int) RETURNS int DETERMINISTIC RETURN x + 1;
-- expect
-- added function f

-- case: function body of the same length
-- before
CREATE FUNCTION f(x int) RETURNS int DETERMINISTIC RETURN x + 1;
-- after
CREATE FUNCTION f(x int) RETURNS int DETERMINISTIC RETURN x + 2;
-- expect
-- changed function f: body

-- case: function type
-- before
CREATE FUNCTION f(x int) RETURNS int DETERMINISTIC RETURN x + 1;
-- after
CREATE FUNCTION f(x int) RETURNS bigint DETERMINISTIC RETURN x + 1;
-- expect
-- changed function f: returns

-- case: function parameter
-- before
CREATE FUNCTION f(x int) RETURNS int DETERMINISTIC RETURN 1;
-- after
CREATE FUNCTION f(x bigint) RETURNS int DETERMINISTIC RETURN 1;
-- expect
-- changed function f: parameters

-- case: function determinism
-- before
CREATE FUNCTION f(x int) RETURNS int DETERMINISTIC RETURN 1;
-- after
CREATE FUNCTION f(x int) RETURNS int RETURN 1;
-- expect
-- changed function f: deterministic

-- case: function data access
-- before
CREATE FUNCTION f(x int) RETURNS int NO SQL RETURN 1;
-- after
CREATE FUNCTION f(x int) RETURNS int READS SQL DATA RETURN 1;
-- expect
-- changed function f: data_access

-- case: procedure
-- after
CREATE PROCEDURE p(IN a int) BEGIN SET @x = a; IF a > 1 THEN SET @y = 'a;b'; END IF; END;
-- expect
-- added procedure p

-- case: procedure body
-- before
CREATE PROCEDURE p(IN a int) BEGIN SET @x = a; END;
-- after
CREATE PROCEDURE p(IN a int) BEGIN SET @x = a + 1; END;
-- expect
-- changed procedure p: body

-- case: procedure mode
-- before
CREATE PROCEDURE p(IN a int) SET @x = 1;
-- after
CREATE PROCEDURE p(INOUT a int) SET @x = 1;
-- expect
-- changed procedure p: parameters

-- case: procedure security
-- before
CREATE PROCEDURE p(IN a int) SQL SECURITY DEFINER SET @x = 1;
-- after
CREATE PROCEDURE p(IN a int) SQL SECURITY INVOKER SET @x = 1;
-- expect
-- changed procedure p: security

-- case: procedure comment
-- before
CREATE PROCEDURE p(IN a int) COMMENT 'a' SET @x = 1;
-- after
CREATE PROCEDURE p(IN a int) COMMENT 'b' SET @x = 1;
-- expect
-- changed procedure p: comment

-- case: procedure mode of the session
-- before
CREATE PROCEDURE p(IN a int) SET @x = 1;
-- after
SET sql_mode = 'ANSI_QUOTES';
CREATE PROCEDURE p(IN a int) SET @x = 1;
SET sql_mode = DEFAULT;
-- expect
-- changed procedure p: sql_mode

-- case: trigger
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.a = 1; SET NEW.b = ';'; END;
-- expect
-- added trigger t.g

-- case: trigger body
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- before
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1;
-- after
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 2;
-- expect
-- changed trigger t.g: body

-- case: trigger event
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- before
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a = 1;
-- after
CREATE TRIGGER g AFTER DELETE ON t FOR EACH ROW SET @a = 1;
-- expect
-- changed trigger t.g: fires

-- case: trigger order
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1;
-- before
CREATE TRIGGER h BEFORE INSERT ON t FOR EACH ROW FOLLOWS g SET NEW.a = 2;
-- after
CREATE TRIGGER h BEFORE INSERT ON t FOR EACH ROW PRECEDES g SET NEW.a = 2;
-- expect
-- changed trigger t.g: follows
-- changed trigger t.h: follows

-- case: event
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- after
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM t; DELETE FROM t; END;
-- expect
-- added event e

-- case: event schedule
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- before
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t;
-- after
CREATE EVENT e ON SCHEDULE EVERY 2 DAY DO DELETE FROM t;
-- expect
-- changed event e: schedule

-- case: event start
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- before
CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO DELETE FROM t;
-- after
CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2031-01-01 00:00:00' DO DELETE FROM t;
-- expect
-- changed event e: starts

-- case: event end
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- before
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t;
-- after
CREATE EVENT e ON SCHEDULE EVERY 1 DAY ENDS '2031-01-01 00:00:00' DO DELETE FROM t;
-- expect
-- changed event e: ends

-- case: event once
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- before
CREATE EVENT e ON SCHEDULE AT '2030-01-01 00:00:00' DO DELETE FROM t;
-- after
CREATE EVENT e ON SCHEDULE AT '2030-01-02 00:00:00' DO DELETE FROM t;
-- expect
-- changed event e: schedule

-- case: event disabled
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO DELETE FROM t;
-- after
ALTER EVENT e DISABLE;
-- expect
-- changed event e: status

-- case: event kept
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- before
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t;
-- after
CREATE EVENT e ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE DO DELETE FROM t;
-- expect
-- changed event e: preserved

-- case: event comment
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- before
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t;
-- after
CREATE EVENT e ON SCHEDULE EVERY 1 DAY COMMENT 'x' DO DELETE FROM t;
-- expect
-- changed event e: comment

-- case: event time zone
-- both
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int, b varchar(40), c datetime);
-- before
CREATE EVENT e ON SCHEDULE AT '2030-01-01 00:00:00' DO DELETE FROM t;
-- after
SET time_zone = '+05:00';
CREATE EVENT e ON SCHEDULE AT '2030-01-01 00:00:00' DO DELETE FROM t;
SET time_zone = DEFAULT;
-- expect
-- changed event e: time_zone

-- case: function mode of the session
-- before
CREATE FUNCTION f() RETURNS int RETURN 1;
-- after
SET SESSION sql_mode = 'ANSI_QUOTES';
CREATE FUNCTION f() RETURNS int RETURN 1;
-- expect
-- changed function f: sql_mode

-- case: function comment and security
-- before
CREATE FUNCTION f() RETURNS int RETURN 1;
-- after
CREATE FUNCTION f() RETURNS int SQL SECURITY INVOKER COMMENT 'said' RETURN 1;
-- expect
-- changed function f: comment, security

-- case: trigger mode of the session
-- both
CREATE TABLE t (id int);
-- before
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a = 1;
-- after
SET SESSION sql_mode = 'ANSI_QUOTES';
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a = 1;
-- expect
-- changed trigger t.g: sql_mode

-- case: definers of code
-- both
CREATE TABLE t (id int);
-- before
CREATE PROCEDURE p() SET @a = 1;
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a = 1;
CREATE EVENT e ON SCHEDULE AT '2037-01-01 00:00:00' DO SET @a = 1;
-- after
CREATE DEFINER = 'nobody'@'%' PROCEDURE p() SET @a = 1;
CREATE DEFINER = 'nobody'@'%' TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a = 1;
CREATE DEFINER = 'nobody'@'%' EVENT e ON SCHEDULE AT '2037-01-01 00:00:00' DO SET @a = 1;
-- expect
-- changed event e: definer
-- changed procedure p: definer
-- changed trigger t.g: definer

-- case: event body and mode
-- before
CREATE EVENT e ON SCHEDULE AT '2037-01-01 00:00:00' DO SET @a = 1;
-- after
SET SESSION sql_mode = 'ANSI_QUOTES';
CREATE EVENT e ON SCHEDULE AT '2037-01-01 00:00:00' DO SET @a = 2;
-- expect
-- changed event e: body, sql_mode
