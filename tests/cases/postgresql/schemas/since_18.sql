-- What only PostgreSQL 18 knows.
CREATE TABLE items (
  id uuid DEFAULT uuidv7() PRIMARY KEY,
  price numeric,
  doubled numeric GENERATED ALWAYS AS (price * 2) VIRTUAL,
  kind varchar(5) CONSTRAINT kind_known CHECK (kind IN ('a', 'b')) NOT ENFORCED,
  name text CONSTRAINT named NOT NULL
);
CREATE TABLE stays (room int4range, during tstzrange, PRIMARY KEY (room, during WITHOUT OVERLAPS));
CREATE TABLE guests (
  room int4range, during tstzrange, item uuid,
  FOREIGN KEY (room, PERIOD during) REFERENCES stays (room, PERIOD during),
  CONSTRAINT lax FOREIGN KEY (item) REFERENCES items NOT ENFORCED
);
ALTER TABLE guests ADD CONSTRAINT later NOT NULL item NOT VALID;
CREATE VIEW renamed AS SELECT i.name, g.room FROM items i LEFT JOIN guests g ON g.item = i.id AND (lower(g.room) BETWEEN 1 AND 3 AND i.kind IN ('a', 'b'));
