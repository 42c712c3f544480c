"""Alembic: its revision graph, and the SQL that its revisions stand for."""
