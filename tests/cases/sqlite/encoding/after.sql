PRAGMA encoding = 'UTF-16le';
CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
