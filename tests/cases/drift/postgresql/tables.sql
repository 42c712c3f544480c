-- case: schema
-- after
CREATE SCHEMA extra;
-- expect
-- added schema extra

-- case: schema comment
-- both
CREATE SCHEMA extra;
-- after
COMMENT ON SCHEMA extra IS 'more';
-- expect
-- changed schema extra: comment

-- case: table
-- after
CREATE TABLE t (id int PRIMARY KEY, note text DEFAULT 'x' NOT NULL, amount numeric(10, 2) CHECK (amount > 0));
CREATE INDEX t_note ON t (note);
COMMENT ON COLUMN t.note IS 'free';
-- expect
-- added table public.t with 6 more

-- case: table with a serial column
-- after
CREATE TABLE t (id serial PRIMARY KEY);
-- expect
-- added table public.t with 3 more

-- case: table comment
-- both
CREATE TABLE t (id int);
-- before
COMMENT ON TABLE t IS 'one';
-- after
COMMENT ON TABLE t IS 'two';
-- expect
-- changed table public.t: comment

-- case: table renamed
-- before
CREATE TABLE t (id int, note text);
-- after
CREATE TABLE u (id int, note text);
-- expect
-- removed table public.t with 2 more
-- added table public.u with 2 more

-- case: table unlogged
-- both
CREATE TABLE t (id int);
-- after
ALTER TABLE t SET UNLOGGED;
-- expect
-- changed table public.t: unlogged

-- case: table storage options
-- both
CREATE TABLE t (id int, body text);
-- before
ALTER TABLE t SET (fillfactor = 90, autovacuum_enabled = off);
-- after
ALTER TABLE t SET (fillfactor = 70, toast.autovacuum_enabled = off);
-- expect
-- changed table public.t: options

-- case: storage options of what only a lost column needed
-- before
CREATE TABLE t (id int) WITH (toast.autovacuum_enabled = off);
-- after
CREATE TABLE t (id int, gone text) WITH (toast.autovacuum_enabled = off);
ALTER TABLE t DROP COLUMN gone;
-- expect

-- case: row security enabled
-- both
CREATE TABLE t (id int);
-- after
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
-- expect
-- changed table public.t: row_security

-- case: row security forced
-- both
CREATE TABLE t (id int);
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
-- after
ALTER TABLE t FORCE ROW LEVEL SECURITY;
-- expect
-- changed table public.t: row_security_forced

-- case: replica identity full
-- both
CREATE TABLE t (id int PRIMARY KEY);
-- after
ALTER TABLE t REPLICA IDENTITY FULL;
-- expect
-- changed table public.t: replica_identity

-- case: replica identity by index
-- both
CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL);
CREATE UNIQUE INDEX t_code ON t (code);
-- after
ALTER TABLE t REPLICA IDENTITY USING INDEX t_code;
-- expect
-- changed index public.t.t_code: replica_identity
-- changed table public.t: replica_identity

-- case: table inherits
-- both
CREATE TABLE parent (id int);
CREATE TABLE child (id int);
-- after
ALTER TABLE child INHERIT parent;
-- expect
-- changed column public.child.id: inherited
-- changed table public.child: inherits

-- case: table of a type
-- both
CREATE TYPE shape AS (id int);
CREATE TABLE t (id int);
-- after
ALTER TABLE t OF shape;
-- expect
-- changed table public.t: of_type

-- case: table of another access method
-- both
CREATE ACCESS METHOD pile TYPE TABLE HANDLER heap_tableam_handler;
-- before
CREATE TABLE t (id int);
-- after
CREATE TABLE t (id int) USING pile;
-- expect
-- changed table public.t: access_method

-- case: partitioned table
-- after
CREATE TABLE t (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE t_2026 PARTITION OF t FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
-- expect
-- added table public.t with 2 more
-- added table public.t_2026 with 2 more

-- case: partition key
-- before
CREATE TABLE t (id int, at date) PARTITION BY RANGE (at);
-- after
CREATE TABLE t (id int, at date) PARTITION BY LIST (at);
-- expect
-- changed table public.t: partitioned_by

-- case: partition attached
-- both
CREATE TABLE t (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE t_2026 (id int, at date);
-- after
ALTER TABLE t ATTACH PARTITION t_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
-- expect
-- changed column public.t_2026.at: inherited
-- changed column public.t_2026.id: inherited
-- changed table public.t_2026: bound, partition_of

-- case: partition bounds
-- both
CREATE TABLE t (id int, at date) PARTITION BY RANGE (at);
-- before
CREATE TABLE t_2026 PARTITION OF t FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
-- after
CREATE TABLE t_2026 PARTITION OF t FOR VALUES FROM ('2026-01-01') TO ('2028-01-01');
-- expect
-- changed table public.t_2026: bound

-- case: default partition
-- both
CREATE TABLE t (id int, at date) PARTITION BY RANGE (at);
-- after
CREATE TABLE t_rest PARTITION OF t DEFAULT;
-- expect
-- added table public.t_rest with 2 more

-- case: same whatever the order of creation
-- before
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int PRIMARY KEY, x int, y int);
CREATE INDEX b_x ON b (x);
CREATE INDEX b_y ON b (y);
-- after
CREATE TABLE b (gone int, x int, id int PRIMARY KEY, y int);
CREATE INDEX b_y ON b (y);
CREATE INDEX b_x ON b (x);
ALTER TABLE b DROP COLUMN gone;
CREATE TABLE a (id int PRIMARY KEY);
-- expect

-- case: names that need quotes
-- both
CREATE TABLE "Order" (id int, "select" text);
-- before
ALTER TABLE "Order" ADD COLUMN "a ""quoted"" name" int;
-- after
COMMENT ON COLUMN "Order"."select" IS 'it''s "here"';
-- expect
-- removed column public.Order.a "quoted" name
-- changed column public.Order.select: comment
