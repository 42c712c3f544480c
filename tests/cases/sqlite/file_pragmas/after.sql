CREATE TABLE parents (id INTEGER PRIMARY KEY, code TEXT);
PRAGMA user_version = 7;
PRAGMA application_id = 99;
