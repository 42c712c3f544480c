-- case: view
-- both
CREATE TABLE t (id int, a int);
-- after
CREATE VIEW v AS SELECT id, a FROM t WHERE a > 1;
-- expect
-- added view public.v

-- case: view definition
-- both
CREATE TABLE t (id int, a int);
-- before
CREATE VIEW v AS SELECT id, a FROM t;
-- after
CREATE VIEW v AS SELECT id, a FROM t WHERE a > 5;
-- expect
-- changed view public.v: definition

-- case: view columns
-- both
CREATE TABLE t (id int, a int);
-- before
CREATE VIEW v AS SELECT id FROM t;
-- after
CREATE VIEW v AS SELECT id, a FROM t;
-- expect
-- changed view public.v: columns, definition

-- case: view options
-- both
CREATE TABLE t (id int, a int);
CREATE VIEW v AS SELECT id, a FROM t;
-- after
ALTER VIEW v SET (security_barrier = true);
-- expect
-- changed view public.v: options

-- case: view check option
-- both
CREATE TABLE t (id int, a int);
-- before
CREATE VIEW v AS SELECT id, a FROM t WHERE a > 1;
-- after
CREATE VIEW v AS SELECT id, a FROM t WHERE a > 1 WITH LOCAL CHECK OPTION;
-- expect
-- changed view public.v: options

-- case: view default
-- both
CREATE TABLE t (id int, a int);
CREATE VIEW v AS SELECT id, a FROM t;
-- after
ALTER VIEW v ALTER COLUMN a SET DEFAULT 5;
-- expect
-- changed view public.v: columns

-- case: view comments
-- both
CREATE TABLE t (id int, a int);
CREATE VIEW v AS SELECT id, a FROM t;
-- after
COMMENT ON VIEW v IS 'what is there';
COMMENT ON COLUMN v.a IS 'how many';
-- expect
-- changed view public.v: column_comments, comment

-- case: view of a join
-- both
CREATE TABLE t (id int, a int);
CREATE TABLE u (id int, b int);
-- before
CREATE VIEW v AS SELECT t.id, u.b FROM t JOIN u ON u.id = t.id;
-- after
CREATE VIEW v AS SELECT t.id, u.b FROM t LEFT JOIN u ON u.id = t.id;
-- expect
-- changed view public.v: definition

-- case: same view of a list of rows as a restore spells it
-- before
CREATE VIEW v AS SELECT 1 AS id EXCEPT VALUES (7) INTERSECT SELECT x.a FROM (VALUES (7)) x(a) WHERE '( VALUES ' <> 'x';
-- after
DO $do$ BEGIN
  CREATE VIEW w AS SELECT 1 AS id EXCEPT VALUES (7) INTERSECT SELECT x.a FROM (VALUES (7)) x(a) WHERE '( VALUES ' <> 'x';
  EXECUTE 'CREATE VIEW v AS ' || pg_get_viewdef('w'::regclass);
  DROP VIEW w;
END $do$;
-- expect

-- case: materialized view
-- both
CREATE TABLE t (id int, a int);
-- after
CREATE MATERIALIZED VIEW m AS SELECT id FROM t;
-- expect
-- added materialized_view public.m

-- case: materialized view definition
-- both
CREATE TABLE t (id int, a int);
-- before
CREATE MATERIALIZED VIEW m AS SELECT id FROM t WHERE a > 1;
-- after
CREATE MATERIALIZED VIEW m AS SELECT id FROM t WHERE a > 2;
-- expect
-- changed materialized_view public.m: definition

-- case: materialized view not populated
-- both
CREATE TABLE t (id int);
-- before
CREATE MATERIALIZED VIEW m AS SELECT id FROM t;
-- after
CREATE MATERIALIZED VIEW m AS SELECT id FROM t WITH NO DATA;
-- expect
-- changed materialized_view public.m: unpopulated

-- case: materialized view options
-- both
CREATE TABLE t (id int);
CREATE MATERIALIZED VIEW m AS SELECT id FROM t;
-- after
ALTER MATERIALIZED VIEW m SET (fillfactor = 60);
-- expect
-- changed materialized_view public.m: options

-- case: function
-- after
CREATE FUNCTION f(a int, b int DEFAULT 2) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT a + b';
-- expect
-- added function public.f(integer, integer)

-- case: function body of the same length
-- before
CREATE FUNCTION f(a int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN a + 1; END';
-- after
CREATE FUNCTION f(a int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN a + 2; END';
-- expect
-- changed function public.f(integer): body

-- case: function of parsed text
-- before
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql RETURN a + 1;
-- after
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql RETURN a + 2;
-- expect
-- changed function public.f(integer): body

-- case: function overload
-- both
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- after
CREATE FUNCTION f(a text) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- expect
-- added function public.f(text)

-- case: function default argument
-- before
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- after
CREATE FUNCTION f(a int DEFAULT 5) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- expect
-- changed function public.f(integer): arguments

-- case: function result
-- before
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- after
CREATE FUNCTION f(a int) RETURNS bigint LANGUAGE sql AS 'SELECT 1';
-- expect
-- changed function public.f(integer): result

-- case: function language
-- before
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
-- after
CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
-- expect
-- changed function public.f(): body, language

-- case: function volatility
-- both
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
-- after
ALTER FUNCTION f() IMMUTABLE;
-- expect
-- changed function public.f(): volatility

-- case: function strict
-- both
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- after
ALTER FUNCTION f(int) STRICT;
-- expect
-- changed function public.f(integer): strict

-- case: function security
-- both
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
-- after
ALTER FUNCTION f() SECURITY DEFINER;
-- expect
-- changed function public.f(): security_definer

-- case: function settings
-- both
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
-- after
ALTER FUNCTION f() SET search_path = pg_catalog, public;
-- expect
-- changed function public.f(): settings

-- case: function cost, rows, parallel, leakproof
-- both
CREATE FUNCTION f() RETURNS SETOF int LANGUAGE sql AS 'SELECT 1';
-- after
ALTER FUNCTION f() COST 7 ROWS 9 PARALLEL SAFE LEAKPROOF;
-- expect
-- changed function public.f(): cost, leakproof, parallel, rows

-- case: function comment
-- both
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
-- after
COMMENT ON FUNCTION f() IS 'one';
-- expect
-- changed function public.f(): comment

-- case: procedure
-- after
CREATE PROCEDURE p(INOUT n int) LANGUAGE plpgsql AS 'BEGIN n := n + 1; END';
-- expect
-- added procedure public.p(integer)

-- case: procedure body
-- before
CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN COMMIT; END';
-- after
CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN ROLLBACK; END';
-- expect
-- changed procedure public.p(): body

-- case: procedure security
-- both
CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN COMMIT; END';
-- after
ALTER PROCEDURE p() SECURITY DEFINER;
-- expect
-- changed procedure public.p(): security_definer

-- case: aggregate
-- after
CREATE AGGREGATE total(numeric) (SFUNC = numeric_add, STYPE = numeric, INITCOND = '0');
-- expect
-- added aggregate public.total(numeric)

-- case: aggregate start
-- before
CREATE AGGREGATE total(numeric) (SFUNC = numeric_add, STYPE = numeric, INITCOND = '0');
-- after
CREATE AGGREGATE total(numeric) (SFUNC = numeric_add, STYPE = numeric, INITCOND = '1');
-- expect
-- changed aggregate public.total(numeric): start

-- case: trigger
-- both
CREATE TABLE t (a int);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
-- after
CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
-- expect
-- added trigger public.t.g

-- case: trigger definition
-- both
CREATE TABLE t (a int);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
-- before
CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
-- after
CREATE TRIGGER g BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (new.a > 1 AND old.a < 2) EXECUTE FUNCTION f('x');
-- expect
-- changed trigger public.t.g: definition

-- case: trigger disabled
-- both
CREATE TABLE t (a int);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
-- after
ALTER TABLE t DISABLE TRIGGER g;
-- expect
-- changed trigger public.t.g: enabled

-- case: trigger always
-- both
CREATE TABLE t (a int);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
-- before
ALTER TABLE t ENABLE REPLICA TRIGGER g;
-- after
ALTER TABLE t ENABLE ALWAYS TRIGGER g;
-- expect
-- changed trigger public.t.g: enabled

-- case: trigger of a partitioned table
-- both
CREATE TABLE t (a int) PARTITION BY LIST (a);
CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
-- after
CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
-- expect
-- added trigger public.t.g

-- case: trigger switched off on one partition
-- both
CREATE TABLE t (a int) PARTITION BY LIST (a);
CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1);
CREATE TABLE t_2 PARTITION OF t FOR VALUES IN (2);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
-- after
ALTER TABLE t_1 DISABLE TRIGGER g;
-- expect
-- added trigger public.t_1.g

-- case: trigger comment
-- both
CREATE TABLE t (a int);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE CONSTRAINT TRIGGER g AFTER UPDATE ON t DEFERRABLE FOR EACH ROW EXECUTE FUNCTION f();
-- after
COMMENT ON TRIGGER g ON t IS 'why';
-- expect
-- changed trigger public.t.g: comment

-- case: event trigger
-- both
CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
-- after
CREATE EVENT TRIGGER e ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION f();
-- expect
-- added event_trigger e

-- case: event trigger disabled
-- both
CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f();
-- after
ALTER EVENT TRIGGER e DISABLE;
-- expect
-- changed event_trigger e: enabled

-- case: rule
-- both
CREATE TABLE t (a int);
-- after
CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING;
-- expect
-- added rule public.t.r

-- case: rule definition
-- both
CREATE TABLE t (a int);
-- before
CREATE RULE r AS ON UPDATE TO t WHERE new.a > 1 DO INSTEAD NOTHING;
-- after
CREATE RULE r AS ON UPDATE TO t WHERE new.a > 2 DO INSTEAD NOTHING;
-- expect
-- changed rule public.t.r: definition

-- case: rule disabled
-- both
CREATE TABLE t (a int);
CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING;
-- after
ALTER TABLE t DISABLE RULE r;
-- expect
-- changed rule public.t.r: enabled

-- case: policy
-- both
CREATE TABLE t (a int);
-- after
CREATE POLICY p ON t FOR SELECT USING (a > 1);
-- expect
-- added policy public.t.p

-- case: policy expressions
-- both
CREATE TABLE t (a int);
-- before
CREATE POLICY p ON t USING (a > 1) WITH CHECK (a > 2);
-- after
CREATE POLICY p ON t USING (a > 3) WITH CHECK (a > 4);
-- expect
-- changed policy public.t.p: check, using

-- case: policy command
-- both
CREATE TABLE t (a int);
-- before
CREATE POLICY p ON t FOR ALL USING (a > 1);
-- after
CREATE POLICY p ON t FOR UPDATE USING (a > 1);
-- expect
-- changed policy public.t.p: command

-- case: policy roles
-- both
CREATE TABLE t (a int);
-- before
CREATE POLICY p ON t USING (a > 1);
-- after
CREATE POLICY p ON t TO pg_monitor, pg_signal_backend USING (a > 1);
-- expect
-- changed policy public.t.p: roles

-- case: policy restrictive
-- both
CREATE TABLE t (a int);
-- before
CREATE POLICY p ON t USING (a > 1);
-- after
CREATE POLICY p ON t AS RESTRICTIVE USING (a > 1);
-- expect
-- changed policy public.t.p: restrictive

-- case: views as every version writes them
-- both
CREATE TABLE t (id int, a int, "Name" text);
CREATE TABLE u (id int, b text);
CREATE SCHEMA "T";
CREATE VIEW v1 AS SELECT x.id, x."Name", 't.a' AS said FROM t x WHERE x.a > 1 AND x.a < 9;
CREATE VIEW v2 AS SELECT t.id FROM t WHERE EXISTS (SELECT u.id FROM u WHERE u.id = t.id) ORDER BY t.a;
CREATE VIEW v3 AS SELECT t.id FROM t UNION SELECT u.id FROM u;
CREATE VIEW v4 AS WITH w AS (SELECT t.id, t.a FROM t) SELECT w.id, (SELECT max(u.id) FROM u WHERE u.id < w.a) AS m FROM w;
CREATE VIEW v5 AS SELECT t.id, u.b FROM t, u WHERE t.id = u.id;
CREATE VIEW v6 AS SELECT s.id, count(*) AS n FROM (SELECT t.id FROM t) s GROUP BY s.id HAVING count(*) > 1;
CREATE VIEW v7 AS SELECT "T".id, "T"."Name" FROM t "T";
CREATE VIEW v8 AS SELECT t.id, row_number() OVER (PARTITION BY t.a ORDER BY t.id) AS n FROM ONLY t;
CREATE VIEW v9 AS SELECT g.g FROM generate_series(1, 3) g(g);
-- after
COMMENT ON VIEW v1 IS 'seen';
-- expect
-- changed view public.v1: comment

-- case: aggregate state and final function
-- before
CREATE AGGREGATE a (int) (SFUNC = int4pl, STYPE = int);
-- after
CREATE AGGREGATE a (int) (SFUNC = int4_avg_accum, STYPE = bigint[], FINALFUNC = int8_avg, INITCOND = '{0,0}');
-- expect
-- changed aggregate public.a(integer): final, result, start, state, step

-- case: aggregate sort operator
-- before
CREATE AGGREGATE a (int) (SFUNC = int4larger, STYPE = int);
-- after
CREATE AGGREGATE a (int) (SFUNC = int4larger, STYPE = int, SORTOP = >, COMBINEFUNC = int4larger);
-- expect
-- changed aggregate public.a(integer): combine, sort

-- case: function to window function
-- before
CREATE FUNCTION f() RETURNS bigint LANGUAGE internal AS 'window_row_number';
-- after
CREATE FUNCTION f() RETURNS bigint LANGUAGE internal WINDOW AS 'window_row_number';
-- expect
-- changed function public.f(): window

-- case: event trigger function and tags
-- both
CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION g() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
-- before
CREATE EVENT TRIGGER e ON ddl_command_end WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION f();
-- after
CREATE EVENT TRIGGER e ON ddl_command_start WHEN TAG IN ('DROP TABLE', 'CREATE TABLE') EXECUTE FUNCTION g();
-- expect
-- changed event_trigger e: event, function, tags

-- case: procedure comment
-- both
CREATE PROCEDURE p() LANGUAGE sql AS '';
-- after
COMMENT ON PROCEDURE p() IS 'said';
-- expect
-- changed procedure public.p(): comment

-- case: policy comment
-- both
CREATE TABLE t (id int);
CREATE POLICY p ON t USING (true);
-- after
COMMENT ON POLICY p ON t IS 'said';
-- expect
-- changed policy public.t.p: comment

-- case: rule comment
-- both
CREATE TABLE t (id int);
CREATE RULE r AS ON DELETE TO t DO NOTHING;
-- after
COMMENT ON RULE r ON t IS 'said';
-- expect
-- changed rule public.t.r: comment

-- case: materialized view comment
-- both
CREATE MATERIALIZED VIEW m AS SELECT 1 AS id;
-- after
COMMENT ON MATERIALIZED VIEW m IS 'said';
-- expect
-- changed materialized_view public.m: comment
