-- case: publication
-- both
CREATE TABLE t (id int PRIMARY KEY, a int);
-- after
CREATE PUBLICATION p FOR TABLE t;
-- expect
-- added publication p

-- case: publication of everything
-- before
CREATE PUBLICATION p;
-- after
CREATE PUBLICATION p FOR ALL TABLES;
-- expect
-- changed publication p: all_tables

-- case: publication tables
-- both
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE TABLE u (id int PRIMARY KEY);
CREATE PUBLICATION p FOR TABLE t;
-- after
ALTER PUBLICATION p ADD TABLE u;
-- expect
-- changed publication p: tables

-- case: publication columns and rows
-- since 15
-- both
CREATE TABLE t (id int PRIMARY KEY, a int);
-- before
CREATE PUBLICATION p FOR TABLE t;
-- after
CREATE PUBLICATION p FOR TABLE t (id) WHERE (id > 5 AND id < 9);
-- expect
-- changed publication p: tables

-- case: publication schemas
-- since 15
-- both
CREATE SCHEMA s;
CREATE PUBLICATION p;
-- after
ALTER PUBLICATION p ADD TABLES IN SCHEMA s;
-- expect
-- changed publication p: schemas

-- case: publication operations
-- both
CREATE PUBLICATION p;
-- after
ALTER PUBLICATION p SET (publish = 'insert, update', publish_via_partition_root = true);
-- expect
-- changed publication p: operations, via_root

-- case: publication comment
-- both
CREATE PUBLICATION p;
-- after
COMMENT ON PUBLICATION p IS 'for the lake';
-- expect
-- changed publication p: comment

-- case: subscription
-- after
CREATE SUBSCRIPTION s CONNECTION 'host=there password=sesame-one' PUBLICATION p WITH (connect = false, slot_name = NONE, create_slot = false, enabled = false);
-- expect
-- added subscription s

-- case: subscription connection
-- both
CREATE SUBSCRIPTION s CONNECTION 'host=there password=sesame-one' PUBLICATION p WITH (connect = false, slot_name = NONE, create_slot = false, enabled = false);
-- after
ALTER SUBSCRIPTION s CONNECTION 'host=there password=sesame-two';
-- expect
-- changed subscription s: connection

-- case: subscription publications
-- both
CREATE SUBSCRIPTION s CONNECTION 'host=there password=sesame-one' PUBLICATION p WITH (connect = false, slot_name = NONE, create_slot = false, enabled = false);
-- after
ALTER SUBSCRIPTION s SET PUBLICATION q, p WITH (refresh = false);
-- expect
-- changed subscription s: publications

-- case: subscription options
-- both
CREATE SUBSCRIPTION s CONNECTION 'host=there password=sesame-one' PUBLICATION p WITH (connect = false, slot_name = NONE, create_slot = false, enabled = false);
-- after
ALTER SUBSCRIPTION s SET (synchronous_commit = local, binary = true);
-- expect
-- changed subscription s: binary, synchronous_commit

-- case: foreign data wrapper
-- after
CREATE FOREIGN DATA WRAPPER w;
-- expect
-- added foreign_data_wrapper w

-- case: foreign data wrapper options
-- both
CREATE FOREIGN DATA WRAPPER w OPTIONS (debug 'off');
-- after
ALTER FOREIGN DATA WRAPPER w OPTIONS (SET debug 'on');
-- expect
-- changed foreign_data_wrapper w: foreign_options

-- case: foreign server
-- both
CREATE FOREIGN DATA WRAPPER w;
-- after
CREATE SERVER s TYPE 'shop' VERSION '1' FOREIGN DATA WRAPPER w OPTIONS (host 'there');
-- expect
-- added foreign_server s

-- case: foreign server version
-- both
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s VERSION '1' FOREIGN DATA WRAPPER w;
-- after
ALTER SERVER s VERSION '2';
-- expect
-- changed foreign_server s: version

-- case: foreign server options
-- both
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (host 'sesame-one');
-- after
ALTER SERVER s OPTIONS (SET host 'sesame-two');
-- expect
-- changed foreign_server s: foreign_options

-- case: foreign server comment
-- both
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s FOREIGN DATA WRAPPER w;
-- after
COMMENT ON SERVER s IS 'theirs';
-- expect
-- changed foreign_server s: comment

-- case: user mapping
-- both
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s FOREIGN DATA WRAPPER w;
-- after
CREATE USER MAPPING FOR public SERVER s OPTIONS (password 'sesame-one');
-- expect
-- added user_mapping s.public

-- case: user mapping password
-- both
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s FOREIGN DATA WRAPPER w;
CREATE USER MAPPING FOR public SERVER s OPTIONS (password 'sesame-one');
-- after
ALTER USER MAPPING FOR public SERVER s OPTIONS (SET password 'sesame-two');
-- expect
-- changed user_mapping s.public: foreign_options

-- case: foreign table
-- both
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s FOREIGN DATA WRAPPER w;
-- after
CREATE FOREIGN TABLE t (id int NOT NULL, a text OPTIONS (name 'b')) SERVER s OPTIONS (path 'x');
-- expect
-- added foreign_table public.t with 2 more

-- case: foreign table options
-- both
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s FOREIGN DATA WRAPPER w;
CREATE FOREIGN TABLE t (id int) SERVER s OPTIONS (path 'sesame-one');
-- after
ALTER FOREIGN TABLE t OPTIONS (SET path 'sesame-two');
-- expect
-- changed foreign_table public.t: foreign_options

-- case: foreign table server
-- both
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s FOREIGN DATA WRAPPER w;
CREATE SERVER r FOREIGN DATA WRAPPER w;
-- before
CREATE FOREIGN TABLE t (id int) SERVER s;
-- after
CREATE FOREIGN TABLE t (id int) SERVER r;
-- expect
-- changed foreign_table public.t: server

-- case: foreign table column
-- both
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s FOREIGN DATA WRAPPER w;
CREATE FOREIGN TABLE t (id int) SERVER s;
-- after
ALTER FOREIGN TABLE t ALTER COLUMN id OPTIONS (ADD name 'sesame-one');
-- expect
-- changed column public.t.id: foreign_options

-- case: foreign table check
-- both
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s FOREIGN DATA WRAPPER w;
CREATE FOREIGN TABLE t (id int) SERVER s;
-- after
ALTER FOREIGN TABLE t ADD CONSTRAINT t_id_check CHECK (id > 0);
-- expect
-- added check public.t.t_id_check

-- case: password in a body
-- before
CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT 'host=there password=sesame-one' $$;
-- after
CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT 'host=there password=sesame-two' $$;
-- expect
-- changed function public.f(): body

-- case: password in a default
-- both
CREATE TABLE t (a text);
-- before
ALTER TABLE t ALTER COLUMN a SET DEFAULT 'postgresql://u:sesame-one@there/d';
-- after
ALTER TABLE t ALTER COLUMN a SET DEFAULT 'postgresql://u:sesame-two@there/d';
-- expect
-- changed column public.t.a: default

-- case: password in a comment
-- both
CREATE TABLE t (a text);
-- before
COMMENT ON TABLE t IS 'postgresql://u:sesame-one@there/d';
-- after
COMMENT ON TABLE t IS 'postgresql://u:sesame-two@there/d';
-- expect
-- changed table public.t: comment

-- case: foreign data wrapper functions
-- before
CREATE FOREIGN DATA WRAPPER w;
-- after
CREATE FOREIGN DATA WRAPPER w VALIDATOR postgresql_fdw_validator;
-- expect
-- changed foreign_data_wrapper w: validator

-- case: foreign server type and wrapper
-- both
CREATE FOREIGN DATA WRAPPER w;
CREATE FOREIGN DATA WRAPPER x;
-- before
CREATE SERVER s TYPE 'a' FOREIGN DATA WRAPPER w;
-- after
CREATE SERVER s TYPE 'b' FOREIGN DATA WRAPPER x;
-- expect
-- changed foreign_server s: type, wrapper

-- case: foreign data wrapper comment
-- both
CREATE FOREIGN DATA WRAPPER w;
-- after
COMMENT ON FOREIGN DATA WRAPPER w IS 'said';
-- expect
-- changed foreign_data_wrapper w: comment

-- case: subscription disabled with a slot of another name
-- before
CREATE SUBSCRIPTION s CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = a);
-- after
CREATE SUBSCRIPTION s CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = b);
-- expect
-- changed subscription s: slot
