-- A schema with every kind of object that is read, and every form of text that a dump and restore rewrites.
COMMENT ON SCHEMA public IS 'what the shop needs';
CREATE SCHEMA sales;
COMMENT ON SCHEMA sales IS 'orders';
CREATE TYPE sales.mood AS ENUM ('sad', 'ok');
ALTER TYPE sales.mood ADD VALUE 'meh' BEFORE 'ok';
COMMENT ON TYPE sales.mood IS 'how it goes';
CREATE DOMAIN sales.code AS varchar(8) DEFAULT 'x' NOT NULL
  CONSTRAINT code_known CHECK (VALUE IN ('x', 'y', 'z')) CONSTRAINT code_short CHECK (length(VALUE) BETWEEN 1 AND 8 AND VALUE <> 'q');
CREATE TYPE sales.place AS (street text, number integer, zip varchar(10) COLLATE "C");
CREATE SEQUENCE sales.counter AS integer START 10 INCREMENT 5 MAXVALUE 9000 CACHE 3 CYCLE;
CREATE FUNCTION sales.tax(amount numeric, rate numeric DEFAULT 0.19) RETURNS numeric
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 7 AS $$ SELECT amount * rate $$;
COMMENT ON FUNCTION sales.tax(numeric, numeric) IS 'VAT';
CREATE FUNCTION sales.kinds(k varchar) RETURNS boolean LANGUAGE sql STABLE
  BEGIN ATOMIC SELECT k IN ('a', 'b') AND length(k) BETWEEN 1 AND 3 AND k <> 'c'; END;
CREATE FUNCTION sales.touch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, sales
  AS $$ BEGIN RETURN NEW; END $$;
CREATE PROCEDURE sales.sweep(INOUT n integer) LANGUAGE plpgsql AS $$ BEGIN n := n + 1; COMMIT; END $$;
CREATE AGGREGATE sales.total(numeric) (SFUNC = numeric_add, STYPE = numeric, INITCOND = '0');

CREATE TABLE sales.customers (
  gone_first integer,
  id bigint GENERATED ALWAYS AS IDENTITY (START 100 INCREMENT 2) PRIMARY KEY,
  email varchar(200) COLLATE "C" NOT NULL,
  gone_too text,
  mood sales.mood DEFAULT 'ok' NOT NULL,
  code sales.code,
  status varchar(20) DEFAULT 'new' CHECK (status IN ('new', 'old', 'gone')),
  kind varchar CHECK (kind = ANY (ARRAY['a', 'b']) OR kind NOT IN ('c', 'd')),
  age integer CHECK (age BETWEEN 0 AND 150 AND age <> 77 AND (age < 10 OR age BETWEEN 20 AND 30 OR age > 40)),
  rank smallint DEFAULT -1 CHECK (rank IN (1, 2, 3, -1)),
  big numeric(12, 2) DEFAULT 0 CHECK (big IN (1, 2.5, 1e10)),
  since timestamptz DEFAULT now(),
  until timestamp DEFAULT CURRENT_TIMESTAMP,
  born date DEFAULT DATE '2020-02-29',
  every interval DEFAULT '1 day 02:03:04',
  tags text[] DEFAULT ARRAY['a', 'b']::text[],
  codes varchar(3)[] DEFAULT '{a,b}',
  doc jsonb DEFAULT '{}'::jsonb,
  raw bytea DEFAULT '\x00ff',
  home sales.place,
  full_name text GENERATED ALWAYS AS (email || ' ' || coalesce(status, 'none')) STORED,
  CONSTRAINT customers_email_key UNIQUE (email) INCLUDE (rank) DEFERRABLE INITIALLY DEFERRED
);
ALTER TABLE sales.customers DROP COLUMN gone_first, DROP COLUMN gone_too;
ALTER TABLE sales.customers ALTER COLUMN email SET STORAGE EXTERNAL, ALTER COLUMN email SET STATISTICS 250, ALTER COLUMN age SET (n_distinct = 50);
ALTER TABLE sales.customers ADD CONSTRAINT late CHECK (mood IN ('ok', 'sad')) NOT VALID;
COMMENT ON TABLE sales.customers IS 'people''s "names"';
COMMENT ON COLUMN sales.customers.email IS 'unique';
COMMENT ON CONSTRAINT late ON sales.customers IS 'to be validated';
ALTER TABLE sales.customers SET (fillfactor = 70, toast.autovacuum_enabled = off);

CREATE TABLE orders (
  id serial PRIMARY KEY,
  customer bigint REFERENCES sales.customers ON DELETE CASCADE ON UPDATE RESTRICT,
  parent integer CONSTRAINT own REFERENCES orders DEFERRABLE,
  note char(5) CHECK (note IN ('a', 'b')),
  valid tstzrange,
  amount numeric CHECK (((amount > 0) AND (amount < 10)) AND ((amount <> 5) AND (amount <> 6))),
  EXCLUDE USING gist (valid WITH &&) WHERE (note IN ('x', 'y'))
);
CREATE TABLE archive () INHERITS (orders);
ALTER TABLE archive ADD COLUMN at timestamptz;
CREATE UNLOGGED TABLE scratchpad (id int, n text);
ALTER TABLE scratchpad REPLICA IDENTITY FULL;
ALTER SEQUENCE sales.counter OWNED BY sales.customers.age;

CREATE INDEX plain ON orders (customer DESC, parent NULLS FIRST, id DESC NULLS LAST);
CREATE UNIQUE INDEX partial ON orders (lower(note::text), (amount + 1)) INCLUDE (id)
  WHERE note IN ('a', 'b') AND amount BETWEEN 1 AND 5 AND id > 0;
CREATE INDEX patterned ON sales.customers (email varchar_pattern_ops, kind COLLATE "POSIX") WITH (fillfactor = 60)
  WHERE status IN ('new', 'old');
CREATE INDEX documents ON sales.customers USING gin (doc jsonb_path_ops) WITH (fastupdate = off);
CREATE INDEX plain_hash ON sales.customers USING hash (age);
CREATE INDEX kinds_of ON sales.customers ((CASE WHEN kind IN ('a', 'b') THEN 1 ELSE 2 END));
COMMENT ON INDEX plain IS 'for lists';

CREATE TABLE events (id bigint NOT NULL, at timestamptz NOT NULL, kind text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE events_rest PARTITION OF events (CONSTRAINT known CHECK (kind IN ('a', 'b'))) DEFAULT;
CREATE INDEX events_kind ON events (kind);
CREATE TABLE by_kind (kind varchar(5), n int) PARTITION BY LIST (upper(kind));
CREATE TABLE hits (event bigint, at timestamptz, FOREIGN KEY (event, at) REFERENCES events ON DELETE SET NULL (event));
CREATE TABLE split (id int, event bigint REFERENCES sales.customers) PARTITION BY HASH (id);
CREATE TABLE split_0 PARTITION OF split FOR VALUES WITH (MODULUS 2, REMAINDER 0);

CREATE VIEW sales.active AS
  SELECT c.*, o.amount, (SELECT count(*) FROM orders x WHERE x.customer = c.id AND x.note IN ('a', 'b')) AS n,
         CASE c.status WHEN 'new' THEN 'fresh' ELSE c.status END AS label
  FROM sales.customers c LEFT JOIN orders o ON o.customer = c.id AND o.amount BETWEEN 1 AND 5 AND o.id > 0
  WHERE c.status IN ('new', 'old') AND c.kind NOT IN ('z') ORDER BY c.email DESC LIMIT 10;
COMMENT ON VIEW sales.active IS 'who buys';
COMMENT ON COLUMN sales.active.n IS 'how many';
CREATE VIEW guarded WITH (security_barrier, check_option = local) AS SELECT id, note FROM orders WHERE amount > 0;
CREATE VIEW joined AS SELECT * FROM orders JOIN sales.customers c USING (id) WHERE c.since > now() - interval '1 day';
CREATE VIEW united AS
  WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 5)
  SELECT n, 'a' AS kind FROM t UNION (SELECT age, status FROM sales.customers EXCEPT SELECT 1, 'b') ORDER BY 1;
CREATE VIEW windows AS SELECT id, sum(amount) FILTER (WHERE note IN ('a', 'b')) OVER (PARTITION BY customer ORDER BY id) AS running FROM orders;
CREATE VIEW early AS SELECT id AS number, note AS words FROM archive;
ALTER TABLE archive RENAME COLUMN at TO stored_at;
CREATE MATERIALIZED VIEW totals AS SELECT customer, sum(amount) AS total FROM orders WHERE note IN ('a', 'b') GROUP BY customer WITH NO DATA;
CREATE UNIQUE INDEX totals_customer ON totals (customer);

CREATE TRIGGER touched BEFORE UPDATE OF email, status ON sales.customers FOR EACH ROW
  WHEN (OLD.status IN ('new', 'old') AND NEW.age BETWEEN 1 AND 5 AND NEW.age <> 3) EXECUTE FUNCTION sales.touch();
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION sales.touch();
CREATE TRIGGER parted AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION sales.touch();
ALTER TABLE sales.customers DISABLE TRIGGER touched;
COMMENT ON TRIGGER later ON orders IS 'at the end';
CREATE RULE quiet AS ON DELETE TO scratchpad WHERE OLD.n IN ('a', 'b') DO INSTEAD NOTHING;
CREATE RULE copied AS ON INSERT TO scratchpad DO ALSO (INSERT INTO orders (note) VALUES ('a'); DELETE FROM orders WHERE note IN ('q', 'r'));
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE orders FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON orders AS RESTRICTIVE FOR UPDATE TO public USING (note IN ('a', 'b') AND amount BETWEEN 1 AND 2 AND id > 0) WITH CHECK (amount > 0);
GRANT SELECT, INSERT ON orders TO public;
GRANT SELECT (email) ON sales.customers TO public;
REVOKE EXECUTE ON FUNCTION sales.tax(numeric, numeric) FROM public;
ALTER DEFAULT PRIVILEGES IN SCHEMA sales GRANT SELECT ON TABLES TO public;
