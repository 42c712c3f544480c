"""A store for tests: the real one on an SQLite file of its own, and plans to put into it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.fakes.clock import FakeClock
from workers.core.names import Direction, Engine, Strategy
from workers.core.plan import Body, Key, Plan, TargetIdentity, Undo, WayBack
from workers.ports import Clock
from workers.store.inbox import connect
from workers.store.seal import Seal, StateKey
from workers.store.sql import SqlStore
from workers.store.upgrade import upgrade

STATE_KEY = StateKey("test", b"k" * 32)


def open_store(url: str, clock: Clock | None = None, keys: tuple[StateKey, ...] = (STATE_KEY,)) -> SqlStore:
    """A store at any URL, with its tables made."""
    engine = connect(url)
    upgrade(engine)
    return SqlStore(engine, Seal(keys), clock or FakeClock())


def fresh_store(folder: Path, clock: Clock | None = None) -> SqlStore:
    """A store in a new SQLite file of a folder."""
    return open_store(f"sqlite:///{folder / 'state.db'}", clock)


def a_key(**fields: Any) -> Key:
    defaults = Key(
        repository=7,
        pull=3,
        base_branch="main",
        module="shop",
        environment="prod",
        target=TargetIdentity(Engine.POSTGRESQL, "server-1", "shop", "app"),
        strategy=Strategy.MIGRATE,
        direction=Direction.UPGRADE,
        pending=(),
        source_files=(),
        dependencies="",
        recorded=(),
        policy="p",
        session=(),
        scope=(),
        live="l",
    )
    return replace(defaults, **fields)


def a_plan(*, head: str = "a" * 40, base: str = "b" * 40, **fields: Any) -> Plan:
    body = Body(
        statements=(),
        authority=(),
        group_authority=(),
        recorded_after=("r1",),
        reads_rows=(),
        needs=(),
        additive=True,
        way_back=WayBack(undo=Undo.LOSSLESS, note="nothing is lost"),
    )
    return Plan(key=a_key(**fields), body=body, head=head, base=base)
