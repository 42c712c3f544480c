"""SQLite as a target, as a scratch file and as a source of facts."""
