CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
CREATE INDEX ix ON things (b);
CREATE TABLE _alembic_tmp_things (
	id INTEGER NOT NULL, 
	a INT, 
	b TEXT NOT NULL, 
	p INT, 
	PRIMARY KEY (id), 
	CONSTRAINT ck CHECK (a > 0), 
	UNIQUE (a, b), 
	CONSTRAINT fk FOREIGN KEY(p) REFERENCES parents (id) ON DELETE CASCADE
);
INSERT INTO _alembic_tmp_things (id, a, b, p) SELECT things.id, things.a, things.b, things.p FROM things;
DROP TABLE things;
ALTER TABLE _alembic_tmp_things RENAME TO things;
CREATE INDEX ix ON things (b);
