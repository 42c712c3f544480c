"""Drift that nobody here made up is told: all of it, and nothing else. `SCHEMAGATE_CORPORA` names the folder that holds it."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.drift.corpora import VARIABLE, corpora, read_drift, score
from tests.drift.postgresql import as_seen
from workers.core.diff import diff
from workers.core.folding import fold

PLACE = corpora()
pytestmark = pytest.mark.skipif(PLACE is None, reason=f"{VARIABLE} names no folder")


def test_every_difference_of_the_corpora_is_told_and_no_other(server) -> None:
    material = read_drift(PLACE or Path(), "postgresql")
    views = []
    for script in (material.expected, material.live):
        url = server.create_database()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(script.encode())
            with connection.transaction():
                views.append(as_seen(connection))
        server.drop_database(url.rpartition("/")[2])
    found = score(material, fold(diff(*views)))
    assert (found.missed, found.invented, found.of) == ((), (), 24)
