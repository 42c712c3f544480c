"""Replays on a scratch database: `migrate deploy` and what the database lacks afterwards."""

from __future__ import annotations

import hashlib

import pytest

from tests.sources.prisma.engine.projects import SHOP, Database, deploy, migration, schema, shown, told
from workers.core.names import Engine
from workers.sources.prisma.engine import (
    Created,
    Declared,
    EngineFault,
    External,
    Line,
    MigrationText,
    PrismaEngine,
)

pytestmark = pytest.mark.sandbox
GERMAN = "CREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (1); -- größer 🐘\nCREATE TABLE b (id INTEGER);\n"


def initial(prisma: PrismaEngine, database: Database, models: str = SHOP, line: Line = Line.SEVEN) -> MigrationText:
    """The first migration, as the tool itself would write it."""
    files = schema(database, models, line)
    made = prisma.created(*told(database.address, database.engine, files, database.lock, (), line))
    assert isinstance(made, Created), made
    return migration("20260101000000_init", made.sql)


def test_a_history_that_says_what_the_schema_says_leaves_nothing_undeclared(either: PrismaEngine, database: Database):
    first = initial(either, database)
    words = (database.address, database.engine, schema(database), database.lock)
    said = either.replayed(*told(*words, (first,), Line.SEVEN))
    assert said == Declared("", "")
    rows = database.ask("SELECT migration_name, checksum, applied_steps_count, logs FROM _prisma_migrations")
    assert rows == [(first.name, hashlib.sha256((first.sql or "").encode()).hexdigest(), 1, None)]


def test_what_no_migration_says_is_undeclared_as_sql_and_in_words(prisma: PrismaEngine, database: Database):
    assert deploy(prisma, database, initial(prisma, database)) is None
    more = schema(database, SHOP.replace("name  String\n", "name  String @unique\n"))
    said = prisma.undeclared(*shown(database.address, database.engine, more, Line.SEVEN))
    assert isinstance(said, Declared)
    assert 'CREATE UNIQUE INDEX "User_name_key" ON "User"("name");' in said.sql
    assert "Added unique index on columns (name)" in said.summary


def test_a_migration_that_fails_is_named_with_the_databases_own_words(prisma: PrismaEngine, database: Database):
    wrong = migration("2_wrong", GERMAN + "INSERT INTO nothing VALUES (1);\n")
    said = deploy(prisma, database, migration("1_fine", "CREATE TABLE c (id INTEGER);"), wrong)
    assert isinstance(said, EngineFault)
    assert (said.code, said.migration, said.path) == ("P3018", "2_wrong", wrong.path)
    assert "nothing" in said.database
    if database.provider == "postgresql":
        assert (said.state, said.line) == ("42P01", 4)


def test_a_script_is_one_batch_on_postgresql_and_command_by_command_on_sqlite(prisma: PrismaEngine, database: Database):
    said = deploy(prisma, database, migration("1_half", "CREATE TABLE kept (id INTEGER);\nNONSENSE;\n"))
    assert isinstance(said, EngineFault)
    tables = {
        "sqlite": "SELECT name FROM sqlite_master WHERE name = 'kept'",
        "postgresql": "SELECT relname FROM pg_class WHERE relname = 'kept'",
    }
    assert len(database.ask(tables[database.provider])) == (1 if database.provider == "sqlite" else 0)


def test_states_that_need_a_person_come_with_prismas_codes(prisma: PrismaEngine, database: Database):
    other = "postgresql" if database.provider == "sqlite" else "sqlite"
    fine = migration("1_fine", "CREATE TABLE c (id INTEGER);")
    assert deploy(prisma, database, fine, lock=f'provider = "{other}"\n').code == "P3019"
    database.ask("CREATE TABLE somebodys (id INTEGER)")
    assert deploy(prisma, database, fine).code == "P3005"
    database.ask("DROP TABLE somebodys")
    assert deploy(prisma, database, migration("1_wrong", "NONSENSE")).code == "P3018"
    assert deploy(prisma, database, migration("1_wrong", "SELECT 1")).code == "P3009"


def test_a_schema_with_a_mistake_is_no_schema_to_compare_with(prisma: PrismaEngine, sqlite: Database):
    broken = schema(sqlite, "model A {\n  id Int @id\n  b Foo\n}\n")
    said = prisma.undeclared(*shown(sqlite.address, sqlite.engine, broken, Line.SEVEN))
    assert isinstance(said, EngineFault)
    assert (said.code, said.path, said.line) == ("P1012", "prisma/schema.prisma", 6)
    assert "Foo" in said.message


def test_a_server_that_misses_a_file_names_no_folder_of_the_machine(prisma: PrismaEngine, postgresql: Database):
    said = deploy(prisma, postgresql, migration("1", 'CREATE EXTENSION "nobody-has-this";'))
    assert isinstance(said, EngineFault)
    assert '"…/nobody-has-this.control"' in said.database
    assert '"/' not in said.message + said.database


def test_a_folder_without_its_script_is_a_fault(prisma: PrismaEngine, sqlite: Database):
    said = deploy(prisma, sqlite, migration("1_empty", ""), migration("2_lost", None))
    assert isinstance(said, EngineFault)
    assert said.code == "P3015"
    assert "migration.sql" in said.message


def test_what_is_external_is_left_alone(prisma: PrismaEngine, database: Database):
    assert deploy(prisma, database, initial(prisma, database)) is None
    database.ask("CREATE TABLE loaded (id INTEGER PRIMARY KEY)")
    files, words = schema(database), (database.address, database.engine)
    dropped = prisma.undeclared(*shown(*words, files, Line.SEVEN))
    assert isinstance(dropped, Declared)
    assert 'DROP TABLE "loaded"' in dropped.sql
    name = "loaded" if database.provider == "sqlite" else "public.loaded"
    kept = prisma.undeclared(*shown(*words, files, Line.SEVEN, external=External(tables=(name,))))
    assert kept == Declared("", "")


def test_what_others_make_is_prepared_before_the_first_migration_and_only_then(
    prisma: PrismaEngine, database: Database
):
    name = "people" if database.provider == "sqlite" else "public.people"
    external = External(
        tables=(name,), script="CREATE TABLE people (id INTEGER PRIMARY KEY);\nINSERT INTO people VALUES (1);"
    )
    words = (database.address, database.engine, schema(database, ""), database.lock)
    first = migration("1", "CREATE TABLE a (id INTEGER PRIMARY KEY REFERENCES people (id)); DROP TABLE a;")
    assert prisma.replayed(*told(*words, (first,), Line.SEVEN, external=external)) == Declared("", "")
    assert prisma.replayed(*told(*words, (first, migration("2", "")), Line.SEVEN, external=external)) == Declared(
        "", ""
    )
    assert database.ask("SELECT count(*) FROM people") == [(1,)]


def test_a_preparation_that_cannot_run_says_so(prisma: PrismaEngine, database: Database):
    words = (database.address, database.engine, schema(database), database.lock, (), Line.SEVEN)
    said = prisma.deploy(*told(*words, external=External(script="NONSENSE")))
    assert isinstance(said, EngineFault)
    assert (said.code, said.migration) == ("preparation_failed", "")
    assert "NONSENSE" in said.message


@pytest.mark.parametrize("line", Line)
def test_schemas_enums_arrays_native_types_and_expressions_arrive_as_declared(
    prisma: PrismaEngine, postgresql: Database, line: Line
):
    models = """
enum Mood {
  happy
  sad   @map("very-sad")
  @@schema("audit")
}
model Thing {
  id    String   @id @default(dbgenerated("gen_random_uuid()")) @db.Uuid
  tags  String[] @db.VarChar(40)
  mood  Mood?
  at    DateTime @default(now()) @db.Timestamptz(3)
  price Decimal  @db.Decimal(12, 4)
  body  Json     @default("{}")
  blob  Bytes?
  big   BigInt   @default(autoincrement())
  geo   Unsupported("point")?
  @@index([tags], type: Gin)
  @@index([at(sort: Desc)])
  @@map("things")
  @@schema("audit")
}
model Other {
  id Int @id @default(autoincrement())
  @@schema("public")
}
"""
    files = schema(postgresql, models, line, more='  schemas = ["audit", "public"]\n')
    words = (postgresql.address, postgresql.engine, files, postgresql.lock)
    made = prisma.created(*told(*words, (), line))
    assert isinstance(made, Created)
    assert 'CREATE TABLE "audit"."things"' in made.sql
    assert prisma.replayed(*told(*words, (migration("1_init", made.sql),), line)) == Declared("", "")


EVERYTHING = """
CREATE TYPE mood AS ENUM ('happy', 'sad');
CREATE TYPE pair AS (a integer, b text);
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TABLE parent (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, small smallserial, flag boolean DEFAULT true, letter "char" DEFAULT 'x',
  word char(3) DEFAULT 'abc', name varchar(20) DEFAULT 'it''s', body text COLLATE "C", price numeric(10, 2) DEFAULT 1.50, money money,
  real real DEFAULT 1.5, double double precision, day date DEFAULT CURRENT_DATE, hour time(3), hourz timetz, at timestamp(6) DEFAULT now(),
  atz timestamptz DEFAULT '2020-01-01 00:00:00+00', span interval, bits bit(4), varbits varbit(9), bytes bytea DEFAULT '\\x00', uuid uuid,
  json json DEFAULT '{"a": 1}', jsonb jsonb, xml xml, net inet, mac macaddr, point point, mood mood DEFAULT 'sad', moods mood[],
  list integer[] DEFAULT '{1,2}', words text[] DEFAULT ARRAY['a', 'b'], tree jsonb[], pair pair, positive positive, oid oid, range int4range,
  ts tsvector, up text GENERATED ALWAYS AS (upper(body)) STORED, CHECK (price > 0), UNIQUE (name, word) DEFERRABLE INITIALLY DEFERRED,
  EXCLUDE USING gist (range WITH &&) WHERE (flag)
) WITH (fillfactor = 50);
CREATE TABLE child (
  id integer PRIMARY KEY, parent bigint NOT NULL REFERENCES parent ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE, a integer, b integer,
  FOREIGN KEY (a) REFERENCES child (id) ON DELETE NO ACTION ON UPDATE RESTRICT NOT VALID
);
CREATE INDEX ON parent (lower(body) DESC NULLS LAST, name text_pattern_ops) INCLUDE (id) WHERE flag;
CREATE INDEX ON parent USING gin (jsonb jsonb_path_ops);
CREATE INDEX ON parent USING brin (at);
CREATE INDEX ON parent USING hash (uuid);
CREATE INDEX ON parent USING spgist (point);
CREATE TABLE heir () INHERITS (child);
CREATE TABLE parts (id integer, day date) PARTITION BY RANGE (day);
CREATE TABLE part PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE UNLOGGED TABLE fast (id integer);
CREATE VIEW seen AS SELECT id FROM parent;
CREATE MATERIALIZED VIEW kept AS SELECT id FROM parent;
CREATE SEQUENCE counter AS smallint INCREMENT -1 MINVALUE -5 CYCLE CACHE 3;
CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END; $$;
CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';
CREATE TRIGGER t BEFORE INSERT ON parent FOR EACH ROW EXECUTE FUNCTION t();
CREATE POLICY mine ON parent USING (flag);
ALTER TABLE parent ENABLE ROW LEVEL SECURITY;
COMMENT ON TABLE parent IS 'it is a parent';
COMMENT ON COLUMN parent.id IS 'its id';
"""


EVERY_FILE = """
CREATE TABLE parent (
  id INTEGER PRIMARY KEY AUTOINCREMENT, "odd ""name" TEXT DEFAULT 'it''s', n NUMERIC(10, 2) DEFAULT 1.50, r REAL DEFAULT -1.5e3, b BLOB DEFAULT x'00',
  flag BOOLEAN DEFAULT TRUE, at DATETIME DEFAULT CURRENT_TIMESTAMP, day DATE, ts TIMESTAMP, d DOUBLE PRECISION, big BIGINT, any, j JSONB,
  up TEXT GENERATED ALWAYS AS (upper("odd ""name")) STORED, v VARCHAR(20) COLLATE NOCASE, e INTEGER DEFAULT (1 + 1), CHECK (n > 0)
);
CREATE TABLE child (
  a INTEGER, b TEXT, parent INTEGER REFERENCES parent (id) ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED,
  lost INTEGER REFERENCES nowhere, PRIMARY KEY (a, b), UNIQUE (b, a)
) WITHOUT ROWID;
CREATE TABLE strict (id INTEGER PRIMARY KEY, t TEXT, x ANY) STRICT;
CREATE UNIQUE INDEX some ON parent (n DESC, lower(v)) WHERE flag;
CREATE VIEW seen AS SELECT id FROM parent;
CREATE TRIGGER t AFTER INSERT ON parent BEGIN UPDATE parent SET n = 1; SELECT 1; END;
CREATE VIRTUAL TABLE words USING fts5 (body);
INSERT INTO parent (id, n, at, flag) VALUES (1, 2, 3, 4), (2, 3, 'never', 'x');
PRAGMA user_version = 7;
"""


@pytest.mark.parametrize("line", Line)
def test_whatever_a_database_holds_is_read(prisma: PrismaEngine, database: Database, line: Line):
    words = (database.address, database.engine, schema(database, "", line), database.lock)
    everything = migration("1_everything", EVERY_FILE if database.engine is Engine.SQLITE else EVERYTHING)
    history = (everything, migration("2_more", "CREATE TABLE more (id integer);"))
    assert prisma.deploy(*told(*words, history[:1], line)) is None
    said = prisma.brought_forward(*told(*words, history, line), done=("1_everything",))
    assert not isinstance(said, EngineFault), said
    assert 'DROP TABLE "parent"' in said.declared.sql
    assert isinstance(said.back, Declared), said.back
    assert 'DROP TABLE "more"' in said.back.sql


def test_a_database_that_no_schema_can_say_has_no_way_back_by_the_engine(prisma: PrismaEngine, sqlite: Database):
    words = (sqlite.address, sqlite.engine, schema(sqlite, ""), sqlite.lock)
    parents = "CREATE TABLE p (id INTEGER PRIMARY KEY);"
    children = "CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER NOT NULL REFERENCES p (id) ON DELETE SET NULL);"
    first = migration("1", f"{parents}\n{children}")
    assert prisma.deploy(*told(*words, (first,), Line.SEVEN)) is None
    said = prisma.brought_forward(*told(*words, (first, migration("2", "DROP TABLE c;")), Line.SEVEN), done=("1",))
    assert not isinstance(said, EngineFault)
    assert 'DROP TABLE "p"' in said.declared.sql
    assert isinstance(said.back, EngineFault)
    assert (said.back.code, "onDelete" in said.back.message) == ("P1012", True)


@pytest.mark.parametrize("line", Line)
def test_the_way_back_knows_every_schema_that_is_declared(prisma: PrismaEngine, postgresql: Database, line: Line):
    models = 'model A {\n  id Int @id\n  @@schema("audit")\n}\n'
    files = schema(postgresql, models, line, more='  schemas = ["audit", "public"]\n')
    words = (postgresql.address, postgresql.engine, files, postgresql.lock)
    first = migration("1", 'CREATE SCHEMA audit; CREATE TABLE audit."A" (id integer PRIMARY KEY);')
    second = migration("2", 'ALTER TABLE audit."A" ADD x integer; CREATE TABLE public.b (id integer PRIMARY KEY);')
    assert prisma.deploy(*told(*words, (first,), line)) is None
    said = prisma.brought_forward(*told(*words, (first, second), line), done=("1",))
    assert not isinstance(said, EngineFault)
    assert said.back == Declared(said.declared.sql, "")
    assert 'DROP TABLE "b"' in said.declared.sql


@pytest.mark.parametrize("line", Line)
def test_views_and_extensions_are_declared_by_previews(prisma: PrismaEngine, postgresql: Database, line: Line):
    models = """
generator client {
  provider        = "prisma-client-js"
  previewFeatures = ["views", "postgresqlExtensions"]
}
model A {
  id Int @id
}
view Doubled {
  id Int @unique
}
"""
    files = schema(postgresql, models, line, more="  extensions = [vector]\n")
    words = (postgresql.address, postgresql.engine, files, postgresql.lock)
    made = prisma.created(*told(*words, (), line))
    assert isinstance(made, Created)
    assert 'CREATE EXTENSION IF NOT EXISTS "vector"' in made.sql
    sql = made.sql + 'CREATE VIEW "Doubled" AS SELECT id * 2 AS id FROM "A";\n'
    assert prisma.replayed(*told(*words, (migration("1_init", sql),), line)) == Declared("", "")


def test_the_schema_of_the_scratch_role_is_the_default_one(prisma: PrismaEngine, postgresql: Database):
    name = postgresql.place.rpartition("/")[2]
    postgresql.ask("CREATE SCHEMA shop", f'ALTER DATABASE "{name}" SET search_path TO shop')
    assert deploy(prisma, postgresql, initial(prisma, postgresql)) is None
    assert postgresql.ask("SELECT schemaname FROM pg_tables WHERE tablename = 'User'") == [("shop",)]
    said = prisma.undeclared(*shown(postgresql.address, postgresql.engine, schema(postgresql), Line.SEVEN))
    assert said == Declared("", "")
