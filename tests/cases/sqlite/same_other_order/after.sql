CREATE VIEW "v" AS select 1 as one;
CREATE TABLE things (p INT, b TEXT, a INT, id INTEGER PRIMARY KEY);
CREATE INDEX i2 ON things (b ASC);
CREATE INDEX i1 ON things ("a");
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
