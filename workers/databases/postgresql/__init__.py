"""PostgreSQL as a target, as a scratch server and as a source of facts."""
