"""Tests of the Alembic source: reading a project, running it in the sandbox, its dependencies."""
