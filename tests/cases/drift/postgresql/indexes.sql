-- case: index
-- both
CREATE TABLE t (a int, b int);
-- after
CREATE INDEX i ON t (a);
-- expect
-- added index public.t.i

-- case: index columns in another order
-- both
CREATE TABLE t (a int, b int);
-- before
CREATE INDEX i ON t (a, b);
-- after
CREATE INDEX i ON t (b, a);
-- expect
-- changed index public.t.i: keys

-- case: index unique
-- both
CREATE TABLE t (a int, b int);
-- before
CREATE INDEX i ON t (a);
-- after
CREATE UNIQUE INDEX i ON t (a);
-- expect
-- changed index public.t.i: unique

-- case: index method
-- both
CREATE TABLE t (a int, b int);
-- before
CREATE INDEX i ON t (a);
-- after
CREATE INDEX i ON t USING hash (a);
-- expect
-- changed index public.t.i: method

-- case: index predicate
-- both
CREATE TABLE t (a int, b int);
-- before
CREATE INDEX i ON t (a) WHERE b > 0;
-- after
CREATE INDEX i ON t (a) WHERE b > 5;
-- expect
-- changed index public.t.i: where

-- case: index expression
-- both
CREATE TABLE t (a text);
-- before
CREATE INDEX i ON t (lower(a));
-- after
CREATE INDEX i ON t (upper(a));
-- expect
-- changed index public.t.i: keys

-- case: index direction
-- both
CREATE TABLE t (a int, b int);
-- before
CREATE INDEX i ON t (a, b);
-- after
CREATE INDEX i ON t (a DESC, b);
-- expect
-- changed index public.t.i: keys

-- case: index nulls
-- both
CREATE TABLE t (a int);
-- before
CREATE INDEX i ON t (a);
-- after
CREATE INDEX i ON t (a NULLS FIRST);
-- expect
-- changed index public.t.i: keys

-- case: index including
-- both
CREATE TABLE t (a int, b int);
-- before
CREATE INDEX i ON t (a);
-- after
CREATE INDEX i ON t (a) INCLUDE (b);
-- expect
-- changed index public.t.i: include

-- case: index operator class
-- both
CREATE TABLE t (a text);
-- before
CREATE INDEX i ON t (a);
-- after
CREATE INDEX i ON t (a text_pattern_ops);
-- expect
-- changed index public.t.i: keys

-- case: index collation
-- both
CREATE TABLE t (a text);
-- before
CREATE INDEX i ON t (a);
-- after
CREATE INDEX i ON t (a COLLATE "C");
-- expect
-- changed index public.t.i: keys

-- case: index with equal nulls
-- since 15
-- both
CREATE TABLE t (a int);
-- before
CREATE UNIQUE INDEX i ON t (a);
-- after
CREATE UNIQUE INDEX i ON t (a) NULLS NOT DISTINCT;
-- expect
-- changed index public.t.i: nulls_not_distinct

-- case: index options
-- both
CREATE TABLE t (a int);
-- before
CREATE INDEX i ON t (a);
-- after
CREATE INDEX i ON t (a) WITH (fillfactor = 70);
-- expect
-- changed index public.t.i: options

-- case: index invalid
-- both
CREATE TABLE t (a int);
CREATE INDEX i ON t (a);
-- after
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass;
-- expect
-- changed index public.t.i: invalid

-- case: index clustered
-- both
CREATE TABLE t (a int);
CREATE INDEX i ON t (a);
-- after
ALTER TABLE t CLUSTER ON i;
-- expect
-- changed index public.t.i: clustered

-- case: index comment
-- both
CREATE TABLE t (a int);
CREATE INDEX i ON t (a);
-- after
COMMENT ON INDEX i IS 'for the list';
-- expect
-- changed index public.t.i: comment

-- case: index statistics
-- both
CREATE TABLE t (a text);
CREATE INDEX i ON t (lower(a));
-- after
ALTER INDEX i ALTER COLUMN 1 SET STATISTICS 300;
-- expect
-- changed index public.t.i: statistics

-- case: index renamed
-- both
CREATE TABLE t (a int);
-- before
CREATE INDEX i ON t (a);
-- after
CREATE INDEX j ON t (a);
-- expect
-- removed index public.t.i
-- added index public.t.j

-- case: index of a materialized view
-- both
CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;
-- after
CREATE INDEX i ON m (a);
-- expect
-- added index public.m.i

-- case: gin index
-- both
CREATE TABLE t (doc jsonb);
-- before
CREATE INDEX i ON t USING gin (doc);
-- after
CREATE INDEX i ON t USING gin (doc jsonb_path_ops);
-- expect
-- changed index public.t.i: keys

-- case: statistics
-- both
CREATE TABLE t (a int, b int);
-- after
CREATE STATISTICS s ON a, b FROM t;
-- expect
-- added statistics public.s

-- case: statistics kinds
-- both
CREATE TABLE t (a int, b int);
-- before
CREATE STATISTICS s (ndistinct) ON a, b FROM t;
-- after
CREATE STATISTICS s (dependencies) ON a, b FROM t;
-- expect
-- changed statistics public.s: kinds

-- case: statistics columns
-- both
CREATE TABLE t (a int, b int, c int);
-- before
CREATE STATISTICS s ON a, b FROM t;
-- after
CREATE STATISTICS s ON b, c FROM t;
-- expect
-- changed statistics public.s: columns

-- case: statistics of expressions
-- both
CREATE TABLE t (a int, b int);
-- before
CREATE STATISTICS s ON a, (b + 1) FROM t;
-- after
CREATE STATISTICS s ON a, (b + 2) FROM t;
-- expect
-- changed statistics public.s: columns

-- case: statistics target
-- both
CREATE TABLE t (a int, b int);
CREATE STATISTICS s ON a, b FROM t;
-- after
ALTER STATISTICS s SET STATISTICS 300;
-- expect
-- changed statistics public.s: target

-- case: statistics comment
-- both
CREATE TABLE t (a int, b int);
CREATE STATISTICS s ON a, b FROM t;
-- after
COMMENT ON STATISTICS s IS 'they go together';
-- expect
-- changed statistics public.s: comment
