-- case: primary key
-- both
CREATE TABLE t (id int NOT NULL, n int NOT NULL);
-- after
ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY (id);
-- expect
-- added primary_key public.t.t_pkey

-- case: primary key columns
-- both
CREATE TABLE t (id int NOT NULL, n int NOT NULL);
-- before
ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY (id);
-- after
ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY (n, id);
-- expect
-- changed primary_key public.t.t_pkey: columns

-- case: primary key name
-- both
CREATE TABLE t (id int NOT NULL);
-- before
ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY (id);
-- after
ALTER TABLE t ADD CONSTRAINT pk_t PRIMARY KEY (id);
-- expect
-- added primary_key public.t.pk_t
-- removed primary_key public.t.t_pkey

-- case: unique
-- both
CREATE TABLE t (id int, n int);
-- after
ALTER TABLE t ADD CONSTRAINT t_n_key UNIQUE (n);
-- expect
-- added unique public.t.t_n_key

-- case: unique columns
-- both
CREATE TABLE t (id int, n int);
-- before
ALTER TABLE t ADD CONSTRAINT t_key UNIQUE (n, id);
-- after
ALTER TABLE t ADD CONSTRAINT t_key UNIQUE (id, n);
-- expect
-- changed unique public.t.t_key: columns

-- case: unique including
-- both
CREATE TABLE t (id int, n int);
-- before
ALTER TABLE t ADD CONSTRAINT t_key UNIQUE (n);
-- after
ALTER TABLE t ADD CONSTRAINT t_key UNIQUE (n) INCLUDE (id);
-- expect
-- changed unique public.t.t_key: include

-- case: unique deferrable
-- both
CREATE TABLE t (id int, n int);
-- before
ALTER TABLE t ADD CONSTRAINT t_key UNIQUE (n);
-- after
ALTER TABLE t ADD CONSTRAINT t_key UNIQUE (n) DEFERRABLE INITIALLY DEFERRED;
-- expect
-- changed unique public.t.t_key: deferrable

-- case: unique with equal nulls
-- since 15
-- both
CREATE TABLE t (id int, n int);
-- before
ALTER TABLE t ADD CONSTRAINT t_key UNIQUE (n);
-- after
ALTER TABLE t ADD CONSTRAINT t_key UNIQUE NULLS NOT DISTINCT (n);
-- expect
-- changed unique public.t.t_key: nulls_not_distinct

-- case: unique constraint or unique index
-- both
CREATE TABLE t (id int, n int);
-- before
ALTER TABLE t ADD CONSTRAINT t_n UNIQUE (n);
-- after
CREATE UNIQUE INDEX t_n ON t (n);
-- expect
-- added index public.t.t_n
-- removed unique public.t.t_n

-- case: foreign key
-- both
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE t (p int);
-- after
ALTER TABLE t ADD CONSTRAINT t_p_fkey FOREIGN KEY (p) REFERENCES p (id);
-- expect
-- added foreign_key public.t.t_p_fkey

-- case: foreign key target
-- both
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE q (id int PRIMARY KEY);
CREATE TABLE t (p int);
-- before
ALTER TABLE t ADD CONSTRAINT t_p_fkey FOREIGN KEY (p) REFERENCES p (id);
-- after
ALTER TABLE t ADD CONSTRAINT t_p_fkey FOREIGN KEY (p) REFERENCES q (id);
-- expect
-- changed foreign_key public.t.t_p_fkey: references

-- case: foreign key columns
-- both
CREATE TABLE p (a int, b int, UNIQUE (a, b));
CREATE TABLE t (a int, b int);
-- before
ALTER TABLE t ADD CONSTRAINT t_fkey FOREIGN KEY (a, b) REFERENCES p (a, b);
-- after
ALTER TABLE t ADD CONSTRAINT t_fkey FOREIGN KEY (b, a) REFERENCES p (a, b);
-- expect
-- changed foreign_key public.t.t_fkey: columns

-- case: foreign key on delete
-- both
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE t (p int);
-- before
ALTER TABLE t ADD CONSTRAINT t_p_fkey FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE;
-- after
ALTER TABLE t ADD CONSTRAINT t_p_fkey FOREIGN KEY (p) REFERENCES p (id) ON DELETE SET NULL;
-- expect
-- changed foreign_key public.t.t_p_fkey: on_delete

-- case: foreign key on update
-- both
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE t (p int);
-- before
ALTER TABLE t ADD CONSTRAINT t_p_fkey FOREIGN KEY (p) REFERENCES p (id);
-- after
ALTER TABLE t ADD CONSTRAINT t_p_fkey FOREIGN KEY (p) REFERENCES p (id) ON UPDATE RESTRICT;
-- expect
-- changed foreign_key public.t.t_p_fkey: on_update

-- case: foreign key on delete of some columns
-- since 15
-- both
CREATE TABLE p (a int, b int, UNIQUE (a, b));
CREATE TABLE t (a int, b int);
-- before
ALTER TABLE t ADD CONSTRAINT t_fkey FOREIGN KEY (a, b) REFERENCES p (a, b) ON DELETE SET NULL;
-- after
ALTER TABLE t ADD CONSTRAINT t_fkey FOREIGN KEY (a, b) REFERENCES p (a, b) ON DELETE SET NULL (b);
-- expect
-- changed foreign_key public.t.t_fkey: on_delete_columns

-- case: foreign key match
-- both
CREATE TABLE p (a int, b int, UNIQUE (a, b));
CREATE TABLE t (a int, b int);
-- before
ALTER TABLE t ADD CONSTRAINT t_fkey FOREIGN KEY (a, b) REFERENCES p (a, b);
-- after
ALTER TABLE t ADD CONSTRAINT t_fkey FOREIGN KEY (a, b) REFERENCES p (a, b) MATCH FULL;
-- expect
-- changed foreign_key public.t.t_fkey: match

-- case: foreign key deferrable
-- both
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE t (p int, CONSTRAINT t_p_fkey FOREIGN KEY (p) REFERENCES p (id));
-- after
ALTER TABLE t ALTER CONSTRAINT t_p_fkey DEFERRABLE INITIALLY DEFERRED;
-- expect
-- changed foreign_key public.t.t_p_fkey: deferrable

-- case: foreign key not valid
-- both
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE t (p int);
-- before
ALTER TABLE t ADD CONSTRAINT t_p_fkey FOREIGN KEY (p) REFERENCES p (id);
-- after
ALTER TABLE t ADD CONSTRAINT t_p_fkey FOREIGN KEY (p) REFERENCES p (id) NOT VALID;
-- expect
-- changed foreign_key public.t.t_p_fkey: not_valid

-- case: foreign key not enforced
-- since 18
-- both
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE t (p int, CONSTRAINT t_p_fkey FOREIGN KEY (p) REFERENCES p (id));
-- after
ALTER TABLE t ALTER CONSTRAINT t_p_fkey NOT ENFORCED;
-- expect
-- changed foreign_key public.t.t_p_fkey: not_enforced, not_valid

-- case: foreign key silenced
-- both
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE t (p int, CONSTRAINT t_p_fkey FOREIGN KEY (p) REFERENCES p (id));
-- after
ALTER TABLE t DISABLE TRIGGER ALL;
-- expect
-- changed foreign_key public.t.t_p_fkey: triggers

-- case: check
-- both
CREATE TABLE t (n int);
-- after
ALTER TABLE t ADD CONSTRAINT t_n_check CHECK (n > 0);
-- expect
-- added check public.t.t_n_check

-- case: check expression
-- both
CREATE TABLE t (n int);
-- before
ALTER TABLE t ADD CONSTRAINT t_n_check CHECK (n > 0);
-- after
ALTER TABLE t ADD CONSTRAINT t_n_check CHECK (n > 9);
-- expect
-- changed check public.t.t_n_check: expression

-- case: check of a list
-- both
CREATE TABLE t (s varchar(20));
-- before
ALTER TABLE t ADD CONSTRAINT t_s_check CHECK (s IN ('new', 'old'));
-- after
ALTER TABLE t ADD CONSTRAINT t_s_check CHECK (s IN ('new', 'old', 'odd'));
-- expect
-- changed check public.t.t_s_check: expression

-- case: same check written two ways
-- both
CREATE TABLE t (s varchar(20));
-- before
ALTER TABLE t ADD CONSTRAINT t_s_check CHECK (s IN ('new', 'old'));
-- after
ALTER TABLE t ADD CONSTRAINT t_s_check CHECK (s::text = ANY (ARRAY['new'::varchar::text, 'old'::varchar::text]));
-- expect

-- case: check not valid
-- both
CREATE TABLE t (n int);
-- before
ALTER TABLE t ADD CONSTRAINT t_n_check CHECK (n > 0);
-- after
ALTER TABLE t ADD CONSTRAINT t_n_check CHECK (n > 0) NOT VALID;
-- expect
-- changed check public.t.t_n_check: not_valid

-- case: same check of a child whenever the child came
-- before
CREATE TABLE t (id int);
CREATE TABLE u () INHERITS (t);
ALTER TABLE t ADD CONSTRAINT k CHECK (id > 0) NOT VALID;
-- after
CREATE TABLE t (id int);
ALTER TABLE t ADD CONSTRAINT k CHECK (id > 0) NOT VALID;
CREATE TABLE u () INHERITS (t);
-- expect

-- case: check no inherit
-- both
CREATE TABLE t (n int);
-- before
ALTER TABLE t ADD CONSTRAINT t_n_check CHECK (n > 0);
-- after
ALTER TABLE t ADD CONSTRAINT t_n_check CHECK (n > 0) NO INHERIT;
-- expect
-- changed check public.t.t_n_check: no_inherit

-- case: check not enforced
-- since 18
-- both
CREATE TABLE t (n int);
-- before
ALTER TABLE t ADD CONSTRAINT t_n_check CHECK (n > 0);
-- after
ALTER TABLE t ADD CONSTRAINT t_n_check CHECK (n > 0) NOT ENFORCED;
-- expect
-- changed check public.t.t_n_check: not_enforced, not_valid

-- case: constraint comment
-- both
CREATE TABLE t (n int CONSTRAINT positive CHECK (n > 0));
-- after
COMMENT ON CONSTRAINT positive ON t IS 'of course';
-- expect
-- changed check public.t.positive: comment

-- case: exclusion
-- both
CREATE TABLE t (r int4range);
-- after
ALTER TABLE t ADD CONSTRAINT t_r_excl EXCLUDE USING gist (r WITH &&);
-- expect
-- added exclusion public.t.t_r_excl

-- case: exclusion condition
-- both
CREATE TABLE t (r int4range, live boolean);
-- before
ALTER TABLE t ADD CONSTRAINT t_r_excl EXCLUDE USING gist (r WITH &&) WHERE (live);
-- after
ALTER TABLE t ADD CONSTRAINT t_r_excl EXCLUDE USING gist (r WITH &&) WHERE (NOT live);
-- expect
-- changed exclusion public.t.t_r_excl: definition

-- case: unique without overlaps
-- since 18
-- both
CREATE TABLE t (r int4range, q int4range);
-- before
ALTER TABLE t ADD CONSTRAINT t_key UNIQUE (q, r);
-- after
ALTER TABLE t ADD CONSTRAINT t_key UNIQUE (q, r WITHOUT OVERLAPS);
-- expect
-- changed unique public.t.t_key: period

-- case: foreign key referenced columns
-- both
CREATE TABLE u (a int UNIQUE, b int UNIQUE);
CREATE TABLE t (id int);
-- before
ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES u (a);
-- after
ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES u (b);
-- expect
-- changed foreign_key public.t.f: referenced_columns

-- case: primary key including and options
-- before
CREATE TABLE t (id int, n int, CONSTRAINT k PRIMARY KEY (id));
-- after
CREATE TABLE t (id int, n int, CONSTRAINT k PRIMARY KEY (id) INCLUDE (n) WITH (fillfactor = 70));
-- expect
-- changed primary_key public.t.k: include, options

-- case: primary key deferrable
-- before
CREATE TABLE t (id int, CONSTRAINT k PRIMARY KEY (id));
-- after
CREATE TABLE t (id int, CONSTRAINT k PRIMARY KEY (id) DEFERRABLE);
-- expect
-- changed primary_key public.t.k: deferrable

-- case: table clustered on its key
-- both
CREATE TABLE t (id int, CONSTRAINT k PRIMARY KEY (id));
-- after
ALTER TABLE t CLUSTER ON k;
-- expect
-- changed primary_key public.t.k: clustered

-- case: exclusion deferrable
-- before
CREATE TABLE t (r int4range, CONSTRAINT x EXCLUDE USING gist (r WITH &&));
-- after
CREATE TABLE t (r int4range, CONSTRAINT x EXCLUDE USING gist (r WITH &&) DEFERRABLE INITIALLY DEFERRED);
-- expect
-- changed exclusion public.t.x: deferrable, definition
