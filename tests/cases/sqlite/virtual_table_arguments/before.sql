CREATE VIRTUAL TABLE texts USING fts5(title, body);
