"""Alembic's folder for our own state: `env.py` and the versions, run by `workers.store.upgrade`."""
