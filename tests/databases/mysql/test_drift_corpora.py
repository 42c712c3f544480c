"""Drift that nobody here wrote, on MariaDB: all of it is told, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploy.demo.mariadb import MariadbServer
from tests.drift.corpora import VARIABLE, Truth, corpora, read_drift, score
from tests.drift.mariadb import as_seen
from workers.core.diff import diff
from workers.core.folding import fold

pytestmark = [pytest.mark.acceptance]


def test_recall_and_precision_are_whole(mariadb: MariadbServer):
    place = corpora()
    if place is None:
        pytest.skip(f"set {VARIABLE} to the folder of the corpora")
    material = read_drift(place, "mariadb")
    sides = []
    for script in (material.expected, material.live):
        name = mariadb.create_database()
        try:
            mariadb.load(script, name)
            sides.append(as_seen(mariadb, name))
        finally:
            mariadb.drop_database(name)
    found = score(replace(material, truth=tuple(map(_as_named, material.truth))), fold(diff(*sides)))
    assert (found.missed, found.invented, found.of) == ((), (), 24)


def _as_named(truth: Truth) -> Truth:
    """A unique constraint is nothing but a unique index here: `SHOW CREATE TABLE` says the same of both. It is named once."""
    return replace(truth, kind="index") if truth.kind == "unique" else truth
