"""The store on SQLite and on PostgreSQL."""

from __future__ import annotations

from tests.contracts.store import StoreContract


class TestSqlStore(StoreContract):
    pass
