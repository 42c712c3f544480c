CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE things (
  id INTEGER PRIMARY KEY,
  a INT, b TEXT, p INT
);
CREATE INDEX ix ON things (upper(b));
