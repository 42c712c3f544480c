"""What the steps need of services: a real store on a file of its own, a clock, a queue, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.store import fresh_store
from workers.messages import Message
from workers.ports import Services
from workers.store.sql import SqlStore


@dataclass
class Sent:
    messages: list[Message] = field(default_factory=list)

    def send(self, message: Message, job_id: str | None = None, delay: float = 0) -> None:
        del job_id, delay
        self.messages.append(message)


@dataclass
class Few:
    store: SqlStore
    clock: FakeClock
    queue: Sent = field(default_factory=Sent)


@pytest.fixture
def services(tmp_path: Path) -> Services:
    clock = FakeClock()
    few: Any = Few(fresh_store(tmp_path, clock), clock)
    return cast("Services", few)
